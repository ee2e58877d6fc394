package batch

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/nats-io/nats.go"

	"sluice/archive/subject"
	"sluice/cluster/loss"
)

// Header is the name of the header that makes a message a batch.
const Header = "Sluice-Batch"

// Version is the version of the form that is written.
const Version = "1"

const (
	isGap = 1 << iota
	isUnknown
	goesOn
	hasOwn
	hasLengths
	hasLatest
	allFlags = 1<<iota - 1
)

const (
	maxHead = 512 // bytes of the header's value
	sumSize = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the checksum of a message.
func sum(subject string, head, payload []byte) uint32 {
	s := crc32.Update(0, castagnoli, []byte(subject+"\x00"+Version))
	s = crc32.Update(s, castagnoli, head)
	return crc32.Update(s, castagnoli, payload)
}

func (h *Head) encode(subject string, payload []byte) string {
	b := make([]byte, 0, 128)
	var flags uint64
	if h.Gap != nil {
		flags |= isGap
		if h.Gap.Unknown {
			flags |= isUnknown
		}
	}
	if h.where() != (loss.Position{}) {
		flags |= goesOn
	}
	if h.Own != (Span{}) {
		flags |= hasOwn
	}
	if h.lengths {
		flags |= hasLengths
	}
	if h.Latest != 0 {
		flags |= hasLatest
	}
	b = binary.AppendUvarint(b, flags)
	b = binary.LittleEndian.AppendUint64(b, h.Epoch)
	b = binary.AppendUvarint(b, h.First)
	b = binary.AppendUvarint(b, h.Count)
	b = binary.AppendUvarint(b, h.Untimed)
	b = binary.AppendUvarint(b, h.raw)
	b = appendSpan(b, h.Arrived)
	if flags&hasOwn != 0 {
		b = appendSpan(b, h.Own)
	}
	if flags&goesOn != 0 {
		b = binary.LittleEndian.AppendUint64(b, h.where().Epoch)
		b = binary.AppendUvarint(b, h.where().Seq)
	}
	b = binary.AppendUvarint(b, h.Number)
	b = binary.AppendUvarint(b, h.Prev)
	for _, hop := range h.Hops {
		if hop != 0 {
			hop = h.Prev - hop + 1
		}
		b = binary.AppendUvarint(b, hop)
	}
	b = binary.AppendUvarint(b, h.kept)
	t := h.Before
	for _, n := range [...]uint64{t.Records, t.Raw, t.Kept, t.Gaps, t.Lost, t.Unknown} {
		b = binary.AppendUvarint(b, n)
	}
	if flags&hasLatest != 0 {
		b = binary.AppendVarint(b, h.Arrived.Latest-h.Latest)
	}
	b = binary.LittleEndian.AppendUint32(b, sum(subject, b, payload))
	value := make([]byte, 0, 2+base64.RawURLEncoding.EncodedLen(len(b)))
	value = append(append(value, Version...), '.')
	return string(base64.RawURLEncoding.AppendEncode(value, b))
}

func appendSpan(b []byte, s Span) []byte {
	return binary.AppendUvarint(binary.AppendVarint(b, s.Earliest), uint64(s.Latest-s.Earliest))
}

// Decode reads the head of a message, and checks it and the payload against its
// checksum. The head keeps nothing of the message.
func Decode(subject string, header nats.Header, payload []byte) (Head, error) {
	h, b, err := peek(subject, header)
	if err != nil {
		return Head{}, err
	}
	if h.kept != uint64(len(payload)) {
		return Head{}, damaged(subject, "its payload has another length than its head says")
	}
	head, want := b[:len(b)-sumSize], binary.LittleEndian.Uint32(b[len(b)-sumSize:])
	if sum(subject, head, payload) != want {
		return Head{}, damaged(subject, "its checksum is wrong")
	}
	if h.Gap != nil {
		if err := h.openGap(subject, payload); err != nil {
			return Head{}, err
		}
	}
	return h, nil
}

// Peek reads the head of a message that came without its payload, as to a consumer that
// wants headers alone. Nothing is checked against the checksum, and of a gap Hop and
// Reason are not known.
func Peek(subject string, header nats.Header) (Head, error) {
	h, _, err := peek(subject, header)
	return h, err
}

func peek(subj string, header nats.Header) (Head, []byte, error) {
	foreign := func() (Head, []byte, error) {
		return Head{}, nil, fmt.Errorf("read batch of subject %.100q: %w", subj, ErrForeign)
	}
	values := header[Header]
	consolidator, stream, err := subject.Parse(subj)
	if err != nil || len(values) != 1 || len(values[0]) > maxHead {
		return foreign()
	}
	version, text, ok := strings.Cut(values[0], ".")
	if !ok || version == "" || strings.Trim(version, "0123456789") != "" || version[0] == '0' {
		return foreign()
	}
	if version != Version {
		return Head{}, nil, fmt.Errorf("read batch of subject %.100q: form %.20s: %w", subj, version, ErrNewer)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) <= sumSize {
		return Head{}, nil, damaged(subj, "its head cannot be read")
	}
	h, ok := decode(b[:len(b)-sumSize])
	if !ok {
		return Head{}, nil, damaged(subj, "its head cannot be read")
	}
	h.Consolidator, h.Stream = consolidator, stream
	if h.Gap != nil {
		h.Gap.Stream = stream
	}
	return h, b, nil
}

func damaged(subject, what string) error {
	return fmt.Errorf("read batch of subject %.100q: %s: %w", subject, what, ErrDamaged)
}

// decode reads what encode writes; ok is false for anything else.
func decode(b []byte) (h Head, ok bool) {
	r := reader{rest: b}
	flags := r.number()
	h.Epoch = r.fixed()
	h.First, h.Count, h.Untimed, h.raw = r.number(), r.number(), r.number(), r.number()
	h.Arrived = r.span()
	if flags&hasOwn != 0 {
		h.Own = r.span()
	}
	var after loss.Position
	if flags&goesOn != 0 {
		after = loss.Position{Epoch: r.fixed(), Seq: r.number()}
	}
	h.Number, h.Prev = r.number(), r.number()
	for i := range h.Hops {
		if hop := r.number(); hop > h.Prev {
			return Head{}, false
		} else if hop != 0 {
			h.Hops[i] = h.Prev - hop + 1
		}
	}
	h.kept = r.number()
	t := &h.Before
	for _, n := range [...]*uint64{&t.Records, &t.Raw, &t.Kept, &t.Gaps, &t.Lost, &t.Unknown} {
		*n = r.number()
	}
	if flags&hasLatest != 0 {
		h.Latest = h.Arrived.Latest - r.signed()
		r.bad = r.bad || h.Latest == 0
	}
	h.lengths = flags&hasLengths != 0
	gap := flags&isGap != 0
	if gap {
		h.Gap = &loss.Loss{Count: h.Count, Unknown: flags&isUnknown != 0, After: after}
	}
	ok = !r.bad && len(r.rest) == 0 && flags&^allFlags == 0 && h.First+h.Count >= h.First && h.raw <= MaxRaw &&
		(gap && h.Untimed == 0 && !h.lengths && flags&hasOwn == 0 ||
			!gap && h.Count > 0 && h.Count <= h.raw && h.Untimed <= h.Count && flags&(isUnknown|goesOn) == 0)
	return h, ok
}

// reader reads numbers; bad tells whether one of them was none.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) {
	if n <= 0 || n > len(r.rest) {
		r.rest, r.bad = nil, true
		return
	}
	r.rest = r.rest[n:]
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.take(n)
	return v
}

func (r *reader) fixed() (v uint64) {
	if len(r.rest) >= 8 {
		v = binary.LittleEndian.Uint64(r.rest)
	}
	r.take(8)
	return v
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.rest)
	r.take(n)
	return v
}

func (r *reader) span() Span {
	earliest := r.signed()
	s := Span{earliest, earliest + int64(r.number())}
	r.bad = r.bad || s.Latest < s.Earliest
	return s
}
