package batch

// Spans are the distances that hops go back: the hop of span 16 leads to the last batch
// before this one whose number is a multiple of 16, and so on. So from the last of n
// batches any other is reached by 15 gets for each span, and n/65536.
var Spans = [4]uint64{16, 256, 4096, 65536}

// Links lead from a batch to those before it on its subject, by their sequences in the
// JetStream stream. 0 is none. The zero Links are those of a subject's first batch.
type Links struct {
	Number uint64 // how many batches came before it
	Prev   uint64 // the one before
	Hops   [len(Spans)]uint64
}

// After are the links of the batch that comes next, when the one with these links stands
// at a sequence. So a subject's last batch is all that whoever appends must know.
func (l Links) After(sequence uint64) Links {
	for i, span := range Spans {
		if l.Number%span == 0 {
			l.Hops[i] = sequence
		}
	}
	l.Number++
	l.Prev = sequence
	return l
}
