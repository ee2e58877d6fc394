package consume

import (
	"log/slog"
	"time"

	"sluice/cluster/record"
)

// newsEvery is how often a worker logs what it has put aside: once for many.
const newsEvery = time.Second

// news is what a worker has put aside since it logged that last.
type news struct {
	logger *slog.Logger
	logged time.Time

	put, given       int // times put aside, records given up
	stream, id, text string
}

func (n *news) deferred(p *piece, cause error) { n.put++; n.last(p, cause) }
func (n *news) dead(p *piece, cause error)     { n.given++; n.last(p, cause) }

func (n *news) last(p *piece, cause error) {
	b := p.batch("")
	n.stream, n.id, n.text = b.Stream, b.ID(), cause.Error()
}

// log logs what is new, unless it has just done so.
func (n *news) log(now bool) {
	if n.put == 0 && n.given == 0 || !now && time.Since(n.logged) < newsEvery {
		return
	}
	n.logged = time.Now()
	about := []any{"stream", n.stream, "batch", n.id, "cause", record.Safe(n.text)}
	if n.given > 0 {
		n.logger.Error("gave records up", append([]any{"records", n.given}, about...)...)
	} else {
		n.logger.Warn("put records aside", append([]any{"times", n.put}, about...)...)
	}
	n.put, n.given = 0, 0
}
