package zmtp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"sluice/cluster/dial"
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
	Run     string        // what tells this run of our process from others, when we are a consolidator
	Foreign bool          // hide that we are a sluice peer
	Timeout time.Duration // of the handshake; 0 means HandshakeTimeout

	Mechanism Mechanism // nil means Null

	// Dialer is what Dial connects with; nil is one that remembers no addresses.
	Dialer *dial.Dialer
}

func (c Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return HandshakeTimeout
	}
	return c.Timeout
}

// Peer is what the other side announced of itself. Its strings are foreign input.
type Peer struct {
	Version Version
	Type    string // of its socket
	Sluice  bool   // it knows Sluice's commands
	Name    string // of the consolidator, if it is one of ours
	Run     string // of the consolidator, another one after each restart; empty if it does not tell
	Key     string // by which the mechanism knows it; empty without one. It is proved, unlike all else
}

// Pings reports whether the peer knows PING: from 3.1 on.
func (p Peer) Pings() bool {
	return p.Version.Major > 3 || p.Version.Minor > 0
}

// Conn is a connection whose handshake is done. Frames are written by one goroutine
// at a time, and read by one [Receiver] or [Requests]; all else may be called from any
// goroutine.
type Conn struct {
	Peer Peer

	conn  net.Conn
	raw   syscall.RawConn
	codec Codec  // nil: frames travel as they are
	rest  []byte // received beyond the handshake

	sealed []byte        // what codec has made of frames, and the kernel has not taken yet
	sealIn *sealedOutput // the memory of sealed, unless a frame was larger; nil while there is none

	mu      sync.Mutex // a leaf: nothing is waited for while it is held
	aborted bool
}

// Handshake does the handshake on a fresh connection, within its timeout. On
// an error it closes nc; a peer that is able to understand it learns why.
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
	mechanism := cfg.Mechanism
	if mechanism == nil {
		mechanism = Null
	}
	x := &Exchange{conn: nc, cfg: &cfg}
	name, server := mechanism.Greeting()
	if err := x.Send(appendGreeting(nil, name, server)); err != nil {
		return nil, err
	}
	c := &Conn{conn: nc, raw: raw}
	if c.Peer.Version, err = x.greeting(name, server); err != nil {
		return nil, err
	}
	var theirs Properties
	if theirs, c.codec, err = mechanism.Handshake(x, cfg.properties()); err != nil {
		return nil, err
	}
	c.Peer.Type, c.Peer.Key = theirs.get(propSocketType), x.key
	c.Peer.Sluice = !cfg.Foreign && theirs.Sluice()
	if c.Peer.Sluice {
		c.Peer.Name, c.Peer.Run = theirs.get(propName), theirs.get(propRun)
	}
	if err := x.Admit(theirs); err != nil {
		_, _ = c.Write(AppendError(nil, err.Error()))
		return nil, err
	}
	if err := nc.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	c.rest = x.buf
	return c, nil
}

// properties are what we announce of ourselves.
func (c Config) properties() []Property {
	ours := []Property{{propSocketType, c.Type}}
	if !c.Foreign {
		ours = append(ours, Property{propSluice, "1"})
	}
	if c.Name != "" {
		ours = append(ours, Property{propName, c.Name})
	}
	if c.Run != "" {
		ours = append(ours, Property{propRun, c.Run})
	}
	return ours
}

// ErrNotPeer means that whoever is at the other end does not speak ZeroMQ.
var ErrNotPeer = fmt.Errorf("%w: not a ZeroMQ peer", ErrProtocol)

// PeerError means that the peer's socket is of a type that this one cannot talk
// to. It is an [ErrProtocol].
type PeerError struct {
	Peer string // foreign input
	Own  string
}

func (e *PeerError) Error() string {
	return fmt.Sprintf("%v: a %.16q socket cannot talk to this %s socket", ErrProtocol, e.Peer, e.Own)
}

func (e *PeerError) Unwrap() error { return ErrProtocol }

// NetConn is the connection below, for its options and addresses. Nothing may be
// written to it, or read from it, beside this Conn.
func (c *Conn) NetConn() net.Conn { return c.conn }

// RemoteAddr is the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// LocalAddr is our own.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// Close ends the connection, and whoever waits in it. It returns when nobody is at
// work in it any more: so it is for the goroutine that owns the connection, holding no
// lock, and never for what [Conn.WriteReady] or a Receiver calls. All others Abort.
func (c *Conn) Close() error { return c.conn.Close() }

// Abort ends reading and writing for good: whoever waits in either returns, with
// [net.ErrClosed], and so does whoever comes later. It never waits, so anybody may call it
// at any time, whatever locks are held, and from within the connection's own callbacks.
// Who owns the connection closes it then, as after any other error.
func (c *Conn) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.aborted = true
	_ = c.conn.SetDeadline(longAgo)
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// why is the error of reading or writing, of a connection that may have been aborted.
func (c *Conn) why(err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aborted {
		return net.ErrClosed
	}
	return err
}

// SetDeadline bounds how long reading and writing wait. It and the two below change
// nothing of a connection that was aborted.
func (c *Conn) SetDeadline(t time.Time) error { return c.deadline(c.conn.SetDeadline, t) }

// SetReadDeadline bounds how long reading waits.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.deadline(c.conn.SetReadDeadline, t) }

// SetWriteDeadline bounds how long writing waits.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.deadline(c.conn.SetWriteDeadline, t) }

func (c *Conn) deadline(set func(time.Time) error, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aborted {
		return net.ErrClosed
	}
	return set(t)
}

// CloseWrite ends our direction, so that the peer reads to the end.
func (c *Conn) CloseWrite() error {
	if hc, ok := c.conn.(interface{ CloseWrite() error }); ok {
		return hc.CloseWrite()
	}
	return nil
}
