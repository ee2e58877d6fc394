package shipper

import (
	"bytes"
	"fmt"

	"sluice/cluster/record"
	"sluice/headless/shipper/follow"
	"sluice/headless/unpack"
)

// headSize is how much of a file is read to see whether it begins with a mark, in bytes:
// more than the longest one has.
const headSize = 8 << 10

// line takes the next line. What names a stream in a recording of several is no record: it
// is passed over, and counted.
func (p *pipeline) line(line []byte, cut, size int64) error {
	if cut > 0 || !p.marks.Next(line) {
		return p.sink.line(line, cut, size)
	}
	c := p.sink.counts
	c.lines.Add(1)
	c.bytes.Add(uint64(size))
	c.marks.Add(1)
	if p.several != nil {
		p.several()
		p.several = nil
	}
	return p.sink.flush()
}

// marksFrom looks how a file begins that is not read from its beginning.
func (p *pipeline) marksFrom(file *follow.File) {
	if file.Offset() == 0 {
		return
	}
	first := []byte("?") // no mark, nor is the beginning of a line without an end
	for line := range bytes.Lines(file.Head(headSize)) {
		whole := bytes.HasSuffix(line, []byte("\n"))
		if line = bytes.TrimRight(unpack.TrimMark(line), "\r\n"); len(line) > 0 && whole {
			first = line
			break
		}
	}
	p.marks.Next(first)
}

// severalIn tells that an input has records of several streams; name "" is standard input.
func (s *Shipper) severalIn(name, stream string) func() {
	return func() {
		s.console.Notify(fmt.Sprintf("%s is a recording of several streams: all its records go to %s; sluice replay --publish keeps them apart", inputName(name), record.Safe(stream)))
	}
}
