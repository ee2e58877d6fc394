package recorder

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"
)

// job is something that is done to files while writing goes on.
type job struct {
	file   file
	name   string
	series series
	begun  time.Time // stamp of the file
	finish bool      // close it and give it its name; otherwise only sync it
	broken bool      // leave it its unfinished name
}

// syncer does what may be slow on a disk, one thing after the other: syncing,
// naming, and removing old files. Of each file at most one job of each kind
// waits, and of each series maxUnnamed files at most, so what waits is bounded by
// the series.
type syncer struct {
	disk    disk
	durable bool // sync before a file gets its name, and sync the name
	force   bool
	keep    int

	notify    func(string) // for people
	finished  int          // files that have their names; to be read when run has returned
	unremoved error        // why an old file could not be removed; likewise

	mu      sync.Mutex
	done    *sync.Cond     // a job is done
	unnamed map[series]int // files that wait for their names
	jobs    []job
	busy    bool
	ended   bool
	err     error // of what went wrong first
	failed  func()
	bad     map[string]bool // files that could not be synced: their content is unknown
	poke    chan struct{}
}

func newSyncer(d disk, config *Config) *syncer {
	s := &syncer{
		disk: d, durable: config.Fsync != FsyncNever, force: config.overwrites(), keep: config.Keep,
		poke: make(chan struct{}, 1), bad: make(map[string]bool), unnamed: make(map[series]int),
		notify: func(string) {},
	}
	s.done = sync.NewCond(&s.mu)
	return s
}

// maxUnnamed is how many files of a series wait for their names. When the disk
// is slower than what comes, more would fill it while old ones are still to be
// removed.
const maxUnnamed = 2

// add queues a job, and waits while too many files of its series wait.
func (s *syncer) add(j job) {
	s.mu.Lock()
	defer s.wake()
	defer s.mu.Unlock()
	if j.finish {
		for s.unnamed[j.series] >= maxUnnamed {
			s.done.Wait()
		}
		s.unnamed[j.series]++
	}
	s.jobs = append(s.jobs, j)
}

// drain waits until all jobs are done, and reports whether there were any.
func (s *syncer) drain() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := false
	for len(s.jobs) > 0 || s.busy {
		had = true
		s.done.Wait()
	}
	return had
}

func (s *syncer) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// idle reports whether all jobs are done.
func (s *syncer) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs) == 0 && !s.busy
}

// end lets run return when all jobs are done.
func (s *syncer) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.wake()
}

// error is the first error.
func (s *syncer) error() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// run does jobs until end.
func (s *syncer) run() {
	for {
		s.mu.Lock()
		jobs, ended := s.jobs, s.ended
		s.jobs, s.busy = nil, len(jobs) > 0
		s.done.Broadcast()
		s.mu.Unlock()
		for _, j := range jobs {
			if err := s.do(j); err != nil {
				s.fail(err)
			}
			if j.finish {
				s.named(j)
			}
		}
		if len(jobs) > 0 {
			continue
		}
		if ended {
			return
		}
		<-s.poke
	}
}

// named notes that a file waits no longer.
func (s *syncer) named(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unnamed[j.series]--; s.unnamed[j.series] == 0 {
		delete(s.unnamed, j.series)
	}
	s.done.Broadcast()
}

func (s *syncer) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = err
	if s.failed != nil {
		s.failed()
	}
}

// onFailure has f called when something goes wrong.
func (s *syncer) onFailure(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = f
}

func (s *syncer) do(j job) error {
	var synced error
	if !j.finish || s.durable {
		synced = syncError(j.name, j.file.Sync())
	}
	if !j.finish {
		s.bad[j.name] = synced != nil
		return synced
	}
	j.broken = j.broken || s.bad[j.name]
	delete(s.bad, j.name)
	if err := errors.Join(synced, j.file.Close()); err != nil {
		return err // its name is for what is whole
	}
	if j.broken {
		return nil
	}
	var unsynced *unsyncedName
	switch err := s.disk.Publish(j.name, s.force, s.durable); {
	case errors.As(err, &unsynced):
		s.finished++
		return fmt.Errorf("name %q: %w: after a loss of power it may be called %q", j.name, err, j.name+partEnding)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("name %q: somebody took %q away, and what was recorded in it", j.name, j.name+partEnding)
	case err != nil:
		return fmt.Errorf("name %q: %w: what was recorded is in %q", j.name, err, j.name+partEnding)
	}
	s.finished++
	s.retire(j.series, j.begun)
	return nil
}

// retire removes the oldest files of a series, when one was finished. What
// cannot be removed ends no recording: it is reported at once, and is an error at the
// end.
func (s *syncer) retire(of series, finished time.Time) {
	if s.keep == 0 {
		return
	}
	names, err := s.disk.List(of.directory())
	if err != nil {
		s.unretired(fmt.Errorf("look for old files: %w", err))
		return
	}
	for _, name := range of.old(names, finished, s.keep) {
		err := s.disk.Remove(of.dir + name)
		if err != nil && !errors.Is(err, errInUse) && !errors.Is(err, fs.ErrNotExist) {
			s.unretired(fmt.Errorf("remove an old file: %w: it stays, and takes up room", err))
		}
	}
}

// unretired notes why an old file stays.
func (s *syncer) unretired(err error) {
	if s.unremoved == nil {
		s.unremoved = err
		s.notify(err.Error())
	}
}

func syncError(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sync %q: %w: what was written to it since the last sync may be lost", name+partEnding, err)
}
