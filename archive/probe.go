package archive

import (
	"cmp"
	"slices"
	"time"

	"sluice/cluster/stream"
)

// A consolidator tells of the streams that had a record within the last minute. Of those
// that were quiet for longer it may hold records all the same that came while no archive
// was there. So an archive that begins looks at each of them once.
const (
	probes     = 20_000          // lanes that are looked at, those that were written last
	probeAfter = 3 * time.Second // of the connection to their consolidator, when it has told of those that are live
	probeEach  = 500             // that are begun each time that the heads are looked at
)

// quiet notes what is to be looked at: all that the store has.
func (w *writer) quiet() {
	var all []*lane
	for _, l := range w.lanes {
		if l.next.Epoch != 0 && w.a.wants(l.stream) {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b *lane) int { return cmp.Compare(b.sequence, a.sequence) })
	w.unprobed = make(map[string][]*lane)
	for _, l := range all[:min(probes, len(all))] {
		w.unprobed[l.consolidator] = append(w.unprobed[l.consolidator], l)
	}
}

// probe looks at some of the quiet lanes of those consolidators that are connected.
func (w *writer) probe(now time.Time) {
	if len(w.unprobed) == 0 {
		return
	}
	for _, s := range w.a.source.Status() {
		list := w.unprobed[s.Name]
		if s.State != stream.StateLive || now.Sub(s.Since) < probeAfter {
			continue
		}
		n := min(probeEach, len(list))
		for _, l := range list[:n] {
			if l.mine || l.head.Epoch != 0 || l.flying || w.takes < l.stopped || !w.begins(l) {
				continue // it is live, or was left just now
			}
			l.probed = true
		}
		if w.unprobed[s.Name] = list[n:]; len(list) == n {
			delete(w.unprobed, s.Name)
		}
	}
}
