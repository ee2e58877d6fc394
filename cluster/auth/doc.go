// Package auth decides who may read which streams: what a token says, as a [Grant].
//
// # Contract
//
// A Grant never changes, and any goroutine may ask it. It knows names alone: whether
// a stream exists makes no difference to its answers. It opens what it names, whole
// names only, and nothing else; the zero Grant opens nothing.
//
// Tokens are foreign input and secrets: no error, no log line and no id has a part
// of one.
package auth
