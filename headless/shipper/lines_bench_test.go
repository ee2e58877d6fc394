package shipper_test

import (
	"strings"
	"testing"

	"sluice/headless/shipper"
)

// What each kind of lines costs on their way to the client of a publisher.
func BenchmarkKinds(b *testing.B) {
	for _, kind := range []struct{ name, text string }{
		{"bunyan", `{"v":0,"name":"api","hostname":"vm-1","pid":4242,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"request done","req":{"method":"GET","url":"/api/items/1"},"took":12.5,"fill":"` + strings.Repeat("x", 60) + `"}` + "\n"},
		{"text", `2026-03-01T12:00:00.000Z INFO server/handler.go:42 request done: GET "/api/items/1" 200 in 12.5 ms ` + strings.Repeat("x", 140) + "\n"},
		{"words", `request done: GET "/api/items/1" 200 in 12.5 ms ` + strings.Repeat("x", 190) + "\n"},
		{"trace", "2026-03-01 12:00:00 ERROR failed\njava.lang.IllegalStateException: x\n" + strings.Repeat("\tat com.example.server.Handler.handle(Handler.java:42)\n", 30)},
		{"zap", "2026-03-01T12:00:00.000Z\tERROR\tserver/handler.go:42\tfailed\n" + strings.Repeat("example.com/server.(*Handler).Serve\n\t/src/server/handler.go:42\n", 15)},
		{"blank lines", "request done\n\n"},
	} {
		b.Run(kind.name, func(b *testing.B) {
			input := []byte(strings.Repeat(kind.text, 1+100_000/len(kind.text)))
			read := shipper.Reader()
			read(input)
			b.SetBytes(int64(len(input)))
			b.ReportAllocs()
			for b.Loop() {
				read(input)
			}
		})
	}
}
