package before

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// Query says which records of a stream are wanted.
type Query struct {
	Stream   string
	From, To time.Time // of the records; zero is no bound
	Last     int       // so many of the newest; 0 all

	// After begins at a source with this position, rather than by From and Last; Before ends
	// there before this position. With Named nothing comes of sources that After does not
	// name.
	After, Before map[string]loss.Position
	Named         bool
}

// Archive is what was said before. Its method is called from several goroutines.
type Archive interface {
	// Read hands on what is held, the oldest record first, and returns where it came to: the
	// position of the next record by source. Nothing that hand was given may be used after
	// it has returned; an error of it ends the reading, and is returned.
	Read(ctx context.Context, q Query, hand func([]stream.Record, []stream.Notice) error) (map[string]loss.Position, error)
}

// Progress is how far a reading has come. Its zero value is ready, and its methods may be
// called from any goroutine.
type Progress struct {
	records atomic.Int64
	at      atomic.Int64
	Wake    func() // is called when it has changed; may be nil
}

// Now is how many records were looked at, and the time of the last of them, in milliseconds
// since 1970.
func (p *Progress) Now() (records, at int64) { return p.records.Load(), p.at.Load() }

func (p *Progress) add(records int, at int64) {
	p.records.Add(int64(records))
	if at != 0 {
		p.at.Store(at)
	}
	if p.Wake != nil {
		p.Wake()
	}
}

// errEnough ends a reading that has what it wants.
var errEnough = errors.New("enough")

// read puts what a query finds into a page, up to most records. It returns where it came to,
// and whether there is more.
func read(ctx context.Context, a Archive, q Query, streams []string, of, most int) (p *rows.Page, ends map[string]loss.Position, more bool, err error) {
	p = rows.NewPage(streams)
	last := time.Time{}
	ends, err = a.Read(ctx, q, func(records []stream.Record, notices []stream.Notice) error {
		at := 0
		notes := func(before int) {
			for ; at < len(notices) && notices[at].At <= before; at++ {
				if n := notices[at]; n.Kind == stream.KindGap {
					if !last.IsZero() {
						n.Time = last
					}
					p.Gap(&n, rowtext.AppendGap(nil, &n), of)
				}
			}
		}
		for i := range records {
			if p.Len() >= most {
				return errEnough
			}
			notes(i)
			p.Add(&records[i], of)
			e, _ := p.Row(p.Len() - 1)
			last = time.UnixMilli(e.Time)
		}
		notes(len(records))
		return nil
	})
	if errors.Is(err, errEnough) {
		return p, ends, true, nil
	}
	return p, ends, false, err
}

// sift copies rows that pass a test, which may be nil.
type sift struct {
	test func(*rows.Page, int) bool
	to   *rows.Page
}

func (s *sift) take(p *rows.Page, i int) bool {
	if s.test != nil && !s.test(p, i) {
		return false
	}
	s.to.Copy(p, i)
	return true
}
