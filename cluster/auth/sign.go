package auth

import (
	"crypto"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Sign makes a token with the first key of a file, an HMAC secret or a private key in
// PEM. alg is its algorithm; "" is the usual one of the key.
func Sign(keyFile, alg string, c Claims) (string, error) {
	data, err := readFile(keyFile)
	if err != nil {
		return "", fmt.Errorf("read key file: %w", err)
	}
	found, err := parseMaterial(data)
	if err != nil {
		return "", fmt.Errorf("read key file %q: %w", keyFile, err)
	}
	material := found[0]
	var allowed []string
	if alg != "" {
		allowed = []string{alg}
	}
	if err := checkAlgorithms(allowed); err != nil {
		return "", err
	}
	k, err := newKey("", public(material), "", allowed)
	if err != nil {
		return "", fmt.Errorf("read key file %q: %w", keyFile, err)
	}
	_, private := material.(crypto.Signer)
	if _, secret := material.([]byte); !secret && !private {
		return "", fmt.Errorf("key file %q has a public key: tokens are signed with the private one", keyFile)
	}
	if _, err := c.Grant(); err != nil {
		return "", err
	}
	token, err := jwt.NewWithClaims(jwt.GetSigningMethod(k.algs[0]), jwt.MapClaims(c.values())).SignedString(material)
	if err != nil {
		return "", errors.New("sign the token: " + strings.TrimSpace(err.Error()))
	}
	return token, nil
}
