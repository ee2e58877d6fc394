package consolidator

import (
	"errors"
	"os"
	"sync/atomic"

	"sluice/cluster/zmtp"
)

// counts are what came and went since the start, what was passed over, by
// reason, and what went wrong.
type counts struct {
	in    flow        // from publishers; records that were appended, and bytes with all around them
	out   [kinds]flow // to readers
	lost  [kinds]atomic.Uint64
	own   atomic.Uint64 // records published by itself
	quiet atomic.Uint64 // lines that it did not log: too many were like them, or nobody reads the log

	tooLarge       atomic.Uint64 // messages above the limit
	tooFewFrames   atomic.Uint64 // messages without a record
	badName        atomic.Uint64 // messages whose first frame cannot name a stream
	reserved       atomic.Uint64 // messages on the consolidator's own stream
	keyMayNot      atomic.Uint64 // messages of streams that their publisher's key may not publish
	tooManyStreams atomic.Uint64 // messages of streams for which there was no room

	tooMany   atomic.Uint64        // connections that were closed at once, there being too many
	tooManyOf [sides]atomic.Uint64 // or too many of their side
	displaced atomic.Uint64        // connections that had to give way in their handshake
	// Connections that were closed in their handshake for anything else, and
	// those of them that took too long.
	handshakes, handshakeTimeouts atomic.Uint64
	deniedKeys                    atomic.Uint64 // connections that were closed in their handshake, since their key is in no list
	unkeyed                       atomic.Uint64 // and those of handshakes that were without a key, or with one where none is wanted
	protocol                      atomic.Uint64 // connections that were closed for breaking the protocol
	silent                        atomic.Uint64 // connections that were closed after a silence
	notReading                    atomic.Uint64 // connections that were closed because answers to them pile up
	held                          atomic.Uint64 // connections that were closed for what they made us hold
	keyGone                       atomic.Uint64 // connections that were closed because their key has gone from the list

	most          atomic.Uint64 // connections that were closed for having most of too many subscriptions
	subscriptions atomic.Uint64 // subscriptions refused
	accept        atomic.Uint64 // errors of accepting
}

// flow is records, and bytes.
type flow struct{ records, bytes atomic.Uint64 }

// kind is a kind of reader.
type kind uint8

const (
	foreign kind = iota // any ZeroMQ socket
	sluice              // one of ours
	kinds
)

func (k kind) String() string { return [...]string{"foreign", "sluice"}[k] }

func (s *subscriber) kind() kind {
	if s.conn.Peer.Sluice {
		return sluice
	}
	return foreign
}

// handshake counts one that came to nothing.
func (c *counts) handshake(err error) {
	c.handshakes.Add(1)
	var mechanism *zmtp.MechanismError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.handshakeTimeouts.Add(1)
	case errors.As(err, &mechanism):
		c.unkeyed.Add(1)
	}
}

// dropped yields the messages that were passed over, by reason.
func (c *counts) dropped(yield func(reason string, n uint64) bool) {
	_ = yield("too_large", c.tooLarge.Load()) &&
		yield("too_few_frames", c.tooFewFrames.Load()) &&
		yield("bad_name", c.badName.Load()) &&
		yield("reserved_name", c.reserved.Load()) &&
		yield("key_may_not", c.keyMayNot.Load()) &&
		yield("too_many_streams", c.tooManyStreams.Load())
}

// refused yields the connections that never came to be, by reason.
func (c *counts) refused(yield func(reason string, n uint64) bool) {
	late, unkeyed := c.handshakeTimeouts.Load(), c.unkeyed.Load()
	_ = yield("too_many_connections", c.tooMany.Load()) &&
		yield("too_many_publishers", c.tooManyOf[publishing].Load()) &&
		yield("too_many_readers", c.tooManyOf[subscribing].Load()) &&
		yield("too_many_handshakes", c.displaced.Load()) &&
		yield("handshake_timeout", late) &&
		yield("wrong_mechanism", unkeyed) &&
		yield("key_not_allowed", c.deniedKeys.Load()) &&
		yield("handshake_broken", c.handshakes.Load()-late-unkeyed)
}

// closed yields the connections that were ended by this side, by reason.
func (c *counts) closed(yield func(reason string, n uint64) bool) {
	_ = yield("protocol", c.protocol.Load()) &&
		yield("silent", c.silent.Load()) &&
		yield("not_reading", c.notReading.Load()) &&
		yield("held_memory", c.held.Load()) &&
		yield("key_gone", c.keyGone.Load()) &&
		yield("most_subscriptions", c.most.Load())
}
