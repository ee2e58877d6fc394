package proxy

import (
	"math"

	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/cluster/query"
	"sluice/cluster/record"
)

// parameter is one parameter of a route, as it is read and as it is described.
type parameter struct {
	name     string
	in       string // "" is the query
	repeat   int    // how often it may stand; 0 is once
	empty    bool   // it means something without a value
	required bool
	value    object // schema of one value
	about    string
}

// object is one of JSON.
type object = map[string]any

// text is a string of so many bytes at most; 0 is no bound.
func text(most int) object {
	if most == 0 {
		return object{"type": "string"}
	}
	return object{"type": "string", "maxLength": most}
}

// number is an integer within bounds.
func number(least, most int64) object {
	return object{"type": "integer", "minimum": least, "maximum": most}
}

const (
	inPath   = "path"
	inHeader = "header"
)

var (
	streamInPath = parameter{
		name: "stream", in: inPath, value: object{"type": "string", "minLength": 1, "maxLength": names.Max},
		about: "The name of a stream, UTF-8 without control characters. No sign in it is a pattern.",
	}
	tenantInPath = parameter{
		name: "tenant", in: inPath, value: object{"type": "string", "minLength": 1, "maxLength": names.Max - len("tenant/")},
		about: "The name of a tenant.",
	}
	partInPath = parameter{name: "part", in: inPath, value: text(0), about: "The name of a file."}
)

// streamParameter is of the streams of a session.
var streamParameter = parameter{
	// A backslash before each sign of a name takes as many bytes again.
	name: httpapi.QueryStream, repeat: maxNames, value: text(2 * names.Max),
	about: "A stream, or a pattern of streams in which * stands for any characters but /, ** for any, ? for one, and a backslash takes away their meaning: 255 bytes, without the backslashes of a name. Each record is wrapped then, with the name of its stream.",
}

// sessionParameters are those of a session.
var sessionParameters = []parameter{
	{name: httpapi.QueryLast, value: number(0, math.MaxInt64), about: "Begin with the last so many records, of all streams and machines together. 0, and without it: with the next one."},
	{name: httpapi.QuerySince, value: text(0), about: "Begin with the records since then: a time of RFC 3339 in the years 1970 to 9999, or how long ago, as in 15m. Not with last, nor with from."},
	{name: httpapi.QueryFrom, value: text(0), about: "Another name of since."},
	{name: httpapi.QueryTo, value: text(0), about: "End with the records of that time, which is written as that of since, and not before it."},
	streamParameter,
	{name: httpapi.QueryLastEventID, value: text(0), about: "The Last-Event-ID, for those who cannot send headers."},
	{name: httpapi.QueryLevel, value: object{"anyOf": []object{{"type": "string", "enum": []string{"trace", "debug", "info", "warn", "error", "fatal"}}, number(0, record.MaxLevel)}}, about: "Records of this level and above."},
	{name: httpapi.QueryGrep, value: text(maxGrep), about: "Records whose JSON matches this RE2, which may compile to 1,000 instructions."},
	{name: httpapi.QueryField, repeat: query.MaxTerms, value: object{"type": "string", "maxLength": maxWhere, "pattern": "^[^=]+="}, about: "NAME=VALUE: records with a field of that value; NAME may be keys joined by dots. 4,096 bytes in all; together with where, 32 conditions."},
	{name: httpapi.QueryWhere, value: text(maxWhere), about: "Records that pass a filter as the full-screen client has it, such as level>=warn -health."},
	{name: httpapi.QueryFromVM, value: text(names.Max), about: "What comes through the consolidator of this name."},
	{name: httpapi.QueryMax, value: text(0), about: "Accepted, and means nothing: old clients send it."},
	keyParameter,
	{name: httpapi.HeaderLastEventID, in: inHeader, value: text(0), about: "The id of the last event that the client had: go on with the next one. Opaque, and 512 bytes at most; one that is not a proxy's means that the client may have missed something."},
	{name: httpapi.HeaderClient, in: inHeader, value: object{"type": "string", "enum": []string{"1"}}, about: "1: the client wants the event live once the backfill is complete, and ids of this proxy alone, which are shorter."},
	{name: httpapi.HeaderPositions, in: inHeader, value: text(0), about: "Where the client goes on at each consolidator, NAME:EPOCH:NEXT joined by commas, the name percent-encoded, both numbers in base 36; 4,096 at most, of one stream. Means Sluice-Client, too."},
	{name: httpapi.HeaderHistory, in: inHeader, value: text(0), about: "A part of the history of one stream alone, for events: last=N of the newest (0: all), from= and to= a time, before= and after= positions as in Sluice-Positions, named=1 nothing of others than after= names, counts=N no records but how many there are by time, in N columns at most; joined by & and percent-encoded. A ping tells where it came to, and the reason of the event end is \"" + httpapi.EndHistory + "\" when all has come."},
	traceParameter,
}

var (
	// keyParameter is described as a security scheme.
	keyParameter   = parameter{name: httpapi.QueryKey}
	traceParameter = parameter{name: "traceparent", in: inHeader, value: text(0), about: "The trace that the request belongs to (W3C Trace Context): the log has its id."}
)

// streamsParameters are those of the list of streams.
var streamsParameters = []parameter{
	{name: httpapi.QueryWatch, empty: true, value: object{"type": "string", "enum": watchForms}, about: "Go on: with the whole list whenever it changes, or, as changes, with the differences. One object a line, or as events."},
	{name: httpapi.QueryPrefix, value: text(names.Max), about: "Streams whose names begin so."},
	{name: httpapi.QueryAfter, value: text(names.Max), about: "Streams whose names come after this one, in the order of bytes."},
	{name: httpapi.QueryLimit, value: number(1, math.MaxInt), about: "So many at most: the next of them come after the name that next says."},
	keyParameter,
	traceParameter,
}

// several are the parameters where there is no stream but those that they name.
func several(list []parameter) []parameter {
	out := make([]parameter, len(list))
	copy(out, list)
	for i := range out {
		if out[i].name == httpapi.QueryStream {
			out[i].required = true
		}
	}
	return out
}
