package tui_test

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/stream"
	"sluice/tui"
)

// Beside the panes the detail is of the record that is clicked on.
func TestClickingBesideADetail(t *testing.T) {
	s := open(t, 200, 60, tui.Config{}, "system")
	s.lines("system", 30)
	s.keys("enter")
	s.want("12:00:03.000 +00:00")
	s.send(tea.MouseClickMsg{X: 20, Y: 2 + 9, Button: tea.MouseLeft})
	s.want("12:00:01.000 +00:00")
	s.send(tea.MouseClickMsg{X: 500, Y: 500, Button: tea.MouseLeft}) // outside
	s.send(tea.MouseClickMsg{X: 20, Y: 55, Button: tea.MouseLeft})   // below the rows
	s.want("12:00:01.000 +00:00")
}

// A record whose keys are as long as they may be cannot make its page large.
func TestLongKeysMakeNoLargePage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"msg":"x","` + strings.Repeat("k", 120_000) + `":{`)
	for i := range 12_000 {
		fmt.Fprintf(&b, `"%d":1,`, i)
	}
	b.WriteString(`"end":1}}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	lines := tui.Detail([]byte(b.String()), 80, 24)
	runtime.ReadMemStats(&after)
	if len(lines) < 12_000 {
		t.Fatalf("the page has %d lines", len(lines))
	}
	if made := after.TotalAlloc - before.TotalAlloc; made > 200<<20 {
		t.Errorf("it took %d MiB to make a page of %d bytes", made>>20, b.Len())
	}
}

func FuzzDetail(f *testing.F) {
	f.Add([]byte(`{"msg":"x\ny","req":{"method":"GET","url":"/","headers":{"a":"b"},"body":{"c":[1,{}]}},"res":{"statusCode":404,"header":"a: b\r\n"},"err":{"message":"m","stack":"s\n t"},"z":{"a":[1,"2",null,true]}}`), 60)
	f.Add([]byte(`{"a":[[[[{"b":"`+"\u202e\u009b"+`"}]]]]}`), 20)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		width = 20 + abs(width)%200
		lines := tui.Detail(data, width, 10)
		for _, l := range strings.FieldsFunc(lines[0], func(r rune) bool { return r == '\n' || r == '\t' }) {
			checkClean(t, l)
		}
		for _, l := range lines[1:] {
			checkClean(t, l)
			if w := ansi.StringWidthWc(l); w != width {
				t.Fatalf("the line has %d columns, want %d: %q", w, width, l)
			}
		}
	})
}

func TestFieldsOfARecord(t *testing.T) {
	s := open(t, 120, 40, tui.Config{}, "system")
	s.take(&stream.Batch{Records: []stream.Record{
		s.record("system", "vm-1", `"level":30,"msg":"line 1","tenant":"acme"`),
		s.record("system", "vm-1", `"level":30,"msg":"line 2","tenant":"two words"`),
		s.record("system", "vm-1", `"level":30,"msg":"line 3","job":{"id":[1,2],"owner":{"team":"a \"b\"","long":"this makes it more than one line of JSON"}}`),
	}})
	choose := func(line string) {
		t.Helper()
		for range 60 {
			for _, l := range strings.Split(s.text(), "\n") {
				if strings.HasPrefix(l, "▌") && strings.Contains(l, line) {
					return
				}
			}
			s.keys("j")
		}
		t.Fatalf("the line %q cannot be chosen:\n%s", line, s.text())
	}
	s.keys("enter")
	choose(`"team": `)
	if got, want := raw(t, s.keys("c")), "\x1b]52;c;"+base64.StdEncoding.EncodeToString([]byte(`a "b"`))+"\x07"; got != want {
		t.Fatalf("c wrote %q, want %q", got, want)
	}
	s.want("job.owner.team copied: 5 bytes")
	s.keys("f")
	s.want(`job.owner.team="a \"b\""`, "line 3")
	s.wantNot("line 2")
	s.keys("0", "k", "enter")
	choose("tenant: ")
	s.keys("F")
	s.want(`tenant!="two words"`, "line 1")
	s.wantNot("line 2")
}
