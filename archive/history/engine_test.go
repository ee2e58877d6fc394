package history

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/internal/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened is an archive that a test writes to, and a client that reads it.
func opened(t testing.TB) (*engine.Engine, *engine.Client) {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e, dialled(t, "nats://"+e.Addr())
}

func dialled(t testing.TB, url string) *engine.Client {
	t.Helper()
	c, err := engine.Dial(engine.DialConfig{URLs: []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// appended appends a batch behind the one that it names, and returns where it stands.
func appended(t testing.TB, e *engine.Engine, m batch.Message, stream string, prev uint64) uint64 {
	t.Helper()
	type result struct {
		at  uint64
		err error
	}
	done := make(chan result, 1)
	if err := e.Append(m, stream, prev, func(at uint64, err error) { done <- result{at, err} }); err != nil {
		t.Fatal(err)
	}
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.at
}

// stored puts what is in memory into an engine, message by message.
func stored(t testing.TB, e *engine.Engine, m *memory) {
	t.Helper()
	last := make(map[string]uint64)
	for i, msg := range m.messages {
		_, stream, err := subject.Parse(msg.Subject)
		if err != nil {
			t.Fatal(err)
		}
		if at := appended(t, e, msg, stream, last[msg.Subject]); at != uint64(i+1) {
			t.Fatalf("message %d stands at %d", i+1, at)
		}
		last[msg.Subject] = uint64(i + 1)
	}
}

func TestAnEngineGivesWhatMemoryGives(t *testing.T) {
	r, m := seeded(t, 3), newMemory()
	all := written(r, m, 3, 300)
	e, client := opened(t)
	stored(t, e, m)
	a := New(client)
	events := all["vm-1"]
	from := time.UnixMilli(events[len(events)/3].arrived)
	for _, q := range []Query{{}, {Last: 100}, {From: from}, {From: from, To: from.Add(20 * time.Second), Late: time.Second}} {
		q.Stream = testStream
		want, _ := read(t, m, q)
		var have []string
		if _, err := a.Read(t.Context(), q, func(records []stream.Record, _ []stream.Notice) error {
			for i := range records {
				have = append(have, string(records[i].Data))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for i := range want.order {
			lines = append(lines, string(want.order[i].Data))
		}
		if len(lines) == 0 {
			t.Fatal("nothing was wanted")
		}
		compare(t, "engine", have, lines)
	}
	for _, q := range []Query{{}, {From: from}, {Before: map[string]loss.Position{"vm-1": events[len(events)/2].at}}} {
		q.Stream = testStream
		want := counts(t, m, q, stream.Window{Columns: 50})
		if have, err := a.Counts(t.Context(), q, stream.Window{Columns: 50}); err != nil || !reflect.DeepEqual(have, want) || have.Total() == 0 {
			t.Errorf("counts %+v, %v; want %+v", have, err, want)
		}
	}
	names, err := a.Streams(t.Context())
	slices.Sort(names)
	if err != nil || !slices.Equal(names, []string{"other", testStream}) {
		t.Errorf("streams %q, %v", names, err)
	}
	if s := a.Status(); !s.Archive || s.State != stream.StateLive {
		t.Errorf("status %+v", s)
	}
}

// What somebody else writes into the archive is passed over, and told.
func TestForeignMessagesAreGapsOfNothing(t *testing.T) {
	r, m := seeded(t, 4), newMemory()
	all := written(r, m, 1, 40)["vm-0"]
	e, client := opened(t)
	stored(t, e, m)
	foreign := batch.Message{Subject: subject.Of("vm-0", testStream), Header: nats.Header{}, Payload: []byte("hello")}
	at := appended(t, e, foreign, testStream, m.links[foreign.Subject].Prev)
	last := all[len(all)-1]
	next := last.at.Seq + max(last.gap.Count, 1)
	epoch := last.at.Epoch
	if last.gap.After.Epoch != 0 {
		epoch, next = last.gap.After.Epoch, last.gap.After.Seq
	}
	var b batch.Builder
	if err := b.Add([]byte(`{"msg":"after"}`), 0, time.Now().UnixMilli()); err != nil {
		t.Fatal(err)
	}
	links := m.links[foreign.Subject]
	appended(t, e, b.Encode(&batch.Head{Consolidator: "vm-0", Stream: testStream, Epoch: epoch, First: next, Links: links}), testStream, at)
	var have []string
	_, err := New(client).Read(t.Context(), Query{Stream: testStream}, func(records []stream.Record, notices []stream.Notice) error {
		for i := range records {
			have = append(have, string(bytes.Clone(records[i].Data)))
		}
		return nil
	})
	want := slices.DeleteFunc(lines(all), func(s string) bool { return !strings.HasPrefix(s, "{") })
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "foreign", have, append(want, `{"msg":"after"}`))
}

func TestAnArchiveThatIsAwayIsNotWaitedFor(t *testing.T) {
	e, client := opened(t)
	a := New(client)
	wait.For(t, "the client is connected", func() bool { return client.Err() == nil })
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the archive is away", func() bool { return a.Status().State == stream.StateLost })
	a.began = time.Now().Add(-time.Minute)
	began := time.Now()
	if _, err := a.Read(t.Context(), Query{Stream: testStream}, nil); err == nil {
		t.Error("it was read")
	}
	if took := time.Since(began); took > connectWait/2 {
		t.Errorf("that took %v", took)
	}
}
