package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// MaxToken is the longest token, in bytes.
const MaxToken = 16 << 10

// filesEvery is how often key files are looked at.
const filesEvery = 2 * time.Second

// Config is what a [Verifier] is made of.
type Config struct {
	// KeyFiles each hold an HMAC secret, or public keys in PEM. JWKS are sets of
	// keys: files, or URLs (https, or http to this machine). A token that one of all
	// the keys has signed is good. One file or URL is required.
	KeyFiles, JWKS []string
	// Algorithms are those that are allowed, of [Algorithms]. None means those that
	// the keys have: HS256, RS256, that of a key's curve, EdDSA; or what a JWKS says.
	Algorithms []string
	// Audience and Issuer, if given, have to be those of a token.
	Audience, Issuer string
	// Leeway is by how much clocks may differ: a token begins so much earlier, and
	// ends so much later. Usually 0.
	Leeway time.Duration
	// Insecure permits a JWKS by http from other machines.
	Insecure bool
	// Logger gets what people should know. nil discards it.
	Logger *slog.Logger
}

// Verifier tells good tokens from bad ones. Make it with [New].
type Verifier struct {
	cfg     Config
	sources []*source
	keys    atomic.Pointer[[]key]
	merging sync.Mutex // makes keys out of the sources', one at a time
}

// New checks cfg and reads the files. URLs are fetched by Run.
func New(cfg Config) (*Verifier, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if len(cfg.KeyFiles)+len(cfg.JWKS) == 0 {
		return nil, errors.New("auth: neither a key file nor a JWKS is given")
	}
	if cfg.Leeway < 0 {
		return nil, errors.New("auth: Config.Leeway is negative")
	}
	if err := checkAlgorithms(cfg.Algorithms); err != nil {
		return nil, err
	}
	v := &Verifier{cfg: cfg}
	for _, path := range cfg.KeyFiles {
		v.sources = append(v.sources, newKeyFile(path, &v.cfg))
	}
	for _, place := range cfg.JWKS {
		s, err := newJWKS(place, &v.cfg)
		if err != nil {
			return nil, err
		}
		v.sources = append(v.sources, s)
	}
	for _, s := range v.sources {
		if !s.remote {
			if err := s.load(context.Background()); err != nil {
				return nil, err
			}
		}
	}
	v.merge()
	return v, nil
}

// Run takes up keys that change until ctx ends, and returns nil. What cannot be had is
// logged, and the keys from before stay.
func (v *Verifier) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, s := range v.sources {
		wg.Go(func() { s.run(ctx, v.merge) })
	}
	wg.Wait()
	return nil
}

// merge makes one list of all sources' keys.
func (v *Verifier) merge() {
	v.merging.Lock()
	defer v.merging.Unlock()
	var all []key
	for _, s := range v.sources {
		all = append(all, *s.keys.Load()...)
	}
	v.keys.Store(&all)
}

// Verify returns what a token opens, or an [*Error]. A token of a key that is not known
// has the URLs asked, at most every ten seconds, and waits for that up to three.
func (v *Verifier) Verify(ctx context.Context, token string) (*Grant, error) {
	c, err := v.read(token)
	var refused *Error
	if errors.As(err, &refused) && (refused.Reason == UnknownKey || refused.Reason == NoKeys) && v.hurry(ctx) {
		c, err = v.read(token)
	}
	if err != nil {
		return nil, err
	}
	if err := v.check(&c); err != nil {
		return nil, err
	}
	g, err := c.Grant()
	if err != nil {
		return nil, refuse(Malformed, "the token's claim ten: "+err.Error())
	}
	if !g.expires.IsZero() {
		g.expires = g.expires.Add(v.cfg.Leeway)
	}
	g.id = tokenID(token)
	return g, nil
}

// Unread is why not all keys are known that the files and URLs have now, or nil.
func (v *Verifier) Unread() error {
	for _, s := range v.sources {
		s.mu.Lock()
		err := s.unread
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// hurry fetches the URLs, and reports whether any was.
func (v *Verifier) hurry(ctx context.Context) (fetched bool) {
	ctx, cancel := context.WithTimeout(ctx, hurryWait)
	defer cancel()
	for _, s := range v.sources {
		fetched = s.hurry(ctx) || fetched
	}
	return fetched
}

// tokenID is what tells tokens apart. It is made of what is signed, since of some
// signatures anybody can make another.
func tokenID(token string) string {
	sum := sha256.Sum256([]byte(token[:max(strings.LastIndexByte(token, '.'), 0)]))
	return hex.EncodeToString(sum[:8])
}

// read reads the claims of a token that one of the keys has signed.
func (v *Verifier) read(token string) (Claims, error) {
	keys := *v.keys.Load()
	if len(keys) == 0 {
		return Claims{}, refuse(NoKeys, "no key is known yet that tokens could be verified with")
	}
	if err := checkForm(token); err != nil {
		return Claims{}, err
	}
	var algs []string
	for _, k := range keys {
		algs = append(algs, k.algs...)
	}
	// Its own checks of the claims are left out: they take an exp of 0 for none.
	parser := jwt.NewParser(jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding(), jwt.WithValidMethods(slices.Compact(slices.Sorted(slices.Values(algs)))))
	claims := jwt.MapClaims{}
	_, err := parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) { return fitting(keys, t) })
	var refused *Error
	switch {
	case err == nil:
	case errors.As(err, &refused):
		return Claims{}, refused
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Claims{}, refuse(Malformed, "that is no token: its parts are not base64 of JSON")
	case errors.Is(err, jwt.ErrTokenUnverifiable), strings.Contains(err.Error(), "signing method"):
		return Claims{}, refuse(Algorithm, "the token is signed by an algorithm that is not allowed: these are "+strings.Join(slices.Compact(slices.Sorted(slices.Values(algs))), ", "))
	default:
		return Claims{}, refuse(UnknownKey, "the token's signature is of no key that is known here")
	}
	c, err := readClaims(claims)
	if err != nil {
		return Claims{}, refuse(Malformed, "the token cannot be understood: "+err.Error())
	}
	return c, nil
}

// checkForm refuses what is no token at all, before anything is decoded.
func checkForm(token string) error {
	if len(token) > MaxToken {
		return refuse(Malformed, fmt.Sprintf("the token is longer than %d bytes", MaxToken))
	}
	dots := 0
	for _, c := range []byte(token) {
		switch {
		case c == '.':
			dots++
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			dots = -MaxToken
		}
	}
	if dots != 2 {
		return refuse(Malformed, "that is no token: want a JWT, three parts of base64 with dots between them")
	}
	return nil
}

// fitting is the keys that may have signed a token: of its algorithm, and of its key
// id where both have one. An id is only compared.
func fitting(keys []key, t *jwt.Token) (jwt.VerificationKeySet, error) {
	var set jwt.VerificationKeySet
	if _, ok := t.Header["crit"]; ok {
		return set, refuse(Malformed, "the token's header demands what is not known here (crit)")
	}
	id := ""
	switch kid := t.Header["kid"].(type) {
	case nil:
	case string:
		id = kid
	default:
		return set, refuse(Malformed, "the token's header has a key id that is no text")
	}
	for _, k := range keys {
		if slices.Contains(k.algs, t.Method.Alg()) && (id == "" || k.id == "" || k.id == id) {
			set.Keys = append(set.Keys, k.material)
		}
	}
	if len(set.Keys) == 0 {
		return set, refuse(UnknownKey, "the token is signed by a key that is not known here")
	}
	return set, nil
}

// check compares claims with the time, and with whom they have to be for.
func (v *Verifier) check(c *Claims) error {
	now := time.Now()
	switch {
	case !c.Expires.IsZero() && !now.Before(c.Expires.Add(v.cfg.Leeway)):
		return refuse(Expired, "the token has expired, "+ago(now.Sub(c.Expires))+" ago: get a new one")
	case !c.NotBefore.IsZero() && now.Add(v.cfg.Leeway).Before(c.NotBefore):
		return refuse(NotYet, "the token is not valid yet, but in "+ago(c.NotBefore.Sub(now))+": are the clocks right?")
	case v.cfg.Audience != "" && !slices.Contains(c.Audience, v.cfg.Audience):
		return refuse(Elsewhere, "the token is for another audience than this proxy")
	case v.cfg.Issuer != "" && c.Issuer != v.cfg.Issuer:
		return refuse(Elsewhere, "the token is of another issuer than the one that counts here")
	}
	return nil
}

// ago is a time in words, rounded.
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than 1s"
	case d < time.Hour:
		return d.Round(time.Second).String()
	case d < 100*time.Hour:
		return fmt.Sprintf("%.0fh", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}
