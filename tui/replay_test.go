package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui"
)

// recorded is a client on a replay of a recording that was made long before: its
// records arrive by their own time, as the replay's clock goes.
type recorded struct {
	*screen
	at time.Time // where the replay is
}

// past is when the recording begins.
var past = start.AddDate(-1, 0, 0)

func replays(t *testing.T) *recorded {
	r := &recorded{at: past}
	r.screen = open(t, 160, 40, tui.Config{RecordTime: func() time.Time { return r.at }}, "system")
	r.feed.sources = []stream.Status{{Name: "replay 1×", State: stream.StateLive}}
	return r
}

// records takes n records a second, of the next seconds, at once.
func (r *recorded) records(n, seconds int, level int) {
	r.t.Helper()
	b := &stream.Batch{}
	for range seconds {
		for i := range n {
			at := r.at.Add(time.Duration(i) * time.Second / time.Duration(n))
			data := fmt.Sprintf(`{"level":%d,"name":"a","time":%q,"msg":"m"}`, level, at.Format("2006-01-02T15:04:05.000Z"))
			b.Records = append(b.Records, stream.Record{Stream: "system", Arrived: at.UnixNano(), Data: []byte(data)})
		}
		r.at = r.at.Add(time.Second)
	}
	r.take(b)
}

func TestRatesOfAReplay(t *testing.T) {
	r := replays(t)
	r.records(20, 30, 30) // all in one frame: at full speed, or after a pause of the client
	r.want("following", "20/s", "lag 50 ms")
	r.wantNot("quiet")
	r.keys("i")
	r.want("lag 50 ms", "600 records")
	r.want("nothing so far: what was replayed tells of no loss")
	r.wantNot("quiet", "lost: unknown")
	r.keys("i")
	// The last minute is one of the recording.
	if header := r.line(1); strings.Count(header, "█") != 6 {
		t.Fatalf("half a minute of records shows as %q", header)
	}
	r.records(2, 30, 50)
	r.want("2/s", "60 err/min")

	// It is quiet when the recording is, by the recording's clock.
	quiet := r.at
	r.at = r.at.Add(9 * time.Second)
	r.now = r.now.Add(time.Hour)
	r.second()
	r.want("following", "0/s")
	r.at = r.at.Add(30 * time.Second)
	r.second()
	r.want("quiet since " + quiet.Add(-time.Second/2).Format(time.DateTime))
	r.keys("i")
	r.want("quiet 39s")
	r.keys("i")

	// A time is one of the recording's days.
	r.keys("T")
	r.press(past.Add(10*time.Second).Format("15:04:05") + "\n")
	r.want("▌2025-03-04 12:00:10.000")
}

// A recording from before 1970, and one whose clock is set back, are shown as any other.
func TestReplayOfWildTimes(t *testing.T) {
	r := replays(t)
	r.at = time.Date(1969, 12, 31, 23, 59, 50, 0, time.UTC)
	r.records(5, 20, 30)
	r.want("5/s")
	r.at = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)
	r.records(5, 20, 50)
	r.want("5/s", "100 err/min")
}

// Who goes back in a replay sees what comes then, and nothing of what came before: it is
// neither counted nor found twice.
func TestAReplayGoesBack(t *testing.T) {
	r := &recorded{at: past}
	var sought []time.Time
	r.screen = open(t, 120, 40, tui.Config{RecordTime: func() time.Time { return r.at }, Seek: func(to time.Time) string {
		sought = append(sought, to)
		return "replay 1× · going there"
	}}, "system")
	r.records(1, 100, 50)
	r.feed.put(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindGap, Time: r.at, Stream: "system", Source: "replay", Count: 7}}})
	r.keys("k", "m", "/", "m", "enter", "space")
	r.want("PAUSED", "7 dropped")
	r.at = past
	r.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindRestart}}})
	r.want("following", "0 kept", "0 dropped")
	r.wantNot("2025-03-04 12:00")
	r.records(1, 20, 50)
	r.want("20 kept", "2025-03-04 12:00:19.000")
	r.wantNot("12:00:20.000", "no longer held")
	r.keys("g")
	r.want("▌2025-03-04 12:00:00.000")

	// A time that was not replayed yet is one to go on to; one that was is here.
	r.keys("T", "12:00:10", "enter")
	r.want("▌2025-03-04 12:00:10.000")
	if len(sought) > 0 {
		t.Fatalf("it goes to %v for what is here", sought)
	}
	cmd := r.keys("T", "12:05", "enter")
	r.perform(cmd, r.says("going there"))
	if len(sought) != 1 || !sought[0].Equal(past.Add(5*time.Minute)) {
		t.Errorf("it goes to %v", sought)
	}
	r.want("following")
}
