// Package testarchive is an archive in memory, for tests.
package testarchive

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/before"
)

// Archive has what a test puts into it. Its methods may be called from any goroutine.
type Archive struct {
	mu      sync.Mutex
	records map[string][]stream.Record // by stream, in the order in which they are handed on
	next    map[string]uint64          // by stream and source
	err     error
	held    chan struct{}
	reads   []before.Query
	counts  int
}

// New is an empty archive.
func New() *Archive {
	return &Archive{records: make(map[string][]stream.Record), next: make(map[string]uint64)}
}

// Epoch is that of a stream at a source.
func Epoch(streamName, source string) uint64 {
	epoch := uint64(1)
	for _, b := range []byte(streamName + " " + source) {
		epoch = epoch*31 + uint64(b)
	}
	return epoch
}

// Add publishes a record: it is archived, unless it is lost, and returned as a reader gets it live.
func (a *Archive) Add(name, source string, at time.Time, text string, lost bool) stream.Record {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := name + " " + source
	r := stream.Record{
		Stream: name, Source: source, Arrived: at.UnixNano(),
		Position: loss.Position{Epoch: Epoch(name, source), Seq: a.next[key]},
		Data:     fmt.Appendf(nil, `{"name":"a","level":30,"time":%q,%s}`, at.UTC().Format("2006-01-02T15:04:05.000Z"), text),
	}
	a.next[key]++
	if !lost {
		old := r
		old.Backfill = true
		a.records[name] = append(a.records[name], old)
	}
	return r
}

// Fail has reading fail, until it is nil.
func (a *Archive) Fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

// Hold has readings wait until the function that it returns is called.
func (a *Archive) Hold() (release func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held := make(chan struct{})
	a.held = held
	return func() {
		a.mu.Lock()
		a.held = nil
		a.mu.Unlock()
		close(held)
	}
}

// Reads are the queries that came.
func (a *Archive) Reads() []before.Query {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reads
}

// Read is [before.Archive.Read].
func (a *Archive) Read(ctx context.Context, q before.Query, hand func([]stream.Record, []stream.Notice) error) (map[string]loss.Position, error) {
	a.mu.Lock()
	a.reads = append(a.reads, q)
	err, held, all := a.err, a.held, a.records[q.Stream]
	a.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	ends := make(map[string]loss.Position)
	at := make(map[string]uint64) // what comes next of a source, once that is known
	var wanted []stream.Record
	for _, r := range all {
		if wants(&q, &r) {
			wanted = append(wanted, r)
		}
		if _, named := q.After[r.Source]; !named {
			ends[r.Source] = loss.Position{Epoch: r.Position.Epoch, Seq: r.Position.Seq + 1}
		}
	}
	for source, after := range q.After {
		at[source], ends[source] = after.Seq, after
	}
	if q.Last > 0 {
		wanted = wanted[max(len(wanted)-q.Last, 0):]
	}
	for _, r := range wanted {
		var notices []stream.Notice
		if next, known := at[r.Source]; known && r.Position.Seq > next {
			notices = append(notices, stream.GapNotice(loss.Loss{
				Stream: q.Stream, Source: r.Source, Hop: loss.AtArchive, Count: r.Position.Seq - next, Reason: "lost in the test",
			}, time.Now()))
		}
		at[r.Source] = r.Position.Seq + 1
		if err := hand([]stream.Record{r}, notices); err != nil {
			return ends, err
		}
		ends[r.Source] = loss.Position{Epoch: r.Position.Epoch, Seq: r.Position.Seq + 1}
	}
	return ends, ctx.Err()
}

// Counts is [before.Archive.Counts].
func (a *Archive) Counts(ctx context.Context, q before.Query, window stream.Window) (stream.Counts, error) {
	a.mu.Lock()
	a.counts++
	a.mu.Unlock()
	from, to := q.From, q.To
	q.From, q.To = time.Time{}, time.Time{}
	unwanted := func(r *stream.Record) bool { // as they are divided of sources that have no position
		_, after := q.After[r.Source]
		_, before := q.Before[r.Source]
		at := record.PeekTime(r.Data)
		return !after && !from.IsZero() && at < from.UnixMilli() || !before && !to.IsZero() && at >= to.UnixMilli()
	}
	var times []int64
	_, err := a.Read(ctx, q, func(records []stream.Record, _ []stream.Notice) error {
		for i := range records {
			if !unwanted(&records[i]) {
				times = append(times, record.PeekTime(records[i].Data))
			}
		}
		return nil
	})
	if err != nil || len(times) == 0 {
		return stream.Counts{}, err
	}
	first, last := slices.Min(times), slices.Max(times)
	if !window.From.IsZero() {
		first = window.From.UnixMilli()
	}
	if !window.To.IsZero() {
		last = window.To.UnixMilli()
	}
	c := stream.Counts{From: first, Step: (last-first)/int64(window.Columns) + 1}
	c.Records = make([]uint64, (last-first)/c.Step+1)
	for _, at := range times {
		c.Spread(at, at, 1)
	}
	return c, nil
}

// Counted is how often somebody counted.
func (a *Archive) Counted() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts
}

func wants(q *before.Query, r *stream.Record) bool {
	own := record.PeekTime(r.Data)
	after, named := q.After[r.Source]
	switch stop, stops := q.Before[r.Source]; {
	case stops && r.Position.Seq >= stop.Seq:
		return false
	case named && r.Position.Seq < after.Seq, !named && q.Named:
		return false
	}
	return (q.From.IsZero() || own >= q.From.UnixMilli()) && (q.To.IsZero() || own <= q.To.UnixMilli())
}
