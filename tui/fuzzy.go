package tui

import "unicode"

// fuzzy reports whether the runes of pattern stand in name in their order,
// whatever their case; how well, and where. Runs and beginnings of words count
// more.
func fuzzy(pattern, name string) (score int, found []int, ok bool) {
	if pattern == "" {
		return 0, nil, true
	}
	p, n := []rune(pattern), []rune(name)
	for i := range p {
		p[i] = unicode.ToLower(p[i])
	}
	for i := range n {
		n[i] = unicode.ToLower(n[i])
	}
	for start := range n {
		if n[start] != p[0] {
			continue
		}
		s, f, matched := fuzzyFrom(p, n, start)
		if !matched {
			break // nor from any later place
		}
		if !ok || s > score {
			score, found, ok = s, f, true
		}
	}
	return score, found, ok
}

func fuzzyFrom(p, n []rune, start int) (score int, found []int, ok bool) {
	j := 0
	for i := start; i < len(n) && j < len(p); i++ {
		if n[i] != p[j] {
			continue
		}
		score++
		switch {
		case i == 0, n[i-1] == '/', n[i-1] == '-', n[i-1] == '_', n[i-1] == '.':
			score += 4
		case j > 0 && found[j-1] == i-1:
			score += 6
		}
		found = append(found, i)
		j++
	}
	return score*8 - len(n), found, j == len(p)
}
