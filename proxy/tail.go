package proxy

import (
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/proxy/entry"
	"sluice/proxy/resume"
)

// maxAdded is how many records are appended to a log at a time.
const maxAdded = 256

// tail is one stream as it is tailed upstream: what numbers its sources, and
// the writing end of its log.
type tail struct {
	name   string
	hub    *fanout.Hub
	keeper *fanout.Reader // a cursor of ours, so that the Hub does not forget the log
	ready  chan struct{}  // closed when the backfill is in the log

	// Guarded by tails.mu.
	sessions int
	unused   unusedPlace

	verdicts verdictSet // of the sessions' filters

	// version is that of sources, for those who hold no lock: it is raised before
	// what it is about is appended.
	version atomic.Uint64

	counts   *streamCounts // of the sessions
	upstream *upstream

	mu          sync.Mutex
	isReady     bool
	closed      bool // nothing more may be appended: the log may be another tail's
	sources     resume.Sources
	woken       uint64        // version of the sources that sessions were woken for
	changed     chan struct{} // closed and replaced to wake them
	floor       uint64        // number of the first entry of this tail
	gaps        resume.Gaps
	checkpoints resume.Checkpoints
	target      fanout.Target // of its log; zero before the first record
	lost        uint64        // upstream, in all
	backfilled  int           // records until it was ready
}

func newTail(hub *fanout.Hub, name string, upstream *upstream, counts *streamCounts) *tail {
	t := &tail{name: name, hub: hub, upstream: upstream, counts: counts, keeper: hub.Reader(), ready: make(chan struct{}), changed: make(chan struct{})}
	t.keeper.Tail(name, fanout.From{Kind: fanout.FromNow})
	if s, ok := hub.Stat(name); ok && s.Next > 0 {
		// What came since the tail before this one is not known. The entry
		// keeps the places behind that one's last record and before this
		// one's first apart.
		hub.Appender().AppendUnknown(name, entry.AppendLoss(nil, 0, entry.None, entry.Loss{
			Loss: loss.Loss{Unknown: true, Hop: loss.AtProxy, Reason: resume.NoLog}, Since: s.Last,
		}))
		t.floor = s.Next + 1
	}
	return t
}

// meet notes the consolidators that there are. It is called when what is told of them
// reaches the tail, or what is told meanwhile would be missed; and status is asked for
// while nothing of that can be noted, or it might be older.
func (t *tail) meet(status func() ([]stream.Status, *resume.Known)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources.Meet(status())
	t.wake()
}

// log is how the log stands. t.mu is held.
func (t *tail) log() resume.Log {
	stat, _ := t.hub.Stat(t.name)
	return resume.Log{
		Position: stat.Position(), Floor: t.floor, First: max(stat.First, t.floor), Gaps: &t.gaps, Sources: &t.sources, Checkpoints: &t.checkpoints,
	}
}

// hasLog reports whether there is anything in the stream's log.
func (t *tail) hasLog() bool {
	stat, ok := t.hub.Stat(t.name)
	return ok && stat.Next > 0
}

// append logs records of this stream, and returns buf for the next time.
func (t *tail) append(to *fanout.Appender, records []stream.Record, buf []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return buf
	}
	if !t.isReady {
		t.backfilled += len(records)
	}
	if t.target == (fanout.Target{}) {
		t.target, _ = to.Target(t.name) // the proxy's Hub has no limit on logs
	}
	defer t.wake()
	var source *resume.Source
	added, size := uint64(0), 0
	flush := func() {
		to.Flush()
		t.upstream.records.Add(added)
		t.checkpoints.Grown(size, t.log)
		added, size, buf = 0, 0, buf[:0]
	}
	for i := range records {
		r := &records[i]
		if source == nil || source.Epoch != r.Position.Epoch || source.Consolidator != r.Source {
			source = t.sources.At(r.Source, r.Position.Epoch)
			t.sources.Begin(source, r.Position.Seq)
			t.version.Store(t.sources.Version())
		}
		seq := r.Position.Seq
		if seq < source.Next {
			continue // of a former tail, still on its way when that ended
		}
		t.sources.First(source, seq)
		source.Next = seq + 1
		var head, line []byte
		head, line, buf = encode(buf, source.Number, seq, r.Data)
		if len(line) > zmtp.MaxRecord {
			flush()
			t.refuse(to, source)
			continue
		}
		to.AddEntry(t.target, head, line)
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

// refuse logs that a record is a loss, since it has become too large: source.Next is behind
// it. t.mu is held.
func (t *tail) refuse(to *fanout.Appender, source *resume.Source) {
	n := stream.GapNotice(tooLarge(t.name, source.Consolidator), time.Now())
	t.upstream.gap(&n)
	t.lost++
	at := to.Append(t.name, encodeLoss(source, entry.Loss{Loss: n.Loss(), Total: t.lost, Since: n.Time}), 1)
	t.gaps.Add(at.Next, 1)
}

// tooLarge is the loss of a record that has become too large when it was normalised.
func tooLarge(name, consolidator string) loss.Loss {
	return loss.Loss{Stream: name, Source: consolidator, Hop: loss.AtProxy, Reason: loss.TooLarge, Count: 1}
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
	defer t.wake()
	source := t.sources.Standing(n.Source)
	t.sources.First(source, source.Next)
	t.version.Store(t.sources.Version())
	if n.Unknown {
		lost := entry.Loss{Loss: n.Loss(), Total: t.lost, Since: n.Time}
		if lost.Count > 0 {
			lost.Count, lost.After = 0, loss.Position{}
		}
		to.AppendUnknown(t.name, encodeLoss(source, lost))
	}
	t.upstream.gap(n)
	if n.Count > 0 {
		if !n.Unknown {
			source.Next += n.Count // otherwise it is of the epoch to come
		}
		t.lost += n.Count
		lost := entry.Loss{Loss: n.Loss(), Total: t.lost, Since: n.Time, OfNext: n.Unknown}
		lost.Unknown = false
		at := to.Append(t.name, encodeLoss(source, lost), n.Count)
		t.gaps.Add(at.Next, n.Count)
	}
	if n.Position.Epoch != 0 {
		t.sources.Reach(n.Source, n.Position)
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
func encodeLoss(source *resume.Source, lost entry.Loss) []byte {
	return entry.AppendLoss(nil, source.Number, source.Next-1, lost) // before 0 is entry.None
}

// begin notes where the reading of a consolidator begins, so that its position
// is known before it has a record.
func (t *tail) begin(consolidator string, at stream.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources.Reach(consolidator, at)
	t.wake()
}

// state notes a consolidator's state; known are the names of all.
func (t *tail) state(consolidator string, state stream.State, known *resume.Known) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources.SetState(consolidator, state, known)
	t.wake()
}

// away notes that a consolidator was away.
func (t *tail) away(n *stream.Notice) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources.SetAway(n, t.log().Next)
	t.wake()
}

// hasBackfill reports whether the backfill is in the log.
func (t *tail) hasBackfill() bool {
	select {
	case <-t.ready:
		return true
	default:
		return false
	}
}

// setReady says that the backfill is in the log.
func (t *tail) setReady() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.isReady {
		t.isReady = true
		if t.backfilled >= firstBackfill {
			t.sources.Cut()
		}
		close(t.ready)
	}
}

// wake wakes the sessions if the sources have changed. t.mu is held.
func (t *tail) wake() {
	if now := t.sources.Version(); t.woken != now {
		t.woken = now
		t.version.Store(now)
		close(t.changed)
		t.changed = make(chan struct{})
	}
}
