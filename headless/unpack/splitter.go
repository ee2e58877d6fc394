package unpack

import (
	"bytes"
	"slices"
)

const (
	MaxLine  = 256 << 10         // bytes of a line that a Splitter keeps, as many as a record may have
	LineRoom = MaxLine + 256<<10 // bytes of a Splitter's memory
)

// Splitter splits what is read into lines, in place, by one goroutine: read to Space,
// and say by Took how much came. It keeps at most the first [MaxLine] bytes of a line.
// It takes its memory when it is used first.
type Splitter struct {
	// Line gets each line, without its end and a byte order mark, valid until it
	// returns; cut is how many bytes of it were left out, and size how many it was read
	// from.
	Line func(line []byte, cut, size int64) error

	buf  []byte
	from int   // where the line begins that is not whole yet
	to   int   // where what was read ends
	cut  int64 // bytes of that line that were passed over

	Holes Holes // what was passed over
}

// Space is where to read to: never empty.
func (s *Splitter) Space() []byte {
	if s.buf == nil {
		s.buf = make([]byte, LineRoom)
	}
	if s.from > 0 {
		s.to = copy(s.buf, s.buf[s.from:s.to])
		s.from = 0
	}
	return s.buf[s.to+s.Holes.Room():]
}

// Took takes n bytes that were read to space, and hands on the lines that are
// whole: all of them, and returns the first error.
func (s *Splitter) Took(n int) (err error) {
	looked := s.to
	if came := s.buf[s.to+s.Holes.Room():][:n]; s.Holes.Clean(came) {
		s.to += n
	} else {
		s.to = len(s.Holes.Append(s.buf[:s.to], came))
	}
	for {
		i := bytes.IndexByte(s.buf[looked:s.to], '\n')
		if i < 0 {
			break
		}
		line := s.buf[s.from : looked+i]
		s.from = looked + i + 1 // handed on, whatever becomes of it
		looked = s.from
		if e := s.emit(line, 1); err == nil {
			err = e
		}
	}
	if over := s.to - s.from - MaxLine; over > 0 {
		s.cut += int64(over)
		s.to -= over
	}
	return err
}

// emit hands on a line that ended with so many bytes.
func (s *Splitter) emit(line []byte, end int64) error {
	cut, size := s.cut, int64(len(line))+s.cut+end
	s.cut = 0
	if over := len(line) - MaxLine; over > 0 {
		cut += int64(over)
		line = line[:MaxLine]
	}
	line = TrimMark(line)
	if cut == 0 {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	return s.Line(line, cut, size)
}

// End hands on a last line that has no end. What comes next is the beginning of
// another input.
func (s *Splitter) End() error {
	s.Holes.End()
	if s.from == s.to {
		return nil
	}
	line := s.buf[s.from:s.to]
	s.from, s.to = 0, 0
	return s.emit(slices.Clip(line), 0)
}

// Pending is how many bytes were read of the line that is not whole yet.
func (s *Splitter) Pending() int64 { return int64(s.to-s.from) + s.cut + s.Holes.Pending() }

// Unended reports whether a line has begun and its end was not read.
func (s *Splitter) Unended() bool { return s.from < s.to }

// Lend gives it memory that another has released, if it has none. It may be nil.
func (s *Splitter) Lend(buf []byte) (taken bool) {
	if s.buf != nil {
		return false
	}
	s.buf = buf
	return true
}

// Release returns its memory while no line has begun; nil otherwise. It can go on: it
// takes other memory then.
func (s *Splitter) Release() []byte {
	if s.Unended() {
		return nil
	}
	buf := s.buf
	*s = Splitter{Line: s.Line, Holes: s.Holes}
	return buf
}
