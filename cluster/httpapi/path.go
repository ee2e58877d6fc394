package httpapi

import (
	"net/url"
	"strings"
)

// Paths of the proxy.
const (
	Prefix      = "/api/"      // of all that a token opens
	LogsRoot    = "/api/logs"  // for streams named by QueryStream
	LogsPrefix  = "/api/logs/" // before the name of a stream
	StreamsPath = "/api/streams"

	DescriptionPath = "/api/openapi.json" // of all paths, for programs; open to all
)

// WatchChanges is the value of QueryWatch with which differences come: ChangesEvent.
const WatchChanges = "changes"

// Query parameters of these paths.
const (
	QueryLast        = "last"        // of a stream: begin with so many records from before now
	QueryLevel       = "level"       // of a stream: records of this level and above
	QueryGrep        = "grep"        // of a stream: records that match this RE2
	QuerySince       = "since"       // of a stream: begin with the records since then, a time or how long ago
	QueryFrom        = "from"        // of a stream: likewise
	QueryTo          = "to"          // of a stream: end with the records of that time
	QueryStream      = "stream"      // streams, by name or pattern; repeatable
	QueryLastEventID = "lastEventId" // of a stream: Last-Event-ID, for those that cannot send headers
	QueryField       = "field"       // of a stream: NAME=VALUE, records with a field of that value; repeatable
	QueryWhere       = "where"       // of a stream: records that pass these terms of package query
	QueryFromVM      = "from-vm"     // of a stream: what comes through this consolidator
	QueryMax         = "max"         // of a stream: accepted, and means nothing; the original's page sends it
	QueryKey         = "key"         // everywhere: a token
	QueryPrefix      = "prefix"      // of the list of streams: those whose names begin so
	QueryAfter       = "after"       // and come after this one, in the order of bytes
	QueryLimit       = "limit"       // and so many of them at most
	QueryWatch       = "watch"       // of the list of streams: go on with what changes
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
