package curve

import (
	"io"

	"sluice/cluster/zmtp"
)

// NewSeededClient and NewSeededServer take their randomness from a reader.
func NewSeededClient(random io.Reader, pair *Pair, serverKey Key) zmtp.Mechanism {
	return &client{pair: pair, server: serverKey, random: random}
}

func NewSeededServer(random io.Reader, pair *Pair, allowed func(Key) bool) zmtp.Mechanism {
	return &server{pair: pair, allowed: allowed, random: random}
}

// PairOf is the pair of a secret key.
func PairOf(secret [KeySize]byte) (*Pair, error) { return pairOf(secret) }

// Secret is the secret key in Z85, for libzmq.
func (p *Pair) Secret() string { return encode(p.secret[:]) }

// Sizes of commands, without their names.
const (
	HelloSize   = hello
	WelcomeSize = welcome
	MinMessage  = minMessage
)

// NewCodecs are the codecs of a connection after a handshake, always with the same keys.
func NewCodecs() (ofClient, ofServer zmtp.Codec) {
	key := [KeySize]byte{1, 2, 3}
	return &codec{out: newDirection(&key, nonceClient, 2), in: newDirection(&key, nonceServer, 1), first: true},
		&codec{out: newDirection(&key, nonceServer, 1), in: newDirection(&key, nonceClient, 2), first: true}
}

// ServerOf is the server's key that a client's mechanism expects.
func ServerOf(m zmtp.Mechanism) Key { return m.(*client).server }
