package find

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fuzzy is what was typed to find names by.
type Fuzzy struct {
	text  string
	lower string // with small letters
	runes []rune // of lower
	ascii bool
}

// NewFuzzy returns what finds names by the letters of text.
func NewFuzzy(text string) *Fuzzy {
	lower := strings.ToLower(text)
	p := &Fuzzy{text: text, lower: lower, runes: []rune(lower)}
	p.ascii = len(p.runes) == len(lower)
	return p
}

// Score reports whether the letters of the pattern stand in name in their
// order, whatever their case, and how well: runs and beginnings of words count
// more. It allocates nothing for names in ASCII.
func (p *Fuzzy) Score(name string) (score int, ok bool) {
	if p.text == "" {
		return 0, true
	}
	if !p.ascii {
		score, _, ok = Letters(p.text, name)
		return score, ok
	}
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			score, _, ok = Letters(p.text, name)
			return score, ok
		}
	}
	for start := range len(name) {
		if lower(name[start]) != p.lower[0] {
			continue
		}
		s, matched := p.scoreFrom(name, start)
		if !matched {
			break // nor from any later place
		}
		if !ok || s > score {
			score, ok = s, true
		}
	}
	return score, ok
}

// scoreFrom is lettersFrom for ASCII.
func (p *Fuzzy) scoreFrom(name string, start int) (score int, ok bool) {
	j, last := 0, -2
	for i := start; i < len(name) && j < len(p.lower); i++ {
		if lower(name[i]) != p.lower[j] {
			continue
		}
		score++
		switch {
		case i == 0, isWordEnd(rune(name[i-1])):
			score += 4
		case last == i-1:
			score += 6
		}
		last = i
		j++
	}
	return score*8 - len(name), j == len(p.lower)
}

func isWordEnd(r rune) bool { return r == '/' || r == '-' || r == '_' || r == '.' || r == ' ' }

// Letters is the score of a pattern in a name, and the places of the runes that were
// found.
func Letters(pattern, name string) (score int, found []int, ok bool) {
	if pattern == "" {
		return 0, nil, true
	}
	p, n := []rune(strings.ToLower(pattern)), []rune(name)
	for i := range n {
		n[i] = unicode.ToLower(n[i])
	}
	for start := range n {
		if n[start] != p[0] {
			continue
		}
		s, f, matched := lettersFrom(p, n, start)
		if !matched {
			break // nor from any later place
		}
		if !ok || s > score {
			score, found, ok = s, f, true
		}
	}
	return score, found, ok
}

func lettersFrom(p, n []rune, start int) (score int, found []int, ok bool) {
	j := 0
	for i := start; i < len(n) && j < len(p); i++ {
		if n[i] != p[j] {
			continue
		}
		score++
		switch {
		case i == 0, isWordEnd(n[i-1]):
			score += 4
		case j > 0 && found[j-1] == i-1:
			score += 6
		}
		found = append(found, i)
		j++
	}
	return score*8 - len(n), found, j == len(p)
}
