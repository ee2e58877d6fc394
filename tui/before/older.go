package before

import (
	"context"
	"math"
	"slices"
	"time"

	"sluice/cluster/loss"
	"sluice/tui/rows"
)

// The records of each stream that are read at a time: more and more while what is wanted is
// seldom.
const (
	minChunk = 1000
	maxChunk = 32_000
)

// Test chooses rows of a page; nil all of them.
type Test func(p *rows.Page, i int) bool

// Ask is what is wanted of before some places.
type Ask struct {
	Streams []string
	Begin   rows.Edges          // what comes before these; of sources that are not named, all
	Held    map[rows.Place]bool // but for these
	Later   rows.Epochs         // that are known to be later than those of Begin
	Live    bool                // what came right before Begin may be on its way into the archive
	To      time.Time           // what is later is not wanted; zero is no bound

	Want  int  // rows that pass; what came in one piece with them comes, too
	Show  Test // which rows pass
	Match Test // not nil: go on until one that passes is such a one

	MaxRows  int   // of what is returned; the newest go when there are more
	MaxBytes int64 // likewise

	Progress *Progress // required
}

// Found is what there was.
type Found struct {
	Pages  []*rows.Page // the oldest first
	Begin  rows.Edges   // where they begin
	End    rows.Edges   // where they end: at Ask.Begin, unless some were let go, or at what of that was reached
	Island bool         // some were let go
	All    bool         // nothing came before

	Hit  bool       // there is a match: the last one
	Page *rows.Page // that has it
	At   int        // its row in it
}

// Older reads what came before. With an error it returns what it had by then.
func Older(ctx context.Context, a Reader, ask *Ask) (f Found, err error) {
	f.Begin, f.End = ask.Begin, ask.Begin
	if err = fewStreams(ask.Streams); err != nil {
		return f, err
	}
	chunk := minChunk
	if ask.Show == nil && ask.Match == nil {
		chunk = min(max(ask.Want, 1), maxChunk)
	}
	total, bytes := 0, int64(0)
	wait := patience{}
	if ask.Live {
		wait.left = waits
	}
	for {
		page, begin, all, looked, err := ask.chunk(ctx, a, f.Begin, chunk, &wait)
		if err != nil {
			return f, err
		}
		wait.left = 0
		ask.Progress.add(looked.rows, looked.at)
		f.End = ends(f.End, page)
		page.Begin, f.Begin, f.All = begin, begin, all
		switch {
		case page.Len() > 0:
			f.Pages = slices.Insert(f.Pages, 0, page)
			total, bytes = total+page.Len(), bytes+page.Bytes()
		case len(f.Pages) > 0:
			f.Pages[0].Begin = begin
		}
		for len(f.Pages) > 1 && (total > ask.MaxRows || bytes > ask.MaxBytes) {
			newest := f.Pages[len(f.Pages)-1]
			total, bytes = total-newest.Len(), bytes-newest.Bytes()
			f.Pages = f.Pages[:len(f.Pages)-1]
			f.End, f.Island = newest.Begin, true
		}
		if ask.Match != nil {
			for i := page.Len() - 1; i >= 0; i-- {
				if ask.Match(page, i) {
					f.Hit, f.Page, f.At = true, page, i
					return f, nil
				}
			}
		}
		if all || ask.Match == nil && total >= ask.Want {
			return f, nil
		}
		chunk = min(2*chunk, maxChunk)
	}
}

// ends is where a page ends, of the sources of which that was not known.
func ends(known rows.Edges, p *rows.Page) rows.Edges {
	e := known.Clone()
	for i := range p.Len() {
		at, ok := p.Place(i)
		if _, had := known[at.Stream][at.Source]; ok && !had {
			e.Set(at.Stream, at.Source, loss.Position{Epoch: at.Epoch, Seq: at.Seq + 1})
		}
	}
	return e
}

// looked is how many rows a chunk has of the archive, and the time of its oldest one.
type looked struct {
	rows int
	at   int64
}

// side is one stream of a chunk, gone through backwards.
type side struct {
	page  *rows.Page
	left  int   // rows that are not taken
	key   int64 // of the last one of them; it never rises
	whole bool  // there is nothing before it
}

// chunk reads the newest records before some places, up to so many. all: there is nothing
// before them.
func (ask *Ask) chunk(ctx context.Context, a Reader, begin rows.Edges, most int, wait *patience) (page *rows.Page, to rows.Edges, all bool, seen looked, err error) {
	to = begin.Clone()
	each := most
	if n := len(ask.Streams); n > 1 {
		each = max(2*most/n, 16)
	}
	sides := make([]*side, len(ask.Streams))
	for of, name := range ask.Streams {
		q := Query{Stream: name, To: ask.To, Last: each, Before: begin[name], Later: ask.Later[name]}
		var (
			p    *rows.Page
			ends map[string]loss.Position
			cut  bool
		)
		err := wait.until(ctx, q.Before, func() (_ map[string]loss.Position, ended bool, err error) {
			p, ends, cut, err = read(ctx, a, q, ask.Streams, of, math.MaxInt, pageBytes(ask.MaxBytes)/int64(len(ask.Streams)))
			return ends, true, err
		})
		if err != nil {
			return nil, begin, false, seen, err
		}
		records := 0
		for i := range p.Len() {
			if _, ok := p.Place(i); ok {
				records++
			}
		}
		unreached(p, of, name, begin[name], ends, to)
		sides[of] = &side{page: p, left: p.Len(), key: math.MaxInt64, whole: records < each && !cut}
		sides[of].look()
	}
	// The newest of all, until a stream whose older ones are not known has no more.
	var taken []*side
	ended := func(s *side) bool { return s.left == 0 && !s.whole }
	for (len(taken) < most || len(sides) == 1) && !slices.ContainsFunc(sides, ended) {
		var next *side
		for _, s := range sides {
			if s.left > 0 && (next == nil || s.key > next.key) {
				next = s
			}
		}
		if next == nil {
			break
		}
		next.left--
		next.look()
		taken = append(taken, next)
	}
	all = true
	page = rows.NewPage(ask.Streams)
	out := sift{test: func(p *rows.Page, i int) bool {
		at, ok := p.Place(i)
		if ok && ask.Held[at] {
			return false
		}
		return ask.Show == nil || ask.Show(p, i)
	}, to: page}
	at := make(map[*side]int)
	for _, s := range sides {
		all = all && s.whole && s.left == 0
		at[s] = s.left
		reach(s.page, s.left, to)
	}
	for _, s := range slices.Backward(taken) {
		if e, _ := s.page.Row(at[s]); seen.rows == 0 {
			seen.at = e.Time
		}
		out.take(s.page, at[s])
		at[s]++
		seen.rows++
	}
	return page, to, all, seen, nil
}

// look notes the key of what is next.
func (s *side) look() {
	if s.left > 0 {
		e, _ := s.page.Row(s.left - 1)
		s.key = min(s.key, e.Time)
	}
}

// reach moves places to the first records of a page, from a row on.
func reach(p *rows.Page, from int, to rows.Edges) {
	had := make(map[string]bool)
	for i := from; i < p.Len(); i++ {
		if at, ok := p.Place(i); ok && !had[at.Source] {
			had[at.Source] = true
			to.Set(at.Stream, at.Source, at.Position)
		}
	}
}
