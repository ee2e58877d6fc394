package shipper

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"sluice/cluster/record"
	"sluice/cluster/zmtp"
)

// counts are what was read, over all inputs.
type counts struct {
	lines, bytes                  atomic.Uint64 // read
	bunyan, mapped, texts         atomic.Uint64 // records, by what they were
	joined, blank                 atomic.Uint64 // lines
	cut                           atomic.Uint64 // records that were cut
	zeros                         atomic.Uint64 // bytes of holes
	unended                       atomic.Uint64 // pieces of lines that were read when a signal came
	untaken                       atomic.Uint64 // records that the client did not take any more
	rotations, truncations, files atomic.Uint64
	missed                        atomic.Uint64 // files that were gone before they could be opened
	lostBytes                     atomic.Uint64 // that were truncated unread, at least
	doubts                        atomic.Uint64 // times after which it is unknown whether anything is missing
	unreadBytes, unreadFiles      atomic.Uint64 // at the end; the files are those that nobody will find again
	notices                       atomic.Uint64 // records about that
}

// publisher is what a sink needs of a publish.Client.
type publisher interface {
	Publish(ctx context.Context, stream string, record []byte) error
}

// sink makes records of the lines of one input, and publishes them.
type sink struct {
	ctx    context.Context // ends the waiting for room, for good
	client publisher
	stream string
	bunyan *record.Bunyan
	counts *counts
	noJoin bool

	now     time.Time // about
	join    joiner
	text    []byte // the record that is being joined, without its end
	cut     int64  // bytes left out of it
	held    int64  // bytes of the input that are in it, or blank behind it
	begun   int    // records of text
	scratch []byte
}

// room is what is kept free for the end of a record, in bytes.
const room = 64

// line takes the next line, of so many bytes.
func (s *sink) line(line []byte, cut, size int64) error {
	begun := s.begun
	err := s.take(line, cut, size)
	switch {
	case !s.waits():
		s.held = 0
	case s.begun != begun:
		s.held = size
	default:
		s.held += size
	}
	return err
}

// take makes a record of a line, or a part of one. An error is of a record that the client did not
// take, which is counted; the line itself has its place in a record all the
// same.
func (s *sink) take(line []byte, cut, size int64) error {
	s.counts.lines.Add(1)
	s.counts.bytes.Add(uint64(size))
	if len(line) == 0 && cut == 0 {
		if s.join.lines > 0 {
			s.join.blank++
		}
		s.counts.blank.Add(1)
		return nil
	}
	if cut == 0 {
		var form record.Form
		if s.scratch, form = s.bunyan.AppendObject(s.scratch[:0], line, s.now); form != record.FormText {
			err := s.flush()
			if len(s.scratch) <= zmtp.MaxRecord {
				if form == record.FormBunyan {
					s.counts.bunyan.Add(1)
				} else {
					s.counts.mapped.Add(1)
				}
				return cmp.Or(err, s.publish(s.scratch))
			}
			// Made bunyan it is above the limit: it goes as text.
			s.begin(line, 0)
			return cmp.Or(err, s.flush())
		}
	}
	if !s.noJoin && s.join.continues(line) {
		s.scratch = s.bunyan.AppendText(s.scratch[:0], line)
		if cut == 0 && len(s.text)+len(s.scratch)+2*(s.join.blank+1)+room <= zmtp.MaxRecord {
			for range s.join.blank + 1 {
				s.text = append(s.text, '\\', 'n')
			}
			s.counts.joined.Add(1)
			s.counts.blank.Add(-uint64(s.join.blank))
			s.counts.joined.Add(uint64(s.join.blank))
			s.join.blank = 0
			s.text = append(s.text, s.scratch...)
			return nil
		}
		// It goes on in the next record, of the same kind.
		kind := s.join.kind
		err := s.flush()
		s.begin(line, cut)
		s.join.kind = kind
		return err
	}
	err := s.flush()
	s.begin(line, cut)
	if s.noJoin {
		return cmp.Or(err, s.flush())
	}
	return err
}

// pieceSize is how much of a line is added at a time, in bytes: it is cut
// between two.
const pieceSize = 4096

// begin begins a record of text.
func (s *sink) begin(line []byte, cut int64) {
	s.begun++
	s.join.begin(line)
	s.text = s.bunyan.BeginText(s.text[:0], line, s.now)
	s.cut = cut
	for len(line) > 0 {
		piece := line
		if n := pieceSize; len(line) > n {
			for n > pieceSize-utf8.UTFMax && !utf8.RuneStart(line[n]) {
				n--
			}
			piece = line[:n]
		}
		before := len(s.text)
		s.text = s.bunyan.AppendText(s.text, piece)
		if len(s.text)+room > zmtp.MaxRecord {
			s.text = s.text[:before]
			s.cut += int64(len(line))
			return
		}
		line = line[len(piece):]
	}
}

// flush publishes the record that is being joined.
func (s *sink) flush() error {
	if s.join.lines == 0 {
		return nil
	}
	s.join = joiner{}
	s.held = 0
	s.counts.texts.Add(1)
	if s.cut > 0 {
		s.counts.cut.Add(1)
	}
	s.text = s.bunyan.EndText(s.text, s.cut)
	return s.publish(s.text)
}

// waits reports whether a record may be continued.
func (s *sink) waits() bool { return s.join.lines > 0 }

func (s *sink) publish(rec []byte) error {
	err := s.client.Publish(s.ctx, s.stream, rec)
	if err != nil {
		s.counts.untaken.Add(1)
	}
	return err
}
