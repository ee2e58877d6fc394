package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/proxy"
)

// One record of 240 bytes, from the proxy's source to the bytes that each
// session gets. Records are sent no faster than the sessions read them.
func BenchmarkSessions(b *testing.B) {
	for _, sessions := range []int{1, 8, 100} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) { benchmarkSessions(b, sessions, 0) })
	}
}

// Likewise with ids that every proxy understands, of so many positions: each record comes
// through another consolidator than the one before.
func BenchmarkForeignSessions(b *testing.B) {
	for _, positions := range []int{1, 2, 16} {
		b.Run(fmt.Sprintf("positions=%d", positions), func(b *testing.B) { benchmarkSessions(b, 8, positions) })
	}
}

// benchmarkSessions measures sessions of ours, or those of others with so many positions.
func benchmarkSessions(b *testing.B, sessions, positions int) {
	f := newFake()
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Open: func(time.Duration) (proxy.Source, error) { return f, nil }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = p.Run(ctx) })
	client := &http.Client{Transport: &http.Transport{}}
	var readers sync.WaitGroup
	passed := make(chan struct{}, sessions) // a session has read a mark
	for range sessions {
		req, err := http.NewRequest(http.MethodGet, "http://"+p.Addr()+"/api/logs/s", nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Accept", "text/event-stream")
		begins := "id: " // of any event
		if positions == 0 {
			req.Header.Set("Sluice-Client", "1")
			begins = "event: live"
		}
		resp, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		readers.Go(func() { countMarks(resp.Body, []byte(begins), passed) })
	}
	wait := func() {
		for range sessions {
			<-passed
		}
	}
	wait() // until all are live
	const run, window = 100, 2000
	var sources []string
	for i := range max(positions, 1) {
		sources = append(sources, fmt.Sprint("vm-", i+1))
	}
	data := []byte(`{"level":30,"msg":"` + strings.Repeat("x", 219) + `"}`)
	mark := []byte(`{"msg":"@"}`)
	b.SetBytes(int64(len(data) * sessions))
	b.ReportAllocs()
	b.ResetTimer()
	before := usedCPU()
	batch := func(seq uint64, n int, data []byte) {
		list := make([]stream.Record, n)
		for i := range list {
			at := seq + uint64(i)
			list[i] = stream.Record{
				Stream: "s", Source: sources[at%uint64(len(sources))],
				Position: stream.Position{Epoch: 9, Seq: at / uint64(len(sources))}, Data: data,
			}
		}
		f.send(list...)
	}
	seq, marked := uint64(0), false
	for sent := 0; sent < b.N; sent += run {
		batch(seq, run, data)
		seq += run
		if sent%window == 0 {
			if marked {
				wait() // for the mark before this one
			}
			batch(seq, 1, mark)
			seq++
			marked = true
		}
	}
	wait()
	b.StopTimer()
	b.ReportMetric(float64(usedCPU()-before)/float64(b.N), "cpu-ns/op")
	if lost := p.Stats().Lost; lost > 0 {
		b.Errorf("%d records were lost", lost)
	}
	cancel()
	wg.Wait()
	readers.Wait()
	client.CloseIdleConnections()
}

// BenchmarkClient is one record of 240 bytes from the proxy's source to a client
// that reads through the proxy and releases what it takes.
func BenchmarkClient(b *testing.B) {
	f := newFake()
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Open: func(time.Duration) (proxy.Source, error) { return f, nil }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = p.Run(ctx) })
	source, err := proxied.New(proxied.Config{URL: "http://" + p.Addr()})
	if err != nil {
		b.Fatal(err)
	}
	wg.Go(func() { _ = source.Run(ctx) })
	source.Tail("s", stream.Backfill{Last: 1})
	taken := make(chan int, 1024)
	wg.Go(func() {
		for {
			batch, err := source.Take(ctx)
			if err != nil {
				return
			}
			n := len(batch.Records)
			filled := slices.ContainsFunc(batch.Notices, func(n stream.Notice) bool { return n.Kind == stream.KindBackfill })
			batch.Release()
			if n > 0 || filled {
				taken <- n
			}
		}
	})
	const run, window = 100, 4000
	data := []byte(`{"level":30,"msg":"` + strings.Repeat("x", 219) + `"}`)
	seq := uint64(0)
	send := func(n int) {
		list := make([]stream.Record, n)
		for i := range list {
			list[i] = stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Data: data}
			seq++
		}
		f.send(list...)
	}
	<-taken // the stream is tailed
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	b.ResetTimer()
	before := usedCPU()
	for open, sent := 0, 0; sent < b.N || open > 0; {
		for ; sent < b.N && open < window; sent, open = sent+run, open+run {
			send(run)
		}
		open -= <-taken
	}
	b.StopTimer()
	b.ReportMetric(float64(usedCPU()-before)/float64(b.N), "cpu-ns/op")
	cancel()
	wg.Wait()
}

// countMarks reads to the end, and tells of each mark, and when the session has begun.
func countMarks(body io.ReadCloser, begins []byte, passed chan<- struct{}) {
	defer func() { _ = body.Close() }()
	buf := make([]byte, 64<<10)
	live := false
	for {
		n, err := body.Read(buf)
		if err != nil {
			return
		}
		if !live && bytes.Contains(buf[:n], begins) {
			live = true
			passed <- struct{}{}
		}
		for range bytes.Count(buf[:n], []byte("@")) {
			passed <- struct{}{}
		}
	}
}

// usedCPU is the processor time that this process has used.
func usedCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
