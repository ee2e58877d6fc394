package httpapi_test

import (
	"reflect"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
)

func TestHistoryComesBackOutOfItsText(t *testing.T) {
	at := time.Date(2026, 3, 4, 12, 0, 0, 5e6, time.UTC)
	for _, h := range []httpapi.History{
		{},
		{Last: 1000, Before: map[string]loss.Position{"vm-1": {Epoch: 7, Seq: 9}, "a,b:%": {Epoch: 1 << 63}}},
		{Last: 5, Before: map[string]loss.Position{"vm-1": {Epoch: 7, Seq: 9}}, Later: map[string][]uint64{"vm-1": {8, 3}, "vm 2": {1 << 63}}},
		{From: at, To: at.Add(time.Hour), Named: true, After: map[string]loss.Position{"vm-2": {Epoch: 3, Seq: 1}}},
		{Last: 1, Counts: 2000},
		{Last: 1, Counts: 1, CountsFrom: at, CountsTo: at.Add(time.Hour)},
	} {
		got, err := httpapi.ParseHistory(h.Text())
		if err != nil || !reflect.DeepEqual(got, h) {
			t.Errorf("%+v came back as %+v, %v", h, got, err)
		}
	}
	for _, bad := range []string{"last=x", "last=-1", "last=100001", "from=soon&last=1", "before=nonsense&last=1", "last=1&counts=0", "last=1&counts=2001", "last=1&counts=many", "last=1&counts=9&counts-from=2026-03-04T12:00:00Z&counts-to=2026-03-04T11:00:00Z", "%zz", "", "last=1&from=2026-03-04T12:00:00Z&to=2026-03-04T11:00:00Z"} {
		if h, err := httpapi.ParseHistory(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, h)
		}
	}
}

func FuzzHistory(f *testing.F) {
	f.Add("last=10&before=vm-1%3A7%3A9")
	f.Add("last=10&before=vm-1%3A7%3A9&later=vm-1%3A8%3A0&later=vm-1%3A9%3A0")
	f.Add("from=2026-03-04T12%3A00%3A00Z&last=0&named=1&after=vm-2:3:1")
	f.Add("last=1&counts=300&counts-to=2026-03-04T12%3A00%3A00Z")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := httpapi.ParseHistory(text)
		if err != nil {
			return
		}
		again, err := httpapi.ParseHistory(h.Text())
		if err != nil || !again.From.Equal(h.From) || !again.To.Equal(h.To) || again.Last != h.Last || again.Counts != h.Counts || !again.CountsTo.Equal(h.CountsTo) || len(again.Before) != len(h.Before) || len(again.After) != len(h.After) {
			t.Fatalf("%+v came back as %+v, %v", h, again, err)
		}
	})
}
