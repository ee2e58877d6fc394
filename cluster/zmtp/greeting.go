package zmtp

import (
	"bytes"
	"fmt"
)

// greetingSize is the length of a greeting: 10 octets of signature, 2 of
// version, 20 of mechanism, 1 as-server, 31 of filler.
const greetingSize = 64

// Version is a ZMTP version.
type Version struct{ Major, Minor byte }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// appendGreeting appends our greeting: version 3.1, a mechanism, and whether we are
// its server.
func appendGreeting(dst []byte, mechanism string, server bool) []byte {
	var g [greetingSize]byte
	g[0], g[8], g[9] = 0xff, 0x01, 0x7f
	g[10], g[11] = 3, 1
	copy(g[12:32], mechanism)
	if server {
		g[32] = 1
	}
	return append(dst, g[:]...)
}

// checkGreeting reports why a greeting, of which no more than its beginning g
// may have come, cannot be taken. So a peer of another protocol, or of one too
// old to send greetingSize bytes, is refused at its first wrong byte.
func checkGreeting(g []byte, mechanism string, server bool) error {
	switch {
	case len(g) > 0 && g[0] != 0xff, len(g) > 9 && g[9]&1 == 0:
		return ErrNotPeer
	case len(g) > 10 && g[10] < 3:
		return fmt.Errorf("%w: a peer of an older ZMTP (revision %d), and this needs 3.0 at least (ZeroMQ 4)", ErrProtocol, g[10])
	case len(g) < 32:
		return nil
	}
	if theirs := string(bytes.TrimRight(g[12:32], "\x00")); theirs != mechanism {
		return &MechanismError{Peer: theirs, Own: mechanism, Server: server}
	}
	return nil
}

// parseGreeting reads a peer's greeting, of greetingSize bytes.
func parseGreeting(g []byte, mechanism string, server bool) (Version, error) {
	return Version{g[10], g[11]}, checkGreeting(g, mechanism, server)
}

// MechanismError means that the peer uses another security mechanism than this side. It
// is an [ErrProtocol].
type MechanismError struct {
	Peer   string // foreign input, of at most 20 bytes
	Own    string
	Server bool // this side is the mechanism's server, or would be
}

func (e *MechanismError) Error() string {
	hint := ""
	switch {
	case e.Own == "NULL" && e.Peer == Curve:
		hint = ": the peer wants keys: give its public key (--curve-server) and a pair of our own (--curve-key)"
	case e.Own == Curve && e.Peer == "NULL" && e.Server:
		hint = ": the peer has to connect with keys (--curve-key and --curve-server)"
	case e.Own == Curve && e.Peer == "NULL":
		hint = ": the peer was started without a key: start it with one (--curve-key), or connect without --curve-server"
	}
	return fmt.Sprintf("%v: security mechanism %q, and this offers %s%s", ErrProtocol, e.Peer, e.Own, hint)
}

func (e *MechanismError) Unwrap() error { return ErrProtocol }
