package shipper

import (
	"cmp"
	"time"

	"sluice/headless/shipper/container"
	"sluice/headless/unpack"
)

// Format is what the lines of a followed file are.
type Format uint8

// The formats of lines.
const (
	Plain  Format = iota // what a program writes itself
	Auto                 // told by the first line of each file
	CRI                  // what containerd and CRI-O keep of a container
	Docker               // docker's json-file
)

// containerLines takes the lines that a container runtime keeps: the two streams
// of a container are two inputs, whose lines stand in one file.
type containerLines struct {
	format  Format
	at      int64 // bytes of the lines that came
	streams [2]containerStream
}

// containerStream is what a container prints to one of its streams.
type containerStream struct {
	sink    sink
	partial []byte    // of a line that goes on
	cut     int64     // bytes left out of it
	begun   span      // its pieces, as far as they came
	printed time.Time // when the last of them was
	spans   []span    // lines of which bytes are held by the sink, in order
	held    int64     // bytes of them
}

// span is where a line, or the pieces of one, stands in a file. Lines of the other
// stream may stand between pieces.
type span struct{ from, size int64 }

// newContainerLines returns what takes the lines for two sinks that are made like s.
func newContainerLines(s sink, format Format) *containerLines {
	c := &containerLines{format: format}
	for i := range c.streams {
		c.streams[i].sink = s
	}
	return c
}

// line takes the next line of the file, as sink.line does.
func (c *containerLines) line(line []byte, cut, size int64) error {
	from := c.at
	c.at += size
	l, ok := c.read(line)
	if !ok {
		s := &c.streams[0]
		err := s.end() // a piece does not go on in what is none
		return cmp.Or(err, s.take(line, cut, span{from, size}))
	}
	s := &c.streams[0]
	if l.Stderr {
		s = &c.streams[1]
	}
	now := s.sink.now
	s.sink.now = l.Time
	s.sink.printed = l.Stream()
	err := s.piece(&l, cut, span{from, size})
	s.sink.now = now
	return err
}

// read reads a line in the format of the file.
func (c *containerLines) read(line []byte) (l container.Line, ok bool) {
	if c.format == Auto && len(line) > 0 {
		c.format = Plain
		if _, ok := container.CRI(line); ok {
			c.format = CRI
		} else if _, ok := container.Docker(line); ok {
			c.format = Docker
		}
	}
	switch c.format {
	case CRI:
		return container.CRI(line)
	case Docker:
		return container.Docker(line)
	}
	return l, false
}

// piece takes a piece of a line.
func (s *containerStream) piece(l *container.Line, cut int64, at span) error {
	if !l.Partial && s.begun.size == 0 {
		return s.take(l.Text, cut, at)
	}
	if s.begun.size == 0 {
		s.begun.from = at.from
	}
	s.begun.size += at.size
	s.printed = l.Time
	keep := min(len(l.Text), unpack.MaxLine-len(s.partial))
	s.partial = append(s.partial, l.Text[:keep]...)
	if s.cut += cut + int64(len(l.Text)-keep); l.Partial {
		return nil
	}
	return s.end()
}

// end ends a line that was to go on.
func (s *containerStream) end() error {
	if s.begun.size == 0 {
		return nil
	}
	now := s.sink.now
	s.sink.now = s.printed
	err := s.take(s.partial, s.cut, s.begun)
	s.sink.now = now
	s.partial, s.cut, s.begun = s.partial[:0], 0, span{}
	if cap(s.partial) > unpack.LineRoom/4 {
		s.partial = nil // most lines are short
	}
	return err
}

// take takes a line.
func (s *containerStream) take(line []byte, cut int64, at span) error {
	s.spans = append(s.spans, at)
	s.held += at.size
	err := s.sink.line(line, cut, at.size)
	s.settle()
	return err
}

// settle forgets the lines that the sink does not hold any more.
func (s *containerStream) settle() {
	n := 0
	for ; n < len(s.spans) && s.held > s.sink.held; n++ {
		s.held -= s.spans[n].size
	}
	s.spans = append(s.spans[:0], s.spans[n:]...)
}

// flush publishes the records that are being joined.
func (c *containerLines) flush() (err error) {
	for i := range c.streams {
		s := &c.streams[i]
		err = cmp.Or(err, s.sink.flush())
		s.settle()
	}
	return err
}

// end publishes all that came, since no more comes.
func (c *containerLines) end() (err error) {
	for i := range c.streams {
		err = cmp.Or(err, c.streams[i].end())
	}
	return cmp.Or(err, c.flush())
}

// waits reports whether a record may be continued.
func (c *containerLines) waits() bool { return c.streams[0].sink.waits() || c.streams[1].sink.waits() }

// unended reports whether a line goes on in what has not come.
func (c *containerLines) unended() bool {
	return c.streams[0].begun.size > 0 || c.streams[1].begun.size > 0
}

// held is how many bytes of the file, at its end, are not all in records.
func (c *containerLines) heldBytes() int64 {
	from := c.at
	for i := range c.streams {
		s := &c.streams[i]
		if len(s.spans) > 0 {
			from = min(from, s.spans[0].from)
		}
		if s.begun.size > 0 {
			from = min(from, s.begun.from)
		}
	}
	return c.at - from
}
