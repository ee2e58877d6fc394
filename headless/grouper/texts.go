package grouper

import (
	"sluice/cluster/record"
	"sluice/headless/shipper/traces"
)

const (
	maxText    = 256 << 10 // bytes of a text that are kept
	maxWaiting = 16 << 10  // bytes of the lines that may belong to it
)

// texts makes texts of lines: what was printed in several is one.
type texts struct {
	take func(text []byte, lines int) // nil: blank lines

	join    traces.Joiner
	text    []byte
	first   int // bytes of its first line
	lines   int
	waiting [][]byte
	held    int // bytes of those
}

// line takes the next line. It keeps nothing of it.
func (t *texts) line(line []byte) {
	for t.join.Open() {
		switch v := t.join.Next(line, t.text[:min(t.first, 512)]); {
		case v == traces.Joins:
			for _, w := range t.waiting {
				t.add(w)
			}
			t.waiting, t.held = t.waiting[:0], 0
			t.add(line)
			return
		case v == traces.Waits && t.held+len(line) < maxWaiting:
			t.waiting = append(t.waiting, append([]byte{}, line...))
			t.held += len(line)
			return
		default:
			t.settle()
		}
	}
	if len(line) == 0 {
		t.take(nil, 1)
		return
	}
	t.join.Begin(line, record.PeekLevel(line))
	t.text, t.first, t.lines = append(t.text[:0], line...), len(line), 1
}

// settle ends the record, or, while lines wait, takes those for themselves.
func (t *texts) settle() {
	waiting := t.waiting
	t.waiting, t.held = nil, 0
	blank := true
	for _, w := range waiting {
		blank = blank && len(w) == 0
	}
	if blank {
		t.end()
		for range waiting {
			t.take(nil, 1)
		}
		return
	}
	t.join.Settle()
	for _, w := range waiting {
		t.line(w)
	}
}

// flush ends the record and what waits: what comes is no text.
func (t *texts) flush() {
	for t.join.Open() {
		t.settle()
	}
}

func (t *texts) add(line []byte) {
	t.lines++
	if len(t.text)+1+len(line) <= maxText {
		t.text = append(append(t.text, '\n'), line...)
	}
}

func (t *texts) end() {
	t.take(t.text, t.lines)
	t.join.End()
}
