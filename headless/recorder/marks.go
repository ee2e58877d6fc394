package recorder

import (
	"time"

	"sluice/cluster/record"
)

// A file with records of several streams begins with a line that says of which stream
// the records are that follow, and has another one wherever the stream changes: see
// record.AppendStreamMark. The records stay as they came.

// marked is lines with marks among them.
type marked struct {
	text   []byte
	marks  []mark
	stream string // that the last of the lines is of
}

// mark is where a mark stands in the text, and how long it is, in bytes.
type mark struct{ at, size int }

// lines is how much of the lines is in so much of the text, both in whole lines.
func (m *marked) lines(text int) int {
	lines := text
	for _, mark := range m.marks {
		if mark.at < text {
			lines -= mark.size
		}
	}
	return lines
}

// withMarks is the lines that were gathered, with marks where the stream changes, and at
// the beginning of a file. The text is valid until the next call.
func (w *writer) withMarks() marked {
	m := marked{text: w.files.marked[:0], stream: w.stream}
	if w.file == nil || w.size == 0 {
		m.stream = ""
	}
	begin := 0
	for i := range w.runs {
		r := &w.runs[i]
		// A line about a loss says itself what it is of.
		if m.stream == "" || r.records > 0 && r.stream.stream != m.stream {
			at := len(m.text)
			m.stream = r.stream.stream
			m.text = append(record.AppendStreamMark(m.text, w.first, m.stream), '\n')
			m.marks = append(m.marks, mark{at, len(m.text) - at})
		}
		m.text = append(m.text, w.lines[begin:r.end]...)
		begin = r.end
	}
	w.files.marked = m.text
	if cap(w.files.marked) > maxBuffer {
		w.files.marked = nil
	}
	return m
}

// markSize is how many bytes a mark of the stream takes, with its line break.
func (s *recorded) markSize() int {
	if s.mark == 0 {
		s.mark = len(record.AppendStreamMark(nil, time.Now(), s.stream)) + 1
	}
	return s.mark
}
