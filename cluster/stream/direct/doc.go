// Package direct reads from consolidators over ZeroMQ: the backend of a
// [stream.Source] that needs no proxy.
//
// # Contract
//
// It holds one connection, a link, to each consolidator that the finder names, and
// makes it again for ever when it breaks. A link remembers its position in every
// stream, so what it missed is asked for again; what cannot be had is a gap, with its
// number where marks or an X-BYE gave it, unknown otherwise. See docs/wire.md. A link
// whose endpoint the finder names no more ends: when its connection breaks, after
// Config.Grace at the latest, or when a consolidator of its name is reached at another
// endpoint; where the finder's sets are partial, it is kept for as long as it answers, and
// tried again for the grace. It remembers its positions for when that endpoint is named
// again, or a consolidator of that name at another one; of the last 1,024 such, with a
// million positions at most in all, and the log says of which it forgets them.
//
// The state of the finder is a status of its own as long as there is something to say:
// connecting while no set was found, lost while it cannot be found anew, live while the
// set is empty. A backfill waits two seconds for a set.
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
