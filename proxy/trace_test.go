package proxy

import (
	"net/http"
	"strings"
	"testing"
)

func TestTraceID(t *testing.T) {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	for header, want := range map[string]string{
		"00-" + trace + "-00f067aa0ba902b7-01":                        trace,
		"cc-" + trace + "-00f067aa0ba902b7-01-what-the-future-brings": trace,
		"":                                  "",
		"00-" + trace + "-00f067aa0ba902b7": "",
		"00-" + trace + "-00f067aa0ba902b7-01-more":              "",
		"ff-" + trace + "-00f067aa0ba902b7-01":                   "",
		"00-" + strings.ToUpper(trace) + "-00f067aa0ba902b7-01":  "",
		"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01": "",
		"00-" + trace + "-0000000000000000-01":                   "",
		"00-" + trace[:31] + "\x1b-00f067aa0ba902b7-01":          "",
		strings.Repeat("-", 60_000):                              "",
	} {
		h := http.Header{}
		h.Set("Traceparent", header)
		if got := traceID(h); got != want {
			t.Errorf("%.80q: %q, want %q", header, got, want)
		}
	}
}
