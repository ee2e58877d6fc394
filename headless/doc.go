// Package headless is what the clients for scripts have in common: recorder and
// printer take records from a [Source], end for the same reasons, and report in
// the same words.
//
// # Contract
//
// Order: [Intake.Run] hands on the records and notices of a batch in their order, each
// notice after the records that came before it.
//
// Blocking: Run blocks in Source.Take and in its sink, nowhere else, and starts
// no goroutine.
//
// Ownership: a batch is valid until the sink returns; a sink that keeps a record
// copies it.
//
// Ending: Run ends when the [Goal] is met, its time is over, its context ends,
// the source has no more, or the sink returns an error. What had arrived by
// then is still taken, and after an error it is counted as unwritten.
package headless
