// Package printer writes the records of a source as lines, where there is no full
// screen.
//
// # Contract
//
// Order: records are written in the order in which the source hands them on,
// as whole lines. The notice of a loss comes after the records before it.
//
// Output: Config.Out gets records and nothing else; Config.Notices gets the rest,
// and at the end one line that counts.
//
// Blocking: reading never waits for writing, except through the bounded inbox of
// the source (stream.Config.Inbox): while that is full, the source loses the
// oldest records for this reader alone, and counts them. So what a slow reader of
// the output costs is a gap like any other, and no other reader is slowed down.
//
// Accounting: what was printed, what arrived and could not be written, and what
// was lost.
//
// Patterns: see package selection. Of a stream that appeared, what is from before the
// printing is not printed.
//
// Memory: the source's inbox twice (what waits, and what is being written), a
// buffer of 64 KiB and one record, and 16 MiB for each stream that is appearing.
//
// Shutdown: Run blocks, and starts no goroutine. It returns nil when what was asked
// for has been printed, when its context ended, and when the reader of the output
// went away.
package printer
