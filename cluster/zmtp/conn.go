package zmtp

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"time"
)

// HandshakeTimeout is how long a handshake may take unless Config says
// otherwise.
const HandshakeTimeout = 5 * time.Second

// The types of socket that this package meets.
const (
	PUB  = "PUB"
	SUB  = "SUB"
	XPUB = "XPUB"
	XSUB = "XSUB"
)

// Config says who we are in a handshake.
type Config struct {
	Type    string        // our socket's type
	Peers   []string      // the types that we talk to
	Name    string        // our name, when we are a consolidator
	Foreign bool          // hide that we are a sluice peer
	Timeout time.Duration // of the handshake; 0 means HandshakeTimeout
}

func (c Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return HandshakeTimeout
	}
	return c.Timeout
}

// Peer is what the other side said of itself. Its strings are foreign input.
type Peer struct {
	Version Version
	Type    string // of its socket
	Sluice  bool   // it knows Sluice's commands
	Name    string // of the consolidator, if it is one of ours
}

// Pings reports whether the peer knows PING: from 3.1 on.
func (p Peer) Pings() bool {
	return p.Version.Major > 3 || p.Version.Minor > 0
}

// Conn is a connection whose handshake is done.
type Conn struct {
	net.Conn
	Peer Peer

	raw  syscall.RawConn
	rest []byte // received beyond the handshake
}

// Handshake does the handshake on a fresh connection, within its timeout. On
// an error it closes nc; a peer that is able to understand it is told why.
func Handshake(nc net.Conn, cfg Config) (*Conn, error) {
	c, err := handshake(nc, cfg)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return c, nil
}

func handshake(nc net.Conn, cfg Config) (*Conn, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil, errors.New("connection has no descriptor")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	if err := nc.SetDeadline(time.Now().Add(cfg.timeout())); err != nil {
		return nil, err
	}
	if _, err := nc.Write(appendGreeting(nil)); err != nil {
		return nil, err
	}
	in := &handshakeReader{conn: nc}
	c := &Conn{Conn: nc, raw: raw}
	if c.Peer.Version, err = in.greeting(); err != nil {
		return nil, err
	}
	props := [][2]string{{propSocketType, cfg.Type}}
	if !cfg.Foreign {
		props = append(props, [2]string{propSluice, "1"})
	}
	if cfg.Name != "" {
		props = append(props, [2]string{propName, cfg.Name})
	}
	if _, err := nc.Write(appendReady(nil, props)); err != nil {
		return nil, err
	}
	theirs, err := in.ready()
	if err != nil {
		return nil, err
	}
	c.Peer.Type = theirs.get(propSocketType)
	c.Peer.Sluice = !cfg.Foreign && theirs.get(propSluice) == "1"
	if c.Peer.Sluice {
		c.Peer.Name = theirs.get(propName)
	}
	if !slices.Contains(cfg.Peers, c.Peer.Type) {
		err := &PeerError{Peer: c.Peer.Type, Own: cfg.Type}
		_, _ = nc.Write(appendError(nil, err.Error()))
		return nil, err
	}
	if err := nc.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	c.rest = in.buf
	return c, nil
}

// ErrNotPeer says that whoever is at the other end does not speak ZeroMQ.
var ErrNotPeer = fmt.Errorf("%w: not a ZeroMQ peer", ErrProtocol)

// PeerError says that the peer's socket is of a type that this one cannot talk
// to. It is an [ErrProtocol].
type PeerError struct {
	Peer string // foreign input
	Own  string
}

func (e *PeerError) Error() string {
	return fmt.Sprintf("%v: a %.16q socket cannot talk to this %s socket", ErrProtocol, e.Peer, e.Own)
}

func (e *PeerError) Unwrap() error { return ErrProtocol }

// maxHandshake bounds what is read before a handshake is done, in bytes.
const maxHandshake = 8 << 10

// handshakeReader reads frames from a connection, in small pieces.
type handshakeReader struct {
	conn net.Conn
	buf  []byte
}

func (r *handshakeReader) fill() error {
	if len(r.buf) >= maxHandshake {
		return fmt.Errorf("%w: a handshake of more than %d bytes", ErrProtocol, maxHandshake)
	}
	var b [512]byte
	n, err := r.conn.Read(b[:])
	r.buf = append(r.buf, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// greeting reads the peer's greeting.
func (r *handshakeReader) greeting() (Version, error) {
	for len(r.buf) < greetingSize {
		if err := checkGreeting(r.buf); err != nil {
			return Version{}, err
		}
		if err := r.fill(); err != nil {
			return Version{}, err
		}
	}
	return parseGreeting(r.take(greetingSize))
}

// take takes n bytes that are there.
func (r *handshakeReader) take(n int) []byte {
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

// ready reads the peer's READY.
func (r *handshakeReader) ready() (Properties, error) {
	for {
		flags, size, h := header(r.buf)
		switch {
		case h == 0:
		case flags&flagCommand == 0 || flags&^byte(flagLong|flagCommand) != 0:
			return nil, fmt.Errorf("%w: a frame with flags %#02x before READY", ErrProtocol, flags)
		case size > maxHandshake/2:
			return nil, fmt.Errorf("%w: a READY of %d bytes", ErrProtocol, size)
		case len(r.buf) >= h+int(size):
			name, data, err := SplitCommand(r.take(h + int(size))[h:])
			if err != nil {
				return nil, err
			}
			switch name {
			case cmdReady:
				return parseReady(data)
			case cmdError:
				return nil, fmt.Errorf("refused by the peer: %q", parseError(data))
			}
			return nil, fmt.Errorf("%w: %q before READY", ErrProtocol, name)
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// CloseWrite ends our direction, so that the peer reads to the end.
func (c *Conn) CloseWrite() error {
	if hc, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return hc.CloseWrite()
	}
	return nil
}
