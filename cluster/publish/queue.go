package publish

import (
	"slices"
	"sync"

	"sluice/cluster/zmtp"
)

// chunkSize is how much of the buffer is allocated at once, in bytes.
const chunkSize = 64 << 10

var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// chunk is a piece of the buffer: whole messages, back to back, as they go over
// the wire. Its beginning was sent on this connection, and the beginning of
// that is done with.
type chunk struct {
	buf    []byte
	pooled *[chunkSize]byte // what buf is made of; nil for a large record

	n     int // messages in buf
	sent  int // of them, those given to this connection
	done  int // of those, the ones that are acknowledged, refused or given up
	tried int // those sent on an earlier connection
	at    int // bytes of buf given to this connection

	sealed  bool  // nothing is added any more
	reports *shed // a chunk of notices, which report this
}

func newChunk(size int) *chunk {
	if size > chunkSize {
		return &chunk{buf: make([]byte, 0, size)}
	}
	p := chunks.Get().(*[chunkSize]byte)
	return &chunk{buf: p[:0], pooled: p}
}

func (k *chunk) free() {
	if k.pooled != nil {
		chunks.Put(k.pooled)
		k.pooled, k.buf = nil, nil
	}
}

// offset is where message number i begins.
func (k *chunk) offset(i int) (at int) {
	for range i {
		size, _ := zmtp.NextMessage(k.buf[at:])
		at += size
	}
	return at
}

// queue is the buffer: what was sent and is not acknowledged, then what is to
// be sent. It is guarded by Client.mu.
type queue struct {
	chunks  []*chunk
	next    int    // the first chunk that has something to send
	bytes   int    // of all chunks' buf
	records uint64 // not done with; notices are none
	flying  uint64 // messages that are sent on this connection and not done with
}

// add appends a message.
func (q *queue) add(size int, stream string, record []byte) {
	var k *chunk
	if n := len(q.chunks); n > 0 {
		k = q.chunks[n-1]
	}
	if k == nil || k.sealed || cap(k.buf)-len(k.buf) < size {
		k = newChunk(size)
		q.chunks = append(q.chunks, k)
	}
	k.buf = zmtp.AppendMessage(k.buf, stream, record)
	k.n++
	q.bytes += size
	q.records++
}

// take gives out what is to be sent next, of one chunk. It stays where it is
// until it is done with; written is to be called before the next take.
func (q *queue) take() (k *chunk, region []byte) {
	for q.next < len(q.chunks) {
		k = q.chunks[q.next]
		if k.at < len(k.buf) {
			region = k.buf[k.at:len(k.buf):len(k.buf)]
			q.flying += uint64(k.n - k.sent)
			k.at, k.sent = len(k.buf), k.n
			return k, region
		}
		if q.next == len(q.chunks)-1 {
			break // more may be added to it
		}
		q.next++
	}
	return nil, nil
}

// fresh reports whether the next take begins a chunk, or finds nothing.
func (q *queue) fresh() bool {
	for i := q.next; i < len(q.chunks); i++ {
		if k := q.chunks[i]; k.at < len(k.buf) {
			return k.at == 0
		}
	}
	return true
}

// insert puts a chunk where the next take begins; fresh must hold.
func (q *queue) insert(k *chunk) {
	i := q.next
	for i < len(q.chunks) && q.chunks[i].at == len(q.chunks[i].buf) {
		q.chunks[i].sealed = true
		i++
	}
	q.chunks = slices.Insert(q.chunks, i, k)
	q.bytes += len(k.buf)
}

// pop is done with the first n messages of those that were sent. of is called
// for each group of records with their number, and how many of them had been
// tried before.
func (q *queue) pop(n uint64, of func(records, tried uint64)) {
	for n > 0 {
		k := q.chunks[0]
		m := min(n, uint64(k.sent-k.done))
		if k.reports == nil && m > 0 {
			tried := min(max(k.tried-k.done, 0), int(m))
			q.records -= m
			of(m, uint64(tried))
		}
		k.done += int(m)
		n -= m
		q.flying -= m
		if k.done == k.n && !q.release() {
			return
		}
	}
}

// release lets go of the first chunk, all of which is done with.
func (q *queue) release() bool {
	k := q.chunks[0]
	if k.done < k.n {
		return false
	}
	q.bytes -= len(k.buf)
	k.free()
	q.chunks = slices.Delete(q.chunks, 0, 1)
	q.next = max(0, q.next-1)
	return true
}

// unwrite takes back the end of the last take, so many bytes that were not
// written: messages that are not whole without them were not sent.
func (q *queue) unwrite(k *chunk, bytes int) {
	edge, at, n := k.at-bytes, k.offset(k.done), k.done
	for n < k.sent {
		size, _ := zmtp.NextMessage(k.buf[at:])
		if at+size > edge {
			break
		}
		at += size
		n++
	}
	q.flying -= uint64(k.sent - n)
	k.sent, k.at = n, at
}

// rewind takes the end of a connection: what was sent over it and is not done
// with is to be sent again.
func (q *queue) rewind() {
	for _, k := range q.chunks {
		if k.sent > k.done {
			k.tried = max(k.tried, k.sent)
			k.sent, k.at = k.done, k.offset(k.done)
		}
	}
	q.next, q.flying = 0, 0
}

// drop takes out chunk number i, nothing of which was sent on this connection.
func (q *queue) drop(i int) *chunk {
	k := q.chunks[i]
	q.chunks = slices.Delete(q.chunks, i, i+1)
	if q.next > i {
		q.next--
	}
	q.bytes -= len(k.buf)
	if k.reports == nil {
		q.records -= uint64(k.n - k.done)
	}
	return k
}
