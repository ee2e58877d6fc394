// Package stream is what everything reads live records from: a [Source], the
// [Batch]es that it hands on, and the [Handover] between. Where the records come from
// is a [Backend]: package direct reads from consolidators over ZeroMQ, package proxied
// through a proxy over HTTP; each makes Sources, and neither is imported here, so that
// whoever takes batches needs no network client.
//
// # Contract
//
// A Source follows any number of streams, added with [Source.Tail] and removed
// with [Source.Stop] while it runs. It keeps one connection to each
// consolidator (direct), or one HTTP response for each stream (proxy).
// Whatever breaks is tried again for ever, with exponential backoff and
// jitter, and resumed where it stopped.
//
// Order: records of one publisher and stream arrive in the order in which they
// were published. There is no order across streams or across consolidators,
// except that the backfill of a stream is merged by time over all
// consolidators before any of it is handed on.
//
// Accounting: for each stream and consolidator, from the position where the
// reading began, published = records + the counts of the gaps. What cannot be
// counted is a gap with Unknown set. Nothing is handed on twice. What publishers
// dropped while a consolidator was restarted, or stood still, was never published: of
// that a notice of KindAway says that it is unknown.
//
// Delivery: records are handed on in batches, through a bounded Handover. While it is
// full the Source stops reading from the network; the
// consolidator or the proxy then drops the oldest records for this reader
// alone, and reports how many, so that what a slow consumer lost is a gap like
// any other. Notices of a source's state never wait: in a full Handover only the
// latest of each source does.
//
// Memory: the bound of a Handover is one of memory. Records stay in the blocks that they
// were read into, and such a block counts as a whole; of one of which there is little,
// they are copied.
//
// Ownership: a Batch and everything in it belongs to the consumer until it
// calls [Batch.Release]; after that not even Record.Data may be looked at.
//
// Shutdown: [Source.Run] blocks, owns all goroutines, and returns nil when its
// context ends. Take then returns what still waits, and after that
// [ErrClosed]. A panic in any of them ends all, and Run returns it as an error,
// so that whoever has the terminal can restore it first.
package stream
