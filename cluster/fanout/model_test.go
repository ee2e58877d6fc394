package fanout_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"sluice/cluster/fanout"
)

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
	told     uint64       // where it stood when that was told
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
			to, _ := m.app.Target(name)
			m.app.AddEntry(to, b[:head], b[head:])
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
	c.told = max(c.at, s.First)
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
	for all := m.exact.Moved(); ; {
		n, at, ok := all.Next()
		if !ok {
			break
		}
		c := m.tails[n]
		if c == nil || !c.begun || at.Next != c.at || at.Next == c.told {
			m.t.Fatalf("%q has moved to %+v, expected %+v", n, at, c)
		}
		c.told = at.Next
	}
	for n, c := range m.tails {
		if c.begun && c.told != c.at {
			m.t.Fatalf("%q has moved to %d, which is not told", n, c.at)
		}
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
