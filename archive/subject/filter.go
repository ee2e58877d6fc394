package subject

import (
	"strings"
	"unicode/utf8"

	"sluice/cluster/names"
)

// Filter is a subject with wildcards that takes in the batches of all streams that a
// pattern matches, at every consolidator, and perhaps more: whoever reads by it asks
// the pattern about each stream. The pattern of a name without "*", "?" and
// backslashes is that name, and its filter takes in that stream alone.
func Filter(pattern names.Pattern) string { return filter("*", pattern) }

// FilterAt is Filter for one consolidator.
func FilterAt(consolidator string, pattern names.Pattern) string {
	return filter(string(appendToken(nil, consolidator)), pattern)
}

func filter(consolidator string, pattern names.Pattern) string {
	dst := Root + "." + consolidator
	for _, token := range tokens(pattern.String()) {
		dst += "." + token
	}
	return dst
}

// tokens are the tokens of NATS that a pattern stands for: literal ones, "*" for those
// in which anything is open, and ">" from the first "**" on.
func tokens(pattern string) []string {
	var all []string
	part, open := "", false
	end := func() {
		if open {
			all = append(all, "*")
		} else {
			all = append(all, string(appendToken(nil, part)))
		}
		part, open = "", false
	}
	for pattern != "" {
		switch {
		case strings.HasPrefix(pattern, "**"):
			return append(all, ">")
		case pattern[0] == '*', pattern[0] == '?':
			open = true
			pattern = pattern[1:]
			continue
		case pattern[0] == '\\':
			pattern = pattern[1:]
		}
		_, size := utf8.DecodeRuneInString(pattern)
		if char := pattern[:size]; char == "/" {
			end()
		} else {
			part += char
		}
		pattern = pattern[size:]
	}
	end()
	return all
}
