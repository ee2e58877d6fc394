package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/tui"
	"sluice/tui/query"
)

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
	s.keys("L")
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
