package history

import (
	"context"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/stream"
)

// A batch that names itself, or a later one, as what comes before it, as when somebody copied
// the archive into another JetStream stream, leads nowhere: it is damaged, and the others
// are read.
func TestLinksThatLeadForwardAreNotFollowed(t *testing.T) {
	for name, prev := range map[string]uint64{"itself": 3, "a later one": 4} {
		t.Run(name, func(t *testing.T) {
			e, client := opened(t)
			var links batch.Links
			var at uint64
			for n := range uint64(5) {
				var b batch.Builder
				if err := b.Add([]byte(`{"a":1}`), 0, time.Now().UnixMilli()); err != nil {
					t.Fatal(err)
				}
				h := batch.Head{Consolidator: "vm-0", Stream: testStream, Epoch: 7, First: n, Links: links}
				if n == 2 {
					h.Prev = prev
				}
				at = appended(t, e, b.Encode(&h), testStream, at)
				links = h.After(at)
			}
			for _, q := range []Query{{}, {Last: 10}, {From: time.Now().Add(-time.Hour)}} {
				q.Stream = testStream
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				records, lost := 0, uint64(0)
				_, err := New(client).Read(ctx, q, func(r []stream.Record, notices []stream.Notice) error {
					records += len(r)
					for _, n := range notices {
						lost += n.Count
					}
					return nil
				})
				if err != nil || records != 4 || lost != 1 {
					t.Errorf("%d records, %d lost, %v", records, lost, err)
				}
			}
		})
	}
}
