package shipper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	pollEvery  = 250 * time.Millisecond
	quietFor   = time.Second // a file that was renamed is finished when it has not grown for so long
	renamedFor = time.Minute // and what is written to it after that is read for so long
	maxRenamed = 4           // renamed files of one name that are still read
	printSize  = 64          // bytes by which a file is known to have stayed what it was
)

// follower follows one name.
type follower struct {
	s    *Shipper
	ctx  context.Context
	name string
	wake <-chan struct{}

	current *opened   // nil when there is no file
	renamed []*opened // that had the name before
	missing bool      // that there is no file was reported
	began   bool      // the first poll is done
}

// opened is a file that is followed.
type opened struct {
	*pipeline
	file   *os.File
	offset int64
	print  [printSize]byte // the last bytes before offset
	has    int             // how many of them there are
	grew   time.Time
	holes  bool // it was truncated under a writer that goes on where it was: NULs come first
}

func (s *Shipper) followAll(ctx context.Context) error {
	watch := newWatcher(s.cfg.Files)
	defer watch.close()
	if watch.err != nil {
		s.console.Notify(fmt.Sprintf("the system does not tell of changes (%v): looking at the files every %v", watch.err, pollEvery))
	}
	var running sync.WaitGroup
	var unread atomic.Bool
	follow := func(read func() error) {
		running.Go(func() {
			if err := read(); err != nil && ctx.Err() == nil {
				s.console.Notify(err.Error() + "; it is followed no more") // the others are
				unread.Store(true)
			}
		})
	}
	for i, name := range s.cfg.Files {
		if name == Stdin {
			follow(func() error { return s.readOpen(ctx, "standard input", s.cfg.Stdin) })
			continue
		}
		follow((&follower{s: s, ctx: ctx, name: name, wake: watch.wake[i]}).run)
	}
	running.Wait()
	if unread.Load() {
		return errUnread
	}
	return nil
}

// run follows until ctx ends.
func (f *follower) run() error {
	defer f.close()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for f.ctx.Err() == nil {
		if err := f.poll(); err != nil {
			if f.ctx.Err() != nil {
				break
			}
			return err
		}
		select {
		case <-f.ctx.Done():
		case <-f.wake:
		case <-poll.C:
		}
	}
	return nil
}

// close reads no more. A file that is followed has no end: a last line without a
// line break may be half of what its writer is about to write.
func (f *follower) close() {
	for _, o := range append(f.renamed, f.current) {
		if o != nil {
			_ = o.stop() // the client and the counts report what became of it
			o.file.Close()
		}
	}
}

// poll reads what is new.
func (f *follower) poll() error {
	if err := f.readRenamed(); err != nil {
		return err
	}
	if f.current == nil && !f.open() {
		return nil
	}
	if err := f.read(f.current); err != nil {
		return err
	}
	if f.current.sink.waits() && time.Since(f.current.grew) >= idleFor {
		if err := f.current.sink.flush(); err != nil {
			return err
		}
	}
	there, err := os.Stat(f.name)
	if err != nil {
		return nil //nolint:nilerr // it is away: what is open is read on
	}
	if mine, err := f.current.file.Stat(); err != nil || os.SameFile(mine, there) {
		return nil //nolint:nilerr // read returns the error
	}
	if time.Since(f.current.grew) < quietFor {
		return nil // its writer may not have noticed yet
	}
	f.s.counts.rotations.Add(1)
	if err := f.current.end(); err != nil {
		return err
	}
	f.renamed = append(f.renamed, f.current)
	f.current.grew = time.Now()
	f.current = nil
	if f.open() {
		return f.read(f.current)
	}
	return nil
}

// open opens the file that has the name now, if there is one.
func (f *follower) open() bool {
	first := !f.began
	f.began = true
	file, err := openFollowed(f.name)
	if err != nil {
		if !f.missing {
			f.missing = true
			text := fmt.Sprintf("%q cannot be followed (%v): waiting for another of that name", f.name, cause(err))
			if errors.Is(err, fs.ErrNotExist) {
				text = fmt.Sprintf("%q is not there yet: waiting for it", f.name)
			}
			f.s.console.Notify(text)
		}
		return false
	}
	f.missing = false
	f.s.counts.files.Add(1)
	f.current = &opened{pipeline: f.s.pipeline(), file: file, grew: time.Now()}
	if first && f.s.cfg.New {
		if end, err := file.Seek(0, io.SeekEnd); err == nil {
			f.current.offset = end
		}
	}
	return true
}

// openFollowed opens a file that can be followed.
func openFollowed(name string) (*os.File, error) {
	// Opened so, a pipe without a writer is not waited for.
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		switch tool := packer(file); {
		case info.Mode()&fs.ModeNamedPipe != 0:
			err = errors.New("it is a pipe: read it without --follow")
		case !info.Mode().IsRegular():
			err = errors.New("it is no regular file")
		case tool != "":
			err = fmt.Errorf("it is compressed: pipe it in with %s -dc", tool)
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// cause is an error without the operation and the name.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// read reads a file to its end.
func (f *follower) read(o *opened) error {
	if o.changed() {
		f.s.counts.truncations.Add(1)
		f.s.console.Notify(fmt.Sprintf("%q was truncated: beginning again; what was written to it and not read before is lost", f.name))
		if err := o.end(); err != nil {
			return err
		}
		if _, err := o.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read %q: %w", f.name, err)
		}
		o.offset, o.has, o.holes = 0, 0, true
	}
	for f.ctx.Err() == nil {
		n, err := o.once()
		if errors.Is(err, io.EOF) || (n == 0 && err == nil) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %q: %w", f.name, err)
		}
	}
	return nil
}

// once reads once.
func (o *opened) once() (int, error) {
	space := o.split.space()
	n, err := o.file.Read(space)
	if n == 0 {
		return 0, err
	}
	o.grew = time.Now()
	o.offset += int64(n)
	o.remember(space[:n])
	if o.holes {
		text := bytes.TrimLeft(space[:n], "\x00")
		if len(text) == 0 {
			return n, nil
		}
		o.holes = false
		copy(space, text)
		o.sink.now = o.grew
		return n, o.split.took(len(text))
	}
	o.sink.now = o.grew
	return n, o.split.took(n)
}

// remember keeps the last bytes that were read.
func (o *opened) remember(data []byte) {
	if len(data) >= printSize {
		o.has = copy(o.print[:], data[len(data)-printSize:])
		return
	}
	keep := min(o.has, printSize-len(data))
	copy(o.print[:], o.print[o.has-keep:o.has])
	o.has = keep + copy(o.print[keep:], data)
}

// changed reports whether the file no longer is what was read of it.
func (o *opened) changed() bool {
	info, err := o.file.Stat()
	if err != nil {
		return false
	}
	if info.Size() < o.offset {
		return true
	}
	var now [printSize]byte
	n, err := o.file.ReadAt(now[:o.has], o.offset-int64(o.has))
	return err == nil && !bytes.Equal(now[:n], o.print[:o.has])
}

// readRenamed reads what is written to files that no longer have the name.
func (f *follower) readRenamed() error {
	for i := 0; i < len(f.renamed); i++ {
		o := f.renamed[i]
		if err := f.read(o); err != nil {
			return err
		}
		switch quiet := time.Since(o.grew); {
		case quiet >= renamedFor || len(f.renamed) > maxRenamed:
			err := o.end()
			o.file.Close()
			f.renamed = append(f.renamed[:i], f.renamed[i+1:]...)
			i--
			if err != nil {
				return err
			}
		case quiet >= idleFor && o.sink.waits():
			if err := o.sink.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}
