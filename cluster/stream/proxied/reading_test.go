package proxied_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/wait"
)

func TestThroughAProxy(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	u := &upstream{}
	u.publish(5)
	addr, stopProxy := serve(t, "127.0.0.1:0", u)
	s := reads(t, proxied.Config{URL: "http://" + addr})
	s.WatchStreams(true)
	s.Tail("s", stream.Backfill{Last: 3})
	for seq := uint64(2); seq < 5; seq++ {
		r := s.Record()
		if r.Stream != "s" || r.Source != "vm-1" || r.Position != (stream.Position{Epoch: 9, Seq: seq}) || !r.Backfill || r.Arrived == 0 ||
			string(r.Data) != fmt.Sprintf(`{"msg":"%d"}`, seq) {
			t.Fatalf("record %+v", r)
		}
	}
	if n := s.Kind(stream.KindBackfill); n.Stream != "s" {
		t.Errorf("notice %+v", n)
	}
	u.publish(1)
	if r := s.Record(); r.Backfill || r.Position.Seq != 5 {
		t.Errorf("live record %+v", r)
	}
	u.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: 3, Hop: "consolidator", Reason: "slow"})
	if n := s.Kind(stream.KindGap); n.Count != 3 || n.Unknown || n.Stream != "s" || n.Source != "vm-1" || n.Hop != "consolidator" || n.Reason != "slow" {
		t.Errorf("gap %+v", n)
	}
	u.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Unknown: true, Hop: "network", Reason: "killed"})
	if n := s.Kind(stream.KindGap); n.Count != 0 || !n.Unknown {
		t.Errorf("gap %+v", n)
	}
	u.notice(stream.Notice{Kind: stream.KindState, Source: "vm-1", State: stream.StateLost})
	s.Notice(func(n stream.Notice) bool {
		return n.Kind == stream.KindState && n.Source == "vm-1" && n.State == stream.StateLost
	})
	status := s.Status()
	if len(status) != 2 || !status[0].Proxy || status[0].Name != addr || status[0].State != stream.StateLive ||
		status[1].Name != "vm-1" || status[1].State != stream.StateLost || status[1].Proxy {
		t.Errorf("status %+v", status)
	}
	wait.For(t, "the list of streams", func() bool { return len(s.Streams()) == 1 })
	if l := s.Streams()[0]; l != (stream.Live{Name: "s", Rate: 2, Bytes: 3, Records: 4, Sources: 1}) {
		t.Errorf("live %+v", l)
	}
	stopProxy()
	n := s.Notice(func(n stream.Notice) bool {
		return n.Kind == stream.KindState && n.Source == addr && n.State == stream.StateLost
	})
	if n.Err == "" {
		t.Errorf("lost without a word: %+v", n)
	}
	wait.For(t, "nothing to be known of streams without a proxy", func() bool { return len(s.Streams()) == 0 })
	s.End()
}

// Half an event at the end of a response is not an event.
func TestHalfAnEvent(t *testing.T) {
	tries := 0
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		tries++
		switch tries {
		case 1:
			_, _ = io.WriteString(w, "id: 1.0.1.0\ndata: {\"a\":1}\n\nid: 1.1.1.1\ndata: {\"a\":2}")
		default:
			_, _ = fmt.Fprintf(w, "data: %q\n\n", r.Header.Get("Last-Event-ID"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})})
	s.Tail("s", stream.Backfill{})
	for _, want := range []string{`{"a":1}`, `"1.0.1.0"`} {
		if r := s.Record(); string(r.Data) != want {
			t.Errorf("record %s, want %s", r.Data, want)
		}
	}
}

// Stop ends a tail, and tailing again begins anew.
func TestProxiedStop(t *testing.T) {
	u := &upstream{}
	u.publish(3)
	addr, _ := serve(t, "127.0.0.1:0", u)
	s := reads(t, proxied.Config{URL: "http://" + addr})
	for range 3 {
		s.Tail("s", stream.Backfill{Last: 2})
		for seq := uint64(1); seq < 3; seq++ {
			if r := s.Record(); r.Position.Seq != seq {
				t.Fatalf("record %+v, want %d", r, seq)
			}
		}
		s.Kind(stream.KindBackfill)
		s.Stop("s")
	}
}
