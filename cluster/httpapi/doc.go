// Package httpapi is the vocabulary of the proxy's HTTP interface, which the proxy
// writes and package stream/proxied reads: paths, headers, the names and data of
// events, ids and positions, and the parser of server-sent events. docs/http.md
// describes the interface for its users; the data of a dropped event is in package
// loss.
//
// # Contract
//
// What is written here reads back as the same. Everything that is read is foreign
// input: it is bounded, and what cannot be read is an error, never a panic. Numbers
// stand in base 36 where they may not fit in a JavaScript number.
//
// Functions that append never keep dst. Nothing here blocks.
package httpapi
