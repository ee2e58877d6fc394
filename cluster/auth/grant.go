package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// tenantPrefix is what the names of tenants' streams begin with.
const tenantPrefix = "tenant/"

// Grant is what a reader may read.
type Grant struct {
	all     bool
	system  bool
	tenants map[string]struct{} // whole names
	like    []*regexp.Regexp    // anchored

	id      string
	expires time.Time
}

// ErrExpired is the cause of the end of a request's context whose Grant has ended.
var ErrExpired = errors.New("the token has expired")

var (
	everything = &Grant{all: true}
	nothing    = &Grant{}
)

// Everything is the Grant of those that need no token: all streams, for ever.
func Everything() *Grant { return everything }

// NewGrant is what claims open, for somebody who is known by that id, without an end.
// Names of tenants are names here, whatever they look like.
func NewGrant(c Claims, id string) *Grant {
	g := &Grant{system: c.System, tenants: make(map[string]struct{}, len(c.Tenants)), id: id}
	for _, t := range c.Tenants {
		g.tenants[t] = struct{}{}
	}
	return g
}

// May reports whether the stream of that name may be read. It says nothing about
// whether there is such a stream.
func (g *Grant) May(stream string) bool {
	if g.all {
		return true
	}
	tenant, ok := strings.CutPrefix(stream, tenantPrefix)
	if !ok {
		return g.system
	}
	if _, ok := g.tenants[tenant]; ok {
		return tenant != ""
	}
	for _, re := range g.like {
		if re.MatchString(tenant) {
			return tenant != ""
		}
	}
	return false
}

// MayAll reports whether every stream may be read, so that nobody needs to ask for
// each.
func (g *Grant) MayAll() bool { return g.all }

// MayNone reports whether no stream at all may be read. A pattern of streams is
// refused with it; otherwise a pattern means those of its streams that [Grant.May]
// opens.
func (g *Grant) MayNone() bool {
	return !g.all && !g.system && len(g.tenants) == 0 && len(g.like) == 0
}

// Tenants tells apart what Grants of tenants open: it is the same for those that open the
// same. It is empty for one that opens more than tenants.
func (g *Grant) Tenants() string {
	if g.all || g.system {
		return ""
	}
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(g.tenants)) {
		fmt.Fprintf(hash, "%q ", name)
	}
	for _, re := range g.like {
		fmt.Fprintf(hash, "/%q ", re)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// ByPattern reports whether tenants are opened by patterns of their names, so that nobody
// knows how many.
func (g *Grant) ByPattern() bool { return len(g.like) > 0 }

// ID tells tokens apart, in limits and logs. It is no secret, the same for the same
// token at every proxy, and empty when there was no token.
func (g *Grant) ID() string { return g.id }

// Expires is when the Grant ends; zero means never.
func (g *Grant) Expires() time.Time { return g.expires }

// Until is a context that ends when the Grant does, with [ErrExpired] as the cause, or
// when it is cancelled.
func (g *Grant) Until(ctx context.Context) (context.Context, context.CancelFunc) {
	if g.expires.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, g.expires, ErrExpired)
}

type grantKey struct{}

// NewContext gives a request's context its Grant.
func NewContext(ctx context.Context, g *Grant) context.Context {
	return context.WithValue(ctx, grantKey{}, g)
}

// FromContext returns the Grant of a request's context, one that opens nothing if
// there is none.
func FromContext(ctx context.Context) *Grant {
	if g, ok := ctx.Value(grantKey{}).(*Grant); ok {
		return g
	}
	return nothing
}
