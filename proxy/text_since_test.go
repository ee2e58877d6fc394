package proxy_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// Who reads lines, and comes back with the time of the last one, at the same proxy or at
// another, has every record; only those of that time come again, and nothing is told as lost.
func TestLinesGoOnWithATime(t *testing.T) {
	for _, path := range []string{"/api/logs/a?", "/api/logs?stream=a&stream=b/c&"} {
		m := newMachines(t, 2)
		publish := func(n int) {
			m.publish("a", n)
			if strings.Contains(path, "b/c") {
				m.publish("b/c", n)
			}
		}
		publish(3)
		p := m.proxy(nil)
		since, query := "", "last=100"
		had, times := make(map[string]int), make(map[string]string)
		for round := range 5 {
			r := get(t, p, path+query)
			for sum(had) < m.total() {
				line, err := r.in.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				type record struct {
					Key, Time string
					I         int
					Sluice    any
					Record    *record
				}
				var got record
				if err := json.Unmarshal([]byte(line), &got); err != nil {
					t.Fatal(err)
				}
				if got.Record != nil {
					got = *got.Record
				}
				switch next := had[got.Key]; {
				case got.Sluice != nil:
					t.Fatalf("told %s", line)
				case got.I > next:
					t.Fatalf("%s: record %d of %s, where %d was expected", path, got.I, got.Key, next)
				case got.I == next:
					had[got.Key]++
				case got.Time < since:
					t.Errorf("%s: record %d of %s comes again, since %s", path, got.I, got.Key, since)
				}
				times[got.Key] = got.Time
			}
			r.close()
			for _, last := range times {
				since = max(since, last)
			}
			query = "since=" + since
			publish(10 << round)
			if round%2 == 0 {
				p.stop()
				p = m.proxy(nil)
			}
		}
	}
}

// total is how many records were published.
func (m *machines) total() int { return sum(m.next) }

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
