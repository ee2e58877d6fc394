package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui"
	"sluice/tui/query"
)

func TestLevelFilter(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	b := &stream.Batch{Notices: []stream.Notice{{At: 3, Kind: stream.KindGap, Time: start, Stream: "system", Count: 7}}}
	for i, level := range []string{"10", "20", "30", "40", "50", "60"} {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%s,"msg":"line %d"`, level, i+1)))
	}
	b.Records = append(b.Records, s.record("system", "vm-1", `"msg":"line 7"`)) // no level counts as info
	s.take(b)
	for i, want := range []string{"1234567", "234567", "34567", "456", "56", "6", "6"} {
		s.keys("l")
		s.want("7 records lost")
		got := strings.NewReplacer("line ", "", " ", "").Replace(strings.Join(s.rows(), ""))
		if got != want {
			t.Fatalf("after %d keys the rows are %q, want %q", i+1, got, want)
		}
	}
	s.want("level ≥ fatal", "fatal is the highest level: L lowers it, 0 shows all")
	s.keys("L")
	s.want("level ≥ error")
	s.wantNot("the highest level")
	s.keys("l")
	s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"level":60,"msg":"line 8"`), s.record("system", "vm-1", `"level":50,"msg":"line 9"`)}})
	s.want("line 8")
	s.wantNot("line 9")
	s.keys("L", "L", "L", "L", "L", "L", "L")
	s.want("line 9", "all levels are shown: l raises the level")
	s.wantNot("level ≥")
}

// A filter by a field's value is one that the prompt can show and change.
func TestFilteringByOddValues(t *testing.T) {
	for name, test := range map[string]struct{ value, want string }{
		"two lines": {`one\ntwo`, "its value has line breaks"},
		"too long":  {strings.Repeat("long ", 300), "that is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 100, 40, tui.Config{}, "system")
			s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"msg":"m","k":"`+test.value+`"`)}})
			s.keys("enter")
			for range 30 {
				if strings.Contains(s.text(), "▌  k: ") {
					break
				}
				s.keys("j")
			}
			s.keys("f")
			s.want(test.want)
			s.keys("esc")
			if filters := tui.FilterText(s.model); filters != "" {
				t.Errorf("the filter is %q", filters)
			}
		})
	}
}

// A filter by a field that no record has says so, and which may be meant.
func TestFilteringByAFieldThatIsNotThere(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.take(&stream.Batch{Records: []stream.Record{
		s.record("system", "vm-1", `"msg":"no fields"`),
		s.record("system", "vm-1", `"msg":"m","res":{"statusCode":200},"tenant":"acme"`),
		s.record("system", "vm-1", `"msg":"`+strings.Repeat("long", 5000)+`","status":1`),
		{Stream: "system", Source: "vm-1", Arrived: start.UnixNano(), Data: []byte("no json status")},
	}})
	for filter, want := range map[string]string{
		"status>=500":  "No record has a field status; res.statusCode is one.",
		"colour=green": "No record has a field colour; enter on a record shows those that it has.",
		"tenant=other": "Press 0 to show all.",
	} {
		s.keys("f", filter, "enter")
		s.want("None of 4 records matches", want)
		if strings.HasPrefix(filter, "tenant") {
			s.wantNot("No record has a field")
		}
		s.keys("0")
	}
}

func TestFilteredPane(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	batch := func(from int) *stream.Batch {
		b := &stream.Batch{Notices: []stream.Notice{{At: 1, Kind: stream.KindGap, Time: start, Stream: "system", Count: 7}}}
		for i := from; i < from+6; i++ {
			b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"status":%d,"msg":"line %d"`, 10*(i%6+1), 200+i%6*100, i)))
		}
		return b
	}
	s.take(batch(0))
	set := func(text string, want ...string) {
		t.Helper()
		terms, err := query.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		f := query.Filter{}.WithTerms(terms)
		tui.SetFilter(s.model, f)
		s.woken = true
		s.settle()
		s.keys("0", "G") // the key that clears
		s.wantNot(text)
		tui.SetFilter(s.model, f)
		s.woken = true
		s.settle()
		s.want("7 records lost")
		var got []string
		for _, row := range s.rows() {
			got = append(got, strings.Fields(row)[1])
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s shows %q, want %q", text, got, want)
		}
	}
	set("status>=500", "3", "4", "5")
	s.want(" status>=500 ")
	s.take(batch(6)) // tested as they come
	set("status>=500 -level=error", "3", "5", "9", "11")
	s.want(" status>=500 ", " -level=error ")
	set(`"ine 1" status!=200`, "1", "10", "11")
	set("level>=warn status<600", "3", "9")
	s.keys("l", "l", "l", "l", "l", "l")
	s.want(" level ≥ fatal   level>=warn   status<600 ", "7 records lost")
	s.wantNot("line 3")
}

// Of many records, the filter goes through the records' bytes for a word. A
// level needs none: a record has its number, or nothing at all.
func TestLevelsAreFoundWithoutAWord(t *testing.T) {
	s := open(t, 80, 24, tui.Config{Records: 20_000}, "system")
	b := &stream.Batch{}
	for i := range 20_000 {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"msg":"line %d"`, 30+i%2*10, i)))
	}
	s.take(b)
	terms, err := query.Parse("level=warning")
	if err != nil {
		t.Fatal(err)
	}
	tui.SetFilter(s.model, query.Filter{}.WithTerms(terms))
	s.woken = true
	s.settle()
	s.want("line 19999")
	s.wantNot("line 19998")
	s.keys("g")
	s.want("line 7")
}

func TestFilterPrompt(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 10 {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d","status":%d`, i, 200+i*100)))
	}
	s.take(b)
	s.keys("f", "status>=800")
	s.want("4 of 10 shown", "line 9", "line 6")
	s.wantNot("line 5")
	s.keys(" -")
	s.keys("9  x=")
	s.want("wants a value")
	s.keys("enter")
	s.want("filter status>=800") // still open
	s.keys("backspace", "backspace", "enter")
	s.want("status>=800", "-9", "line 8")
	s.wantNot("line 9")
	// What is typed and left is undone.
	s.keys("&", "nothing-has-this", "esc")
	s.want("line 8", "status>=800")
	s.keys("0")
	s.want("line 9", "line 0")
	s.wantNot("status>=800 ")
	// The history brings it back.
	s.keys("f", "up", "enter")
	s.want("status>=800", "line 8")
	s.wantNot("line 5")
}

func TestChipsAreTakenAway(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.lines("system", 30)
	s.keys("f", "line -7", "enter", "l", "/", "line", "enter")
	s.want(" level ≥ trace ", " line ", " -7 ", " /line ")
	at := func(chip string) int { return len([]rune(s.line(1)[:strings.Index(s.line(1), chip)])) + 1 }
	s.send(tea.MouseClickMsg{X: at(" -7 "), Y: 1, Button: tea.MouseLeft})
	s.settle()
	s.want(" level ≥ trace ", " line ", "line 27")
	s.wantNot(" -7 ")
	s.send(tea.MouseClickMsg{X: at(" /line "), Y: 1, Button: tea.MouseLeft})
	s.wantNot(" /line ")
	s.keys("backspace")
	s.want(" level ≥ trace ")
	s.keys("backspace", "backspace")
	s.wantNot(" level ≥ trace ")
}

// What hardly anything passes while it is typed does not lead away from where one was, and
// the row under the cursor is on the screen again when all are.
func TestAHalfTypedFilterLeadsNowhere(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 500)
	s.keys("k", "k", "f")
	for _, key := range []string{"3", "7", "backspace", "backspace", "7", "."} {
		s.keys(key)
		s.settle()
	}
	s.keys("backspace", "enter")
	s.settle()
	s.want("▌", "line 497", "line 487")
	s.keys("0")
	s.settle()
	s.want("▌", "line 497", "line 496")
}
