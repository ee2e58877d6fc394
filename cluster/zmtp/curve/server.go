package curve

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"syscall"

	"golang.org/x/crypto/nacl/box"
	"golang.org/x/crypto/nacl/secretbox"

	"sluice/cluster/zmtp"
)

// randomness is where keys and nonces come from.
var randomness = rand.Reader

// generate makes a pair.
func generate(random io.Reader) (*Pair, error) {
	var secret [KeySize]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return pairOf(secret)
}

// Generate makes a pair.
func Generate() (*Pair, error) { return generate(randomness) }

// DeniedError means that a client has proved its key, and that key may not connect.
type DeniedError struct{ Key Key }

func (e *DeniedError) Error() string { return fmt.Sprintf("the key %s may not connect here", e.Key) }

// errWrongServer means a HELLO that was made for another server's key.
var errWrongServer = errors.New("the client expects a server with another key")

// server is the mechanism of who listens.
type server struct {
	pair    *Pair
	allowed func(Key) bool
	random  io.Reader
}

// NewServer returns the mechanism of a server, which lets in whom allowed knows; nil lets
// in whoever knows the server's public key. allowed is called by many goroutines at once.
func NewServer(pair *Pair, allowed func(Key) bool) zmtp.Mechanism {
	return &server{pair: pair, allowed: allowed, random: randomness}
}

func (s *server) Greeting() (name string, server bool) { return zmtp.Curve, true }

func (s *server) Handshake(x *zmtp.Exchange, ours []zmtp.Property) (zmtp.Properties, zmtp.Codec, error) {
	theirShort, withClient, cookieKey, err := s.hello(x)
	defer clear(withClient[:])
	defer clear(cookieKey[:])
	if err == nil {
		err = s.welcome(x, theirShort, &withClient, &cookieKey)
	}
	if err != nil {
		return nil, nil, err
	}
	theirs, session, last, key, err := s.initiate(x, theirShort, &cookieKey)
	defer clear(session[:])
	if err != nil {
		return nil, nil, err
	}
	if s.allowed != nil && !s.allowed(key) {
		err = &DeniedError{key}
		if theirs.Sluice() { // libzmq's clients would never come back after an ERROR
			_ = x.Send(zmtp.AppendError(nil, err.Error()+": add it to its list of keys"))
		}
		return nil, nil, err
	}
	if err := x.Admit(theirs); err != nil {
		_ = x.Send(zmtp.AppendError(nil, err.Error()))
		return nil, nil, err
	}
	x.Identify(key.String())
	data := binary.BigEndian.AppendUint64(nil, 1)
	data = box.SealAfterPrecomputation(data, zmtp.AppendProperties(nil, ours), short(nonceReady, 1), &session)
	if err := x.Send(zmtp.AppendCommand(nil, "READY", data)); err != nil {
		return nil, nil, err
	}
	return theirs, &codec{
		out: newDirection(&session, nonceServer, 1), in: newDirection(&session, nonceClient, last), first: true,
	}, nil
}

// receive receives the client's next command, which must be this one, of so many bytes.
func (s *server) receive(x *zmtp.Exchange, want string, size func(n int) bool) ([]byte, error) {
	name, data, err := x.Receive()
	switch {
	case err != nil:
		return nil, err
	case name != want:
		return nil, fmt.Errorf("%w: %q instead of %s", zmtp.ErrProtocol, name, want)
	case !size(len(data)):
		return nil, fmt.Errorf("%w: %s of %d bytes", zmtp.ErrProtocol, want, len(data))
	}
	return data, nil
}

// hello receives the client's HELLO: its short-term key. It returns what the long-term
// key shares with that, and a new key for the cookie.
func (s *server) hello(x *zmtp.Exchange) (theirShort Key, key, cookieKey [KeySize]byte, err error) {
	data, err := s.receive(x, "HELLO", func(n int) bool { return n == hello })
	if err != nil {
		return theirShort, key, cookieKey, err
	}
	if string(data[:len(version)]) != version {
		return theirShort, key, cookieKey, fmt.Errorf("%w: version %d.%d of CurveZMQ, and this speaks 1.0", zmtp.ErrProtocol, data[0], data[1])
	}
	data = data[len(version)+padding:]
	theirShort, data = Key(data), data[KeySize:]
	if key, err = shared(theirShort, &s.pair.secret); err != nil {
		return theirShort, key, cookieKey, fmt.Errorf("%w: HELLO: %w", zmtp.ErrProtocol, err)
	}
	opened, ok := box.OpenAfterPrecomputation(nil, data[shortSize:], short(nonceHello, binary.BigEndian.Uint64(data)), &key)
	if !ok || subtle.ConstantTimeCompare(opened, make([]byte, len(opened))) != 1 {
		return theirShort, key, cookieKey, fmt.Errorf("%w: HELLO: %w", zmtp.ErrProtocol, errWrongServer)
	}
	_, err = io.ReadFull(s.random, cookieKey[:])
	return theirShort, key, cookieKey, err
}

// welcome sends WELCOME. All that is needed for the INITIATE stands in its cookie.
func (s *server) welcome(x *zmtp.Exchange, theirShort Key, key, cookieKey *[KeySize]byte) error {
	ourShort, err := generate(s.random)
	if err != nil {
		return err
	}
	defer clear(ourShort.secret[:])
	random := make([]byte, 2*longSize)
	if _, err := io.ReadFull(s.random, random); err != nil {
		return err
	}
	state := append(theirShort[:len(theirShort):len(theirShort)], ourShort.secret[:]...)
	defer clear(state)
	inner := append(ourShort.Public[:len(ourShort.Public):len(ourShort.Public)], random[:longSize]...)
	inner = secretbox.Seal(inner, state, longNonce(nonceCookie, random[:longSize]), cookieKey)
	data := append([]byte(nil), random[longSize:]...)
	data = box.SealAfterPrecomputation(data, inner, longNonce(nonceWelcome, random[longSize:]), key)
	return x.Send(zmtp.AppendCommand(nil, "WELCOME", data))
}

// initiate receives the client's INITIATE: who it is, and what it says of itself. It
// returns what both short-term keys share, and the last short nonce.
func (s *server) initiate(x *zmtp.Exchange, theirShort Key, cookieKey *[KeySize]byte) (theirs zmtp.Properties, session [KeySize]byte, last uint64, key Key, err error) {
	fail := func(what string) (zmtp.Properties, [KeySize]byte, uint64, Key, error) {
		return nil, session, 0, key, fmt.Errorf("%w: INITIATE: %s", zmtp.ErrProtocol, what)
	}
	data, err := s.receive(x, "INITIATE", func(n int) bool { return n >= initiate })
	if err != nil {
		return nil, session, 0, key, err
	}
	state, ok := secretbox.Open(nil, data[longSize:cookie], longNonce(nonceCookie, data), cookieKey)
	if !ok || subtle.ConstantTimeCompare(state[:KeySize], theirShort[:]) != 1 {
		return fail("its cookie is not of this connection")
	}
	defer clear(state)
	if session, err = shared(theirShort, (*[KeySize]byte)(state[KeySize:])); err != nil {
		return fail(err.Error())
	}
	data = data[cookie:]
	last = binary.BigEndian.Uint64(data)
	inner, ok := box.OpenAfterPrecomputation(nil, data[shortSize:], short(nonceInitiate, last), &session)
	if !ok {
		return fail("it is not the client's, or was changed on its way")
	}
	key, inner = Key(inner), inner[KeySize:]
	vouching, err := shared(key, (*[KeySize]byte)(state[KeySize:]))
	if err != nil {
		return fail(err.Error())
	}
	defer clear(vouching[:])
	vouched, ok := box.OpenAfterPrecomputation(nil, inner[longSize:vouch], longNonce(nonceVouch, inner), &vouching)
	if !ok || subtle.ConstantTimeCompare(vouched, append(theirShort[:len(theirShort):len(theirShort)], s.pair.Public[:]...)) != 1 {
		return fail("the client has not proved its key")
	}
	theirs, err = zmtp.ParseProperties(inner[vouch:])
	return theirs, session, last, key, err
}

// closed reports whether the peer has closed the connection.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
