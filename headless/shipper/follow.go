package shipper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	pollEvery  = 250 * time.Millisecond
	quietFor   = time.Second // a file that was renamed is finished when it has not grown for so long
	renamedFor = time.Minute // and what is written to it after that is read for so long
	maxRenamed = 4           // renamed files of one name that are still read
)

// follower follows one name.
type follower struct {
	s    *Shipper
	ctx  context.Context
	name string
	wake <-chan struct{}

	current *followedFile   // nil when there is no file
	renamed []*followedFile // that had the name before
	missing bool            // that there is no file was reported
	began   bool            // the first poll is done
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
	f.current = &followedFile{pipeline: f.s.pipeline(), file: file, grew: time.Now()}
	if first && f.s.cfg.New {
		if end, err := file.Seek(0, io.SeekEnd); err == nil {
			f.current.offset = end
		}
	}
	return true
}

// read reads a file to its end.
func (f *follower) read(o *followedFile) error {
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
