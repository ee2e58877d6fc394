package paths

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// maxPieces bounds an element of a pattern.
const maxPieces = 64

// Pattern stands for the paths that it matches.
type Pattern struct {
	text     string
	elements [][]piece
	holes    []string
}

// piece is a part of an element of a pattern.
type piece struct {
	literal string // itself; "" for the others
	least   int    // bytes that it holds
	most    int    // bytes that it holds; -1 is any number
	hole    string // its name; "" for what is none
	set     *set   // of the bytes that it may hold; nil is all
}

// set is a set of bytes.
type set [256]bool

var (
	errEscape   = errors.New("it ends with a backslash")
	errSet      = errors.New("a set has no end: close it with ]")
	errSetEmpty = errors.New("a set is empty: write what it holds, as in [0-9]")
	errSetRange = errors.New("a range in a set is the wrong way round")
	errHole     = errors.New("a hole is written {name} or {name:[SET]}, and a brace of its own \\{")
	errStars    = errors.New("** is not known: write a * for each folder")
	errParent   = errors.New("it has a .. in it: write the path without")
	errFolder   = errors.New("it names a folder: write the files in it, as in /var/log/*.log")
	errPieces   = fmt.Errorf("a part of it has more than %d pieces", maxPieces)
)

// Parse reads a pattern. One that does not begin with "/" begins in the working
// directory.
func Parse(text string) (*Pattern, error) {
	p := &Pattern{text: text}
	if err := p.parse(text); err != nil {
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	return p, nil
}

func (p *Pattern) parse(text string) error {
	if text == "" || strings.HasSuffix(text, "/") {
		return errFolder
	}
	if text[0] != '/' {
		dir, err := filepath.Abs(".")
		if err != nil {
			return err
		}
		for entry := range strings.SplitSeq(dir, "/") {
			if entry != "" {
				p.elements = append(p.elements, []piece{{literal: entry}})
			}
		}
	}
	var element []piece
	end := func() error {
		switch {
		case len(element) > maxPieces:
			return errPieces
		case len(element) == 1 && element[0].literal == "..":
			return errParent
		case len(element) > 0 && (len(element) > 1 || element[0].literal != "."):
			p.elements = append(p.elements, element)
		}
		element = nil
		return nil
	}
	for rest := text; rest != ""; {
		if rest[0] == '/' {
			if err := end(); err != nil {
				return err
			}
			rest = rest[1:]
			continue
		}
		next, size, err := parsePiece(rest)
		if err != nil {
			return err
		}
		rest = rest[size:]
		if next.hole != "" {
			if slices.Contains(p.holes, next.hole) {
				return fmt.Errorf("the hole {%s} is there twice", next.hole)
			}
			p.holes = append(p.holes, next.hole)
		}
		last := len(element) - 1
		if last >= 0 && next.literal != "" && element[last].literal != "" {
			element[last].literal += next.literal
			continue
		}
		if last >= 0 && next == (piece{most: -1}) && element[last] == next {
			return errStars
		}
		element = append(element, next)
	}
	return end()
}

// parsePiece reads the piece that a text begins with.
func parsePiece(text string) (p piece, size int, err error) {
	switch text[0] {
	case '*':
		return piece{most: -1}, 1, nil
	case '?':
		return piece{least: 1, most: 1}, 1, nil
	case '[':
		s, size, err := parseSet(text)
		return piece{least: 1, most: 1, set: s}, size, err
	case '{':
		return parseHole(text)
	case '}':
		return p, 0, errHole
	case '\\':
		if len(text) == 1 {
			return p, 0, errEscape
		}
		return piece{literal: text[1:2]}, 2, nil
	}
	return piece{literal: text[:1]}, 1, nil
}

// parseHole reads {name} and {name:[set]}.
func parseHole(text string) (p piece, size int, err error) {
	end := strings.IndexAny(text, ":}")
	if end < 0 || !isHoleName(text[1:end]) {
		return p, 0, errHole
	}
	p = piece{least: 1, most: -1, hole: text[1:end]}
	if text[end] == ':' {
		if !strings.HasPrefix(text[end+1:], "[") {
			return p, 0, errHole
		}
		s, size, err := parseSet(text[end+1:])
		if err != nil {
			return p, 0, err
		}
		p.set = s
		end += 1 + size
		if end == len(text) || text[end] != '}' {
			return p, 0, errHole
		}
	}
	return p, end + 1, nil
}

func isHoleName(name string) bool {
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.') {
			return false
		}
	}
	return name != ""
}

// parseSet reads [a-z] and [^a-z].
func parseSet(text string) (s *set, size int, err error) {
	s = new(set)
	at, not := 1, false
	if strings.HasPrefix(text[at:], "^") || strings.HasPrefix(text[at:], "!") {
		at, not = at+1, true
	}
	next := func() (c byte, ok bool) {
		if at < len(text) && text[at] == '\\' {
			at++
		}
		if at >= len(text) || text[at] == '/' {
			return 0, false
		}
		at++
		return text[at-1], true
	}
	for first := true; ; first = false {
		if at < len(text) && text[at] == ']' {
			if first {
				return nil, 0, errSetEmpty
			}
			break
		}
		from, ok := next()
		if !ok {
			return nil, 0, errSet
		}
		to := from
		if at+1 < len(text) && text[at] == '-' && text[at+1] != ']' {
			at++
			if to, ok = next(); !ok {
				return nil, 0, errSet
			}
		}
		if to < from {
			return nil, 0, errSetRange
		}
		for c := int(from); c <= int(to); c++ {
			s[c] = true
		}
	}
	if not {
		for c := range s {
			s[c] = !s[c]
		}
	}
	return s, at + 1, nil
}

// String is the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// Holes are the names of its holes, in their order.
func (p *Pattern) Holes() []string { return p.holes }
