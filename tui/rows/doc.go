// Package rows keeps records in memory, by number, for those who look at them.
//
// # Contract
//
// A [Store] has the records of one stream, or of several merged by time, oldest
// first. A record's number is its place in its store, from 0, and never changes;
// those from First up to Next are held. Gaps and what became of sources stand among
// them, as notices. [Stores] are all stores together.
//
// Order: a store with one stream and one source has its records as they came. With
// several, a record waits for a tenth of a second for earlier ones, by its own time
// if its clock can be trusted; one that is later than that stands where it came and
// is marked. [Stores.Settle] moves what has waited long enough.
//
// Memory: [Stores.Evict] keeps all stores within one bound of records and one of
// bytes. The oldest of the store that holds the most go, so that a noisy stream never
// pushes out a quiet one. Bytes lie in slabs of 1 MiB outside the heap, with an entry
// of 32 bytes a record; spare slabs and blocks, 2.4 MB at most, are not counted.
//
// Ownership: one goroutine calls everything, and what it gets is valid until the next
// eviction. Other goroutines read through a [Lease] of what is held, which the store
// keeps in place as long as they are at it; who leases is not known here. A
// [Watcher] is called before records are let go, and may copy them.
//
// Nothing blocks or returns an error. Data are copied on the way in.
package rows
