package proxy_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
)

// A stream costs a proxy the same at each consolidator, however many of them there are,
// and however many streams: with a search among all of either it would be 8 times as much
// here, or the square of that.
func TestStreamsAtManyMachinesCostTheSameEach(t *testing.T) {
	volume.Check(t)
	few := costOfTails(t, 4, 512)
	for _, size := range []struct{ consolidators, streams int }{{32, 512}, {4, 4096}} {
		cost := costOfTails(t, size.consolidators, size.streams)
		t.Logf("%d streams at %d consolidators: %v of CPU each; 512 at 4: %v", size.streams, size.consolidators, cost, few)
		if cost > 4*few {
			t.Errorf("%d streams at %d consolidators cost %v each, 512 at 4 %v", size.streams, size.consolidators, cost, few)
		}
	}
}

// costOfTails is the CPU that it takes until all streams have been read at all
// consolidators, those included, for each stream at each of them. All records come, and
// none twice.
func costOfTails(t *testing.T, consolidators, streams int) (cost time.Duration) {
	t.Run(fmt.Sprintf("%d streams at %d consolidators", streams, consolidators), func(t *testing.T) {
		m := newMachines(t, consolidators)
		name := func(i int) string { return fmt.Sprint("system/", i) }
		for i := range streams {
			record := zmtp.AppendMessage(nil, name(i), fmt.Appendf(nil, `{"i":"<%d>"}`, i))
			if _, err := m.publishers[i%consolidators].Conn.Write(record); err != nil {
				t.Fatal(err)
			}
		}
		p := m.proxy(func(c *proxy.Config) { c.Streams, c.MaxSessions = streams, -1 })
		began := usedCPU()
		var had atomic.Int64
		var reading sync.WaitGroup
		t.Cleanup(reading.Wait) // once all connections are closed
		for from := 0; from < streams; from += 64 {
			nc, err := net.Dial("tcp", p.Addr())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = nc.Close() })
			var query strings.Builder
			for i := range 64 {
				fmt.Fprintf(&query, "stream=%s&", name(from+i))
			}
			if _, err := fmt.Fprintf(nc, "GET /api/logs?%slast=64 HTTP/1.0\r\nHost: localhost\r\n\r\n", &query); err != nil {
				t.Fatal(err)
			}
			reading.Go(func() {
				for lines := bufio.NewScanner(nc); lines.Scan(); {
					if strings.Contains(lines.Text(), `"<`) {
						had.Add(1)
					}
				}
			})
		}
		wait.For(t, "a record of each stream", func() bool { return had.Load() >= int64(streams) })
		cost = (usedCPU() - began) / time.Duration(consolidators*streams)
		if n := had.Load(); n > int64(streams) {
			t.Errorf("%d records of %d streams", n, streams)
		}
	})
	return cost
}
