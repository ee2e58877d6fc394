package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxFile   = 1 << 20          // bytes of a key file or a set of keys
	fetchTime = 10 * time.Second // for a URL to answer
	fetchMin  = 10 * time.Second // from one fetch to the next, which tokens ask for
	fetchLong = 5 * time.Minute  // between two others, when the last one went well
	fetchSoon = 5 * time.Second  // and when it did not
	hurryWait = 3 * time.Second  // a token waits so long for a fetch
)

// source is where some of the keys come from: a file or a URL.
type source struct {
	name   string // as in errors and logs: without what may be secret
	remote bool
	read   func(ctx context.Context) ([]byte, error)
	parse  func(data []byte) ([]key, error)
	log    *slog.Logger
	keys   atomic.Pointer[[]key]

	// Owned by whoever loads: New, then run.
	had    []byte // what the keys are made of
	failed string // the error that was logged last

	kick chan struct{} // has a token when a fetch is wanted at once

	mu       sync.Mutex
	begun    time.Time     // the last fetch did
	fetching bool          // it is not over
	done     chan struct{} // closed when the next fetch is over
	unread   error         // why the keys are not those that there are now; nil when they are
}

func newKeyFile(path string, cfg *Config) *source {
	return newFile("key file", path, cfg, func(data []byte) ([]key, error) { return parseKeys(data, cfg.Algorithms) })
}

func newFile(kind, path string, cfg *Config, parse func([]byte) ([]key, error)) *source {
	s := &source{
		name: fmt.Sprintf("%s %q", kind, path), parse: parse, log: cfg.Logger,
		read: func(context.Context) ([]byte, error) { return readFile(path) },
	}
	s.keys.Store(&[]key{})
	return s
}

// newJWKS is a set of keys, in a file or at a URL.
func newJWKS(place string, cfg *Config) (*source, error) {
	var s *source
	parse := func(data []byte) ([]key, error) {
		keys, passed, why, err := parseJWKS(data, cfg.Algorithms, !s.remote)
		switch {
		case err != nil:
		case len(keys) == 0 && !s.remote && why != nil:
			err = fmt.Errorf("none of its keys is of use: %w", why)
		case len(keys) == 0:
			cfg.Logger.Warn("a set of keys has none that is of use: no token of it is good", "set", s.name, "passed", passed)
		case passed > 0:
			cfg.Logger.Info("keys of a set were passed over", "set", s.name, "passed", passed, "reason", why)
		}
		return keys, err
	}
	if !strings.Contains(place, "://") {
		s = newFile("JWKS file", place, cfg, parse)
		return s, nil
	}
	u, err := url.Parse(place)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("JWKS %q is no URL: give a file, or one as in https://issuer.example/.well-known/jwks.json", place)
	}
	if !isTrusted(u, cfg.Insecure) {
		return nil, fmt.Errorf("JWKS %q: whoever stands between could put keys of their own in it; give an https URL, or --insecure", u.Redacted())
	}
	s = newFile("JWKS", (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), cfg, parse)
	s.unread = fmt.Errorf("%s has not answered yet", s.name)
	s.remote, s.kick, s.done = true, make(chan struct{}, 1), make(chan struct{})
	fetcher := newFetcher(cfg.Insecure)
	s.read = func(ctx context.Context) ([]byte, error) { return fetch(ctx, fetcher, u) }
	return s, nil
}

// isTrusted tells whether nobody on the way to a URL can change what it answers.
func isTrusted(u *url.URL, insecure bool) bool {
	return u.Scheme == "https" || u.Scheme == "http" && (insecure || isLoopback(u.Hostname()))
}

// isLoopback tells whether a host is this machine.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// load reads the source, and takes up its keys if they have changed. After an error
// those from before stay.
func (s *source) load(ctx context.Context) error {
	data, err := s.read(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.name, err)
	}
	if s.had != nil && bytes.Equal(data, s.had) {
		return nil
	}
	keys, err := s.parse(data)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.name, err)
	}
	if s.had != nil {
		s.log.Info("keys have changed", "source", s.name, "keys", len(keys))
	}
	s.had = data
	s.keys.Store(&keys)
	return nil
}

// run loads the source again and again until ctx ends.
func (s *source) run(ctx context.Context, changed func()) {
	every := time.NewTimer(0)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-s.kick:
		}
		s.mu.Lock()
		s.begun, s.fetching = time.Now(), true
		s.mu.Unlock()
		limit, cancel := context.WithTimeout(ctx, fetchTime)
		err := s.load(limit)
		cancel()
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		s.unread = err
		s.mu.Unlock()
		s.report(err)
		changed()
		wait := filesEvery
		if s.remote {
			wait = fetchLong
			if err != nil {
				wait = fetchSoon
			}
			s.mu.Lock()
			close(s.done)
			s.done, s.fetching = make(chan struct{}), false
			s.mu.Unlock()
		}
		every.Reset(wait)
	}
}

// report logs an error when it is a new one, and its end.
func (s *source) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == s.failed {
		return
	}
	s.failed = text
	if err == nil {
		s.log.Info("keys can be read again", "source", s.name)
		return
	}
	s.log.Warn("keys cannot be read: those from before stay", "err", err, "keys", len(*s.keys.Load()))
}

// hurry waits for a fetch that is under way or due, and reports whether there was
// one. None is due so soon after the last that strangers could make this proxy flood
// the URL.
func (s *source) hurry(ctx context.Context) bool {
	if !s.remote {
		return false
	}
	s.mu.Lock()
	done, fetching := s.done, s.fetching
	due := time.Since(s.begun) >= fetchMin
	s.mu.Unlock()
	switch {
	case fetching:
	case due:
		select {
		case s.kick <- struct{}{}:
		default:
		}
	default:
		return false
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// readFile reads a file of keys.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f)
}

func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	return data, err
}

// newFetcher follows a few redirects, and none to where a URL could not be by itself.
func newFetcher(insecure bool) *http.Client {
	return &http.Client{CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) >= 3 || r.URL.Scheme != via[0].URL.Scheme || !isTrusted(r.URL, insecure) {
			return http.ErrUseLastResponse // its status is the error then
		}
		r.Header.Del("Referer") // the URL may have a secret
		return nil
	}}
}

// fetch gets a set of keys.
func fetch(ctx context.Context, fetcher *http.Client, u *url.URL) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := fetcher.Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the URL, which may have a secret
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return readBounded(resp.Body)
}
