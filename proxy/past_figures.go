package proxy

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/cluster/admin"
	"sluice/cluster/stream"
)

// pastFigures counts what sessions read of history.
type pastFigures struct {
	records, bytes                     atomic.Uint64
	busy, late, unavailable, listFails atomic.Uint64
	took                               prometheus.Histogram
}

func newPastFigures() *pastFigures {
	return &pastFigures{took: prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: string(namespace),
		Name:      "history_reading_seconds",
		Help:      "How long sessions have read history, until all was handed on or they went; of several streams together once.",
		Buckets:   []float64{5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800},
	})}
}

var (
	descPastRecords  = namespace.Desc("history_records_total", "Records read from the archive for sessions.")
	descPastBytes    = namespace.Desc("history_bytes_total", "Bytes of these records.")
	descPastFailures = namespace.Desc("history_failures_total", "Readings of history that were not brought to their end, but for those whose session went.", "reason")
)

// read counts what the archive has handed on.
func (f *pastFigures) read(records []stream.Record) {
	f.records.Add(uint64(len(records)))
	size := 0
	for i := range records {
		size += len(records[i].Data)
	}
	f.bytes.Add(uint64(size))
}

// ended counts a reading that began at a time, and how it ended.
func (f *pastFigures) ended(ctx context.Context, began time.Time, err error) {
	f.took.Observe(time.Since(began).Seconds())
	if err != nil && ctx.Err() == nil {
		f.failed(err)
	}
}

// failed counts a failure.
func (f *pastFigures) failed(err error) {
	switch {
	case errors.Is(err, errPastBusy):
		f.busy.Add(1)
	case errors.Is(err, context.DeadlineExceeded):
		f.late.Add(1)
	default:
		f.unavailable.Add(1)
	}
}

func (f *pastFigures) list(to admin.Figures) {
	to.Count(descPastRecords, f.records.Load())
	to.Count(descPastBytes, f.bytes.Load())
	to.Count(descPastFailures, f.busy.Load(), "busy")
	to.Count(descPastFailures, f.late.Load(), "no_answer")
	to.Count(descPastFailures, f.unavailable.Load(), "unavailable")
	to.Count(descPastFailures, f.listFails.Load(), "no_list")
}
