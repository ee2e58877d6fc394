package consolidator

import "sync/atomic"

// counts are what was passed over, by reason, and what went wrong.
type counts struct {
	tooLarge      atomic.Uint64 // messages above the limit
	tooFewFrames  atomic.Uint64 // messages without a record
	badName       atomic.Uint64 // messages whose first frame cannot name a stream
	handshakes    atomic.Uint64 // connections that were closed in their handshake
	protocol      atomic.Uint64 // connections that were closed for breaking the protocol
	silent        atomic.Uint64 // connections that were closed after a silence
	notReading    atomic.Uint64 // connections that were closed because answers to them pile up
	subscriptions atomic.Uint64 // subscriptions refused
}
