package resume_test

import (
	"fmt"
	"testing"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
	"sluice/proxy/resume"
)

// tape is the input of a fuzz test, as numbers; at its end come zeroes.
type tape []byte

func (t *tape) next(limit int) int {
	if len(*t) == 0 {
		return 0
	}
	n := int((*t)[0]) % limit
	*t = (*t)[1:]
	return n
}

// world is several consolidators, a proxy that tails one stream at them, and a
// reader of that proxy.
type world struct {
	t   testing.TB
	in  *tape
	vms []*vm
	log *log
	client
}

// vm is one consolidator: all records of the stream that it ever had.
type vm struct {
	name   string
	begins []int           // of its epochs, in records; epoch e is the e-th, from 1
	count  int             // records in all
	first  int             // the oldest that it still has
	ended  map[uint64]bool // epochs that ended with a word, so that their ends are known
	gone   bool            // it is in the cluster no more
}

func (v *vm) epoch() uint64 { return uint64(len(v.begins)) }

// position is where the record with that index stands, or the next one.
func (v *vm) position(i int) loss.Position {
	e := len(v.begins)
	for v.begins[e-1] > i {
		e--
	}
	return loss.Position{Epoch: uint64(e), Seq: uint64(i - v.begins[e-1])}
}

// index is the inverse of position.
func (v *vm) index(at loss.Position) int { return v.begins[at.Epoch-1] + int(at.Seq) }

// end is the index of the end of an epoch.
func (v *vm) end(epoch uint64) int {
	if epoch == v.epoch() {
		return v.count
	}
	return v.begins[epoch]
}

// log is the log of a proxy, as fanout has it, and its tail's intake.
type log struct {
	epoch       uint64
	entries     []placed // with what was evicted
	first       int      // index of the oldest that is held
	next        uint64
	sources     resume.Sources
	gaps        resume.Gaps
	checkpoints resume.Checkpoints
	reads       map[string]loss.Position // where the intake stands
	unreached   map[*vm]bool
	known       *resume.Known
}

type placed struct {
	at      uint64 // its first number
	unknown bool
	raw     []byte
}

func (l *log) append(raw []byte, unknown bool) {
	l.entries = append(l.entries, placed{l.next, unknown, raw})
	_, n := entry.Next(raw)
	l.next += n
}

func (l *log) state() resume.Log {
	first := l.next
	if l.first < len(l.entries) {
		first = l.entries[l.first].at
	}
	return resume.Log{Position: fanout.Position{Epoch: l.epoch, Next: l.next}, First: first, Gaps: &l.gaps, Sources: &l.sources}
}

// index is that of the entry that has a number, or of the next one.
func (l *log) index(number uint64) int {
	i := len(l.entries)
	for i > 0 && l.entries[i-1].at >= number {
		i--
	}
	return i
}

func newWorld(t testing.TB, in *tape) *world {
	w := &world{t: t, in: in, client: client{audits: make(map[string]*audit), positions: make(map[string]loss.Position)}}
	for i := range 1 + in.next(3) {
		v := &vm{name: fmt.Sprint("vm-", i), begins: []int{0}, ended: make(map[uint64]bool)}
		w.vms = append(w.vms, v)
		w.audits[v.name] = &audit{vm: v, blank: true}
	}
	w.newLog()
	return w
}

// newLog is a proxy that was just started, or another one.
func (w *world) newLog() {
	w.leave()
	epoch := uint64(100)
	if w.log != nil {
		epoch = w.log.epoch + 1
	}
	w.log = &log{epoch: epoch, reads: make(map[string]loss.Position), unreached: make(map[*vm]bool)}
	for i, v := range w.vms {
		v.gone = v.gone || i > 0 && w.in.next(8) == 1
		switch {
		case v.gone:
		case w.in.next(4) == 1:
			w.log.unreached[v] = true
			w.log.sources.Add("address of "+v.name, stream.StateConnecting)
		default:
			w.log.sources.Add(v.name, stream.StateLive)
		}
	}
}

func (w *world) step() {
	v := w.vms[w.in.next(len(w.vms))]
	switch w.in.next(16) {
	case 0, 1, 2:
		v.count += w.in.next(8)
	case 3, 4, 5:
		w.intake(v, w.in.next(8), 0)
	case 6:
		w.intake(v, 0, w.in.next(5))
	case 7:
		w.evict(w.in.next(12))
	case 8:
		v.first = min(v.count, v.first+w.in.next(6))
	case 9:
		v.ended[v.epoch()] = w.in.next(2) == 0
		v.begins = append(v.begins, v.count)
		v.first = v.count
	case 10:
		if w.in.next(8) == 0 {
			w.newLog()
		}
	case 11:
		w.leave()
	default:
		w.read(1 + w.in.next(6))
	}
}

// intake reads some records of a consolidator into the log, after some that are
// lost.
func (w *world) intake(v *vm, n, lost int) {
	if v.gone {
		return
	}
	l := w.log
	w.reach(v)
	at, begun := l.reads[v.name]
	if !begun {
		at = v.position(max(v.first, v.count-2*n))
	}
	l.sources.Reach(v.name, at)
	i := v.index(at)
	if over := max(v.first-i, lost); at.Epoch == v.epoch() && over > 0 {
		over = min(over, v.count-i)
		w.gap(v, stream.Notice{Count: uint64(over)})
		i += over
		at = loss.Position{Epoch: at.Epoch, Seq: at.Seq + uint64(over)}
	}
	if at.Epoch != v.epoch() {
		if known := v.end(at.Epoch); v.ended[at.Epoch] && at.Epoch+1 == v.epoch() {
			begin := v.position(min(v.count, max(v.first, known)))
			if n := v.index(begin) - i; n > 0 {
				w.gap(v, stream.Notice{Count: uint64(n), Position: begin})
			}
			at = begin
		} else {
			begin := loss.Position{Epoch: v.epoch(), Seq: uint64(v.first - v.begins[v.epoch()-1])}
			w.gap(v, stream.Notice{Unknown: true, Count: begin.Seq, Position: begin})
			at = begin
		}
		i = v.index(at)
		l.sources.Reach(v.name, at)
	}
	for range min(n, v.count-i) {
		s := l.sources.At(v.name, at.Epoch)
		l.sources.Begin(s, at.Seq)
		s.Next = at.Seq + 1
		l.append(append(entry.AppendHead(nil, s.Number, at.Seq, 2), "{}"...), false)
		at.Seq++
	}
	l.reads[v.name] = at
	l.checkpoints.Grown(n*50<<10, l.state)
}

// reach lets the proxy know the name of a consolidator.
func (w *world) reach(v *vm) {
	w.log.unreached[v] = false
	var known []stream.Status
	for _, other := range w.vms {
		switch {
		case other.gone:
		case w.log.unreached[other]:
			known = append(known, stream.Status{Name: "address of " + other.name})
		default:
			known = append(known, stream.Status{Name: other.name})
		}
	}
	w.log.known = w.log.known.Renew(known)
	w.log.sources.SetState(v.name, stream.StateLive, w.log.known)
}

// gap logs a loss as a tail does.
func (w *world) gap(v *vm, n stream.Notice) {
	l := w.log
	s := l.sources.Standing(v.name)
	lost := entry.Loss{Loss: loss.Loss{Source: v.name}, Since: time.Unix(0, 0)}
	raw := func() []byte { return entry.AppendLoss(nil, s.Number, s.Next-1, lost) }
	if n.Unknown {
		lost.Unknown = true
		if n.Count == 0 {
			lost.After = n.Position
		}
		l.append(raw(), true)
	}
	if n.Count > 0 {
		if !n.Unknown {
			s.Next += n.Count
		}
		lost.Unknown, lost.Count, lost.After, lost.OfNext = false, n.Count, n.Position, n.Unknown
		l.gaps.Add(l.next, n.Count)
		l.append(raw(), false)
	}
	if n.Position.Epoch != 0 {
		l.sources.Reach(v.name, n.Position)
	}
}

func (w *world) evict(n int) {
	w.log.first = min(len(w.log.entries), w.log.first+n)
}
