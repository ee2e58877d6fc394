package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/cluster/auth"
)

func TestKeyFiles(t *testing.T) {
	ed, ec := newSigner(t, "EdDSA"), newSigner(t, "ES256")
	edPublic := ed.public(t)
	der, _ := pem.Decode(edPublic)
	private := func(s *signer) []byte {
		b, err := x509.MarshalPKCS8PrivateKey(s.private)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b})
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	smallDER := x509.MarshalPKCS1PublicKey(&small.PublicKey)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	odd := signer{alg: "ES256", private: p224}
	secret := strings.Repeat("s", 32)
	for _, c := range []struct {
		name, file string
		algs       []string
		says       string // "" when it is taken
	}{
		{"a secret", secret, nil, ""},
		{"a secret with a line break", secret + "\n", nil, ""},
		{"a secret with another", secret + "\r\n", nil, ""},
		{"a short secret", secret[1:], nil, "31 bytes"},
		{"a short secret with a line break", secret[1:] + "\n", nil, "31 bytes"},
		{"nothing", "", nil, "empty"},
		{"line breaks", "\n\n\n", nil, "empty"},
		{"a public key", string(edPublic), nil, ""},
		{"two of them", string(edPublic) + string(ec.public(t)), nil, ""},
		{"a private key, of which the public part counts", string(private(&ed)), nil, ""},
		{"a certificate", string(certificate(t, &ec)), nil, ""},
		{"text around it", "# the key of our issuer\n" + string(edPublic) + "\n", nil, ""},
		{"a public key that is cut off", string(edPublic[:60]), nil, "no whole key"},
		{"and a second one that is", string(edPublic) + string(edPublic[:60]), nil, "cut off"},
		{"a public key, binary", string(der.Bytes), nil, "not in PEM"},
		{"a public key, binary, that ends like a line", string(endsLikeALine(t)), nil, "not in PEM"},
		{"an RSA key, binary", string(smallDER), nil, "not in PEM"},
		{"a key of ssh", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGrgwz7Hn8yrnQ9Xr8kz5vB1gqv4K0hBq5h5m0qPZQ2x me@vm", nil, "not in PEM"},
		{"a key of ssh with options and a comment", "# ours\ncommand=\"x\" ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 me@vm", nil, "not in PEM"},
		{"a key of ssh without its name", "AAAAC3NzaC1lZDI1NTE5AAAAIGrgwz7Hn8yrnQ9Xr8kz5vB1gqv4K0hBq5h5m0qPZQ2x", nil, "not in PEM"},
		{"a key of ssh as RFC 4716 has it", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAAC3NzaC1lZDI1NTE5AAAAIGrg\n---- END SSH2 PUBLIC KEY ----\n", nil, "not in PEM"},
		{"a public key without its first and last line", base64.StdEncoding.EncodeToString(der.Bytes) + "\n", nil, "BEGIN PUBLIC KEY"},
		{"likewise, in several lines", strings.Join(strings.Split(string(edPublic), "\n")[1:2], "\n") + "\n", nil, "BEGIN PUBLIC KEY"},
		{"likewise, for URLs", base64.RawURLEncoding.EncodeToString(der.Bytes), nil, "BEGIN PUBLIC KEY"},
		{"in hexadecimal digits", hex.EncodeToString(der.Bytes), nil, "BEGIN PUBLIC KEY"},
		{"PEM in base64", base64.StdEncoding.EncodeToString(edPublic), nil, "base64 -d"},
		{"PEM in UTF-16", wide(string(edPublic)), nil, "UTF-16"},
		{"a key of XML", "<RSAKeyValue><Modulus>vGchbMCmgD5gPHwTTT3KJVMdmQ==</Modulus></RSAKeyValue>", nil, "not in PEM"},
		{"a set of keys behind a byte order mark", "\ufeff" + `{"keys":[]}                                   `, nil, "--jwks"},
		{"a set of keys in base64", base64.StdEncoding.EncodeToString([]byte(`{"keys":[{"kty":"OKP"}]}`)), nil, "--jwks"},
		{"a secret that is base64", base64.StdEncoding.EncodeToString([]byte(secret)), nil, ""},
		{"a set of keys", `{"keys":[]}                                   `, nil, "--jwks"},
		{"another PEM", "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n", nil, "DH PARAMETERS"},
		{"PEM of rubbish", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", nil, "cannot be read"},
		{"a small RSA key", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: smallDER})), nil, "1024 bits"},
		{"another curve", string(odd.public(t)), nil, "curve"},
		{"an algorithm that it is not for", string(edPublic), []string{"HS256"}, "for EdDSA"},
		{"a secret for RSA", secret, []string{"RS256"}, "for HS256"},
		{"none", secret, []string{"none"}, "no algorithm"},
		{"no algorithm", secret, []string{"hs256"}, "no algorithm"},
		{"too large", strings.Repeat("s", 2<<20), nil, "larger"},
	} {
		path := filepath.Join(t.TempDir(), "key")
		write(t, path, []byte(c.file))
		_, err := auth.New(auth.Config{KeyFiles: []string{path}, Algorithms: c.algs})
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
		if err != nil && len(c.file) > 40 && strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: the error has the secret: %v", c.name, err)
		}
	}
	if _, err := auth.New(auth.Config{KeyFiles: []string{"/nonexistent"}}); err == nil {
		t.Error("a file that is not there is taken")
	}
	if _, err := auth.New(auth.Config{}); err == nil {
		t.Error("no key at all is taken")
	}
}

// wide is a text in UTF-16, as some editors save it.
func wide(text string) string {
	return "\xff\xfe" + strings.ReplaceAll(text, "", "\x00")[1:]
}

// endsLikeALine is a public key, binary, whose last byte is a line break.
func endsLikeALine(t *testing.T) []byte {
	t.Helper()
	for {
		public, _, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if der, err := x509.MarshalPKIXPublicKey(public); err == nil && der[len(der)-1] == '\n' {
			return der
		}
	}
}

// certificate is one of a signer's own.
func certificate(t *testing.T, s *signer) []byte {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &s.private.(*ecdsa.PrivateKey).PublicKey, s.private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// What Sign makes, a Verifier takes, with every kind of key.
func TestSignedTokensAreGood(t *testing.T) {
	for _, alg := range []string{"HS256", "RS256", "ES256", "ES384", "EdDSA"} {
		s := newSigner(t, alg)
		path := filepath.Join(t.TempDir(), "private")
		if secret, ok := s.private.([]byte); ok {
			write(t, path, append(bytes.Clone(secret), '\n'))
		} else {
			der, err := x509.MarshalPKCS8PrivateKey(s.private)
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
			if _, err := auth.Sign(s.file, "", auth.Claims{System: true}); err == nil || !strings.Contains(err.Error(), "private") {
				t.Errorf("%s: signed with a public key: %v", alg, err)
			}
		}
		claims := auth.Claims{Tenants: []string{"acme", "/x-.*/"}, Expires: time.Now().Add(time.Hour), Audience: []string{"logs"}, Issuer: "me"}
		token, err := auth.Sign(path, "", claims)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		v := verifier(t, auth.Config{KeyFiles: []string{s.file}, Audience: "logs", Issuer: "me"})
		g, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if !g.May("tenant/acme") || !g.May("tenant/x-1") || g.May("system") || g.Expires().Unix() != claims.Expires.Unix() {
			t.Errorf("%s: %+v", alg, g)
		}
		if _, err := auth.Sign(path, "", auth.Claims{Tenants: []string{"/(/"}}); err == nil {
			t.Errorf("%s: an expression that is none is signed", alg)
		}
	}
}

func TestInspectSaysWhatATokenOpensAndNothingSecret(t *testing.T) {
	s := newSigner(t, "HS256")
	now := time.Unix(1_800_000_000, 0)
	token := s.sign(t, map[string]any{
		"ten": []string{"acme", "\x1b[2J"}, "exp": now.Add(-3 * time.Hour).Unix(), "email": "who@example", "sub": "me",
	}, "kid", "k\x07ey")
	i, err := auth.Inspect(token)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	i.AppendTo(&b, now)
	for _, want := range []string{`tenant "acme"`, `"\x1b[2J"`, "3h ago", `"k\aey"`, `"email", "sub"`, i.ID} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	for _, part := range append(strings.Split(token, "."), "who@example", "\x1b", "\x07") {
		if strings.Contains(b.String(), part) {
			t.Errorf("%q stands in\n%s", part, b.String())
		}
	}
	if !i.Grant().May("tenant/acme") || i.Grant().May("system") {
		t.Error("another grant than the token's")
	}
	for _, bad := range []string{"", "a.b.c", "x", strings.Split(token, ".")[0]} {
		if _, err := auth.Inspect(bad); err == nil {
			t.Errorf("%q is taken for a token", bad)
		}
	}
}
