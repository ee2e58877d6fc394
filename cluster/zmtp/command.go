package zmtp

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// The names of ZMTP's commands.
const (
	cmdReady     = "READY"
	cmdError     = "ERROR"
	CmdSubscribe = "SUBSCRIBE"
	CmdCancel    = "CANCEL"
	CmdPing      = "PING"
	CmdPong      = "PONG"
)

// maxContext is the longest context of a PING, in bytes.
const maxContext = 16

// SplitCommand splits a command's body into its name and its data.
func SplitCommand(body []byte) (name string, data []byte, err error) {
	if len(body) == 0 || int(body[0]) == 0 || len(body) < 1+int(body[0]) {
		return "", nil, fmt.Errorf("%w: a command without a whole name", ErrProtocol)
	}
	n := 1 + int(body[0])
	return intern(body[1:n]), body[n:], nil
}

// intern returns the names of known commands without allocating.
func intern(name []byte) string {
	switch string(name) {
	case CmdSubscribe:
		return CmdSubscribe
	case CmdCancel:
		return CmdCancel
	case CmdPing:
		return CmdPing
	case CmdPong:
		return CmdPong
	case CmdMark:
		return CmdMark
	case CmdAck:
		return CmdAck
	}
	return string(name)
}

// AppendCommand appends a command's frame: its name, of at most 255 bytes, and its data.
func AppendCommand(dst []byte, name string, data ...[]byte) []byte {
	size := 1 + len(name)
	for _, d := range data {
		size += len(d)
	}
	dst = appendHeader(dst, flagCommand, size)
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	for _, d := range data {
		dst = append(dst, d...)
	}
	return dst
}

// AppendSubscription appends a subscription to prefix, or its cancelling, in
// the form that a peer of version v wants: a command from 3.1 on, a message
// before.
func AppendSubscription(dst []byte, v Version, prefix string, cancel bool) []byte {
	if v.Major > 3 || v.Major == 3 && v.Minor > 0 {
		if cancel {
			return AppendCommand(dst, CmdCancel, []byte(prefix))
		}
		return AppendCommand(dst, CmdSubscribe, []byte(prefix))
	}
	first := byte(1)
	if cancel {
		first = 0
	}
	dst = appendHeader(dst, 0, 1+len(prefix))
	dst = append(dst, first)
	return append(dst, prefix...)
}

// ParseSubscription reads a subscription or its cancelling from a message of
// one frame. ok is false when it is neither, as a message that an XSUB peer
// sends upstream.
func ParseSubscription(t Token) (prefix []byte, cancel, ok bool) {
	if t.Frames != 1 || len(t.Name) == 0 || t.Name[0] > 1 {
		return nil, false, false
	}
	return t.Name[1:], t.Name[0] == 0, true
}

// AppendPing appends a PING: the peer may close the connection when it hears
// nothing for ttl tenths of a second; 0 leaves that to it. libzmq 4.3 counts
// the time in which its own application does not read as silence, too, and
// then ends its process by an assertion: send it 0.
func AppendPing(dst []byte, ttl uint16) []byte {
	return AppendCommand(dst, CmdPing, binary.BigEndian.AppendUint16(nil, ttl))
}

// AppendPingContext appends a PING whose PONG says which it answers: see
// PongContext. context must not be 0.
func AppendPingContext(dst []byte, context uint64) []byte {
	data := make([]byte, 2, 10) // no time to live
	return AppendCommand(dst, CmdPing, binary.BigEndian.AppendUint64(data, context))
}

// PongContext is the context of the PING that a PONG with these data answers;
// 0 if it had none.
func PongContext(data []byte) uint64 {
	if len(data) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(data)
}

// AppendPong answers a PING with its context.
func AppendPong(dst, ping []byte) ([]byte, error) {
	if len(ping) < 2 || len(ping) > 2+maxContext {
		return dst, fmt.Errorf("%w: a PING of %d bytes", ErrProtocol, len(ping))
	}
	return AppendCommand(dst, CmdPong, ping[2:]), nil
}

// Properties are what a peer announces of itself in its READY. Names are compared
// without regard to case.
type Properties map[string]string

func (p Properties) get(name string) string {
	for k, v := range p {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// Sluice reports whether a sluice peer says this of itself.
func (p Properties) Sluice() bool { return p.get(propSluice) == "1" }

// The properties that this package knows.
const (
	propSocketType = "Socket-Type"
	propSluice     = "X-Sluice"      // "1": a sluice peer
	propName       = "X-Sluice-Name" // the name of a consolidator
	propRun        = "X-Sluice-Run"  // and what tells this run of it from others
)

func appendReady(dst []byte, ours []Property) []byte {
	return AppendCommand(dst, cmdReady, AppendProperties(nil, ours))
}

// AppendProperties appends properties as they stand in a READY: a name of at most 255
// bytes, with its length in one, and a value, with its length in four.
func AppendProperties(dst []byte, ours []Property) []byte {
	for _, p := range ours {
		dst = append(dst, byte(len(p.Name)))
		dst = append(dst, p.Name...)
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(p.Value)))
		dst = append(dst, p.Value...)
	}
	return dst
}

// maxProperties bounds how many properties are looked at.
const maxProperties = 64

// ParseProperties reads what AppendProperties writes: at most 64 of them. A name that
// stands twice counts as it stood last.
func ParseProperties(data []byte) (Properties, error) {
	props := Properties{}
	for len(data) > 0 {
		n := int(data[0])
		if n == 0 || len(data) < 1+n+4 {
			return nil, fmt.Errorf("%w: a property without a whole name", ErrProtocol)
		}
		name := string(data[1 : 1+n])
		data = data[1+n:]
		size := binary.BigEndian.Uint32(data)
		data = data[4:]
		if uint64(size) > uint64(len(data)) {
			return nil, fmt.Errorf("%w: a property that is not whole", ErrProtocol)
		}
		if len(props) == maxProperties {
			return nil, fmt.Errorf("%w: more than %d properties", ErrProtocol, maxProperties)
		}
		props[name] = string(data[:size])
		data = data[size:]
	}
	return props, nil
}

// AppendError appends an ERROR with its reason, of which 255 bytes are sent.
func AppendError(dst []byte, reason string) []byte {
	if len(reason) > 255 {
		reason = reason[:255]
	}
	return AppendCommand(dst, cmdError, []byte{byte(len(reason))}, []byte(reason))
}

func parseError(data []byte) string {
	if len(data) == 0 || len(data) < 1+int(data[0]) {
		return "no reason given"
	}
	return string(data[1 : 1+int(data[0])])
}
