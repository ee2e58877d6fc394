package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"sluice/cluster/stream"
	"sluice/proxy"
)

// One record of 240 bytes, published and delivered to each session.
func BenchmarkSessions(b *testing.B) {
	for _, sessions := range []int{1, 8, 100} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) { benchmarkSessions(b, sessions) })
	}
}

func benchmarkSessions(b *testing.B, sessions int) {
	f := newFake()
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Open: func() (proxy.Source, error) { return f, nil }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = p.Run(ctx) })
	client := &http.Client{Transport: &http.Transport{}}
	var readers sync.WaitGroup
	for range sessions {
		req, err := http.NewRequest(http.MethodGet, "http://"+p.Addr()+"/api/logs/s", nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Accept", "text/event-stream")
		req.Header.Set("Sluice-Client", "1")
		resp, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		live := make(chan struct{})
		readers.Go(func() { read(resp.Body, live, []byte(`"last"`)) })
		<-live
	}
	const run = 100
	data := []byte(`{"level":30,"msg":"` + strings.Repeat("x", 219) + `"}`)
	b.SetBytes(int64(len(data) * sessions))
	b.ResetTimer()
	batch := func(seq uint64, n int, data []byte) {
		list := make([]stream.Record, n)
		for i := range list {
			list[i] = stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq + uint64(i)}, Data: data}
		}
		f.send(list...)
	}
	seq := uint64(0)
	for ; seq < uint64(b.N); seq += run {
		batch(seq, run, data)
	}
	batch(seq, 1, []byte(`{"msg":"last"}`))
	readers.Wait()
	b.StopTimer()
	b.ReportMetric(float64(p.Stats().Lost)/float64(seq)/float64(sessions), "lost/record")
	client.CloseIdleConnections()
	cancel()
	wg.Wait()
}

// read reads to the record that has end, and tells when the session is live.
func read(body io.ReadCloser, live chan struct{}, end []byte) {
	defer func() { _ = body.Close() }()
	buf := make([]byte, 64<<10)
	rest := 0
	for told := false; ; {
		n, err := body.Read(buf[rest:])
		if err != nil {
			return
		}
		n += rest
		if !told && bytes.Contains(buf[:n], []byte("event: live")) {
			told = true
			close(live)
		}
		if bytes.Contains(buf[:n], end) {
			return
		}
		rest = copy(buf, buf[max(0, n-16):n])
	}
}
