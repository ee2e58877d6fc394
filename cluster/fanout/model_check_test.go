package fanout_test

import (
	"bytes"

	"sluice/cluster/fanout"
)

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
			mp.before.told = mp.c.told
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
