package shipper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"sluice/cluster/stdio"
	"sluice/headless/unpack"
)

// readAll reads the files one after the other.
func (s *Shipper) readAll(ctx context.Context) error {
	unread := false
	for _, name := range s.cfg.Files {
		err := s.readOne(ctx, name)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			// The others are published all the same.
			s.console.Notify(err.Error())
			unread = true
		}
	}
	if unread {
		return errUnread
	}
	return nil
}

var errUnread = errors.New("not all files were read")

func (s *Shipper) readOne(ctx context.Context, name string) error {
	if name == Stdin {
		return s.readOpen(ctx, "", s.cfg.Stdin)
	}
	// Opened so, a named pipe without a writer is waited for below.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %q: there is no such file: name another, or wait for it with --follow", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("read %q: you may not read it: run as somebody who may", name)
	case err != nil:
		return fmt.Errorf("read a file: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		switch {
		case info.IsDir():
			return fmt.Errorf("read %q: it is a directory: name the files in it", name)
		case info.Mode().IsRegular():
			s.counts.files.Add(1)
		}
	}
	return s.readOpen(ctx, name, f)
}

// unreadable is the error of an input that is no text and cannot be made it, with
// what to do; name "" is standard input.
func (s *Shipper) unreadable(name string, err error) error {
	var unreadable *unpack.UnreadableError
	if !errors.As(err, &unreadable) {
		return err
	}
	return fmt.Errorf("%w: %s", err, unreadable.Advice(name, "sluice publish "+s.cfg.Stream))
}

// readOpen reads an input to its end, or until ctx ends. name "" is standard input.
// What was read is counted in the same goroutine, which never waits in a read: so
// all that was read is counted.
func (s *Shipper) readOpen(ctx context.Context, name string, f *os.File) error {
	raw, err := stdio.NewReader(ctx, f)
	if err != nil {
		return fmt.Errorf("read %s: %w", inputName(name), err)
	}
	defer raw.Close()
	p := s.pipeline(Target{Stream: s.cfg.Stream})
	p.several = s.severalIn(name, s.cfg.Stream)
	in, err := unpack.Open(&patient{ctx, raw, f, p})
	if err != nil {
		return s.reading(ctx, name, s.unreadable(name, err))
	}
	defer in.Close()
	defer s.skipped(name, p)
	for {
		_, err = p.read(in)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			_ = p.stop() // the client and the counts report what became of it
			return nil
		case errors.Is(err, io.EOF):
			return p.end()
		case errors.Is(err, io.ErrUnexpectedEOF):
			err = fmt.Errorf("it is cut short: it is %s, and ends in the middle of that; all lines before are published", in.Format())
			fallthrough
		default:
			return cmp.Or(s.reading(ctx, name, err), p.stop())
		}
	}
}

// skipped reports the holes of an input, if there are more than it has reported.
func (s *Shipper) skipped(name string, p *pipeline) {
	skipped := p.split.Holes.Skipped
	if skipped == p.reported {
		return
	}
	s.counts.zeros.Add(uint64(skipped.Bytes - p.reported.Bytes))
	p.reported = skipped
	s.console.Notify(fmt.Sprintf("%s: %s", cmp.Or(name, "standard input"), skipped))
}

// patient is an input that is read in the goroutine that publishes. While it waits
// for more, a record that may be continued does not wait as long.
type patient struct {
	ctx  context.Context
	in   *stdio.Reader
	file *os.File
	to   *pipeline
}

func (p *patient) Read(b []byte) (int, error) {
	for {
		most := time.Duration(-1)
		if p.to.waits() {
			most = idleFor
		}
		ready := p.in.Wait(most)
		if err := p.ctx.Err(); err != nil {
			return 0, err
		}
		if ready {
			return p.file.Read(b)
		}
		if err := p.to.flush(); err != nil {
			return 0, err
		}
	}
}

// SkipHole passes over a hole of a file, and returns how large it is.
func (p *patient) SkipHole() int64 { return unpack.SkipHole(p.file) }

// inputName is the name of an input in an error.
func inputName(name string) string {
	if name == "" {
		return "standard input"
	}
	return strconv.Quote(name)
}

// reading is the error of an input that could not be read, with its name.
func (s *Shipper) reading(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("read %s: %w", inputName(name), err)
}
