package proxied_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
)

// That a consolidator was away is one notice, although each stream's response tells it.
func TestAnAbsenceIsOneNotice(t *testing.T) {
	u := &upstream{}
	addr, _ := serve(t, "127.0.0.1:0", u)
	s := reads(t, proxied.Config{URL: "http://" + addr})
	for _, name := range []string{"s", "other"} {
		s.Tail(name, stream.Backfill{})
		s.Kind(stream.KindBackfill)
	}
	for i, stood := range []bool{false, true} {
		u.notice(stream.Notice{Kind: stream.KindAway, Time: time.Unix(int64(i), 0), Source: "vm-1", Away: 6 * time.Second, Stood: stood})
		if n := s.Kind(stream.KindAway); n.Source != "vm-1" || n.Away != 6*time.Second || n.Stood != stood {
			t.Errorf("notice %d is %+v", i, n)
		}
	}
}

// Whatever a proxy says is taken within bounds.
func TestHostileAbsences(t *testing.T) {
	url := answer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, away := range []string{"-1", `"long"`, "null", "1e300"} {
			_, _ = fmt.Fprintf(w, "event: source\ndata: {\"n\":1,\"consolidator\":\"vm-1\",\"state\":\"live\",\"epoch\":\"1\",\"next\":0,\"away\":%s,\"back\":\"x\"}\n\n", away)
		}
		_, _ = io.WriteString(w, "event: ping\ndata:\n\n")
	})
	s := reads(t, proxied.Config{URL: url})
	s.Tail("s", stream.Backfill{})
	if n := s.Kind(stream.KindAway); n.Away != 100*366*24*time.Hour {
		t.Errorf("notice %+v", n)
	}
}
