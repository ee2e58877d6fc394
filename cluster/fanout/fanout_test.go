package fanout_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"sluice/cluster/fanout"
)

// The tests' entries: u32 size, u32 numbers, u64 first number, then padding.
const head = 16

func entry(seq, numbers uint64, size int) []byte {
	b := make([]byte, max(size, head))
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	binary.BigEndian.PutUint32(b[4:], uint32(numbers))
	binary.BigEndian.PutUint64(b[8:], seq)
	for i := head; i < len(b); i++ {
		b[i] = byte(seq)
	}
	return b
}

func next(b []byte) (int, uint64) {
	return int(binary.BigEndian.Uint32(b)), uint64(binary.BigEndian.Uint32(b[4:]))
}

// add adds one run and flushes it.
func add(app *fanout.Appender, name, entries []byte, numbers uint64) bool {
	ok := app.Add(name, entries, numbers)
	return app.Flush() == 0 && ok
}

func newHub(t testing.TB, buffer, stream int64) *fanout.Hub {
	t.Helper()
	h, err := fanout.New(fanout.Config{Buffer: buffer, StreamBuffer: stream, Next: next})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// account follows one tail and checks what it is given against the contract.
type account struct {
	at    fanout.Position
	begun bool
	live  int
	taken uint64
	lost  uint64
}

func (a *account) see(t testing.TB, p *fanout.Piece) {
	t.Helper()
	switch {
	case !a.begun:
		if p.Cause == fanout.CauseNone {
			t.Fatalf("first piece of %q has no cause", p.Name)
		}
		a.at = fanout.Position{Epoch: p.Epoch, Next: p.Next}
		a.begun = true
	case p.Cause == fanout.CauseNone:
		if p.Lost != 0 {
			t.Fatalf("%d lost without a cause", p.Lost)
		}
	default:
		a.at.Next += p.Lost
		a.lost += p.Lost
	}
	if p.Next != a.at.Next || p.Epoch != a.at.Epoch {
		t.Fatalf("%q goes on at %d, expected %d (cause %d, lost %d)", p.Name, p.Next, a.at.Next, p.Cause, p.Lost)
	}
	a.bytes(t, p.Bytes, p.Count)
	if p.Live {
		a.live++
	}
}

func (a *account) bytes(t testing.TB, b []byte, count uint64) {
	t.Helper()
	for len(b) > 0 {
		size, n := next(b)
		if seq := binary.BigEndian.Uint64(b[8:]); seq != a.at.Next {
			t.Fatalf("entry %d, expected %d", seq, a.at.Next)
		}
		for i := head; i < size; i++ {
			if b[i] != byte(a.at.Next) {
				t.Fatalf("entry %d is not what was appended", a.at.Next)
			}
		}
		a.at.Next += n
		a.taken += n
		count -= n
		b = b[size:]
	}
	if count != 0 {
		t.Fatalf("count is off by %d", int64(count))
	}
}

func drain(t testing.TB, r *fanout.Reader, a map[string]*account) {
	t.Helper()
	for {
		p, ok := r.Take(64 << 10)
		if !ok {
			return
		}
		if a[p.Name] == nil {
			a[p.Name] = &account{}
		}
		a[p.Name].see(t, &p)
		p.Release()
	}
}

func run(t testing.TB, h *fanout.Hub) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// Random appends, takes, returns and resumptions of one reader, against the
// rule that taken and lost make up what was appended.
func TestIdentityOverRandomSteps(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		h := newHub(t, 1<<20, 64<<10)
		app := h.Appender()
		r := h.Reader()
		names := []string{"a", "b", "tenant/acme"}
		seqs := map[string]uint64{}
		acc := map[string]*account{}
		for _, n := range names {
			r.Tail(n, fanout.From{})
			acc[n] = &account{}
		}
		drain(t, r, acc)
		for range 3000 {
			name := names[rnd.IntN(len(names))]
			switch rnd.IntN(10) {
			default:
				var run []byte
				var numbers uint64
				for range 1 + rnd.IntN(20) {
					n := uint64(1)
					if rnd.IntN(30) == 0 {
						n = 1 + rnd.Uint64N(5)
					}
					size := head + rnd.IntN(300)
					if rnd.IntN(200) == 0 {
						size = 100 << 10
					}
					run = append(run, entry(seqs[name]+numbers, n, size)...)
					numbers += n
				}
				if at := app.Append(name, run, numbers); at.Next != seqs[name] {
					t.Fatalf("appended at %d, expected %d", at.Next, seqs[name])
				}
				seqs[name] += numbers
			case 0, 1:
				// Take several, write a part, return the rest in reverse.
				var ps []fanout.Piece
				for range 1 + rnd.IntN(4) {
					if p, ok := r.Take(1 + rnd.IntN(64<<10)); ok {
						ps = append(ps, p)
					}
				}
				whole := rnd.IntN(len(ps) + 1)
				var part int
				if whole < len(ps) && len(ps[whole].Bytes) > 0 {
					part = rnd.IntN(len(ps[whole].Bytes))
				}
				for i := range whole {
					acc[ps[i].Name].see(t, &ps[i])
					ps[i].Release()
				}
				for i := len(ps) - 1; i >= whole; i-- {
					p := ps[i]
					if i > whole || part == 0 {
						if rest := r.Return(&ps[i], false, 0, nil); len(rest) > 0 {
							t.Fatal("nothing was written, but there is a rest")
						}
						continue
					}
					rest := r.Return(&ps[i], true, part, nil)
					p.Live = false
					got := append(append([]byte(nil), p.Bytes[:part]...), rest...)
					p.Bytes, p.Count = got, 0
					for b := got; len(b) > 0; {
						size, n := next(b)
						p.Count += n
						b = b[size:]
					}
					acc[p.Name].see(t, &p)
				}
			case 2:
				if rnd.IntN(3) == 0 {
					drain(t, r, acc)
				}
			case 3:
				if a := acc[name]; a.begun {
					r.Tail(name, fanout.From{Kind: fanout.FromPosition, Position: a.at})
				}
			}
			if h.Size() > 1<<20+3*(128<<10) {
				t.Fatalf("logs take %d bytes", h.Size())
			}
		}
		wakeAll(t, h)
		drain(t, r, acc)
		for _, n := range names {
			if a := acc[n]; a.at.Next != seqs[n] || a.taken+a.lost != seqs[n] {
				t.Fatalf("seed %d, %q: taken %d + lost %d, appended %d", seed, n, a.taken, a.lost, seqs[n])
			}
		}
		r.Close()
	}
}

// wakeAll lets the hub wake all parked cursors once.
func wakeAll(t testing.TB, h *fanout.Hub) {
	t.Helper()
	r := h.Reader()
	defer r.Close()
	r.Tail("wake", fanout.From{})
	for _, ok := r.Take(1); ok; _, ok = r.Take(1) {
	}
	for len(r.Ready()) > 0 {
		<-r.Ready()
	}
	h.Appender().Append("wake", entry(0, 1, 0), 1)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = h.Run(ctx) }()
	<-r.Ready()
	cancel()
	<-done
}

// Publishers, readers that come and go, small bounds, all at once.
func TestIdentityUnderLoad(t *testing.T) {
	h := newHub(t, 512<<10, 64<<10)
	run(t, h)
	const streams, each = 6, 20000
	var wg sync.WaitGroup
	start := make(chan struct{})
	for s := range streams {
		wg.Go(func() {
			app := h.Appender()
			<-start
			for seq := uint64(0); seq < each; {
				var run []byte
				n := uint64(0)
				for ; n < 50 && seq+n < each; n++ {
					run = append(run, entry(seq+n, 1, 100)...)
				}
				app.Append(fmt.Sprint("s", s), run, n)
				seq += n
			}
		})
	}
	var lost, taken uint64
	var mu sync.Mutex
	for i := range 4 {
		wg.Go(func() {
			r := h.Reader()
			defer r.Close()
			acc := map[string]*account{}
			for s := range streams {
				r.Tail(fmt.Sprint("s", s), fanout.From{})
				acc[fmt.Sprint("s", s)] = &account{}
			}
			drain(t, r, acc)
			if i == 0 {
				close(start)
			} else {
				<-start
			}
			ended := func() bool {
				for _, a := range acc {
					if a.at.Next != each {
						return false
					}
				}
				return true
			}
			for !ended() {
				<-r.Ready()
				drain(t, r, acc)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, a := range acc {
				lost += a.lost
				taken += a.taken
			}
		})
	}
	wg.Wait()
	t.Logf("taken %d, lost %d", taken, lost)
	if lost+taken > 4*streams*each {
		t.Errorf("taken %d + lost %d: more than was appended", taken, lost)
	}
}

func TestTailIsExactAndPrefixIsNot(t *testing.T) {
	h := newHub(t, 0, 0)
	app := h.Appender()
	app.Append("tenant/acme", entry(0, 1, 0), 1)
	exact, prefix := h.Reader(), h.Reader()
	defer exact.Close()
	defer prefix.Close()
	exact.Tail("tenant/acme", fanout.From{Kind: fanout.FromLast, Last: 10})
	prefix.Subscribe("tenant/acme")
	prefix.Subscribe("tenant/")
	app.Append("tenant/acme2", entry(0, 1, 0), 1)
	app.Append("tenant/acme", entry(1, 1, 0), 1)
	wakeAll(t, h)

	names := func(r *fanout.Reader) string {
		var s []string
		for p, ok := r.Take(1 << 20); ok; p, ok = r.Take(1 << 20) {
			s = append(s, fmt.Sprintf("%s+%d", p.Name, p.Count))
			p.Release()
		}
		return strings.Join(s, " ")
	}
	if got := names(exact); got != "tenant/acme+1 tenant/acme+1" { // the backfill, and what is live
		t.Errorf("tail got %s", got)
	}
	if got := names(prefix); got != "tenant/acme2+1 tenant/acme+1" && got != "tenant/acme+1 tenant/acme2+1" {
		t.Errorf("prefix got %s", got)
	}
	if !prefix.Cancel("tenant/") || prefix.Cancel("nothing") {
		t.Error("Cancel does not know what was subscribed to")
	}
	if !prefix.Cancel("tenant/acme") {
		t.Error("Cancel of the last prefix")
	}
	app.Append("tenant/acme", entry(2, 1, 0), 1)
	wakeAll(t, h)
	if got := names(prefix); got != "" {
		t.Errorf("after its cancel the prefix got %s", got)
	}
}

// A flooding stream does not shorten one that is within its share.
func TestFairShare(t *testing.T) {
	h := newHub(t, 1<<20, 1<<20)
	app := h.Appender()
	for i := range uint64(100) {
		app.Append("quiet", entry(i, 1, 1000), 1)
	}
	for i := range uint64(20000) {
		app.Append("flood", entry(i, 1, 1000), 1)
	}
	if s, _ := h.Stat("quiet"); s.First != 0 {
		t.Errorf("the quiet stream lost %d entries to the flood", s.First)
	}
	if h.Size() > 1<<20 {
		t.Errorf("logs take %d bytes", h.Size())
	}
}

func TestOvertakenAcrossUnknown(t *testing.T) {
	h := newHub(t, 0, 64<<10)
	app := h.Appender()
	r := h.Reader()
	defer r.Close()
	r.Tail("s", fanout.From{})
	app.Append("s", entry(0, 1, 100), 1)
	app.AppendUnknown("s", entry(1, 1, 100))
	seq := uint64(2)
	for ; seq < 5000; seq++ {
		app.Append("s", entry(seq, 1, 100), 1)
	}
	p, ok := r.Take(1 << 20)
	if !ok || !p.Unknown || p.Lost != p.Next-1 {
		t.Errorf("took %v: unknown %v, lost %d, next %d", ok, p.Unknown, p.Lost, p.Next)
	}
	p.Release()
}

func TestPositionOfAnotherEpoch(t *testing.T) {
	h := newHub(t, 0, 0)
	app := h.Appender()
	at := app.Append("s", entry(0, 1, 0), 1)
	r := h.Reader()
	defer r.Close()
	for _, c := range []struct {
		name  string
		from  fanout.Position
		cause fanout.Cause
		next  uint64
	}{
		{"same", at, fanout.CauseStart, 0},
		{"end", fanout.Position{Epoch: at.Epoch, Next: 1}, fanout.CauseStart, 1},
		{"beyond the end", fanout.Position{Epoch: at.Epoch, Next: 9}, fanout.CauseStart, 1},
		{"another epoch", fanout.Position{Epoch: at.Epoch + 1, Next: 1}, fanout.CauseNewEpoch, 0},
	} {
		r.Tail("s", fanout.From{Kind: fanout.FromPosition, Position: c.from})
		p, ok := r.Take(1 << 20)
		if !ok || p.Cause != c.cause || p.Next != c.next || !p.Live {
			t.Errorf("%s: %+v", c.name, p)
		}
		p.Release()
	}
}

// What is appended after a Tail, and before its first Take, is no backfill.
func TestBackfillEndsWithTheTail(t *testing.T) {
	h := newHub(t, 0, 0)
	app := h.Appender()
	for i := range uint64(3) {
		app.Append("s", entry(i, 1, 0), 1)
	}
	for _, last := range []uint64{0, 2} {
		r := h.Reader()
		at := app.End("s").Next
		r.Tail("s", fanout.From{Kind: fanout.FromLast, Last: last})
		app.Append("s", entry(at, 1, 0), 1)
		p, ok := r.Take(1 << 20)
		if !ok || !p.Live || p.Next != at-last || p.Count != last {
			t.Errorf("the last %d: the backfill is %d entries from %d on, complete %t", last, p.Count, p.Next, p.Live)
		}
		p.Release()
		if p, ok = r.Take(1 << 20); !ok || p.Live || p.Next != at || p.Count != 1 {
			t.Errorf("the last %d: then come %d entries from %d on", last, p.Count, p.Next)
		}
		p.Release()
		r.Close()
	}
}

// An idle log without cursors costs little once it is emptied, and a reader of
// other streams costs an appender nothing.
func TestAppendDoesNotAllocate(t *testing.T) {
	h := newHub(t, 0, 1<<20)
	app := h.Appender()
	run := entry(0, 1, 240)
	for range 20000 {
		app.Append("s", run, 1)
	}
	name := []byte("s")
	if n := testing.AllocsPerRun(10000, func() { add(app, name, run, 1) }); n != 0 {
		t.Errorf("%v allocations for an append", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint("run=", n), func(b *testing.B) {
			h := newHub(b, 0, 0)
			app := h.Appender()
			var run []byte
			for i := range n {
				run = append(run, entry(uint64(i), 1, 240)...)
			}
			b.SetBytes(int64(len(run)))
			for b.Loop() {
				app.Append("s", run, uint64(n))
			}
		})
	}
}
