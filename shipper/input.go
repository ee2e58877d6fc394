package shipper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
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
			s.console.say(err.Error())
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
		return s.readPipe(ctx, "standard input", s.cfg.Stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read a file: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return fmt.Errorf("read %q: it is a directory", name)
		}
		return s.readPipe(ctx, name, f)
	}
	s.counts.files.Add(1)
	p := s.pipeline()
	for ctx.Err() == nil {
		if _, err := p.read(f); errors.Is(err, io.EOF) {
			return p.end()
		} else if err != nil {
			return errors.Join(s.reading(ctx, name, err), p.end())
		}
	}
	return p.end()
}

// reading says what could not be read. An error of publishing says enough.
func (s *Shipper) reading(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("read %q: %w", name, err)
}

// pipeSize is how much is read from a pipe at once, in bytes.
const pipeSize = 128 << 10

// readPipe reads what may make it wait. A record that may be continued does not
// wait as long.
func (s *Shipper) readPipe(ctx context.Context, name string, r io.Reader) error {
	type piece struct {
		data []byte
		err  error
	}
	empty, full := make(chan []byte, 2), make(chan piece)
	empty <- make([]byte, pipeSize)
	empty <- make([]byte, pipeSize)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			var b []byte
			select {
			case b = <-empty:
			case <-done:
				return
			}
			n, err := r.Read(b)
			select {
			case full <- piece{b[:n], err}:
			case <-done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	p := s.pipeline()
	take := func(data []byte) (err error) {
		p.sink.now = time.Now()
		for len(data) > 0 {
			n := copy(p.split.space(), data)
			err = cmp.Or(err, p.split.took(n))
			data = data[n:]
		}
		return err
	}
	defer func() {
		select {
		case got := <-full: // read already, so nobody else has it
			_ = take(got.data)
		default:
		}
		_ = p.end() // the client, and the counts, say what became of it
	}()
	idle := time.NewTimer(idleFor)
	defer idle.Stop()
	for {
		var late <-chan time.Time
		if p.sink.waits() {
			idle.Reset(idleFor)
			late = idle.C
		}
		select {
		case <-ctx.Done():
			return nil
		case <-late:
			if err := p.sink.flush(); err != nil {
				return nil //nolint:nilerr // the client says what became of it
			}
		case got := <-full:
			if take(got.data) != nil {
				return nil
			}
			if errors.Is(got.err, io.EOF) {
				return p.end()
			}
			if got.err != nil {
				return errors.Join(s.reading(ctx, name, got.err), p.end())
			}
			empty <- got.data[:pipeSize]
		}
	}
}
