package before

import (
	"context"
	"math"
	"time"

	"sluice/cluster/loss"
	"sluice/tui/rows"
)

// skew is how much earlier than its neighbours the time of a record may be that is read by
// time alone.
const skew = time.Minute

// Onward is what is wanted from some places on.
type Onward struct {
	Streams []string
	After   rows.Edges // where it begins
	Before  rows.Edges // where it ends; nil: nowhere
	From    time.Time  // of sources that After does not name: the time of the record before
	Named   bool       // nothing comes of those

	Want     int   // rows that pass
	MaxBytes int64 // of what is returned, and of a page at least
	Show     Test  // which rows pass; nil: all

	Progress *Progress // required
}

// Reached is what there was.
type Reached struct {
	Page   *rows.Page
	End    rows.Edges
	Joined bool // it leads up to Onward.Before, or to all that there is
}

// Newer reads what comes next.
func Newer(ctx context.Context, a Reader, ask *Onward) (r Reached, err error) {
	r.End = ask.After.Clone()
	if err = fewStreams(ask.Streams); err != nil {
		return r, err
	}
	sides := make([]*side, len(ask.Streams))
	open := make([]bool, len(sides)) // there is more
	pages := make([]*rows.Page, len(sides))
	wait := patience{waits} // Before is where what is live begins
	for of, name := range ask.Streams {
		q := Query{Stream: name, After: ask.After[name], Before: ask.Before[name], Named: ask.Named}
		if !ask.Named && !ask.From.IsZero() {
			q.From = ask.From.Add(-skew)
		}
		var ends map[string]loss.Position
		err = wait.until(ctx, q.Before, func() (_ map[string]loss.Position, ended bool, err error) {
			pages[of], ends, open[of], err = ask.read(ctx, a, q, of)
			return ends, !open[of], err
		})
		if err != nil {
			return r, err
		}
		if !open[of] {
			unreached(pages[of], of, name, q.Before, ends, make(rows.Edges))
		}
		sides[of] = &side{page: pages[of]}
	}
	r.Page = rows.NewPage(ask.Streams)
	r.Page.Begin = ask.After
	r.Joined = true
	for n := 0; n < ask.Want || len(sides) == 1; n++ {
		var next *side
		least := int64(math.MaxInt64)
		for of, s := range sides {
			if s.left == s.page.Len() {
				if open[of] { // what comes next of it is not known
					next = nil
					break
				}
				continue
			}
			if e, _ := s.page.Row(s.left); next == nil || max(e.Time, s.key) < least {
				next, least = s, max(e.Time, s.key)
			}
		}
		if next == nil {
			break
		}
		next.key = least
		if at, ok := next.page.Place(next.left); ok {
			r.End.Set(at.Stream, at.Source, loss.Position{Epoch: at.Epoch, Seq: at.Seq + 1})
		}
		r.Page.Copy(next.page, next.left)
		next.left++
	}
	for of, s := range sides {
		r.Joined = r.Joined && !open[of] && s.left == s.page.Len()
	}
	if r.Joined {
		for stream, of := range ask.Before {
			for source, at := range of {
				r.End.Set(stream, source, at)
			}
		}
	}
	return r, nil
}

// read reads one stream until there are as many rows as are wanted.
func (ask *Onward) read(ctx context.Context, a Reader, q Query, of int) (p *rows.Page, ends map[string]loss.Position, more bool, err error) {
	if ask.Show == nil {
		p, ends, more, err = read(ctx, a, q, ask.Streams, of, ask.Want, pageBytes(ask.MaxBytes))
		if err == nil {
			ask.note(p, p.Len())
		}
		return p, ends, more, err
	}
	for chunk := minChunk; ; chunk = min(2*chunk, maxChunk) {
		raw, ends, left, err := read(ctx, a, q, ask.Streams, of, chunk, maxPage)
		if err != nil {
			return nil, nil, false, err
		}
		ask.note(raw, raw.Len())
		if p == nil {
			p = rows.NewPage(ask.Streams)
		}
		after := make(map[string]loss.Position, len(q.After))
		for source, at := range q.After {
			after[source] = at
		}
		for i := range raw.Len() {
			if at, ok := raw.Place(i); ok {
				after[at.Source] = loss.Position{Epoch: at.Epoch, Seq: at.Seq + 1}
			}
			if !ask.Show(raw, i) {
				continue
			}
			if p.Len() == ask.Want {
				return p, nil, true, nil
			}
			p.Copy(raw, i)
		}
		if !left {
			return p, ends, false, nil
		}
		q.After = after
	}
}

func (ask *Onward) note(p *rows.Page, n int) {
	at := int64(0)
	if n > 0 {
		e, _ := p.Row(n - 1)
		at = e.Time
	}
	ask.Progress.add(n, at)
}
