package proxy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
)

// That a consolidator was away is told once to every session that was there, in a
// source event that old clients read as any other, or in a record; and to no other.
func TestAnAbsenceIsTold(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	events := get(t, p, "/api/logs/s", sse...)
	events.next("source")
	text := get(t, p, "/api/logs/s")
	source := func(r *reader) (e httpapi.SourceEvent) {
		t.Helper()
		if err := json.Unmarshal([]byte(field(r.next("source"), "data")), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	f.send(records("s", 9, 0, 1)...)
	events.next("")
	if line, err := text.in.ReadString('\n'); err != nil || !strings.Contains(line, "s 0") {
		t.Fatalf("%q, %v", line, err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.notice(stream.Notice{Kind: stream.KindAway, Time: at, Source: "vm-1", Away: 6 * time.Second})
	if e := source(events); e.Consolidator != "vm-1" || e.State != "live" || e.Away != 6 || e.Stood || e.Back != "2026-03-01T12:00:00Z" {
		t.Errorf("the session was told %+v", e)
	}
	line, err := text.in.ReadString('\n')
	var told struct {
		Level int
		Msg   string
	}
	if err != nil || json.Unmarshal([]byte(line), &told) != nil || told.Level != 40 || told.Msg != "vm-1 was away 6 s; what its publishers dropped meanwhile is unknown" {
		t.Errorf("the lines have %q, %v", line, err)
	}
	if e := source(get(t, p, "/api/logs/s", sse...)); e.Away != 0 || e.Back != "" {
		t.Errorf("one who came later was told %+v", e)
	}
	f.become("vm-1", "vm-1", stream.StateLost)
	if e := source(events); e.State != "lost" || e.Away != 0 {
		t.Errorf("it was told again: %+v", e)
	}
	f.notice(stream.Notice{Kind: stream.KindAway, Time: at.Add(time.Second), Source: "vm-1", Away: time.Minute, Stood: true})
	if e := source(events); e.Away != 60 || !e.Stood {
		t.Errorf("of the second the session was told %+v", e)
	}
}

// An absence is told to who comes back from before it, too: with the place where it was,
// or with a time.
func TestAnAbsenceIsToldToWhoComesBack(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s", sse...)
	r.next("source")
	f.send(records("s", 9, 0, 1)...)
	before := field(r.next(""), "id")
	r.close()
	f.notice(stream.Notice{
		Kind: stream.KindAway, Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Source: "vm-1", Away: 6 * time.Second, Stood: true,
	})
	f.send(records("s", 9, 1, 1)...)
	f.logged(t)
	after := ""
	for _, c := range []struct {
		path   string
		header []string
		told   bool
	}{
		{"/api/logs/s?lastEventId=" + before, sse, true},
		{"/api/logs/s?since=2026-03-01T11:59:59Z", sse, true},
		{"/api/logs/s?since=2026-03-01T11:59:59Z", nil, true},
		{"/api/logs/s?since=2026-03-01T12:00:01Z", nil, false},
		{"/api/logs/s?last=2", nil, false},
		{"/api/logs/s?lastEventId=", sse, false}, // what comes after the last record
	} {
		if strings.HasSuffix(c.path, "=") {
			c.path += after
			f.send(records("s", 9, 2, 1)...)
		}
		r := get(t, p, c.path, c.header...)
		told, got := false, ""
		for last := false; !last; {
			if c.header != nil {
				got = r.event()
			} else if line, err := r.in.ReadString('\n'); err == nil {
				got = line
			} else {
				t.Fatal(err)
			}
			told = told || strings.Contains(got, `"away":6`)
			last = strings.Contains(got, string(payload("s", 1))) || strings.Contains(got, string(payload("s", 2)))
		}
		if after == "" {
			after = field(got, "id")
		}
		if told != c.told {
			t.Errorf("%s %q: told is %v", c.path, c.header, told)
		}
		r.close()
	}
}

// An absence that was while a reader changed to another proxy is told to it there, and not
// to one that has read on before it changed.
func TestAnAbsenceIsToldAtAnotherProxy(t *testing.T) {
	one, other := newFake(), newFake()
	first, second := start(t, one, nil), start(t, other, nil)
	for name, header := range map[string][]string{"ours": ours(), "another": sse} {
		stream1 := "s/" + name
		path := "/api/logs/" + stream1
		r, watching := get(t, first, path, sse...), get(t, second, path, sse...)
		r.next("source")
		watching.next("source")
		ids := make([]string, 2)
		for seq := range uint64(2) {
			one.send(records(stream1, 9, seq, 1)...)
			ids[seq] = field(r.next(""), "id")
		}
		other.send(records(stream1, 9, 0, 1)...)
		other.notice(stream.Notice{Kind: stream.KindAway, Time: time.Now(), Source: "vm-1", Away: 6 * time.Second, Stood: true})
		other.send(records(stream1, 9, 1, 2)...)
		other.logged(t)
		for seq, id := range ids {
			more := []string{"Last-Event-ID", id}
			if name == "ours" {
				more = []string{"Sluice-Positions", httpapi.FormatPositions(map[string]stream.Position{"vm-1": {Epoch: 9, Seq: uint64(seq) + 1}})}
			}
			r := get(t, second, path, append(more, header...)...)
			told := false
			for last := false; !last; {
				e := r.event()
				told = told || strings.Contains(e, `"away":6`)
				last = strings.Contains(e, string(payload(stream1, 2)))
			}
			if told != (seq == 0) {
				t.Errorf("%s, from behind record %d: told is %v", name, seq, told)
			}
		}
	}
}
