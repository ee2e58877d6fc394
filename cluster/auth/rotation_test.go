package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/auth"
	"sluice/internal/wait"
)

// jwk is a signer's key as a set has it.
func jwk(t *testing.T, id string, s *signer) map[string]any {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	k := map[string]any{"use": "sig"}
	if id != "" {
		k["kid"] = id
	}
	switch p := s.private.(type) {
	case []byte:
		k["kty"], k["k"] = "oct", b64(p)
	case *rsa.PrivateKey:
		k["kty"], k["n"], k["e"] = "RSA", b64(p.N.Bytes()), b64(big.NewInt(int64(p.E)).Bytes())
	case *ecdsa.PrivateKey:
		point, err := p.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		half := len(point) / 2
		k["kty"], k["crv"], k["x"], k["y"] = "EC", p.Params().Name, b64(point[1:1+half]), b64(point[1+half:])
	case ed25519.PrivateKey:
		k["kty"], k["crv"], k["x"], k["alg"] = "OKP", "Ed25519", b64(p.Public().(ed25519.PublicKey)), "EdDSA"
	}
	return k
}

func set(t *testing.T, keys ...map[string]any) []byte {
	t.Helper()
	if keys == nil {
		keys = []map[string]any{}
	}
	b, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSetsOfKeys(t *testing.T) {
	claims := map[string]any{"ten": "acme"}
	rs, es, ed, hs, other := newSigner(t, "RS256"), newSigner(t, "ES256"), newSigner(t, "EdDSA"), newSigner(t, "HS256"), newSigner(t, "RS256")
	encryption := jwk(t, "enc", &other)
	encryption["use"] = "enc"
	path := filepath.Join(t.TempDir(), "jwks.json")
	write(t, path, set(t, jwk(t, "rs", &rs), jwk(t, "es", &es), jwk(t, "ed", &ed), jwk(t, "hs", &hs), encryption,
		map[string]any{"kty": "OKP", "crv": "X448", "x": "AAAA"}, map[string]any{"kty": 7}, map[string]any{}))
	v := verifier(t, auth.Config{JWKS: []string{path}})
	for _, c := range []struct {
		name  string
		token string
		want  auth.Reason
	}{
		{"RSA", rs.sign(t, claims, "kid", "rs"), ""},
		{"ECDSA", es.sign(t, claims, "kid", "es"), ""},
		{"Ed25519", ed.sign(t, claims, "kid", "ed"), ""},
		{"a secret", hs.sign(t, claims, "kid", "hs"), ""},
		{"no key id: each of that algorithm is tried", rs.sign(t, claims), ""},
		{"the key id of another", rs.sign(t, claims, "kid", "es"), auth.UnknownKey},
		{"a key id that is not known", rs.sign(t, claims, "kid", "zz"), auth.UnknownKey},
		{"a key for encryption", other.sign(t, claims, "kid", "enc"), auth.UnknownKey},
	} {
		if got := reason(t, v, c.token); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for name, text := range map[string]string{
		"no JSON": "{", "no keys": "{}", "null": `{"keys":null}`, "a list": "[]", "nothing of use": string(set(t, encryption)),
		"too many": `{"keys":[` + strings.TrimSuffix(strings.Repeat("{},", 101), ",") + `]}`,
	} {
		write(t, path, []byte(text))
		if _, err := auth.New(auth.Config{JWKS: []string{path}}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for _, place := range []string{"http://issuer.example/jwks", "ftp://127.0.0.1/x", "https://", "://"} {
		if _, err := auth.New(auth.Config{JWKS: []string{place}}); err == nil {
			t.Errorf("%s is taken", place)
		}
	}
}

// A file that changes is taken up; one that cannot be read leaves the keys as they are.
func TestKeyFilesAreTakenUpWhenTheyChange(t *testing.T) {
	first, second := newSigner(t, "HS256"), newSigner(t, "HS256")
	claims := map[string]any{"ten": "acme"}
	log := &lines{}
	clock(t, auth.Config{KeyFiles: []string{first.file}, Logger: log.logger()}, nil, func(t *testing.T, v *auth.Verifier, sleep func(time.Duration)) {
		write(t, first.file, []byte("short"))
		sleep(3 * time.Second)
		if got := reason(t, v, first.sign(t, claims)); got != "" || !log.has("cannot be read") {
			t.Errorf("after a bad file: %q", got)
		}
		write(t, first.file, second.public(t))
		sleep(3 * time.Second)
		if got := reason(t, v, second.sign(t, claims)); got != "" {
			t.Errorf("the new key: %q", got)
		}
		if got := reason(t, v, first.sign(t, claims)); got != auth.UnknownKey {
			t.Errorf("the old key: %q", got)
		}
		if err := os.Remove(first.file); err != nil {
			t.Fatal(err)
		}
		sleep(3 * time.Second)
		if got := reason(t, v, second.sign(t, claims)); got != "" {
			t.Errorf("without the file: %q", got)
		}
	})
	if log.has(string(first.private.([]byte))) || log.has(string(second.private.([]byte))) {
		t.Error("a secret was logged")
	}
}

// issuer is a URL that a test gives its answers.
type issuer struct {
	keys  atomic.Pointer[[]byte] // nil: it is away
	asked atomic.Int64
}

func (i *issuer) fetch(context.Context) ([]byte, error) {
	i.asked.Add(1)
	if keys := i.keys.Load(); keys != nil {
		return *keys, nil
	}
	return nil, errors.New("it is away")
}

func (i *issuer) has(keys []byte) { i.keys.Store(&keys) }

func TestAURLThatIsAway(t *testing.T) {
	s := newSigner(t, "ES256")
	log := &lines{}
	i := &issuer{}
	token := s.sign(t, map[string]any{"ten": "acme"}, "kid", "a")
	clock(t, auth.Config{JWKS: []string{"http://localhost/jwks?password=hunter2"}, Logger: log.logger()}, i.fetch, func(t *testing.T, v *auth.Verifier, sleep func(time.Duration)) {
		sleep(time.Millisecond)
		for range 50 { // strangers do not make the proxy ask more
			if got := reason(t, v, token); got != auth.NoKeys {
				t.Errorf("before anything is known: %q", got)
			}
		}
		if n := i.asked.Load(); n != 1 || !log.has("it is away") {
			t.Errorf("asked %d times", n)
		}
		if err := v.Unread(); err == nil || !strings.Contains(err.Error(), "it is away") {
			t.Errorf("why the keys are not known: %v", err)
		}
		i.has(set(t, jwk(t, "a", &s)))
		sleep(6 * time.Second) // asked again by itself
		if got := reason(t, v, token); got != "" {
			t.Errorf("when it is back: %q", got)
		}
		if err := v.Unread(); err != nil {
			t.Errorf("then: %v", err)
		}
	})
	if log.has("hunter2") {
		t.Error("what may be secret in the URL was logged")
	}
}

func TestAURLAnswersWithoutEnd(t *testing.T) {
	log := &lines{}
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := fmt.Fprint(w, strings.Repeat(" ", 64<<10)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(endless.Close)
	v := verifier(t, auth.Config{JWKS: []string{endless.URL}, Logger: log.logger()})
	wait.Run(t, v.Run)
	wait.For(t, "it to be cut off", func() bool { return log.has("larger than") })
}

// The set is asked for again when a token's key is not known, but not by every stranger.
func TestAKeyThatIsNewAtTheURL(t *testing.T) {
	a, b := newSigner(t, "ES256"), newSigner(t, "ES256")
	i := &issuer{}
	i.has(set(t, jwk(t, "a", &a)))
	ofA := a.sign(t, map[string]any{"ten": "acme"}, "kid", "a")
	ofB := b.sign(t, map[string]any{"ten": "acme"}, "kid", "b")
	clock(t, auth.Config{JWKS: []string{"http://localhost/"}}, i.fetch, func(t *testing.T, v *auth.Verifier, sleep func(time.Duration)) {
		sleep(time.Millisecond)
		if got := reason(t, v, ofA); got != "" {
			t.Errorf("a known key: %q", got)
		}
		i.has(set(t, jwk(t, "a", &a), jwk(t, "b", &b)))
		if got := reason(t, v, ofB); got != auth.UnknownKey || i.asked.Load() != 1 {
			t.Errorf("so soon: %q, asked %d times", got, i.asked.Load())
		}
		sleep(11 * time.Second)
		if got := reason(t, v, ofB); got != "" || i.asked.Load() != 2 {
			t.Errorf("after ten seconds: %q, asked %d times", got, i.asked.Load())
		}
		i.keys.Store(nil) // away: what is known stays known
		sleep(time.Hour)
		if got := reason(t, v, ofB); got != "" {
			t.Errorf("while it is away: %q", got)
		}
		i.has(set(t, jwk(t, "b", &b)))
		sleep(6 * time.Minute)
		if got := reason(t, v, ofA); got != auth.UnknownKey {
			t.Errorf("a key that was taken away: %q", got)
		}
		i.has(set(t))
		sleep(6 * time.Minute)
		if got := reason(t, v, ofB); got != auth.NoKeys {
			t.Errorf("all were taken away: %q", got)
		}
	})
}

// Whoever reads a set at a URL has what is in it: with a secret or a private key of it
// anybody could sign.
func TestWhatIsPrivateIsOfNoUseAtAURL(t *testing.T) {
	ed, hs, good := newSigner(t, "EdDSA"), newSigner(t, "HS256"), newSigner(t, "ES256")
	private := jwk(t, "ed", &ed)
	private["d"] = base64.RawURLEncoding.EncodeToString(ed.private.(ed25519.PrivateKey).Seed())
	keys := set(t, private, jwk(t, "hs", &hs), jwk(t, "good", &good))
	i := &issuer{}
	i.has(keys)
	claims := map[string]any{"ten": "acme"}
	log := &lines{}
	clock(t, auth.Config{JWKS: []string{"http://localhost/"}, Logger: log.logger()}, i.fetch, func(t *testing.T, v *auth.Verifier, sleep func(time.Duration)) {
		sleep(time.Millisecond)
		for _, s := range []*signer{&ed, &hs} {
			if got := reason(t, v, s.sign(t, claims)); got != auth.Algorithm {
				t.Errorf("%s: %q", s.alg, got)
			}
		}
		if got := reason(t, v, good.sign(t, claims)); got != "" || !log.has("passed=2") {
			t.Errorf("the good one: %q", got)
		}
	})
	path := filepath.Join(t.TempDir(), "jwks.json")
	write(t, path, keys)
	v := verifier(t, auth.Config{JWKS: []string{path}}) // a file is this machine's own
	for _, s := range []*signer{&ed, &hs, &good} {
		if got := reason(t, v, s.sign(t, claims)); got != "" {
			t.Errorf("%s of a file: %q", s.alg, got)
		}
	}
}

// A token that comes while the keys are being fetched waits for them, whoever has them
// fetched.
func TestATokenWaitsForAFetchThatIsUnderWay(t *testing.T) {
	s := newSigner(t, "ES256")
	keys := set(t, jwk(t, "a", &s))
	token := s.sign(t, map[string]any{"ten": "acme"}, "kid", "a")
	slow := func(context.Context) ([]byte, error) {
		<-time.After(2 * time.Second)
		return keys, nil
	}
	clock(t, auth.Config{JWKS: []string{"http://localhost/"}}, slow, func(t *testing.T, v *auth.Verifier, sleep func(time.Duration)) {
		sleep(time.Second)
		if got := reason(t, v, token); got != "" {
			t.Errorf("in the midst of the first fetch: %q", got)
		}
	})
}

// The real way to a URL: what it answers is bounded, and redirects are not followed to
// another scheme.
func TestURLs(t *testing.T) {
	s := newSigner(t, "ES256")
	keys := set(t, jwk(t, "a", &s))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/jwks":
			_, _ = w.Write(keys)
		case "/moved":
			http.Redirect(w, r, "/jwks", http.StatusFound)
		case "/elsewhere":
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
		case "/stranger": // whoever stands between could put other keys in it
			http.Redirect(w, r, "http://issuer.example/jwks", http.StatusFound)
		case "/asks":
			http.Redirect(w, r, "/asked", http.StatusFound)
		case "/asked":
			if r.Referer() != "" {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			_, _ = w.Write(keys)
		case "/odd":
			w.WriteHeader(599)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	token := s.sign(t, map[string]any{"ten": "acme"}, "kid", "a")
	for path, says := range map[string]string{"/jwks": "", "/moved": "", "/elsewhere": "302", "/stranger": "302", "/asks?password=hunter2": "", "/nothing": "404", "/odd": "599"} {
		log := &lines{}
		v := verifier(t, auth.Config{JWKS: []string{server.URL + path}, Logger: log.logger()})
		wait.Run(t, v.Run)
		wait.For(t, path, func() bool {
			if says != "" {
				return log.has(says)
			}
			return reason(t, v, token) == ""
		})
	}
}
