package recorder

import (
	"bytes"
	"errors"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
)

// maxScratch is how many bytes a large record may leave allocated.
const maxScratch = 1 << 20

// Record records a record of a stream that is selected.
func (r *Recorder) Record(rec *stream.Record) error {
	a := r.last
	if a == nil || a.stream != rec.Stream {
		if a = r.selection.streams[rec.Stream]; a == nil {
			return nil
		}
		r.last = a
	}
	if a.appeared {
		if a.hold(rec) {
			return nil
		}
		if err := r.complete(a); err != nil {
			if !errors.Is(err, headless.ErrMet) {
				a.Unwritten++
			}
			return err
		}
	}
	return r.add(a, rec)
}

// add records a record, if the filter lets it.
func (r *Recorder) add(a *recorded, rec *stream.Record) error {
	if a.appeared {
		older := a.older(rec)
		if a.missing(rec, older) {
			err := r.lose(a, &loss.Loss{
				Stream: a.stream, Source: rec.Source, Hop: loss.AtConsolidator, Unknown: true,
				Reason: "it had records before it was followed, and they may be gone",
			})
			if err != nil {
				a.Unwritten++
				return err
			}
		}
		if older {
			a.Older++
			return nil
		}
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
	if parsed && !r.config.Filter.Match(line) {
		a.Filtered++
		return nil
	}
	stored := line
	if whole {
		stored = rec.Data // as it came
	}
	if err := r.writer(a).add(a, stored, true); err != nil {
		a.Unwritten++
		return err
	}
	return r.intake.Taken(line)
}

// isLine reports whether data may stand as a line.
func isLine(data []byte) bool {
	return len(data) > 0 && bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0
}

// Flush ends a batch: it writes what need not wait for more. See [headless.Sink].
func (r *Recorder) Flush() error { return r.files.flushBatch() }

// Unwritten counts what came after a record that could not be written.
func (r *Recorder) Unwritten(records []stream.Record, notices []stream.Notice) {
	for i := range records {
		if a := r.selection.streams[records[i].Stream]; a != nil {
			a.Unwritten++
		}
	}
	for i := range notices {
		if a := r.selection.streams[notices[i].Stream]; a != nil && notices[i].Kind == stream.KindGap {
			l := notices[i].Loss()
			a.countLoss(&l)
		}
	}
}
