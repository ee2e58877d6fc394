package recorder

import (
	"errors"
	"fmt"
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

// syncer does what may take a disk long, one thing after the other: syncing,
// naming, and removing old files. Of each file at most one job of each kind
// waits, so what waits is bounded by the files.
type syncer struct {
	disk    disk
	durable bool // sync before a file gets its name, and sync the name
	force   bool
	keep    int

	mu     sync.Mutex
	jobs   []job
	busy   bool
	ended  bool
	err    error // of what went wrong first
	failed func()
	bad    map[string]bool // files that could not be synced: nobody knows what is in them
	poke   chan struct{}
}

func newSyncer(d disk, config *Config) *syncer {
	return &syncer{
		disk: d, durable: config.Fsync != FsyncNever, force: config.overwrites(), keep: config.Keep,
		poke: make(chan struct{}, 1), bad: make(map[string]bool),
	}
}

// add queues a job.
func (s *syncer) add(j job) {
	s.mu.Lock()
	s.jobs = append(s.jobs, j)
	s.mu.Unlock()
	s.wake()
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

// error is what went wrong first.
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
		s.mu.Unlock()
		for _, j := range jobs {
			if err := s.do(j); err != nil {
				s.fail(err)
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
	if err := s.disk.Publish(j.name, s.force, s.durable); err != nil {
		return fmt.Errorf("name %q: %w: what was recorded is in %q", j.name, err, j.name+partEnding)
	}
	return s.retire(j.series, j.begun)
}

// retire removes the oldest files of a series, when one was finished.
func (s *syncer) retire(of series, finished time.Time) error {
	if s.keep == 0 {
		return nil
	}
	names, err := s.disk.List(of.directory())
	if err != nil {
		return fmt.Errorf("look for old files: %w", err)
	}
	for _, name := range of.old(names, finished, s.keep) {
		if err := s.disk.Remove(of.dir + name); err != nil && !errors.Is(err, errInUse) {
			return fmt.Errorf("remove an old file: %w", err)
		}
	}
	return nil
}

func syncError(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sync %q: %w: what was written to it since the last sync may be lost", name+partEnding, err)
}
