package recorder

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

// writer writes one series of files: whole lines, gathered into pieces.
type writer struct {
	files  *files
	series series
	name   string    // the present file's, in full; its present name has partEnding
	begun  time.Time // stamp of the present or the last file
	file   file      // nil while there is none
	size   int64     // bytes in the file, all of whole pieces
	dirty  bool      // something was written since the last sync
	broken bool      // what is in it could not be made whole: it keeps its unfinished name

	lines []byte    // gathered and not written yet
	first time.Time // when the first of them came
	runs  []run     // whose they are

	stream   string // that the next record in the file is of, where marks say so; "" when that is not known
	markRoom int    // bytes that marks among the lines take at most

	owed map[*recorded]missing // what was not written, and not told yet; empty unless the disk is full
	full bool                  // the disk was full at some time
}

// run is some lines in a row of one stream.
type run struct {
	stream  *recorded
	end     int // in writer.lines
	records int // how many of the lines are records; 0 when it is one about a loss
	of      missing
}

// add gathers a record, without its line break.
func (w *writer) add(s *recorded, line []byte) error { return w.gather(s, line, 1, missing{}) }

// addNotice gathers a line about what is missing in a stream.
func (w *writer) addNotice(s *recorded, line []byte, of missing) error {
	return w.gather(s, line, 0, of)
}

func (w *writer) gather(s *recorded, line []byte, records int, of missing) error {
	if len(w.lines) > 0 && len(w.lines)+w.markRoom+len(line) >= w.files.pieceLimit() {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if w.lines == nil {
		w.lines, w.first = w.files.buffer(), time.Now()
		w.files.gathering(w)
	}
	w.lines = append(w.lines, line...)
	w.lines = append(w.lines, '\n')
	w.files.held += len(line) + 1
	if last := len(w.runs) - 1; records > 0 && last >= 0 && w.runs[last].stream == s && w.runs[last].records > 0 {
		w.runs[last].end = len(w.lines)
		w.runs[last].records += records
		return nil
	}
	w.runs = append(w.runs, run{s, len(w.lines), records, of})
	if w.files.marks {
		w.markRoom += s.markSize()
	}
	return nil
}

// flush writes what was gathered, as one piece. After an error the file holds
// whole pieces only, and the streams' counts say what is in it.
func (w *writer) flush() error {
	err := w.tellMissing()
	switch {
	case err == nil:
		err = w.write()
	case len(w.lines) > 0:
		err = w.gaveUp(0, err) // they would stand before what is missing before them
	}
	if err != nil && w.goesOn(err) {
		return nil
	}
	return err
}

// write is flush without regard to a disk that is full.
func (w *writer) write() error {
	if len(w.lines) == 0 {
		return nil
	}
	text, piece, err := w.frame()
	if err != nil {
		return w.gaveUp(0, err)
	}
	if limit := w.files.config.RotateSize; limit > 0 && w.size > 0 && w.size+int64(len(piece)) > limit {
		if err := w.finish(); err != nil {
			return w.gaveUp(0, err)
		}
		if w.files.marks { // the next file begins with one
			if text, piece, err = w.frame(); err != nil {
				return w.gaveUp(0, err)
			}
		}
	}
	if err := w.open(w.first); err != nil {
		return w.gaveUp(0, err)
	}
	n, err := w.file.Write(piece)
	if errors.Is(err, syscall.ENOSPC) && w.files.config.Keep > 0 && w.files.sync.drain() && w.file.Truncate(w.size) == nil {
		n, err = w.file.Write(piece) // old files were still to be removed
	}
	if err != nil {
		return w.gaveUp(text.lines(w.repair(piece[:max(0, n)])), w.failed(err))
	}
	w.size += int64(n)
	w.files.stored += uint64(n)
	w.dirty, w.stream = true, text.stream
	w.settle(len(w.lines))
	return nil
}

// frame is what was gathered as text, and as a piece of the file.
func (w *writer) frame() (text marked, piece []byte, err error) {
	text = marked{text: w.lines}
	if w.files.marks {
		text = w.withMarks()
	}
	piece, err = w.files.codec.frame(w.files.packed[:0], text.text)
	if err == nil && w.files.compressed() {
		w.files.packed = piece
	}
	return text, piece, err
}

// failed is the error of a write.
func (w *writer) failed(err error) error {
	if w.files.config.Out == Stdout {
		return fmt.Errorf("write standard output: %w", err)
	}
	return writeError(w.name, err)
}

// repair takes from the file what was written of a piece and is not whole, and
// returns how much of the lines is in the file.
func (w *writer) repair(written []byte) (whole int) {
	if !w.files.compressed() {
		whole = bytes.LastIndexByte(written, '\n') + 1
	}
	if len(written) > whole {
		if err := w.file.Truncate(w.size + int64(whole)); err != nil {
			w.broken = true
		}
	}
	w.size += int64(whole)
	w.files.stored += uint64(whole)
	return whole
}

// gaveUp counts the lines when only some of them were written.
func (w *writer) gaveUp(whole int, err error) error {
	w.stream = ""
	w.settle(whole)
	return err
}

// settle counts the lines, of which so many bytes were written, for their
// streams, and lets go of them.
func (w *writer) settle(written int) {
	begin := 0
	for _, r := range w.runs {
		switch {
		case r.end <= written:
			r.stream.Bytes += uint64(r.end - begin)
			r.stream.Records += uint64(r.records)
		case r.records > 0:
			some := w.lines[begin:max(begin, min(written, r.end))]
			n := bytes.Count(some, []byte{'\n'})
			r.stream.Bytes += uint64(len(some))
			r.stream.Records += uint64(n)
			r.stream.Unwritten += uint64(r.records - n)
			w.owe(r.stream, missing{count: uint64(r.records - n)})
		default:
			w.owe(r.stream, r.of)
		}
		begin = r.end
	}
	w.files.held -= len(w.lines)
	w.files.giveBack(w.lines)
	w.lines, w.runs, w.markRoom = nil, w.runs[:0], 0
}

// open makes the file, unless there is one.
func (w *writer) open(now time.Time) error {
	if w.file != nil {
		return nil
	}
	if w.files.config.Out == Stdout {
		w.file = standard{w.files.config.Stdout}
		return nil
	}
	w.begun = w.begins(now)
	for tries := 0; ; tries++ {
		w.name = w.series.path(w.begun)
		f, err := w.files.disk.Create(w.name, w.series.naming.dirs, w.files.config.overwrites())
		if err == nil {
			w.file, w.size, w.dirty = f, 0, false
			return nil
		}
		if w.series.naming.stamp == "" || !errors.Is(err, fs.ErrExist) || tries == maxTries {
			return createError(w.name, err)
		}
		w.begun = w.begun.Add(w.series.naming.unit)
	}
}

// maxTries is how many names are tried when a file of another recording has the
// same time stamp.
const maxTries = 100

// begins is the time stamp of a file that begins now. No two files have the
// same, and it never goes back.
func (w *writer) begins(now time.Time) time.Time {
	unit := w.series.naming.unit
	if unit == 0 {
		return now
	}
	begins := now.Truncate(unit)
	if behind := begins.Sub(w.files.began); 0 <= behind && behind < time.Second && w.begun.Before(w.files.began) {
		begins = w.files.began // the timer is never quite on time
	}
	if !begins.After(w.begun) {
		begins = w.begun.Add(unit)
	}
	return begins
}

// finish ends the file: it is synced, closed and gets its name, while writing
// goes on.
func (w *writer) finish() error {
	if w.file == nil {
		return nil
	}
	if w.files.config.Out == Stdout {
		w.file = nil
		return nil
	}
	if w.size == 0 && w.files.compressed() {
		// An empty file is no compressed one of nothing.
		piece, err := w.files.codec.frame(nil, nil)
		if err != nil {
			return err
		}
		if _, err := w.file.Write(piece); err != nil {
			return w.failed(err)
		}
	}
	w.files.sync.add(job{file: w.file, name: w.name, series: w.series, begun: w.begun, finish: true, broken: w.broken})
	w.file, w.dirty, w.broken = nil, false, false
	return nil
}

// discard takes the file away: nothing is in it.
func (w *writer) discard() error {
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file, w.dirty = nil, false
	return errors.Join(f.Close(), w.files.disk.Remove(w.name+partEnding))
}

// end finishes the file, or takes it away when it is empty and is not to be
// kept so.
func (w *writer) end(keepEmpty bool) error {
	if w.file != nil && w.size == 0 && !keepEmpty && w.files.config.Out != Stdout {
		return w.discard()
	}
	return w.finish()
}
