package rows_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"sluice/tui/rows"
)

// take moves a reader to the next part.
func take(t *testing.T, l *rows.Lease, reader int) *rows.Part {
	t.Helper()
	i, ok := l.Take(reader)
	if !ok {
		t.Fatal("no part is left")
	}
	return l.Part(i)
}

// intact fails unless a part has its records.
func intact(p *rows.Part) error {
	first, _ := p.Bounds()
	first = first / rows.BlockLen * rows.BlockLen
	for s := range p.Stretches() {
		for i := s.From; i < s.To; i++ {
			if data := p.Entry(i).In(s.Mem); !bytes.Contains(data, fmt.Appendf(nil, `"line %d"`, first+uint64(i))) {
				return fmt.Errorf("record %d is %.60s", first+uint64(i), data)
			}
		}
	}
	return nil
}

// The parts of a lease are what is held: upwards from where it begins, then down.
func TestALeaseIsOfAllThatIsHeld(t *testing.T) {
	s := open(t, rows.NewStores(1<<30, 1<<40), "system")
	add(s, 20_000, 0)
	s.EvictTo(777)
	l := s.Lease(10_000, 10_000)
	parts, readers := l.Size()
	lo, hi := uint64(10_000), uint64(10_000)
	for range parts {
		p := take(t, l, 0)
		from, to := p.Bounds()
		switch {
		case p.Forward() && from == hi:
			hi = to
		case !p.Forward() && to == lo && hi == s.Next():
			lo = from
		default:
			t.Fatalf("after %d to %d comes the part from %d to %d", lo, hi, from, to)
		}
		if err := intact(p); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := l.Take(0); ok || lo != 777 || hi != 20_000 {
		t.Fatalf("the parts are %d to %d", lo, hi)
	}
	for i := range readers {
		if l.Over() {
			t.Fatal("a lease is over before its readers have left")
		}
		l.Leave(i)
	}
	if !l.Over() {
		t.Fatal("all readers have left, and the lease is not over")
	}
}

// What a reader is at stays as it is when the store lets it go, and what no reader has
// come to is gone.
func TestAReaderKeepsWhatItIsAt(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	s := open(t, all, "system")
	add(s, 20_000, 500)
	l := s.Lease(0, 0)
	parts, readers := l.Size()
	p := take(t, l, 0)
	s.EvictTo(20_000)
	add(s, 20_000, 500) // what is free is used again
	if err := intact(p); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < parts; i++ {
		if !l.Part(i).Gone() {
			t.Errorf("part %d is not gone", i)
		}
	}
	if l.Part(0).Gone() {
		t.Error("the part that a reader is at is gone")
	}
	if _, ok := l.Take(0); ok {
		t.Error("a reader came to a part that is gone")
	}
	for i := range readers {
		l.Leave(i)
	}
	all.Sweep()
	check(t, s)
}

// A lease ends when it is not renewed between two sweeps, and when its store is closed.
func TestALeaseEnds(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	s, _ := all.Open([]string{"system"}, start)
	add(s, 20_000, 0)
	l := s.Lease(0, 0)
	for range 3 {
		all.Sweep()
		if l.Ended() {
			t.Fatal("the lease has ended although it was renewed")
		}
		l.Renew()
	}
	all.Sweep()
	all.Sweep()
	if _, ok := l.Take(0); ok || !l.Ended() {
		t.Fatal("the lease has not ended although it was not renewed")
	}
	l = s.Lease(0, 0)
	all.Close(s)
	if !l.Ended() {
		t.Fatal("the lease has not ended with its store")
	}
}

// Readers read while the store goes on.
func TestReadersAndEviction(t *testing.T) {
	all := rows.NewStores(30_000, 1<<40)
	var woken sync.WaitGroup
	woken.Add(1)
	all.Wake = func(bool) { woken.Done() }
	s := open(t, all, "system")
	add(s, 30_000, 100)
	for range 3 {
		l := s.Lease(s.First(), s.First())
		var reading sync.WaitGroup
		_, readers := l.Size()
		for reader := range readers {
			reading.Go(func() {
				defer l.Leave(reader)
				for {
					i, ok := l.Take(reader)
					if !ok {
						return
					}
					if err := intact(l.Part(i)); err != nil {
						t.Error(err)
					}
					l.Release(reader)
				}
			})
		}
		for range 10 {
			add(s, 1000, 100)
			all.Evict()
			all.Sweep()
			l.Renew()
		}
		reading.Wait()
		all.Sweep()
	}
	s.Lease(0, s.Next()).Wake(true)
	woken.Wait()
	check(t, s)
}
