package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"
)

// maxKeys bounds the keys of one file or set, since a token that names none of them
// is tried with each.
const maxKeys = 100

// parseJWKS reads a set of keys. A key that is of no use for tokens, or not allowed, is
// passed over: passed says how many, and why the last was. secrets says whether the set
// may have such; a set that others can read may not.
func parseJWKS(data []byte, allowed []string, secrets bool) (keys []key, passed int, why, err error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, 0, nil, fmt.Errorf("it is no JSON Web Key Set: %w", err)
	}
	if set.Keys == nil {
		return nil, 0, nil, errors.New(`it is no JSON Web Key Set: it has no "keys"`)
	}
	if len(*set.Keys) > maxKeys {
		return nil, 0, nil, fmt.Errorf("it has %d keys, more than %d", len(*set.Keys), maxKeys)
	}
	for _, raw := range *set.Keys {
		k, err := parseJWK(raw, allowed, secrets)
		if err != nil {
			passed, why = passed+1, err
			continue
		}
		keys = append(keys, k)
	}
	return keys, passed, why, nil
}

func parseJWK(raw []byte, allowed []string, secrets bool) (key, error) {
	if !secrets && isPrivate(raw) {
		return key{}, errors.New("a key of it is private or a secret, which is none any more at a URL")
	}
	jwk, err := jwkset.NewJWKFromRawJSON(raw, jwkset.JWKMarshalOptions{Private: true}, jwkset.JWKValidateOptions{})
	if err != nil {
		return key{}, errors.New("a key of it cannot be read, or is of a kind that is not known")
	}
	m := jwk.Marshal()
	ops := m.KEYOPS
	if m.USE != "" && m.USE != jwkset.UseSig || len(ops) > 0 && !slices.Contains(ops, jwkset.KeyOpsVerify) && !slices.Contains(ops, jwkset.KeyOpsSign) {
		return key{}, errors.New("a key of it is not for signatures")
	}
	return newKey(m.KID, public(jwk.Key()), m.ALG.String(), allowed)
}

// isPrivate tells whether whoever reads a key of a set could sign with it: it has the
// private part of a key pair, or is a secret.
func isPrivate(raw []byte) bool {
	var parts struct {
		D json.RawMessage `json:"d"`
		K json.RawMessage `json:"k"`
	}
	return json.Unmarshal(raw, &parts) == nil && (parts.D != nil || parts.K != nil)
}
