// Package publish publishes records to a consolidator of Sluice: a [Client] for
// programs that ship records, and a slog handler for services that log.
//
//	logs, err := publish.Open(publish.Config{Shed: true})
//	…
//	defer logs.Close(context.Background())
//	slog.SetDefault(slog.New(publish.NewHandler(logs, "tenant/acme", nil)))
//
// # Contract
//
// Order: records of one stream that one goroutine publishes stand in the
// stream's log in that order, and each once, as long as no connection breaks.
// After a break, what was not acknowledged is sent again, in its order.
//
// Delivery: a consolidator of Sluice acknowledges what stands in its logs
// (X-ACK, in docs/wire.md). Until then a record stays in the Client's buffer.
// What was sent over a connection that breaks is uncertain: it may have arrived,
// and its acknowledgement not. A Client sends it again, since whoever ships logs
// would rather have a record twice than not at all, and counts those records as
// Repeated when they are acknowledged. With Config.Once it does not, and counts
// them as Uncertain. When a consolidator ends, it acknowledges what it
// has read, and nothing is uncertain. A consolidator keeps its logs in memory:
// acknowledged means that the record stood there, not that it outlives it.
//
// Other ZeroMQ peers (SUB and XSUB sockets that listen) acknowledge nothing.
// What is written to one counts as Unacknowledged and is forgotten; of what it
// did not subscribe to, nothing is sent, as PUB sockets have it, and that counts
// as Refused. Until it subscribes to something, nothing is sent at all. A
// connection that breaks in a write makes the records of that write Uncertain.
// Nothing is sent to such a peer twice.
//
// Blocking: by default Publish waits while the buffer is full. With Config.Shed
// it never waits for anything but a mutex that is held for as long as it takes
// to copy some records: whether the consolidator is there, reads, or was
// stopped, has no part in it. It makes room by giving up the oldest records that
// were not sent yet; when all that the buffer holds was sent, the new one.
//
// Accounting: every record that Publish took is counted in [Stats], in exactly
// one way. What was shed is reported in its stream, at the place where it is
// missing, by a bunyan record with the field "shed"; it does not count in Stats.
// A notice that may not have arrived is sent again after a break, added to what
// was shed since.
//
// Memory: the buffer is bounded by Config.Buffer, plus 400 bytes for each stream
// that something was shed of; idle, a Client holds nothing. Besides, up to
// 256 KiB while the peer sends something.
//
// Shutdown: [Client.Close] waits for what is not acknowledged, as long as its
// context and Config.Linger allow, and leaves no goroutine behind.
package publish
