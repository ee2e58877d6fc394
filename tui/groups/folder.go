package groups

import (
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/group"
	"sluice/cluster/rescue"
	"sluice/tui/rows"
)

// folder folds what is counted, on a goroutine that is there while there is something
// to do.
type folder struct {
	wake    func()
	between time.Duration // between two lists while nothing comes
	list    atomic.Pointer[List]
	fault   atomic.Value  // a panic of a goroutine, for Step to have
	first   atomic.Uint64 // the oldest record that is kept
	since   atomic.Int64  // from when on records are recent, Unix milliseconds

	mu      sync.Mutex
	room    sync.Cond // of mu: the queue is shorter now, or broken
	queue   []slice
	running bool
	broken  bool      // folding has panicked
	listed  time.Time // when the newest list was made

	folding sync.Mutex // before mu; holds what follows
	window  *group.Window
	records uint64 // that were read
	read    bool   // nothing is being read
}

// slice is what was counted of consecutive records.
type slice struct {
	from, to uint64
	counts   *group.Counts // nil: there is none
	read     bool          // all that is being read has been
}

// While something is read, a list is made so often; later so often at most, since
// records stop being recent, and are let go.
const (
	listEvery    = 100 * time.Millisecond
	refreshEvery = time.Second
)

// maxQueue bounds the slices that wait to be folded.
const maxQueue = 64

// put takes a slice, on any goroutine, as soon as there is room for it.
func (f *folder) put(s slice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.queue) >= maxQueue && !f.broken {
		f.room.Wait()
	}
	f.queue = append(f.queue, s)
	f.start()
}

func (f *folder) start() {
	if !f.running {
		f.running = true
		go f.run()
	}
}

// refresh makes another list, if the one that there is may have grown old.
func (f *folder) refresh(now time.Time) {
	list := f.list.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	if list == nil || f.running || now.Sub(f.listed) < f.between || !list.recent && list.oldest >= f.first.Load() {
		return
	}
	f.queue = append(f.queue, slice{read: true})
	f.start()
}

// run folds until nothing is left to do.
func (f *folder) run() {
	defer func() {
		if fault := rescue.Caught("groups", recover()); fault != nil {
			f.fault.Store(fault)
			f.mu.Lock()
			f.broken = true
			f.room.Broadcast()
			f.mu.Unlock()
			f.wake()
		}
	}()
	for {
		f.mu.Lock()
		queue := f.queue
		f.queue = nil
		f.room.Broadcast()
		due := time.Since(f.listed) >= listEvery
		if len(queue) == 0 {
			f.running = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		f.fold(queue, due)
	}
}

// fold folds slices, and makes a list if it is due, or nothing more is on its way.
func (f *folder) fold(queue []slice, due bool) {
	f.folding.Lock()
	defer f.folding.Unlock()
	for _, s := range queue {
		f.read = s.read
		if s.counts != nil {
			f.window.Add(s.from, s.to, s.counts)
			f.records += s.to - s.from
		}
	}
	oldest := f.first.Load()
	f.window.Drop(oldest)
	if !due && !f.read {
		return
	}
	since := f.since.Load()
	list := &List{
		Templates: f.window.Templates(since), Gone: f.window.Dropped(), Read: f.records,
		Since: time.UnixMilli(since), Complete: f.read, oldest: oldest,
	}
	for i := range list.Templates {
		list.Records += list.Templates[i].Count
		list.recent = list.recent || list.Templates[i].Recent > 0
	}
	f.list.Store(list)
	f.mu.Lock()
	f.listed = time.Now()
	f.mu.Unlock()
	f.wake()
}

// caught hands a panic of a goroutine to Step.
func (f *folder) caught(l *rows.Lease) {
	if fault := rescue.Caught("groups", recover()); fault != nil {
		f.fault.Store(fault)
		l.End()
		l.Wake(true)
	}
}
