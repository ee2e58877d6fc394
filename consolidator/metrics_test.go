package consolidator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/figures"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// dialReader connects a reader, which has subscribed to a prefix, or tails a
// stream if it is a sluice one, when this returns.
func dialReader(t testing.TB, c *consolidator.Consolidator, foreign bool, name string) *zmtp.Conn {
	t.Helper()
	before := scrape(t, c)["subscriptions"]
	conn, err := zmtp.Dial(t.Context(), testpeer.Endpoint(t, c.SubscribeAddrs()[0]), zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: foreign})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if foreign {
		send(t, conn, zmtp.AppendSubscription(nil, conn.Peer.Version, name, false))
	} else {
		send(t, conn, zmtp.AppendTail(nil, zmtp.Tail{Name: name}))
	}
	wait.For(t, "the subscription", func() bool { return scrape(t, c)["subscriptions"] == before+1 })
	return conn
}

// receive hands what a reader gets to record and mark, until enough says so.
func receive(t testing.TB, conn *zmtp.Conn, enough func() bool, record func([]byte), mark func(zmtp.Mark)) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(wait.Limit)); err != nil {
		t.Fatal(err)
	}
	in := zmtp.NewReceiver(conn)
	defer in.Close()
	for !enough() {
		tok, err := in.Next()
		if err == nil && tok.Kind == zmtp.TokenNone {
			err = in.Fill()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok.Kind {
		case zmtp.TokenMessage:
			_, r := zmtp.SplitMessage(tok.Raw)
			record(r)
		case zmtp.TokenCommand:
			if name, data, _ := zmtp.SplitCommand(tok.Body); name == zmtp.CmdMark {
				m, err := zmtp.ParseMark(data)
				if err != nil {
					t.Fatal(err)
				}
				mark(m)
			}
		}
	}
}

const namespace = "sluice_consolidator"

// counts waits until a part of what is scraped is as wanted.
func counts(t testing.TB, c *consolidator.Consolidator, values map[string]float64) {
	t.Helper()
	figures.Wait(t, c.AdminAddr(), namespace, values)
}

func TestMetricsOfFlow(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: anyPort, Buffer: 8 << 20})
	f := dialReader(t, c, true, "tenant/acme")
	s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
	s.Tail("tenant/acme", stream.Backfill{})
	var got seen
	until(t, s, &got, func() bool { return got.begun == 1 })
	p := publish(t, c.PublishAddrs()[0])
	quiet, err := net.Dial("tcp", strings.TrimPrefix(c.PublishAddrs()[0], "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()

	const records = 1000
	var b []byte
	for i := range records {
		b = append(b, message("tenant/acme", i)...)
	}
	for i := range 10 {
		b = append(b, message("tenant/globex", i)...)
	}
	b = append(b, message("bad\x00name", 0)...)
	b = append(b, 0, 5, 'a', 'l', 'o', 'n', 'e')
	b = zmtp.AppendMessage(b, "tenant/acme", make([]byte, zmtp.MaxRecord+8192))
	b = zmtp.AppendMessage(b, "tenant/acme", make([]byte, zmtp.MaxRecord+8192))
	send(t, p, b)
	n := 0
	receive(t, f, func() bool { return n == records }, func([]byte) { n++ }, nil)
	until(t, s, &got, func() bool { return len(got.records) == records })

	counts(t, c, map[string]float64{
		"records_received_total":                                records + 10,
		"received_bytes_total":                                  float64(len(b)),
		`records_delivered_total{reader="foreign"}`:             records,
		`records_delivered_total{reader="sluice"}`:              records,
		`records_lost_total{reader="foreign"}`:                  0,
		`records_lost_total{reader="sluice"}`:                   0,
		`records_dropped_total{reason="too_large"}`:             2,
		`records_dropped_total{reason="too_few_frames"}`:        1,
		`records_dropped_total{reason="bad_name"}`:              1,
		`records_dropped_total{reason="too_many_streams"}`:      0,
		`connections{kind="publisher"}`:                         1,
		`connections{kind="foreign_reader"}`:                    1,
		`connections{kind="sluice_reader"}`:                     1,
		`connections{kind="handshaking"}`:                       1,
		"connections_limit":                                     consolidator.DefaultMaxConnections,
		"streams_limit":                                         consolidator.DefaultMaxStreams,
		"streams":                                               3, // its own, too
		"subscriptions":                                         2,
		"buffer_limit_bytes":                                    8 << 20,
		`connections_closed_total{reason="protocol"}`:           0,
		`connections_refused_total{reason="handshake_timeout"}`: 0,
	})
	m := scrape(t, c)
	raw := float64(len(message("tenant/acme", 999)) * records)
	for _, kind := range []string{"foreign", "sluice"} {
		if out := m[`delivered_bytes_total{reader="`+kind+`"}`]; out < raw*0.9 || out > raw*1.1+1000 {
			t.Errorf("%v bytes for the %s reader, want about %v", out, kind, raw)
		}
		if n := m[`write_delay_seconds_count{reader="`+kind+`"}`]; n < 1 || n > records/2 {
			t.Errorf("%v delays noted for the %s reader", n, kind)
		}
		if sum := m[`write_delay_seconds_sum{reader="`+kind+`"}`]; sum <= 0 || sum > 20*m[`write_delay_seconds_count{reader="`+kind+`"}`] {
			t.Errorf("the delays of the %s reader sum up to %v s", kind, sum)
		}
	}
	if b := m["buffer_bytes"]; b < raw || b > 8<<20 {
		t.Errorf("%v bytes of buffer, want at least %v", b, raw)
	}
}

// What slow readers lost, and were told, is what is counted for their kind.
func TestMetricsOfLoss(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: anyPort, StreamBuffer: 64 << 10})
	foreign := dialReader(t, c, true, "tenant/acme")
	sluice := dialReader(t, c, false, "tenant/acme")
	p := publish(t, c.PublishAddrs()[0])
	const total = 30_000
	filler := strings.Repeat("x", 1200)
	var b []byte
	for i := range total {
		b = zmtp.AppendMessage(b, "tenant/acme", fmt.Appendf(nil, `{"i":%d,"f":%q}`, i, filler))
		if len(b) > 128<<10 || i == total-1 {
			send(t, p, b)
			b = b[:0]
		}
	}
	counts(t, c, map[string]float64{"records_received_total": total, "readers_stalled": 2})
	var received, told float64
	all := func() bool { return received+told == total }
	receive(t, foreign, all, func(record []byte) {
		r := struct {
			I       float64
			Name    string
			Dropped float64
		}{I: -1}
		switch err := json.Unmarshal(record, &r); {
		case err != nil:
			t.Fatal(err)
		case r.Name == "sluice":
			told += r.Dropped
		case r.I != received+told:
			t.Fatalf("record %v, expected %v", r.I, received+told)
		default:
			received++
		}
	}, nil)
	if told == 0 {
		t.Fatal("the foreign reader lost nothing")
	}
	counted := map[string]float64{
		`records_lost_total{reader="foreign"}`:      told,
		`records_delivered_total{reader="foreign"}`: received,
		"readers_stalled":                           0,
	}
	received, told = 0, 0
	receive(t, sluice, all, func([]byte) { received++ }, func(m zmtp.Mark) { told += float64(m.Next) - received - told })
	if told == 0 {
		t.Fatal("the sluice reader lost nothing")
	}
	counted[`records_lost_total{reader="sluice"}`] = told
	counted[`records_delivered_total{reader="sluice"}`] = received
	counts(t, c, counted)
}

// Connections that this side ends are counted by reason.
func TestMetricsOfOffenders(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: anyPort})
	offend := func(endpoint string, b []byte) {
		nc, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		send(t, nc, b)
		_ = nc.SetReadDeadline(time.Now().Add(wait.Limit))
		if _, err := io.Copy(io.Discard, nc); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("the connection lives on: %v", err)
		}
	}
	offend(c.PublishAddrs()[0], []byte("GET / HTTP/1.1\r\n\r\n"))
	offend(c.SubscribeAddrs()[0], []byte("GET / HTTP/1.1\r\n\r\n"))
	p := publish(t, c.PublishAddrs()[0])
	send(t, p, bytes.Repeat([]byte{0xff}, 16))
	long := dialReader(t, c, true, "s")
	send(t, long, zmtp.AppendSubscription(nil, long.Peer.Version, strings.Repeat("x", 300), false))
	counted := map[string]float64{
		`connections_refused_total{reason="handshake_broken"}`: 2,
		`connections_closed_total{reason="protocol"}`:          1,
		"subscriptions_refused_total":                          1,
		`connections{kind="publisher"}`:                        0,
		"self_records_total":                                   1, // the warning
	}
	counts(t, c, counted)
}

// The metrics are named as Prometheus wants, and docs/operations.md explains
// each, and no other.
func TestMetricsAreExplained(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: anyPort, Registered: func() bool { return true }})
	if n := figures.Explained(t, c.AdminAddr(), namespace, "../docs/operations.md"); n < 20 {
		t.Errorf("only %d metrics", n)
	}
}

// The alerts, and the dashboard, ask for metrics that are there.
func TestMetricsAreUsedByTheirNames(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: anyPort, Registered: func() bool { return true }})
	if n := figures.Used(t, c.AdminAddr(), namespace, "../deploy/prometheus/alerts.yml", "../deploy/grafana/sluice.json"); n < 10 {
		t.Errorf("only %d metrics are asked for", n)
	}
	figures.Used(t, c.AdminAddr(), "(?:process|sluice_build)", "../deploy/prometheus/alerts.yml", "../deploy/grafana/sluice.json")
}
