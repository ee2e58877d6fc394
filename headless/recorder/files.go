package recorder

import (
	"fmt"
	"time"
)

const (
	maxHeldLines = 32 << 20 // bytes of lines, over all files, that are gathered and not written yet
	maxSpare     = 8        // buffers that are kept for the next lines
	maxBuffer    = 2 << 20  // bytes of such a buffer
)

// files are all files of a recording. It is used by one goroutine; what may
// take a disk long is the syncer's.
type files struct {
	config *Config
	disk   disk
	codec  codec
	naming naming
	marks  bool // records of several streams may be in one file: lines say of which they are
	sync   *syncer

	writers  map[string]*writer // by stream, or one for all under ""
	began    time.Time          // the present interval of Config.Rotate
	boundary time.Time          // its end; zero when there is none
	gathered []*writer          // that may have lines which are not written
	held     int                // bytes of them
	spare    [][]byte
	packed   []byte // the last compressed piece, to be used again
	marked   []byte // the last lines with marks, likewise
	stored   uint64 // bytes in files
	full     full
	ending   bool // an error of writing is the recording's, even that of a full disk
}

func newFiles(config *Config, d disk) (*files, error) {
	f := &files{config: config, disk: d, writers: make(map[string]*writer), codec: plain{}}
	if config.Out != Stdout {
		var packed string
		var err error
		if f.codec, packed, err = codecOf(config.Out); err != nil {
			return nil, err
		}
		if f.naming, err = newNaming(config.Out, packed, config.rotates(), config.RotateSize > 0); err != nil {
			return nil, err
		}
	}
	f.marks = !f.naming.perName && config.several()
	f.sync = newSyncer(d, config)
	return f, nil
}

// begin starts the clock, and opens the file unless each stream has its own.
func (f *files) begin(now time.Time) error {
	f.turn(now)
	if !f.naming.perName {
		return f.writer("").open(now)
	}
	if f.naming.dirs {
		return nil // they are made
	}
	if _, err := f.disk.List(f.naming.of("").directory()); err != nil {
		return createError(f.config.Out, err)
	}
	return nil
}

// turn sets the interval that holds a time.
func (f *files) turn(now time.Time) {
	if every := f.config.Rotate; every > 0 {
		f.began = now.Truncate(every)
		f.boundary = f.began.Add(every)
	}
}

// writer returns the writer of a stream.
func (f *files) writer(stream string) *writer {
	if !f.naming.perName {
		stream = ""
	}
	w := f.writers[stream]
	if w == nil {
		w = &writer{files: f, series: f.naming.of(stream)}
		f.writers[stream] = w
	}
	return w
}

func (f *files) compressed() bool {
	_, is := f.codec.(plain)
	return !is
}

// pieceLimit bounds a piece so that it fits into a file.
func (f *files) pieceLimit() int {
	if limit := f.config.RotateSize; limit > 0 {
		return int(min(limit, pieceSize))
	}
	return pieceSize
}

// buffer returns room for lines.
func (f *files) buffer() []byte {
	if n := len(f.spare); n > 0 {
		b := f.spare[n-1]
		f.spare = f.spare[:n-1]
		return b
	}
	return make([]byte, 0, 4<<10)
}

func (f *files) giveBack(b []byte) {
	if len(f.spare) < maxSpare && cap(b) <= maxBuffer {
		f.spare = append(f.spare, b[:0])
	}
}

// gathering notes that a writer begins to gather lines.
func (f *files) gathering(w *writer) { f.gathered = append(f.gathered, w) }

// flush writes all that was gathered, and reports the first error. One that ends the
// recording leaves the rest to end: more is about to be counted as missing.
func (f *files) flush() (err error) {
	for len(f.gathered) > 0 {
		last := len(f.gathered) - 1
		w := f.gathered[last]
		f.gathered[last], f.gathered = nil, f.gathered[:last]
		if e := w.flush(); err == nil {
			err = e
		}
		if err != nil && !f.ending {
			break
		}
	}
	return err
}

// flushBatch writes what need not wait for more, after a batch.
func (f *files) flushBatch() error {
	if f.compressed() && f.config.Fsync != FsyncAlways && f.held < maxHeldLines {
		return nil // small pieces compress badly
	}
	if err := f.flush(); err != nil {
		return err
	}
	if f.config.Fsync != FsyncAlways {
		return nil
	}
	for _, w := range f.writers {
		if w.dirty {
			w.dirty = false
			if err := syncError(w.name, w.file.Sync()); err != nil {
				w.broken = true
				return err
			}
		}
	}
	return nil
}

// tick writes what was gathered, and has it synced when that is due.
func (f *files) tick() error {
	if err := first(f.flush(), f.feed()); err != nil {
		return err
	}
	if f.config.Fsync == FsyncNever || !f.sync.idle() { // a slow disk is not asked twice
		return f.sync.error()
	}
	for _, w := range f.writers {
		if w.dirty {
			w.dirty = false
			f.sync.add(job{file: w.file, name: w.name})
		}
	}
	return nil
}

// waiting reports whether tick has something to do.
func (f *files) waiting() bool {
	if len(f.gathered) > 0 || len(f.full.starved) > 0 {
		return true
	}
	if f.config.Fsync == FsyncNever {
		return false
	}
	for _, w := range f.writers {
		if w.dirty {
			return true
		}
	}
	return false
}

// clockSet is how far the clock goes back before that is a new interval, too.
const clockSet = time.Minute

// rotate ends all files when their interval is over, or has not begun, since the
// clock was set. Empty files are removed.
func (f *files) rotate(now time.Time) error {
	if f.boundary.IsZero() || now.Before(f.boundary) && !now.Before(f.began.Add(-clockSet)) {
		return nil
	}
	if err := f.flush(); err != nil {
		return err
	}
	for _, w := range f.writers {
		if err := w.end(false); err != nil {
			return err
		}
	}
	f.turn(now)
	return nil
}

// end writes and finishes all. Empty files are removed, except
// for the one of a recording that ended as asked. The syncer is still at work then.
func (f *files) end(asAsked bool) (err error) {
	f.ending = true
	err = first(f.flush(), f.feed())
	for _, w := range f.writers {
		w.tellLast()
		if e := w.end(asAsked && !f.naming.perName && !f.config.rotates()); err == nil {
			err = e
		}
	}
	return err
}

// describe names the place where the records go, for people.
func (f *files) describe() string {
	if f.config.Out == Stdout {
		return "standard output"
	}
	return fmt.Sprintf("%q", f.config.Out)
}
