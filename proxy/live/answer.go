package live

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	"sluice/cluster/httpapi"
	"sluice/cluster/jsonscan"
)

// Answer is the list, or a page of it, as it was at a time: as JSON, the form of
// httpapi.StreamsEvent, in pieces, so that a long one is nowhere as a whole but where
// all readers share it. Make it with [List.Answer]; it is for one goroutine.
type Answer struct {
	from  *snapshot
	page  Page
	opens func(name string) bool // nil: all

	text  []byte              // what is left of it, if it is the whole list
	list  []httpapi.LiveEvent // what is left, otherwise
	begun bool
	told  int
	last  string
}

// Answer returns the streams of a page that opens lets through; opens nil lets all
// through.
func (l *List) Answer(p Page, opens func(name string) bool) *Answer {
	from := l.current()
	a := &Answer{from: from, page: p, opens: opens}
	if a.whole() {
		a.text = from.json()
	} else {
		a.list = from.list[p.first(from.list):]
	}
	return a
}

func (a *Answer) whole() bool { return a.opens == nil && a.page.all() }

// Next returns the next piece, which is valid until the one after it, and about so many
// bytes long, and reports whether there is more.
func (a *Answer) Next(size int) (piece []byte, more bool) {
	if a.whole() {
		piece = a.text[:min(size, len(a.text))]
		a.text = a.text[len(piece):]
		return piece, len(a.text) > 0
	}
	if !a.begun {
		a.begun = true
		piece = append(piece, beginning...)
	}
	for len(piece) < size {
		s, ok, next := a.take()
		if !ok {
			return appendEnd(piece, next), false
		}
		piece = appendStream(piece, a.told > 0, s)
		a.told++
		a.last = s.Name
	}
	return piece, true
}

// take returns the next stream of the page, or the name after which there are more; ""
// is that there are none.
func (a *Answer) take() (s *httpapi.LiveEvent, ok bool, next string) {
	for len(a.list) > 0 {
		s := &a.list[0]
		a.list = a.list[1:]
		switch {
		case !a.page.has(s.Name):
			a.list = nil
		case a.opens != nil && !a.opens(s.Name):
		case a.page.Limit > 0 && a.told == a.page.Limit:
			a.list = nil
			return nil, false, a.last
		default:
			return s, true, ""
		}
	}
	return nil, false, ""
}

// Seen is which answer a reader had last; the zero value is none.
type Seen struct {
	version, sum uint64
}

var seed = maphash.MakeSeed()

// News reports whether the answer, of which nothing was taken yet, is another one than
// what was seen, and notes it as seen.
func (a *Answer) News(seen *Seen) bool {
	if a.from.version == seen.version {
		return false
	}
	now := Seen{version: a.from.version}
	if !a.whole() {
		now.sum = a.sum()
	}
	news := seen.version == 0 || a.whole() || now.sum != seen.sum
	*seen = now
	return news
}

// sum is of all that the answer has: the same for the same streams.
func (a *Answer) sum() uint64 {
	rest := *a
	var h maphash.Hash
	h.SetSeed(seed)
	var figures []byte
	for {
		s, ok, next := rest.take()
		if !ok {
			_, _ = h.WriteString(next)
			return h.Sum64()
		}
		rest.told++
		rest.last = s.Name
		figures = binary.LittleEndian.AppendUint64(figures[:0], math.Float64bits(s.Rate))
		figures = binary.LittleEndian.AppendUint64(figures, math.Float64bits(s.Bytes))
		figures = binary.LittleEndian.AppendUint64(figures, s.Records)
		figures = binary.LittleEndian.AppendUint64(figures, uint64(s.Sources))
		figures = binary.LittleEndian.AppendUint64(figures, uint64(len(s.Name)))
		_, _ = h.Write(figures)
		_, _ = h.WriteString(s.Name)
	}
}

const beginning = `{"streams":[`

// appendWhole appends a whole list.
func appendWhole(dst []byte, list []httpapi.LiveEvent) []byte {
	dst = append(dst, beginning...)
	for i := range list {
		dst = appendStream(dst, i > 0, &list[i])
	}
	return appendEnd(dst, "")
}

// appendStream appends a stream, after another one or not.
func appendStream(dst []byte, after bool, s *httpapi.LiveEvent) []byte {
	if after {
		dst = append(dst, ',')
	}
	return append(dst, jsonOf(s)...)
}

// appendEnd appends what stands after the streams.
func appendEnd(dst []byte, next string) []byte {
	dst = append(dst, ']')
	if next != "" {
		dst = append(append(dst, `,"next":`...), jsonOf(next)...)
	}
	return append(dst, '}')
}

func jsonOf(v any) []byte {
	b, err := jsonscan.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers always have a form
	}
	return b
}
