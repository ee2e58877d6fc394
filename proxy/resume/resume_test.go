package resume_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
	"sluice/proxy/resume"
)

// audit checks what a reader gets of one consolidator: every record once and in
// order, or told as lost.
type audit struct {
	vm    *vm
	next  int  // index of the record that has to come next
	blank bool // nothing has come yet
	loose bool // an unknown number was told as lost: any later one may come
}

func (a *audit) record(t testing.TB, at loss.Position) {
	t.Helper()
	switch i := a.vm.index(at); {
	case i < a.next:
		t.Fatalf("%s: record %d (%v) comes again, or late: %d was to come", a.vm.name, i, at, a.next)
	case i > a.next && !a.loose && !a.blank:
		t.Fatalf("%s: record %d (%v) comes; %d is missing, and not told as lost", a.vm.name, i, at, a.next)
	default:
		a.next, a.loose, a.blank = i+1, false, false
	}
}

func (a *audit) lost(t testing.TB, count uint64, unknown bool) {
	t.Helper()
	if !a.loose && !a.blank {
		if a.next += int(count); a.next > a.vm.count {
			t.Fatalf("%s: %d are told as lost, up to %d of %d", a.vm.name, count, a.next, a.vm.count)
		}
	}
	a.loose = a.loose || unknown
}

// client is a reader of ours: what it has, and the response that it reads.
type client struct {
	audits    map[string]*audit
	after     fanout.Position
	named     bool
	positions map[string]loss.Position

	reader *resume.Reader // nil: it is not connected
	at     uint64         // place of its cursor
	shown  map[uint64]resume.Source
	seen   uint64
	joined uint64
	live   bool
	trace  []string
}

func (w *world) leave() { w.reader = nil }

func (w *world) logf(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// connect begins a response, and has what is missing read again.
func (w *world) connect() {
	l := w.log
	w.shown, w.seen, w.joined, w.live = make(map[uint64]resume.Source), 0, ^uint64(0), false
	want := resume.Want{
		Last: uint64(w.in.next(4)), Named: w.named || len(w.positions) > 0, After: w.after, Positions: maps.Clone(w.positions),
	}
	r, at, loss := resume.Begin(want, l.state())
	w.reader, w.at = r, at
	w.logf("connect %+v to log %d, %d to %d: at %d, %v, catches up %v", want, l.epoch, l.state().First, l.next, at, loss, r.CatchesUp())
	if loss != nil {
		w.loosen()
	}
	if r.CatchesUp() {
		r.Ask()
		w.reread(want)
		if w.in.next(4) == 0 {
			w.evict(3)
		}
		w.at = r.Join(l.state())
	}
	w.show()
	w.joined = w.seen
}

// loosen notes a loss of an unknown number, somewhere.
func (w *world) loosen() {
	for _, a := range w.audits {
		a.loose = true
	}
}

// show is what source events do.
func (w *world) show() {
	w.log.sources.Changed(w.seen, w.joined, w.seen, func(s resume.Source) {
		w.shown[s.Number] = s
		if _, has := w.positions[s.Consolidator]; !has && w.live && s.Epoch != 0 {
			w.begun(s)
		}
	})
	w.reader.Learn(&w.log.sources)
	w.seen = w.log.sources.Version()
}

// begun notes that nothing has come of a consolidator, which goes on there.
func (w *world) begun(s resume.Source) {
	at := loss.Position{Epoch: s.Epoch, Seq: s.Next}
	w.positions[s.Consolidator] = at
	a := w.audits[s.Consolidator]
	if a.blank {
		a.next, a.blank = max(a.next, a.vm.index(at)), false
	}
}

// reread is what a source of its own gives a reader, all or some of it.
func (w *world) reread(want resume.Want) {
	l := w.log
	for _, v := range w.vms {
		if v.gone || w.in.next(4) == 0 {
			continue // it cannot be reached
		}
		from, named := want.Positions[v.name]
		oldest := v.position(v.first)
		if v.first == v.count {
			oldest = loss.Position{Epoch: v.epoch(), Seq: uint64(v.count - v.begins[v.epoch()-1])}
		}
		var gap *stream.Notice
		switch {
		case !named:
			from = v.position(max(v.first, v.count-int(want.Last)))
		case from.Epoch != v.epoch():
			gap = &stream.Notice{Source: v.name, Unknown: true, Count: oldest.Seq, Position: oldest}
			from = oldest
		case v.index(from) < v.first:
			gap = &stream.Notice{Source: v.name, Count: uint64(v.first - v.index(from))}
			from = oldest
		}
		if gap != nil {
			id := w.reader.Gap(&l.sources, gap)
			w.show()
			w.logf("read again %s: gap %+v, %v", v.name, *gap, id)
			w.had(id)
			if gap.Position.Epoch != 0 {
				w.positions[v.name] = gap.Position
			}
			w.audits[v.name].lost(w.t, gap.Count, gap.Unknown)
		}
		i := v.index(from)
		for range min(v.count-i, w.in.next(20)) {
			id, missing, wanted := w.reader.Record(&l.sources, v.name, from)
			if !wanted || missing != nil {
				w.t.Fatalf("it has record %v of %s already, or misses %+v", from, v.name, missing)
			}
			w.show()
			w.record(id)
			from.Seq++
		}
	}
}

// had notes where the client goes on behind an event.
func (w *world) had(id httpapi.EventID) (s resume.Source) {
	w.after, w.named = fanout.Position{Epoch: id.Epoch, Next: id.Next}, true
	s = w.shown[id.Source]
	if s.Epoch != 0 {
		w.positions[s.Consolidator] = loss.Position{Epoch: s.Epoch, Seq: id.Seq + 1}
	}
	return s
}

func (w *world) record(id httpapi.EventID) {
	s := w.had(id)
	w.logf("record %v of %s/%d", id, s.Consolidator, s.Epoch)
	if s.Epoch == 0 {
		w.t.Fatalf("record %v is of a source that was not shown", id)
	}
	w.audits[s.Consolidator].record(w.t, loss.Position{Epoch: s.Epoch, Seq: id.Seq})
}

// event takes what comes of the log.
func (w *world) event(e resume.Event) {
	w.t.Helper()
	switch {
	case e.Loss != nil:
		s := w.had(e.ID)
		w.logf("loss %+v, %v of %s/%d", *e.Loss, e.ID, s.Consolidator, s.Epoch)
		if a := w.audits[s.Consolidator]; a != nil {
			a.lost(w.t, e.Loss.Count, e.Loss.Unknown)
		} else if w.loosen(); !e.Loss.Unknown {
			w.t.Fatalf("loss %+v, %v is nobody's", *e.Loss, e.ID)
		}
	case e.Entry.Lost:
		loss := e.Entry.Loss()
		w.logf("loss %+v, %v in the log", loss, e.ID)
		w.had(e.ID)
		w.audits[loss.Source].lost(w.t, loss.Count, loss.Unknown)
		if loss.After.Epoch != 0 {
			w.positions[loss.Source] = loss.After
		}
	default:
		w.record(e.ID)
	}
}

// read lets the reader have n entries of the log.
func (w *world) read(n int) {
	if w.reader == nil {
		w.connect()
	}
	l := w.log
	w.show()
	w.overtaken()
	for range n {
		i := l.index(w.at)
		if i == len(l.entries) {
			break
		}
		w.show()
		e, _ := entry.First(l.entries[i].raw)
		w.at = l.entries[i].at + e.Numbers()
		if !w.reader.CatchesUp() {
			w.event(resume.Event{ID: e.ID(l.epoch, w.at), Entry: e})
			continue
		}
		for _, got := range w.reader.Entry(nil, e, w.at) {
			w.event(got)
		}
	}
	w.show()
	if w.reader.CatchesUp() {
		for _, got := range w.reader.Settle(nil, w.at) {
			w.event(got)
		}
	}
	defer w.forget()
	if w.at == l.next && !w.live {
		w.live = true
		w.after = fanout.Position{}
		if !w.reader.CatchesUp() {
			w.after = fanout.Position{Epoch: l.epoch, Next: w.at}
		}
		w.named = true
		for _, n := range slices.Backward(slices.Sorted(maps.Keys(w.shown))) {
			if s := w.shown[n]; s.Epoch != 0 { // the newest epoch comes first
				if _, has := w.positions[s.Consolidator]; !has {
					w.begun(s)
				}
			}
		}
		w.logf("live: %v, %v", w.after, w.positions)
	}
}

// forget drops the positions at consolidators that are not in the cluster any more.
func (w *world) forget() {
	named := make(map[string]bool)
	for _, s := range w.shown {
		if s.Epoch == 0 {
			return
		}
		named[s.Consolidator] = true
	}
	if w.live {
		maps.DeleteFunc(w.positions, func(name string, _ loss.Position) bool { return !named[name] })
	}
}

// overtaken moves a cursor that the log has passed, and tells what it has lost.
func (w *world) overtaken() {
	l := w.log
	state := l.state()
	lost, unknown := uint64(0), false
	for _, e := range l.entries[:l.first] {
		if e.at < w.at {
			continue
		}
		_, n := entry.Next(e.raw)
		if e.unknown {
			unknown = true
		} else {
			lost += n
		}
		w.at = e.at + n
	}
	loss, id := w.reader.Overtaken(fanout.Position{Epoch: l.epoch, Next: w.at}, lost, unknown, l.state)
	if loss == nil {
		return
	}
	if w.reader.CatchesUp() {
		w.event(resume.Event{ID: id, Loss: loss})
		return
	}
	lost, unknown = loss.Count, loss.Unknown
	standing := l.checkpoints.Before(w.at, state)
	for place, more := standing.More(); more; place, more = standing.More() {
		e, _ := entry.First(l.entries[l.index(place)].raw)
		if !standing.Entry(e) {
			w.t.Fatalf("where the log stood at %d cannot be found out", w.at)
		}
	}
	w.logf("overtaken to %d: lost %d %v, goes on at %v", w.at, lost, unknown, standing.Positions)
	w.after, w.named = fanout.Position{Epoch: l.epoch, Next: w.at}, true
	sum, exact := 0, !unknown
	for name, a := range w.audits {
		at, known := standing.Positions[name]
		if !known {
			continue
		}
		i := a.vm.index(at)
		if i < a.next {
			w.t.Fatalf("%s goes on at %v, and %d was to come", name, at, a.next)
		}
		exact = exact && !a.loose && !a.blank
		sum += i - a.next
		a.next, a.loose, a.blank = i, unknown, false
		w.positions[name] = at
	}
	if exact && uint64(sum) != lost {
		w.t.Fatalf("%d are told as lost, and %d are", lost, sum)
	}
}

// finish lets the reader have all that there is, and checks that it has.
func (w *world) finish() {
	for _, v := range w.vms {
		v.count++
		w.intake(v, v.count, 0)
	}
	w.read(1 << 20)
	if w.reader.CatchesUp() {
		w.t.Fatal("it still catches up")
	}
	for name, a := range w.audits {
		if a.next < a.vm.count && !a.loose && !a.blank {
			w.t.Fatalf("%s: %d of %d are missing at the end", name, a.vm.count-a.next, a.vm.count)
		}
	}
}

// However consolidators and proxies come and go, and however late a reader
// comes back, it has every record once and in order, or is told that it is lost.
func FuzzResume(f *testing.F) {
	f.Fuzz(func(t *testing.T, input []byte) { run(t, tape(input)) })
}

func run(t *testing.T, in tape) {
	in = in[:min(len(in), 2000)]
	w := newWorld(t, &in)
	defer func() {
		if t.Failed() {
			for _, line := range w.trace {
				t.Log(line)
			}
		}
	}()
	for len(in) > 0 {
		w.step()
	}
	w.finish()
}
