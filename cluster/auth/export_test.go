package auth

import (
	"context"

	"github.com/golang-jwt/jwt/v5"
)

// SmallPoints are the keys that everybody can sign with.
var SmallPoints = smallPoints

// FetchBy has f asked instead of the URLs.
func (v *Verifier) FetchBy(f func(context.Context) ([]byte, error)) {
	for _, s := range v.sources {
		if s.remote {
			s.read = f
		}
	}
}

// TakenBy is how many keys a file has, and a set of keys at a URL or in a file, and
// whether one of them has signed a text.
func TakenBy(data []byte, text string, signature []byte) (file, remote, local int, signed bool) {
	of := func(keys []key) int {
		for _, k := range keys {
			for _, alg := range k.algs {
				signed = jwt.GetSigningMethod(alg).Verify(text, signature, k.material) == nil || signed
			}
		}
		return len(keys)
	}
	if keys, err := parseKeys(data, nil); err == nil {
		file = of(keys)
	}
	if keys, _, _, err := parseJWKS(data, nil, false); err == nil {
		remote = of(keys)
	}
	if keys, _, _, err := parseJWKS(data, nil, true); err == nil {
		local = of(keys)
	}
	return file, remote, local, signed
}
