package consolidator

import (
	"sync"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/loss"
	"sluice/cluster/zmtp"
)

// How much a reader's goroutine writes.
const (
	maxTurn  = 64 << 10  // bytes of one stream in its turn
	maxWrite = 256 << 10 // bytes of one system call
	maxItems = 80        // pieces of one system call; each has at most three vectors
)

// sender moves what a reader may take to its connection, without waiting and
// without copying. It is owned by the goroutine that writes.
type sender struct {
	s       *subscriber
	err     error
	leaving bool // no more is appended, and was not when gathering began
	ended   bool // the final positions were appended

	pending []byte            // to be written before anything else: the rest of what was written in part
	marks   *fanout.Positions // of which periodic marks are due; nil when none are
	ends    *fanout.Positions // of which final positions are being appended; nil before the end
	*batch                    // nil while the reader is idle
}

// batch is what one system call writes.
type batch struct {
	items  []item
	extra  []byte // the bytes of the items' prefixes and suffixes
	pieces [][]byte
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// item is a piece of a stream, with the commands before and after it. The
// offsets are in sender.extra.
type item struct {
	piece fanout.Piece
	from  int // prefix: extra[from:mid]
	mid   int // suffix: extra[mid:to]
	to    int
	size  int // of all three
}

// write is called when the connection may take bytes. It reports whether it is done
// for now; otherwise the connection is full, and write holds nothing but the rest of
// one record.
func (p *sender) write(conn zmtp.Ready) (done bool) {
	p.batch = batches.Get().(*batch)
	defer func() {
		clear(p.items)
		clear(p.pieces)
		batches.Put(p.batch)
		p.batch = nil
		if len(p.pending) == 0 {
			p.dropPending()
		}
	}()
	for {
		if !p.gather() && p.s.conn.Kept() == 0 {
			return true
		}
		n, err := conn.Write(p.pieces)
		if err == zmtp.ErrFull {
			p.giveBack(0)
			p.s.stalled(true)
			return false
		}
		if err != nil {
			p.giveBack(0)
			p.err = err
			return true
		}
		p.note(n)
		if !p.giveBack(n) {
			p.err = errHeldTooMuch
			return true
		}
		p.s.stalled(false)
	}
}

// gather collects what is to be written next. It reports false when there is
// nothing.
func (p *sender) gather() bool {
	p.items, p.extra, p.pieces = p.items[:0], p.extra[:0], p.pieces[:0]
	select {
	case <-p.s.gone:
		return false
	default:
	}
	p.control()
	size := len(p.pending)
	for p.ends == nil && size < maxWrite && len(p.items) < maxItems {
		piece, ok := p.s.reader.Take(maxTurn)
		if !ok {
			break
		}
		it := item{piece: piece, from: len(p.extra)}
		p.frame(&it)
		it.size = it.to - it.from + len(piece.Bytes)
		size += it.size
		p.items = append(p.items, it)
	}
	if size == 0 && p.addFinalPositions() {
		size = len(p.pending)
	}
	if size == 0 {
		return false
	}
	p.add(p.pending)
	for i := range p.items {
		it := &p.items[i]
		p.add(p.extra[it.from:it.mid])
		p.add(it.piece.Bytes)
		p.add(p.extra[it.mid:it.to])
	}
	if len(p.pieces) == 0 {
		// Pieces that mean nothing to this reader.
		p.giveBack(0)
		return p.gather()
	}
	return true
}

func (p *sender) add(b []byte) {
	if len(b) > 0 {
		p.pieces = append(p.pieces, b)
	}
}

// control takes what is not records, unless there is enough to be written first.
func (p *sender) control() {
	s := p.s
	room := len(p.pending) < maxPiece
	s.mu.Lock()
	if room && len(s.control) > 0 {
		p.pending = append(p.pending, s.control...)
		s.control = nil
		s.c.heldOut.set(&s.answers, 0, true)
		s.c.heldOut.set(&s.rest, cap(p.pending), true)
	}
	if s.marks && p.marks == nil {
		p.marks = s.reader.Moved()
	}
	s.marks = false
	p.leaving = s.leaving && s.settled
	s.mu.Unlock()
	for p.marks != nil && len(p.pending) < maxPiece {
		name, at, ok := p.marks.Next()
		if !ok {
			p.marks = nil
			break
		}
		p.pending = zmtp.AppendMark(p.pending, zmtp.Mark{Name: []byte(name), Epoch: at.Epoch, Next: at.Next, Cause: zmtp.MarkPeriodic})
	}
}

// frame appends what a piece's reader has to know before and after it.
func (p *sender) frame(it *item) {
	piece := &it.piece
	if !p.s.conn.Peer.Sluice {
		if piece.Lost > 0 {
			p.extra = appendNotice(p.extra, piece.Name, piece.Lost, reasonOf(piece.Cause))
		}
		it.mid, it.to = len(p.extra), len(p.extra)
		return
	}
	if piece.Cause != fanout.CauseNone {
		m := zmtp.Mark{Name: []byte(piece.Name), Epoch: piece.Epoch, Next: piece.Next, Cause: causes[piece.Cause]}
		if piece.Cause == fanout.CauseStart && piece.Lost > 0 {
			// Overtaken between the tail and now: it began before.
			m.Next -= piece.Lost
			p.extra = zmtp.AppendMark(p.extra, m)
			m.Next, m.Cause = piece.Next, zmtp.MarkOvertaken
		}
		p.extra = zmtp.AppendMark(p.extra, m)
	}
	it.mid = len(p.extra)
	if piece.Live {
		p.extra = zmtp.AppendLive(p.extra, piece.Name)
	}
	it.to = len(p.extra)
}

var causes = [...]zmtp.MarkCause{
	fanout.CauseStart:     zmtp.MarkStart,
	fanout.CauseOvertaken: zmtp.MarkOvertaken,
	fanout.CauseTooLate:   zmtp.MarkTooLate,
	fanout.CauseNewEpoch:  zmtp.MarkNewEpoch,
	fanout.CauseTooLarge:  zmtp.MarkTooLarge,
	fanout.CauseMalformed: zmtp.MarkMalformed,
}

// reasonOf is why a foreign reader has lost records, for people.
func reasonOf(cause fanout.Cause) string {
	switch cause {
	case fanout.CauseTooLarge:
		return loss.TooLarge
	case fanout.CauseMalformed:
		return loss.Malformed
	}
	return loss.TooSlow
}

// refused reports whether records that a piece reports as lost were refused, and had
// nothing to do with the reader.
func refused(cause fanout.Cause) bool {
	return cause == fanout.CauseTooLarge || cause == fanout.CauseMalformed
}

// appendNotice appends the message that notifies a foreign reader of its loss.
func appendNotice(dst []byte, name string, lost uint64, reason string) []byte {
	rec := loss.AppendInBand(nil, time.Now(), lost, reason)
	return zmtp.AppendMessage(dst, name, rec)
}

// giveBack accounts for n bytes written of what was gathered, and gives the
// rest back to the logs. It reports false when the rest of a record has to be
// kept and may not, since the connection was closed meanwhile.
func (p *sender) giveBack(n int) bool {
	if n < len(p.pending) {
		p.pending = p.pending[:copy(p.pending, p.pending[n:])]
		n = 0
		for i := len(p.items) - 1; i >= 0; i-- {
			p.s.reader.Return(&p.items[i].piece, false, 0, nil)
		}
		return true
	}
	n -= len(p.pending)
	p.pending = p.pending[:0]
	i := 0
	for ; i < len(p.items) && n >= p.items[i].size; i++ {
		n -= p.items[i].size
		p.items[i].piece.Release()
	}
	for k := len(p.items) - 1; k > i; k-- {
		p.s.reader.Return(&p.items[k].piece, false, 0, nil)
	}
	if i == len(p.items) {
		return true
	}
	it := &p.items[i]
	prefix, bytes := it.mid-it.from, len(it.piece.Bytes)
	switch {
	case n == 0:
		p.s.reader.Return(&it.piece, false, 0, nil)
	case n < prefix:
		p.pending = append(p.pending, p.extra[it.from+n:it.mid]...)
		p.s.reader.Return(&it.piece, true, 0, nil)
	case n < prefix+bytes:
		if !p.keep(restOf(it.piece.Bytes, n-prefix)) {
			p.s.reader.Return(&it.piece, false, 0, nil)
			return false
		}
		p.pending = p.s.reader.Return(&it.piece, true, n-prefix, p.pending)
	default:
		p.pending = append(p.pending, p.extra[it.mid+n-prefix-bytes:it.to]...)
		it.piece.Release()
	}
	return true
}

// restOf is how many bytes are left of the message in which n bytes end.
func restOf(messages []byte, n int) int {
	size := 0
	for size < n {
		s, _ := zmtp.NextMessage(messages[size:])
		size += s
	}
	return size - n
}

// addFinalPositions appends the next piece of the final positions, once all was handed
// over at shutdown. No records come after the first.
func (p *sender) addFinalPositions() bool {
	if !p.leaving || p.ended {
		return false
	}
	if !p.s.conn.Peer.Sluice {
		p.ended = true
		return false
	}
	if p.ends == nil {
		p.ends = p.s.reader.Positions()
	}
	var ends []zmtp.StreamEnd
	for size := 0; size < maxPiece && !p.ended; {
		name, at, ok := p.ends.Next()
		if p.ended = !ok; ok {
			ends = append(ends, zmtp.StreamEnd{Name: name, Epoch: at.Epoch, Next: at.Next})
			size += len(name) + 17
		}
	}
	p.pending = zmtp.AppendBye(p.pending, ends)
	return true
}
