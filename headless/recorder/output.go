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

// output is all files of a recording. It is used by one goroutine; what may
// take a disk long is the syncer's.
type output struct {
	config *Config
	disk   disk
	codec  codec
	naming naming
	sync   *syncer

	writers  map[string]*writer // by stream, or one for all under ""
	began    time.Time          // the present interval of Config.Rotate
	boundary time.Time          // its end; zero when there is none
	gathered []*writer          // that may have lines which are not written
	held     int                // bytes of them
	spare    [][]byte
	packed   []byte // the last compressed piece, to be used again
	stored   uint64 // bytes in files
}

func newOutput(config *Config, d disk) (*output, error) {
	o := &output{config: config, disk: d, writers: make(map[string]*writer), codec: plain{}}
	if config.Out != Stdout {
		var packed string
		var err error
		if o.codec, packed, err = codecOf(config.Out); err != nil {
			return nil, err
		}
		if o.naming, err = newNaming(config.Out, packed, config.rotates(), config.RotateSize > 0); err != nil {
			return nil, err
		}
	}
	o.sync = newSyncer(d, config)
	return o, nil
}

// begin starts the clock, and opens the file unless each stream has its own.
func (o *output) begin(now time.Time) error {
	o.turn(now)
	if !o.naming.perName {
		return o.writer("").open(now)
	}
	if o.naming.dirs {
		return nil // they are made
	}
	if _, err := o.disk.List(o.naming.of("").directory()); err != nil {
		return createError(o.config.Out, err)
	}
	return nil
}

// turn sets the interval that holds a time.
func (o *output) turn(now time.Time) {
	if every := o.config.Rotate; every > 0 {
		o.began = now.Truncate(every)
		o.boundary = o.began.Add(every)
	}
}

// writer returns the writer of a stream.
func (o *output) writer(stream string) *writer {
	if !o.naming.perName {
		stream = ""
	}
	w := o.writers[stream]
	if w == nil {
		w = &writer{out: o, series: o.naming.of(stream)}
		o.writers[stream] = w
	}
	return w
}

func (o *output) compressed() bool {
	_, is := o.codec.(plain)
	return !is
}

// pieceLimit bounds a piece so that it fits into a file.
func (o *output) pieceLimit() int {
	if limit := o.config.RotateSize; limit > 0 {
		return int(min(limit, pieceSize))
	}
	return pieceSize
}

// buffer returns room for lines.
func (o *output) buffer() []byte {
	if n := len(o.spare); n > 0 {
		b := o.spare[n-1]
		o.spare = o.spare[:n-1]
		return b
	}
	return make([]byte, 0, 4<<10)
}

func (o *output) giveBack(b []byte) {
	if len(o.spare) < maxSpare && cap(b) <= maxBuffer {
		o.spare = append(o.spare, b[:0])
	}
}

// gathering notes that a writer begins to gather lines.
func (o *output) gathering(w *writer) { o.gathered = append(o.gathered, w) }

// flush writes all that was gathered, and reports the first error.
func (o *output) flush() (err error) {
	for _, w := range o.gathered {
		if e := w.flush(); err == nil {
			err = e
		}
	}
	clear(o.gathered)
	o.gathered = o.gathered[:0]
	return err
}

// came ends a batch: it writes what need not wait for more.
func (o *output) came() error {
	if o.compressed() && o.config.Fsync != FsyncAlways && o.held < maxHeldLines {
		return nil // small pieces compress badly
	}
	if err := o.flush(); err != nil {
		return err
	}
	if o.config.Fsync != FsyncAlways {
		return nil
	}
	for _, w := range o.writers {
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
func (o *output) tick() error {
	if err := o.flush(); err != nil {
		return err
	}
	if o.config.Fsync == FsyncNever || !o.sync.idle() { // a slow disk is not asked twice
		return o.sync.error()
	}
	for _, w := range o.writers {
		if w.dirty {
			w.dirty = false
			o.sync.add(job{file: w.file, name: w.name})
		}
	}
	return nil
}

// waiting reports whether there is something for tick to do.
func (o *output) waiting() bool {
	if len(o.gathered) > 0 {
		return true
	}
	if o.config.Fsync == FsyncNever {
		return false
	}
	for _, w := range o.writers {
		if w.dirty {
			return true
		}
	}
	return false
}

// clockSet is how far the clock goes back before that is a new interval, too.
const clockSet = time.Minute

// rotate ends all files when their interval is over, or has not begun, since the
// clock was set. Files in which there is nothing go away.
func (o *output) rotate(now time.Time) error {
	if o.boundary.IsZero() || now.Before(o.boundary) && !now.Before(o.began.Add(-clockSet)) {
		return nil
	}
	if err := o.flush(); err != nil {
		return err
	}
	for _, w := range o.writers {
		if err := w.end(false); err != nil {
			return err
		}
	}
	o.turn(now)
	return nil
}

// end writes and finishes all. Files in which there is nothing go away, but for
// the one of a recording that was as asked. The syncer is still at work then.
func (o *output) end(asAsked bool) (err error) {
	err = o.flush()
	for _, w := range o.writers {
		if e := w.end(asAsked && !o.naming.perName && !o.config.rotates()); err == nil {
			err = e
		}
	}
	return err
}

// describe says where the records go, for people.
func (o *output) describe() string {
	if o.config.Out == Stdout {
		return "standard output"
	}
	return fmt.Sprintf("%q", o.config.Out)
}
