package consolidator

import (
	"errors"
	"sync"

	"sluice/cluster/zmtp"
)

// errHeldTooMuch ends a connection that was closed for the memory that it held.
var errHeldTooMuch = errors.New("closed for the memory that it holds")

// largeRest is the capacity of a buffer for the rest of a large record. Such
// buffers are used again: when many readers stall, and are closed for it, there
// would be hundreds of them to collect.
const (
	largeRest = zmtp.MaxMessage
	smallRest = largeRest / 8 // what is not larger has a buffer of its own size
)

var largeRests = sync.Pool{New: func() any { return new([largeRest]byte) }}

// keep makes room for n bytes in pending, which is empty. It reports false when
// the connection was closed since there is too much of this.
func (p *sender) keep(n int) bool {
	if n <= cap(p.pending) {
		return true
	}
	size := n
	if n > smallRest && n <= largeRest {
		size = largeRest
	}
	if n > smallHold && !p.s.c.heldOut.reserve(&p.s.rest, size) {
		return false
	}
	p.dropPending()
	if size == largeRest {
		p.pending = largeRests.Get().(*[largeRest]byte)[:0]
	} else {
		p.pending = make([]byte, 0, size)
	}
	return true
}

// dropPending gives the buffer of pending back.
func (p *sender) dropPending() {
	if cap(p.pending) == largeRest {
		largeRests.Put((*[largeRest]byte)(p.pending[:largeRest]))
	}
	p.pending = nil
}
