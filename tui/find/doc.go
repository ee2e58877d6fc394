// Package find finds words in records, and names by a few of their letters.
//
// # Contract
//
// A [Finder] finds one word in bytes, with or without regard to the case of ASCII
// letters. It looks at eight bytes at a time, never allocates, never changes after
// [New], and may be used by several goroutines at once.
//
// A [Fuzzy] matches names that have the letters of a pattern in their order, and
// says how well. For names in ASCII it does not allocate.
//
// Nothing here blocks, keeps what it is given, or returns an error.
package find
