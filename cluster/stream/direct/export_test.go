package direct

import (
	"context"
	"time"

	"sluice/cluster/discovery"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
)

// Rates are tested by themselves.
type Rates = rates

const MaxHeld = maxHeld

// Update takes what a consolidator told of its streams.
func (r *rates) Update(now time.Time, stats []zmtp.StreamStat) { r.update(now, stats) }

// At is the rate of a stream at a time; ok is false when it is not live then.
func (r *rates) At(now time.Time, name string) (records, bytes float64, ok bool) {
	for _, s := range r.appendLive(nil, now) {
		if s.name == name {
			records, bytes = s.at(now)
			ok = true
		}
	}
	return records, bytes, ok
}

// Claims has links to two consolidators that give themselves the same name, and
// returns the names that both get before either has become connected.
func Claims(endpoints [2]string, name string) (got [2]string, err error) {
	b, err := newBackend(Config{Consolidators: endpoints[:]}, stream.NewHandover(0))
	if err != nil {
		return got, err
	}
	ended, end := context.WithCancel(context.Background())
	end() // nothing connects
	b.running = rescue.NewGroup(ended)
	b.found(discovery.Found{Consolidators: discovery.At(endpoints[:]...), Known: true})
	for i, l := range b.sorted() {
		got[i] = b.claim(l, name)
	}
	return got, b.running.Wait()
}

// LiveSum is tested by itself.
type LiveSum = liveSum

// Of sums up what consolidators have.
func (s *liveSum) Of(all []*Rates, now time.Time) []stream.Live { return s.of(all, now) }

// CopyLive does what whoever reads from the consolidator waits for.
func (r *rates) CopyLive(now time.Time) int { return len(r.appendLive(nil, now)) }

// Breakable returns a Source, and a function that makes its links panic at their
// next attempt to connect.
func Breakable(cfg Config) (s *stream.Source, breakLinks func(), err error) {
	out := stream.NewHandover(cfg.Inbox)
	b, err := newBackend(cfg, out)
	if err != nil {
		return nil, nil, err
	}
	return stream.NewSource(out, b), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, l := range b.links {
			l.mu.Lock()
			l.cursors["broken"] = nil
			l.mu.Unlock()
		}
	}, nil
}

// Impatient returns a Source that looks for silent peers ten times as soon. Its
// connections are over as late as ever.
func Impatient(cfg Config) (*stream.Source, error) {
	out := stream.NewHandover(cfg.Inbox)
	b, err := newBackend(cfg, out)
	if err != nil {
		return nil, err
	}
	for _, d := range []*time.Duration{&b.patience.look, &b.patience.ask, &b.patience.probe, &b.patience.lost} {
		*d /= 10
	}
	return stream.NewSource(out, b), nil
}

// Silences returns for how long a link with the usual patience takes its peer to be
// silent, after each look at these times; it has waited for it all the while.
func Silences(began time.Time, looks ...time.Duration) []time.Duration {
	s := silence{every: usualPatience.look, looked: began}
	var all []time.Duration
	for _, at := range looks {
		all = append(all, s.look(began.Add(at), began))
	}
	return all
}
