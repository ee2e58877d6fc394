package history_test

import (
	"context"
	"testing"
	"time"

	"sluice/archive/history"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/internal/wait"
)

// remembered is an archive that has one record.
type remembered struct{}

func (remembered) Read(_ context.Context, q history.Query, hand history.Hand) (history.Ends, error) {
	ends := history.Ends{"vm-1": {Epoch: 7, Seq: 1}}
	if _, again := q.After["vm-1"]; again {
		return ends, nil
	}
	return ends, hand([]stream.Record{{Stream: q.Stream, Source: "vm-1", Position: stream.Position{Epoch: 7}, Data: []byte("{}"), Backfill: true}}, nil)
}

func (remembered) Streams(context.Context) ([]string, error) { return nil, nil }

func (remembered) Status() stream.Status {
	return stream.Status{Archive: true, State: stream.StateLive}
}

// While history is taken nothing is missing of who has what comes behind it; once all of it was
// taken, who is not there is.
func TestLiveSourcesAreUnreadWhileHistoryIsTaken(t *testing.T) {
	live, err := direct.New(direct.Config{Consolidators: []string{"tcp://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := history.NewSource(history.Config{Live: live, Archive: remembered{}, From: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	defer wait.Run(t, s.Run)()
	s.Tail("s", stream.Backfill{})
	unread := func() (unread, other int) {
		for _, status := range s.Status() {
			switch {
			case status.Archive:
			case status.Unread:
				unread++
			default:
				other++
			}
		}
		return unread, other
	}
	taken := false
	wait.For(t, "the record of history", func() bool {
		if b := s.TryTake(); b != nil {
			taken = len(b.Records) > 0
			b.Release()
		}
		return taken
	})
	if n, other := unread(); n != 1 || other != 0 {
		t.Errorf("while history is taken %d are unread, %d not", n, other)
	}
	wait.For(t, "nothing to be left", func() bool {
		b := s.TryTake()
		if b != nil {
			b.Release()
		}
		return b == nil
	})
	if n, other := unread(); n != 0 || other != 1 {
		t.Errorf("behind history %d are unread, %d not", n, other)
	}
}

// Of whom only the position was known has not begun, whatever is read out of the archive
// meanwhile: that what came before is gone is told with the first record.
func TestWhoWasOnlyHeardOfHasNotBegun(t *testing.T) {
	live, err := direct.New(direct.Config{Consolidators: []string{"tcp://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := history.NewSource(history.Config{Live: live, Archive: remembered{}, From: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	s.Tail("s", stream.Backfill{})
	told := s.Rejoined("s", &stream.Record{
		Stream: "s", Source: "vm-2", Position: stream.Position{Epoch: 8, Seq: 1316},
		Data: []byte(`{"time":"` + time.Now().UTC().Format(time.RFC3339Nano) + `"}`),
	})
	if len(told) != 1 || !told[0].Loss().Unknown || told[0].Source != "vm-2" {
		t.Errorf("before the first record is told: %+v", told)
	}
}
