package recorder

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"
	"time"

	"sluice/cluster/loss"
)

// A recording into rotated files runs for long, and nobody stands by. When its disk is
// full it goes on: what cannot be written is counted, and as soon as there is room each
// stream's next line says how many are missing there.

// full is what is known of a disk that is full.
type full struct {
	is      bool                 // since it was found to be full, not all was told that is missing
	starved map[*writer]struct{} // those that have something to tell
	was     bool                 // at some time
}

// missing is what of a stream was not written, and is to be told where it is missing.
type missing struct {
	count   uint64
	unknown bool
}

// owe notes that lines of a stream were not written.
func (w *writer) owe(s *recorded, of missing) {
	if w.owed == nil {
		w.owed = make(map[*recorded]missing)
	}
	before := w.owed[s]
	w.owed[s] = missing{before.count + of.count, before.unknown || of.unknown}
}

// leave counts records that arrived and are not written. Where the file is to tell that
// the disk was full, these are missing there, too.
func (s *recorded) leave(records uint64) {
	s.Unwritten += records
	if w := s.writer; w != nil && records > 0 && w.owed[s].count > 0 {
		w.owe(s, missing{count: records})
	}
}

// goesOn reports whether the recording goes on after an error of writing, which is
// reported then.
func (w *writer) goesOn(err error) bool {
	f := w.files
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return false
	}
	w.full = true
	if f.ending || !f.config.rotates() {
		return false
	}
	if f.full.starved == nil {
		f.full.starved = make(map[*writer]struct{})
	}
	f.full.starved[w] = struct{}{}
	if !f.full.is {
		f.full.is, f.full.was = true, true
		f.sync.notify(err.Error() + "; the recording goes on when there is room again")
	}
	return true
}

// tellMissing writes what is owed, before anything else.
func (w *writer) tellMissing() error {
	if len(w.owed) == 0 {
		return nil
	}
	lines, runs, room := w.lines, w.runs, w.markRoom
	defer func() { w.lines, w.runs, w.markRoom = lines, runs, room }()
	for len(w.owed) > 0 {
		w.lines, w.runs = nil, nil
		for _, s := range slices.SortedFunc(maps.Keys(w.owed), func(a, b *recorded) int { return cmp.Compare(a.stream, b.stream) }) {
			of := w.owed[s]
			delete(w.owed, s)
			l := loss.Loss{Stream: s.stream, Hop: loss.AtRecording, Reason: "the disk was full", Count: of.count, Unknown: of.unknown}
			w.lines = append(l.AppendRecord(w.lines, time.Now()), '\n')
			w.runs = append(w.runs, run{stream: s, end: len(w.lines), of: of})
			if len(w.lines) > w.files.pieceLimit()/2 {
				break // the rest is a piece of its own
			}
		}
		w.files.held += len(w.lines)
		if err := w.write(); err != nil {
			return err
		}
	}
	delete(w.files.full.starved, w)
	return nil
}

// tellLast writes what is owed to a file that ends because its disk is full, if there is
// room for that: lines were taken back. Elsewhere the summary tells it.
func (w *writer) tellLast() {
	if w.full && w.file != nil && !w.broken {
		_ = w.tellMissing() // the recording has its error
	}
}

// feed has those tell what is missing who have nothing else to write.
func (f *files) feed() error {
	for w := range f.full.starved {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if f.full.is && len(f.full.starved) == 0 {
		f.full.is = false
		f.sync.notify("there is room again: the recording goes on, and says in its files what is missing")
	}
	return nil
}

// unwritten is the error of a recording that is whole but for what a full disk did not
// take.
func (f *files) unwritten(records uint64) error {
	if !f.full.was || records == 0 {
		return nil
	}
	return fmt.Errorf("%d records were not written, since the disk was full: the files say where", records)
}
