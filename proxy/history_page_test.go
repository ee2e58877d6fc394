package proxy_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
)

// past reads a part of the history of a stream through a proxy.
func past(t *testing.T, p *running, name string, want httpapi.History) (got []int, first, ends map[string]stream.Position, err error) {
	t.Helper()
	h, err := proxied.NewHistory(proxied.Config{URL: "http://" + p.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	first = make(map[string]stream.Position)
	ends, err = h.Read(t.Context(), name, want, func(records []stream.Record, _ []stream.Notice) error {
		for i := range records {
			var n int
			if _, err := fmt.Sscanf(string(records[i].Data), `{"i":%d}`, &n); err != nil {
				return err
			}
			if len(got) == 0 {
				first[records[i].Source] = records[i].Position
			}
			got = append(got, n)
		}
		return nil
	})
	return got, first, ends, err
}

func TestHistoryIsReadPageByPage(t *testing.T) {
	p, _ := withPast(t, 100, 2000)
	var before map[string]stream.Position
	for to := 100; to > 0; to -= 30 {
		got, first, ends, err := past(t, p, "s", httpapi.History{Last: 30, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		from := max(to-30, 0)
		if len(got) != to-from || got[0] != from || got[len(got)-1] != to-1 || ends["vm-1"].Seq != uint64(to) {
			t.Fatalf("before %v came %v, up to %v; want %d to %d", before, got, ends, from, to-1)
		}
		before = maps.Clone(first)
	}
}

func TestHistoryIsCounted(t *testing.T) {
	p, m := withPast(t, 100, 2000)
	h, err := proxied.NewHistory(proxied.Config{URL: "http://" + p.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	before := map[string]stream.Position{"vm-1": {Epoch: m.epoch, Seq: 70}}
	got, err := h.Counts(t.Context(), "s", httpapi.History{Counts: 300, Before: before})
	if want := (stream.Counts{From: 1000, Step: 300, Records: []uint64{70}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("counted %+v, %v; want %+v", got, err, want)
	}
	m.err = errors.New("the archive is away")
	if _, err = h.Counts(t.Context(), "s", httpapi.History{Counts: 300}); err == nil || !strings.Contains(err.Error(), "history unavailable: the archive is away") {
		t.Errorf("of an archive that is away: %v", err)
	}
	none, err := proxied.NewHistory(proxied.Config{URL: "http://" + start(t, newFake(), nil).Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	if _, err = none.Counts(t.Context(), "s", httpapi.History{Counts: 300}); err == nil || !strings.Contains(err.Error(), "this proxy reads no archive") {
		t.Errorf("without an archive: %v", err)
	}
}

func TestWhyAProxyReadsNoHistory(t *testing.T) {
	p := start(t, newFake(), nil)
	_, _, _, err := past(t, p, "s", httpapi.History{Last: 10})
	if err == nil || !strings.Contains(err.Error(), "this proxy reads no archive: start it with --archive") {
		t.Errorf("without an archive: %v", err)
	}
	far, m := withPast(t, 100, 200)
	m.err = errors.New("the archive is away")
	if _, _, _, err = past(t, far, "s", httpapi.History{Last: 10}); err == nil || !strings.Contains(err.Error(), "history unavailable: the archive is away") {
		t.Errorf("with an archive that is away: %v", err)
	}
	if r := get(t, far, "/api/logs/s", "Accept", httpapi.TypeEvents, httpapi.HeaderHistory, "last=many"); r.resp.StatusCode != 400 {
		t.Errorf("what cannot be read gets %s", r.resp.Status)
	}
	if r := get(t, far, "/api/logs/s?level=error", "Accept", httpapi.TypeEvents, httpapi.HeaderHistory, "last=10"); r.resp.StatusCode != 400 {
		t.Errorf("a filter beside it gets %s", r.resp.Status)
	}
}
