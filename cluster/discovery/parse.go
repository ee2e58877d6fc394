package discovery

import (
	"fmt"
	"strings"
)

// What a file may be.
const (
	maxFile = 1 << 20 // bytes
	maxLine = 1 << 10
)

// parseFile reads a list of consolidators: one a line, its endpoint, then perhaps
// name=NAME and key=KEY; # begins a comment where a word could begin. The error names the
// line that is wrong.
func parseFile(text string) ([]Consolidator, error) {
	var list []Consolidator
	lines := make(map[string]int) // where an endpoint, or "name="+name, stands
	n := 0
	for line := range strings.Lines(text) {
		n++
		c, ok, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if !ok {
			continue
		}
		for _, word := range []string{c.Subscribe, "name=" + c.Name} {
			if at := lines[word]; at > 0 {
				return nil, fmt.Errorf("line %d: %s stands in line %d already", n, word, at)
			}
			if word != "name=" {
				lines[word] = n
			}
		}
		if list = append(list, c); len(list) > Max {
			return nil, fmt.Errorf("line %d: there are more than %d consolidators", n, Max)
		}
	}
	return list, nil
}

// parseLine reads one line; ok is false if there is nothing in it.
func parseLine(line string) (c Consolidator, ok bool, err error) {
	if len(line) > maxLine {
		return c, false, fmt.Errorf("it has %d bytes: want at most %d", len(line), maxLine)
	}
	for i, word := range strings.Fields(line) {
		if word[0] == '#' {
			break
		}
		key, value, _ := strings.Cut(word, "=")
		switch {
		case i == 0:
			c.Subscribe, ok = word, true
		case key == "name" && c.Name == "" && value != "":
			c.Name = value
		case key == "key" && c.Key == "" && value != "":
			c.Key = value
		default:
			return c, false, fmt.Errorf("%.40q is not understood: write tcp://HOST:5552 name=NAME key=KEY", word)
		}
	}
	if !ok {
		return c, false, nil
	}
	return c, true, Check(c)
}
