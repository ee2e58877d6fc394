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

const mechanismNull = "NULL"

// appendGreeting appends our greeting: version 3.1, mechanism NULL. With NULL
// the as-server octet is zero on both sides.
func appendGreeting(dst []byte) []byte {
	var g [greetingSize]byte
	g[0], g[8], g[9] = 0xff, 0x01, 0x7f
	g[10], g[11] = 3, 1
	copy(g[12:], mechanismNull)
	return append(dst, g[:]...)
}

// checkGreeting reports why a greeting, of which no more than its beginning g
// may have come, cannot be taken. So a peer of another protocol, or of one too
// old to send greetingSize bytes, is refused at its first wrong byte.
func checkGreeting(g []byte) error {
	switch {
	case len(g) > 0 && g[0] != 0xff, len(g) > 9 && g[9]&1 == 0:
		return ErrNotPeer
	case len(g) > 10 && g[10] < 3:
		return fmt.Errorf("%w: a peer of an older ZMTP (revision %d), and this needs 3.0 at least (ZeroMQ 4)", ErrProtocol, g[10])
	case len(g) < 32:
		return nil
	}
	mechanism := string(bytes.TrimRight(g[12:32], "\x00"))
	if mechanism != mechanismNull {
		return fmt.Errorf("%w: security mechanism %q, and this offers NULL", ErrProtocol, mechanism)
	}
	return nil
}

// parseGreeting reads a peer's greeting, of greetingSize bytes.
func parseGreeting(g []byte) (Version, error) {
	return Version{g[10], g[11]}, checkGreeting(g)
}
