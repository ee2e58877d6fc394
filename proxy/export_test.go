package proxy

import (
	"context"
	"net/http"
	"time"

	"sluice/cluster/httpapi"
	"sluice/proxy/live"
)

// ParseRequest lets tests read requests without a connection.
func ParseRequest(r *http.Request, escaped string) (name string, last uint64, err error) {
	a, err := parseRequest(r, escaped)
	if err != nil {
		return "", 0, err
	}
	return a.title(), a.want.Last, nil
}

// ParseStreamsRequest reads what is asked for of the list of streams.
func ParseStreamsRequest(query string) (p live.Page, err error) {
	a, err := parseStreamsRequest(query)
	return a.page, err
}

// EventHeads are how the events of records with these ids begin, one after the
// other.
func EventHeads(ids ...httpapi.EventID) (heads []string) {
	var h eventHead
	for _, id := range ids {
		heads = append(heads, string(h.of(id)))
	}
	return heads
}

// LifetimeOf is how long a session of p would last.
func LifetimeOf(p *Proxy) time.Duration {
	now := time.Now()
	return p.lifetime(now).Sub(now)
}

// StartAt has the proxy believe that it has started at that time, and was not ready yet.
func (p *Proxy) StartAt(at time.Time) {
	p.started.Store(&at)
	p.reached.Store(false)
}

// AppendText is how a record becomes text.
func AppendText(dst, data []byte) []byte { return appendText(dst, data) }

// Serve answers one request as p does, without a connection.
func (p *Proxy) Serve(w http.ResponseWriter, r *http.Request) { p.handler().ServeHTTP(w, r) }

// Turns are what sessions wait for that read again.
type Turns struct{ turns }

// NewTurns are so many, and of one owner so many.
func NewTurns(all, each int) *Turns { return &Turns{turns{all: all, each: each}} }

// Take takes one.
func (t *Turns) Take(ctx context.Context, owner string) bool { return t.take(ctx, owner, 1) }

// Done gives one back.
func (t *Turns) Done(owner string) { t.done(owner, 1) }

// Taken is how many are taken.
func (t *Turns) Taken() int { return t.taken }

// CrowdFrom has so many sessions that gather be a crowd, for which a goroutine each writes
// lots of that size.
func (p *Proxy) CrowdFrom(sessions int64, lot int) { p.crowd.least, p.crowd.lot = sessions, lot }

// InCrowd is for how many sessions the crowd writes now, but for those that it is
// writing for.
func (p *Proxy) InCrowd() (n int) {
	p.crowd.mu.Lock()
	defer p.crowd.mu.Unlock()
	for _, slot := range p.crowd.slots {
		n += len(slot)
	}
	return n
}
