package zmtp

import (
	"fmt"
	"net"
	"slices"
)

// maxHandshake bounds what is read before a handshake is done, in bytes.
const maxHandshake = 8 << 10

// Exchange is a connection during its handshake: commands go back and forth, within
// the handshake's time and at most 8 KiB of the peer's.
type Exchange struct {
	conn net.Conn
	cfg  *Config
	buf  []byte // received, and not looked at yet
	read int    // bytes received
	key  string // of the peer
}

// Identify notes the key by which the peer is known: its [Peer]'s Key.
func (x *Exchange) Identify(key string) { x.key = key }

// Admit reports why a peer with these properties is not one to talk to. A mechanism whose
// handshake ends by the server's READY asks before it sends that, and sends an ERROR with
// the reason instead.
func (x *Exchange) Admit(theirs Properties) error {
	if peer := theirs.get(propSocketType); !slices.Contains(x.cfg.Peers, peer) {
		return &PeerError{Peer: peer, Own: x.cfg.Type}
	}
	return nil
}

// RefusedError is the peer's ERROR, by which it ends a handshake.
type RefusedError struct{ Reason string } // foreign input, of at most 255 bytes

func (e *RefusedError) Error() string { return fmt.Sprintf("refused by the peer: %q", e.Reason) }

// Send writes a whole command.
func (x *Exchange) Send(command []byte) error {
	_, err := x.conn.Write(command)
	return err
}

// Receive reads the peer's next command. An ERROR of the peer's is an error.
func (x *Exchange) Receive() (name string, data []byte, err error) {
	for {
		flags, size, h := header(x.buf)
		switch {
		case h == 0:
		case flags&flagCommand == 0 || flags&^byte(flagLong|flagCommand) != 0:
			return "", nil, fmt.Errorf("%w: a frame with flags %#02x before READY", ErrProtocol, flags)
		case size > maxHandshake/2:
			return "", nil, fmt.Errorf("%w: a READY of %d bytes", ErrProtocol, size)
		case len(x.buf) >= h+int(size):
			name, data, err = SplitCommand(x.take(h + int(size))[h:])
			if err == nil && name == cmdError {
				err = &RefusedError{parseError(data)}
			}
			return name, data, err
		}
		if err := x.fill(); err != nil {
			return "", nil, err
		}
	}
}

// greeting reads the peer's greeting, which must name a mechanism.
func (x *Exchange) greeting(mechanism string, server bool) (Version, error) {
	for len(x.buf) < greetingSize {
		if err := checkGreeting(x.buf, mechanism, server); err != nil {
			return Version{}, err
		}
		if err := x.fill(); err != nil {
			return Version{}, err
		}
	}
	return parseGreeting(x.take(greetingSize), mechanism, server)
}

// fill reads some more, in small pieces.
func (x *Exchange) fill() error {
	if x.read >= maxHandshake {
		return fmt.Errorf("%w: a handshake of more than %d bytes", ErrProtocol, maxHandshake)
	}
	var b [512]byte
	n, err := x.conn.Read(b[:])
	x.buf = append(x.buf, b[:n]...)
	x.read += n
	if n > 0 {
		return nil
	}
	return err
}

// take takes n bytes that are there.
func (x *Exchange) take(n int) []byte {
	b := x.buf[:n:n]
	x.buf = x.buf[n:]
	return b
}
