package consolidator_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/wait"
)

// Nobody but the consolidator speaks on its own stream: what others send there is
// counted, takes no number, and costs them nothing else.
func TestItsOwnStreamIsItsOwn(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: anyPort}, func(c *consolidator.Consolidator) { c.ReportEvery(50 * time.Millisecond) })
	p := publish(t, c.PublishAddrs()[0])
	const forged = 300
	for i := range forged {
		send(t, p, zmtp.AppendMessage(nil, "system/sluice", []byte(`{"name":"sluice","level":40,"msg":"forged","dropped":9}`)))
		if i == forged/2 {
			send(t, p, zmtp.AppendMessage(nil, "system/sluice", bytes.Repeat([]byte("x"), zmtp.MaxRecord+1)))
		}
	}
	send(t, p, append(message("system/sluicer", 0), message("system", 1)...))
	wait.For(t, "all to be counted", func() bool {
		m := scrape(t, c)
		return m[`records_dropped_total{reason="reserved_name"}`] == forged && m[`records_dropped_total{reason="too_large"}`] == 1 && m["records_received_total"] == 2
	})
	s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
	s.Tail("system/sluice", stream.Backfill{Last: 1000})
	var got seen
	told := false
	until(t, s, &got, func() bool {
		for _, r := range got.records {
			told = told || strings.Contains(r, `"reserved_name":300`) || strings.Contains(r, "own stream are refused")
		}
		return told && len(got.records) > 3
	})
	if got.lost != 0 || got.unknown != 0 {
		t.Errorf("forged records are lost ones: %d, %d", got.lost, got.unknown)
	}
	for _, r := range got.records {
		if strings.Contains(r, "forged") {
			t.Fatalf("a forged record is served: %s", r)
		}
	}
}
