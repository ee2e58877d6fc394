package batch_test

import (
	"bytes"
	"errors"
	"testing"

	"sluice/archive/batch"
)

// What is foreign never gives more than its bounds, and what is taken for a batch is
// written again as the same head.
func FuzzDecode(f *testing.F) {
	for _, records := range [][]string{{"one"}, {"a\nb", ""}, {`{"a":1}`, `{"a":2}`}} {
		m, _ := built(f, records...)
		f.Add(m.Subject, m.Header.Get(batch.Header), m.Payload)
	}
	f.Add("logs.vm.s", "2.AAAA", []byte{})
	f.Fuzz(func(t *testing.T, subject, header string, payload []byte) {
		values := map[string][]string{batch.Header: {header}}
		head, err := batch.Peek(subject, values)
		if err != nil {
			if !errors.Is(err, batch.ErrForeign) && !errors.Is(err, batch.ErrNewer) && !errors.Is(err, batch.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		r, buf, err := head.Open(payload, nil)
		if err != nil && !errors.Is(err, batch.ErrDamaged) {
			t.Fatal(err)
		}
		if cap(buf) > 2*batch.MaxRaw {
			t.Fatalf("%d bytes", cap(buf))
		}
		var n uint64
		for range r.All() {
			n++
		}
		if err == nil && head.Gap == nil && n != head.Count {
			t.Fatalf("%d records, the head says %d", n, head.Count)
		}
		if _, err := batch.Decode(subject, values, payload); err != nil && !errors.Is(err, batch.ErrDamaged) {
			t.Fatal(err)
		}
	})
}

// Any bytes come back as they were, however they are divided into records.
func FuzzRecordsComeBack(f *testing.F) {
	f.Add([]byte("a,b\n,,c"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records := bytes.Split(data, []byte{','})
		var b batch.Builder
		for _, r := range records {
			if b.Full() || b.Add(r, 1, 1) != nil {
				return
			}
		}
		h := batch.Head{Consolidator: "vm", Stream: "s"}
		m := b.Encode(&h)
		_, got := opened(t, m)
		if len(got) != len(records) {
			t.Fatalf("%d records of %d", len(got), len(records))
		}
		for i, r := range records {
			if got[i] != string(r) {
				t.Fatalf("record %d is %q, was %q", i, got[i], r)
			}
		}
	})
}
