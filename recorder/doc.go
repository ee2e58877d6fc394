// Package recorder writes the records of a source as lines: it is what prints
// when there is no full screen, and what records for scripts.
//
// # Contract
//
// Order: records are written in the order in which the source hands them on,
// as whole lines. Before a notice is written, all records that came before it
// have been.
//
// Delivery: whatever a batch holds is written before the next one is waited
// for. A reader of the output that is too slow stops the recorder, and nobody
// else: the source then loses the oldest records for this recorder alone, and
// tells how many.
//
// Accounting: every gap is told as a notice when it comes, and the last notice
// tells how many records were written and how many were lost, filtered out or
// not.
//
// Shutdown: [Recorder.Run] blocks, and starts no goroutine. It returns nil when
// what was asked for has been written, when its context ended, and when the
// reader of the output went away. Whoever must tell an interrupt from an end
// asks the context. A write that blocks cannot be interrupted: Run returns
// after it.
package recorder
