// Package names knows the names of streams: what may be one, patterns of them, and
// lists of several.
//
// # Contract
//
// A name is 1 to [Max] bytes of UTF-8 without control characters, and is compared
// whole. Names, patterns and lists are foreign input: every function takes time
// proportional to its argument, and none blocks or keeps what it is given.
package names
