package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Algorithms are those that a token may be signed with, as JOSE names them. There is
// no way to allow another, "none" least of all.
func Algorithms() []string { return slices.Clone(algorithms) }

var algorithms = []string{
	"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

const (
	minSecret = 32 // bytes
	minRSA    = 2048
	maxRSA    = 8192 // bits; a larger one takes long to verify with
)

// suited returns the algorithms that a key is made for, the usual one first.
func suited(material any) ([]string, error) {
	switch k := material.(type) {
	case []byte:
		if len(k) < minSecret {
			return nil, fmt.Errorf("the secret has %d bytes: give one of %d at least, as from: head -c 32 /dev/urandom | base64", len(k), minSecret)
		}
		return algorithms[0:3], nil
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSA || bits > maxRSA {
			return nil, fmt.Errorf("the RSA key has %d bits: give one of %d to %d", bits, minRSA, maxRSA)
		}
		return algorithms[3:9], nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []string{"ES256"}, nil
		case elliptic.P384():
			return []string{"ES384"}, nil
		case elliptic.P521():
			return []string{"ES512"}, nil
		}
		return nil, errors.New("the key is on an elliptic curve that no algorithm of tokens has: give one on P-256")
	case ed25519.PublicKey:
		if isSmall(k) {
			return nil, errors.New("with that Ed25519 key everybody can sign, as with one of zeros: give a real one")
		}
		return []string{"EdDSA"}, nil
	}
	return nil, errors.New("the key is of a kind that no algorithm of tokens has: give RSA, ECDSA or Ed25519")
}

// checkAlgorithms reports what of a list is none.
func checkAlgorithms(list []string) error {
	for _, alg := range list {
		if !slices.Contains(algorithms, alg) {
			return fmt.Errorf("%q is no algorithm for tokens: give one of %s", alg, strings.Join(algorithms, ", "))
		}
	}
	return nil
}
