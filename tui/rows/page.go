package rows

import (
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// Page is consecutive records from before those that a store holds, the oldest first, with
// the gaps among them. It is made by one goroutine, and never changes once it was put into
// a [Past].
type Page struct {
	names   Names // of its own
	ids     map[string]uint16
	entries []Entry // their slab is 0: all bytes are in data
	data    []byte
	places  []loss.Position // of epoch 0: none

	Begin Edges // where it begins: what comes before that is not in it

	first uint64 // number of its first record, in a Past
}

// NewPage is an empty page of some streams.
func NewPage(streams []string) *Page {
	return &Page{names: Names{Streams: streams, Merged: len(streams) > 1}, ids: make(map[string]uint16)}
}

// Len is how many records and gaps there are, and Bytes the memory that they take.
func (p *Page) Len() int { return len(p.entries) }

func (p *Page) Bytes() int64 {
	return int64(cap(p.entries)*entrySize+cap(p.places)*16) + int64(cap(p.data))
}

// First is the number of its first record in the Past that it was put into.
func (p *Page) First() uint64 { return p.first }

// Names are what its entries point at, until it is put into a Past.
func (p *Page) Names() *Names { return &p.names }

// Row is one of its rows.
func (p *Page) Row(i int) (*Entry, []byte) {
	e := &p.entries[i]
	return e, e.In(p.data)
}

// Place is where one of its records stands; false: it is none.
func (p *Page) Place(i int) (Place, bool) {
	e := &p.entries[i]
	at := Place{p.names.Streams[e.Stream], p.names.Sources[e.Source], p.places[i]}
	return at, at.Epoch != 0
}

// Add adds a record of one of the streams. It copies its data.
func (p *Page) Add(r *stream.Record, of int) {
	head := record.Peek(r.Data)
	e := entryOf(r, &head)
	e.Kind, e.Source, e.Stream = KindBackfill, p.source(r.Source), uint16(of)
	p.add(e, r.Data, r.Position)
}

// Gap adds a row for records that were lost; text is what it says.
func (p *Page) Gap(n *stream.Notice, text []byte, of int) {
	p.note(kindGap, n.Time, p.source(n.Source), uint16(of), text)
}

// Say adds a row that says something of a time.
func (p *Page) Say(at time.Time, text string) {
	p.note(KindState, at, p.source(""), 0, []byte(text))
}

func (p *Page) note(k Kind, at time.Time, source, of uint16, text []byte) {
	e := Entry{Time: at.UnixMilli(), Own: true, Kind: k, Level: int16(record.Warn), Source: source, Stream: of}
	if k == KindState {
		e.Level = int16(record.Info)
	}
	p.add(e, text, loss.Position{})
}

// Copy adds a row of another page, of the same streams.
func (p *Page) Copy(from *Page, i int) {
	e, data := from.Row(i)
	c := *e
	c.Source = p.source(from.names.Sources[e.Source])
	p.add(c, data, from.places[i])
}

func (p *Page) add(e Entry, data []byte, at loss.Position) {
	e.off, e.size = uint32(len(p.data)), uint32(len(data))
	p.entries = append(p.entries, e)
	p.data = append(p.data, data...)
	p.places = append(p.places, at)
}

func (p *Page) source(name string) uint16 {
	if id, ok := p.ids[name]; ok {
		return id
	}
	if len(p.names.Sources) == MaxSources {
		return MaxSources - 1
	}
	id := uint16(len(p.names.Sources))
	p.names.Sources = append(p.names.Sources, name)
	p.ids[name] = id
	return id
}
