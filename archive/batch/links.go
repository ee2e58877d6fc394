package batch

import "time"

// Spans are the distances that hops go back: the hop of span 16 leads to the last batch
// before this one whose number is a multiple of 16, and so on. So from the last of n
// batches any other is reached by 15 gets for each span, and n/65536.
var Spans = [4]uint64{16, 256, 4096, 65536}

// Links lead from a batch to those before it on its subject, by their sequences in the
// JetStream stream (0 is none), and say what those hold. The zero Links are those of a
// subject's first batch.
type Links struct {
	Number uint64 // how many batches came before it
	Prev   uint64 // the one before
	Hops   [len(Spans)]uint64
	Before Totals

	// Latest is the latest time by which any record before is found, in Unix milliseconds: see
	// [Head.Newest]. 0 where nothing came before, or nobody knows.
	Latest int64
}

// Ahead is how far a record's own time counts as later than all that is known of time until
// then: its arrival, and the times of the records before it. So one record from the far
// future is not found by its time, and does not have all be read that came after it.
const Ahead = 24 * time.Hour

// Newest is the latest time by which a record up to the end of this batch is found, in Unix
// milliseconds: its own or its arrival. Along a subject it never goes back, whatever clocks
// do, so the first batch in which it reaches a time is where reading since then begins.
func (h *Head) Newest() int64 {
	known := max(h.Latest, h.Arrived.Latest)
	if h.Own == (Span{}) {
		return known
	}
	return max(known, min(h.Own.Latest, known+Ahead.Milliseconds()))
}

// Totals are sums over batches of one subject. Those before the first batch that is held,
// taken from those behind the last, are what is held.
type Totals struct {
	Records uint64
	Raw     uint64 // bytes of records, with one each that divides them
	Kept    uint64 // bytes of payloads
	Gaps    uint64 // batches that are gaps
	Lost    uint64 // records lost in them
	Unknown uint64 // those of them that say that more were lost
}

// Sub are the sums behind some batches without those before them.
func (t Totals) Sub(before Totals) Totals {
	return Totals{
		t.Records - before.Records, t.Raw - before.Raw, t.Kept - before.Kept,
		t.Gaps - before.Gaps, t.Lost - before.Lost, t.Unknown - before.Unknown,
	}
}

// After are the links of the batch that comes next on the subject, when this one stands at
// a sequence. So a subject's last batch is all that whoever appends must know.
func (h *Head) After(sequence uint64) Links {
	l := h.Links
	for i, span := range Spans {
		if l.Number%span == 0 {
			l.Hops[i] = sequence
		}
	}
	l.Number++
	l.Prev = sequence
	l.Before, l.Latest = h.Totals(), h.Newest()
	return l
}

// Totals are the sums up to the end of this batch.
func (h *Head) Totals() Totals {
	t := h.Before
	t.Kept += h.kept
	switch {
	case h.Gap == nil:
		t.Records += h.Count
		t.Raw += h.raw
	case h.Gap.Unknown:
		t.Unknown++
		fallthrough
	default:
		t.Gaps++
		t.Lost += h.Count
	}
	return t
}
