// Package alert is when something that was waited for is worth a word: how often it has
// to come, and how often somebody is told.
//
// # Contract
//
// A [Rate] is how often; a [Counter] counts what comes, by its times, and says when
// it came that often. A [Bell] rings at most once in its pause, and counts what it did
// not ring for. None of them blocks, reads a clock, or may be used by several
// goroutines at once. Memory: eight bytes for each record of a rate, [MaxCount] of them
// at most.
package alert
