package history

import (
	"bytes"
	"slices"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// held is records that are kept, with data of their own, and notices among them.
type held struct {
	records []stream.Record
	notices []stream.Notice
	bytes   int
}

func (h *held) add(records []stream.Record, notices []stream.Notice) {
	at := len(h.records)
	for _, n := range notices {
		n.At += at
		h.notices = append(h.notices, n)
	}
	for _, r := range records {
		if r.Data = bytes.Clone(r.Data); r.Data == nil {
			r.Data = []byte{}
		}
		h.records = append(h.records, r)
		h.bytes += len(r.Data) + stream.RecordCost
	}
}

// begins is where what is held begins, by consolidator.
func (h *held) begins() map[string]loss.Position {
	begins := make(map[string]loss.Position)
	begin := func(source string, at loss.Position) {
		if _, known := begins[source]; !known && at.Epoch != 0 {
			begins[source] = at
		}
	}
	h.each(func(n *stream.Notice) {
		if n.Kind == stream.KindPosition {
			begin(n.Source, n.Position)
		}
	}, func(r *stream.Record) { begin(r.Source, r.Position) })
	return begins
}

// ends is what comes next at each consolidator.
func (h *held) ends() map[string]loss.Position {
	t := tail{at: make(map[string]loss.Position)}
	h.each(func(n *stream.Notice) {
		switch n.Kind {
		case stream.KindPosition:
			t.at[n.Source] = n.Position
		case stream.KindGap:
			t.pass(n)
		}
	}, func(r *stream.Record) {
		t.at[r.Source] = loss.Position{Epoch: r.Position.Epoch, Seq: r.Position.Seq + 1}
	})
	return t.at
}

// each visits all in order.
func (h *held) each(notice func(*stream.Notice), record func(*stream.Record)) {
	notices := h.notices
	for i := 0; i <= len(h.records); i++ {
		for ; len(notices) > 0 && notices[0].At <= i; notices = notices[1:] {
			notice(&notices[0])
		}
		if i < len(h.records) {
			record(&h.records[i])
		}
	}
}

// before puts older records before those that are held, all in the order of their times,
// with each notice before the record of its consolidator that it stood before.
func (h *held) before(old held) {
	byRecord := make(map[loss.Position][]stream.Notice) // before which they stand; of the last ones, the zero one
	var ends []stream.Notice
	place := func(part *held) {
		waiting := make(map[string][]stream.Notice)
		part.each(func(n *stream.Notice) {
			waiting[n.Source] = append(waiting[n.Source], *n)
		}, func(r *stream.Record) {
			if list := waiting[r.Source]; len(list) > 0 {
				byRecord[r.Position] = append(byRecord[r.Position], list...)
				delete(waiting, r.Source)
			}
		})
		for _, n := range part.notices { // those behind the last record of theirs
			if list := waiting[n.Source]; len(list) > 0 {
				ends = append(ends, list[0])
				waiting[n.Source] = list[1:]
			}
		}
	}
	place(&old)
	place(h)
	all := held{records: stream.MergeByTime(slices.Concat(old.records, h.records)), bytes: old.bytes + h.bytes}
	for i := range all.records {
		list, ok := byRecord[all.records[i].Position]
		if !ok {
			continue
		}
		delete(byRecord, all.records[i].Position)
		for _, n := range list {
			n.At = i
			all.notices = append(all.notices, n)
		}
	}
	for _, n := range ends {
		n.At = len(all.records)
		all.notices = append(all.notices, n)
	}
	*h = all
}
