package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"sluice/proxy/tally"
)

const (
	maxBatch = 32 << 10
	// frameSize is what is kept free before a batch, for the size of the chunk
	// that it is written as: eight digits and an end of line.
	frameSize = 10
)

// batchWriter gathers what one reader gets next, and writes all of it at once.
// It is for the goroutine that serves the session.
//
// With HTTP/1 it writes to the connection itself, beside net/http, which would copy
// each batch twice and cut it up: parsers in the field do not put an event together
// from two reads. net/http writes the head of the response, and its end, unless the
// session has taken the connection over.
type batchWriter struct {
	conn     net.Conn // nil with HTTP/2
	response http.ResponseWriter
	control  *http.ResponseController
	chunked  bool // as of HTTP/1.1
	timeout  time.Duration
	blocked  *atomic.Uint64
	counts   *tally.Counts
	sent     *traffic

	begun    bool      // the head was written
	batch    *[]byte   // nil when there is none
	unsent   []byte    // the rest of a batch that was written in part; nil: nothing was
	records  uint64    // in it
	told     uint64    // records written so far
	written  uint64    // bytes, likewise
	flushed  time.Time // the last batch was
	deadline time.Time // of writes, as it is set
}

func newBatchWriter(w http.ResponseWriter, r *http.Request, p *Proxy) batchWriter {
	b := batchWriter{
		response: w, control: http.NewResponseController(w), chunked: r.ProtoAtLeast(1, 1),
		timeout: p.cfg.WriteTimeout, blocked: &p.blocked, counts: &p.counts, sent: &p.sent,
	}
	if r.ProtoMajor == 1 {
		b.conn = connOf(r)
	}
	return b
}

// buffer is the batch, to be appended to.
func (w *batchWriter) buffer() *[]byte {
	if w.batch == nil {
		w.batch = getBuffer()
	}
	return w.batch
}

func (w *batchWriter) add(text string) {
	b := w.buffer()
	*b = append(*b, text...)
}

func (w *batchWriter) size() int {
	if w.batch == nil {
		return 0
	}
	return len(*w.batch) - frameSize
}

// drop lets go of the batch.
func (w *batchWriter) drop() {
	if w.batch != nil {
		putBuffer(w.batch)
		w.batch, w.unsent = nil, nil
		w.records = 0
	}
}

// flush writes the head of the response if that was not written yet, then the
// batch, in one write.
func (w *batchWriter) flush() error {
	now := time.Now()
	err := w.extend(now)
	if err == nil && !w.begun {
		w.begun = true
		err = w.control.Flush()
	}
	if size := w.size(); err == nil && size > 0 {
		if err = w.write(); err == nil {
			w.wrote(size)
		}
	}
	w.drop()
	if err == nil && w.conn == nil {
		// With HTTP/2 a deadline ends the response when it comes, whether or not
		// anything is being written.
		w.deadline = time.Time{}
		err = w.control.SetWriteDeadline(w.deadline)
	}
	if err != nil {
		if w.conn == nil && !w.deadline.IsZero() && !time.Now().Before(w.deadline) {
			// With HTTP/2 the write fails since the deadline has ended the stream.
			err = fmt.Errorf("%w: %w", os.ErrDeadlineExceeded, err)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			w.countBlocked()
		}
		w.cutOff()
		return err
	}
	w.flushed = now
	return nil
}

// wrote counts a batch of that many bytes.
func (w *batchWriter) wrote(size int) {
	w.sent.bytes.Add(uint64(size))
	w.sent.records.Add(w.records)
	w.written += uint64(size)
	w.told += w.records
}

// tryFlush is flush without waiting, once the head of the response is written. It reports
// whether all was written. The rest is for flush, before which nothing may be added.
func (w *batchWriter) tryFlush(to *eagerWriter, now time.Time) (all bool, err error) {
	w.unsent, err = to.write(w.frame())
	switch {
	case err != nil:
		w.cutOff()
	case len(w.unsent) > 0:
		return false, nil
	default:
		w.wrote(w.size())
		w.flushed = now
	}
	w.drop()
	return err == nil, err
}

// countBlocked counts that the reader took nothing for too long.
func (w *batchWriter) countBlocked() {
	w.blocked.Add(1)
	w.counts.Add(tally.Blocked, 1)
}

// cutOff ends a connection that may have half an event: nothing may follow.
func (w *batchWriter) cutOff() {
	if w.conn != nil {
		cutOff(w.conn)
	}
}

// extend moves the deadline of writes, when that is worth its cost: a reader may block
// for fifteen sixteenths of the timeout at least.
func (w *batchWriter) extend(now time.Time) error {
	if w.deadline.Sub(now) > w.timeout-w.timeout/16 {
		return nil
	}
	w.deadline = now.Add(w.timeout)
	if w.control == nil {
		return w.conn.SetWriteDeadline(w.deadline)
	}
	return w.control.SetWriteDeadline(w.deadline)
}

// write writes the batch.
func (w *batchWriter) write() error {
	if w.conn != nil {
		b := w.unsent
		if b == nil {
			b = w.frame()
		}
		_, err := w.conn.Write(b)
		return err
	}
	if _, err := w.response.Write((*w.batch)[frameSize:]); err != nil {
		return err
	}
	return w.control.Flush()
}

// takeOver writes the head of the response, and takes the connection from net/http,
// which holds buffers and a large stack for each request. Whoever has it closes it.
func (w *batchWriter) takeOver() (net.Conn, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	nc, _, err := w.control.Hijack()
	if err != nil {
		return nil, err
	}
	w.conn, w.response, w.control, w.deadline = nc, nil, nil, time.Time{}
	return nc, nil
}

// finish ends a response that was taken over, after its last batch.
func (w *batchWriter) finish() {
	if w.chunked && w.extend(time.Now()) == nil {
		_, _ = w.conn.Write([]byte("0\r\n\r\n")) // a peer that is gone needs no end
	}
}

// frame is the batch as it is written: one chunk, from HTTP/1.1 on.
func (w *batchWriter) frame() []byte {
	if !w.chunked {
		return (*w.batch)[frameSize:]
	}
	var digits [frameSize]byte
	size := append(strconv.AppendUint(digits[:0], uint64(w.size()), 16), "\r\n"...)
	framed := append(*w.batch, "\r\n"...) // which the batch itself has no part of
	begin := frameSize - len(size)
	copy(framed[begin:], size)
	return framed[begin:]
}

// buffers has byte slices for batches, so that idle sessions hold none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, maxBatch+4096)
	return &b
}}

// getBuffer returns an empty batch.
func getBuffer() *[]byte {
	b := buffers.Get().(*[]byte)
	*b = (*b)[:frameSize]
	return b
}

// putBuffer keeps a buffer, unless a large event has made it large.
func putBuffer(b *[]byte) {
	if cap(*b) <= 4*maxBatch {
		buffers.Put(b)
	}
}
