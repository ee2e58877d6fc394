package shipper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"sluice/cluster/stdio"
)

// idleFor is how long a record waits for a line that continues it.
const idleFor = 500 * time.Millisecond

// pipeline is one input on its way: bytes to lines to records.
type pipeline struct {
	split splitter
	sink  sink
}

func (s *Shipper) pipeline() *pipeline {
	p := &pipeline{sink: sink{
		ctx: s.publishing, client: s.cfg.Client, stream: s.cfg.Stream, bunyan: s.bunyan, counts: &s.counts, noJoin: s.cfg.NoJoin,
	}}
	p.split.line = p.sink.line
	return p
}

// read reads once, and publishes what it brought.
func (p *pipeline) read(r io.Reader) (n int, err error) {
	n, err = r.Read(p.split.space())
	if n > 0 {
		p.sink.now = time.Now()
		if err := p.split.took(n); err != nil {
			return n, err
		}
	}
	return n, err
}

// end publishes what is not whole, since no more comes.
func (p *pipeline) end() error {
	p.sink.now = time.Now()
	err := p.split.end()
	return cmp.Or(err, p.sink.flush())
}

// stop publishes the record that is being joined. More may come and will not
// be read: the piece of a line whose end was not read is no line. It is counted.
func (p *pipeline) stop() error {
	p.sink.now = time.Now()
	if p.split.unended() {
		p.sink.counts.unended.Add(1)
	}
	return p.sink.flush()
}

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
		return s.readOpen(ctx, "standard input", s.cfg.Stdin)
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
			if tool := packer(f); tool != "" {
				return fmt.Errorf("read %q: it is compressed: pipe it in, as in \"%s -dc FILE | sluice publish %s\"", name, tool, s.cfg.Stream)
			}
			s.counts.files.Add(1)
		}
	}
	return s.readOpen(ctx, name, f)
}

// packer is the tool that unpacks a file; "" is none.
func packer(f *os.File) string {
	var begin [10]byte
	n, _ := f.ReadAt(begin[:], 0)
	for _, p := range []struct {
		tool, magic string
		at          int
	}{{"gzip", "\x1f\x8b", 0}, {"zstd", "\x28\xb5\x2f\xfd", 0}, {"xz", "\xfd7zXZ\x00", 0}, {"bzip2", "1AY&SY", 4}} {
		if strings.HasPrefix(string(begin[min(p.at, n):n]), p.magic) {
			return p.tool
		}
	}
	return ""
}

// readOpen reads an input to its end, or until ctx ends. What was read is
// counted in the same goroutine, which never waits in a read: so all that was
// read is counted.
func (s *Shipper) readOpen(ctx context.Context, name string, f *os.File) error {
	in, err := stdio.NewReader(ctx, f)
	if err != nil {
		return fmt.Errorf("read %q: %w", name, err)
	}
	defer in.Close()
	p := s.pipeline()
	for {
		most := time.Duration(-1)
		if p.sink.waits() {
			most = idleFor // a record that may be continued does not wait as long
		}
		ready := in.Wait(most)
		if ctx.Err() != nil {
			_ = p.stop() // the client and the counts report what became of it
			return nil
		}
		if ready {
			_, err = p.read(in)
		} else {
			err = p.sink.flush()
		}
		switch {
		case errors.Is(err, io.EOF):
			return p.end()
		case err != nil:
			return cmp.Or(s.reading(ctx, name, err), p.stop())
		}
	}
}

// reading is the error of an input that could not be read, with its name.
func (s *Shipper) reading(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("read %q: %w", name, err)
}
