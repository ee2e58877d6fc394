package recorder

import (
	"bytes"
	"errors"
	"time"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
)

// maxScratch is how many bytes a large record may leave allocated.
const maxScratch = 1 << 20

// Record records a record of a stream that is selected.
func (r *Recorder) Record(rec *stream.Record) error {
	s := r.last
	if s == nil || s.stream != rec.Stream {
		if s = r.streams[rec.Stream]; s == nil {
			return nil
		}
		r.last = s
	}
	if s.Appeared() {
		if s.Hold(rec) {
			return nil
		}
		if err := r.complete(s); err != nil {
			if !errors.Is(err, headless.ErrMet) {
				s.leave(1)
			}
			return err
		}
	}
	return r.add(s, rec)
}

// add records a record, if the filter lets it.
func (r *Recorder) add(s *recorded, rec *stream.Record) error {
	if lost, missing := s.Missing(rec); missing {
		if err := r.lose(s, &lost); err != nil {
			s.leave(1)
			return err
		}
	}
	if s.Newcomer.Older(rec) {
		s.Counts.Older++
		return nil
	}
	line, whole := rec.Data, isLine(rec.Data)
	parsed := r.config.Filter != (query.Filter{}) || r.intake.Matches()
	if !whole || parsed && !record.IsLine(line) {
		if cap(r.normal) > maxScratch {
			r.normal = nil
		}
		r.normal = record.NormaliseAt(r.normal[:0], rec.Data, time.Unix(0, rec.Arrived))
		line = r.normal
	}
	if parsed && !r.config.Filter.Match(line, rec.Stream, rec.Source) {
		s.Filtered++
		return nil
	}
	stored := line
	if whole {
		stored = rec.Data // as it came
	}
	if record.IsNotice(stored) {
		stored = r.unlikeNotice(stored, rec.Arrived)
	}
	if err := r.writer(s).add(s, stored); err != nil {
		s.leave(1)
		return err
	}
	return r.intake.Taken(line)
}

// complete records what was held of a stream that appeared, and is part of the
// recording.
func (r *Recorder) complete(s *recorded) error {
	held := s.Complete(r.began)
	for i := range held {
		if err := r.add(s, &held[i]); err != nil {
			if !errors.Is(err, headless.ErrMet) {
				r.Unwritten(held[i+1:], nil)
			}
			return err
		}
	}
	return nil
}

// completeAll records what is held of streams that appeared just before the
// end.
func (r *Recorder) completeAll() error {
	for _, s := range r.streams {
		if err := r.complete(s); err != nil {
			return err
		}
	}
	return nil
}

// unlikeNotice is a record, which ends as a notice, with another end. It is valid until
// the next call.
func (r *Recorder) unlikeNotice(line []byte, arrived int64) []byte {
	if !record.IsLine(line) {
		line = record.NormaliseAt(nil, line, time.Unix(0, arrived))
	}
	if cap(r.renamed) > maxScratch {
		r.renamed = nil
	}
	r.renamed = record.AppendRenamed(r.renamed[:0], line)
	return r.renamed
}

// isLine reports whether data may stand as a line. Zero bytes would be a hole to whoever
// reads it.
func isLine(data []byte) bool {
	return len(data) > 0 && bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0 && bytes.IndexByte(data, 0) < 0
}

// Flush ends a batch: it writes what need not wait for more. See [headless.Sink].
func (r *Recorder) Flush() error { return r.files.flushBatch() }

// Unwritten counts what came after a record that could not be written.
func (r *Recorder) Unwritten(records []stream.Record, notices []stream.Notice) {
	for i := range records {
		if s := r.streams[records[i].Stream]; s != nil {
			s.leave(1)
		}
	}
	for i := range notices {
		if s := r.streams[notices[i].Stream]; s != nil && notices[i].Kind == stream.KindGap {
			l := notices[i].Loss()
			s.countLoss(&l)
		}
	}
}
