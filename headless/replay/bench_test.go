package replay_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/headless/internal/packed"
	"sluice/headless/printer"
	"sluice/headless/replay"
)

// BenchmarkReplay reads a recording as fast as it goes: only so, and printed.
func BenchmarkReplay(b *testing.B) {
	var text strings.Builder
	for i := range 200_000 {
		text.WriteString(line(time.Duration(i)*time.Millisecond, "GET /v1/things/12345/items took 12 ms for req 0123456789abcdef of tenant acme"))
	}
	data := text.String()
	for _, c := range []struct{ name, data string }{{"plain", data}, {"gzip", packed.Gzip(data)}, {"zstd", packed.Zstd(data)}} {
		path := file(b, "f.log", c.data)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s, err := replay.New(replay.Config{Files: []string{path}})
				if err != nil {
					b.Fatal(err)
				}
				go func() { _ = s.Run(b.Context()) }()
				for {
					batch, err := s.Take(b.Context())
					if errors.Is(err, stream.ErrClosed) {
						break
					}
					batch.Release()
				}
			}
		})
		b.Run(c.name+"/printed raw", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s, err := replay.New(replay.Config{Files: []string{path}})
				if err != nil {
					b.Fatal(err)
				}
				go func() { _ = s.Run(b.Context()) }()
				p, err := printer.New(printer.Config{Source: s, Streams: s.StreamNames(), Out: io.Discard, Layout: 3})
				if err != nil {
					b.Fatal(err)
				}
				if err := p.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
