package cell

import "strings"

// Style is the parameters of an SGR sequence, "" for plain text. They are
// joined once, here, and never per row.
type Style string

// With joins styles.
func (s Style) With(others ...Style) Style {
	for _, o := range others {
		switch {
		case s == "":
			s = o
		case o != "":
			s += ";" + o
		}
	}
	return s
}

// Background is the part of a style that lies under the text.
func (s Style) Background() Style {
	if i := strings.Index(string(s), "48;"); i >= 0 {
		return s[i:]
	}
	return ""
}
