package consolidator_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

func reportOften(c *consolidator.Consolidator)  { c.ReportEvery(20 * time.Millisecond) }
func reportRarely(c *consolidator.Consolidator) { c.ReportEvery(time.Hour) }

// selfRecord is what a consolidator says of itself.
type selfRecord struct {
	V         *int
	Name      string
	Hostname  string
	Pid       int
	Component string
	Level     int
	Time      time.Time
	Msg       string

	RecordsIn     uint64 `json:"records_in"`
	BytesIn       uint64 `json:"bytes_in"`
	RecordsOut    uint64 `json:"records_out"`
	BytesOut      uint64 `json:"bytes_out"`
	Refused       uint64
	Dropped       map[string]uint64
	Connections   map[string]int
	Streams       int
	Subscriptions int
	Buffer        int64
	BufferLimit   int64 `json:"buffer_limit"`
	Seconds       float64

	Count int
	Of    string

	Kind  string
	Peer  string
	Error string
}

// says hands what a consolidator says of itself to each, until it says that it
// was the last. It has what was said before, too.
func says(t testing.TB, c *consolidator.Consolidator, each func(selfRecord) (last bool)) {
	t.Helper()
	s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
	s.Tail("system/sluice", stream.Backfill{Last: 1000})
	var got seen
	last, read := false, 0
	until(t, s, &got, func() bool {
		for ; read < len(got.records) && !last; read++ {
			var r selfRecord
			if err := json.Unmarshal([]byte(got.records[read]), &r); err != nil {
				t.Fatalf("%v: %s", err, got.records[read])
			}
			if r.V == nil || *r.V != 0 || r.Name != "sluice" || r.Component != "consolidator" || r.Hostname != "vm-1" ||
				r.Pid == 0 || r.Msg == "" || time.Since(r.Time).Abs() > time.Minute {
				t.Fatalf("not as bunyan has it: %s", got.records[read])
			}
			last = each(r)
		}
		return last
	})
}

// The records of its state add up to all that came.
func TestSelfState(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: anyPort}, reportOften)
	p := publish(t, c.PublishAddrs()[0])
	const records = 500
	var sent uint64
	for i := range records {
		b := message("tenant/acme", i)
		sent += uint64(len(b))
		send(t, p, b)
		if i%100 == 0 {
			b = message("bad\x00name", i)
			sent += uint64(len(b))
			send(t, p, b)
		}
	}
	var in, bytesIn, bad uint64
	says(t, c, func(r selfRecord) bool {
		in += r.RecordsIn
		bytesIn += r.BytesIn
		bad += r.Dropped["bad_name"]
		if wants := 30; len(r.Dropped) == 0 && r.Level != wants || len(r.Dropped) > 0 && r.Level != 40 {
			t.Errorf("level %d: %+v", r.Level, r)
		}
		if !strings.Contains(r.Msg, " records in, ") || r.Seconds <= 0 {
			t.Errorf("%+v", r)
		}
		if in < records || bytesIn < sent || bad < 5 || r.Connections["sluice_readers"] == 0 || r.Subscriptions == 0 {
			return false
		}
		if r.Connections["publishers"] != 1 || r.Streams != 2 || r.Subscriptions != 1 || r.Buffer == 0 || r.BufferLimit != 256<<20 {
			t.Errorf("%+v", r)
		}
		return true
	})
	if in != records || bytesIn != sent || bad != 5 {
		t.Errorf("told of %d records, %d bytes, %d with bad names; want %d, %d, 5", in, bytesIn, bad, records, sent)
	}
	m := scrape(t, c)
	if m["self_records_total"] < 1 || m["records_received_total"] != records {
		t.Errorf("%v of its own, %v of publishers", m["self_records_total"], m["records_received_total"])
	}
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) count(text string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.b.String(), text)
}

// A warning is logged, and published. Of too many like it some are, and how many
// are not is said and counted; others are not left out for it.
func TestSelfWarnings(t *testing.T) {
	t.Parallel()
	var log buffer
	c, stop := start(t, consolidator.Config{Admin: anyPort, MaxConnections: 12, Logger: slog.New(slog.NewTextHandler(&log, nil))},
		func(c *consolidator.Consolidator) { c.ReportEvery(2 * time.Second) })
	offend := func() {
		conn, err := zmtp.Dial(t.Context(), testpeer.Endpoint(t, c.PublishAddrs()[0]), zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		send(t, conn, bytes.Repeat([]byte{0xff}, 16))
		isClosed(t, conn.NetConn())
	}
	offend()
	says(t, c, func(r selfRecord) bool {
		if strings.Contains(r.Msg, " records in, ") {
			return false
		}
		if r.Level != 40 || r.Msg != "peer closed" || r.Kind != "publisher" || !strings.HasPrefix(r.Peer, "127.0.0.1:") || !strings.Contains(r.Error, "protocol error") {
			t.Errorf("%+v", r)
		}
		return true
	})
	if log.count("consolidator ready") != 1 || log.count("level=DEBUG") > 0 {
		t.Error("the log of the configuration is not as it was")
	}
	const more = 60
	for range more {
		offend()
	}
	// Something else is logged all the same.
	wait.For(t, "the offenders to be gone", func() bool { return c.Open() <= 1 })
	var full []net.Conn
	for range 9 {
		full = append(full, silent(t, c.PublishAddrs()[0]))
	}
	isClosed(t, silent(t, c.PublishAddrs()[0]))
	wait.For(t, "another warning", func() bool { return log.count("too many connections") > 0 })
	for _, nc := range full {
		nc.Close()
	}
	counts(t, c, map[string]float64{`connections{kind="handshaking"}`: 0})
	said, left, reports := 0, 0, 0
	says(t, c, func(r selfRecord) bool {
		switch {
		case r.Msg == "peer closed":
			said++
		case r.Msg == "lines left out" && r.Of == "peer closed":
			left += r.Count
		case strings.Contains(r.Msg, " records in, "):
			reports++
		}
		return said+left == 1+more
	})
	if said > 5+reports {
		t.Errorf("%d published, with %d reports", said, reports)
	}
	wait.For(t, "the same to be logged", func() bool {
		return log.count(`msg="peer closed"`) == said && log.count(`of="peer closed"`) > 0
	})
	counts(t, c, map[string]float64{"log_lines_left_out_total": float64(left), `connections_closed_total{reason="protocol"}`: 1 + more})

	// The end says what was left out just before.
	before := log.count(`of="peer closed"`)
	for range 10 {
		offend()
	}
	stop()
	if log.count(`of="peer closed"`) == before {
		t.Error("the end does not say what was left out")
	}
}

// With as many streams as there may be, it still has a voice.
func TestSelfHasItsPlace(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: anyPort, MaxStreams: 2}, func(c *consolidator.Consolidator) { c.ReportEvery(200 * time.Millisecond) })
	p := publish(t, c.PublishAddrs()[0])
	send(t, p, append(message("a", 0), message("b", 0)...))
	wait.For(t, "the second stream to be refused", func() bool {
		return scrape(t, c)[`records_dropped_total{reason="too_many_streams"}`] == 1
	})
	says(t, c, func(r selfRecord) bool { return r.Dropped["too_many_streams"] == 1 })
}

// A reader that was there until the end knows that it missed nothing, although
// the consolidator talks all the time.
func TestSelfAtTheEnd(t *testing.T) {
	c, stop := start(t, consolidator.Config{}, func(c *consolidator.Consolidator) { c.ReportEvery(100 * time.Microsecond) })
	sub := c.SubscribeAddrs()
	s := source(t, direct.Config{Consolidators: sub})
	s.Tail("system/sluice", stream.Backfill{})
	var got seen
	until(t, s, &got, func() bool { return len(got.records) > 10 })
	stop()
	until(t, s, &got, func() bool { return got.states[len(got.states)-1] == "vm-1 lost" })
	had := len(got.records)
	start(t, consolidator.Config{Subscribe: sub}, reportOften)
	until(t, s, &got, func() bool { return len(got.records) > had })
	if got.lost > 0 || got.unknown > 0 {
		t.Errorf("%d lost, %d unknown", got.lost, got.unknown)
	}
}
