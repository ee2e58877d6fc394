package recorder

import (
	"errors"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/headless"
)

// Notice records a loss, and reports trouble with a source.
func (r *Recorder) Notice(n *stream.Notice) error {
	switch n.Kind {
	case stream.KindGap:
		a := r.selection.streams[n.Stream]
		if a == nil {
			return nil
		}
		l := n.Loss()
		if err := r.complete(a); err != nil {
			if !errors.Is(err, headless.ErrMet) {
				a.countLoss(&l) // it cannot be recorded
			}
			return err
		}
		return r.lose(a, &l)
	case stream.KindBackfill:
		if a := r.selection.streams[n.Stream]; a != nil {
			return r.complete(a)
		}
	case stream.KindState:
		if text := r.reporter.Trouble(n); text != "" {
			r.console.Notify(text)
		}
		if n.State != stream.StateUnaccounted {
			return nil
		}
		r.unaccounted[n.Source] = true
		for _, a := range r.selection.streams {
			err := r.lose(a, &loss.Loss{Stream: a.stream, Source: n.Source, Unknown: true, Reason: "the source cannot tell what is lost"})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// lose counts a loss, and records it.
func (r *Recorder) lose(a *recorded, l *loss.Loss) error {
	a.countLoss(l)
	r.scratch = l.AppendRecord(r.scratch[:0], time.Now())
	return r.writer(a).add(a, r.scratch, false)
}

// recordLostSources records of each source that is lost at the end that what it
// had since is unknown.
func (r *Recorder) recordLostSources() error {
	for _, s := range r.config.Source.Status() {
		if s.State != stream.StateLost {
			continue
		}
		l := loss.Loss{Source: s.Name, Hop: loss.AtConsolidator, Unknown: true, Reason: "it was lost and did not come back before the recording ended"}
		if s.Proxy {
			l.Hop = loss.AtProxy
		}
		for _, a := range r.selection.streams {
			l.Stream = a.stream
			if err := r.lose(a, &l); err != nil {
				return err
			}
		}
	}
	return nil
}
