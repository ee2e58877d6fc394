package direct_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

// A consumer that does not take costs no more than the inbox, and is told
// exactly what that cost it.
func TestConsumerThatDoesNotTake(t *testing.T) {
	noLeaks(t)
	const inbox = 64 << 10
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", StreamBuffer: 256 << 10})
	s := reads(t, direct.Config{Inbox: inbox}, c.SubscribeAddrs()...)
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)

	const total = 60_000
	filler := strings.Repeat("x", 500)
	p := publishTo(t, c)
	var b []byte
	for i := range total {
		b = zmtp.AppendMessage(b, "s", fmt.Appendf(nil, `{"i":%d,"filler":%q}`, i, filler))
	}
	if _, err := p.conn.Write(b); err != nil {
		t.Fatal(err)
	}
	accepted(t, c, "s", total)

	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	next, lost, largest := uint64(0), uint64(0), 0
	for next < total {
		b, err := s.Take(ctx)
		if err != nil {
			t.Fatalf("take: %v, at %d", err, next)
		}
		size := 0
		gaps := b.Notices
		for i := range len(b.Records) + 1 {
			for ; len(gaps) > 0 && gaps[0].At == i; gaps = gaps[1:] {
				if gaps[0].Kind == stream.KindAway || gaps[0].Kind == stream.KindState {
					continue // this machine stood still
				}
				if g := gaps[0]; g.Kind != stream.KindGap || g.Unknown || g.Count == 0 {
					t.Fatalf("told %+v", g)
				}
				next += gaps[0].Count
				lost += gaps[0].Count
			}
			if i == len(b.Records) {
				break
			}
			r := b.Records[i]
			size += len(r.Data) + stream.RecordCost
			if want := fmt.Sprintf(`{"i":%d,`, next); !strings.HasPrefix(string(r.Data), want) || r.Position.Seq != next {
				t.Fatalf("record %.20s at %d, expected %d", r.Data, r.Position.Seq, next)
			}
			next++
		}
		largest = max(largest, size)
		b.Release()
	}
	if lost == 0 || next != total {
		t.Errorf("%d lost; the last is %d of %d", lost, next, total)
	}
	// What is put at once is what was held, and one record more.
	if limit := inbox + direct.MaxHeld + 2048; largest > limit {
		t.Errorf("a batch of %d bytes, more than %d", largest, limit)
	}
	t.Logf("%d of %d lost, at most %d bytes waited", lost, total, largest)
}
