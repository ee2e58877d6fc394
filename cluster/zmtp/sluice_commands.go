package zmtp

import (
	"encoding/binary"
	"fmt"
	"time"
)

// The names of the commands between sluice peers. docs/wire.md has their
// layout, with examples.
const (
	CmdTail    = "X-TAIL"
	CmdStop    = "X-STOP"
	CmdMark    = "X-MARK"
	CmdLive    = "X-LIVE"
	CmdStreams = "X-STREAMS"
	CmdBye     = "X-BYE"
	CmdAck     = "X-ACK"
	CmdSkip    = "X-SKIP"
	CmdStill   = "X-STILL"
)

// TailFrom is in what terms an X-TAIL gives its beginning.
type TailFrom byte

// Where a tail can begin.
const (
	TailNow      TailFrom = 0
	TailLast     TailFrom = 1 // A records back
	TailPosition TailFrom = 2 // epoch A, next B
)

// Tail asks for a stream, by its exact name.
type Tail struct {
	Name string
	From TailFrom
	A, B uint64
}

// AppendTail appends an X-TAIL.
func AppendTail(dst []byte, t Tail) []byte {
	data := appendName(nil, t.Name)
	data = append(data, byte(t.From))
	data = binary.BigEndian.AppendUint64(data, t.A)
	data = binary.BigEndian.AppendUint64(data, t.B)
	return AppendCommand(dst, CmdTail, data)
}

// ParseTail reads the data of an X-TAIL.
func ParseTail(data []byte) (t Tail, err error) {
	name, rest, ok := takeName(data)
	if !ok || len(rest) != 17 || rest[0] > byte(TailPosition) {
		return t, malformed(CmdTail)
	}
	return Tail{
		Name: string(name),
		From: TailFrom(rest[0]),
		A:    binary.BigEndian.Uint64(rest[1:]),
		B:    binary.BigEndian.Uint64(rest[9:]),
	}, nil
}

// AppendStop appends an X-STOP.
func AppendStop(dst []byte, name string) []byte {
	return AppendCommand(dst, CmdStop, appendName(nil, name))
}

// AppendLive appends an X-LIVE.
func AppendLive(dst []byte, name string) []byte {
	return AppendCommand(dst, CmdLive, appendName(nil, name))
}

// ParseName reads the data of an X-STOP or an X-LIVE.
func ParseName(data []byte) (string, error) {
	name, rest, ok := takeName(data)
	if !ok || len(rest) != 0 {
		return "", malformed("name")
	}
	return string(name), nil
}

// MarkCause is why a mark was sent.
type MarkCause byte

// The causes of a mark.
const (
	MarkStart     MarkCause = 0
	MarkOvertaken MarkCause = 1
	MarkTooLate   MarkCause = 2 // the position asked for is not held any more
	MarkNewEpoch  MarkCause = 3
	MarkPeriodic  MarkCause = 4
	MarkTooLarge  MarkCause = 5 // records were refused for their size
	MarkMalformed MarkCause = 6 // records were refused for their form
)

// Mark shows a reader where it stands in a stream: the next record has the
// sequence number Next, in the life Epoch of the stream's log.
type Mark struct {
	Name  []byte // not retained when appended; when parsed, points into the data
	Epoch uint64
	Next  uint64
	Cause MarkCause
}

// AppendMark appends an X-MARK.
func AppendMark(dst []byte, m Mark) []byte {
	dst = appendHeader(dst, flagCommand, 1+len(CmdMark)+1+len(m.Name)+17)
	dst = append(dst, byte(len(CmdMark)))
	dst = append(dst, CmdMark...)
	dst = append(dst, byte(len(m.Name)))
	dst = append(dst, m.Name...)
	dst = binary.BigEndian.AppendUint64(dst, m.Epoch)
	dst = binary.BigEndian.AppendUint64(dst, m.Next)
	return append(dst, byte(m.Cause))
}

// ParseMark reads the data of an X-MARK. One of a newer consolidator may have a cause
// that is not known here: take it for MarkOvertaken.
func ParseMark(data []byte) (m Mark, err error) {
	name, rest, ok := takeName(data)
	if !ok || len(rest) != 17 {
		return m, malformed(CmdMark)
	}
	return Mark{
		Name:  name,
		Epoch: binary.BigEndian.Uint64(rest),
		Next:  binary.BigEndian.Uint64(rest[8:]),
		Cause: MarkCause(rest[16]),
	}, nil
}

// AppendWatch appends an X-STREAMS that asks for the list of live streams, or
// for its end.
func AppendWatch(dst []byte, on bool) []byte {
	var b byte
	if on {
		b = 1
	}
	return AppendCommand(dst, CmdStreams, []byte{b})
}

// ParseWatch reads the data of a reader's X-STREAMS.
func ParseWatch(data []byte) (on bool, err error) {
	if len(data) != 1 || data[0] > 1 {
		return false, malformed(CmdStreams)
	}
	return data[0] == 1, nil
}

// StreamStat is a live stream in a consolidator's X-STREAMS.
type StreamStat struct {
	Name  string
	Epoch uint64
	Next  uint64
	Bytes uint64 // ever published
}

// AppendStreams appends as many X-STREAMS as the streams need.
func AppendStreams(dst []byte, streams []StreamStat) []byte {
	return appendCounted(dst, CmdStreams, len(streams), func(data []byte, i int) []byte {
		s := streams[i]
		data = appendName(data, s.Name)
		data = binary.BigEndian.AppendUint64(data, s.Epoch)
		data = binary.BigEndian.AppendUint64(data, s.Next)
		return binary.BigEndian.AppendUint64(data, s.Bytes)
	})
}

// ParseStreams reads the data of a consolidator's X-STREAMS.
func ParseStreams(data []byte) ([]StreamStat, error) {
	var streams []StreamStat
	err := parseCounted(CmdStreams, data, 24, func(name, b []byte) {
		streams = append(streams, StreamStat{
			Name:  string(name),
			Epoch: binary.BigEndian.Uint64(b),
			Next:  binary.BigEndian.Uint64(b[8:]),
			Bytes: binary.BigEndian.Uint64(b[16:]),
		})
	})
	return streams, err
}

// StreamEnd is the final position of a stream in an X-BYE.
type StreamEnd struct {
	Name  string
	Epoch uint64
	Next  uint64
}

// AppendBye appends as many X-BYE as the streams need, at least one.
func AppendBye(dst []byte, ends []StreamEnd) []byte {
	return appendCounted(dst, CmdBye, len(ends), func(data []byte, i int) []byte {
		data = appendName(data, ends[i].Name)
		data = binary.BigEndian.AppendUint64(data, ends[i].Epoch)
		return binary.BigEndian.AppendUint64(data, ends[i].Next)
	})
}

// ParseBye reads the data of an X-BYE.
func ParseBye(data []byte) ([]StreamEnd, error) {
	var ends []StreamEnd
	err := parseCounted(CmdBye, data, 16, func(name, b []byte) {
		ends = append(ends, StreamEnd{
			Name:  string(name),
			Epoch: binary.BigEndian.Uint64(b),
			Next:  binary.BigEndian.Uint64(b[8:]),
		})
	})
	return ends, err
}

// AppendAck appends an X-ACK: accepted messages of a publisher's connection.
func AppendAck(dst []byte, accepted uint64) []byte {
	return AppendCommand(dst, CmdAck, binary.BigEndian.AppendUint64(nil, accepted))
}

// ParseAck reads the data of an X-ACK.
func ParseAck(data []byte) (accepted uint64, err error) {
	if len(data) != 8 {
		return 0, malformed(CmdAck)
	}
	return binary.BigEndian.Uint64(data), nil
}

// Still is how long a consolidator stood still, and how long ago that ended.
type Still struct {
	Lasted time.Duration // in milliseconds
	Ago    time.Duration // likewise
}

// AppendStill appends an X-STILL.
func AppendStill(dst []byte, s Still) []byte {
	data := binary.BigEndian.AppendUint64(nil, uint64(max(s.Lasted, 0).Milliseconds()))
	return AppendCommand(dst, CmdStill, binary.BigEndian.AppendUint64(data, uint64(max(s.Ago, 0).Milliseconds())))
}

// maxStill is the longest time that an X-STILL can give: a century.
const maxStill = 100 * 366 * 24 * time.Hour

// ParseStill reads the data of an X-STILL.
func ParseStill(data []byte) (Still, error) {
	if len(data) != 16 {
		return Still{}, malformed(CmdStill)
	}
	lasted, ago := binary.BigEndian.Uint64(data), binary.BigEndian.Uint64(data[8:])
	if max(lasted, ago) > uint64(maxStill.Milliseconds()) {
		return Still{}, malformed(CmdStill)
	}
	return Still{time.Duration(lasted) * time.Millisecond, time.Duration(ago) * time.Millisecond}, nil
}

// AppendSkip appends an X-SKIP: messages of a publisher's connection that were skipped,
// among as many as these and those that the X-ACK behind it says were accepted.
func AppendSkip(dst []byte, skipped uint64) []byte {
	return AppendCommand(dst, CmdSkip, binary.BigEndian.AppendUint64(nil, skipped))
}

// ParseSkip reads the data of an X-SKIP.
func ParseSkip(data []byte) (skipped uint64, err error) {
	if len(data) != 8 {
		return 0, malformed(CmdSkip)
	}
	return binary.BigEndian.Uint64(data), nil
}

// listSize is how large the data of one list command grows before another is
// begun: well below MaxCommand, as an entry is at most 280 bytes.
const listSize = 32 << 10

func appendCounted(dst []byte, cmd string, n int, entry func(data []byte, i int) []byte) []byte {
	for i := 0; ; {
		data := make([]byte, 2, 2+min(listSize, (n-i)*64))
		count := 0
		for ; i < n && len(data) < listSize; i++ {
			data = entry(data, i)
			count++
		}
		binary.BigEndian.PutUint16(data, uint16(count))
		dst = AppendCommand(dst, cmd, data)
		if i == n {
			return dst
		}
	}
}

func parseCounted(cmd string, data []byte, size int, entry func(name, b []byte)) error {
	if len(data) < 2 {
		return malformed(cmd)
	}
	n := int(binary.BigEndian.Uint16(data))
	data = data[2:]
	for range n {
		name, rest, ok := takeName(data)
		if !ok || len(rest) < size {
			return malformed(cmd)
		}
		entry(name, rest[:size])
		data = rest[size:]
	}
	if len(data) != 0 {
		return malformed(cmd)
	}
	return nil
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, byte(len(name)))
	return append(dst, name...)
}

func takeName(b []byte) (name, rest []byte, ok bool) {
	if len(b) == 0 || b[0] == 0 || len(b) < 1+int(b[0]) {
		return nil, nil, false
	}
	n := 1 + int(b[0])
	return b[1:n], b[n:], true
}

func malformed(what string) error {
	return fmt.Errorf("%w: malformed %s", ErrProtocol, what)
}
