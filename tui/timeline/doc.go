// Package timeline counts the rows of a pane by their time, while somebody looks at it.
//
// # Contract
//
// An [Axis] divides a stretch of time into columns of a round width. A [Timeline] fills
// a [Chart] along one: of each column the rows by level, the matches of a search, what
// was lost there, and the first row. [Timeline.Step], which the owner of the store calls,
// starts goroutines on all cores that read what is known of each record without its
// bytes; it takes a millisecond at most for 10 million records. A chart that is there never changes; whenever there is a newer one,
// the owner is woken.
//
// A block of which all records are in one column, or in none, is read once: what is in
// it is remembered. So the first chart reads everything, and the next ones little, unless
// the times are in no order.
//
// Rows outside of the axis are counted as such. Those that the store let go are in no
// chart made after that.
//
// Rows that were loaded from before the store are counted by [Loaded], in slices of the
// owner's goroutine; what an archive has besides comes as counts, which [Along] puts into the
// columns of an axis. [Chart.With] has all of them.
//
// Memory: 72 bytes for each block of 4,096 records, and bitmaps of the rows that pass
// while a chart is made.
package timeline
