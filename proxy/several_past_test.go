package proxy_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/proxy"
)

// library is an archive of several streams in memory, each with records of one consolidator.
type library struct {
	records []stream.Record // by time, and so by position in each stream
	hold    chan struct{}   // not nil: a list of what is held waits for it
}

// began is the time of the first record of a library: the others follow a second later each.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// put adds the next records of streams.
func (l *library) put(streams ...string) {
	for _, name := range streams {
		seq := uint64(0)
		for i := range l.records {
			if l.records[i].Stream == name {
				seq++
			}
		}
		l.records = append(l.records, numbered(name, seq, len(l.records)))
	}
}

// numbered is a record of a stream that has the i-th second.
func numbered(name string, seq uint64, i int) stream.Record {
	at := began.Add(time.Duration(i) * time.Second)
	return stream.Record{
		Stream: name, Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Arrived: time.Now().UnixNano(),
		Data: fmt.Appendf(nil, `{"time":%q,"i":%d}`, at.Format(time.RFC3339Nano), i),
	}
}

func (l *library) Counts(context.Context, proxy.Past, stream.Window) (stream.Counts, error) {
	return stream.Counts{}, nil
}

func (l *library) at(i int) time.Time { return began.Add(time.Duration(i) * time.Second) }

func (l *library) Read(_ context.Context, wants []proxy.Past, last int, hand func([]stream.Record, []stream.Notice) error) ([]map[string]stream.Position, error) {
	ends := make([]map[string]stream.Position, len(wants))
	var chosen []stream.Record
	for i, want := range wants {
		begin, end := uint64(0), uint64(math.MaxUint64)
		at, found := want.After["vm-1"]
		if !found && want.Keys != nil {
			at, found = want.Keys("vm-1", 9)
		}
		if found {
			begin = at.Seq
		}
		if at, ok := want.Before["vm-1"]; ok {
			end = at.Seq
		}
		for n := range l.records {
			r := &l.records[n]
			if r.Stream != want.Stream {
				continue
			}
			ends[i] = map[string]stream.Position{"vm-1": {Epoch: 9, Seq: r.Position.Seq + 1}}
			outside := !want.From.IsZero() && l.at(n).Before(want.From) || !want.To.IsZero() && l.at(n).After(want.To)
			if r.Position.Seq < begin || r.Position.Seq >= end || want.Named && !found || !found && outside {
				continue
			}
			chosen = append(chosen, *r)
		}
	}
	slices.SortStableFunc(chosen, func(a, b stream.Record) int { return cmp.Compare(string(a.Data), string(b.Data)) })
	if last > 0 {
		chosen = chosen[max(0, len(chosen)-last):]
	}
	for i := range chosen {
		if err := hand(chosen[i:i+1], nil); err != nil {
			return ends, err
		}
	}
	return ends, nil
}

func (l *library) Imported() string { return "import" }

func (l *library) Held(ctx context.Context) (all []proxy.Held, err error) {
	if l.hold != nil {
		select {
		case <-l.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	for i := range l.records {
		n := slices.IndexFunc(all, func(h proxy.Held) bool { return h.Stream == l.records[i].Stream })
		if n < 0 {
			n = len(all)
			all = append(all, proxy.Held{Stream: l.records[i].Stream, Consolidators: []string{"vm-1"}})
		}
		all[n].Newest = l.at(i)
	}
	return all, nil
}

// withLibrary is a proxy whose consolidator has nothing of before, with a library.
func withLibrary(t *testing.T, l *library) (*running, *fake) {
	t.Helper()
	f := newFake()
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		next := uint64(0)
		for i := range l.records {
			if l.records[i].Stream == name {
				next++
			}
		}
		return &stream.Batch{Notices: []stream.Notice{{Kind: stream.KindPosition, Stream: name, Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: next}}}}
	}
	return start(t, f, func(c *proxy.Config) { c.History = l }), f
}

// these reads records until the wanted ones have come, in this order, and nothing is lost.
func (r *reader) these(want ...string) (last string) {
	r.t.Helper()
	for _, w := range want {
		for {
			e := r.event()
			if kind := field(e, "event"); kind == "dropped" {
				r.t.Fatalf("before %s: %s", w, e)
			} else if kind != "" {
				continue
			}
			if !strings.Contains(e, w) {
				r.t.Fatalf("read %s, want %s", e, w)
			}
			last = e
			break
		}
	}
	return last
}

// event is the i-th record as it comes.
func event(name string, i int) string {
	return fmt.Sprintf(`data: {"stream":%q,"record":{"time":%q,"i":%d}}`, name, began.Add(time.Duration(i)*time.Second).Format(time.RFC3339Nano), i)
}

// What a pattern matches and the archive holds comes, though nobody writes it any more, merged
// by time with the others, and then what is live.
func TestAPatternReachesIntoTheArchive(t *testing.T) {
	l := &library{}
	l.put("tenant/a", "tenant/b", "system", "tenant/a", "tenant/c", "tenant/b", "tenant/c")
	p, f := withLibrary(t, l)
	for _, header := range [][]string{sse, ours()} {
		r := get(t, p, "/api/logs?stream=tenant/*&since="+l.at(1).Format(time.RFC3339), header...)
		r.these(event("tenant/b", 1), event("tenant/a", 3), event("tenant/c", 4), event("tenant/b", 5), event("tenant/c", 6))
		r.close()
	}
	r := get(t, p, "/api/logs?stream=tenant/*&since="+l.at(4).Format(time.RFC3339)+"&to="+l.at(5).Format(time.RFC3339), sse...)
	r.these(event("tenant/c", 4), event("tenant/b", 5))
	if e := r.next("end"); !strings.Contains(e, "end") {
		t.Errorf("the last event is %q", e)
	}
	if f.tailed("system") {
		t.Error("a stream is tailed that does not match")
	}
	r = get(t, p, "/api/logs?stream=tenant/?&stream=nobody&since="+l.at(5).Format(time.RFC3339), sse...)
	r.these(event("tenant/b", 5), event("tenant/c", 6))
	f.send(numbered("tenant/c", 2, 7))
	r.these(event("tenant/c", 7))
}

// last=N of several streams is N in all out of the archive, too.
func TestLastOfSeveralStreamsReachesIntoTheArchive(t *testing.T) {
	l := &library{}
	for range 20 {
		l.put("tenant/a", "tenant/b", "tenant/b")
	}
	p, f := withLibrary(t, l)
	for _, last := range []int{1, 7, 30} {
		for _, query := range []string{"stream=tenant/*", "stream=tenant/a&stream=tenant/b"} {
			r := get(t, p, fmt.Sprintf("/api/logs?%s&last=%d", query, last), sse...)
			var want []string
			for i := range l.records[60-last:] {
				want = append(want, event(l.records[60-last+i].Stream, 60-last+i))
			}
			r.these(want...)
			r.close()
		}
	}
	// What the logs have is a part of that.
	r := get(t, p, "/api/logs?stream=tenant/*&last=5", sse...)
	f.send(numbered("tenant/a", 20, 60), numbered("tenant/b", 40, 61))
	r.these(event(l.records[55].Stream, 55), event(l.records[56].Stream, 56), event(l.records[57].Stream, 57), event(l.records[58].Stream, 58), event(l.records[59].Stream, 59))
	r.these(event("tenant/a", 60), event("tenant/b", 61))
	r.close()
	r = get(t, p, "/api/logs?stream=tenant/*&last=4", sse...)
	r.these(event(l.records[58].Stream, 58), event(l.records[59].Stream, 59), event("tenant/a", 60), event("tenant/b", 61))
	one := get(t, p, "/api/logs?stream=tenant/a&last=3", sse...)
	one.these(event("tenant/a", 54), event("tenant/a", 57), event("tenant/a", 60))
}

// With to= the newest are those up to that time, and then the answer ends.
func TestLastUpToATime(t *testing.T) {
	l := &library{}
	for range 20 {
		l.put("tenant/a", "tenant/b", "tenant/b")
	}
	p, _ := withLibrary(t, l)
	for query, want := range map[string][]int{"?stream=tenant/*&": {27, 28, 29, 30}, "?stream=tenant/b&": {26, 28, 29}, "?stream=tenant/a&": {24, 27, 30}} {
		for _, header := range [][]string{sse, ours()} {
			r := get(t, p, fmt.Sprintf("/api/logs%slast=%d&to=%s", query, len(want), l.at(30).Format(time.RFC3339)), header...)
			for _, i := range want {
				r.these(event(l.records[i].Stream, i))
			}
			for e := r.event(); field(e, "event") != "end"; e = r.event() {
				if kind := field(e, "event"); kind == "" || kind == "dropped" {
					t.Fatalf("%s yields %s", query, e)
				}
			}
		}
	}
	r := get(t, p, "/api/logs/tenant/a?last=2&to="+l.at(30).Format(time.RFC3339), sse...)
	r.these(`"i":27}`, `"i":30}`)
	r.next("end")
}

// Who comes back after days, to a proxy that knows nothing of then, goes on in all streams out
// of the archive, those that nobody writes any more among them, and gets none that it had not.
func TestWhoComesBackToSeveralStreamsGetsHistory(t *testing.T) {
	l := &library{}
	l.put("tenant/a", "tenant/b", "tenant/a", "tenant/old")
	p, _ := withLibrary(t, l)
	r := get(t, p, "/api/logs?stream=tenant/a&stream=tenant/b&last=10", sse...)
	id := field(r.these(event("tenant/a", 0), event("tenant/b", 1), event("tenant/a", 2)), "id")
	r.close()
	l.put("tenant/b", "tenant/a", "tenant/b", "tenant/old")
	again, f := withLibrary(t, l)
	r = get(t, again, "/api/logs?stream=tenant/*", append([]string{"Last-Event-ID", id}, sse...)...)
	r.these(event("tenant/b", 4), event("tenant/a", 5), event("tenant/b", 6))
	f.send(numbered("tenant/b", 3, 8))
	r.these(event("tenant/b", 8))
	if f.tailed("tenant/old") {
		t.Error("a stream is read that the reader did not have")
	}
}

// An archive that does not answer keeps nobody from what is live for long, and is told.
func TestAnArchiveThatDoesNotListDelaysNothingForLong(t *testing.T) {
	volume.Check(t)
	l := &library{hold: make(chan struct{})}
	p, f := withLibrary(t, l)
	f.mu.Lock()
	f.live = []stream.Live{{Name: "tenant/a"}}
	f.mu.Unlock()
	r := get(t, p, "/api/logs?stream=tenant/*&last=3", sse...)
	if e := lossOf(t, r.next("dropped")); !e.Unknown || !strings.Contains(e.Reason, "history unavailable") {
		t.Errorf("lost %+v", e)
	}
	f.send(numbered("tenant/a", 0, 0))
	if e := r.next(""); !strings.Contains(e, event("tenant/a", 0)) {
		t.Errorf("read %q", e)
	}
}

// What is read of the archive is counted.
func TestReadingsOfHistoryAreCounted(t *testing.T) {
	l := &library{}
	l.put("a", "b", "a")
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { withAdmin(c); c.History = l })
	r := get(t, p, "/api/logs?stream=a&stream=b&since="+l.at(0).Format(time.RFC3339), sse...)
	r.these(event("a", 0), event("b", 1), event("a", 2))
	size := 0
	for i := range l.records {
		size += len(l.records[i].Data)
	}
	counts(t, p, map[string]float64{
		"history_records_total": 3, "history_bytes_total": float64(size), "history_reading_seconds_count": 1,
		`history_failures_total{reason="unavailable"}`: 0, `history_failures_total{reason="busy"}`: 0,
	})
	away := start(t, newFake(), func(c *proxy.Config) {
		withAdmin(c)
		c.History = &remembered{err: context.DeadlineExceeded}
	})
	get(t, away, "/api/logs/s?since=24h", sse...).next("dropped")
	counts(t, away, map[string]float64{`history_failures_total{reason="no_answer"}`: 1, "history_reading_seconds_count": 1})
	get(t, away, "/api/logs?stream=s*&since=24h", sse...).next("dropped")
	counts(t, away, map[string]float64{`history_failures_total{reason="no_list"}`: 1})
}
