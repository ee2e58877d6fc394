// Package archive writes what consolidators have into the archive: a reader like any
// other, that keeps its place in each stream of each consolidator by what it has written.
//
// # Contract
//
// A lane is one stream of one consolidator. Its records are gathered into batches of
// 256 KiB, or of what came within Config.Age, and appended to the lane's subject, one after
// the other; batches of different lanes go side by side, up to Window of them. What the
// consolidator says was lost is a batch without records, in its place.
//
// Exactness: for each lane, from the first number of the epoch in which it began,
// published = archived + the counts of its gaps. Nothing is archived twice, and nothing
// out of the order in which the consolidator has it. What nobody can count is a gap of
// unknown number.
//
// One writer: each append names the sequence of the last batch on its subject, so that
// of two archives one is refused, whatever it believes. It looks at that batch, and
// leaves the lane to the other. Who does not write a lane does not read it either; it
// sees where the consolidator stands and what was archived last, and takes the lane over
// when that has stood still for Config.Standstill although there is more. Nobody is elected,
// and nothing is locked.
//
// Place: an archive goes on behind the last batch of a subject. Retention may have
// removed that, so each lane's place is noted beside the batches, too, a few seconds
// later, and when the archive ends; it counts where there is no batch any more.
//
// Blocking: while the store does not answer, each append is tried again for ever, and
// what comes waits in memory, up to Config.Buffer. Then nothing more is read, and the
// consolidators keep what they can; the rest is a gap with its number. They and their
// other readers do not notice.
//
// Memory: Config.Buffer, the source's inbox, and for each lane about 500 bytes.
//
// Shutdown: when Run's context ends, what was read is appended within Config.Grace; what
// is not is read again by the next archive, or by this one when it is started again.
package archive
