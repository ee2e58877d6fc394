package httpapi

import (
	"net/url"
	"strings"
)

// Paths of the proxy.
const (
	LogsPrefix  = "/api/logs/" // before the name of a stream
	StreamsPath = "/api/streams"
)

// Query parameters of these paths.
const (
	QueryLast  = "last"  // of a stream: begin with so many records from before now
	QueryLevel = "level" // of a stream: records of this level and above
	QueryGrep  = "grep"  // of a stream: records that match this RE2
	QueryWatch = "watch" // of the list of streams: go on with what changes
)

// LogsPath is the path at which a proxy serves a stream.
func LogsPath(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if part == "" || part == "." || part == ".." {
			// What is between would take it for another path.
			return LogsPrefix + strings.ReplaceAll(url.PathEscape(name), ".", "%2E")
		}
		parts[i] = url.PathEscape(part)
	}
	return LogsPrefix + strings.Join(parts, "/")
}
