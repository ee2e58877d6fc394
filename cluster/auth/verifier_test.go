package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/cluster/auth"
)

// signer is a key pair: what a test signs with, and the file that is configured.
type signer struct {
	alg     string
	private any
	file    string
}

// newSigner makes a key for an algorithm, and its file: a secret, or the public key.
func newSigner(t *testing.T, alg string) signer {
	t.Helper()
	var private any
	var err error
	switch {
	case strings.HasPrefix(alg, "HS"):
		private = []byte(rand.Text() + rand.Text())
	case strings.HasPrefix(alg, "RS"), strings.HasPrefix(alg, "PS"):
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case alg == "ES384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case strings.HasPrefix(alg, "ES"):
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := signer{alg: alg, private: private, file: filepath.Join(t.TempDir(), "key")}
	write(t, s.file, s.public(t))
	return s
}

// public is what a proxy is given.
func (s *signer) public(t *testing.T) []byte {
	t.Helper()
	private, ok := s.private.(crypto.Signer)
	if !ok {
		return s.private.([]byte)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func (s *signer) sign(t *testing.T, claims map[string]any, header ...any) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.GetSigningMethod(s.alg), jwt.MapClaims(claims))
	for i := 0; i+1 < len(header); i += 2 {
		token.Header[header[i].(string)] = header[i+1]
	}
	text, err := token.SignedString(s.private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func verifier(t *testing.T, cfg auth.Config) *auth.Verifier {
	t.Helper()
	v, err := auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// reason is why a token is refused; "" when it is not.
func reason(t *testing.T, v *auth.Verifier, token string) auth.Reason {
	t.Helper()
	_, err := v.Verify(t.Context(), token)
	var refused *auth.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("refused by another error: %v", err)
	}
	if err == nil {
		return ""
	}
	for _, part := range strings.Split(token, ".") {
		if len(part) > 8 && strings.Contains(err.Error(), part[:8]) {
			t.Errorf("the error has a part of the token: %v", err)
		}
	}
	return refused.Reason
}

func TestEveryAlgorithmVerifiesItsOwnKeysAlone(t *testing.T) {
	signers := map[string]signer{}
	for _, alg := range []string{"HS256", "RS256", "ES256", "ES384", "EdDSA"} {
		signers[alg] = newSigner(t, alg)
	}
	claims := map[string]any{"ten": "acme"}
	for alg, s := range signers {
		v := verifier(t, auth.Config{KeyFiles: []string{s.file}})
		for other, o := range signers {
			want := auth.Reason("")
			if other != alg {
				want = auth.Algorithm
			}
			if got := reason(t, v, o.sign(t, claims)); got != want {
				t.Errorf("key of %s, token of %s: %q, want %q", alg, other, got, want)
			}
		}
		if stranger := newSigner(t, alg); reason(t, v, stranger.sign(t, claims)) != auth.UnknownKey {
			t.Errorf("%s: a stranger's token is good", alg)
		}
	}
}

// The tricks by which a token chooses how it is verified.
func TestATokenDoesNotChooseHowItIsVerified(t *testing.T) {
	rsaKey, hmacKey := newSigner(t, "RS256"), newSigner(t, "HS256")
	claims := map[string]any{"ten": "acme", "sys": true}
	asHMAC := func(secret []byte) string {
		s := signer{alg: "HS256", private: secret}
		return s.sign(t, claims)
	}
	public := rsaKey.public(t)
	block, _ := pem.Decode(public)
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims(claims)).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	good := rsaKey.sign(t, claims)
	parts := strings.Split(good, ".")
	head := func(h string) string { return base64.RawURLEncoding.EncodeToString([]byte(h)) }
	both := verifier(t, auth.Config{KeyFiles: []string{rsaKey.file, hmacKey.file}})
	for name, c := range map[string]struct {
		token string
		want  auth.Reason
	}{
		"good":                            {good, ""},
		"none":                            {none, auth.Algorithm},
		"None":                            {head(`{"alg":"None"}`) + "." + parts[1] + ".", auth.Algorithm},
		"no alg":                          {head(`{}`) + "." + parts[1] + "." + parts[2], auth.Algorithm},
		"alg is a list":                   {head(`{"alg":["RS256"]}`) + "." + parts[1] + "." + parts[2], auth.Algorithm},
		"HMAC by the public key":          {asHMAC(public), auth.UnknownKey},
		"HMAC by its text, trimmed":       {asHMAC([]byte(strings.TrimSpace(string(public)))), auth.UnknownKey},
		"HMAC by the public key, binary":  {asHMAC(block.Bytes), auth.UnknownKey},
		"HMAC by nothing":                 {asHMAC([]byte{}), auth.UnknownKey},
		"no signature":                    {parts[0] + "." + parts[1] + ".", auth.UnknownKey},
		"PS256 by the RSA key":            {(&signer{alg: "PS256", private: rsaKey.private}).sign(t, claims), auth.Algorithm},
		"RS512 by the RSA key":            {(&signer{alg: "RS512", private: rsaKey.private}).sign(t, claims), auth.Algorithm},
		"other claims":                    {parts[0] + "." + head(`{"sys":true}`) + "." + parts[2], auth.UnknownKey},
		"a key id is only compared":       {rsaKey.sign(t, claims, "kid", "../../../dev/null"), ""},
		"a key id that is a number":       {rsaKey.sign(t, claims, "kid", 7), auth.Malformed},
		"a key of its own":                {rsaKey.sign(t, claims, "jwk", map[string]any{"kty": "oct", "k": "AAAA"}, "jku", "http://127.0.0.1:1/"), ""},
		"a demand that is not known":      {rsaKey.sign(t, claims, "crit", []string{"b64"}, "b64", false), auth.Malformed},
		"padding":                         {parts[0] + "=." + parts[1] + "." + parts[2], auth.Malformed},
		"a longer signature":              {good + "A", auth.UnknownKey},
		"spare bits in the last digit":    {spare(good), auth.Malformed},
		"spaces":                          {" " + good, auth.Malformed},
		"two tokens":                      {good + "." + good, auth.Malformed},
		"nothing":                         {"", auth.Malformed},
		"dots":                            {"..", auth.Malformed},
		"too long":                        {strings.Repeat("a", auth.MaxToken) + good, auth.Malformed},
		"escapes for terminals":           {"\x1b]0;x\x07.a.b", auth.Malformed},
		"claims that are none":            {parts[0] + "." + head(`[]`) + "." + parts[2], auth.Malformed},
		"five parts, as an encrypted one": {"a.b.c.d.e", auth.Malformed},
	} {
		if got := reason(t, both, c.token); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	only := verifier(t, auth.Config{KeyFiles: []string{rsaKey.file}})
	if got := reason(t, only, asHMAC(public)); got != auth.Algorithm {
		t.Errorf("HMAC by the public key, without a secret configured: %q", got)
	}
	chosen := verifier(t, auth.Config{KeyFiles: []string{rsaKey.file}, Algorithms: []string{"RS512"}})
	if reason(t, chosen, good) != auth.Algorithm {
		t.Error("RS256 is taken although RS512 alone is allowed")
	}
}

// spare sets a bit of the last digit that is no part of the signature's bytes.
func spare(token string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(digits[strings.IndexByte(digits, token[last])^1])
}

func TestTimesOfATokenCount(t *testing.T) {
	s := newSigner(t, "HS256")
	now := float64(time.Now().Unix())
	exact := verifier(t, auth.Config{KeyFiles: []string{s.file}})
	lenient := verifier(t, auth.Config{KeyFiles: []string{s.file}, Leeway: time.Minute})
	for _, c := range []struct {
		name           string
		claims         map[string]any
		exact, lenient auth.Reason
	}{
		{"none", nil, "", ""},
		{"later", map[string]any{"exp": now + 1000}, "", ""},
		{"just over", map[string]any{"exp": now - 30}, auth.Expired, ""},
		{"over", map[string]any{"exp": now - 100}, auth.Expired, auth.Expired},
		{"0 is 1970", map[string]any{"exp": 0}, auth.Expired, auth.Expired},
		{"before that", map[string]any{"exp": -5.5}, auth.Expired, auth.Expired},
		{"the year 1, as a time that was never set", map[string]any{"exp": time.Time{}.Unix()}, auth.Expired, auth.Expired},
		{"and as the beginning", map[string]any{"nbf": time.Time{}.Unix()}, "", ""},
		{"soon", map[string]any{"nbf": now + 30}, auth.NotYet, ""},
		{"not soon", map[string]any{"nbf": now + 100}, auth.NotYet, auth.NotYet},
		{"long since", map[string]any{"nbf": now - 100}, "", ""},
		{"with a fraction", map[string]any{"exp": now + 1000.5}, "", ""},
		{"null is none", map[string]any{"exp": nil, "nbf": nil}, "", ""},
		{"a text", map[string]any{"exp": "2030-01-01"}, auth.Malformed, auth.Malformed},
		{"a list", map[string]any{"nbf": []int{1}}, auth.Malformed, auth.Malformed},
		{"milliseconds", map[string]any{"exp": now * 1000}, auth.Malformed, auth.Malformed},
		{"huge", map[string]any{"exp": 1e300}, auth.Malformed, auth.Malformed},
	} {
		claims := map[string]any{"ten": "acme"}
		for k, v := range c.claims {
			claims[k] = v
		}
		token := s.sign(t, claims)
		if got := reason(t, exact, token); got != c.exact {
			t.Errorf("%s: %q, want %q", c.name, got, c.exact)
		}
		if got := reason(t, lenient, token); got != c.lenient {
			t.Errorf("%s, with leeway: %q, want %q", c.name, got, c.lenient)
		}
	}
	g, err := lenient.Verify(t.Context(), s.sign(t, map[string]any{"exp": now + 1000}))
	if err != nil || g.Expires().Unix() != int64(now)+1060 {
		t.Errorf("ends at %v, %v", g.Expires(), err)
	}
}

func TestWhomATokenIsFor(t *testing.T) {
	s := newSigner(t, "HS256")
	v := verifier(t, auth.Config{KeyFiles: []string{s.file}, Audience: "logs", Issuer: "idp"})
	for _, c := range []struct {
		claims map[string]any
		want   auth.Reason
	}{
		{map[string]any{"aud": "logs", "iss": "idp"}, ""},
		{map[string]any{"aud": []string{"mail", "logs"}, "iss": "idp"}, ""},
		{map[string]any{"aud": "log", "iss": "idp"}, auth.Elsewhere},
		{map[string]any{"aud": []string{}, "iss": "idp"}, auth.Elsewhere},
		{map[string]any{"iss": "idp"}, auth.Elsewhere},
		{map[string]any{"aud": "logs"}, auth.Elsewhere},
		{map[string]any{"aud": "logs", "iss": "idp2"}, auth.Elsewhere},
		{map[string]any{"aud": 7, "iss": "idp"}, auth.Malformed},
		{map[string]any{"aud": "logs", "iss": []string{"idp"}}, auth.Malformed},
	} {
		if got := reason(t, v, s.sign(t, c.claims)); got != c.want {
			t.Errorf("%v: %q, want %q", c.claims, got, c.want)
		}
	}
}

// The id is the same at every proxy, however the signature is written.
func TestTheIDOfATokenIsOfWhatIsSigned(t *testing.T) {
	s := newSigner(t, "ES256")
	a, b := verifier(t, auth.Config{KeyFiles: []string{s.file}}), verifier(t, auth.Config{KeyFiles: []string{s.file}})
	claims := map[string]any{"ten": "acme"}
	first, err := a.Verify(t.Context(), s.sign(t, claims))
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Verify(t.Context(), s.sign(t, claims)) // ECDSA signs differently each time
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.Verify(t.Context(), s.sign(t, map[string]any{"ten": "acme", "jti": "2"}))
	if err != nil {
		t.Fatal(err)
	}
	if first.ID() != again.ID() || first.ID() == other.ID() || len(first.ID()) != 16 {
		t.Errorf("ids %q, %q, %q", first.ID(), again.ID(), other.ID())
	}
}

func FuzzVerify(f *testing.F) {
	path := filepath.Join(f.TempDir(), "key")
	secret := []byte("0123456789abcdef0123456789abcdef")
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		f.Fatal(err)
	}
	v, err := auth.New(auth.Config{KeyFiles: []string{path}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"alg":"HS256"}`, `{"ten":"acme","exp":99999999999}`, true)
	f.Add(`{"alg":"HS256","kid":{}}`, `{"ten":["/a.*/",7],"sys":"yes"}`, true)
	f.Add(`{"alg":"none"}`, `{"sys":true}`, false)
	f.Fuzz(func(t *testing.T, header, claims string, signed bool) {
		part := base64.RawURLEncoding.EncodeToString
		token := part([]byte(header)) + "." + part([]byte(claims))
		if signed {
			sig, err := jwt.SigningMethodHS256.Sign(token, secret)
			if err != nil {
				t.Fatal(err)
			}
			token += "." + part(sig)
		} else {
			token += ".AAAA"
		}
		g, err := v.Verify(t.Context(), token)
		if err != nil {
			return
		}
		if !signed {
			t.Fatalf("%q is good without a signature", token)
		}
		var c struct {
			Sys any `json:"sys"`
		}
		if json.Unmarshal([]byte(claims), &c) == nil && c.Sys != true && g.May("system") && !strings.Contains(strings.ToLower(claims), "sys") {
			t.Errorf("claims %q open the system", claims)
		}
		if g.MayAll() || g.May("tenant/") {
			t.Errorf("claims %q open %+v", claims, g)
		}
	})
}
