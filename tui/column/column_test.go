package column_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/tui/column"
)

func texts(l column.List) string { return strings.Join(l.Texts(), " ") }

func TestAListIsChanged(t *testing.T) {
	l := column.Default()
	before := texts(l)
	l, err := l.Add("tenant")
	if err != nil {
		t.Fatal(err)
	}
	l = l.Pin(5).Widen(5, 9, 1).Toggle(3)
	l, at := l.Move(5, -5)
	if want := "tenant:10! time! level! stream! name!"; texts(l) != want || at != 0 {
		t.Errorf("the list is %q, want %q", texts(l), want)
	}
	if l, at = l.Move(0, 100); at != 5 || !strings.HasSuffix(texts(l), "tenant:10!") {
		t.Errorf("the list is %q", texts(l))
	}
	if l, err = l.Add("source"); err != nil || !strings.Contains(texts(l), "source!") {
		t.Errorf("what was hidden is not shown: %q, %v", texts(l), err)
	}
	l = l.Widen(5, 10, -100).Remove(5).Remove(0)
	if want := "level! stream! source! name!"; texts(l) != want {
		t.Errorf("the list is %q, want %q", texts(l), want)
	}
	if texts(column.Default()) != before {
		t.Error("the default was changed")
	}
	for range column.MaxFields {
		if l, err = l.Add(strings.Repeat("x", len(l))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Add("more"); err == nil {
		t.Error("there is no bound on fields")
	}
}

func TestBadColumns(t *testing.T) {
	for text, want := range map[string]string{
		"": "name a field", "a b": "name a field", "x:y": "its width is a number", "x:0": "its width", "x:121": "its width",
		"x\x1b": "name a field", "time": "is there already",
	} {
		if l, err := column.Parse([]string{"time", text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v", text, l, err)
		}
	}
}

// What can be read is written so that it is read again as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"time level tenant:10!", "source! res.statusCode:3", "a:b", "x!!", ":3", "level level"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := column.Parse(strings.Fields(text))
		if err != nil {
			return
		}
		again, err := column.Parse(l.Texts())
		if err != nil || !slices.Equal(again.Texts(), l.Texts()) {
			t.Fatalf("%q is %q and then %q, %v", text, l.Texts(), again.Texts(), err)
		}
	})
}
