package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/tui"
)

func TestFilterOfRows(t *testing.T) {
	const data = `{"name":"web","hostname":"vm-9","level":40,"msg":"request timed out after 30s","tenant":"acme","status":503,"q":"a\"b"}`
	for text, want := range map[string]bool{
		"": true, "timed": true, "Timed": false, "TIMED": false, "nothing": false, `"timed out"`: true, `"timed  out"`: false,
		"-timed": false, "!timed": false, "-nothing": true, "/timed? (out|in)/": true, "/^timed/": false, "-/^timed/": true, "after/30s": false,
		"vm-1": true, "vm-9": false, // as the row shows: the source, and not the host
		"tenant=acme": true, "tenant=Acme": false, "-tenant=acme": false, "missing=1": false, "missing!=1": true, `q="a\"b"`: true,
		"level>=warn": true, "level=warning": true, "level<warn": false, "source=vm-1": true, "source~vm": true, "stream=tenant/acme": true,
		"tenant=acme status>=500": true, "tenant=acme status<500": false, "timed -nothing level>=warn": true,
	} {
		f, _, err := tui.ParseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, trust := range []bool{true, false} {
			if got := f.Match([]byte(data), trust); got != want {
				t.Errorf("%s matches is %v with trust %v, want %v", text, got, trust, want)
			}
		}
	}
}

func TestFilterChips(t *testing.T) {
	f, _, err := tui.ParseFilter("  tenant=acme\t-health  \"a b\" tenant=acme ")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"tenant=acme", "-health", `"a b"`}; !slices.Equal(f.Chips(), want) || f.Text() != strings.Join(want, " ") {
		t.Errorf("the chips are %q and the text is %q, want %q", f.Chips(), f.Text(), want)
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
		f, _, err := tui.ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
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
	set("level=warning", "3", "9") // a word that no record has
	set("level>=warn status<600", "3", "9")
	s.keys("L")
	s.want(" level ≥ fatal   level>=warn   status<600 ", "7 records lost")
	s.wantNot("line 3")
}

// What parses is understood again as it is shown, and no fast path changes
// what a filter finds.
func FuzzFilter(f *testing.F) {
	f.Add(`tenant=acme status>=500 -"a b" /x+/`, []byte(`{"tenant":"acme","status":503,"msg":"a b xx"}`))
	f.Add(`req.url~^/api level>warn !k`, []byte("{\"level\":50,\"req\":{\"url\":\"/api\"},\"msg\":\"\\u004b \u212a\"}"))
	f.Add(`a="" b!="\"" c<1e3`, []byte(`{"a":"","b":"\"","c":[1,"2",{"d":3}]}`))
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		if len(text) > 256 {
			return
		}
		filter, at, err := tui.ParseFilter(text)
		if err != nil {
			if at < 0 || at > len(text) {
				t.Fatalf("the error of %q is at %d", text, at)
			}
			return
		}
		again, _, err := tui.ParseFilter(filter.Text())
		if err != nil || !slices.Equal(again.Chips(), filter.Chips()) {
			t.Fatalf("%q is %q, and then %q, %v", text, filter.Chips(), again.Chips(), err)
		}
		if fast, slow := filter.Match(data, true), filter.Match(data, false); fast != slow {
			t.Fatalf("%q in %q: the fast path says %v, the slow one %v", text, data, fast, slow)
		}
	})
}
