package shipper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/headless/shipper/follow"
)

const (
	quietFor   = time.Second      // what was written to a file that lost its name is a line, even without an end, when nothing came for so long
	deletedFor = time.Minute      // a file without any name is closed when nothing came for so long
	emptyFor   = time.Second      // a name that a pattern found is forgotten when it had no file for so long, and nothing has it
	parkFor    = follow.Every     // a file that has its name is closed for one that waits when nothing came for so long
	calmFor    = 10 * time.Second // a file that lost its name is only looked at from time to time when nothing came for so long
)

// follower reads the files that one name has had.
type follower struct {
	s     *Shipper
	ctx   context.Context
	name  string
	as    *follow.Name
	names *follow.Names
	to    Target

	files     []*followedFile // in the order in which they had the name
	had       bool            // there was one
	refused   bool            // nothing is read
	empty     time.Time       // since when there are no files; zero when there are, or it was not looked at
	spare     []byte          // to read to
	unwatched bool            // that files are closed which may be written to unseen was said
	unread    *atomic.Bool
	untaken   error // the client takes nothing any more
}

func (s *Shipper) followAll(ctx context.Context) error {
	var paths []string
	for _, name := range s.cfg.Files {
		if name != Stdin {
			paths = append(paths, name)
		}
	}
	names, err := follow.Watch(follow.Config{
		Names: paths, Patterns: s.cfg.Patterns, MaxOpen: s.cfg.OpenFiles, MaxDirs: s.cfg.OpenDirs,
		Past: s.places.past(), Since: s.places.since(), Check: followable, Look: s.look,
	})
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	defer names.Close()
	s.names.Store(names)
	if err := names.Err(); err != nil {
		s.console.Notify(fmt.Sprintf("the system does not tell of changes (%v): looking at the files every %v; one that comes and goes between two looks is not seen", err, follow.Every))
	}
	defer s.places.keep()()
	var running sync.WaitGroup
	var unread atomic.Bool
	read := func(read func() error) {
		running.Go(func() {
			if err := read(); err != nil && ctx.Err() == nil {
				s.console.Notify(err.Error() + "; it is followed no more") // the others are
				unread.Store(true)
			}
		})
	}
	if slices.Contains(s.cfg.Files, Stdin) {
		read(func() error { return s.readOpen(ctx, "", s.cfg.Stdin) })
	}
	for _, source := range s.cfg.Sources {
		read(func() error { return source.Run(ctx, &Feed{s}) })
	}
	i := 0
	start := func(m *follow.Name) {
		f := &follower{s: s, ctx: ctx, as: m, name: m.Path(), names: names, to: Target{Stream: s.cfg.Stream}, unread: &unread}
		if m.Found() {
			f.to, f.refused = s.target(m.Path())
		} else {
			f.name = paths[i] // as it was written
			i++
		}
		read(f.run)
	}
	for _, m := range names.Found() {
		start(m)
	}
	if len(s.cfg.Patterns) > 0 || len(s.cfg.Sources) > 0 {
		s.find(ctx, names, start)
	}
	running.Wait()
	if unread.Load() {
		return errUnread
	}
	return nil
}

// find follows what patterns find, until ctx ends.
func (s *Shipper) find(ctx context.Context, names *follow.Names, start func(*follow.Name)) {
	poll := time.NewTicker(follow.Every)
	defer poll.Stop()
	for {
		for _, err := range names.Troubles() {
			s.console.Notify(err.Error() + ": trying again")
		}
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		case <-names.Came():
			for _, m := range names.Found() {
				start(m)
			}
		}
	}
}

// target is where the lines of a file go that a pattern found; one that cannot go
// anywhere is refused.
func (s *Shipper) target(path string) (to Target, refused bool) {
	to, err := s.cfg.Target(path)
	if err != nil {
		s.console.Notify(fmt.Sprintf("%q is not followed: %v", path, err))
		s.counts.unnamed.Add(1)
	}
	return to, err != nil
}

// run follows until ctx ends, or nothing has the name that a pattern found any more.
func (f *follower) run() error {
	pace := f.names.Pace()
	poll := time.NewTicker(pace)
	defer poll.Stop()
	for all := true; f.ctx.Err() == nil; {
		f.take()
		f.pass(all)
		if f.untaken != nil {
			break
		}
		f.retire()
		if all && f.over() {
			return nil
		}
		if next := f.names.Pace(); next != pace {
			pace = next
			poll.Reset(pace)
		}
		all = false
		select {
		case <-f.ctx.Done():
		case <-f.as.Wake():
		case <-poll.C:
			all = true
		}
	}
	f.end()
	return f.untaken
}

// over asks for a name that has had no file for a while to be forgotten, and reports
// whether it is.
func (f *follower) over() bool {
	if f.as.Gone() {
		return true
	}
	if len(f.files) > 0 {
		f.empty = time.Time{}
		return false
	}
	switch {
	case f.empty.IsZero():
		f.empty = time.Now()
	case time.Since(f.empty) >= emptyFor:
		f.empty = time.Now()
		f.as.Forget()
	}
	return false
}

// take takes what has happened to the name.
func (f *follower) take() {
	for _, a := range f.as.Take() {
		switch a.Kind {
		case follow.Opened:
			f.opened(a)
		case follow.Absent:
			if f.as.Found() {
				break // it was there the last time
			}
			f.s.console.Notify(fmt.Sprintf("%q is not there yet: waiting for it", f.name))
		case follow.Refused:
			f.s.console.Notify(fmt.Sprintf("%q cannot be followed (%v): waiting for another of that name", f.name, cause(a.Err)))
		case follow.Unheard:
			f.s.console.Notify(fmt.Sprintf("the system does not tell of all changes of %q: looking at it every %v; a file that comes and goes between two looks is not seen", f.name, follow.Every))
		case follow.Gone:
			f.missed(a.N)
		case follow.Overflow:
			f.doubt(fmt.Sprintf("the system lost notifications: whether files of %q came and went unseen is unknown", f.name))
		case follow.Unseen:
			f.s.places.unseen(a.Place)
			f.doubt(fmt.Sprintf("%q has come while nobody followed %q: if it had that name, it has to be published by its own", a.Path, f.name))
		case follow.Ended:
			f.s.places.forget(a.Place.ID)
		case follow.Lost:
			f.s.places.forget(a.Place.ID)
			f.doubt(fmt.Sprintf("a file that was %q was read to its end and closed, and has been written to since, but %v: what was written to it behind its first %d bytes is unknown", f.name, cause(a.Err), a.Place.Offset))
		case follow.Unfound:
			f.s.places.forget(a.Place.ID)
			f.doubt(fmt.Sprintf("the file that was %q the last time is not to be found (%v): what was written to it behind its first %d bytes is unknown", f.name, cause(a.Err), a.Place.Offset))
		}
	}
}

// opened takes a file that has the name, or had it.
func (f *follower) opened(a follow.Arrival) {
	if f.refused {
		f.names.Refuse(a.File)
		return
	}
	if f.had {
		f.s.counts.rotations.Add(1)
	}
	f.had = true
	for i, o := range f.files {
		if o.File == a.File { // it is back
			f.files = append(append(f.files[:i:i], f.files[i+1:]...), o)
			return
		}
	}
	f.s.counts.files.Add(1)
	if a.First && f.s.cfg.New {
		a.File.SkipToEnd()
	}
	p := f.s.pipeline(f.to)
	p.marksFrom(a.File)
	p.several = f.s.severalIn(f.name, f.to.Stream)
	f.files = append(f.files, &followedFile{File: a.File, pipeline: p, at: a.File.Offset(), grew: time.Now()})
	f.s.places.opened(a.File)
}

// pass reads what is new: of each file up to the size that it had before the
// older ones were looked at. So whatever a writer wrote to one file before it went
// on to the next stands in front of what it wrote to that, and a writer that
// never ends holds nobody up. Without all, files that are calm are left alone, so
// that many of them cost little.
func (f *follower) pass(all bool) {
	for i := len(f.files) - 1; i >= 0; i-- {
		o := f.files[i]
		if o.calm = !all && !o.Current() && time.Since(o.grew) > calmFor; o.calm {
			continue
		}
		size, err := o.Size()
		if err != nil {
			size = o.Offset() // Read has the same error
		}
		o.limit = size
	}
	for i := 0; i < len(f.files) && f.going(); i++ {
		o := f.files[i]
		if o.calm {
			continue
		}
		if err := f.read(i); err != nil {
			f.s.console.Notify(fmt.Sprintf("read %q: %v; it is followed no more", f.name, cause(err)))
			f.unread.Store(true)
			f.keep(o.end())
			f.names.Refuse(o.File)
			f.files = append(f.files[:i], f.files[i+1:]...)
			i--
			continue
		}
		quiet := time.Since(o.grew)
		switch {
		case o.unended() && quiet >= quietFor && !o.Current():
			f.keep(o.end())
			f.giveBack(o)
			f.mark(o)
		case o.waits() && quiet >= idleFor:
			f.keep(o.flush())
			f.mark(o)
		}
	}
}

// going reports whether reading goes on.
func (f *follower) going() bool { return f.ctx.Err() == nil && f.untaken == nil }

// keep keeps an error of the client.
func (f *follower) keep(err error) {
	if f.untaken == nil {
		f.untaken = err
	}
}

// read reads file number i up to its limit.
func (f *follower) read(i int) error {
	o := f.files[i]
	for f.going() {
		f.lend(o)
		n, err := o.once()
		var cut *follow.Truncated
		switch {
		case errors.As(err, &cut):
			f.truncated(o, cut)
			f.giveBack(o)
			continue
		case errors.Is(err, io.EOF):
			f.giveBack(o)
			return nil
		case err != nil:
			f.giveBack(o)
			return err
		}
		for _, older := range f.files[:i] {
			if older.waits() {
				f.keep(older.flush())
			}
		}
		f.keep(o.took(n))
		f.s.skipped(f.name, o.pipeline)
		f.giveBack(o)
		f.mark(o)
	}
	return nil
}

// lend gives a file a buffer; one that has the beginning of a line has its own.
func (f *follower) lend(o *followedFile) {
	if o.split.Lend(f.spare) {
		f.spare = nil
	}
}

func (f *follower) giveBack(o *followedFile) {
	if buf := o.split.Release(); buf != nil {
		f.spare = buf
	}
}

// retire closes files that nobody writes to any more, as far as can be told.
func (f *follower) retire() {
	wanted := f.names.Wanted()
	for i := 0; i < len(f.files) && f.going(); i++ {
		o := f.files[i]
		if o.calm && wanted == 0 {
			continue
		}
		size, err := o.Size()
		if err != nil || o.Offset() < size || o.unended() || o.waits() {
			continue
		}
		quiet := time.Since(o.grew)
		if o.Current() {
			if wanted > 0 && f.as.Found() && quiet >= parkFor {
				f.mark(o)
				if f.names.Park(o.File) {
					f.files = append(f.files[:i], f.files[i+1:]...)
					i--
				}
			}
			continue
		}
		switch {
		case o.Deleted() && quiet >= deletedFor:
		case wanted > 0:
			wanted--
		default:
			continue
		}
		f.mark(o)
		done, watched := f.names.Retire(o.File)
		if !done {
			continue
		}
		if !watched && !o.Deleted() && !f.unwatched {
			f.unwatched = true
			f.doubt(fmt.Sprintf("files of %q that were read to their end are closed for others (%d may be open, --open-files), and the system does not tell when something is written to them: what is, is not read", f.name, f.s.cfg.OpenFiles))
		}
		f.files = append(f.files[:i], f.files[i+1:]...)
		i--
	}
}

// mark notes how far a file is published, where that is kept.
func (f *follower) mark(o *followedFile) {
	if f.untaken == nil {
		f.s.places.mark(o)
	}
}

// end reads no more. A file that is followed has no end: a last line without a
// line break may be half of what its writer is about to write.
func (f *follower) end() {
	f.names.Finish()
	f.take()
	known, n := f.as.Waiting()
	if n -= f.s.places.waiting(known); n > 0 {
		f.missed(n)
	}
	for _, o := range f.files {
		if cut := o.Cut(); cut != nil {
			f.truncated(o, cut)
		}
		f.keep(o.stop()) // the client and the counts report what became of it
		f.mark(o)
		if size, err := o.Size(); err == nil && size > o.Offset() {
			f.s.counts.unreadBytes.Add(uint64(size - o.Offset()))
			if !o.Current() && (f.s.places == nil || o.Deleted()) {
				f.s.counts.unreadFiles.Add(1)
			}
		}
	}
}
