package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// summary is what is told at the end, over all worlds.
type summary struct {
	out   io.Writer
	began time.Time
	race  bool

	mu                                sync.Mutex
	seeds                             []uint64
	phases                            int
	kinds                             map[string]counts
	sent, refused, discarded          map[string]uint64
	kills, ends, proxyKills, proxyEnd int
	cuts, hangs                       int
	others                            map[string]int // further faults
	peak                              int64          // largest memory of a consolidator
	beyond                            int64          // and the most that one took beyond its buffer
	proxyPeak, archivePeak            int64
}

func newSummary(out io.Writer, race bool) *summary {
	return &summary{out: out, began: time.Now(), race: race, kinds: map[string]counts{}, sent: map[string]uint64{}, refused: map[string]uint64{}, discarded: map[string]uint64{}, others: map[string]int{}}
}

func (s *summary) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cuts++
}

// add counts a fault of some other kind.
func (s *summary) add(fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.others[fault]++
}

func (s *summary) hung() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangs++
}

func (s *summary) restarted(server *server, force bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case server.name == "proxy" && force:
		s.proxyKills++
	case server.name == "proxy":
		s.proxyEnd++
	case server.name == "archive" && force:
		s.others["archive killed"]++
	case server.name == "archive":
		s.others["archive ended and started again"]++
	case force:
		s.kills++
	default:
		s.ends++
	}
}

// memory looks at how much memory a server had, and that a consolidator is
// within its bound.
func (s *summary) memory(w *world, server *server) error {
	n := server.peak() - server.idle.Load() // without pages of the program
	s.mu.Lock()
	defer s.mu.Unlock()
	switch server.name {
	case "proxy":
		s.proxyPeak = max(s.proxyPeak, n)
		return nil
	case "archive":
		s.archivePeak = max(s.archivePeak, n)
		return nil
	}
	s.peak, s.beyond = max(s.peak, n), max(s.beyond, n-w.buffer)
	if n > w.buffer+overhead && !s.race {
		return &violation{who: server.name, err: fmt.Errorf("it had %d MiB of memory, and its buffer is %d MiB", n>>20, w.buffer>>20)}
	}
	return nil
}

// phase adds what happened in a phase, and says that it is over.
func (s *summary) phase(w *world, n int, stormed, calmed time.Duration) {
	s.mu.Lock()
	s.phases++
	s.mu.Unlock()
	fmt.Fprintf(s.out, "%8s  seed %d, phase %d: %d published so far; all is as it has to be (%v of storm, %v until quiet)\n",
		time.Since(s.began).Round(time.Second), w.seed, n, w.published(), stormed.Round(10*time.Millisecond), calmed.Round(10*time.Millisecond))
}

// published is how many records this world has published.
func (w *world) published() (n uint64) {
	for _, p := range w.pubs {
		n += p.sent
	}
	return n
}

// world adds a world that is over.
func (s *summary) world(w *world) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeds = append(s.seeds, w.seed)
	for _, p := range w.pubs {
		s.sent[p.kind] += p.sent
		s.refused[p.kind] += p.refused
		s.discarded[p.kind] += p.discarded
	}
	for _, r := range w.readers {
		t := r.common()
		c := s.kinds[t.kind]
		c.add(t.sum)
		s.kinds[t.kind] = c
	}
}

func (s *summary) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "time %v, %d seeds (%s), %d phases\n", time.Since(s.began).Round(time.Second), len(s.seeds), seedsText(s.seeds), s.phases)
	fmt.Fprintf(&b, "consolidators: %d killed, %d ended and started again; proxy: %d killed, %d ended and started again; readers cut off %d times; servers hung %d times\n",
		s.kills, s.ends, s.proxyKills, s.proxyEnd, s.cuts, s.hangs)
	if s.archivePeak > 0 {
		fmt.Fprintf(&b, "memory of the archive: at most %.1f MiB\n", float64(s.archivePeak)/(1<<20))
	}
	if len(s.others) > 0 {
		var list []string
		for _, fault := range sortedKeys(s.others) {
			list = append(list, fmt.Sprintf("%s: %d", fault, s.others[fault]))
		}
		fmt.Fprintf(&b, "%s\n", strings.Join(list, "; "))
	}
	fmt.Fprintf(&b, "memory: a consolidator at most %.1f MiB, at most %.1f beyond its buffer (36 allowed); the proxy %.1f MiB\n",
		float64(s.peak)/(1<<20), float64(s.beyond)/(1<<20), float64(s.proxyPeak)/(1<<20))
	fmt.Fprintf(&b, "%-10s %14s %14s %14s\n", "publishers", "published", "to be refused", "to be skipped")
	for _, k := range sortedKeys(s.sent) {
		fmt.Fprintf(&b, "%-10s %14d %14d %14d\n", k, s.sent[k], s.refused[k], s.discarded[k])
	}
	fmt.Fprintf(&b, "%-10s %14s %14s %10s %10s %10s\n", "readers", "delivered", "told as lost", "gaps", "unknown", "resumed")
	for _, k := range sortedKeys(s.kinds) {
		c := s.kinds[k]
		fmt.Fprintf(&b, "%-10s %14d %14d %10d %10d %10d\n", k, c.records, c.told, c.gaps, c.unknown, c.resumed)
	}
	return b.String()
}

func seedsText(seeds []uint64) string {
	switch len(seeds) {
	case 0:
		return "none"
	case 1:
		return fmt.Sprint(seeds[0])
	}
	return fmt.Sprintf("%d to %d", seeds[0], seeds[len(seeds)-1])
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
