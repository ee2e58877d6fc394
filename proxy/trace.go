package proxy

import (
	"net/http"
	"strings"
)

// traceID is the id of the trace that a request belongs to, of its traceparent header
// (W3C Trace Context): 32 digits, or "" when it has none that is valid.
func traceID(h http.Header) string {
	parts := strings.SplitN(h.Get("Traceparent"), "-", 5)
	if len(parts) < 4 || !isHex(parts[0], 2) || parts[0] == "ff" || parts[0] == "00" && len(parts) != 4 ||
		!isHex(parts[1], 32) || !isHex(parts[2], 16) || !isHex(parts[3], 2) {
		return ""
	}
	if strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return ""
	}
	return parts[1]
}

// isHex reports whether s is n hexadecimal digits, small ones.
func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}
