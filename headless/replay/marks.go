package replay

import (
	"errors"
	"io"
	"os"
	"slices"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/headless/unpack"
)

// A recording of several streams begins with a line that says of which stream the records
// are that follow, and has another one wherever the stream changes: see
// record.AppendStreamMark. In a file that does not begin so such lines are records like
// any others: a recorder wrote no marks there, and whoever did shall not name streams.

// How much of a recording of several streams is read to list them, in bytes of its text.
const (
	listHead  = 1 << 20
	listWhole = 1 << 30
)

// mark reports whether a line is a mark, and turns to its stream. first is whether it is
// the first line of the file.
func (r *recording) mark(line []byte, first bool) bool {
	if !r.marked && !first || !record.IsStreamMark(line) {
		return false
	}
	stream, ok := record.ParseStreamMark(line)
	if !ok || names.Check(stream) != nil {
		return false
	}
	r.marked = true
	switch {
	case r.fixed:
	case r.listed != nil && !slices.Contains(r.listed, stream):
		r.stream = r.named // nobody knows of that one
	default:
		r.stream = stream
	}
	return true
}

// of is the stream that a line about a loss belongs to, which may name one.
func (r *recording) of(stream string) string {
	if !r.marked || r.fixed || names.Check(stream) != nil || r.listed != nil && !slices.Contains(r.listed, stream) {
		return r.stream
	}
	return stream
}

// list finds the streams of a recording of several, in the order in which they appear, and
// reports whether there may be more. It finds none in any other file, and in one that
// cannot be read, which shows when it is replayed.
func (r *recording) list(limit int64) (streams []string, more bool) {
	if !r.reopens || r.fixed {
		return nil, false
	}
	file, err := os.Open(r.name)
	if err != nil {
		return nil, false
	}
	defer file.Close()
	unpacked, err := unpack.Open(file)
	if err != nil {
		return nil, false
	}
	defer unpacked.Close()
	text := &io.LimitedReader{R: unpacked, N: limit}
	lines := newLines(text, r.limit)
	seen := make(map[string]bool)
	for first := true; ; {
		line, _, err := lines.next()
		if err != nil {
			return streams, errors.Is(err, io.EOF) && text.N == 0
		}
		if line = content(line); len(line) == 0 {
			continue
		}
		stream, ok := record.ParseStreamMark(line)
		switch {
		case ok && names.Check(stream) == nil && !seen[stream]:
			seen[stream] = true
			streams = append(streams, stream)
		case first:
			return nil, false
		}
		first = false
	}
}
