package proxy

import (
	"errors"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// sink is the way to one reader: a batch, and one write for all of it. It is
// for the goroutine that serves the request.
type sink struct {
	conn    *wholeConn
	writer  http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	blocked *atomic.Uint64

	batch   *[]byte   // nil when there is none
	flushed time.Time // the last batch was
}

func newSink(w http.ResponseWriter, r *http.Request, p *Proxy) sink {
	return sink{
		conn: connOf(r), writer: w, control: http.NewResponseController(w),
		timeout: p.cfg.WriteTimeout, blocked: &p.blocked,
	}
}

// buffer is the batch, to be appended to.
func (s *sink) buffer() *[]byte {
	if s.batch == nil {
		s.batch = getBuffer()
	}
	return s.batch
}

func (s *sink) add(text string) {
	b := s.buffer()
	*b = append(*b, text...)
}

func (s *sink) size() int {
	if s.batch == nil {
		return 0
	}
	return len(*s.batch)
}

// drop lets go of the batch.
func (s *sink) drop() {
	if s.batch != nil {
		putBuffer(s.batch)
		s.batch = nil
	}
}

// flush writes the batch, and the headers if they were not yet, in one write.
func (s *sink) flush() error {
	err := s.control.SetWriteDeadline(time.Now().Add(s.timeout))
	if err != nil {
		return err
	}
	s.conn.hold()
	if s.size() > 0 {
		_, err = s.writer.Write(*s.batch)
	}
	err = errors.Join(err, s.control.Flush(), s.conn.release())
	s.drop()
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.blocked.Add(1)
		}
		_ = s.conn.Close() // it may have half an event: nothing may follow
		return err
	}
	s.flushed = time.Now()
	return nil
}
