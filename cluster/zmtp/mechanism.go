package zmtp

import "fmt"

// Mechanism is a security mechanism (RFC 37, "ZMTP security mechanisms"): how two
// peers come to trust each other, and how what they send is protected then. Both
// peers must use the same one. A Mechanism serves any number of connections at once.
type Mechanism interface {
	// Greeting is what stands in our greeting: the mechanism's name, of at most 20
	// bytes, and whether this side is the mechanism's server.
	Greeting() (name string, server bool)
	// Handshake exchanges the mechanism's commands, after the greetings, and by them
	// the properties of both sides. The codec is nil if frames travel as they are.
	Handshake(x *Exchange, ours []Property) (theirs Properties, codec Codec, err error)
}

// Codec protects what one connection carries after its handshake. One goroutine
// seals while another opens. Neither method keeps what it is given.
type Codec interface {
	// Seal appends to dst what is to travel for one frame, header and all: at most
	// 1 KiB more than the frame has.
	Seal(dst, frame []byte) ([]byte, error)
	// Open appends to dst the frame that stands at the beginning of sealed, and
	// returns how many bytes of sealed it took; none while it is not whole there. It
	// must refuse what it does not trust with an error: that ends the connection.
	//
	// A frame of more than limit bytes, sealed, is opened in parts, as they come: its
	// header, and then as many bytes, of any value, as its body has. They are passed
	// over by whoever reads them; still, the last part comes only once all of the frame
	// can be trusted. What is opened is never longer than what was taken of sealed,
	// whose bytes may be overwritten.
	Open(dst, sealed []byte, limit int) (opened []byte, n int, err error)
}

// runCodec is a Codec that is faster with several frames at once.
type runCodec interface {
	// SealRun is Seal for the first of frames, and for as many more as it likes while dst
	// has at most so many bytes. It returns how many bytes of frames it took.
	SealRun(dst, frames []byte, most int) (sealed []byte, n int, err error)
	// OpenRun is Open for as many frames at the beginning of sealed as it likes.
	OpenRun(dst, sealed []byte, limit int) (opened []byte, n int, err error)
}

// Property is something that a peer says of itself in a handshake.
type Property struct{ Name, Value string }

// Curve is the name of the mechanism in package curve.
const Curve = "CURVE"

// Null is the mechanism without security: frames travel as they are.
var Null Mechanism = null{}

type null struct{}

func (null) Greeting() (name string, server bool) { return "NULL", false }

// Handshake sends READY and reads the peer's.
func (null) Handshake(x *Exchange, ours []Property) (Properties, Codec, error) {
	if err := x.Send(appendReady(nil, ours)); err != nil {
		return nil, nil, err
	}
	name, data, err := x.Receive()
	switch {
	case err != nil:
		return nil, nil, err
	case name != cmdReady:
		return nil, nil, fmt.Errorf("%w: %q before READY", ErrProtocol, name)
	}
	theirs, err := ParseProperties(data)
	return theirs, nil, err
}
