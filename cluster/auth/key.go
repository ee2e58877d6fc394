package auth

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// key is one that tokens are verified with.
type key struct {
	id       string   // as a JWKS names it; "" fits every token
	algs     []string // that it may be used with: never another
	material any      // []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

// newKey makes a key for those of the allowed algorithms that it is made for; by
// default, for the usual one. own is the algorithm that a JWKS gives it, if any.
func newKey(id string, material any, own string, allowed []string) (key, error) {
	fits, err := suited(material)
	if err != nil {
		return key{}, err
	}
	algs := slices.Clone(fits[:1])
	if own != "" {
		if !slices.Contains(fits, own) {
			return key{}, errors.New("it is not made for the algorithm that it names")
		}
		algs = []string{own}
	}
	if len(allowed) > 0 {
		if own == "" {
			algs = slices.Clone(fits)
		}
		algs = slices.DeleteFunc(algs, func(alg string) bool { return !slices.Contains(allowed, alg) })
	}
	if len(algs) == 0 {
		return key{}, fmt.Errorf("it is for %s, and allowed are %s", strings.Join(fits, ", "), strings.Join(allowed, ", "))
	}
	return key{id, algs, material}, nil
}

// parseKeys reads a file with keys: PEM, any number of them, or one secret.
func parseKeys(data []byte, allowed []string) (keys []key, err error) {
	found, err := parseMaterial(data)
	if err != nil {
		return nil, err
	}
	for _, m := range found {
		k, err := newKey("", public(m), "", allowed)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// public is the part of a key by which tokens are verified.
func public(material any) any {
	if private, ok := material.(crypto.Signer); ok {
		return private.Public()
	}
	return material
}

// parseMaterial reads the keys of a file as they are, private ones too. A file that
// others can have, as a public key, is never taken for a secret.
func parseMaterial(data []byte) (found []any, err error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("it is empty")
	case bytes.Contains(data, []byte(pemBegins)):
		return parsePEM(data)
	}
	if err := notSecret(data); err != nil {
		return nil, err
	}
	secret := bytes.TrimSuffix(data, []byte("\n")) // an editor's, no part of it
	secret = bytes.TrimSuffix(secret, []byte("\r"))
	if _, err := suited(secret); err != nil {
		return nil, err
	}
	return []any{secret}, nil
}

const pemBegins = "-----BEGIN "

func parsePEM(data []byte) (found []any, err error) {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		var k any
		switch block.Type {
		case "PUBLIC KEY":
			k, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "RSA PUBLIC KEY":
			k, err = x509.ParsePKCS1PublicKey(block.Bytes)
		case "CERTIFICATE":
			var c *x509.Certificate
			if c, err = x509.ParseCertificate(block.Bytes); err == nil {
				k = c.PublicKey
			}
		case "PRIVATE KEY":
			k, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			k, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			k, err = x509.ParseECPrivateKey(block.Bytes)
		case "EC PARAMETERS":
			continue // openssl writes them before the key
		default:
			return nil, fmt.Errorf("it has a PEM block %q: give public keys or certificates", shown(block.Type))
		}
		if err != nil {
			return nil, fmt.Errorf("its PEM block %q cannot be read: %w", block.Type, err)
		}
		if _, err := suited(public(k)); err != nil {
			return nil, err
		}
		found = append(found, k)
	}
	switch {
	case len(found) == 0:
		return nil, errors.New("it has no whole key in PEM")
	case len(bytes.TrimSpace(data)) > 0 && bytes.Contains(data, []byte(pemBegins)):
		return nil, errors.New("its last PEM block is cut off")
	case len(found) > maxKeys:
		return nil, fmt.Errorf("it has %d keys: give %d at most", len(found), maxKeys)
	}
	return found, nil
}

// shown is a foreign text as an error may have it.
func shown(s string) string { return s[:min(len(s), 40)] }
