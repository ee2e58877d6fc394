package entry

import (
	"encoding/binary"
	"math"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
)

// The head of an entry: its kind, the size of what follows, the number of the
// consolidator, and the sequence number there.
const (
	atSize   = 1
	atSource = 5
	atSeq    = 9
	headSize = 17
)

// The kinds of entry.
const (
	kindRecord = 'r'
	kindLoss   = 'l'
)

// Entry is one entry of a log. Its Data is shared with the log.
type Entry struct {
	Lost   bool   // it is a loss
	Source uint64 // number of the consolidator; 0 for none
	Seq    uint64 // of the record at that consolidator; of the last one that was lost, or None
	Count  uint64 // of a loss: records lost, exactly; 0 when only an unknown number was
	Data   []byte // the record, one line; or what Loss reads
}

// None is the sequence number before 0: nothing of that consolidator was ever
// had when the loss came.
const None = math.MaxUint64

// ID is the id of an entry, which stands before the place next in a log.
func (e *Entry) ID(epoch, next uint64) httpapi.EventID {
	id := httpapi.EventID{Epoch: epoch, Next: next, Source: e.Source, Seq: e.Seq}
	if e.Seq == None {
		id.Source, id.Seq = 0, 0
	}
	return id
}

// Numbers is how many sequence numbers of the log the entry takes: a loss as
// many as records were lost, and at least one.
func (e *Entry) Numbers() uint64 { return max(1, e.Count) }

// AppendHead appends the head of a record of that many bytes. The record, which
// is normalised, follows it.
func AppendHead(dst []byte, source, seq uint64, size int) []byte {
	return appendHead(dst, kindRecord, source, seq, size)
}

func appendHead(dst []byte, kind byte, source, seq uint64, size int) []byte {
	dst = append(dst, kind)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(size))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(source))
	return binary.LittleEndian.AppendUint64(dst, seq)
}

// First reads the first of the entries, and returns its size.
func First(entries []byte) (e Entry, size int) {
	_ = entries[headSize-1]
	size = headSize + int(binary.LittleEndian.Uint32(entries[atSize:]))
	e = Entry{
		Source: uint64(binary.LittleEndian.Uint32(entries[atSource:])),
		Seq:    binary.LittleEndian.Uint64(entries[atSeq:]),
		Data:   entries[headSize:size:size],
	}
	if entries[0] == kindLoss {
		e.Lost, e.Count = true, binary.LittleEndian.Uint64(e.Data)
	}
	return e, size
}

// Next walks a log: the size of its first entry, and how many numbers it takes.
func Next(entries []byte) (size int, numbers uint64) {
	size = headSize + int(binary.LittleEndian.Uint32(entries[atSize:]))
	if entries[0] == kindLoss {
		return size, max(1, binary.LittleEndian.Uint64(entries[headSize:]))
	}
	return size, 1
}

// Loss is a loss upstream. Its stream is that of the log.
type Loss struct {
	loss.Loss
	Total uint64    // lost so far
	Since time.Time // nothing was lost before it
	// OfNext says that what was lost is of the epoch that After is in, and
	// that a loss of an unknown number stands before it.
	OfNext bool
}

// What is encoded of a loss: numbers of 8 bytes, a byte of flags, then three
// strings, each behind its length in 2 bytes.
const (
	lossAfter = 3 * 8 // behind Count, Total, Since
	lossFlags = 5 * 8

	flagUnknown = 1 << 0
	flagOfNext  = 1 << 1
)

// AppendLoss appends an entry that is a loss; seq is that of the last record
// lost, or None.
func AppendLoss(dst []byte, source, seq uint64, l Loss) []byte {
	texts := [...]string{short(l.Hop), short(l.Reason), short(l.Source)}
	size := lossFlags + 1
	for _, s := range texts {
		size += 2 + len(s)
	}
	dst = appendHead(dst, kindLoss, source, seq, size)
	for _, n := range [...]uint64{l.Count, l.Total, uint64(l.Since.UnixNano()), l.After.Epoch, l.After.Seq} {
		dst = binary.LittleEndian.AppendUint64(dst, n)
	}
	flags := byte(0)
	if l.Unknown {
		flags |= flagUnknown
	}
	if l.OfNext {
		flags |= flagOfNext
	}
	dst = append(dst, flags)
	for _, s := range texts {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(s)))
		dst = append(dst, s...)
	}
	return dst
}

// short cuts a text to what its length can be written of.
func short(s string) string { return s[:min(len(s), 1<<16-1)] }

// Loss reads what a loss has, with the entry's Count.
func (e *Entry) Loss() Loss {
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(e.Data[i*8:]) }
	l := Loss{Total: number(1), Since: time.Unix(0, int64(number(2))), OfNext: e.OfNext()}
	l.Count, l.Unknown, l.After = e.Count, e.Data[lossFlags]&flagUnknown != 0, e.After()
	rest := e.Data[lossFlags+1:]
	for _, s := range [...]*string{&l.Hop, &l.Reason, &l.Source} {
		end := 2 + int(binary.LittleEndian.Uint16(rest))
		*s = string(rest[2:end])
		rest = rest[end:]
	}
	return l
}

// After is Loss.After of a loss.
func (e *Entry) After() loss.Position {
	return loss.Position{
		Epoch: binary.LittleEndian.Uint64(e.Data[lossAfter:]), Seq: binary.LittleEndian.Uint64(e.Data[lossAfter+8:]),
	}
}

// OfNext is Loss.OfNext of a loss.
func (e *Entry) OfNext() bool { return e.Data[lossFlags]&flagOfNext != 0 }
