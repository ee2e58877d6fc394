package follow

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/headless/shipper/paths"
)

const (
	// Every is how often names and sizes are looked at besides being notified.
	Every = 250 * time.Millisecond

	lookCost  = 200 * time.Microsecond // a hundred times what a look at a name takes, at least
	soon      = 5 * time.Millisecond   // while something is not decided
	forRoom   = 20 * time.Millisecond  // while something waits for room
	patience  = 100 * time.Millisecond // for the other end of a rename, and for what should be there and is not
	calmest   = 2 * time.Millisecond   // between two looks at files that are written to all the time
	calm      = 50 * time.Microsecond  // when that has just begun
	maxPast   = 1024                   // closed files that are remembered
	maxUnopen = 4096                   // files of one name that are tracked until there is room to open them
)

// DefaultOpen is Config.MaxOpen when it is 0.
const DefaultOpen = 512

// Config is what is followed.
type Config struct {
	Names    []string             // paths
	Patterns []*paths.Pattern     // what matches one is followed, too, as soon as it is there
	MaxOpen  int                  // files that are open at a time; 0 means DefaultOpen
	MaxDirs  int                  // directories that are watched at a time; 0 is any number
	Past     []Place              // where reading ended the last time
	Since    time.Time            // when that was
	Check    func(*os.File) error // why a file cannot be followed; nil takes all regular ones
	Look     bool                 // does without notifications
}

// Kind is what an Arrival is.
type Kind uint8

const (
	Opened   Kind = iota // File had the name, and comes after all that came before
	Absent               // there is no file of the name yet
	Refused              // what has the name cannot be followed: Err
	Gone                 // N files had the name, and were gone before they could be opened
	Overflow             // notifications were lost: files may have come and gone
	Unheard              // a file came of which the system did not tell: others may come and go between two looks
	Unseen               // file Path has come while nobody followed, and may have had the name: it is not opened
	Unfound              // a file that was read to Place the last time is not there any more, under no name
	Ended                // a file that was read to Place and closed is deleted, and nothing was written to it since
	Lost                 // a file that was read to Place and retired was written to since, and is not there any more, under no name
)

// Arrival is what happened to a name.
type Arrival struct {
	Kind  Kind
	File  *File
	First bool // the file was there when following began, and nothing of its name was in Config.Past
	Err   error
	N     int
	Place Place  // of Unfound, Unseen, Ended and Lost
	Path  string // of Unseen
}

// Names are names that are followed.
type Names struct {
	cfg     Config
	began   time.Time
	inotify *inotify           // of directories; nil when there are only looks
	written *inotify           // of files
	err     error              // why there are only looks
	pastOf  map[string][]Place // of Config.Past, by name
	stop    chan struct{}      // closed when no more is opened
	ending  sync.Once
	opening sync.WaitGroup
	looking sync.WaitGroup
	wanted  atomic.Int32 // files that wait for others to be retired

	// What belongs to the goroutine that opens.
	dirs     map[int]*dir // by watch
	dirOf    map[ID]*dir
	at       map[spot][]*tenure
	moving   map[uint32][]*tenure // by cookie
	again    bool                 // a directory came or went: routes are other ones
	rounds   int                  // how often they were looked at
	rescan   bool                 // the patterns' directories have to be looked at
	scanned  time.Time            // when they were
	troubled map[string]string    // why directories of patterns cannot be read

	mu       sync.Mutex
	names    []*Name
	byPath   map[string]*Name
	fresh    []*Name       // found, and not taken by Found yet
	came     chan struct{} // capacity 1
	troubles []error       // not taken by Troubles yet
	files    map[ID]*File
	byWatch  map[int]*File
	retired  map[int]*retired // by watch
	parked   map[ID]bool      // of the retired: names lead to them
	past     map[ID]Place
	order    []ID // of past, the oldest first
}

// Watch begins to follow. When it returns, the files that are there are open.
func Watch(cfg Config) (*Names, error) {
	if cfg.MaxOpen == 0 {
		cfg.MaxOpen = DefaultOpen
	}
	n := &Names{
		cfg: cfg, began: time.Now(), stop: make(chan struct{}),
		dirs: make(map[int]*dir), dirOf: make(map[ID]*dir), at: make(map[spot][]*tenure), moving: make(map[uint32][]*tenure),
		byPath: make(map[string]*Name), came: make(chan struct{}, 1), parked: make(map[ID]bool), troubled: make(map[string]string),
		files: make(map[ID]*File), byWatch: make(map[int]*File), retired: make(map[int]*retired), past: make(map[ID]Place),
		pastOf: make(map[string][]Place),
	}
	for _, path := range cfg.Names {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		n.add(abs, false)
	}
	for _, p := range cfg.Past {
		n.remember(p)
		n.pastOf[p.Name] = append(n.pastOf[p.Name], p)
	}
	if cfg.Look {
		n.err = errors.New("as asked")
	} else if n.inotify, n.err = newInotify(); n.err == nil {
		if n.written, n.err = newInotify(); n.err != nil {
			n.inotify.close()
			n.inotify = nil
		}
	}
	n.scan()
	n.findPast()
	n.watchRoutes()
	for _, m := range n.names {
		n.recall(m)
		n.look(m, true)
	}
	n.opening.Go(n.run)
	if n.written != nil {
		n.looking.Go(n.sample)
	}
	return n, nil
}

// Err is why the system does not tell of changes in every directory; nil if it does.
func (n *Names) Err() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

// Standing is how the names stand.
type Standing struct {
	Names, Open, Waiting int   // names, open files, and those that wait for room
	Behind               int64 // bytes of open files that are not read, as far as is known
}

// Standing returns how the names stand.
func (n *Names) Standing() Standing {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := Standing{Names: len(n.names), Open: len(n.files), Waiting: max(0, int(n.wanted.Load()))}
	for _, f := range n.files {
		f.mu.Lock()
		s.Behind += f.unread
		f.mu.Unlock()
	}
	return s
}

// Wanted is how many files have to be retired for others to be opened.
func (n *Names) Wanted() int { return int(n.wanted.Load()) }

// Refuse closes a file that cannot be read. It is not opened again while it has
// its name.
func (n *Names) Refuse(f *File) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.names {
		if m.current == f {
			m.current, m.refused = nil, f.id
		}
	}
	f.owner.queue = slices.DeleteFunc(f.owner.queue, func(a Arrival) bool { return a.File == f })
	n.forget(f)
}

// forget closes a file. n.mu is held.
func (n *Names) forget(f *File) {
	delete(n.files, f.id)
	if f.wd != 0 {
		delete(n.byWatch, f.wd)
		if n.retired[f.wd] == nil {
			n.written.unwatch(f.wd)
		}
	}
	for _, m := range n.names {
		if m.current == f {
			m.current = nil
		}
	}
	f.file.Close()
}

// remember keeps a place. n.mu is held, or nobody else is there yet.
func (n *Names) remember(p Place) {
	if _, there := n.past[p.ID]; !there {
		n.order = append(n.order, p.ID)
	}
	n.past[p.ID] = p
	for i := 0; len(n.past) > maxPast+len(n.cfg.Past) && i < len(n.order); {
		id := n.order[i]
		if n.parked[id] {
			i++ // a name leads to it: it would be read again
			continue
		}
		n.unretire(id)
		delete(n.past, id)
		n.order = slices.Delete(n.order, i, i+1)
	}
}

// Finish opens what came until now, and then no more. It returns when that is
// done, and may be called by several.
func (n *Names) Finish() {
	n.ending.Do(func() {
		close(n.stop)
		if n.inotify != nil {
			n.inotify.interrupt()
		}
		n.opening.Wait()
		n.revive()
		for late := time.Now().Add(patience + soon); ; {
			n.apply(n.drain())
			n.settle()
			if n.pause() != soon || time.Now().After(late) {
				break
			}
			<-time.After(soon)
		}
		for _, m := range n.names {
			n.look(m, false)
		}
	})
}

// Close ends the following, and closes all files.
func (n *Names) Close() {
	n.Finish()
	if n.inotify != nil {
		n.inotify.close()
		n.written.close()
	}
	n.looking.Wait()
	for _, d := range n.dirs {
		d.fd.Close()
	}
	for _, f := range n.files {
		f.file.Close()
	}
	for _, m := range n.names {
		for _, f := range m.spares {
			f.file.Close()
		}
	}
}

// run opens until the following ends.
func (n *Names) run() {
	next := time.Now().Add(n.every())
	for {
		until := time.Now().Add(n.pause())
		if next.Before(until) {
			until = next
		}
		changes, ok := n.await(until)
		if !ok {
			return
		}
		n.apply(changes)
		if n.rescan {
			n.scan()
		}
		n.settle()
		for _, m := range n.names {
			if m.moved {
				n.look(m, false)
			}
		}
		if now := time.Now(); !now.Before(next) {
			for _, m := range n.names {
				n.look(m, false)
			}
			n.lookAtSizes()
			n.revive()
			n.forgetDone()
			if n.inotify == nil || now.Sub(n.scanned) >= scanEvery {
				n.rescan = len(n.cfg.Patterns) > 0
			}
			next = now.Add(n.every())
		}
	}
}

// every is Every, and longer when there are many names.
func (n *Names) every() time.Duration { return max(Every, time.Duration(len(n.names))*lookCost) }

// Pace is how often names and sizes are looked at besides being notified.
func (n *Names) Pace() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.every()
}

// await waits for changes, at most until a time. It reports whether the
// following goes on.
func (n *Names) await(until time.Time) ([]change, bool) {
	if n.inotify != nil {
		changes, err := n.inotify.wait(until, n.stop)
		return changes, err == nil
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-n.stop:
		return nil, false
	case <-timer.C:
		return nil, true
	}
}

// sample looks at the sizes of files that are written to, until the following ends.
func (n *Names) sample() {
	pause := calm
	for {
		began := time.Now()
		changes, err := n.written.wait(time.Time{}, nil)
		if err != nil {
			return
		}
		if pause *= 2; time.Since(began) > calmest {
			pause = calm
		}
		pause = min(pause, calmest)
		n.mu.Lock()
		for _, c := range changes {
			if f := n.byWatch[c.wd]; f != nil {
				if f.heard(c.kind); c.kind == changeWritten {
					_, _ = f.Size()
					f.owner.poke()
				}
				continue
			}
			n.touch(c)
		}
		n.mu.Unlock()
		<-time.After(pause)
	}
}

// lookAtSizes looks at all sizes, so that a truncation is seen even where nothing
// notifies of it.
func (n *Names) lookAtSizes() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.files {
		_, _ = f.Size() // a file that cannot be asked cannot be read, which is told
		f.mu.Lock()
		f.explain(patience)
		f.mu.Unlock()
	}
}
