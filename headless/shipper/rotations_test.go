package shipper_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/wait"
)

// writer writes numbered lines to a name, rotates in random ways, and knows what
// it wrote to which file.
type writer struct {
	t       testing.TB
	rnd     *rand.Rand
	dir     string
	name    string // that is followed
	calm    bool   // before it destroys something it waits until that is open, or read
	read    func(lines int) bool
	pad     string
	wrote   []wrote
	out     *os.File
	file    int  // which one it writes to
	life    int  // how often that was truncated
	appends bool // it writes behind whatever is there
	noticed bool // that there was something to lose
	rough   int  // how often it destroyed something that may not have been read
	turn    int
}

// wrote is a line that was written.
type wrote struct {
	text       string
	file, life int
}

// rotation is one way to go on to another file.
type rotation func(w *writer)

// The ways, by what they are called in the figures.
var rotations = map[string][]rotation{
	"rename":                 {(*writer).rename, (*writer).renameLate, (*writer).shift, (*writer).storm},
	"hard link":              {(*writer).link},
	"symbolic link":          {(*writer).switchLink, (*writer).replaceLink},
	"delete":                 {(*writer).remove, (*writer).replace},
	"copytruncate, append":   {(*writer).truncate},
	"copytruncate, in place": {(*writer).truncate},
}

// pause waits for a random time: nothing, microseconds, or milliseconds.
func (w *writer) pause() {
	switch w.rnd.IntN(6) {
	case 0:
		<-time.After(time.Duration(w.rnd.IntN(20)) * time.Millisecond)
	case 1, 2:
		<-time.After(time.Duration(w.rnd.IntN(1000)) * time.Microsecond)
	}
}

// open creates the file that is written to next.
func (w *writer) open(path string, flags int) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|flags, 0o600)
	w.check(err)
	if w.out != nil {
		w.out.Close()
	}
	w.out = f
	w.appends = flags&os.O_APPEND != 0
	w.file++
	w.life = 0
}

func (w *writer) check(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatal(err)
	}
}

// write writes lines, now and then one in two pieces.
func (w *writer) write(n int) {
	for range n {
		text := fmt.Sprintf("%06d in file %d.%d%s", len(w.wrote), w.file, w.life, w.pad)
		w.wrote = append(w.wrote, wrote{text, w.file, w.life})
		line := text + "\n"
		if w.rnd.IntN(20) == 0 {
			half := w.rnd.IntN(len(line))
			_, err := io.WriteString(w.out, line[:half])
			w.check(err)
			w.pause()
			line = line[half:]
		}
		_, err := io.WriteString(w.out, line)
		w.check(err)
	}
}

func (w *writer) some() { w.write(w.rnd.IntN(20)) }

// old is a name for a file that is not written to any more.
func (w *writer) old() string {
	w.turn++
	return fmt.Sprintf("%s.%d", w.name, w.turn+1000)
}

func (w *writer) rename() {
	w.check(os.Rename(w.name, w.old()))
	w.pause()
	w.open(w.name, os.O_APPEND)
}

// renameLate goes on writing to the old file.
func (w *writer) renameLate() {
	w.check(os.Rename(w.name, w.old()))
	w.some()
	w.pause()
	w.some()
	w.open(w.name, os.O_APPEND)
}

// shift renames the older ones too, as logrotate does.
func (w *writer) shift() {
	for n := 5; n > 0; n-- {
		from, to := fmt.Sprintf("%s.%d", w.name, n), fmt.Sprintf("%s.%d", w.name, n+1)
		if n == 5 {
			to = w.old() // none is overwritten
		}
		_ = os.Rename(from, to) // if it is there
	}
	w.check(os.Rename(w.name, w.name+".1"))
	w.open(w.name, os.O_APPEND)
}

// storm renames as fast as it can.
func (w *writer) storm() {
	for range 2 + w.rnd.IntN(8) {
		if w.rnd.IntN(2) == 0 {
			w.check(os.Rename(w.name, w.old()))
			w.open(w.name, os.O_APPEND)
		} else {
			w.shift()
		}
		w.write(1 + w.rnd.IntN(2))
	}
}

// link gives the file another name before it takes the first.
func (w *writer) link() {
	w.untilOpen()
	w.check(os.Link(w.name, w.old()))
	w.pause()
	w.check(os.Remove(w.name))
	w.open(w.name, os.O_APPEND)
}

// switchLink makes the name lead to another file, at once.
func (w *writer) switchLink() {
	w.untilOpen()
	path := filepath.Join(w.dir, fmt.Sprintf("data.%d", w.file+1))
	w.open(path, os.O_APPEND)
	if w.rnd.IntN(2) == 0 {
		w.some()
	}
	w.check(os.Symlink(path, w.name+".new"))
	w.check(os.Rename(w.name+".new", w.name))
}

// replaceLink takes the link away before there is another, which leads nowhere at
// first.
func (w *writer) replaceLink() {
	w.untilOpen()
	path := filepath.Join(w.dir, fmt.Sprintf("data.%d", w.file+1))
	w.check(os.Remove(w.name))
	w.pause()
	w.check(os.Symlink(path, w.name))
	w.pause()
	w.open(path, os.O_APPEND)
}

func (w *writer) remove() {
	w.untilOpen()
	w.check(os.Remove(w.name))
	w.pause()
	w.open(w.name, os.O_APPEND)
}

// replace renames a new file over the old one.
func (w *writer) replace() {
	w.untilOpen()
	w.open(w.name+".new", os.O_APPEND)
	w.some()
	w.check(os.Rename(w.name+".new", w.name))
}

// truncate copies and truncates; what was written is in the copy.
func (w *writer) truncate() {
	if w.calm {
		lines := len(w.wrote)
		wait.For(w.t, "all lines to be read", func() bool { return w.read(lines) })
	} else {
		// What an empty file had between two looks nobody sees when it has something by
		// the second, unless its beginning is a hole.
		if n := len(w.wrote); !w.noticed && w.appends && n > 0 && w.wrote[n-1].life == w.life {
			wait.For(w.t, "somebody to look", func() bool { return w.read(1) })
			w.noticed = true
		}
		w.rough++
	}
	data, err := os.ReadFile(w.name)
	w.check(err)
	w.check(os.WriteFile(w.old(), data, 0o600))
	w.check(os.Truncate(w.name, 0))
	w.life++
}

// untilOpen waits until the file is found, if nothing may be destroyed before it
// is.
func (w *writer) untilOpen() {
	if !w.calm {
		w.rough++
		return
	}
	w.untilFound()
}

// untilFound waits until the file is open twice.
func (w *writer) untilFound() {
	info, err := w.out.Stat()
	w.check(err)
	wait.For(w.t, "the file to be opened", func() bool { return opened(info) >= 2 })
}

// opened is how often this process has a file open.
func opened(file os.FileInfo) (n int) {
	want, _ := file.Sys().(*syscall.Stat_t)
	all, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range all {
		var st syscall.Stat_t
		if syscall.Stat("/proc/self/fd/"+fd.Name(), &st) == nil && st.Dev == want.Dev && st.Ino == want.Ino {
			n++
		}
	}
	return n
}

// begin creates the first file.
func (w *writer) begin(kind string) {
	switch {
	case kind == "symbolic link":
		path := filepath.Join(w.dir, "data.1")
		w.open(path, os.O_APPEND)
		w.check(os.Symlink(path, w.name))
	case strings.HasSuffix(kind, "in place"):
		w.open(w.name, 0)
	default:
		w.open(w.name, os.O_APPEND)
	}
}
