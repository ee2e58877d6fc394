package main

import "fmt"

// trust says what is known of a record once it was given to a socket.
type trust int

const (
	trustConnection trust = iota // what came before an accepted record of the same connection was accepted, too; when the connection has ended well, all was
	trustUnbroken                // all is accepted while the consolidator is neither restarted nor cut off: libzmq tells nothing of its connection
	trustNothing                 // go-zeromq drops when its queue is full
)

// fate is what a consolidator has to do with a message.
type fate int

const (
	accepted  fate = iota // it stands in the log
	refused               // it is too large: it takes a number in the log, and every reader has lost it
	discarded             // it names no stream, or is no record: it takes no number
)

// numbers are what one publisher sent to one stream since the last quiet point.
// Its log's lock guards it.
type numbers struct {
	trust trust
	base  uint64          // number of where[0]
	where []place         // of each number
	fates map[uint64]fate // of those that are not accepted
	parts []part          // the numbers of each connection, in order
}

// part is what went over one connection.
type part struct {
	from   uint64
	acked  uint64 // what is below it is in the log
	broken bool   // the connection ended badly
}

// open begins a connection.
func (n *numbers) open() {
	next := n.base + uint64(len(n.where))
	n.parts = append(n.parts, part{from: next, acked: next})
}

// send gives the next number.
func (n *numbers) send(f fate) uint64 {
	if len(n.parts) == 0 {
		n.open()
	}
	number := n.base + uint64(len(n.where))
	n.where = append(n.where, place{})
	if f != accepted {
		if n.fates == nil {
			n.fates = make(map[uint64]fate)
		}
		n.fates[number] = f
	}
	return number
}

// ended notes the end of the connection: well, all that was sent was accepted.
func (n *numbers) ended(well bool) {
	if len(n.parts) == 0 {
		return
	}
	p := &n.parts[len(n.parts)-1]
	p.broken = !well
	if well {
		p.acked = n.base + uint64(len(n.where))
	}
}

// missing counts records that nobody saw, those that were refused among them.
type missing struct {
	must, may uint64 // those that stand in the log, and those of which nobody knows
	publisher int    // of one that was accepted
	number    uint64
}

func (m *missing) add(o missing, publisher int) {
	if o.must > 0 {
		m.publisher, m.number = publisher, o.number
	}
	m.must += o.must
	m.may += o.may
}

// check looks for records that stand in the log and were seen by nobody.
func (n *numbers) check(killed, restarted bool) (m missing, err error) {
	end := len(n.where)
	for k := len(n.parts) - 1; k >= 0; k-- {
		p := n.parts[k]
		begin := int(max(p.from, n.base) - n.base)
		var later place // the place of the record after this one, of the same connection
		for i := end - 1; i >= begin; i-- {
			number, w := n.base+uint64(i), n.where[i]
			switch {
			case w.life > 0 && n.fates[number] != accepted:
				return m, fmt.Errorf("number %d had to be refused, and was handed on", number)
			case w.life > 0 && later.life > 0 && n.trust == trustConnection && w.life != later.life:
				return m, fmt.Errorf("number %d is in life %d and the one after it, of the same connection, in %d", number, w.life, later.life)
			case w.life > 0 && w.life == later.life && w.seq >= later.seq:
				return m, fmt.Errorf("number %d stands at %d, and one after it at %d", number, w.seq, later.seq)
			case w.life > 0:
				later = w
				continue
			case n.fates[number] == discarded:
				continue
			}
			certain := false
			switch n.trust {
			case trustConnection:
				certain = later.life > 0 || number < p.acked && !(killed && p.broken) || k == len(n.parts)-1 && !p.broken
			case trustUnbroken:
				certain = !restarted
			}
			if certain {
				m.must++
				m.number = number
			} else {
				m.may++
			}
		}
		end = begin
	}
	return m, nil
}

// forget forgets what was sent before the quiet point of now.
func (n *numbers) forget() {
	n.base += uint64(len(n.where))
	n.where = n.where[:0]
	if cap(n.where) > 1<<16 {
		n.where = nil
	}
	clear(n.fates)
	if k := len(n.parts); k > 0 {
		last := n.parts[k-1]
		last.from, last.acked = n.base, n.base
		n.parts = append(n.parts[:0], last)
	}
}
