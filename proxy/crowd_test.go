package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/proxy"
)

// startCrowd is start, with any session that gathers being a crowd.
func startCrowd(t *testing.T, f *fake, change func(*proxy.Config)) *running {
	t.Helper()
	return startWith(t, f, change, func(p *proxy.Proxy) { p.CrowdFrom(1, 4) })
}

// stirring sends records of a stream, from number 0 on, one after another, until it is stopped.
// It returns how many there were.
func (f *fake) stirring(t *testing.T, p *running, name string, crowd int) (stop func() uint64) {
	t.Helper()
	end, ended := make(chan struct{}), make(chan uint64)
	go func() {
		pace := time.NewTicker(200 * time.Microsecond)
		defer pace.Stop()
		for seq := uint64(0); ; seq++ {
			select {
			case <-end:
				ended <- seq
				return
			case <-pace.C:
				f.send(records(name, 9, seq, 1)...)
			}
		}
	}()
	wait.For(t, "the crowd", func() bool { return p.InCrowd() >= crowd })
	return sync.OnceValue(func() uint64 { close(end); return <-ended })
}

// Sessions for which the crowd writes get all records, each once and in order.
func TestACrowdGetsAllInOrder(t *testing.T) {
	const sessions = 20
	f := newFake()
	p := startCrowd(t, f, nil)
	var readers []*reader
	for i := range sessions {
		header := [][]string{sse, ours(), nil}[i%3]
		r := get(t, p, "/api/logs/s", header...)
		if header != nil {
			r.next("source")
		}
		readers = append(readers, r)
	}
	stop := f.stirring(t, p, "s", sessions/2)
	var had sync.WaitGroup
	const each = 500
	for _, r := range readers {
		had.Go(func() {
			for seq := uint64(0); seq < each; {
				line, err := r.in.ReadString('\n')
				if err != nil {
					t.Errorf("read a line: %v", err)
					return
				}
				if !strings.Contains(line, `"msg"`) {
					continue
				}
				if want := string(payload("s", seq)); strings.TrimPrefix(line, "data: ") != want+"\n" {
					t.Errorf("got %q, want %s", line, want)
					return
				}
				seq++
			}
		})
	}
	had.Wait()
	stop()
}

// A reader that takes nothing leaves the crowd, in the middle of a batch, and holds up
// nobody. What it has then is whole, and what it has lost is told.
func TestABlockedReaderLeavesTheCrowd(t *testing.T) {
	f := newFake()
	p := startCrowd(t, f, func(c *proxy.Config) { c.StreamBuffer, c.WriteTimeout = 256<<10, time.Hour })
	nc, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.(*net.TCPConn).SetReadBuffer(64 << 10)
	_ = nc.SetDeadline(time.Now().Add(wait.Limit))
	if _, err := fmt.Fprintf(nc, "GET /api/logs/s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", p.Addr()); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(nc)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	blocked := &reader{t: t, resp: resp, in: bufio.NewReader(resp.Body), stop: func() {}}
	blocked.next("source")
	healthy := get(t, p, "/api/logs/s", sse...)
	healthy.next("source")
	const size = 10_000
	big := func(seq uint64) stream.Record {
		return stream.Record{
			Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq},
			Data: fmt.Appendf(nil, `{"n":%d,"msg":"%s"}`, seq, strings.Repeat("x", size)),
		}
	}
	seq := uint64(0)
	for ; seq*size < 2<<20; seq++ { // more than all buffers hold, and the log
		f.send(big(seq))
		if got := field(healthy.next(""), "data"); got != string(big(seq).Data) {
			t.Fatalf("record %d is %.100q", seq, got)
		}
	}
	var n uint64
	for next := uint64(0); next < seq; {
		switch e := blocked.event(); field(e, "event") {
		case "dropped":
			lost := lossOf(t, e)
			n += lost.Count
			next += lost.Count
		case "":
			if got := field(e, "data"); got != string(big(next).Data) {
				t.Fatalf("record %d is %.100q", next, got)
			}
			next++
		}
	}
	if n == 0 {
		t.Error("it has lost nothing: the test shows nothing")
	}
}

// What is not the next record reaches sessions for which the crowd writes: heartbeats, and
// what becomes of consolidators.
func TestACrowdIsToldOfAllElse(t *testing.T) {
	f := newFake()
	p := startCrowd(t, f, func(c *proxy.Config) { c.Heartbeat = 20 * time.Millisecond })
	r, ahead := get(t, p, "/api/logs/s", sse...), get(t, p, "/api/logs/s", ours()...)
	defer f.stirring(t, p, "s", 2)()
	for range 3 {
		r.next("ping")
		ahead.next("ping")
	}
	f.become("vm-1", "vm-1", stream.StateLost)
	for _, r := range []*reader{r, ahead} {
		for !strings.Contains(r.next("source"), `"lost"`) {
		}
	}
}

// A session for which the crowd writes ends with its client, and with the proxy: then its
// response is whole.
func TestSessionsOfACrowdEnd(t *testing.T) {
	f := newFake()
	p := startCrowd(t, f, func(c *proxy.Config) { c.Grace = wait.Limit })
	stays, goes := get(t, p, "/api/logs/s", sse...), get(t, p, "/api/logs/s", sse...)
	stop := f.stirring(t, p, "s", 2)
	defer stop()
	go func() { _, _ = io.Copy(io.Discard, goes.in) }()
	text := make(chan string)
	go func() { b, _ := io.ReadAll(stays.in); text <- string(b) }()
	goes.close()
	wait.For(t, "the end of the one that goes", func() bool { return p.Stats().Sessions == 1 })
	go p.stop()
	if got := <-text; !strings.HasSuffix(got, "event: end\ndata: {\"reason\":\"the proxy is shutting down\"}\n\n") {
		t.Errorf("the response ends with %q", got[max(0, len(got)-200):])
	}
}
