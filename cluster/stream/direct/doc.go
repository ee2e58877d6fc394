// Package direct reads from consolidators over ZeroMQ: the backend of a
// [stream.Source] that needs no proxy.
//
// # Contract
//
// It holds one connection, a link, to each consolidator that the finder names, and
// makes it again for ever when it breaks. A link remembers its position in every
// stream, so what it missed is asked for again; what cannot be had is a gap, with its
// number where marks or an X-BYE gave it, unknown otherwise. See docs/wire.md. A link
// whose endpoint the finder names no more ends, and remembers its positions, for when
// that is named again, or a consolidator of that name at another endpoint; of the last
// 1,024 such, and the log says of which it forgets them.
//
// The backfill of a stream is collected from all consolidators and handed on merged by
// time, once all have answered or failed, after Config.MergeWait at most, and at once beyond 64 MiB. Live
// records wait behind it.
//
// Foreign sockets (XPUB, PUB) are read, too. They have no positions: the link counts by
// itself, in an epoch of its own for each connection, and nothing is resumed. Their state
// is "unaccounted".
//
// Locks, in the order in which they may be taken: backend.mu, merge.mu, link.mu, the
// Handover's.
// Nothing waits for the consumer while it holds one.
package direct
