package auth_test

import (
	"crypto/ed25519"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/auth"
)

// forge signs a message for a public key of small order, without its private key: the
// message is changed until the key's part of the sum is nothing.
func forge(t *testing.T, public ed25519.PublicKey, message func(i int) string) (text string, signature []byte) {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	r := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	digest := sha512.Sum512(seed)
	scalar := digest[:32]
	scalar[0] &= 248
	scalar[31] = scalar[31]&63 | 64
	slices.Reverse(scalar)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := new(big.Int).Mod(new(big.Int).SetBytes(scalar), order).FillBytes(make([]byte, 32))
	slices.Reverse(s)
	signature = append(slices.Clone(r), s...)
	for i := range 1000 {
		if text := message(i); ed25519.Verify(public, []byte(text), signature) {
			return text, signature
		}
	}
	t.Fatalf("nothing is forged with %x: it is no point of small order", public)
	return "", nil
}

// A key that everybody can sign with is no key, wherever it comes from.
func TestKeysOfSmallOrderAreRefused(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	for _, point := range auth.SmallPoints {
		public, err := hex.DecodeString(point)
		if err != nil {
			t.Fatal(err)
		}
		message := func(i int) string {
			return b64([]byte(`{"alg":"EdDSA"}`)) + "." + b64(fmt.Appendf(nil, `{"sys":true,"jti":%d}`, i))
		}
		text, signature := forge(t, public, message)
		path := filepath.Join(t.TempDir(), "key")
		der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(public))
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		if _, err := auth.New(auth.Config{KeyFiles: []string{path}}); err == nil || !strings.Contains(err.Error(), "everybody can sign") {
			t.Errorf("%s in a key file: %v", point, err)
		}
		if file, remote, local, signed := auth.TakenBy(set(t, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(public)}), text, signature); signed || file+remote+local > 0 {
			t.Errorf("%s in a set of keys: a forged token is good", point)
		}
	}
}
