package rows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui/rows"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, all *rows.Stores, streams ...string) *rows.Store {
	t.Helper()
	s, _ := all.Open(streams, start)
	t.Cleanup(func() { all.Close(s) })
	return s
}

// add adds n records of size bytes, numbered from where the store is.
func add(s *rows.Store, n, size int) {
	for range n {
		data := fmt.Appendf(nil, `{"level":30,"msg":"line %d","pad":"`, s.Next())
		data = append(data, strings.Repeat("x", max(size-len(data)-2, 0))+`"}`...)
		s.Add(&stream.Record{Stream: s.Streams()[0], Source: "vm-1", Data: data, Arrived: start.UnixNano(), Backfill: true}, start)
	}
}

// check fails unless each record that is held is what add made of its number.
func check(t *testing.T, s *rows.Store) {
	t.Helper()
	for n := s.First(); n < s.Next(); n++ {
		if data := s.Data(s.Entry(n)); !strings.Contains(string(data), fmt.Sprintf(`"line %d"`, n)) {
			t.Fatalf("record %d is %.60s", n, data)
		}
	}
}
