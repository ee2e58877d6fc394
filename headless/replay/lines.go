package replay

import (
	"bytes"
	"errors"
	"io"

	"sluice/headless/unpack"
)

const (
	firstBuffer = 256 << 10 // bytes; it grows up to the longest line
	slack       = 64        // bytes that are free behind it, for more than what unpack.Holes puts back
)

// lines splits what it reads into lines. A line is a slice of its buffer, valid
// until it reads more: see ready.
type lines struct {
	in    io.Reader
	limit int // of a line, in bytes

	buf        []byte
	start, end int // what is not handed out yet
	searched   int // up to here there is no line break
	lineBreak  int // where the next one is; -1 when it is not known
	err        error
	cutting    bool // what comes next is the rest of a line that was cut
	holes      unpack.Holes
	inHole     bool // it ended in one

	cut uint64
}

func newLines(in io.Reader, limit int) *lines {
	return &lines{in: in, limit: limit, buf: make([]byte, min(firstBuffer, limit+1)+slack), lineBreak: -1}
}

// findBreak finds the next line break in what was read.
func (l *lines) findBreak() bool {
	if l.lineBreak < 0 {
		l.searched = max(l.searched, l.start)
		if i := bytes.IndexByte(l.buf[l.searched:l.end], '\n'); i >= 0 {
			l.lineBreak = l.searched + i
		} else {
			l.searched = l.end
		}
	}
	return l.lineBreak >= 0
}

// ready reports whether next hands out a line without reading. It passes over
// empty ones, so that the line is not empty either.
func (l *lines) ready() bool {
	if l.cutting {
		return false
	}
	for l.findBreak() {
		if !blank(l.buf[l.start:l.lineBreak]) {
			return true
		}
		l.start, l.lineBreak = l.lineBreak+1, -1
	}
	return false
}

// coming is the line that comes next, and pass passes over it; both only when ready.
func (l *lines) coming() []byte { return content(l.buf[l.start:l.lineBreak]) }

func (l *lines) pass() { l.start, l.lineBreak = l.lineBreak+1, -1 }

// blank reports whether a line has nothing in it.
func blank(line []byte) bool { return len(content(line)) == 0 }

// content is what is in a line: neither a byte order mark nor a carriage return.
func content(line []byte) []byte { return bytes.TrimSuffix(unpack.TrimMark(line), []byte("\r")) }

// next returns the next line, without its line break, and whether it had one.
// At the end it returns io.EOF, or what made it end early; a last line that has
// no line break comes before that.
func (l *lines) next() (line []byte, whole bool, err error) {
	for {
		switch {
		case l.findBreak():
			line = l.buf[l.start:l.lineBreak]
			l.start, l.lineBreak = l.lineBreak+1, -1
			if l.cutting {
				l.cutting = false
				continue
			}
			if len(line) > l.limit {
				l.cut++
				line = line[:l.limit]
			}
			return line, true, nil
		case l.cutting:
			l.start, l.searched, l.end = 0, 0, 0
			if l.err != nil {
				return nil, false, l.err
			}
		case l.end-l.start > l.limit:
			line = l.buf[l.start : l.start+l.limit]
			l.start, l.searched = l.end, l.end
			l.cut++
			l.cutting = true
			return line, true, nil
		case l.err != nil:
			if l.start == l.end {
				return nil, false, l.err
			}
			line = l.buf[l.start:l.end]
			l.start = l.end
			return line, false, nil
		}
		l.fill()
	}
}

// fill reads more. Lines that were handed out are not valid after it.
func (l *lines) fill() {
	if l.start > 0 {
		l.move(l.buf)
	}
	if len(l.buf)-l.end <= slack {
		grown := make([]byte, min(2*len(l.buf), l.limit+1+slack))
		copy(grown, l.buf[:l.end])
		l.buf = grown
	}
	l.readMore()
}

// readMore reads to the free end of the buffer.
func (l *lines) readMore() {
	if in, skips := l.in.(interface{ SkipHole() int64 }); skips && l.holes.InHole() {
		l.holes.Skip(in.SkipHole())
	}
	for range maxEmptyReads {
		came := l.buf[l.end+l.holes.Room():]
		n, err := l.in.Read(came)
		l.err = err
		if came = came[:n]; l.holes.Clean(came) {
			l.end += n
		} else {
			l.end = len(l.holes.Append(l.buf[:l.end], came))
		}
		if err != nil {
			l.inHole = l.holes.End()
		}
		if n > 0 || err != nil {
			return
		}
	}
	l.err = errors.New("reading brings nothing")
}

// ahead yields the lines that come next, without handing them out. Where it reads
// more, all lines that were handed out stay valid.
func (l *lines) ahead(reads bool, yield func(line []byte) bool) {
	if l.cutting {
		return
	}
	for at := l.start; ; {
		if i := bytes.IndexByte(l.buf[at:l.end], '\n'); i >= 0 {
			if !yield(content(l.buf[at : at+i])) {
				return
			}
			at += i + 1
			continue
		}
		if !reads || l.err != nil || l.end-l.start > maxAhead {
			return
		}
		at -= l.start
		l.move(make([]byte, max(len(l.buf), l.end-l.start+maxAhead)))
		l.readMore()
	}
}

// maxAhead is about how many bytes are looked at before they are handed out.
const maxAhead = 64 << 10

// move moves what is not handed out yet to the beginning of a buffer.
func (l *lines) move(to []byte) {
	n := copy(to, l.buf[l.start:l.end])
	l.searched -= l.start
	if l.lineBreak >= 0 {
		l.lineBreak -= l.start
	}
	l.buf, l.start, l.end = to, 0, n
}

// maxEmptyReads is how often a reader may return nothing at all.
const maxEmptyReads = 100

// cutShort reports whether an error is that of a file which ends too early.
func cutShort(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
