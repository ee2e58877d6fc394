package proxy

import (
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

const (
	maxAdded = 256  // records appended to a log at a time
	maxGaps  = 1024 // gaps of a log that are remembered for last=N
)

// tail is one stream as it is tailed upstream: what numbers its sources, and
// the writing end of its log.
type tail struct {
	name   string
	hub    *fanout.Hub
	keeper *fanout.Reader // a cursor of ours, so that the Hub does not forget the log
	ready  chan struct{}  // closed when the backfill is in the log

	// Guarded by tails.mu.
	sessions int
	idle     time.Time // when the last session ended

	// version is table.version, for those who hold no lock: it is raised before
	// what it is about is appended.
	version atomic.Uint64

	mu      sync.Mutex
	isReady bool
	closed  bool // nothing more may be appended: the log may be another tail's
	table   table
	told    uint64        // version of the table that sessions were woken for
	changed chan struct{} // closed and replaced to wake them
	floor   uint64        // number of the first entry of this tail
	gaps    []gap

	checkpoints []checkpoint // oldest first
	unchecked   int          // bytes since the last of them

	lost uint64 // upstream, all told
}

// gap is an entry of a log that stands for lost records.
type gap struct{ first, count uint64 }

func newTail(hub *fanout.Hub, name string, states []stream.Status) *tail {
	t := &tail{name: name, hub: hub, keeper: hub.Reader(), ready: make(chan struct{}), changed: make(chan struct{})}
	t.keeper.Tail(name, fanout.From{Kind: fanout.FromNow})
	if s, ok := hub.Stat(name); ok && s.Next > 0 {
		// What came since the tail before this one is not known. The entry
		// keeps the places behind that one's last record and before this
		// one's first apart.
		hub.Appender().AppendUnknown(name, entry.AppendLoss(nil, 0, 0, entry.Loss{
			Unknown: true, Since: s.Last, Hop: hopProxy, Reason: otherReason,
		}))
		t.floor = s.Next + 1
	}
	for _, s := range states {
		t.table.add(s.Name, 0, s.State)
	}
	t.told = t.table.version
	t.version.Store(t.told)
	return t
}

// append logs records of this stream, and returns buf for the next time.
func (t *tail) append(to *fanout.Appender, records []stream.Record, buf []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return buf
	}
	defer t.tell()
	var source *row
	added, size := uint64(0), 0
	flush := func() {
		to.Flush()
		t.appended(size, to.End(t.name).Next)
		added, size, buf = 0, 0, buf[:0]
	}
	for i := range records {
		r := &records[i]
		if source == nil || source.epoch != r.Position.Epoch || source.consolidator != r.Source {
			source = t.table.at(r.Source, r.Position.Epoch)
			t.table.begin(source, r.Position.Seq)
			t.version.Store(t.table.version)
		}
		seq := r.Position.Seq
		if source.epoch == 0 {
			seq = source.next // a foreign socket: it counts nothing
		} else if seq < source.next {
			continue // of a former tail, still on its way when that ended
		}
		source.next = seq + 1
		var head, line []byte
		head, line, buf = encode(buf, source.n, seq, r.Data)
		to.AddEntry(t.name, head, line)
		size += len(head) + len(line)
		if added++; added == maxAdded {
			flush()
		}
	}
	if added > 0 {
		flush()
	}
	return buf
}

// encode makes the two parts of a record's entry, and returns what buf has
// become. Parts that were made in it before stay as they are. A record that may
// leave as it is does not get copied.
func encode(buf []byte, source, seq uint64, data []byte) (head, line, grown []byte) {
	line = data
	if !record.IsLine(data) {
		at := len(buf)
		buf = record.NormaliseAt(buf, data, time.Now())
		line = buf[at:]
	}
	at := len(buf)
	buf = entry.AppendHead(buf, source, seq, len(line))
	return buf[at:], line, buf
}

// appendGap logs a loss upstream. What is unknown and what is counted are two
// entries: only so many numbers can be lost again.
func (t *tail) appendGap(to *fanout.Appender, n *stream.Notice) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	defer t.tell()
	source := t.table.logging(n.Source)
	t.version.Store(t.table.version)
	loss := entry.Loss{Since: n.Time, Hop: n.Hop, Reason: n.Reason, Consolidator: n.Source}
	if n.Unknown {
		loss.Unknown, loss.Total = true, t.lost
		if n.Count == 0 {
			loss.After = n.Position
		}
		to.AppendUnknown(t.name, encodeLoss(source, loss))
	}
	if n.Count > 0 {
		if !n.Unknown {
			source.next += n.Count // otherwise it is of the epoch to come
		}
		t.lost += n.Count
		loss.Unknown, loss.Count, loss.Total = false, n.Count, t.lost
		loss.After, loss.OfNext = n.Position, n.Unknown
		at := to.Append(t.name, encodeLoss(source, loss), n.Count)
		if len(t.gaps) == maxGaps {
			t.gaps = append(t.gaps[:0], t.gaps[1:]...)
		}
		t.gaps = append(t.gaps, gap{at.Next, n.Count})
	}
}

// close ends the tail. It has no session.
func (t *tail) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.keeper.Close()
}

// encodeLoss makes the entry of a loss, which has the last number that it takes
// at its source.
func encodeLoss(source *row, loss entry.Loss) []byte {
	if source.next == 0 {
		return entry.AppendLoss(nil, 0, 0, loss) // nothing of it was ever had: there is no last number
	}
	return entry.AppendLoss(nil, source.n, source.next-1, loss)
}

// begin notes where the reading of a consolidator begins, so that its position
// is known before it has a record.
func (t *tail) begin(consolidator string, at stream.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.table.at(consolidator, at.Epoch)
	if at.Seq > r.next {
		r.next = at.Seq
		t.table.touch(r)
	}
	t.table.begin(r, at.Seq)
	t.tell()
}

// state notes a consolidator's state; known are the names of all.
func (t *tail) state(consolidator string, state stream.State, known map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table.set(consolidator, state, known)
	t.tell()
}

// setReady says that the backfill is in the log.
func (t *tail) setReady() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.isReady {
		t.isReady = true
		close(t.ready)
	}
}

// tell wakes the sessions if the table has changed. t.mu is held.
func (t *tail) tell() {
	if t.told != t.table.version {
		t.told = t.table.version
		t.version.Store(t.told)
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// number returns the number of a consolidator in an epoch.
func (t *tail) number(consolidator string, epoch uint64) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.tell()
	return t.table.at(consolidator, epoch).n
}

// knows reports whether a consolidator was read in an epoch.
func (t *tail) knows(consolidator string, epoch uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.table.find(consolidator, epoch) != nil
}

// sources appends the source events that are new since a version, for a session
// that joined at another, and returns the version they are of, and a channel
// that is closed at the next one.
func (t *tail) sources(dst []byte, since, joined uint64) ([]byte, uint64, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.table.since(dst, since, joined), t.table.version, t.changed
}

// before is the number of the entry that has n records from it to end, or as
// many as there are from first; gaps are no records. t.mu is held.
func (t *tail) before(first, end, n uint64) uint64 {
	for i := len(t.gaps) - 1; i >= 0 && t.gaps[i].first >= first; i-- {
		after := t.gaps[i].first + t.gaps[i].count
		if n <= end-after {
			break
		}
		n -= end - after
		end = t.gaps[i].first
	}
	return end - min(n, end-first)
}
