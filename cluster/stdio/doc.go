// Package stdio reads from and writes to what may block for ever, as pipes and
// terminals do, so that a context can end it.
//
// # Contract
//
// Reading: a [Reader] reads as a file does, until its context ends. It reads in its
// user's goroutine, and only what does not block, so no goroutine is left behind,
// and nothing was read that its user does not have, whenever the context ends.
//
// Writing: a [Writer] writes as a file does, until its context ends. From then on
// the reader at the other end has a second to take something, and five in all;
// after that writes return [ErrStalled], and how many bytes were taken. No goroutine is left
// behind, and nothing is written after Write has returned.
//
// Logging: a [Queue] takes lines and never waits. One goroutine writes them; what it cannot
// is left out, and how much that was is said in its place.
//
// A file that is a disk's is always ready: an operation of a disk cannot be
// interrupted.
//
// The mode of a file is left as it is: it may be shared with other processes.
package stdio
