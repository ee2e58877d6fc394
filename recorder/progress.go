package recorder

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// drawEvery is the time between two drawings of the progress.
const drawEvery = 500 * time.Millisecond

// gauge is how a recording goes, for others to look at.
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

func (r *Recorder) progressText(m *meter, now time.Time) string {
	g := &r.gauge
	n := g.records.Load()
	text := fmt.Sprintf("recording to %s: %s, %.0f/s, %s", r.out.describe(), records(n), m.rate(now, n), bytesText(g.bytes.Load()))
	if r.out.compressed() {
		text += " (" + bytesText(g.stored.Load()) + " stored)"
	}
	if n := g.streams.Load(); n != 1 {
		text += fmt.Sprintf(", %d streams", n)
	}
	text += ", " + strconv.FormatUint(g.dropped.Load(), 10) + " lost"
	if n := g.unknown.Load(); n > 0 {
		text += fmt.Sprintf(" and %d gaps of unknown size", n)
	}
	return text
}

// meter measures a rate over the last seconds.
type meter struct {
	at   time.Time
	n    uint64
	last float64
}

func (m *meter) rate(now time.Time, n uint64) float64 {
	dt := now.Sub(m.at).Seconds()
	switch {
	case m.at.IsZero():
		m.at, m.n = now, n
	case dt >= 0.1:
		m.last = (m.last + float64(n-m.n)/dt) / 2
		m.at, m.n = now, n
	}
	return m.last
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
