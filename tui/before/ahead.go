package before

import (
	"context"

	"sluice/tui/rows"
)

// Ahead is what a search from some places on has found.
type Ahead struct {
	Reached []Reached // the oldest first: the last one has the match, if there is one
	Island  bool      // some before them were let go

	Hit  bool // there is a match
	Page *rows.Page
	At   int // its row in it
}

// End is where the search came to, and Joined whether that is all that there is.
func (f *Ahead) End() rows.Edges { return f.Reached[len(f.Reached)-1].End }
func (f *Ahead) Joined() bool    { return f.Reached[len(f.Reached)-1].Joined }

// Search reads on from some places until a row that passes is a match. Of what it has read it
// keeps up to so many rows, the newest. With an error it returns what it had by then, which
// may be nothing.
func Search(ctx context.Context, a Reader, ask Onward, match Test, maxRows int) (f Ahead, err error) {
	total, bytes := 0, int64(0)
	for {
		r, err := Newer(ctx, a, &ask)
		if err != nil {
			return f, err
		}
		f.Reached = append(f.Reached, r)
		total, bytes = total+r.Page.Len(), bytes+r.Page.Bytes()
		for len(f.Reached) > 1 && (total > maxRows || bytes > ask.MaxBytes) {
			oldest := f.Reached[0].Page
			total, bytes = total-oldest.Len(), bytes-oldest.Bytes()
			f.Reached[0] = Reached{}
			f.Reached, f.Island = f.Reached[1:], true
		}
		for i := range r.Page.Len() {
			if match(r.Page, i) {
				f.Hit, f.Page, f.At = true, r.Page, i
				return f, nil
			}
		}
		if r.Joined {
			return f, nil
		}
		ask.After = r.End
		ask.Want = max(ask.Want, min(2*ask.Want, maxChunk, maxRows/2))
	}
}
