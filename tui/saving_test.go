package tui_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/cluster/stream"
	"sluice/tui"
)

// What is saved is what the pane showed that was asked, whatever has the focus
// since; and a directory is not asked for as if it could be overwritten.
func TestSavingWhatWasAsked(t *testing.T) {
	t.Parallel() // it mostly waits
	s := open(t, 140, 24, tui.Config{}, "one", "two")
	s.lines("one", 3)
	s.lines("two", 5)
	dir := folder(t)
	s.perform(s.keys("s", "ctrl+u", dir, "enter"), s.says("not saved: "+dir+" is a directory"))

	path := filepath.Join(dir, "saved")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	opening := s.keys("s", "ctrl+u", path, "enter")
	s.keys("tab")
	s.perform(opening, s.says("exists: overwrite it?"))
	s.perform(s.keys("y"), s.says("3 records saved"))

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
		full.perform(full.keys("y"), full.says("not saved whole: write /dev/full: no space left"))
	}
}

// A question that one key answers takes one key, and no other than those.
func TestOneKeyAnswers(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.lines("system", 3)
	path := filepath.Join(folder(t), "saved")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := func() {
		t.Helper()
		s.perform(s.keys("s", "ctrl+u", path, "enter"), s.says("exists: overwrite it? y/n"))
	}
	for _, key := range []string{"n", "esc", "enter", "q"} {
		asked()
		s.keys("x")
		s.want("overwrite it? y/n", "y or n")
		s.send(tea.PasteMsg{Content: "y"})
		s.want("overwrite it? y/n")
		s.keys(key)
		s.want("not saved: " + path + " is as it was")
	}
	asked()
	s.perform(s.keys("y"), s.says("3 records saved to "+path))
}

// The ending of the path compresses what is saved; one that would lie is refused.
func TestSavingCompressed(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.flood("system", 5000)
	for ending, unpack := range map[string]func(io.Reader) (io.Reader, error){
		".gz":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		".zst": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		path := filepath.Join(folder(t), "saved.ndjson"+ending)
		s.perform(s.keys("s", "ctrl+u", path, "enter"), s.says("5,000 records saved to "+path))
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		plain, err := unpack(file)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(plain)
		if lines := strings.Count(string(data), "\n"); err != nil || lines != 5000 || !strings.HasSuffix(string(data), "\"msg\":\"line 5000\"}\n") {
			t.Errorf("%s has %d lines, %v", path, lines, err)
		}
		if info, err := file.Stat(); err != nil || info.Size() > int64(len(data)/4) {
			t.Errorf("%s has %d bytes of %d, %v", path, info.Size(), len(data), err)
		}
	}
	s.keys("s", "ctrl+u", "saved.xz", "enter")
	s.want("nothing is compressed as .xz: let the name end in .gz or .zst")
}

func TestSaving(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.flood("system", 5000)
	s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindGap, Time: start, Stream: "system", Count: 7}}})
	s.keys("f", "/line \\d*7$/", "enter")
	path := filepath.Join(folder(t), "saved.ndjson")
	s.keys("s")
	s.want("save to system-20260304-120000.ndjson")
	says := func(text string) func() bool { return func() bool { return strings.Contains(s.text(), text) } }
	s.perform(s.keys("ctrl+u", path, "enter"), says("500 records saved to "+path))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) != 500 || !strings.Contains(lines[0], `"msg":"line 7"`) || !strings.Contains(lines[499], `"msg":"line 4997"`) {
		t.Fatalf("%d lines are saved, from %.200s to %.200s", len(lines), lines[0], lines[len(lines)-1])
	}
	// Another file is not written over unless one says so.
	s.keys("0")
	s.perform(s.keys("s", "ctrl+u", path, "enter"), says("exists: overwrite it? y/n"))
	s.keys("n")
	if now, _ := os.ReadFile(path); string(now) != string(data) {
		t.Fatal("n wrote over the file")
	}
	s.perform(s.keys("s", "ctrl+u", path, "enter"), says("exists: overwrite it? y/n"))
	s.perform(s.keys("y"), says("5,000 records saved to "+path))
	s.perform(s.keys("s", "ctrl+u", filepath.Join(path, "no"), "enter"), says("not saved: open "))
}
