// Package door is what every request to the proxy passes first: who asks, from where,
// by which page, and with what right.
//
// # Contract
//
// [Door.Open] refuses what must not come in, and gives what may the reader's
// auth.Grant, in the request's context, and its address, [Address]. What a request may
// read is for whoever serves it to ask of the Grant.
//
// A Door holds nothing of a request, and never waits for another one.
package door
