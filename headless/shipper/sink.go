package shipper

import (
	"bytes"
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/cluster/zmtp"
	"sluice/headless/shipper/traces"
)

// counts are what was read, over all inputs.
type counts struct {
	lines, bytes                  atomic.Uint64 // read
	bunyan, mapped, texts         atomic.Uint64 // records, by what they were
	joined, blank, marks          atomic.Uint64 // lines
	cut                           atomic.Uint64 // records that were cut
	zeros                         atomic.Uint64 // bytes of holes
	continued                     atomic.Uint64 // records that go on with the text of the one before
	unended                       atomic.Uint64 // pieces of lines that were read when a signal came
	untaken                       atomic.Uint64 // records that the client did not take any more
	rotations, truncations, files atomic.Uint64
	missed                        atomic.Uint64 // files that were gone before they could be opened
	lostBytes                     atomic.Uint64 // that were truncated unread, at least
	doubts                        atomic.Uint64 // times after which it is unknown whether anything is missing
	unreadBytes, unreadFiles      atomic.Uint64 // at the end; the files are those that nobody will find again
	unnamed                       atomic.Uint64 // files for which no stream can be named
	dropped                       atomic.Uint64 // messages that a source could not take
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
	fields []Field // that records get which have none of that name
	bunyan *record.Bunyan
	counts *counts
	noJoin bool

	returned bool // what the client does not take is still with whoever brought it

	printed string // the stream of a container that a line was printed to; "" is none, or unknown

	now     time.Time // about
	join    traces.Joiner
	text    textRecord
	waiting waitingLines
	held    int64  // bytes of the input that are in the record, or wait
	object  []byte // a line that is a record of its own
}

// line takes the next line, of so many bytes. An error is of a record that the
// client did not take, which is counted; the line itself has its place in a record
// all the same.
func (s *sink) line(line []byte, cut, size int64) error {
	s.counts.lines.Add(1)
	s.counts.bytes.Add(uint64(size))
	if cut > 0 || len(line) == 0 {
		return s.textLine(line, cut, size)
	}
	var form record.Form
	if s.object, form = s.bunyan.AppendObject(s.object[:0], line, s.now); form == record.FormText {
		return s.textLine(line, 0, size)
	}
	err := s.flush()
	if len(s.object) > zmtp.MaxRecord {
		// Made bunyan it is above the limit: it goes as text.
		s.begin(line, 0, size)
		return cmp.Or(err, s.end())
	}
	if form == record.FormBunyan {
		s.counts.bunyan.Add(1)
	} else {
		s.counts.mapped.Add(1)
	}
	return cmp.Or(err, s.publish(s.object))
}

// flush publishes the record that is being joined, and what waits.
func (s *sink) flush() (err error) {
	for s.join.Open() {
		if s.waiting.lines() > 0 {
			err = cmp.Or(err, s.settle())
		} else {
			err = cmp.Or(err, s.end())
		}
	}
	return err
}

// waits reports whether a record may be continued.
func (s *sink) waits() bool { return s.join.Open() }

func (s *sink) publish(rec []byte) error {
	if len(s.fields) > 0 || s.printed != "" {
		rec = s.complete(rec)
	}
	err := s.client.Publish(s.ctx, s.stream, rec)
	if err != nil && !s.returned {
		s.counts.untaken.Add(1)
	}
	return err
}

// complete adds the fields that a record lacks. It may change and extend what it is
// given, which is one of the sink's own buffers.
func (s *sink) complete(rec []byte) []byte {
	end := bytes.LastIndexByte(rec, '}')
	if end < 0 {
		return rec
	}
	rec = rec[:end]
	add := func(key, value string) {
		if len(rec)+2*len(key)+6*len(value)+room > zmtp.MaxRecord || jsonscan.Find(append(rec, '}'), key) != nil {
			return
		}
		rec = append(jsonscan.AppendString(append(rec, ','), key), ':')
		rec = jsonscan.AppendString(rec, value)
	}
	for _, f := range s.fields {
		add(f.Name, f.Value)
	}
	if s.printed != "" {
		add("stream", s.printed)
	}
	return append(rec, '}')
}
