package shipper

import (
	"bytes"
	"cmp"
	"time"
	"unicode/utf8"

	"sluice/cluster/record"
	"sluice/cluster/zmtp"
	"sluice/headless/shipper/traces"
)

// maxWaiting is how many bytes of lines wait at most until it is known whether they
// continue the record before them.
const maxWaiting = 16 << 10

// waitingLines are lines that wait, each with a line break.
type waitingLines struct {
	text  []byte
	sizes []int64   // of the lines in the input
	since time.Time // when the first of them came
}

func (w *waitingLines) lines() int { return len(w.sizes) }

func (w *waitingLines) add(line []byte, size int64, now time.Time) {
	if w.lines() == 0 {
		w.since = now
	}
	w.text = append(append(w.text, line...), '\n')
	w.sizes = append(w.sizes, size)
}

// each hands on the lines, in their order.
func (w *waitingLines) each(take func(line []byte, size int64) error) (err error) {
	rest := w.text
	for _, size := range w.sizes {
		end := bytes.IndexByte(rest, '\n')
		err = cmp.Or(err, take(rest[:end], size))
		rest = rest[end+1:]
	}
	return err
}

// textLine takes a line that is no JSON object.
func (s *sink) textLine(line []byte, cut, size int64) (err error) {
	for s.join.Open() {
		switch v := s.join.Next(line, s.text.first()); {
		case v == traces.Joins:
			return first(err, s.extend(line, cut, size))
		case v == traces.Waits && cut == 0 && len(s.waiting.text)+len(line) < maxWaiting:
			s.waiting.add(line, size, s.now)
			s.held += size
			return err
		case s.waiting.lines() > 0:
			err = first(err, s.settle())
		default:
			err = first(err, s.end())
		}
	}
	if len(line) == 0 {
		s.counts.blank.Add(1)
		return err
	}
	s.begin(line, cut, size)
	if s.noJoin {
		err = cmp.Or(err, s.end())
	}
	return err
}

// first is the first of two errors. It costs nothing, as a comparison of them would.
func first(err, next error) error {
	if err != nil {
		return err
	}
	return next
}

// settle takes the lines that wait for themselves.
func (s *sink) settle() error {
	if n := s.waiting.lines(); n == len(s.waiting.text) {
		// Blank ones only, as after any paragraph: the record has ended.
		s.reuse(s.waiting)
		s.counts.blank.Add(uint64(n))
		return s.end()
	}
	w := s.release()
	s.join.Settle()
	now := s.now
	s.now = w.since
	err := w.each(func(line []byte, size int64) error { return s.textLine(line, 0, size) })
	s.now = now
	if s.waiting.text == nil {
		s.reuse(w)
	}
	return err
}

// release returns the lines that wait; then none does.
func (s *sink) release() waitingLines {
	w := s.waiting
	s.waiting = waitingLines{}
	for _, size := range w.sizes {
		s.held -= size
	}
	return w
}

// reuse takes the memory of lines that waited; none does now.
func (s *sink) reuse(w waitingLines) {
	s.waiting = waitingLines{text: w.text[:0], sizes: w.sizes[:0]}
}

// textRecord is a record of text on its way.
type textRecord struct {
	data  []byte // without its end
	msg   int    // where its msg begins
	line  int    // where the first line of that ends
	cut   int64  // bytes left out of it
	part  int64  // records that came before it with the beginning of the same text
	level record.Level
}

// first is the beginning of the first line, as it stands in the record.
func (t *textRecord) first() []byte { return t.data[t.msg:min(t.line, t.msg+512)] }

// room is what is kept free for the end of a record, in bytes.
const room = 96

// begin begins a record of text.
func (s *sink) begin(line []byte, cut, size int64) {
	s.text = textRecord{data: s.text.data}
	s.text.data, s.text.level = s.bunyan.BeginText(s.text.data[:0], line, s.now)
	s.join.Begin(line, s.text.level)
	s.text.msg = len(s.text.data)
	s.fill(line, cut, size)
	s.text.line = len(s.text.data)
}

// pieceSize is how much of a line is added at a time, in bytes: it is cut
// between two.
const pieceSize = 4096

// fill is the first line of a record: as much of it as there is room for.
func (s *sink) fill(line []byte, cut, size int64) {
	t := &s.text
	t.cut = cut
	s.held = size
	for len(line) > 0 {
		piece := line
		if n := pieceSize; len(line) > n {
			for n > pieceSize-utf8.UTFMax && !utf8.RuneStart(line[n]) {
				n--
			}
			piece = line[:n]
		}
		before := len(t.data)
		t.data = s.bunyan.AppendText(t.data, piece)
		if len(t.data)+room > zmtp.MaxRecord {
			t.data = t.data[:before]
			t.cut += int64(len(line))
			return
		}
		line = line[len(piece):]
	}
}

// extend adds the lines that wait to the record, and one more.
func (s *sink) extend(line []byte, cut, size int64) (err error) {
	if s.waiting.lines() > 0 {
		w := s.release()
		err = w.each(func(line []byte, size int64) error { return s.add(line, 0, size) })
		s.reuse(w)
	}
	return cmp.Or(err, s.add(line, cut, size))
}

// add adds a line to the record; if there is no room for it, to the next one.
func (s *sink) add(line []byte, cut, size int64) error {
	t := &s.text
	before := len(t.data)
	if cut == 0 {
		t.data = s.bunyan.AppendText(append(t.data, '\\', 'n'), line)
		if len(t.data)+room <= zmtp.MaxRecord {
			s.counts.joined.Add(1)
			s.held += size
			return nil
		}
		t.data = t.data[:before]
		if len(line) == 0 {
			s.counts.blank.Add(1)
			s.held += size
			return nil
		}
	}
	t.part++
	err := s.publishText()
	t.data = t.data[:t.msg]
	s.counts.continued.Add(1)
	s.fill(line, cut, size)
	return err
}

// end publishes the record that is being joined. No line waits.
func (s *sink) end() error {
	if s.text.part > 0 {
		s.text.part++
	}
	err := s.publishText()
	s.join.End()
	s.held = 0
	return err
}

// publishText publishes the record as it is.
func (s *sink) publishText() error {
	t := &s.text
	if level := s.join.Level(); level != 0 && t.level == 0 {
		s.bunyan.SetTextLevel(t.data, level)
	}
	s.counts.texts.Add(1)
	if t.cut > 0 {
		s.counts.cut.Add(1)
	}
	t.data = s.bunyan.EndText(t.data, t.cut, t.part)
	return s.publish(t.data)
}
