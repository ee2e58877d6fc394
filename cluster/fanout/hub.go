package fanout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/armon/go-radix"
)

const (
	clockTick   = 100 * time.Millisecond // how coarse Stat.Last is
	forgetEvery = 10 * time.Second
	forgetAfter = time.Minute // an empty log that is unread is forgotten when it was idle for so long
)

// Hub holds the logs of all streams.
type Hub struct {
	cfg      Config
	maxChunk int
	began    time.Time
	clock    atomic.Int64 // nanoseconds since it began, coarse: whoever sets the time of day changes nothing

	mu       sync.RWMutex
	logs     *radix.Tree // name → *log
	prefixes *radix.Tree // prefix → map[*Reader]struct{}, of those who subscribed to it
	counted  int         // logs that count for Config.MaxStreams
	orphans  int         // of them, those whose appender is gone
	wanted   wanted      // one more log could not be made

	waking  sync.Mutex // held while readers are woken
	wakeMu  sync.Mutex
	flagged []*log // logs that have grown and have parked cursors
	wake    chan struct{}

	sizes   sizes
	vacants vacants
}

// New returns a Hub without logs.
func New(cfg Config) (*Hub, error) {
	if cfg.Next == nil {
		return nil, errors.New("fanout: Config.Next is required")
	}
	if cfg.Buffer < 0 || cfg.StreamBuffer < 0 {
		return nil, fmt.Errorf("fanout: negative buffer (%d, %d): give sizes in bytes", cfg.Buffer, cfg.StreamBuffer)
	}
	if cfg.MaxStreams < 0 {
		return nil, fmt.Errorf("fanout: negative number of streams (%d): give at least 1, or 0 for no bound", cfg.MaxStreams)
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = DefaultBuffer
	}
	if cfg.StreamBuffer == 0 {
		cfg.StreamBuffer = DefaultStreamBuffer
	}
	h := &Hub{
		cfg:      cfg,
		began:    time.Now(),
		maxChunk: int(min(max(cfg.StreamBuffer/16, minChunk), maxChunk)),
		logs:     radix.New(),
		prefixes: radix.New(),
		wake:     make(chan struct{}, 1),
	}
	return h, nil
}

// Run wakes readers when their logs grow, keeps the clock and forgets logs
// that nobody needs. It blocks until ctx ends, and returns nil. Without it,
// appending works but no reader is woken.
func (h *Hub) Run(ctx context.Context) error {
	tick := time.NewTicker(clockTick)
	defer tick.Stop()
	forget := time.NewTicker(forgetEvery)
	defer forget.Stop()
	room := time.NewTicker(roomEvery)
	defer room.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
			h.wakeReaders()
		case now := <-tick.C:
			h.clock.Store(int64(now.Sub(h.began)))
		case now := <-forget.C:
			h.forget(now)
		case now := <-room.C:
			if has, ok := h.wanted.take(); ok {
				h.makeRoom(now, has)
			}
		}
	}
}

// flag puts a log on the list of those whose readers are to be woken. l.mu is
// held, and l.flagged was just set.
func (h *Hub) flag(l *log) {
	h.wakeMu.Lock()
	h.flagged = append(h.flagged, l)
	h.wakeMu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Wake wakes the readers of all that was appended before, without waiting for
// Run to do it. When it returns, they can take it.
func (h *Hub) Wake() { h.wakeReaders() }

func (h *Hub) wakeReaders() {
	h.waking.Lock()
	defer h.waking.Unlock()
	h.wakeMu.Lock()
	logs := h.flagged
	h.flagged = nil
	h.wakeMu.Unlock()
	for _, l := range logs {
		l.mu.Lock()
		l.flagged = false
		for _, c := range l.parked {
			c.parked = -1
			c.queued = true
			c.reader.push(c)
		}
		clear(l.parked)
		l.parked = l.parked[:0]
		l.mu.Unlock()
	}
}

// log finds a log, or makes it, for a reader.
func (h *Hub) log(name string) *log {
	h.mu.RLock()
	v, ok := h.logs.Get(name)
	h.mu.RUnlock()
	if ok {
		return v.(*log)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.make(name)
}

// make is log with h.mu held.
func (h *Hub) make(name string) *log {
	if v, ok := h.logs.Get(name); ok {
		return v.(*log)
	}
	l := newLog(h, name)
	h.logs.Insert(name, l)
	// Those who wait for such names have it from its first entry. The log
	// is not yet known to any other goroutine that could append to it, as
	// h.mu is held.
	l.mu.Lock()
	defer l.mu.Unlock()
	h.prefixes.WalkPath(name, func(_ string, v any) bool {
		for r := range v.(map[*Reader]struct{}) {
			r.match(l)
		}
		return false
	})
	return l
}

func (h *Hub) forget(now time.Time) {
	old := int64(now.Sub(h.began) - forgetAfter)
	var idle []*log
	h.mu.RLock()
	h.logs.Walk(func(_ string, v any) bool {
		l := v.(*log)
		l.mu.Lock()
		if len(l.chunks) == 0 && l.last < old && l.unread() {
			idle = append(idle, l)
		}
		l.mu.Unlock()
		return false
	})
	h.mu.RUnlock()
	for _, l := range idle {
		h.mu.Lock()
		l.mu.Lock()
		if len(l.chunks) == 0 && l.last < old && l.unread() {
			h.drop(l)
		}
		l.mu.Unlock()
		h.mu.Unlock()
	}
}

// drop takes a log that is unread out of the Hub. h.mu and l.mu are held.
func (h *Hub) drop(l *log) {
	l.dead = true
	h.logs.Delete(l.name)
	h.sizes.drop(l)
	l.chunks, l.spare, l.size = nil, nil, 0
	h.disown(l)
	for len(l.parked) > 0 {
		l.parked[0].forget()
	}
}

// Stat is the state of one log.
type Stat struct {
	Name  string
	Epoch uint64
	First uint64    // sequence number of the oldest entry held
	Next  uint64    // sequence number of the next entry
	Bytes uint64    // bytes ever appended
	Size  int64     // memory held now, in bytes
	Last  time.Time // of the last append, or of the log's making; exact to 0.1 s
}

// Position is where the next entry will stand.
func (s Stat) Position() Position { return Position{Epoch: s.Epoch, Next: s.Next} }

// Stats yields the state of every log, in the order of their names. yield must
// not call the Hub.
func (h *Hub) Stats(yield func(Stat) bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	h.logs.Walk(func(_ string, v any) bool {
		l := v.(*log)
		l.mu.Lock()
		s := l.stat()
		l.mu.Unlock()
		return !yield(s)
	})
}

// Stat returns the state of one log, if there is one of that name.
func (h *Hub) Stat(name string) (Stat, bool) {
	h.mu.RLock()
	v, ok := h.logs.Get(name)
	h.mu.RUnlock()
	if !ok {
		return Stat{}, false
	}
	l := v.(*log)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stat(), true
}

// Size is the memory of all logs together, in bytes.
func (h *Hub) Size() int64 { return h.sizes.total() }
