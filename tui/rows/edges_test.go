package rows_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/tui/rows"
)

// Of the lives of a log it is known which came behind a place, whether records of that are
// held, were let go, or were never there.
func TestWhichEpochsCameBehindAPlace(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	all := rows.NewStores(1<<20, 1<<40)
	all.KeepPositions()
	s, _ := all.Open([]string{"system", "tenant/acme"}, at)
	defer all.Close(s)
	if later := s.Later(nil); len(later) != 0 {
		t.Errorf("before anything came: %v", later)
	}
	for i, epoch := range []uint64{5, 5, 9, 2, 2} {
		for _, name := range []string{"system", "tenant/acme"} {
			s.Add(&stream.Record{
				Stream: name, Source: "vm-1", Position: loss.Position{Epoch: epoch + 100*uint64(len(name)), Seq: uint64(i)},
				Arrived: at.Add(time.Duration(i) * time.Second).UnixNano(), Data: fmt.Appendf(nil, `{"i":%d}`, i),
			}, at)
		}
	}
	all.Settle(at.Add(time.Hour))
	s.EvictTo(s.First() + 4)
	for _, c := range []struct {
		epoch uint64
		want  []uint64
	}{{605, []uint64{609, 602}}, {609, []uint64{602}}, {602, nil}, {1, []uint64{605, 609, 602}}} {
		than := make(rows.Edges)
		than.Set("system", "vm-1", loss.Position{Epoch: c.epoch, Seq: 1})
		if got := s.Later(than); !reflect.DeepEqual(got["system"]["vm-1"], c.want) || got["tenant/acme"] != nil {
			t.Errorf("behind %d came %v, want %v", c.epoch, got, c.want)
		}
	}
}
