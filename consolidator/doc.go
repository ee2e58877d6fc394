// Package consolidator runs on each machine and passes records on: publishers
// connect to its publish endpoint (an XSUB socket), readers to its subscribe
// endpoint (an XPUB socket), and between them stands a fanout.Hub.
//
// # Contract
//
// Every record that is read from a publisher and is sound is appended to its
// stream's log, whether anybody reads it or not. What is not sound is counted
// by reason and passed over; its connection lives on. A record that is too large, of
// a stream whose name is known, takes a number there, once it has come whole: every
// reader is told that it is lost. It is not acknowledged as accepted.
//
// No peer makes another wait: a publisher waits for nothing but its own
// connection, and a reader that does not read pins no more than the rest of
// one record. A reader that was overtaken is notified of how much it lost: a sluice
// reader by a mark, a foreign one by a record in the stream concerned.
//
// Each connection has one goroutine that reads; a reader's has one that
// writes, too. One more sweeps over all of them: heartbeats, acknowledgements,
// periodic marks, the list of live streams.
//
// A connection is closed by the goroutine that reads it, when it holds no lock; whoever
// else ends one aborts it ([zmtp.Conn.Abort]), which waits for nothing. So it is under
// Consolidator.mu, under a connection's own lock, and in the middle of its own reading or
// writing. Locks: Consolidator.mu, then subscriber.mu, outbox.mu or subscriptions.mu, then
// heldMemory.mu. Nobody waits for a peer, nor for another connection's goroutine, while
// holding one.
//
// Connections, handshakes at once and streams are bounded by Config; what is
// beyond is refused and counted by reason. Of too many handshakes the oldest
// gives way, so that silent connections keep no one out; and a quarter of all
// connections is kept for publishers, another for readers.
//
// Everything that comes, goes, is dropped or refused is counted: once a read or
// a write, never once a record. The admin endpoint shows it over HTTP, and a
// record on the stream "system/sluice" every 5 s; warnings go there, too. What is
// logged too often is left out, and how often is logged. That stream is published
// like any other, and by nobody else: what a publisher sends there is refused and takes
// no number. It ends before the final positions are sent.
//
// A consolidator that did not run for more than a second finds that out by its clock,
// and tells its sluice readers: nobody knows what publishers dropped meanwhile.
//
// Shutdown: when its context ends, Run stops accepting, reads publishers to
// their end, hands readers what is left for them, sends sluice readers
// the final positions of what they have asked for by then, and closes; each of the two within a grace period. A connection
// that has not ended some seconds after that is logged, and left behind.
package consolidator
