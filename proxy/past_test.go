package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
	"sluice/proxy"
)

// remembered is an archive that a test scripts: the first records of a stream at vm-1.
type remembered struct {
	epoch    uint64
	records  int
	imported int // records that were imported just now
	err      error

	mu     sync.Mutex
	wanted []proxy.Past
}

// asked is what was wanted so far.
func (m *remembered) asked() []proxy.Past {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.wanted)
}

func (m *remembered) Imported() string { return "import" }

func (m *remembered) Held(context.Context) ([]proxy.Held, error) { return nil, m.err }

// Counts has all that is wanted in one column.
func (m *remembered) Counts(_ context.Context, want proxy.Past, w stream.Window) (stream.Counts, error) {
	n := uint64(0)
	_, err := m.read(want, 0, func(records []stream.Record, _ []stream.Notice) error {
		n += uint64(len(records))
		return nil
	})
	return stream.Counts{From: 1000, Step: int64(w.Columns), Records: []uint64{n}}, err
}

func (m *remembered) Read(_ context.Context, wants []proxy.Past, last int, hand func([]stream.Record, []stream.Notice) error) ([]map[string]stream.Position, error) {
	ends, err := m.read(wants[0], last, hand)
	return []map[string]stream.Position{ends}, err
}

func (m *remembered) read(want proxy.Past, last int, hand func([]stream.Record, []stream.Notice) error) (map[string]stream.Position, error) {
	m.mu.Lock()
	m.wanted = append(m.wanted, want)
	m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	from, to := uint64(0), uint64(m.records)
	if at, ok := want.After["vm-1"]; ok {
		from = min(at.Seq, to)
	} else if want.Named && want.Keys != nil {
		at, ok := want.Keys("vm-1", m.epoch)
		if !ok {
			return map[string]stream.Position{}, nil
		}
		from = min(at.Seq, to)
	}
	if at, ok := want.Before["vm-1"]; ok {
		to = min(to, at.Seq)
	}
	if err := m.recordings(want, hand); err != nil {
		return nil, err
	}
	if last > 0 {
		from = to - min(to, uint64(last))
	}
	for i := from; i < to; i++ {
		r := stream.Record{
			Stream: want.Stream, Source: "vm-1", Position: stream.Position{Epoch: m.epoch, Seq: i}, Arrived: time.Now().UnixNano(),
			Data: fmt.Appendf(nil, `{"i":%d}`, i),
		}
		if err := hand([]stream.Record{r}, nil); err != nil {
			return nil, err
		}
	}
	ends := map[string]stream.Position{"vm-1": {Epoch: m.epoch, Seq: to}}
	if m.imported > 0 {
		ends["import"] = stream.Position{Epoch: 9, Seq: uint64(m.imported)}
	}
	return ends, nil
}

// recordings hands on what was imported, unless it is had already.
func (m *remembered) recordings(want proxy.Past, hand func([]stream.Record, []stream.Notice) error) error {
	if _, had := want.After["import"]; had || want.Named {
		return nil
	}
	for i := range m.imported {
		if err := hand([]stream.Record{{
			Stream: want.Stream, Source: "import", Position: stream.Position{Epoch: 9, Seq: uint64(i)}, Arrived: time.Now().UnixNano(),
			Data: fmt.Appendf(nil, `{"imported":%d}`, i),
		}}, nil); err != nil {
			return err
		}
	}
	return nil
}

// withPast is a proxy of a consolidator that holds few of the records that it had, and an
// archive that has the first ones.
func withPast(t *testing.T, archived, records int) (*running, *remembered) {
	t.Helper()
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", StreamBuffer: 16 << 10})
	return pastOf(t, c, archived, records)
}

func pastOf(t *testing.T, c *consolidator.Consolidator, archived, records int) (*running, *remembered) {
	t.Helper()
	m := &remembered{records: archived}
	m.epoch = flooded(t, c, records)
	return start(t, nil, func(cfg *proxy.Config) {
		cfg.History = m
		cfg.Open = func(mergeWait time.Duration) (proxy.Source, error) {
			return direct.New(direct.Config{Consolidators: c.SubscribeAddrs(), MergeWait: mergeWait})
		}
	}), m
}

// flooded publishes n records as published does, more than the consolidator holds, and
// returns the epoch of their log.
func flooded(t *testing.T, c *consolidator.Consolidator, n int) uint64 {
	t.Helper()
	to := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	to.Drain()
	var b []byte
	for i := range n {
		b = zmtp.AppendMessage(b, "s", fmt.Appendf(nil, `{"i":%d}`, i))
	}
	if _, err := to.Conn.Write(b); err != nil {
		t.Fatal(err)
	}
	s, err := direct.New(direct.Config{Consolidators: c.SubscribeAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer wait.Run(t, s.Run)()
	s.Tail("s", stream.Backfill{Last: 1})
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	for {
		b, err := s.Take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Records {
			if at := b.Records[i].Position; at.Seq == uint64(n-1) {
				b.Release()
				return at.Epoch
			}
		}
		b.Release()
	}
}

// numbers reads events until the last number has come, which are all from one on.
func (r *reader) numbers(from, to int) {
	r.t.Helper()
	for want := from; want < to; {
		e := r.event()
		switch field(e, "event") {
		case "":
			if got := field(e, "data"); got != fmt.Sprintf(`{"i":%d}`, want) {
				r.t.Fatalf("read %s, want %d", got, want)
			}
			want++
		case "dropped":
			r.t.Fatalf("before %d: %s", want, e)
		}
	}
}

func TestSinceComesOutOfHistory(t *testing.T) {
	p, m := withPast(t, 2900, 3000)
	get(t, p, "/api/logs/s?since=24h", "Accept", "text/event-stream").numbers(0, 3000)
	if all := m.asked(); len(all) == 0 || all[0].Stream != "s" || all[0].From.IsZero() {
		t.Errorf("of history was wanted %+v", all)
	}
	lines := get(t, p, "/api/logs/s?since=24h")
	for want := range 3000 {
		line, err := lines.in.ReadString('\n')
		for err == nil && strings.Contains(line, `"sluice":"away"`) { // a machine as busy as this one
			line, err = lines.in.ReadString('\n')
		}
		if err != nil || line != fmt.Sprintf("{\"i\":%d}\n", want) {
			t.Fatalf("line %d is %q, %v", want, line, err)
		}
	}
}

func TestLastGoesBeyondTheLog(t *testing.T) {
	p, m := withPast(t, 3000, 3000)
	get(t, p, "/api/logs/s?last=2500", "Accept", "text/event-stream").numbers(500, 3000)
	had := len(m.asked())
	get(t, p, "/api/logs/s?last=5", "Accept", "text/event-stream").numbers(2995, 3000)
	if all := m.asked(); had == 0 || len(all) != had {
		t.Errorf("history was asked %d times for many, and then for few: %+v", had, all)
	}
}

// Who comes back after long goes on where it was, by the positions of a reader of ours and
// by the id that any other has.
func TestWhoComesBackAfterLongGetsHistory(t *testing.T) {
	p, m := withPast(t, 2950, 3000)
	at := map[string]stream.Position{"vm-1": {Epoch: m.epoch, Seq: 700}}
	get(t, p, "/api/logs/s", ours("Sluice-Positions", httpapi.FormatPositions(at))...).numbers(700, 3000)
	first := get(t, p, "/api/logs/s?since=24h", "Accept", "text/event-stream")
	id := ""
	for range 1200 {
		if e := first.next(""); strings.Contains(e, `{"i":1100}`) {
			id = field(e, "id")
			break
		}
	}
	first.close()
	if id == "" {
		t.Fatal("the record has no id")
	}
	get(t, p, "/api/logs/s", "Accept", "text/event-stream", "Last-Event-ID", id).numbers(1101, 3000)
}

// A reader of ours is told where the records of history come from, and goes on from there.
func TestHistoryHasSources(t *testing.T) {
	p, m := withPast(t, 3000, 3000)
	r := get(t, p, "/api/logs/s?since=24h", ours()...)
	var source string
	for source == "" {
		e := r.event()
		if field(e, "event") == "source" && strings.Contains(e, `"state":"unknown"`) {
			source = e
		}
		if field(e, "event") == "" {
			t.Fatalf("before its source: %s", e)
		}
	}
	for _, want := range []string{`"consolidator":"vm-1"`, fmt.Sprintf(`"epoch":%q`, strconv.FormatUint(m.epoch, 36))} {
		if !strings.Contains(source, want) {
			t.Errorf("the source is %s, want %s", source, want)
		}
	}
	r.numbers(0, 3000)
}

func TestHistoryThatIsAwayIsToldAndLiveGoesOn(t *testing.T) {
	p, m := withPast(t, 3000, 3000)
	m.err = errors.New("nobody there") // before anybody reads
	r := get(t, p, "/api/logs/s?since=24h", "Accept", "text/event-stream")
	e := lossOf(t, r.next("dropped"))
	if !e.Unknown || e.Hop != loss.AtArchive || e.Reason != "history unavailable: nobody there" {
		t.Errorf("lost %+v", e)
	}
	for !strings.Contains(r.next(""), `{"i":2999}`) {
		continue
	}
}

// Nothing comes live from where recordings stand that were imported, so nothing is missed there.
func TestWhatWasImportedIsNoConsolidatorThatHasGone(t *testing.T) {
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", StreamBuffer: 16 << 10})
	p, m := pastOf(t, c, 2950, 3000)
	m.imported = 5
	publisher := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	publisher.Drain()
	publish := func(data string) {
		t.Helper()
		if _, err := publisher.Conn.Write(zmtp.AppendMessage(nil, "s", []byte(data))); err != nil {
			t.Fatal(err)
		}
	}
	whole := func(r *reader, to int) (last string) {
		t.Helper()
		for n := 0; n < to; {
			e := r.event()
			switch field(e, "event") {
			case "":
				last, n = field(e, "id"), n+1
			case "dropped":
				t.Fatalf("after %d records: %s", n, e)
			}
		}
		return last
	}
	first := get(t, p, "/api/logs/s?since=24h", "Accept", "text/event-stream")
	id := whole(first, 5+3000)
	publish(`{"i":3000}`)
	first.numbers(3000, 3001)
	first.close()
	again := get(t, p, "/api/logs/s", "Accept", "text/event-stream", "Last-Event-ID", id)
	again.numbers(3000, 3001)
	publish(`{"i":3001}`)
	again.numbers(3001, 3002)
}
