// Package resume decides what a reader of one of the proxy's logs gets: where it
// begins, which entries it gets from there, under which ids, and which losses it
// is told of besides. It is a state machine: entries in, entries out, without
// network, locks and time.
//
// # Contract
//
// A reader may name a place in the log ([Want.After]), places at consolidators
// ([Want.Positions]), or nothing. Where the log leads on from what it names, it
// gets the log as it stands, and what the log has lost of it is counted by the
// log. Otherwise it has to catch up ([Reader.CatchesUp]): what it misses is read
// again at the consolidators ([Reader.Record], [Reader.Gap]), then comes all of
// the log ([Reader.Entry]), but for what the reader has by then; and what is
// missing is found by the sequence numbers. That ends when the reader stands at
// every consolidator where the log stands ([Reader.Settle]). A consolidator that it
// named, and that the proxy does not have, may be one that was not reached yet; once
// all are, it is not in the cluster any more, and what it had is lost, in unknown number.
//
// Accounting: of each consolidator that it named, and of all entries of the log
// from where it began, a reader gets every record once and in order, or is told
// that it is lost: exactly, or that a number is lost which nobody can know.
//
// Ids: as long as a reader catches up, the ids of its events are no places in
// the log, since it may have records already that stand further on. It then
// comes back by its positions, which its ids and the numbers of [Sources] give.
//
// Ownership: one goroutine has a [Reader]. [Sources], [Checkpoints] and [Gaps]
// belong to whoever writes the log, under one lock; a Reader keeps nothing of
// them. An entry is used until the call returns, and as long as what it returned.
package resume
