package proxy_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
)

// since= reaches as far back as the consolidators do, beyond what the proxy has, and
// says since when there is something; with to= a response has an end.
func TestRecordsOfATime(t *testing.T) {
	m := newMachines(t, 2)
	m.publish("a", 800) // more than a proxy begins with; one a second at each machine
	p := m.proxy(nil)
	begin := time.Unix(1_800_000_000, 0).UTC()
	at := func(seconds int) string { return begin.Add(time.Duration(seconds) * time.Second).Format(time.RFC3339) }
	half := func(seconds int) string { return strings.TrimSuffix(at(seconds), "Z") + ".5Z" }
	for _, c := range []struct {
		query       string
		first, last int // seconds
		gaps        int
	}{
		{"since=" + at(100) + "&to=" + half(700), 100, 700, 0},
		{"from=" + at(790) + "&to=" + half(900), 790, 799, 0},
		{"since=" + at(-10) + "&to=" + half(20), 0, 20, 2},
		{"since=" + at(-10) + "&to=" + half(20) + "&from-vm=vm-2", 0, 20, 1},
	} {
		text := get(t, p, "/api/logs/a?"+c.query)
		var times []int
		gaps, machines := 0, make(map[string]bool)
		want := (c.last - c.first + 1) * 2
		if strings.Contains(c.query, "vm-2") {
			want /= 2
		}
		for len(times) < want {
			line, err := text.in.ReadString('\n')
			if err != nil {
				t.Fatalf("%s: %v after %d records", c.query, err, len(times))
			}
			if strings.Contains(line, `"dropped":0,"unknown":true`) {
				if gaps++; !strings.Contains(line, "nothing is held from before "+at(0)[:19]) {
					t.Errorf("%s: told %s", c.query, line)
				}
				continue
			}
			var r struct {
				Key string
				I   int
			}
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			times, machines[r.Key] = append(times, r.I), true
		}
		if times[0] != c.first || times[len(times)-1] != c.last || gaps != c.gaps {
			t.Errorf("%s: %d to %d with %d gaps of %v", c.query, times[0], times[len(times)-1], gaps, machines)
		}
		text.close()
	}
	for _, bad := range []string{"since=yesterday", "since=-5m", "to=" + at(0) + "&since=" + at(1), "since=1m&last=5", "since=1m&from=1m", "since=0001-01-01T00:00:00Z"} {
		if r := get(t, p, "/api/logs/a?"+bad); r.resp.StatusCode != 400 {
			t.Errorf("%s: %s", bad, r.resp.Status)
		}
	}
}

// A response with to= in the past ends by itself.
func TestATimeThatIsOver(t *testing.T) {
	m := newMachines(t, 1)
	p := m.proxy(nil)
	r := get(t, p, "/api/logs/a?since=2m&to=1m", sse...)
	if e := r.next("end"); !strings.Contains(e, "the time asked for is over") {
		t.Errorf("it ends with %s", e)
	}
	if rest := r.all(); rest != "" {
		t.Errorf("then comes %q", rest)
	}
}

// Several streams come by time, each record with the name of its stream, in both forms.
func TestStreamsAreMergedByTime(t *testing.T) {
	f := newFake()
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		b := &stream.Batch{}
		if name != "b" && name != `q"\` {
			return b
		}
		for i := range 50 {
			second := 2 * i
			if name == "b" {
				second++
			}
			b.Records = append(b.Records, stream.Record{
				Stream: name, Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: uint64(i)},
				Data: fmt.Appendf(nil, `{"time":"2026-03-01T12:%02d:%02dZ","i":%d}`, second/60, second%60, second),
			})
		}
		return b
	}
	p := start(t, f, nil)
	for _, header := range [][]string{nil, sse} {
		r := get(t, p, `/api/logs?stream=b&stream=q%22%5C%5C&last=100`, header...)
		for i := range 100 {
			line := ""
			if header == nil {
				var err error
				if line, err = r.in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			} else {
				line = field(r.next(""), "data")
			}
			var got struct {
				Stream string
				Record struct{ I int }
			}
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			if want := []string{`q"\`, "b"}[i%2]; got.Record.I != i || got.Stream != want {
				t.Fatalf("record %d of %s, where %d of %s was expected", got.Record.I, got.Stream, i, want)
			}
		}
		r.close()
	}
}
