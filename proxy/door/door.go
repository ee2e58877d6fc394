package door

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"sluice/cluster/auth"
	"sluice/cluster/loopback"
	"sluice/proxy/tally"
)

// Config is what a [Door] is made of. Without a Verifier and without Forwarded
// everything may be read, by whoever gets in.
type Config struct {
	// Verifier tells good tokens from bad ones; nil where there are none.
	Verifier Verifier
	// Forwarded are the headers by which trusted proxies say who may read what.
	Forwarded Forwarded
	// TrustedProxies are the networks of reverse proxies: their X-Forwarded-For
	// counts, and their Forwarded headers.
	TrustedProxies []netip.Prefix
	// AnyHost serves requests whatever their Host is, also without tokens, and trusts
	// everybody if told so. Otherwise only those are served without tokens that were
	// sent to a loopback name.
	AnyHost bool
	// Origins are those whose pages may read here, as browsers write them:
	// https://logs.example. Other pages than the proxy's own may not.
	Origins []string
	// Public tells whether a path is open to all. nil means that none is.
	Public func(path string) bool
	// Refuse answers a request that may not come in, with the status of the reason.
	// Required.
	Refuse func(w http.ResponseWriter, r *http.Request, reason tally.Reason, detail string)
}

// Verifier is what a Door needs of auth.Verifier.
type Verifier interface {
	// Verify returns what a token opens, or an *auth.Error.
	Verify(ctx context.Context, token string) (*auth.Grant, error)
}

// Door lets requests in. Make it with [New].
type Door struct {
	cfg     Config
	origins map[string]struct{}
}

// New makes a Door.
func New(cfg Config) (*Door, error) {
	if cfg.Forwarded.Tenants == "" && (cfg.Forwarded.System != "" || cfg.Forwarded.User != "") {
		return nil, errors.New("a header for the system or the user is given, and none for the tenants: give --auth-header")
	}
	if cfg.Forwarded.Tenants != "" && len(cfg.TrustedProxies) == 0 {
		return nil, errors.New("--auth-header counts from trusted proxies alone: give their addresses by --trusted-proxies")
	}
	if err := cfg.Forwarded.check(); err != nil {
		return nil, err
	}
	if everybody := func(p netip.Prefix) bool { return p.Bits() == 0 }; cfg.Forwarded.Tenants != "" && !cfg.AnyHost && slices.ContainsFunc(cfg.TrustedProxies, everybody) {
		return nil, errors.New("--trusted-proxies is everybody, who may then say by --auth-header that they may read everything: give the addresses of the reverse proxies, or --insecure")
	}
	d := &Door{cfg: cfg, origins: make(map[string]struct{})}
	for _, o := range cfg.Origins {
		origin, err := parseOrigin(o)
		if err != nil {
			return nil, err
		}
		d.origins[origin] = struct{}{}
	}
	return d, nil
}

// keyless tells whether everybody may read everything.
func (d *Door) keyless() bool { return d.cfg.Verifier == nil && d.cfg.Forwarded.Tenants == "" }

// Open returns the request as it came in, without its token, or ok false when it has
// been answered here. The context of one with a Grant that ends ends with it, with
// [auth.ErrExpired] as the cause.
func (d *Door) Open(w http.ResponseWriter, r *http.Request) (in *http.Request, ok bool) {
	token, r, err := takeToken(r)
	if d.keyless() && !d.cfg.AnyHost && !loopback.Host(r.Host) {
		// A page that has its own name point to this machine would read
		// what only this machine's users may.
		d.cfg.Refuse(w, r, tally.Host, "the Host of the request is no loopback name: without keys this proxy serves its own machine only")
		return nil, false
	}
	public := d.cfg.Public != nil && d.cfg.Public(r.URL.EscapedPath())
	if !d.admitsPage(w, r, public) {
		return nil, false
	}
	ctx := context.WithValue(r.Context(), addressKey{}, d.address(r))
	if public {
		return r.WithContext(ctx), true
	}
	var grant *auth.Grant
	if err == nil {
		grant, err = d.identify(ctx, r, token)
	}
	if err != nil {
		d.unauthorized(w, r, err)
		return nil, false
	}
	if !grant.Expires().IsZero() {
		until, cancel := grant.Until(ctx)
		context.AfterFunc(ctx, cancel)
		ctx = until
	}
	return r.WithContext(auth.NewContext(ctx, grant)), true
}

// identify finds out what the request may read.
func (d *Door) identify(ctx context.Context, r *http.Request, token string) (*auth.Grant, error) {
	switch {
	case d.keyless():
		return auth.Everything(), nil
	case token != "" && d.cfg.Verifier != nil:
		return d.cfg.Verifier.Verify(ctx, token)
	case d.cfg.Forwarded.Tenants != "" && d.trusts(peer(r)):
		return d.cfg.Forwarded.grant(r.Header)
	case d.cfg.Verifier == nil:
		return nil, errors.New("the reverse proxy that knows you has not sent this request: go through it")
	}
	return nil, errNoToken
}

// unauthorized answers a request of which nobody knows what it may read.
func (d *Door) unauthorized(w http.ResponseWriter, r *http.Request, err error) {
	var refused *auth.Error
	reason, challenge := tally.NoToken, "Bearer"
	switch {
	case errors.As(err, &refused):
		reason, challenge = ofToken[refused.Reason], fmt.Sprintf("Bearer error=\"invalid_token\", error_description=%q", err.Error())
	case !errors.Is(err, errNoToken) && !errors.Is(err, errTwoTokens):
		reason = tally.NotForwarded
	}
	if reason == tally.NoKeys {
		d.cfg.Refuse(w, r, reason, err.Error()+": the proxy's log says why")
		return
	}
	w.Header().Set("WWW-Authenticate", challenge)
	d.cfg.Refuse(w, r, reason, err.Error())
}

// ofToken is what is counted when a token is refused.
var ofToken = map[auth.Reason]tally.Reason{
	auth.Malformed: tally.TokenMalformed, auth.Algorithm: tally.TokenAlgorithm, auth.UnknownKey: tally.TokenKey,
	auth.Expired: tally.TokenOver, auth.NotYet: tally.TokenNotYet, auth.Elsewhere: tally.TokenElsewhere, auth.NoKeys: tally.NoKeys,
}
