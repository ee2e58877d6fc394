package before

import (
	"context"
	"errors"
	"fmt"
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
	// Later are epochs that are known to be later than that of Before, by source: where the
	// archive does not have that one any more, what is of these does not come before it.
	Later map[string][]uint64
}

// Reader reads what was said before. Its method is called from several goroutines.
type Reader interface {
	// Read hands on what is held, the oldest record first, and returns where it came to: the
	// position of the next record by source. Nothing that hand was given may be used after
	// it has returned; an error of it ends the reading, and is returned.
	Read(ctx context.Context, q Query, hand func([]stream.Record, []stream.Notice) error) (map[string]loss.Position, error)
}

// Archive is what was said before. Its methods are called from several goroutines.
type Archive interface {
	Reader
	// Counts says how many records are held, by time, of what a query wants whose Last is 0. Of
	// sources that After and Before do not name, From and To divide what is held, so that what
	// one query leaves out by To another one has by From.
	Counts(ctx context.Context, q Query, window stream.Window) (stream.Counts, error)
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

// The bytes of a page.
const (
	minPage = 512 << 10 // a record has 256 KiB at most
	maxPage = 8 << 20
)

// pageBytes is how many bytes a page may have of so many that may be kept.
func pageBytes(kept int64) int64 { return min(max(kept/2, minPage), maxPage) }

// read puts what a query finds into a page, up to so many rows and bytes: the oldest, or,
// if the query is for the newest, the newest. It returns where it came to, and whether
// there is more.
func read(ctx context.Context, a Reader, q Query, streams []string, of, most int, bytes int64) (p *rows.Page, ends map[string]loss.Position, more bool, err error) {
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
			switch full := p.Bytes() >= bytes; {
			case full && q.Last > 0:
				p, more = rows.NewPage(streams), true
			case full, p.Len() >= most:
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
	return p, ends, more, err
}

// maxStreams bounds the streams that are read together: each is asked for by itself.
const maxStreams = 128

func fewStreams(streams []string) error {
	if len(streams) > maxStreams {
		return fmt.Errorf("read %d streams of the archive together: there may be %d: open fewer in this pane", len(streams), maxStreams)
	}
	return nil
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
