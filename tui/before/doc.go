// Package before reads what came before the records that a client holds, out of an archive,
// in pages.
//
// # Contract
//
// [Older], [Newer] and [Around] block in the archive until they have what is asked for, the
// archive has no more, or their context ends; each belongs to one goroutine of its own. What
// they return says where it begins and ends, by positions, so that what is read next comes
// right before or behind it: nothing twice, and nothing left out. A loss stands among the
// records where it happened.
//
// Order: of one stream as the archive has it; of several by time.
//
// Memory: what is returned is bounded by what was asked for; what is read in between by
// [maxChunk] records of each stream.
//
// What came right before what is live may be on its way into the archive: it is waited for, 1.5 s
// at most in one reading. What does not come then is a loss, in its place.
package before
