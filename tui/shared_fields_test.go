package tui_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/tui"
)

// some takes n records into the pane, with more fields each.
func (s *screen) some(n int, fields string) {
	s.t.Helper()
	b := &stream.Batch{}
	for range n {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d"%s`, s.number+1, fields)))
	}
	s.take(b)
}

// What all rows say stands once, in the header, until a row does not say it.
func TestAFieldThatAllRowsShare(t *testing.T) {
	for _, wrap := range []bool{false, true} {
		s := open(t, 120, 40, tui.Config{Settings: tui.Settings{Wrap: wrap}}, "system")
		s.some(19, `,"tenant":"acme","region":"eu"`)
		s.want("line 19  tenant=acme  region=eu") // too few to say so
		s.some(1, `,"tenant":"acme","region":"eu","n":7`)
		if !strings.Contains(s.line(1), "tenant=acme  region=eu") {
			t.Fatalf("the header is %q", s.line(1))
		}
		s.want("line 20  n=7")
		s.wantNot("line 20  tenant", "line 19  tenant")

		s.keys("/", "acme") // what is searched for is to be seen
		s.want("line 19  tenant=acme")
		s.keys("esc")
		s.wantNot("line 19  tenant")

		s.keys("enter") // the whole record has it
		s.want(`tenant: "acme"`)
		s.keys("esc", "G")

		s.some(1, `,"tenant":"globex","region":"eu"`)
		s.want("line 21  tenant=globex", "line 19  tenant=acme")
		if strings.Contains(s.line(1), "tenant") || !strings.Contains(s.line(1), "region=eu") {
			t.Fatalf("the header is %q", s.line(1))
		}
		s.some(1, ``) // it lacks the other one
		s.want("line 22\n", "line 21  tenant=globex  region=eu", "line 19  tenant=acme  region=eu")

		s.keys("f", "tenant=acme", "enter") // the filter says it, and so do all of these
		s.want("line 19", " tenant=acme ")
		s.wantNot("line 19  tenant")
	}
}
