// Package find finds words in records, and names by a few of their letters.
//
// # Contract
//
// A [Finder] finds one word in bytes, with or without regard to the case of ASCII
// letters. It looks at eight bytes at a time, never allocates, never changes after
// [New], and may be used by several goroutines at once.
//
// Rows show in words what records spell in JSON. [Plain] reports whether a record
// spells its words as its row does; only then does the absence of a word from the
// bytes say that the row does not have it either. [Words] are the words of a text
// for which that holds. When in doubt [Plain] says no, which costs time and hides
// nothing.
//
// A [Fuzzy] matches names that have the letters of a pattern in their order, and
// says how well. For names in ASCII it does not allocate.
//
// Nothing here blocks, keeps what it is given, or returns an error.
package find
