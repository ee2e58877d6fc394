package recorder

import (
	"errors"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/headless"
)

// Notice records a loss, or that a source was away, and reports trouble with a source.
func (r *Recorder) Notice(n *stream.Notice) error {
	switch n.Kind {
	case stream.KindGap:
		s := r.streams[n.Stream]
		if s == nil {
			return nil
		}
		l := n.Loss()
		if err := r.complete(s); err != nil {
			if !errors.Is(err, headless.ErrMet) {
				s.countLoss(&l) // it cannot be recorded
			}
			return err
		}
		if l.Refused() { // whoever publishes it can do something about it
			r.console.Notify(l.Text())
		}
		return r.lose(s, &l)
	case stream.KindBackfill:
		if s := r.streams[n.Stream]; s != nil {
			return r.complete(s)
		}
	case stream.KindAway:
		r.console.Notify(n.AwayText())
		return r.away(n)
	case stream.KindRefused:
		r.console.Notify(r.reporter.Text(n))
	case stream.KindState:
		if text := r.reporter.Trouble(n); text != "" {
			r.console.Notify(text)
		}
		if n.State != stream.StateUnaccounted {
			return nil
		}
		r.unaccounted[n.Source] = true
		for _, s := range r.streams {
			err := r.lose(s, &loss.Loss{Stream: s.stream, Source: n.Source, Unknown: true, Reason: "the source cannot tell what is lost"})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// away records, once in each file, that a source was away.
func (r *Recorder) away(n *stream.Notice) error {
	told := make(map[*writer]bool)
	r.scratch = n.AppendAway(r.scratch[:0])
	for _, s := range r.streams {
		w := r.writer(s)
		if told[w] {
			continue
		}
		told[w] = true
		if err := w.addNotice(s, r.scratch, missing{unknown: true}); err != nil {
			return err
		}
	}
	return nil
}

// lose counts a loss, and records it.
func (r *Recorder) lose(s *recorded, l *loss.Loss) error {
	s.countLoss(l)
	r.scratch = l.AppendRecord(r.scratch[:0], time.Now())
	return r.writer(s).addNotice(s, r.scratch, missing{l.Count, l.Unknown})
}

// recordLostSources records of each source that is lost at the end, or was not reached
// as others were, that what it had is unknown.
func (r *Recorder) recordLostSources() error {
	sources := r.config.Source.Status()
	for _, source := range sources {
		var reason string
		switch {
		case source.Finder, source.Archive:
			continue
		case source.State == stream.StateLost:
			reason = "it was lost and did not come back before the recording ended"
		case source.State == stream.StateConnecting && headless.Connected(sources):
			reason = "it was not reached before the recording ended"
		default: // one that is unknown is behind a proxy that is lost
			continue
		}
		l := loss.Loss{Source: source.Name, Hop: loss.AtConsolidator, Unknown: true, Reason: reason}
		if source.Proxy {
			l.Hop = loss.AtProxy
		}
		for _, s := range r.streams {
			l.Stream = s.stream
			if err := r.lose(s, &l); err != nil {
				return err
			}
		}
	}
	return nil
}
