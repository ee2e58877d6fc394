package tui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui"
)

func (s *screen) says(text string) func() bool {
	return func() bool { return strings.Contains(s.text(), text) }
}

// What is typed and pasted is as foreign as what comes from the network: where
// it is said again it is sanitised. Every frame is checked by screen.check.
func TestWhatIsPastedIsSanitised(t *testing.T) {
	const foreign = "\u009b31m\u202e\x1b[2J\x07"
	paste := func(s *screen, text string) { s.send(tea.PasteMsg{Content: text}) }
	s := open(t, 120, 30, tui.Config{
		Settings: tui.Settings{Keys: map[string][]string{"pause": {foreign}}},
		Actions:  []tui.Action{{Key: "x", Help: foreign, Do: func() string { return foreign }}},
	}, "system")
	s.lines("system", 10)
	s.keys("?", "esc", "x")
	s.keys("f")
	paste(s, `"a"`+foreign)
	s.want(`a blank is wanted after "a"`)
	s.keys("ctrl+u")
	paste(s, `k~(`+foreign)
	s.want(`missing closing ]`)
	s.keys("enter", "esc", "/")
	paste(s, foreign)
	s.keys("enter", "T")
	paste(s, foreign)
	s.keys("enter", "esc")

	// Line breaks and tabs part words, and act as no keys.
	s.keys("/")
	paste(s, "\nline 4\r\nq\tw\n")
	s.want(" /line 4 q w ")
	s.keys("ctrl+u")
	paste(s, strings.Repeat("é", 5000))
	s.keys("enter", "esc")

	path := filepath.Join(t.TempDir(), "a\u009bb\u202e")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.keys("s", "ctrl+u")
	paste(s, path)
	s.perform(s.keys("enter"), s.says(`a\u009bb\u202e exists`))
	s.perform(s.keys("y", "enter"), s.says("10 records saved"))
	paste(s, "q\r") // where nothing takes text it does nothing
	s.want("10 records saved")
}

// What is saved is what the pane showed that was asked, whatever has the focus
// since; and a directory is not asked for as if it could be overwritten.
func TestSavingEdges(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "one", "two")
	s.lines("one", 3)
	s.lines("two", 5)
	dir := t.TempDir()
	s.perform(s.keys("s", "ctrl+u", dir, "enter"), s.says("not saved: "+dir+" is a directory"))

	path := filepath.Join(dir, "saved")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	opening := s.keys("s", "ctrl+u", path, "enter")
	s.keys("tab")
	s.perform(opening, s.says("exists: overwrite it?"))
	s.perform(s.keys("y", "enter"), s.says("3 records saved"))

	// One does not leave a file behind that is half written without a word.
	s.keys("s", "ctrl+u", filepath.Join(dir, "another"), "enter")
	leave := s.keys("q")
	s.want("still saving to ", "q again leaves it unfinished")
	if leave != nil {
		if _, quits := leave().(tea.QuitMsg); quits {
			t.Fatal("q left although a file is being written")
		}
	}
	leave = s.keys("q")
	if _, quits := leave().(tea.QuitMsg); !quits {
		t.Fatal("a second q does not leave")
	}

	if _, err := os.Stat("/dev/full"); err == nil {
		full := open(t, 140, 24, tui.Config{}, "one")
		full.lines("one", 3)
		full.perform(full.keys("s", "ctrl+u", "/dev/full", "enter"), full.says("exists: overwrite it?"))
		full.perform(full.keys("y", "enter"), full.says("not saved whole: write /dev/full: no space left"))
	}
}

// Every layout that is saved can be restored, so there is a bound on panes.
func TestAsManyPanesAsThereMayBe(t *testing.T) {
	var names []string
	for i := range 64 {
		names = append(names, fmt.Sprintf("tenant/%d", i))
	}
	s := open(t, 200, 60, tui.Config{}, names...)
	s.keys("o", "more", "enter")
	s.want("not opened: 64 panes are as many as there may be")
	if len(s.feed.tails) != 64 {
		t.Fatalf("%d streams are tailed", len(s.feed.tails))
	}
	path := filepath.Join(t.TempDir(), "layout.toml")
	if err := tui.SaveLayout(s.model, path); err != nil {
		t.Fatal(err)
	}
	l, err := tui.LoadLayout(path)
	if err != nil {
		t.Fatal(err)
	}
	// Those that are there already count, too.
	r := open(t, 80, 24, tui.Config{}, "one", "two")
	tui.Restore(r.model, l)
	r.send(tui.TakeMsg)
	if len(r.feed.tails) != 64 {
		t.Fatalf("%d streams are tailed", len(r.feed.tails))
	}
	for range 70 {
		r.keys("c")
	}
	r.want("Open streams")

	if _, err := tui.New(tui.Config{Feed: newFeed(), Streams: append(names, "one")}); err == nil || !strings.Contains(err.Error(), "65 panes") {
		t.Errorf("65 streams give the error %v", err)
	}
	if _, err := tui.New(tui.Config{Feed: newFeed(), Streams: []string{strings.Join(append(names, "one"), "+")}}); err == nil || !strings.Contains(err.Error(), "merge 65 streams") {
		t.Errorf("65 merged streams give the error %v", err)
	}
}

// A record that is larger than all else is no reason to keep more than the bound.
func TestAGiantRecordDoesNotStopEviction(t *testing.T) {
	const bound = 6 << 20
	s := open(t, 80, 24, tui.Config{Bytes: bound}, "one", "two")
	s.take(&stream.Batch{Records: []stream.Record{s.record("one", "vm-1", `"msg":"`+strings.Repeat("x", 4<<20)+`"`)}})
	s.flood("two", 30_000)
	if _, bytes := tui.Held(s.model); bytes > bound {
		t.Errorf("%d bytes are kept, and the bound is %d", bytes, bound)
	}
}

// n and N say so when there is nothing to go to.
func TestTheLastMatch(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.lines("system", 20)
	s.keys("/", "line 7", "enter", "n")
	s.want("no match below this one; N goes to those above", "1/1")
	s.keys("N")
	s.want("no match above this one; n goes to those below")
	s.keys("/", "nowhere", "enter", "n")
	s.want("nothing that is shown matches nowhere")
	s.keys("esc", "n")
	s.want("nothing is searched for")
}

// Marks of records that were let go make room for others.
func TestMarksOfWhatWasLetGo(t *testing.T) {
	s := open(t, 80, 24, tui.Config{Records: 12_000}, "system")
	s.flood("system", 12_000)
	s.keys("g")
	tui.MarkAll(s.model, 10_000)
	s.keys("G", "k", "m")
	s.want("not marked: 10,000 records are marked already")
	s.flood("system", 8000)
	s.keys("G", "k", "m")
	if n := tui.Marks(s.model); n != 2001 {
		t.Errorf("%d marks are left, want 2,001", n)
	}
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

// A stream of which nothing has come since before the client did is quiet, and
// does not look like one that is followed.
func TestAStreamThatIsDead(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	r := s.record("system", "vm-1", `"level":30,"msg":"the last words"`)
	r.Backfill = true
	s.take(&stream.Batch{Records: []stream.Record{r}})
	s.want("following")
	s.now = start.Add(time.Minute)
	s.second()
	s.want("quiet since 12:00:00")
	s.now = start.Add(48 * time.Hour)
	s.second()
	s.want("quiet since 2026-03-04 12:00")
	s.now = start.Add(48*time.Hour + time.Minute)
	s.lines("system", 1)
	s.want("following")
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

// An empty message is not copied over what the clipboard has.
func TestNothingIsCopied(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"level":30,"msg":""`)}})
	s.keys("Y")
	s.want("not copied: the message is empty")
}

// Columns line up however long ago it was.
func TestLongAgo(t *testing.T) {
	s := open(t, 48, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for _, at := range []string{"0001-01-01T00:00:00Z", "1970-01-02T00:00:00Z", "2026-03-04T11:59:00Z", "9999-12-31T23:59:59Z"} {
		b.Records = append(b.Records, stream.Record{Stream: "system", Source: "vm-1", Arrived: start.UnixNano(), Data: []byte(`{"level":30,"time":"` + at + `","msg":"here"}`)})
	}
	s.take(b)
	s.now = start.Add(time.Second)
	s.keys("t", "t")
	at := -1
	for _, row := range strings.Split(s.text(), "\n") {
		if i := strings.Index(row, "here"); i >= 0 {
			if at >= 0 && i != at {
				t.Fatalf("the rows do not line up:\n%s", s.text())
			}
			at = i
		}
	}
	if at < 0 {
		t.Fatalf("there are no rows:\n%s", s.text())
	}
}
