package proxy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy"
)

// A reader that is cut again and again while records flow has each of them
// once and in order, losses upstream included.
func TestResumeByLastEventID(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s", ours()...)
	id := field(r.next("live"), "id")
	r.close()
	const n = 3000
	gaps := make(map[uint64]bool) // records that the source says are lost
	go func() {
		for seq := uint64(0); seq < n; seq++ {
			if seq%100 == 50 {
				f.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: 10, Hop: "consolidator"})
				seq += 9
				continue
			}
			f.send(records("s", 9, seq, 1)...)
		}
	}()
	for seq := uint64(50); seq < n; seq += 100 {
		for i := range uint64(10) {
			gaps[seq+i] = true
		}
	}
	expected := uint64(0)
	for cut := uint64(0); expected < n; cut++ {
		r := get(t, p, "/api/logs/s", ours("Last-Event-ID", id)...)
		for taken := uint64(0); taken <= cut%37 && expected < n; {
			e := r.event()
			if v := field(e, "id"); v != "" {
				id = v
			}
			switch field(e, "event") {
			case "dropped":
				lost := lossOf(t, e)
				for range lost.Count {
					if !gaps[expected] {
						t.Fatalf("%d is told as lost after %d cuts", expected, cut)
					}
					expected++
				}
				taken++
			case "":
				if got, want := field(e, "data"), string(payload("s", expected)); got != want || gaps[expected] {
					t.Fatalf("after %d cuts: record %s, want %s", cut, got, want)
				}
				expected++
				taken++
			}
		}
		r.close()
	}
}

// A place from before the first record is a place, too.
func TestResumeBeforeTheFirstRecord(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s", ours()...)
	id := field(r.next("live"), "id")
	r.close()
	f.send(records("s", 9, 0, 3)...)
	r = get(t, p, "/api/logs/s", ours("Last-Event-ID", id)...)
	for seq := range uint64(3) {
		if got := field(r.next(""), "data"); got != string(payload("s", seq)) {
			t.Fatalf("record %s, want %d", got, seq)
		}
	}
}

// What is not in the log any more is told with its number.
func TestResumeTooLate(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.StreamBuffer = 16 << 10 })
	r := get(t, p, "/api/logs/s", ours()...)
	r.next("live")
	f.send(records("s", 9, 0, 1)...)
	id := field(r.next(""), "id")
	r.close()
	f.send(records("s", 9, 1, 2000)...)
	f.logged(t)
	r = get(t, p, "/api/logs/s", ours("Last-Event-ID", id)...)
	lost := lossOf(t, r.next("dropped"))
	first, err := httpapi.ParseEventID(field(r.next(""), "id"))
	if err != nil || lost.Count == 0 || lost.Unknown || first.Seq != 1+lost.Count || lost.Hop != "proxy" {
		t.Errorf("told %+v, went on at %d, %v", lost, first.Seq, err)
	}
}

// A reader that was told of a loss at this proxy was told, too, where it goes on
// at the consolidators. What is lost after that is counted from there, and the
// first loss is not told again.
func TestResumeBehindALossAtTheProxy(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.StreamBuffer = 16 << 10 })
	r := get(t, p, "/api/logs/s", ours()...)
	r.next("live")
	f.send(records("s", 9, 0, 1)...)
	id := field(r.next(""), "id")
	r.close()
	for _, first := range []uint64{1, 2001} { // the first of each that the log has no more
		f.send(records("s", 9, first, 2000)...)
		f.logged(t)
		r = get(t, p, "/api/logs/s", ours("Last-Event-ID", id)...)
		e := r.next("dropped")
		lost := lossOf(t, e)
		id = field(e, "id")
		r.close()
		r = get(t, p, "/api/logs/s", ours("Last-Event-ID", id, "Sluice-Positions", lost.Positions)...)
		on, err := httpapi.ParseEventID(field(r.next(""), "id"))
		want := fmt.Sprintf("vm-1:9:%s", strconv.FormatUint(on.Seq, 36))
		if err != nil || lost.Count == 0 || lost.Unknown || on.Seq != first+lost.Count || lost.Positions != want {
			t.Errorf("told %+v, went on at %d, %v", lost, on.Seq, err)
		}
		for at := (httpapi.EventID{}); at.Seq != first+1999; { // to the end of what is there
			id = field(r.event(), "id")
			at, _ = httpapi.ParseEventID(id)
		}
		r.close()
	}
}

// A reader that came back by positions reads the log like any other once it
// stands where the log stands: what it is too slow for is counted by the log.
func TestResumedIsLikeAnyOther(t *testing.T) {
	cl := newCluster(10, 6)
	p := start(t, nil, func(cfg *proxy.Config) {
		cfg.Open = cl.open
		cfg.StreamBuffer = 64 << 10
	})
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:5, vm-2:8:6", "Last-Event-ID", "zzz.5.1.5")...)
	have(r, 5)
	r.next("live")
	const n = 100_000 // more than connections hold
	for seq := uint64(10); seq < 10+n; seq += 500 {
		cl.main.send(records("s", 9, seq, 500)...)
	}
	cl.main.logged(t)
	// vm-1 was started anew, and nothing was lost there. A reader that is put at the end
	// of the log has lost the records of the new epoch, too, that are there by then.
	sent := uint64(0)
	anew := func() {
		cl.main.send(records("s", 10, sent, 1)...)
		sent++
	}
	anew()
	expected, dropped := uint64(10), uint64(0) // as if they went on in one epoch
	for {
		e := r.event()
		id, err := httpapi.ParseEventID(field(e, "id"))
		switch field(e, "event") {
		case "dropped":
			lost := lossOf(t, e)
			if lost.Unknown || lost.Reason != "reader too slow" {
				t.Fatalf("told %+v", lost)
			}
			expected += lost.Count
			dropped += lost.Count
			if expected == 10+n+sent {
				anew()
			}
		case "":
			isNew := id.Seq < 10
			if isNew {
				id.Seq += 10 + n
			}
			if err != nil || id.Seq != expected {
				t.Fatalf("record %d, %v, expected %d", id.Seq, err, expected)
			}
			if expected++; isNew {
				if dropped == 0 {
					t.Error("nothing was told as lost")
				}
				return
			}
		}
	}
}

// A loss that is told when the reader stands where the log stands names its
// consolidator and its last number, so that it is not told again after a break.
func TestResumedLossHasAPlace(t *testing.T) {
	cl := newCluster(10, 0)
	cl.broken = true
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	other := get(t, p, "/api/logs/s", ours()...)
	other.next("live")
	cl.main.notice(stream.Notice{Kind: stream.KindPosition, Stream: "s", Source: "vm-2", Position: loss.Position{Epoch: 8, Seq: 6}})
	other.next("source")
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:a, vm-2:8:4", "Last-Event-ID", "zzz.5.1.5")...)
	var source httpapi.SourceEvent
	for source.Consolidator != "vm-2" {
		if err := json.Unmarshal([]byte(field(r.next("source"), "data")), &source); err != nil {
			t.Fatal(err)
		}
	}
	loss := r.next("dropped")
	id, err := httpapi.ParseEventID(field(loss, "id"))
	if err != nil || id.Source != source.N || id.Seq != 5 || !strings.Contains(loss, `"count":2,`) {
		t.Errorf("told %q; vm-2 is number %d, and its record 5 is lost, too", loss, source.N)
	}
}

// A consolidator that cannot be reached when a reader comes back is not
// forgotten when it comes back once more: not by its place in the log either.
func TestResumeRemembersTheUnreached(t *testing.T) {
	cl := newCluster(10, 0)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	other := get(t, p, "/api/logs/s", ours()...)
	other.next("live")
	cl.main.become("", "127.0.0.1:5562", stream.StateConnecting)
	cl.main.logged(t)
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:9, vm-2:7:4", "Last-Event-ID", "zzz.5.1.5")...)
	r.next("")
	cl.main.send(records("s", 9, 10, 1)...)
	id := field(r.next(""), "id") // a place in the log
	r.close()
	r = get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:b, vm-2:7:4", "Last-Event-ID", id)...)
	r.next("live")
	cl.main.become("127.0.0.1:5562", "vm-2", stream.StateLive)
	cl.main.notice(stream.Notice{Kind: stream.KindPosition, Stream: "s", Source: "vm-2", Position: loss.Position{Epoch: 8, Seq: 3}})
	late := records("s", 8, 3, 1)
	late[0].Source = "vm-2"
	cl.main.send(late...)
	if got, want := have(r, 1), []string{"lost 3 true", "vm-2/8:3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What was read again for a reader may be ahead of the log. When it comes back
// once more, by a place in the log, it is not given again what it had that way;
// what is lost behind that place it is told like any other.
func TestResumeAheadOfTheLog(t *testing.T) {
	cl := newCluster(10, 6)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	other := get(t, p, "/api/logs/s", ours()...)
	other.next("live")
	cl.main.notice(stream.Notice{Kind: stream.KindPosition, Stream: "s", Source: "vm-2", Position: loss.Position{Epoch: 8, Seq: 2}})
	other.next("source")
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:5, vm-2:8:4", "Last-Event-ID", "zzz.5.1.5")...)
	have(r, 7)
	cl.main.send(records("s", 9, 10, 1)...)
	id := field(r.next(""), "id") // a place in the log
	r.close()
	cl.main.send(cl.logs["vm-2"][2:]...)
	cl.main.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-2", Count: 3, Hop: "consolidator"})
	cl.main.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Unknown: true, Count: 2, Hop: "consolidator", Position: loss.Position{Epoch: 7, Seq: 2}})
	cl.main.send(records("s", 7, 2, 1)...)
	r = get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:b, vm-2:8:6", "Last-Event-ID", id)...)
	if got, want := have(r, 1), []string{"lost 3 false", "lost 0 true", "lost 2 false", "vm-1/7:2"}; !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func (silent) Tail(string, stream.Backfill) {}
