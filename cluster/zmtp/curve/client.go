package curve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/nacl/box"

	"sluice/cluster/zmtp"
)

// The sizes of what the handshake's commands carry, in bytes.
const (
	version   = "\x01\x00" // of CurveZMQ
	padding   = 72         // so that no HELLO gets an answer longer than itself
	shortSize = 8          // of a short nonce
	longSize  = 16         // of a long nonce
	helloBox  = 64 + box.Overhead
	cookie    = longSize + 2*KeySize + box.Overhead
	welcome   = longSize + KeySize + cookie + box.Overhead
	vouch     = longSize + 2*KeySize + box.Overhead
	hello     = len(version) + padding + KeySize + shortSize + helloBox
	initiate  = cookie + shortSize + KeySize + vouch + box.Overhead // without properties
	ready     = shortSize + box.Overhead                            // likewise
)

// The beginnings of nonces.
const (
	nonceHello    = "CurveZMQHELLO---"
	nonceInitiate = "CurveZMQINITIATE"
	nonceReady    = "CurveZMQREADY---"
	nonceClient   = "CurveZMQMESSAGEC"
	nonceServer   = "CurveZMQMESSAGES"
	nonceWelcome  = "WELCOME-"
	nonceCookie   = "COOKIE--"
	nonceVouch    = "VOUCH---"
)

// short is the nonce of a command that is counted.
func short(prefix string, n uint64) *[24]byte {
	nonce := [24]byte([]byte(prefix + "        "))
	binary.BigEndian.PutUint64(nonce[16:], n)
	return &nonce
}

// long is a nonce with 16 random bytes.
func longNonce(prefix string, random []byte) *[24]byte {
	nonce := [24]byte([]byte(prefix + "                "))
	copy(nonce[8:], random)
	return &nonce
}

// client is the mechanism of who connects.
type client struct {
	pair   *Pair
	server Key
	random io.Reader
}

// NewClient returns the mechanism of who connects to the server with that public key.
func NewClient(pair *Pair, server Key) zmtp.Mechanism {
	return &client{pair: pair, server: server, random: randomness}
}

func (c *client) Greeting() (name string, server bool) { return zmtp.Curve, false }

func (c *client) Handshake(x *zmtp.Exchange, ours []zmtp.Property) (zmtp.Properties, zmtp.Codec, error) {
	theirs, codec, err := c.handshake(x, ours)
	if err != nil {
		return nil, nil, err
	}
	x.Identify(c.server.String())
	return theirs, codec, nil
}

func (c *client) handshake(x *zmtp.Exchange, ours []zmtp.Property) (zmtp.Properties, zmtp.Codec, error) {
	short1, err := generate(c.random)
	if err != nil {
		return nil, nil, err
	}
	defer clear(short1.secret[:])
	withServer, err := shared(c.server, &short1.secret)
	if err != nil {
		return nil, nil, fmt.Errorf("the server's key: %w", err)
	}
	defer clear(withServer[:])

	data := append(make([]byte, 0, hello), version...)
	data = append(data, make([]byte, padding)...)
	data = append(data, short1.Public[:]...)
	data = binary.BigEndian.AppendUint64(data, 1)
	data = box.SealAfterPrecomputation(data, make([]byte, helloBox-box.Overhead), short(nonceHello, 1), &withServer)
	if err := x.Send(zmtp.AppendCommand(nil, "HELLO", data)); err != nil {
		return nil, nil, err
	}

	data, err = c.answer(x, "WELCOME")
	if err != nil {
		return nil, nil, err
	}
	if len(data) != welcome {
		return nil, nil, fmt.Errorf("%w: a WELCOME of %d bytes", zmtp.ErrProtocol, len(data))
	}
	opened, ok := box.OpenAfterPrecomputation(nil, data[longSize:], longNonce(nonceWelcome, data), &withServer)
	if !ok {
		return nil, nil, fmt.Errorf("%w: a WELCOME that is not of the server with the key %s", zmtp.ErrProtocol, c.server)
	}
	theirShort, theirCookie := Key(opened), opened[KeySize:]

	session, err := shared(theirShort, &short1.secret)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: the server's WELCOME: %w", zmtp.ErrProtocol, err)
	}
	defer clear(session[:])
	vouching, err := shared(theirShort, &c.pair.secret)
	if err != nil {
		return nil, nil, err
	}
	defer clear(vouching[:])
	random := make([]byte, longSize)
	if _, err := io.ReadFull(c.random, random); err != nil {
		return nil, nil, err
	}
	inner := append(c.pair.Public[:len(c.pair.Public):len(c.pair.Public)], random...)
	inner = box.SealAfterPrecomputation(inner, append(short1.Public[:len(short1.Public):len(short1.Public)], c.server[:]...), longNonce(nonceVouch, random), &vouching)
	inner = zmtp.AppendProperties(inner, ours)
	data = binary.BigEndian.AppendUint64(append([]byte(nil), theirCookie...), 2)
	data = box.SealAfterPrecomputation(data, inner, short(nonceInitiate, 2), &session)
	if err := x.Send(zmtp.AppendCommand(nil, "INITIATE", data)); err != nil {
		return nil, nil, err
	}

	data, err = c.answer(x, "READY")
	if err != nil {
		return nil, nil, err
	}
	if len(data) < ready {
		return nil, nil, fmt.Errorf("%w: a READY of %d bytes", zmtp.ErrProtocol, len(data))
	}
	last := binary.BigEndian.Uint64(data)
	opened, ok = box.OpenAfterPrecomputation(nil, data[shortSize:], short(nonceReady, last), &session)
	if !ok {
		return nil, nil, fmt.Errorf("%w: a READY that is not the server's, or was changed on its way", zmtp.ErrProtocol)
	}
	theirs, err := zmtp.ParseProperties(opened)
	if err != nil {
		return nil, nil, err
	}
	return theirs, &codec{
		out: newDirection(&session, nonceClient, 2), in: newDirection(&session, nonceServer, last), first: true,
	}, nil
}

// statusDenied is the reason of the ERROR by which libzmq's servers refuse a key: the status
// of RFC 27/ZAP for that.
const statusDenied = "400"

// answer receives the server's next command, which should be this one.
func (c *client) answer(x *zmtp.Exchange, want string) ([]byte, error) {
	name, data, err := x.Receive()
	var refused *zmtp.RefusedError
	switch {
	case errors.As(err, &refused) && refused.Reason == statusDenied:
		return nil, fmt.Errorf("%w: the server does not know the key %s: add it to those that may connect", err, c.pair.Public)
	case err != nil && closed(err) && want == "WELCOME":
		return nil, fmt.Errorf("the server has hung up, most likely since its key is not %s: give its public key (%w)", c.server, err)
	case err != nil && closed(err):
		return nil, fmt.Errorf("the server has hung up, most likely since it does not know the key %s: add it to those that may connect (%w)", c.pair.Public, err)
	case err != nil:
		return nil, err
	case name == "HELLO":
		return nil, fmt.Errorf("%w: both sides are clients of CURVE: the one that listens has to be the server", zmtp.ErrProtocol)
	case name != want:
		return nil, fmt.Errorf("%w: %q instead of %s", zmtp.ErrProtocol, name, want)
	}
	return data, nil
}
