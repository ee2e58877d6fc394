package archive

import (
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/loss"
)

// Figures are what an archive has done since it was made, and how it stands.
type Figures struct {
	Lanes int // known, of a stream at a consolidator each
	Mine  int // that this archive writes
	Late  int // that others write, or nobody, and that stand still although there is more

	Records, Batches uint64 // appended
	Raw, Stored      uint64 // bytes of records, and of what became of them
	Gaps             uint64 // batches that are gaps
	Lost             uint64 // records in them, as far as that is known
	Unknown          uint64 // gaps whose number nobody knows
	Taken            uint64 // lanes that were taken over or begun
	Refused          uint64 // appends that were refused, since another archive had been there

	Waiting int64         // bytes of records that are read and not appended yet
	Full    bool          // those are as many as may be: nothing is read
	Lag     time.Duration // since the oldest of them was read

	Trouble string    // what the store says while it takes nothing; empty while it does
	Since   time.Time // of the trouble
}

// counts are the figures as they grow.
type counts struct {
	records, batches, raw, stored atomic.Uint64
	gaps, lost, unknown           atomic.Uint64
	taken, refused                atomic.Uint64
	lanes, mine, late, waiting    atomic.Int64
	full                          atomic.Bool
	oldest                        atomic.Int64 // Unix nanoseconds; 0: nothing waits

	mu      sync.Mutex
	trouble string
	since   time.Time
}

// Figures are the archive's figures now.
func (a *Archive) Figures() Figures {
	c := &a.counts
	f := Figures{
		Lanes: int(c.lanes.Load()), Mine: int(c.mine.Load()), Late: int(c.late.Load()),
		Records: c.records.Load(), Batches: c.batches.Load(), Raw: c.raw.Load(), Stored: c.stored.Load(),
		Gaps: c.gaps.Load(), Lost: c.lost.Load(), Unknown: c.unknown.Load(),
		Taken: c.taken.Load(), Refused: c.refused.Load(),
		Waiting: c.waiting.Load(), Full: c.full.Load(),
	}
	if at := c.oldest.Load(); at != 0 {
		f.Lag = max(0, time.Since(time.Unix(0, at)))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f.Trouble, f.Since = c.trouble, c.since
	return f
}

// gap counts a gap that was appended.
func (c *counts) gap(l *loss.Loss) {
	c.gaps.Add(1)
	c.lost.Add(l.Count)
	if l.Unknown {
		c.unknown.Add(1)
	}
}

// appended counts a batch.
func (c *counts) appended(o *outcome) {
	if o.gap != nil {
		c.gap(o.gap)
		return
	}
	c.batches.Add(1)
	c.records.Add(o.records.Count())
	c.raw.Add(uint64(o.size))
	c.stored.Add(uint64(o.stored))
}

// failed notes that the store takes nothing, and why. It reports whether that is news.
func (c *counts) failed(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	news := c.trouble == ""
	if news {
		c.since = time.Now()
	}
	c.trouble = err.Error()
	return news
}

// reached notes that the store has taken something. It returns for how long it had not,
// 0 if that is no news.
func (c *counts) reached() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trouble == "" {
		return 0
	}
	c.trouble = ""
	return max(time.Since(c.since), 1)
}

// publish makes the writer's own figures known.
func (w *writer) publish() {
	c := w.tell
	c.lanes.Store(int64(len(w.lanes)))
	c.mine.Store(int64(w.mine))
	c.late.Store(int64(len(w.late)))
	c.waiting.Store(int64(w.waiting))
	c.full.Store(w.waiting >= w.a.cfg.Buffer)
}

// age finds out since when the oldest record waits that was read.
func (w *writer) age() {
	oldest := int64(0)
	for _, l := range w.lanes {
		if l.bytes == 0 {
			continue
		}
		if at := l.came().UnixNano(); oldest == 0 || at < oldest {
			oldest = at
		}
	}
	w.tell.oldest.Store(oldest)
}
