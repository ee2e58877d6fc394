package curve

import (
	"crypto/ecdh"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	//lint:ignore SA1019 its parts are wanted, for the key that all nonces with a prefix share
	"golang.org/x/crypto/salsa20/salsa"
)

// KeySize is the size of a key, in bytes.
const KeySize = 32

// textSize is the size of a key in Z85, in characters.
const textSize = KeySize / 4 * 5

// Key is a public key.
type Key [KeySize]byte

// String is the key in Z85 (RFC 32): 40 characters.
func (k Key) String() string { return encode(k[:]) }

// Equal compares in constant time.
func (k Key) Equal(other Key) bool { return subtle.ConstantTimeCompare(k[:], other[:]) == 1 }

// ParseKey reads a public key in Z85.
func ParseKey(s string) (k Key, err error) {
	b, err := decode(s)
	if err != nil {
		return k, fmt.Errorf("%.50q is no public key: %w", s, err)
	}
	k = Key(b)
	if k == (Key{}) {
		return k, errors.New("a public key of zeros is nobody's")
	}
	return k, nil
}

// Pair is a public key and the secret one that belongs to it.
type Pair struct {
	Public Key
	secret [KeySize]byte
}

// String is the public key: a Pair that is printed tells nothing.
func (p *Pair) String() string { return p.Public.String() }

// GoString is the same.
func (p *Pair) GoString() string { return p.Public.String() }

// pairOf is the pair of a secret key.
func pairOf(secret [KeySize]byte) (*Pair, error) {
	key, err := ecdh.X25519().NewPrivateKey(secret[:])
	if err != nil {
		return nil, err
	}
	return &Pair{Public: Key(key.PublicKey().Bytes()), secret: secret}, nil
}

// errLowOrder means a public key with which everybody has the same shared key.
var errLowOrder = errors.New("a public key of low order")

// shared is the key that who has secret and who has public's secret half share, as
// NaCl's crypto_box_beforenm makes it.
func shared(public Key, secret *[KeySize]byte) (key [KeySize]byte, err error) {
	ours, err := ecdh.X25519().NewPrivateKey(secret[:])
	if err != nil {
		return key, err
	}
	theirs, err := ecdh.X25519().NewPublicKey(public[:])
	if err != nil {
		return key, err
	}
	product, err := ours.ECDH(theirs)
	if err != nil { // it is all zeros
		return key, errLowOrder
	}
	salsa.HSalsa20(&key, new([16]byte), (*[KeySize]byte)(product), &salsa.Sigma)
	clear(product)
	return key, nil
}

// alphabet is that of Z85.
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

func encode(b []byte) string {
	var s strings.Builder
	for ; len(b) >= 4; b = b[4:] {
		v := binary.BigEndian.Uint32(b)
		var group [5]byte
		for i := 4; i >= 0; i-- {
			group[i] = alphabet[v%85]
			v /= 85
		}
		s.Write(group[:])
	}
	return s.String()
}

// decode reads a key in Z85.
func decode(s string) ([]byte, error) {
	if len(s) != textSize {
		return nil, fmt.Errorf("a key has %d characters, and this has %d", textSize, len(s))
	}
	b := make([]byte, 0, KeySize)
	for i := 0; i < len(s); i += 5 {
		v := uint64(0)
		for _, c := range []byte(s[i : i+5]) {
			digit := strings.IndexByte(alphabet, c)
			if digit < 0 {
				return nil, fmt.Errorf("%q is not a character of Z85", c)
			}
			v = v*85 + uint64(digit)
		}
		if v > 1<<32-1 {
			return nil, fmt.Errorf("%q is nothing in Z85", s[i:i+5])
		}
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	return b, nil
}
