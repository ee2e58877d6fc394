// Package fanout is the heart of Sluice: each stream is one bounded log in
// memory, each reader is a cursor in it.
//
// What is in a log is whatever its door writes: entries of bytes, back to
// back, that [Config.Next] can walk. The consolidator keeps raw ZMTP messages,
// the proxy keeps records and losses behind a small head.
//
// # Contract
//
// Order: entries of one log are read in the order in which they were appended.
// There is no order across logs; a reader takes its logs in turn, at most
// 64 KiB each, so that a noisy stream costs a quiet one nothing.
//
// Accounting: every entry has a sequence number (an entry may take several,
// when it stands for several lost records). A reader that finds its position
// evicted has lost exactly the numbers in between, and learns it from the
// [Piece] where it goes on. For every cursor, from where it began:
// appended = taken + lost + what it has still to take. What was refused takes
// numbers too (Appender.AddRefused), and is lost to every reader that comes to its
// place; one that is overtaken across it finds it in what it has lost.
//
// Blocking: nothing here blocks on a reader. Append copies, evicts what no
// longer fits, and returns; how many readers there are does not matter to it.
//
// Memory: a log is bounded by Config.StreamBuffer, all together by
// Config.Buffer, counted in bytes of the chunks allocated and of the numbers refused. When all together
// are too large, the log that is largest gives up its oldest chunk, so a log
// within its fair share is never shortened for the sake of another. A reader
// pins a chunk only between Take and Release or Return.
// Logs that may be appended to are bounded in number by Config.MaxStreams. An
// Appender may own no more logs than are still free. When one cannot be made, unread
// logs go: those idle for ten minutes or, after ten seconds, those of closed
// Appenders, if they outnumber the logs of the Appender that wants room. Those of the
// Appender that owns the most go first.
//
// Isolation: the memory of an evicted chunk is reused by the same log only,
// and only when no reader holds it. One stream's bytes can never stand in
// another's chunk.
//
// Locks, in the order in which they may be taken: Hub.waking, Hub.mu, log.mu,
// then one of Reader.mu, Hub.wakeMu, sizes.mu, vacants.mu, wanted.mu (leaves:
// nothing is taken under them).
package fanout
