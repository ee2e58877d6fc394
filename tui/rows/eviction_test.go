package rows_test

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"sluice/tui/rows"
)

// The oldest of the store that holds the most go, so a noisy stream does not push out
// a quiet one.
func TestTheLargestIsEvicted(t *testing.T) {
	all := rows.NewStores(10_000, 1<<40)
	quiet, noisy := open(t, all, "quiet"), open(t, all, "noisy")
	add(quiet, 100, 0)
	add(noisy, 25_000, 0)
	all.Evict()
	if records, _ := all.Size(); records != 10_000 || quiet.First() != 0 || noisy.First() != 25_000-9_900 || noisy.Evicted() != noisy.First() {
		t.Fatalf("%d records are kept; quiet begins at %d, noisy at %d", records, quiet.First(), noisy.First())
	}
	check(t, quiet)
	check(t, noisy)
}

// A record that is larger than all else is no reason to keep more than the bound.
func TestAGiantRecordDoesNotStopEviction(t *testing.T) {
	const bound = 6 << 20
	all := rows.NewStores(1<<30, bound)
	one, two := open(t, all, "one"), open(t, all, "two")
	add(one, 1, 4<<20)
	add(two, 30_000, 100)
	all.Evict()
	if _, bytes := all.Size(); bytes > bound || one.Held() != 1 {
		t.Errorf("%d bytes are kept, and the bound is %d; one has %d records", bytes, bound, one.Held())
	}
}

// Whatever is kept, the bounds hold, and records are what they were.
func TestTheBoundsHold(t *testing.T) {
	const records, bytes = 4_000, 7 << 20
	all := rows.NewStores(records, bytes)
	stores := []*rows.Store{open(t, all, "a"), open(t, all, "b"), open(t, all, "c")}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		size := 10 // what is short reaches the bound of records, what is long that of bytes
		if rng.IntN(2) == 0 {
			size = rng.IntN(20_000)
		}
		add(stores[rng.IntN(3)], rng.IntN(100), size)
		all.Evict()
		if held, size := all.Size(); held > records || size > bytes {
			t.Fatalf("%d records in %d bytes are kept", held, size)
		}
	}
	for _, s := range stores {
		check(t, s)
	}
}

// evictions is what a watcher was called with, and what it saw then.
type evictions struct {
	store *rows.Store
	upTo  uint64
	first []byte // the oldest record, when it was let go
}

func (e *evictions) Evicting(upTo uint64) {
	e.upTo, e.first = upTo, append([]byte(nil), e.store.Data(e.store.Entry(e.store.First()))...)
}

func TestAWatcherSeesWhatIsLetGo(t *testing.T) {
	s := open(t, rows.NewStores(1<<30, 1<<40), "system")
	add(s, 10_000, 0)
	w := &evictions{store: s}
	s.Watch(w)
	s.EvictTo(5000)
	if w.upTo != 5000 || string(w.first) != `{"level":30,"msg":"line 0","pad":""}` {
		t.Fatalf("the watcher was called for %d, and saw %s", w.upTo, w.first)
	}
	s.EvictTo(4000)
	s.Unwatch(w)
	if s.EvictTo(6000); w.upTo != 5000 {
		t.Fatalf("the watcher was called for %d", w.upTo)
	}
	if s.EvictTo(1 << 40); s.Held() != 0 || s.First() != 10_000 {
		t.Fatalf("%d records are held, from %d on", s.Held(), s.First())
	}
}

// Ten million records are held within 1.3 times their bytes: what is kept beside the
// bytes is small, and it is all reckoned with.
func TestEntriesAreSmall(t *testing.T) {
	if size := unsafe.Sizeof(rows.Entry{}); size > 32 {
		t.Errorf("an entry takes %d bytes, want at most 32", size)
	}
	s := open(t, rows.NewStores(1<<30, 1<<40), "system")
	const n, size = 40_000, 240
	add(s, n, size)
	if bytes := s.Bytes(); bytes < n*(size+32) || bytes > n*size*13/10 {
		t.Errorf("%d bytes are reckoned with for %d of records", bytes, n*size)
	}
}
