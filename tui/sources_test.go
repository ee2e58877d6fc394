package tui_test

import (
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui"
)

// A stream of which nothing has come since before the client did is quiet, and
// does not look like one that is followed.
func TestAStreamThatIsDead(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	r := s.record("system", "vm-1", `"level":30,"msg":"the last words"`)
	r.Backfill = true
	s.take(&stream.Batch{Records: []stream.Record{r}})
	s.want("following")
	s.now = start.Add(time.Minute)
	s.second()
	s.want("quiet since 12:00:00")
	s.now = start.Add(48 * time.Hour)
	s.second()
	s.want("quiet since 03-04 12:00:00")
	s.now = start.Add(48*time.Hour + time.Minute)
	r = s.record("system", "vm-1", `"level":30,"msg":"it is back"`)
	r.Arrived = s.now.UnixNano()
	s.take(&stream.Batch{Records: []stream.Record{r}})
	s.want("following")
}

func TestTheBoard(t *testing.T) {
	s := open(t, 130, 50, tui.Config{Records: 1000}, "system", "tenant/acme")
	s.cluster()
	s.feed.sources[1].State, s.feed.sources[1].Since = stream.StateLost, start
	s.feed.sources[1].Err = "connection\x1b[31m refused"
	s.now = s.now.Add(30 * time.Second)
	s.second()
	s.keys("i")
	s.want("2 of 3 live", "✕ vm-2", "reconnecting for 30s", "connection␛[31m refused", "lost: 1,203 + unknown",
		"consolidator", "network", "lost: unknown", "1,203 + unknown in 2 gaps", "14 of 1,000", "1 err/min",
		"unknown: vm-2 is away")
	s.keys("q")
	s.wantNot("Lost on the way")
}

// A stream behind a proxy that is there, without a consolidator that is.
func TestAProxyWithoutConsolidators(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.feed.sources = []stream.Status{
		{Name: "127.0.0.1:5580", Proxy: true, State: stream.StateLive},
		{Name: "vm-1", State: stream.StateLost, Since: start},
	}
	s.woken = true
	s.settle()
	s.want("Lost vm-1.", "✕ vm-1 lost since 12:00:00")
	s.feed.sources = s.feed.sources[:1]
	s.woken = true
	s.settle()
	s.want("No records yet in system.")
}

func stateOf(source string, state stream.State, why string) *stream.Batch {
	return &stream.Batch{Notices: []stream.Notice{{
		Kind: stream.KindState, Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Source: source, State: state, Err: why,
	}}}
}

// A source that is lost, and one that is back, stand in the stream where it
// happened: once each, however often it is told, and not for a source that is
// there for the first time.
func TestStatesAreRows(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.take(stateOf("vm-2", stream.StateConnecting, "refused"))
	s.take(stateOf("vm-2", stream.StateLive, ""))
	s.lines("system", 1)
	s.wantNot("vm-2 lost", "is back")
	s.take(stateOf("vm-2", stream.StateLost, "con\x1b[31mnection reset"))
	s.take(stateOf("vm-2", stream.StateLost, "still"))
	s.lines("system", 1)
	s.want("── vm-2 lost: con␛[31mnection reset; trying again ──")
	s.take(stateOf("vm-2", stream.StateLive, ""))
	s.take(stateOf("vm-2", stream.StateLive, ""))
	s.want("── vm-2 is back ──")
	if n := strings.Count(s.text(), "── vm-2"); n != 2 {
		t.Errorf("vm-2 stands in %d rows, want 2:\n%s", n, s.text())
	}
	s.keys("enter")
	s.want("Source", "vm-2 is back")
}

// A row that says what happened has no columns, and widens none: rows stay where
// they are when a proxy with a long name is lost. How the consolidators behind it
// stand is not known then.
func TestALostProxyMovesNothing(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.lines("system", 1)
	before := s.line(2)
	s.feed.sources = []stream.Status{
		{Name: "gate.example.net:5580", Proxy: true, State: stream.StateLost, Since: start},
		{Name: "vm-1", State: stream.StateUnknown, Since: start},
	}
	s.take(stateOf("gate.example.net:5580", stream.StateLost, "it is gone"))
	s.want("── gate.example.net:5580 lost: it is gone; trying again ──", "✕ gate.example.net:5580 lost since 12:00:00", "◌ vm-1", "waiting")
	s.wantNot("● vm-1", "following")
	if after := s.line(2); after != before {
		t.Errorf("the row has moved:\n%s\n%s", before, after)
	}
}

// A source that was away stands in the stream and on the board, and nothing claims any
// more that all is there, nor that nothing was dropped.
func TestAfterAnAbsenceNothingIsClaimed(t *testing.T) {
	s := open(t, 130, 40, tui.Config{}, "system")
	s.feed.sources = []stream.Status{{Name: "vm-2", State: stream.StateLive, Since: start}}
	s.woken = true
	s.settle()
	s.lines("system", 60)
	s.keys("k")
	s.want("0 new · 0 dropped", "MB · 0 dropped")
	s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindBackfill, Stream: "system"}, {Kind: stream.KindAway, Time: start, Source: "vm-2", Away: 6 * time.Second}}})
	const text = "vm-2 was away 6 s; what its publishers dropped meanwhile is unknown"
	s.want("0 new · dropped: unknown", "MB · dropped: unknown")
	s.keys("i")
	s.want(text+", ", "lost: unknown", "unknown: what publishers dropped while a consolidator was away; nothing of what reached it")
	s.wantNot("all that was published", "0 dropped", "nothing lost")
	s.keys("i", "G")
	s.want("── "+text+" ──", "dropped: unknown")
	s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindGap, Stream: "system", Time: start, Source: "vm-2", Count: 12}}})
	s.want("dropped: 12 + unknown")
	s.keys("i")
	s.want("lost: 12 + unknown", "12 + unknown in 1 gap", "unknown: what publishers dropped while a consolidator was away")
}
