package consolidator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
)

// A tenant that floods until the buffer was filled many times does not shorten
// the logs of others below their share: those who stay within it keep every
// record, and who wants more has its share at least.
func TestFloodKeepsOthersShares(t *testing.T) {
	volume.Check(t)
	const buffer, tenants = 16 << 20, 8
	const share = buffer / (tenants + 2)
	c := spawn(t, "--buffer", "16MiB", "--stream-buffer", "16MiB")
	p := testpeer.Dial(t, c.publish, testpeer.AsForeignPublisher)
	filler := strings.Repeat("x", 1000)
	publish := func(name string, from, n int) (bytes int) {
		var b []byte
		for i := range n {
			b = zmtp.AppendMessage(b, name, fmt.Appendf(nil, `{"i":%d,"filler":%q}`, from+i, filler))
		}
		p.Send(b)
		return len(b)
	}
	// Chunks are not full to the last byte: a little less than a share.
	held := 0
	for size := 0; size < share-192<<10; held++ {
		size += publish("tenant/0", held, 1)
	}
	for k := 1; k < tenants; k++ {
		publish(fmt.Sprint("tenant/", k), 0, held)
	}
	// One that takes more than its share while there is room.
	greedy := 2 * held
	publish("tenant/greedy", 0, greedy)
	const batch = 500
	flooded := 0
	for ; flooded*1000 < 4*buffer; flooded += batch {
		publish("tenant/flood", flooded, batch)
	}
	p.Settle()

	s := source(t, direct.Config{Consolidators: []string{c.subscribe}})
	first := func(name string, published int) (have int) {
		t.Helper()
		var got seen
		s.Tail(name, stream.Backfill{Last: 1 << 30})
		newest := fmt.Sprintf(`{"i":%d,`, published-1)
		until(t, s, &got, func() bool {
			n := len(got.records)
			return n > 0 && strings.HasPrefix(got.records[n-1], newest)
		})
		for i, r := range got.records {
			var rec struct{ I int }
			if err := json.Unmarshal([]byte(r), &rec); err != nil {
				t.Fatal(err)
			}
			if want := published - len(got.records) + i; rec.I != want {
				t.Fatalf("%s: record %d, expected %d", name, rec.I, want)
			}
		}
		return len(got.records)
	}
	for k := range tenants {
		if n := first(fmt.Sprint("tenant/", k), held); n != held {
			t.Errorf("tenant %d is within its share, and has %d records of %d", k, n, held)
		}
	}
	least := (share - 192<<10) / 1100
	n, flood := first("tenant/greedy", greedy), first("tenant/flood", flooded)
	if n < least || n == greedy {
		t.Errorf("the greedy one has %d records of %d, and its share is %d", n, greedy, least)
	}
	if flood < least {
		t.Errorf("the flood has %d records, and its share is %d", flood, least)
	}
	t.Logf("each of %d kept all %d records; the greedy one %d of %d, the flood %d of %d", tenants, held, n, greedy, flood, flooded)
}
