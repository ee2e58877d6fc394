package entry_test

import (
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/proxy/entry"
)

// A log of records and losses is walked and read as it was written, whatever
// is in them.
func FuzzEntries(f *testing.F) {
	f.Add("tenant/acme", "reader too slow", []byte(`{"msg":"x"}`), uint64(3), uint64(1<<40), int64(7), uint64(0))
	f.Add("", "\n\ndata: \u2028", []byte("{}"), uint64(1<<63), uint64(1), int64(-1), uint64(1))
	f.Fuzz(func(t *testing.T, name, reason string, record []byte, count, seq uint64, since int64, epoch uint64) {
		lost := entry.Loss{
			Loss: loss.Loss{
				Count: count, Unknown: count%2 == 0, Hop: loss.AtNetwork, After: loss.Position{Epoch: epoch, Seq: seq},
				Reason: reason[:min(len(reason), 1<<16-1)], Source: name[:min(len(name), 1<<16-1)],
			},
			Total: count + 1, Since: time.Unix(0, since), OfNext: count%3 == 0,
		}
		log := append(entry.AppendHead(nil, 5, seq, len(record)), record...)
		log = entry.AppendLoss(log, 6, seq, lost)
		log = append(entry.AppendHead(log, 7, seq+1, len(record)), record...)
		for i, source := range []uint64{5, 6, 7} {
			size, numbers := entry.Next(log)
			e, n := entry.First(log)
			if size != n || numbers != e.Numbers() || e.Source != source || e.Lost != (i == 1) {
				t.Fatalf("entry %d is %+v, walked as %d bytes and %d numbers", i, e, size, numbers)
			}
			if e.Lost {
				if got := e.Loss(); got != lost || numbers != max(1, count) || e.Seq != seq {
					t.Fatalf("loss %+v is read as %+v", lost, got)
				}
			} else if string(e.Data) != string(record) || numbers != 1 || e.Seq != seq+uint64(i/2) {
				t.Fatalf("record %q is read as %+v", record, e)
			}
			log = log[size:]
		}
		if len(log) != 0 {
			t.Fatalf("%d bytes behind the last entry", len(log))
		}
	})
}

func TestReadingAllocatesNothing(t *testing.T) {
	log := append(entry.AppendHead(nil, 1, 2, 2), "{}"...)
	if n := testing.AllocsPerRun(100, func() {
		e, _ := entry.First(log)
		_, _ = entry.Next(log)
		_ = e.Numbers()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
