package httpapi

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"sluice/cluster/loss"
)

const (
	// MaxPositions is how many positions a ResumeID names.
	MaxPositions = 16
	// MaxResumeID bounds a ResumeID as text, in bytes.
	MaxResumeID = 512

	keyDigits   = 5 // of the key of a position: 30 bits
	epochDigits = 6 // of an epoch: 36 bits
	maxDigits   = 11

	// EpochMask has the bits of an epoch that a ResumeID keeps.
	EpochMask = 1<<(6*epochDigits) - 1
)

// ResumeID is the id of an event for those who know nothing else: where its reader
// goes on, understood by every proxy of a cluster. As text it is opaque.
type ResumeID struct {
	// Epoch and Next are the place in the log of the proxy that wrote it, with
	// the bits of EpochMask. Epoch 0 means none.
	Epoch, Next uint64
	// Positions are those of the next records, at consolidators.
	Positions []KeyPosition
	// More says that there are consolidators which Positions leaves out.
	More bool
}

// KeyPosition is a position in a stream at a consolidator.
type KeyPosition struct {
	Key   uint32 // see PositionKey
	Epoch uint64 // its bits of EpochMask
	Next  uint64
}

// PositionKey is a short hash of a stream and a consolidator. Two may have the same:
// their epochs differ.
func PositionKey(stream, consolidator string) uint32 {
	h := sha256.New()
	_, _ = h.Write([]byte(stream)) // a hash takes all
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(consolidator))
	var sum [sha256.Size]byte
	return binary.LittleEndian.Uint32(h.Sum(sum[:0])) & (1<<(6*keyDigits) - 1)
}

// Is reports whether it is the position of that epoch.
func (p KeyPosition) Is(epoch uint64) bool { return epoch != 0 && epoch&EpochMask == p.Epoch }

// In is the position in that epoch, if it is of that one. Otherwise it is in an epoch
// that no log has.
func (p KeyPosition) In(epoch uint64) loss.Position {
	if p.Is(epoch) {
		return loss.Position{Epoch: epoch, Seq: p.Next}
	}
	return loss.Position{Epoch: p.Epoch | 1<<63, Seq: p.Next}
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-"

var values = func() (v [256]int8) {
	for i := range v {
		v[i] = -1
	}
	for i := range len(digits) {
		v[digits[i]] = int8(i)
	}
	return v
}()

// AppendText appends the id: "~", the place if it has one, "." and each position, and
// another "~" if there are more.
func (id *ResumeID) AppendText(dst []byte) []byte {
	dst = AppendPlace(dst, id.Epoch, id.Next)
	for _, p := range id.Positions {
		dst = p.AppendText(dst)
	}
	if id.More {
		dst = append(dst, '~')
	}
	return dst
}

// AppendPlace appends how a ResumeID begins.
func AppendPlace(dst []byte, epoch, next uint64) []byte {
	dst = append(dst, '~')
	if epoch&EpochMask == 0 {
		return dst
	}
	return AppendNumber(appendDigits(dst, epoch&EpochMask, epochDigits), next)
}

// AppendText appends the position as it stands in a ResumeID.
func (p KeyPosition) AppendText(dst []byte) []byte {
	dst = appendDigits(append(dst, '.'), uint64(p.Key), keyDigits)
	return AppendNumber(appendDigits(dst, p.Epoch, epochDigits), p.Next)
}

// AppendNumber appends a number as it stands in a ResumeID, in as few digits as it
// needs.
func AppendNumber(dst []byte, n uint64) []byte { return appendDigits(dst, n, NumberSize(n)) }

// NumberSize is how many digits AppendNumber appends.
func NumberSize(n uint64) int {
	size := 1
	for n >>= 6; n > 0; n >>= 6 {
		size++
	}
	return size
}

// PutNumber writes a number over another one that has as many digits.
func PutNumber(text []byte, n uint64) {
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = digits[n&63]
		n >>= 6
	}
}

func appendDigits(dst []byte, n uint64, size int) []byte {
	at := len(dst)
	for range size {
		dst = append(dst, '0')
	}
	PutNumber(dst[at:], n)
	return dst
}

var errResumeID = errors.New("no event id of a proxy")

// IsResumeID reports whether a text is to be read as a ResumeID.
func IsResumeID(s string) bool { return len(s) > 0 && s[0] == '~' }

// ParseResumeID reads what AppendText writes.
func ParseResumeID(s string) (ResumeID, error) {
	if !IsResumeID(s) || len(s) > MaxResumeID {
		return ResumeID{}, errResumeID
	}
	var id ResumeID
	s = s[1:]
	if n := len(s); n > 0 && s[n-1] == '~' {
		id.More, s = true, s[:n-1]
	}
	if s != "" && s[0] != '.' {
		var ok bool
		if id.Epoch, s, ok = cutDigits(s, epochDigits); !ok || id.Epoch == 0 {
			return ResumeID{}, errResumeID
		}
		if id.Next, s, ok = cutNumber(s); !ok {
			return ResumeID{}, errResumeID
		}
	}
	for s != "" {
		var p KeyPosition
		key, rest, ok := cutDigits(s[1:], keyDigits)
		if !ok || s[0] != '.' || len(id.Positions) == MaxPositions {
			return ResumeID{}, errResumeID
		}
		p.Key = uint32(key)
		if p.Epoch, rest, ok = cutDigits(rest, epochDigits); !ok {
			return ResumeID{}, errResumeID
		}
		if p.Next, s, ok = cutNumber(rest); !ok {
			return ResumeID{}, errResumeID
		}
		id.Positions = append(id.Positions, p)
	}
	return id, nil
}

func cutDigits(s string, size int) (n uint64, rest string, ok bool) {
	if len(s) < size {
		return 0, "", false
	}
	for _, c := range []byte(s[:size]) {
		v := values[c]
		if v < 0 {
			return 0, "", false
		}
		n = n<<6 | uint64(v)
	}
	return n, s[size:], true
}

// cutNumber reads what AppendNumber writes, and nothing else.
func cutNumber(s string) (n uint64, rest string, ok bool) {
	size := 0
	for size < len(s) && values[s[size]] >= 0 {
		size++
	}
	if size > maxDigits {
		return 0, "", false
	}
	n, rest, ok = cutDigits(s, size)
	return n, rest, ok && size == NumberSize(n) && (size < maxDigits || values[s[0]] < 16) // 64 bits
}
