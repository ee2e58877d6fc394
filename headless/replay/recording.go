package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/cluster/stdio"
	"sluice/headless/unpack"
)

// recording is one file.
type recording struct {
	name   string   // as it was named
	source string   // what people call it
	stream string   // that its records are handed on in, from where it stands
	named  string   // which is that of all without marks
	fixed  bool     // and that of those with marks, too
	listed []string // the streams that are known; nil: any
	begun  bool     // a line was read since it was opened
	marked bool     // it has marks
	order  int      // place among the recordings, as they were named
	stdin  *os.File
	limit  int

	reopens bool  // it can be opened again: a regular file
	size    int64 // bytes on the disk; 0 when unknown
	written int64 // when it was last written, Unix milliseconds; 0 when unknown

	close  func()
	packed *counter // what is read of the file
	lines  *lines   // nil while it is closed
	plain  bool     // its bytes are its text

	clock int64 // time of the last record, Unix milliseconds; 0 before the first that has one
	line  []byte
	time  int64 // of line: its own, or the clock's
	err   error // why there is no line, io.EOF included

	strange uint64         // records whose time is far from their neighbours\'
	short   int            // bytes of a last line that is not whole
	records uint64         // lines handed out
	cut     uint64         // lines cut, of those that were read before it was shut
	holes   unpack.Skipped // likewise
}

// progress is how much of the file was read, in bytes.
func (r *recording) progress() int64 {
	if r.packed == nil {
		return 0
	}
	return r.packed.n.Load()
}

// cuts is how many lines were cut.
func (r *recording) cuts() uint64 {
	if r.lines == nil {
		return r.cut
	}
	return r.cut + r.lines.cut
}

// Holes is what was skipped of a file.
type Holes struct {
	File string // what people call it
	unpack.Skipped
}

// skipped is what was skipped so far.
func (r *recording) skipped() unpack.Skipped {
	if r.lines == nil {
		return r.holes
	}
	return r.holes.Plus(r.lines.holes.Skipped)
}

// counter counts what is read of a file.
type counter struct {
	io.Reader
	file *os.File // that it reads
	n    atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// SkipHole passes over a hole of the file, which counts as read, and returns how large
// it is.
func (c *counter) SkipHole() int64 {
	n := unpack.SkipHole(c.file)
	c.n.Add(n)
	return n
}

// newRecording looks at a file without reading it.
func newRecording(name string, config *Config) (*recording, error) {
	r := &recording{name: name, limit: config.MaxLine, named: config.Stream, fixed: config.Stream != ""}
	if !r.fixed {
		r.named = StreamOf(name)
	}
	r.stream = r.named
	if name == Stdin {
		r.stdin = config.Stdin
		r.source = "standard input"
		return r, nil
	}
	r.source = filepath.Base(name)
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open recording %q: %w", name, plainError(err))
	case info.IsDir():
		return nil, fmt.Errorf("open recording %q: it is a directory: name the files in it", name)
	case info.Mode().IsRegular():
		r.reopens, r.size = true, info.Size()
		r.written = info.ModTime().UnixMilli()
	}
	return r, nil
}

// plainError is an error without the name of the file, which is reported anyway.
func plainError(err error) error {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return errors.New("too many files are open: raise the limit (ulimit -n), or replay fewer at once")
	}
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// advised is an error of opening that says what to do.
func (r *recording) advised(err error) error {
	var unreadable *unpack.UnreadableError
	if !errors.As(err, &unreadable) {
		return err
	}
	name := r.name
	if r.stdin != nil {
		name = ""
	}
	return fmt.Errorf("%w: %s", err, unreadable.Advice(name, "sluice replay "+Stdin))
}

// open begins to read. A pipe is read as long as ctx lives.
func (r *recording) open(ctx context.Context) error {
	file := r.stdin
	if file == nil {
		// Opened so, a pipe without a writer is waited for when it is read.
		var err error
		if file, err = os.OpenFile(r.name, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
			return plainError(err)
		}
	}
	stop := func() {
		if r.stdin == nil {
			file.Close()
		}
	}
	var in io.Reader = file
	if !r.reopens {
		reader, err := stdio.NewReader(ctx, file)
		if err != nil {
			stop()
			return plainError(err)
		}
		closeFile := stop
		stop = func() { reader.Close(); closeFile() }
		in = reader
	}
	r.stream, r.begun, r.marked = r.named, false, false
	r.packed = &counter{Reader: in, file: file}
	unpacked, err := unpack.Open(r.packed)
	if err != nil {
		stop()
		return r.advised(err)
	}
	r.plain = unpacked.Plain()
	r.lines = newLines(unpacked, r.limit)
	r.close = func() { unpacked.Close(); stop() }
	return nil
}

// shut ends reading, for good or until it is opened again.
func (r *recording) shut() {
	if r.lines != nil {
		r.close()
		r.cut += r.lines.cut
		r.holes = r.skipped()
		r.lines, r.line = nil, nil
	}
}

// advance reads the next line. Lines before it stay valid if ready returned
// true. It sets err at the end.
func (r *recording) advance() {
	for {
		line, whole, err := r.lines.next()
		if err != nil {
			if r.lines.inHole {
				r.short++ // what a file system leaves after a crash
			}
			r.line, r.err = nil, err
			return
		}
		if line = content(line); len(line) == 0 {
			continue
		}
		if !whole && torn(line) {
			r.short = len(line)
			continue
		}
		first := !r.begun
		r.begun = true
		if r.mark(line, first) {
			continue
		}
		own := record.PeekTime(line)
		if own != 0 && (r.clock == 0 || !near(own, r.clock)) {
			strange := false
			if own, strange = r.outlier(own); strange {
				r.strange++
			}
		}
		r.tick(own)
		r.line, r.time = line, r.clock
		if own != 0 {
			r.time = own
		}
		r.records++
		return
	}
}

// tick sets the clock by a record's time. What is a little out of order leaves
// it where it is.
func (r *recording) tick(t int64) {
	if t > r.clock || (t != 0 && t < r.clock-setBack) {
		r.clock = t
	}
}

// ready reports whether advance leaves the line before it valid. It passes over marks.
func (r *recording) ready() bool {
	for r.lines.ready() {
		if !r.marked || !r.mark(r.lines.coming(), false) {
			return true
		}
		r.lines.pass()
	}
	return false
}

// torn reports whether a last line without a line break is a part of a record.
func torn(line []byte) bool {
	line = bytes.TrimLeft(line, " \t")
	return len(line) > 0 && line[0] == '{' && !jsonscan.ValidObject(line)
}

// tail is how much of a plain file is read to find when it ends, in bytes.
const tail = 8 << 20

// first finds the time of the first record that has one, among the first
// records, and closes it again; 0 when none has. Files that can be read only
// once stay open.
func (r *recording) first(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	if !r.reopens {
		r.advance()
		return nil
	}
	clean := *r
	for range 1000 {
		if r.advance(); r.err != nil || r.clock != 0 {
			break
		}
	}
	clock := r.clock
	r.shut()
	clean.lines, clean.packed, clean.line, clean.clock = nil, nil, nil, clock
	*r = clean
	return nil
}

// last finds the latest time in a file that can be opened again.
func (r *recording) last(ctx context.Context) (int64, error) {
	if !r.reopens {
		return 0, fmt.Errorf("%s has no end yet that a time could be counted from: give a time, or record it into a file first", r.source)
	}
	from := int64(0)
	if r.plain {
		from = max(0, r.size-tail)
	}
	for {
		latest, err := r.latest(ctx, from)
		if err != nil || latest != 0 || from == 0 {
			return latest, err
		}
		from = 0
	}
}

// latest is the clock at the end of a file, of what comes after an offset.
func (r *recording) latest(ctx context.Context, from int64) (int64, error) {
	file, err := os.Open(r.name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var in io.Reader = &counter{Reader: file, file: file}
	if from > 0 {
		if _, err := file.Seek(from, io.SeekStart); err != nil {
			return 0, err
		}
	} else {
		unpacked, err := unpack.Open(in)
		if err != nil {
			return 0, err
		}
		defer unpacked.Close()
		in = unpacked
	}
	scan := recording{lines: newLines(in, r.limit), reopens: true, written: r.written}
	for n := 0; ; n++ {
		if scan.advance(); scan.err != nil {
			return scan.clock, nil // what is wrong with it shows when it is replayed
		}
		if n%4096 == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
}
