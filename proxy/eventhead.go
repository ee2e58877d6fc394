package proxy

import (
	"sluice/cluster/httpapi"
)

// eventHead writes how the events of records begin, "id: …" and "data: ", for
// one after the other: most often two numbers grow by one, and are counted up
// in place.
type eventHead struct {
	id     httpapi.EventID // of the one before
	text   []byte
	number int // where its number ends in text
	seq    int // where its sequence number ends
}

// of returns the beginning of the event with that id, valid until the next call.
func (h *eventHead) of(id httpapi.EventID) []byte {
	follows := len(h.text) > 0 && id.Seq == h.id.Seq+1 && id.Next == h.id.Next+1 && id.Source == h.id.Source && id.Epoch == h.id.Epoch
	h.id = id
	if follows && increment(h.text[:h.number]) && increment(h.text[:h.seq]) {
		return h.text
	}
	h.text = append(h.text[:0], idLine...)
	h.text = id.AppendEvent(h.text)
	h.seq = len(h.text)
	h.number = h.seq
	for dots := 0; h.number > 0 && dots < 2; {
		if h.number--; h.text[h.number] == '.' {
			dots++
		}
	}
	h.text = append(h.text, dataLine...)
	return h.text
}

// increment adds one to the number in base 36 at the end of text. It reports
// false when that takes one digit more than there are; the text is spoilt then.
func increment(text []byte) bool {
	for i := len(text) - 1; i >= 0; i-- {
		switch c := text[i]; {
		case c == '9':
			text[i] = 'a'
			return true
		case '0' <= c && c < '9', 'a' <= c && c < 'z':
			text[i]++
			return true
		case c != 'z':
			return false
		}
		text[i] = '0'
	}
	return false
}
