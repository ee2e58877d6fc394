package auth

import (
	"crypto/ed25519"
	"encoding/hex"
	"slices"
)

// smallPoints are all encodings of the points of small order on Ed25519, without the bit
// of the sign, one of zeros among them: whoever has such a key for their own has
// everybody's signatures, and ed25519.Verify takes them.
var smallPoints = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// isSmall tells whether a key is a point of small order.
func isSmall(key ed25519.PublicKey) bool {
	point := slices.Clone(key)
	if len(point) == ed25519.PublicKeySize {
		point[len(point)-1] &= 0x7f
	}
	return slices.Contains(smallPoints, hex.EncodeToString(point))
}
