package shipper

import (
	"fmt"
	"time"

	"sluice/cluster/publish"
)

const (
	statusEvery = 100 * time.Millisecond
	drawEvery   = 500 * time.Millisecond
)

// reportStatus reports how the client is connected, shows the progress, and gives up when
// the consolidator has been away for too long.
func (s *Shipper) reportStatus(done <-chan struct{}, giveUp func(error)) {
	poll := time.NewTicker(statusEvery)
	defer poll.Stop()
	var waited patience
	var reported string
	var drawn time.Time
	var drawnAt uint64
	for {
		status := s.cfg.Client.Status()
		if text := s.state(&status); text != "" && text != reported {
			// That it is there is no news, unless it was not.
			if reported != "" || !status.Acknowledges {
				s.console.Notify(text)
			}
			reported = text
		}
		now := time.Now()
		stats := s.cfg.Client.Stats()
		if s.cfg.Wait > 0 {
			if err := waited.over(s, &status, &stats, now); err != nil {
				giveUp(err)
				return
			}
		}
		if s.console.Draws() && now.Sub(drawn) >= drawEvery {
			lines := s.counts.lines.Load()
			rate := float64(lines-drawnAt) / now.Sub(drawn).Seconds()
			if drawn.IsZero() {
				rate = 0
			}
			drawn, drawnAt = now, lines
			s.console.Draw(fmt.Sprintf("publishing: %d lines, %.0f/s, %.1f MiB, %d waiting%s, to %s", lines, rate,
				float64(s.counts.bytes.Load())/(1<<20), stats.Waiting, s.behind(), s.cfg.Stream))
		}
		select {
		case <-done:
			return
		case <-poll.C:
		}
	}
}

// behind says how much of the followed files is not read yet.
func (s *Shipper) behind() string {
	names := s.names.Load()
	if names == nil {
		return ""
	}
	return fmt.Sprintf(", %.1f MiB to read", float64(names.Standing().Behind)/(1<<20))
}

// state puts the connection in words; "" when there is no news yet.
func (s *Shipper) state(status *publish.Status) string {
	switch {
	case status.Connected && status.Acknowledges:
		return s.cfg.Endpoint + " live"
	case status.Connected:
		return s.cfg.Endpoint + " live, but it acknowledges nothing: what is written to it counts as unacknowledged"
	case status.Err == nil:
		return ""
	case status.Had:
		return s.cfg.Endpoint + " lost: " + status.Err.Error() + "; trying again"
	}
	return s.cfg.Endpoint + " not reached yet: " + status.Err.Error() + "; trying again"
}

// patience notes since when waiting has brought nothing.
type patience struct {
	since   time.Time
	settled uint64
}

// over reports that nothing has come of waiting for too long.
func (p *patience) over(s *Shipper, status *publish.Status, stats *publish.Stats, now time.Time) error {
	settled := stats.Published - stats.Waiting
	if p.since.IsZero() || (status.Connected && (stats.Waiting == 0 || settled != p.settled)) {
		p.since, p.settled = now, settled
	}
	switch {
	case now.Sub(p.since) < s.cfg.Wait:
		return nil
	case status.Connected:
		return fmt.Errorf("%w: %s is there, but has acknowledged nothing for %v", ErrNotConnected, s.cfg.Endpoint, s.cfg.Wait)
	}
	return s.notConnected(*status)
}
