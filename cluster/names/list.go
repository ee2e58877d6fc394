package names

import (
	"slices"
	"strings"
)

// Join writes the names of streams that are shown merged, as in "a+b". A plus in
// a name is written \+.
func Join(names []string) string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = strings.ReplaceAll(name, "+", `\+`)
	}
	return strings.Join(escaped, "+")
}

// Split reads what Join writes: "a+b" is a and b. A name that stands twice counts
// once. The names are not checked.
func Split(list string) []string {
	var names []string
	var name strings.Builder
	end := func() {
		if n := name.String(); !slices.Contains(names, n) {
			names = append(names, n)
		}
		name.Reset()
	}
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == '\\' && i+1 < len(list) && list[i+1] == '+':
			i++
			name.WriteByte('+')
		case list[i] == '+':
			end()
		default:
			name.WriteByte(list[i])
		}
	}
	end()
	return names
}
