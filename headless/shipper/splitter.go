package shipper

import (
	"bytes"
	"slices"

	"sluice/cluster/zmtp"
	"sluice/headless/unpack"
)

const (
	maxLine  = zmtp.MaxRecord // bytes of a line that are kept
	lineRoom = maxLine + 256<<10
)

// splitter splits what is read into lines, in place. It keeps at most the first
// maxLine bytes of a line.
type splitter struct {
	// line gets each line, without its end; cut is how many bytes of it were
	// left out, and size how many it was read from.
	line func(line []byte, cut, size int64) error

	buf  []byte
	from int   // where the line begins that is not whole yet
	to   int   // where what was read ends
	cut  int64 // bytes of that line that were passed over

	holes unpack.Holes
}

// space is where to read to: never empty.
func (s *splitter) space() []byte {
	if s.buf == nil {
		s.buf = make([]byte, lineRoom)
	}
	if s.from > 0 {
		s.to = copy(s.buf, s.buf[s.from:s.to])
		s.from = 0
	}
	return s.buf[s.to+s.holes.Room():]
}

// took takes n bytes that were read to space, and hands on the lines that are
// whole: all of them, and returns the first error.
func (s *splitter) took(n int) (err error) {
	looked := s.to
	if came := s.buf[s.to+s.holes.Room():][:n]; s.holes.Clean(came) {
		s.to += n
	} else {
		s.to = len(s.holes.Append(s.buf[:s.to], came))
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
	if over := s.to - s.from - maxLine; over > 0 {
		s.cut += int64(over)
		s.to -= over
	}
	return err
}

// emit hands on a line that ended with so many bytes.
func (s *splitter) emit(line []byte, end int64) error {
	cut, size := s.cut, int64(len(line))+s.cut+end
	s.cut = 0
	if over := len(line) - maxLine; over > 0 {
		cut += int64(over)
		line = line[:maxLine]
	}
	line = unpack.TrimMark(line)
	if cut == 0 {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	return s.line(line, cut, size)
}

// end hands on a last line that has no end. What comes next is the beginning of
// another input.
func (s *splitter) end() error {
	s.holes.End()
	if s.from == s.to {
		return nil
	}
	line := s.buf[s.from:s.to]
	s.from, s.to = 0, 0
	return s.emit(slices.Clip(line), 0)
}

// pending is how many bytes were read of the line that is not whole yet.
func (s *splitter) pending() int64 { return int64(s.to-s.from) + s.cut + s.holes.Pending() }

// unended reports whether a line has begun and its end was not read.
func (s *splitter) unended() bool { return s.from < s.to }
