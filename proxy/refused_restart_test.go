package proxy_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/loss"
	"sluice/cluster/zmtp"
)

// refuse publishes a record at the first machine that its consolidator refuses.
func (m *machines) refuse(stream string) {
	m.t.Helper()
	if _, err := m.publishers[0].Write(zmtp.AppendMessage(nil, stream, make([]byte, 300<<10))); err != nil {
		m.t.Fatal(err)
	}
}

// told reads a line or an event, and its id: the number of a record, or how many are lost,
// for their size as it must be. Of events, those that are neither are passed over.
func told(t *testing.T, r *reader, events bool) (entry, id string) {
	t.Helper()
	var data string
	if events {
		e := r.event()
		for field(e, "event") != "" && field(e, "event") != "dropped" {
			e = r.event()
		}
		data, id = field(e, "data"), field(e, "id")
	} else {
		var err error
		if data, err = r.in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	type logged struct {
		I       *int
		Count   int // of an event
		Dropped int // of a line
		Hop     string
		Reason  string
		Unknown bool
		Stream  string
		Record  *logged
	}
	var e logged
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
	if e.Record != nil {
		e = *e.Record
	}
	if e.I != nil {
		return fmt.Sprint("record ", *e.I), id
	}
	if e.Reason != loss.TooLarge || e.Hop != loss.AtConsolidator || e.Unknown {
		t.Errorf("told %s", data)
	}
	return fmt.Sprintf("%d of %s lost", e.Count+e.Dropped, e.Stream), id
}

// What a consolidator refused while no proxy was there is told once at the next one, to
// those who come back with an id or with a time, wherever it stands: between records,
// before them, and with nothing behind it.
func TestRefusedWhileTheProxyWasAway(t *testing.T) {
	for _, c := range []struct{ form, path string }{
		{"events", "/api/logs/a?"},
		{"events of several", "/api/logs?stream=a&stream=b&"},
		{"lines", "/api/logs/a?since=2027-01-15T08:00:00Z&"},
		{"lines of several", "/api/logs?stream=a&stream=b&since=2027-01-15T08:00:00Z&"},
	} {
		t.Run(c.form, func(t *testing.T) {
			const refused = "1 of a lost"
			events := strings.HasPrefix(c.form, "events")
			m := newMachines(t, 1)
			p := m.proxy(nil)
			path, header := c.path, []string(nil)
			if events {
				r := get(t, p, c.path, sse...)
				path += "lastEventId=" + r.placed(1)
				header = sse
				r.close()
			}
			p.stop()
			m.refuse("a")
			m.publish("a", 2)
			m.refuse("a")
			m.refuse("a")
			m.publish("a", 1)
			m.refuse("a")
			want := []string{refused, "record 0", "record 1", "2 of a lost", "record 2", refused}

			p = m.proxy(nil)
			r := get(t, p, path, header...)
			var got []string
			for id := ""; !slices.Equal(got, want); {
				entry, at := told(t, r, events)
				id = cmp.Or(at, id)
				if last := len(got) - 1; last >= 0 && entry == refused && got[last] == refused {
					got[last] = "2 of a lost" // one after the other
				} else {
					got = append(got, entry)
				}
				if len(got) > len(want) {
					t.Fatalf("got %q, want %q", got, want)
				}
				if events && slices.Equal(got, want) {
					m.publish("a", 1)
					r = get(t, m.proxy(nil), c.path+"lastEventId="+id, header...)
					if next, _ := told(t, r, events); next != "record 3" {
						t.Errorf("one who comes back once more gets %s", next)
					}
				}
			}
		})
	}
}
