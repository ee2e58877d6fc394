package fanout_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"sluice/cluster/fanout"
)

// FuzzHub does what the input says with a Hub, one reader of exact tails and
// one of prefixes, and compares all that they are given with a model which
// keeps every entry that there ever was.
func FuzzHub(f *testing.F) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		b := make([]byte, 1000)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		m := newModel(t, &tape{b: script})
		for range 400 {
			if len(m.in.b) == 0 {
				break
			}
			m.step()
		}
		m.settle()
		m.exact.Close()
		m.prefix.Close()
	})
}

// tape is the input; after its end it gives noughts.
type tape struct{ b []byte }

func (t *tape) next() int {
	if len(t.b) == 0 {
		return 0
	}
	v := t.b[0]
	t.b = t.b[1:]
	return int(v)
}

// upTo gives a number of two bytes below n.
func (t *tape) upTo(n int) int { return (t.next()<<8 | t.next()) % n }

var (
	modelNames    = []string{"system", "tenant/acme", "tenant/acme2", "x"}
	modelPrefixes = []string{"", "s", "tenant/", "tenant/acme", "tenant/acme2"}
)

// model knows what the hub should say.
type model struct {
	t       testing.TB
	in      *tape
	hub     *fanout.Hub
	buffer  int64
	stream  int64
	app     *fanout.Appender
	streams map[string]*modelStream

	exact, prefix *fanout.Reader
	tails         map[string]*modelCursor
	matches       map[string]*modelCursor
	prefixes      map[string]bool
	taken         []modelPiece // by exact, not given back yet
}

// modelStream is every entry of a stream, and its numbers.
type modelStream struct {
	epoch   uint64
	next    uint64
	entries []modelEntry
	largest int
}

type modelEntry struct {
	seq, n  uint64
	b       []byte
	unknown bool
	refused fanout.Cause // what it was refused for: it has no bytes
}

// modelCursor is where a reader is in a stream.
type modelCursor struct {
	at       uint64 // number of the next entry to be taken
	begun    bool
	cause    fanout.Cause // of its first piece
	backfill bool
	live     uint64
}

type modelPiece struct {
	p      fanout.Piece
	c      *modelCursor
	before modelCursor
	want   []byte
}

func newModel(t testing.TB, in *tape) *model {
	m := &model{
		t: t, in: in,
		stream:  int64(8<<10 + in.next()<<7),
		streams: make(map[string]*modelStream), tails: make(map[string]*modelCursor),
		matches: make(map[string]*modelCursor), prefixes: make(map[string]bool),
	}
	m.buffer = m.stream + int64(in.next()<<8)
	m.hub = newHub(t, m.buffer, m.stream)
	m.app = m.hub.Appender()
	m.exact, m.prefix = m.hub.Reader(), m.hub.Reader()
	return m
}

func (m *model) step() {
	name := modelNames[m.in.next()%len(modelNames)]
	switch m.in.next() % 16 {
	case 0, 1, 2, 3, 4:
		m.append(name)
	case 5:
		if m.in.next()%2 == 0 {
			m.appendUnknown(name)
		} else {
			m.refuse(name)
		}
	case 6, 7, 8:
		m.take()
	case 9, 10:
		m.giveBack()
	case 11:
		m.tail(name)
	case 12:
		if m.in.next()%2 == 0 {
			m.exact.Stop(name)
			delete(m.tails, name)
		} else {
			m.position(name)
		}
	case 13:
		m.subscribe()
	case 14:
		m.cancel()
	case 15:
		m.settle()
	}
	if size := m.hub.Size(); size > m.buffer {
		m.t.Fatalf("logs take %d bytes, more than %d", size, m.buffer)
	}
	if s, ok := m.hub.Stat(name); ok {
		st := m.log(name)
		if s.Size > max(m.stream, int64(st.largest)) {
			m.t.Fatalf("%q takes %d bytes, more than %d", name, s.Size, m.stream)
		}
		if s.Epoch != st.epoch || s.Next != st.next || s.First > s.Next {
			m.t.Fatalf("stat %+v, expected next %d", s, st.next)
		}
	}
}

// log is the model of a stream that the hub has, or is about to have.
func (m *model) log(name string) *modelStream {
	st := m.streams[name]
	if st == nil {
		st = &modelStream{epoch: m.app.End(name).Epoch}
		m.streams[name] = st
		for p := range m.prefixes {
			if strings.HasPrefix(name, p) && m.matches[name] == nil {
				m.matches[name] = &modelCursor{begun: true}
			}
		}
	}
	return st
}

func (m *model) entry(rnd *rand.Rand, st *modelStream, name string, n uint64) modelEntry {
	size := head + rnd.IntN(600)
	if rnd.IntN(100) == 0 {
		size += rnd.IntN(40 << 10)
	}
	e := modelEntry{seq: st.next, n: n, b: entry(st.next, n, size)}
	// So that one stream's bytes are no other's.
	for i := head; i < len(e.b); i++ {
		e.b[i] += name[i%len(name)]
	}
	st.entries = append(st.entries, e)
	st.next += n
	st.largest = max(st.largest, len(e.b))
	return e
}

// dice are of one byte of the input: a run of entries is worth no more.
func (m *model) dice() *rand.Rand { return rand.New(rand.NewPCG(uint64(m.in.next()), 3)) }

func (m *model) append(name string) {
	st := m.log(name)
	at := st.next
	var run []byte
	rnd := m.dice()
	if rnd.IntN(4) == 0 {
		m.appendParts(name, rnd)
		return
	}
	for range 1 + rnd.IntN(20) {
		n := uint64(1)
		if rnd.IntN(16) == 0 {
			n += rnd.Uint64N(5)
		}
		run = append(run, m.entry(rnd, st, name, n).b...)
	}
	if got := m.app.Append(name, run, st.next-at); got != (fanout.Position{Epoch: st.epoch, Next: at}) {
		m.t.Fatalf("appended at %+v, expected %d", got, at)
	}
	clear(run) // the caller's to use again
}

// appendParts appends entries that are in two parts each.
func (m *model) appendParts(name string, rnd *rand.Rand) {
	st := m.log(name)
	var parts [][]byte
	for range 1 + rnd.IntN(20) {
		b := bytes.Clone(m.entry(rnd, st, name, 1).b)
		if len(b) == head {
			m.app.Add([]byte(name), b, 1)
		} else {
			m.app.AddEntry(name, b[:head], b[head:])
		}
		parts = append(parts, b)
	}
	if refused := m.app.Flush(); refused > 0 {
		m.t.Fatalf("%d were refused", refused)
	}
	for _, b := range parts {
		clear(b) // the caller's to use again
	}
}

func (m *model) appendUnknown(name string) {
	st := m.log(name)
	e := m.entry(m.dice(), st, name, 1)
	st.entries[len(st.entries)-1].unknown = true
	if got := m.app.AppendUnknown(name, e.b); got.Next != e.seq {
		m.t.Fatalf("appended at %d, expected %d", got.Next, e.seq)
	}
}

// refuse refuses some, between entries that are added before and after.
func (m *model) refuse(name string) {
	st, rnd := m.log(name), m.dice()
	for range 1 + rnd.IntN(4) {
		if rnd.IntN(2) == 0 {
			m.app.Add([]byte(name), m.entry(rnd, st, name, 1).b, 1)
			continue
		}
		e := modelEntry{seq: st.next, n: 1 + rnd.Uint64N(9), refused: fanout.CauseTooLarge + fanout.Cause(rnd.IntN(8)/7)}
		m.app.AddRefused([]byte(name), e.refused, e.n)
		st.entries = append(st.entries, e)
		st.next += e.n
	}
	m.app.Flush()
}

// begin is the number of the entry that a number belongs to; of what was refused,
// it is the number itself.
func (st *modelStream) begin(seq uint64) uint64 {
	for _, e := range st.entries {
		if seq < e.seq+e.n {
			if e.refused != 0 {
				return seq
			}
			return e.seq
		}
	}
	return st.next
}

// back is the number which has n numbers of entries behind it that were not refused.
func (st *modelStream) back(n uint64) uint64 {
	for i := len(st.entries) - 1; i >= 0 && n > 0; i-- {
		switch e := st.entries[i]; {
		case e.refused != 0:
		case n <= e.n:
			return e.seq + e.n - n
		default:
			n -= e.n
		}
		if n > 0 && i == 0 {
			return 0
		}
	}
	return st.next
}

func (m *model) tail(name string) {
	st := m.log(name)
	s, _ := m.hub.Stat(name)
	c := &modelCursor{cause: fanout.CauseStart, backfill: true, live: st.next}
	var from fanout.From
	switch m.in.next() % 4 {
	case 0:
		c.at = st.next
	case 1:
		from = fanout.From{Kind: fanout.FromLast, Last: uint64(m.in.upTo(200))}
		c.at = st.begin(max(s.First, st.back(from.Last)))
	case 2:
		from = fanout.From{Kind: fanout.FromPosition, Position: fanout.Position{Epoch: st.epoch, Next: uint64(m.in.upTo(int(st.next) + 3))}}
		c.at = from.Position.Next
		if c.at < s.First {
			c.cause = fanout.CauseTooLate
		} else {
			c.at = st.begin(c.at)
		}
	case 3:
		from = fanout.From{Kind: fanout.FromPosition, Position: fanout.Position{Epoch: st.epoch + 1, Next: uint64(m.in.next())}}
		c.cause = fanout.CauseNewEpoch
	}
	m.exact.Tail(name, from)
	m.tails[name] = c
}

// position compares where the hub says that the tail of a stream stands.
func (m *model) position(name string) {
	c := m.tails[name]
	found := false
	for all := m.exact.Positions(); ; {
		n, at, ok := all.Next()
		if !ok {
			break
		}
		if n != name {
			continue
		}
		found = true
		if c == nil || !c.begun || at.Next != c.at || at.Epoch != m.streams[name].epoch {
			m.t.Fatalf("position of %q is %+v, expected %+v", name, at, c)
		}
	}
	if c != nil && c.begun && !found {
		m.t.Fatalf("the tail of %q has no position", name)
	}
}

func (m *model) subscribe() {
	p := modelPrefixes[m.in.next()%len(modelPrefixes)]
	m.prefix.Subscribe(p)
	m.prefixes[p] = true
	for name, st := range m.streams {
		if strings.HasPrefix(name, p) && m.matches[name] == nil {
			m.matches[name] = &modelCursor{begun: true, at: st.next}
		}
	}
}

func (m *model) cancel() {
	p := modelPrefixes[m.in.next()%len(modelPrefixes)]
	if had := m.prefix.Cancel(p); had != m.prefixes[p] {
		m.t.Fatalf("Cancel(%q) = %v", p, had)
	}
	delete(m.prefixes, p)
	for name := range m.matches {
		wanted := false
		for p := range m.prefixes {
			wanted = wanted || strings.HasPrefix(name, p)
		}
		if !wanted {
			delete(m.matches, name)
		}
	}
}

// check compares a piece with what its cursor should be given, and moves it.
func (m *model) check(p *fanout.Piece, c *modelCursor, limit int) []byte {
	t := m.t
	if c == nil {
		t.Fatalf("a piece of %q, which is not wanted", p.Name)
	}
	st := m.streams[p.Name]
	s, _ := m.hub.Stat(p.Name)
	if p.Epoch != st.epoch {
		t.Fatalf("epoch %x, expected %x", p.Epoch, st.epoch)
	}
	var lost uint64
	unknown := false
	var want []byte
	var count uint64
	refused := fanout.CauseNone // what was passed over, which is held
entries:
	for _, e := range st.entries {
		switch {
		case e.seq+e.n <= c.at:
		case e.refused != 0 && p.Next == c.at:
			break entries
		case e.seq < p.Next:
			if e.seq+e.n > s.First && c.at >= s.First {
				if e.refused == 0 || !c.begun || refused != 0 && refused != e.refused {
					t.Fatalf("%q: entry %d is held, and was passed over", p.Name, e.seq)
				}
				refused = e.refused
			}
			if e.unknown {
				unknown = true
			} else {
				lost += e.seq + e.n - max(e.seq, c.at)
			}
		case e.refused != 0:
			break entries
		case len(want) < len(p.Bytes):
			want = append(want, e.b...)
			count += e.n
		}
	}
	if p.Next < c.at || lost != p.Lost || unknown != p.Unknown {
		t.Fatalf("%q: from %d to %d, %d lost, unknown %v; told %d, %v", p.Name, c.at, p.Next, lost, unknown, p.Lost, p.Unknown)
	}
	if !bytes.Equal(want, p.Bytes) || count != p.Count {
		t.Fatalf("%q: %d numbers in %d bytes from %d on, expected %d in %d", p.Name, p.Count, len(p.Bytes), p.Next, count, len(want))
	}
	if size := len(p.Bytes); size > limit {
		if first, _ := next(p.Bytes); first != size {
			t.Fatalf("%d bytes and several entries, at most %d wanted", size, limit)
		}
	}
	cause := fanout.CauseNone
	switch {
	case !c.begun:
		cause = c.cause
	case refused != 0:
		cause = refused
	case p.Next > c.at:
		cause = fanout.CauseOvertaken
	}
	if p.Cause != cause {
		t.Fatalf("%q: cause %d, expected %d", p.Name, p.Cause, cause)
	}
	c.begun = true
	c.at = p.Next + p.Count
	live := c.backfill && c.at >= c.live
	if live && p.Count > 0 && c.at > c.live {
		t.Fatalf("%q: with %d numbers from %d on the backfill is complete, which ends at %d", p.Name, p.Count, p.Next, c.live)
	}
	if p.Live != live {
		t.Fatalf("%q: live %v at %d, the backfill ends at %d", p.Name, p.Live, c.at, c.live)
	}
	c.backfill = c.backfill && !live
	if len(p.Bytes) == 0 && p.Cause == fanout.CauseNone && !p.Live {
		t.Fatal("a piece of nothing")
	}
	return want
}

func (m *model) take() {
	limit := 1 + m.in.upTo(20<<10)
	p, ok := m.exact.Take(limit)
	if !ok {
		return
	}
	mp := modelPiece{p: p, c: m.tails[p.Name]}
	if mp.c != nil {
		mp.before = *mp.c
	}
	mp.want = m.check(&p, mp.c, limit)
	m.taken = append(m.taken, mp)
	if len(m.taken) > 6 {
		m.giveBack()
	}
}

// giveBack is what follows a write that took a part of what was taken.
func (m *model) giveBack() {
	whole := m.in.next() % (len(m.taken) + 1)
	written := m.in.next()
	for i := len(m.taken) - 1; i >= whole; i-- {
		mp := &m.taken[i]
		m.held(mp)
		if i > whole || written == 0 || written == 1 && mp.p.Cause == fanout.CauseNone {
			if rest := m.exact.Return(&mp.p, false, 0, nil); len(rest) > 0 {
				m.t.Fatal("nothing was written, but there is a rest")
			}
			*mp.c = mp.before
			continue
		}
		// All that stands before the bytes, and some of the bytes.
		part := 0
		if written > 1 && len(mp.want) > 0 {
			part = written * 37 % (len(mp.want) + 1)
		}
		size, count := 0, uint64(0)
		for size < part {
			n, k := next(mp.want[size:])
			size += n
			count += k
		}
		from := mp.p.Next
		rest := m.exact.Return(&mp.p, true, part, []byte("before"))
		if !bytes.Equal(rest, append([]byte("before"), mp.want[part:size]...)) {
			m.t.Fatalf("a rest of %d bytes, expected %d", len(rest)-6, size-part)
		}
		mp.c.begun, mp.c.backfill = true, mp.before.backfill
		mp.c.at = from + count
	}
	for i := range whole {
		m.held(&m.taken[i])
		m.taken[i].p.Release()
	}
	m.taken = m.taken[:0]
}

// held checks that what was taken is still what it was.
func (m *model) held(mp *modelPiece) {
	if !bytes.Equal(mp.want, mp.p.Bytes) {
		m.t.Fatalf("%q: the bytes from %d on have changed while they were held", mp.p.Name, mp.p.Next)
	}
}

// settle wakes the readers and lets them take all that there is.
func (m *model) settle() {
	for i := range m.taken {
		m.held(&m.taken[i])
		m.taken[i].p.Release()
	}
	m.taken = m.taken[:0]
	m.log("wake")
	m.wake()
	for _, r := range []struct {
		*fanout.Reader
		cursors map[string]*modelCursor
	}{{m.exact, m.tails}, {m.prefix, m.matches}} {
		for p, ok := r.Take(16 << 10); ok; p, ok = r.Take(16 << 10) {
			m.check(&p, r.cursors[p.Name], 16<<10)
			p.Release()
		}
		for name, c := range r.cursors {
			if st := m.streams[name]; c.at != st.next || !c.begun || c.backfill {
				m.t.Fatalf("%q: all was taken, and the reader stands at %+v of %d", name, c, st.next)
			}
		}
	}
}

// wake lets the hub wake the readers, as wakeAll does: by an entry of a stream
// of its own.
func (m *model) wake() {
	st := m.streams["wake"]
	st.entries = append(st.entries, modelEntry{seq: st.next, n: 1, b: entry(0, 1, 0)})
	st.next++
	st.largest = max(st.largest, head)
	wakeAll(m.t, m.hub)
}
