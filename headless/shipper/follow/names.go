package follow

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// Every is how often names and sizes are looked at besides being notified.
	Every = 250 * time.Millisecond

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
	Names   []string             // paths
	MaxOpen int                  // files that are open at a time; 0 means DefaultOpen
	Past    []Place              // where reading ended the last time
	Since   time.Time            // when that was
	Check   func(*os.File) error // why a file cannot be followed; nil takes all regular ones
	Look    bool                 // does without notifications
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
	Lost                 // a file that was read to Place and retired was written to since, and is not there any more, under no name
)

// Arrival is what happened to a name.
type Arrival struct {
	Kind  Kind
	File  *File
	First bool // the file was there when following began, and nothing of its name was in Config.Past
	Err   error
	N     int
	Place Place  // of Unfound, Unseen and Lost
	Path  string // of Unseen
}

// Names are names that are followed.
type Names struct {
	cfg     Config
	began   time.Time
	inotify *inotify      // of directories; nil when there are only looks
	written *inotify      // of files
	err     error         // why there are only looks
	stop    chan struct{} // closed when no more is opened
	ending  sync.Once
	opening sync.WaitGroup
	looking sync.WaitGroup
	wanted  atomic.Int32 // files that wait for others to be retired

	// What belongs to the goroutine that opens.
	dirs   map[int]*dir // by watch
	dirOf  map[ID]*dir
	at     map[spot][]*tenure
	moving map[uint32][]*tenure // by cookie
	again  bool                 // a directory came or went: routes are other ones
	rounds int                  // how often they were looked at

	mu      sync.Mutex
	names   []*name
	files   map[ID]*File
	byWatch map[int]*File
	retired map[int]*retired // by watch
	past    map[ID]Place
	order   []ID // of past, the oldest first
}

// name is one that is followed.
type name struct {
	path    string // absolute
	queue   []Arrival
	wake    chan struct{} // capacity 1
	current *File
	refused ID // what has the name and cannot be opened

	waiting []ID   // of files that are not open yet; the zero value is unknown
	denied  string // why what has the name could not be opened the last time
	unheard bool   // that the system does not tell of everything was said

	// What belongs to the goroutine that opens.
	tenures  []*tenure // that are not decided, in order
	spares   []*File   // files that had the name, it is unknown when; not in Names.files
	steps    []step    // its route
	leaves   []spot    // of its route, where the file or a link to it is
	moved    bool      // its route has become another since it was looked at
	untold   time.Time // when a file was found of which the system had not told; it may be about to
	unopened ID        // has the name and could not be opened yet
}

// Watch begins to follow. When it returns, the files that are there are open.
func Watch(cfg Config) (*Names, error) {
	if cfg.MaxOpen == 0 {
		cfg.MaxOpen = DefaultOpen
	}
	n := &Names{
		cfg: cfg, began: time.Now(), stop: make(chan struct{}),
		dirs: make(map[int]*dir), dirOf: make(map[ID]*dir), at: make(map[spot][]*tenure), moving: make(map[uint32][]*tenure),
		files: make(map[ID]*File), byWatch: make(map[int]*File), retired: make(map[int]*retired), past: make(map[ID]Place),
	}
	for _, path := range cfg.Names {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		n.names = append(n.names, &name{path: abs, wake: make(chan struct{}, 1)})
	}
	for _, p := range cfg.Past {
		n.remember(p)
	}
	if cfg.Look {
		n.err = errors.New("as asked")
	} else if n.inotify, n.err = newInotify(); n.err == nil {
		if n.written, n.err = newInotify(); n.err != nil {
			n.inotify.close()
			n.inotify = nil
		}
	}
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

// Wake gets something when something happened to name number i, or was written
// to one of its files.
func (n *Names) Wake(i int) <-chan struct{} { return n.names[i].wake }

// Take returns what has happened to name number i since the last time.
func (n *Names) Take(i int) []Arrival {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := n.names[i].queue
	n.names[i].queue = nil
	return taken
}

// Behind is how many bytes of open files are not read, as far as is known.
func (n *Names) Behind() (bytes int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.files {
		f.mu.Lock()
		bytes += f.unread
		f.mu.Unlock()
	}
	return bytes
}

// Wanted is how many files have to be retired for others to be opened.
func (n *Names) Wanted() int { return int(n.wanted.Load()) }

// Waiting returns the files that had name number i and are not open yet, as far
// as they are known, and how many they are.
func (n *Names) Waiting(i int) (places []Place, all int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := n.names[i]
	for _, id := range m.waiting {
		if id != (ID{}) {
			places = append(places, Place{ID: id, Name: m.label()})
		}
	}
	return places, len(m.waiting)
}

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
	for len(n.past) > maxPast+len(n.cfg.Past) {
		n.unretire(n.order[0])
		delete(n.past, n.order[0])
		n.order = n.order[1:]
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
	next := time.Now().Add(Every)
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
			next = now.Add(Every)
		}
	}
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

// label is the path as JSON can hold it.
func (m *name) label() string { return strings.ToValidUTF8(m.path, "\ufffd") }

func (m *name) poke() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// arrive adds an arrival. n.mu is held.
func (m *name) arrive(a Arrival) {
	if last := len(m.queue) - 1; last >= 0 && a.Kind == Gone && m.queue[last].Kind == Gone {
		m.queue[last].N += a.N
	} else if last < 0 || a.Kind != Overflow || m.queue[last].Kind != Overflow {
		m.queue = append(m.queue, a)
	}
	m.poke()
}
