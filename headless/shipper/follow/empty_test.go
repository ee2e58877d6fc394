package follow

import (
	"io"
	"os"
	"testing"
	"time"

	"sluice/internal/wait"
)

// What was written to an empty file and truncated before anybody looked is told;
// what truncates, touches or opens an empty file is not taken for that.
func TestEmpty(t *testing.T) {
	t.Parallel()
	type file struct {
		*watched
		name string
		open *os.File // as its writer has it
	}
	text := []byte("a line\n")
	place := func(f file) { _, err := f.open.WriteAt(text, 0); f.must(err) }
	behind := func(f file) { _, err := f.open.WriteAt(text, int64(len(text))); f.must(err) }
	write := func(f file) {
		end, err := f.open.Seek(0, io.SeekEnd)
		f.must(err)
		_, err = f.open.WriteAt(text, end)
		f.must(err)
	}
	cut := func(f file) { f.must(os.Truncate(f.name, 0)) }
	null := func(f file) { f.must(os.WriteFile(f.name, nil, 0o600)) } // : > file
	echo := func(f file) { f.append("app.log", "a line\n") }
	overwrite := func(f file) { f.must(os.WriteFile(f.name, text, 0o600)) }
	touch := func(f file) { f.must(os.Chtimes(f.name, time.Now(), time.Now())) }
	read := func(f file) { _, err := os.ReadFile(f.name); f.must(err) }
	rotate := func(f file) { // as logrotate does, of an open file
		old, err := os.OpenFile(f.name, os.O_RDWR, 0)
		f.must(err)
		defer old.Close()
		_, err = old.Read(make([]byte, 10))
		_ = err // it may be empty
		f.must(old.Truncate(0))
	}
	for name, c := range map[string]struct {
		did  []func(file)
		told bool
	}{
		"nothing":                     {nil, false},
		"touched":                     {[]func(file){touch, touch}, false},
		"emptied":                     {[]func(file){null}, false},
		"rotated":                     {[]func(file){rotate}, false},
		"read and rotated":            {[]func(file){read, rotate, read}, false},
		"read, emptied and touched":   {[]func(file){read, null, touch, read}, false},
		"written":                     {[]func(file){write}, false},
		"overwritten":                 {[]func(file){overwrite}, false},
		"emptied and written":         {[]func(file){null, write, echo}, false},
		"rotated and written":         {[]func(file){rotate, write}, false},
		"written and cut":             {[]func(file){write, cut}, true},
		"written and emptied":         {[]func(file){write, null}, true},
		"written and rotated":         {[]func(file){write, rotate}, true},
		"written, read and rotated":   {[]func(file){write, read, rotate}, true},
		"written in its place":        {[]func(file){place, behind}, false},
		"written, cut, gone on":       {[]func(file){place, cut, behind}, true},
		"written by name and rotated": {[]func(file){echo, rotate}, true},
		"overwritten and emptied":     {[]func(file){overwrite, null}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			w := watch(t, Config{Names: []string{dir + "/app.log", dir + "/end"}})
			w.dir, w.name = dir, dir+"/app.log"
			open, err := os.OpenFile(w.name, os.O_CREATE|os.O_WRONLY, 0o600)
			w.must(err)
			defer open.Close()
			w.put("end", "")
			w.follow()
			w.names[0].Take()
			f, end := w.names[0].current, w.names[1].current
			w.mu.Lock() // so that nobody looks meanwhile
			for _, do := range c.did {
				do(file{w, w.name, open})
			}
			w.append("end", "that was all")
			w.mu.Unlock()
			wait.For(t, "all to be heard", func() bool { end.mu.Lock(); defer end.mu.Unlock(); return end.seen > 0 })
			if got := f.Cut(); (got != nil) != c.told {
				t.Errorf("told %+v", got)
			}
		})
	}
}

// A change that nothing explains is told when some time has passed.
func TestEmptyAndQuiet(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.put("app.log", "")
	w.follow()
	w.must(os.Truncate(w.name, 0))
	f := w.names[0].current
	wait.For(t, "word of it", func() bool {
		w.lookAtSizes()
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.cut != nil && f.cut.Unseen == 1
	})
}
