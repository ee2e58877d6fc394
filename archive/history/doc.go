// Package history reads the archive back, and goes on from there live.
//
// # Contract
//
// [Archive.Read] hands on what is held of one stream, from a time, a position or a number of
// records on, the oldest record first. What it does not find there it says.
//
// Order: of one consolidator, records come in the order of their positions; those of several
// are merged by time, as stream.MergeByTime has it: by a record's own time, which never goes
// back; a record without one goes by the arrival of its batch, and one whose time is more
// than five seconds after its arrival by that.
//
// Accounting: of each consolidator, from where the reading began, positions = records + the
// counts of the gaps, which stand in their places: what the archive lost itself, what was
// damaged or has been removed, what had expired before the first batch. Where the number
// cannot be known the gap is unknown. Records that are outside the times that were asked for
// are no loss.
//
// Finding: a batch leads to those before it, 1, and up to 16, 256, 4,096 and 65,536 back. So any
// place is found by a known number of direct gets, about 15 for each of these steps, however
// much is held of other streams. A time is found by the newest time that a batch says of its
// records and all before them, which never goes back along a chain, whatever clocks do (see
// batch.Head.Newest); an end by when batches came.
//
// Reading on from there: what lies between two hops is gone through backwards and handed on
// forwards, four such segments ahead at a time.
//
// Counting: [Archive.Counts] tells how many records there are by time from the heads of batches
// alone, of which each has the sum of those before it: so it reads few, however many there are,
// 4,000 and a few for each consolidator at most, which take 1 KiB each.
//
// Memory: 32 MiB of compressed batches at most for one Read, and a decompressed one for each
// consolidator.
//
// Blocking: Read blocks in its Hand and in the archive, whose every answer it awaits for five
// seconds at most; one that was not connected for two seconds is not waited for. It ends at
// once when its context does, and all its goroutines with it.
//
// # History and live
//
// A [Source] is a live source (stream.Source) that reads the archive, too: what was said since
// a time, and the newest records that the consolidators have let go. The position that is
// reached in the archive is where the live tail begins; so nothing comes twice, and what
// neither has is a gap with its number. What was archived while the archive was read is read
// behind it, until that takes no time worth speaking of.
// There times may go back once, by as much as one consolidator's records were archived later than
// another's, a second: to merge across that place, live records would have to wait for the slowest
// consolidator, and live is not to wait for the archive.
//
// When a consolidator says that it no longer has what a reader missed that was away, or that it
// was restarted, the stream's tail is stopped, and what is missing is read from the archive,
// before live goes on. What a reader loses of live records because it is too slow stays lost:
// it would be later still.
//
// Live needs the archive for nothing. One that is not there is an unknown loss of the streams
// that wanted something of it, with "history unavailable", and live goes on at once. While a
// stream reads history the other ones are live.
//
// Memory: 16 MiB of history wait to be taken; of each stream that asks for the newest records,
// what the live source gave is held until it is known whether there are enough of them.
package history
