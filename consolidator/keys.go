package consolidator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// mechanisms are what protects the connections of each side.
func (c *Consolidator) mechanisms() (m [sides]zmtp.Mechanism, err error) {
	cfg := &c.cfg
	switch {
	case cfg.CurveKey == "" && cfg.CurvePublishers+cfg.CurveSubscribers != "":
		return m, errors.New("there are lists of keys, but the consolidator has no key of its own: make one by `sluice keygen NAME`, and give --curve-key NAME.key")
	case cfg.CurveKey == "":
		return [sides]zmtp.Mechanism{cfg.Mechanism, cfg.Mechanism}, nil
	case cfg.Mechanism != nil:
		return m, errors.New("a key and another mechanism are both given: give one")
	}
	if c.pair, err = curve.ReadPair(cfg.CurveKey); err != nil {
		return m, fmt.Errorf("the consolidator's key: %w", err)
	}
	for side, path := range [sides]string{publishing: cfg.CurvePublishers, subscribing: cfg.CurveSubscribers} {
		var allowed func(curve.Key) bool
		if path != "" {
			list, err := curve.OpenList(path, c.log)
			if err != nil {
				return m, err
			}
			c.keys[side] = list
			allowed = func(key curve.Key) bool { return list.Grant(key) != nil }
		}
		m[side] = curve.NewServer(c.pair, allowed)
	}
	return m, nil
}

// PublicKey is the key by which clients know the consolidator; empty if its connections
// are not encrypted.
func (c *Consolidator) PublicKey() string {
	if c.pair == nil {
		return ""
	}
	return c.pair.Public.String()
}

// watchKeys reads the lists of keys again when they change, until ctx ends.
func (c *Consolidator) watchKeys(ctx context.Context) {
	var watching sync.WaitGroup
	for _, list := range c.keys {
		if list != nil {
			watching.Go(func() { list.Run(ctx, c.times.keys, c.recheckKeys) })
		}
	}
	watching.Wait()
}

// granted is what the key of a peer may do: nil when there is no list for its side, and
// so nothing that it may not. ok is false if its key has gone from the list meanwhile.
func (c *Consolidator) granted(side side, conn *zmtp.Conn) (g *curve.Grant, ok bool) {
	list := c.keys[side]
	if list == nil {
		return nil, true
	}
	key, err := curve.ParseKey(conn.Peer.Key)
	if err != nil {
		return nil, false
	}
	g = list.Grant(key)
	return g, g != nil
}

// recheckKeys ends the connections of keys that have gone, and lets the others do what
// they may now.
func (c *Consolidator) recheckKeys() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.publishers {
		if !p.admit() {
			c.keyGone(publishing, p.conn)
		}
	}
	for s := range c.subscribers {
		if _, ok := c.granted(subscribing, s.conn); !ok {
			c.keyGone(subscribing, s.conn)
		}
	}
}

// admit takes up what its key may do. It reports false if the key has gone. c.mu is held.
func (p *publisher) admit() bool {
	g, ok := p.c.granted(publishing, p.conn)
	if ok && g != nil && g.All() {
		g = nil
	}
	p.grant.Store(g)
	return ok
}

// keyGone ends a connection whose key may not be here any more.
func (c *Consolidator) keyGone(side side, conn *zmtp.Conn) {
	c.counts.keyGone.Add(1)
	c.log.Info("peer closed: its key is not in the list any more", "kind", side.peers(), "peer", conn.RemoteAddr(), "key", conn.Peer.Key)
	conn.Abort()
}

// maxJudged is how many streams a publisher's judgements are kept for.
const maxJudged = 256

// may reports whether the publisher's key may publish a stream.
func (p *publisher) may(name []byte) bool {
	g := p.grant.Load()
	if g == nil {
		return true
	}
	if p.judgedBy != g || len(p.judged) == maxJudged {
		p.judged, p.judgedBy = make(map[string]bool), g
	}
	may, known := p.judged[string(name)]
	if !known {
		may = g.May(string(name))
		p.judged[string(name)] = may
	}
	return may
}

// denied notes n messages to a stream that the publisher's key may not publish: they are
// not published, and take no number, or it could write losses into a stream of others.
func (p *publisher) denied(name []byte, n uint64) {
	p.skipped += n
	if p.deniedCount == nil {
		p.deniedCount = p.c.denials.of(p.conn.Peer.Key)
		p.c.log.Warn("records of a stream that their publisher's key may not publish are refused",
			"kind", "publisher", "peer", p.conn.RemoteAddr(), "key", p.conn.Peer.Key, "stream", string(name))
	}
	p.deniedCount.Add(n)
}

// maxDenials is how many keys are counted each for itself, and others the key under which
// the rest is counted.
const (
	maxDenials = 1000
	others     = "others"
)

// denials are the messages that were denied, by key. Its zero value has none.
type denials struct {
	mu    sync.Mutex
	byKey map[string]*atomic.Uint64
}

// of is the count of a key.
func (d *denials) of(key string) *atomic.Uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byKey == nil {
		d.byKey = make(map[string]*atomic.Uint64)
	}
	if len(d.byKey) >= maxDenials && d.byKey[key] == nil {
		key = others
	}
	if d.byKey[key] == nil {
		d.byKey[key] = new(atomic.Uint64)
	}
	return d.byKey[key]
}

// each yields the counts, and always that of the others.
func (d *denials) each(yield func(key string, n uint64) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byKey[others] == nil && !yield(others, 0) {
		return
	}
	for key, n := range d.byKey {
		if !yield(key, n.Load()) {
			return
		}
	}
}

// maxDeniedTold is how many keys a record of the consolidator's state names.
const maxDeniedTold = 10

// deniedSince are the messages that were denied since before, by key: of the keys with
// most of them.
func deniedSince(before, after map[string]uint64) (told []any) {
	type count struct {
		key string
		n   uint64
	}
	var all []count
	for key, n := range after {
		if n -= before[key]; n > 0 {
			all = append(all, count{key, n})
		}
	}
	slices.SortFunc(all, func(a, b count) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.key, b.key)) })
	for _, c := range all[:min(len(all), maxDeniedTold)] {
		told = append(told, slog.Uint64(c.key, c.n))
	}
	return told
}
