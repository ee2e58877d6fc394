package tui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sluice/cluster/stream"
	"sluice/tui"
)

// opened is a client with the record open that is under the cursor, of twenty: line 8
// is an error, and so is line 15.
func opened(t *testing.T, w, h int) *screen {
	t.Helper()
	s := open(t, w, h, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := 1; i <= 20; i++ {
		level := 30
		if i == 8 || i == 15 {
			level = 50
		}
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"msg":"line %d","step":"s%d"`, level, i, i%4)))
	}
	s.take(b)
	s.keys("g", "enter")
	s.want("one record", "▌   line 1\n")
	return s
}

// In an open record the keys that go to another one do so, and the pane goes along.
func TestKeysInARecord(t *testing.T) {
	s := opened(t, 120, 24)
	for _, step := range []struct{ keys, want string }{
		{"e", "line 8"},
		{"e", "line 15"},
		{"E", "line 8"},
		{"n", "line 9"}, // nothing is searched for
		{"N", "line 8"},
		{"/", "line 8"},
		{"line 1[0-9]", "line 10"}, // as it is typed
		{"enter", "line 10"},
		{"n", "line 11"},
		{"n", "line 12"},
		{"N", "line 11"},
		{"right", "line 12"},
		{"left", "line 11"},
		{"m", "line 11"},
		{"right", "line 12"},
		{"m", "line 12"},
		{"'", "line 11"},
		{"'", "line 12"},
		{"\"", "line 11"},
	} {
		s.keys(step.keys)
		s.want("one record", "▌   "+step.want+"\n")
	}
	s.want("◆ system · one record", "/line 1[0-9] 2/10")
	s.keys("T", "12:00:00", "enter")
	s.want("one record", "▌   line 1\n", "the oldest kept is of")
	s.keys("right", "/", "line 2", "esc") // as it was
	s.want("one record", "▌   line 2\n", "/line 1[0-9] ")
	s.keys("esc")
	s.want("SCROLLED", "▌12:00:00.200")
}

// What was searched for is where one comes to, and is shown.
func TestAMatchInAFieldOfARecord(t *testing.T) {
	s := opened(t, 120, 40)
	s.keys("/", "step=s3", "enter")
	s.want("▌   line 3\n") // the row has it so, and the record does not
	s.keys("/", "s3", "enter")
	s.want("▌   step: \"s3\"")
}

// Keys that do nothing in a record say so, and do not act on the pane behind it.
func TestKeysThatDoNothingInARecord(t *testing.T) {
	s := opened(t, 140, 24)
	for key, want := range map[string]string{
		"w": "w (wrap long records) does nothing in an open record: esc leaves it",
		"o": "o (open streams) does nothing",
		"l": "l (raise the level shown) does nothing",
		"z": "z (zoom the pane) does nothing",
		"2": "2 (go to a pane) does nothing",
		"%": "% does nothing in an open record: ? shows the keys",
	} {
		s.keys(key)
		s.want("one record", want)
	}
	s.keys("i", "w")
	s.want("w (wrap long records) does nothing in the status: esc leaves it")
	s.keys("esc", "esc")
	s.wantNot("level ≥")
	s.want("line 20")
}

// An open record is saved by itself, under a name of its own time.
func TestSavingARecord(t *testing.T) {
	s := opened(t, 140, 24)
	path := filepath.Join(folder(t), "one.ndjson")
	s.keys("right", "s")
	s.want("save this record to system-20260304-120000.200.ndjson")
	s.perform(s.keys("ctrl+u", path, "enter"), s.says("1 record saved to "+path))
	if data, err := os.ReadFile(path); err != nil || string(data) != `{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"time":"2026-03-04T12:00:00.200Z","level":30,"msg":"line 2","step":"s2"}`+"\n" {
		t.Fatalf("%q is saved, %v", data, err)
	}
	s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindGap, Time: start, Stream: "system", Count: 7}}})
	s.keys("esc", "G", "enter", "s")
	s.want("not saved: this is no record")
}
