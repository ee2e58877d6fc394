package pipe

import (
	"strings"
	"testing"

	"sluice/cluster/record"
)

// Whatever a command prints, in whatever pieces, is lines without anything that acts on
// a terminal.
func FuzzOutput(f *testing.F) {
	f.Add([]byte("a\tb\r\n\x1b[31mred\x1b[0m\n\x1b]0;t\x07\xff\n"), 3)
	f.Add([]byte("\x1b[\x1b[1;2;m\x1b[99"), 1)
	f.Add([]byte("é\t👩‍🚀\tx\n\n\n"), 5)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		var whole, parts Output
		whole.add(data)
		for rest := data; len(rest) > 0; {
			n := min(max(piece, 1), len(rest))
			parts.add(rest[:n])
			rest = rest[n:]
		}
		if whole.Copy() != parts.Copy() || whole.Over()+parts.Over() > 0 {
			t.Fatalf("%q is other in pieces of %d", data, piece)
		}
		lines := strings.Count(string(data), "\n")
		if len(data) > 0 && data[len(data)-1] != '\n' {
			lines++
		}
		if whole.Lines() != lines || parts.Lines() != lines {
			t.Fatalf("%q is %d and %d lines", data, whole.Lines(), parts.Lines())
		}
		for i := range lines {
			if line := whole.Line(i); line != parts.Line(i) || line != record.Safe(line) {
				t.Fatalf("line %d of %q is %q, in pieces %q", i, data, line, parts.Line(i))
			}
		}
	})
}
