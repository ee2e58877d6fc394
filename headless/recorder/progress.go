package recorder

import (
	"fmt"
	"sync/atomic"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
)

// drawEvery is the time between two drawings of the progress.
const drawEvery = 500 * time.Millisecond

// gauge is how a recording goes, for the goroutine that draws it.
type gauge struct {
	records, bytes, stored, dropped, unknown, streams atomic.Uint64
}

// progress draws how a recording goes until done is closed: also while its disk
// takes nothing.
func (r *Recorder) progress(done <-chan struct{}) {
	tick := time.NewTicker(drawEvery)
	defer tick.Stop()
	var meter meter
	for {
		r.console.Draw(r.progressText(&meter, time.Now()))
		select {
		case <-done:
			r.console.Done()
			return
		case <-tick.C:
		}
	}
}

// measure sets the gauge.
func (r *Recorder) measure() {
	var sum Counts
	for _, a := range r.streams {
		sum.add(&a.Counts)
	}
	r.gauge.records.Store(sum.Records)
	r.gauge.bytes.Store(sum.Bytes)
	r.gauge.dropped.Store(sum.Dropped)
	r.gauge.unknown.Store(sum.Unknown)
	r.gauge.stored.Store(r.files.stored)
	r.gauge.streams.Store(uint64(len(r.streams)))
}

func (r *Recorder) progressText(m *meter, now time.Time) string {
	// What matters stands first: a narrow terminal has no room for the rest.
	g := &r.gauge
	n := g.records.Load()
	lost := loss.Summary(g.dropped.Load(), g.unknown.Load() > 0, "lost")
	text := fmt.Sprintf("recording: %s, %.0f/s, %s", record.Plural(n, "record"), m.rate(now, n), lost)
	text += ", " + bytesText(g.bytes.Load())
	if r.files.compressed() {
		text += " (" + bytesText(g.stored.Load()) + " stored)"
	}
	if n := g.streams.Load(); n != 1 {
		text += fmt.Sprintf(", %d streams", n)
	}
	return text + ", to " + r.files.describe()
}

// meter measures a rate over the last seconds: what is compressed is counted
// when it is written, once a second.
type meter struct {
	seen [7]reading // the newest last
}

// reading is how many there were at a time.
type reading struct {
	at time.Time
	n  uint64
}

func (m *meter) rate(now time.Time, n uint64) float64 {
	copy(m.seen[:], m.seen[1:])
	m.seen[len(m.seen)-1] = reading{now, n}
	for _, oldest := range m.seen {
		if dt := now.Sub(oldest.at).Seconds(); !oldest.at.IsZero() && dt > 0 {
			return float64(n-oldest.n) / dt
		}
	}
	return 0
}

// bytesText is a number of bytes as people read it.
func bytesText(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	f, u := float64(n), 0
	for f >= 1024 && u < len(units)-1 {
		f /= 1024
		u++
	}
	if u == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[u])
}
