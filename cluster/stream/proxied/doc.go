// Package proxied reads through a proxy over HTTP: the backend of a [stream.Source]
// for everybody but the operators of the machines.
//
// # Contract
//
// It holds one endless response of server-sent events for each tail, and one for the
// list of live streams while that is watched. One that ends or breaks, or is silent
// for 30 s, is asked for again for ever; what is refused for good (a status of 4xx other
// than 429) every 30 s, and said.
//
// A tail is resumed by the id of the last event that was handed on, and by the
// positions at the consolidators, which another proxy understands as well. See
// docs/http.md. A position is forgotten when the proxy, which knows all of its
// consolidators by then, does not name that one: it has told that what it had is lost.
//
// Memory: one event is at most 2 MiB, and a list of streams at most 16 MiB; at most
// 500,000 live streams and the names of 4,096 consolidators are remembered. More
// positions than that, or than a request has room for, are not sent: where the id alone
// does not lead on, an unknown number of records is told as lost.
package proxied
