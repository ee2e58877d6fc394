package rows

import (
	"time"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// Entry is what a store knows of one record without looking at its bytes. It
// has no pointers.
type Entry struct {
	Time    int64 // Unix milliseconds: the record's own, or that of its arrival
	slab    uint32
	off     uint32
	size    uint32
	Source  uint16 // index into the store's sources
	Stream  uint16 // index into the store's streams
	Level   int16  // bunyan's number, cut at 32767; 0 none, or record.Unknown
	Kind    Kind
	Own     bool // time is the record's own
	Foreign bool // see record.Head
	Plain   bool // its words stand in its bytes as in its row: see query.Plain
	Late    bool // its time is before that of a record that stands above it
}

// entryOf is the entry of a record, whose head was read, without its source and stream.
func entryOf(r *stream.Record, head *record.Head) Entry {
	e := Entry{
		Time: head.Time, Own: head.Time != 0, Foreign: head.Foreign,
		Level: int16(min(int(head.Level), 1<<15-1)), Plain: !head.Encoded && query.Plain(r.Data),
	}
	if !e.Own {
		e.Time = r.Arrived / int64(time.Millisecond)
	}
	return e
}

// Begin and End are where the bytes of an entry are in their slab.
func (e *Entry) Begin() uint32 { return e.off }
func (e *Entry) End() uint32   { return e.off + e.size }

// In are the bytes of an entry in the memory of its slab.
func (e *Entry) In(mem []byte) []byte { return mem[e.off : e.off+e.size] }

// IsError reports whether an entry is a record of level error or above.
func (e *Entry) IsError() bool { return record.Level(e.Level) >= record.Error && !e.Kind.Notice() }

// Kind tells records from notices.
type Kind uint8

const (
	KindRecord   Kind = iota
	KindBackfill      // a record from before the client came
	kindGap           // records were lost here; the bytes are the text to show
	KindState         // a source was lost here, or came back; likewise
	KindStreams       // streams of a pattern appeared or ended; likewise
	KindLeft          // no store has it: records that do not pass a filter are left out here; likewise
	KindSeam          // no store has it: records are no longer held here, between two that are; likewise
)

// Loss reports whether an entry says that records were lost.
func (k Kind) Loss() bool { return k == kindGap }

// Between reports whether an entry is none of a store, but stands between two that are.
func (k Kind) Between() bool { return k == KindSeam || k == KindLeft }

// Notice reports whether an entry is no record, but says what happened.
func (k Kind) Notice() bool { return k >= kindGap }

// Lost reports whether an entry is a gap: records were lost there.
func (k Kind) Lost() bool { return k == kindGap }

// Names are what entries point at. They only grow.
type Names struct {
	Sources []string
	Streams []string
	Merged  bool // rows show their stream
}
