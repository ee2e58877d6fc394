package tui_test

import (
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui"
)

// Whatever the screen claims of losses, it claims only while every source is there and
// can count, and says otherwise why it does not know.
func TestNothingIsClaimedThatIsNotKnown(t *testing.T) {
	for name, c := range map[string]struct {
		state stream.State
		why   string
	}{
		"lost":        {stream.StateLost, "vm-2 is away: what it has is asked for when it is back"},
		"connecting":  {stream.StateConnecting, "vm-2 has not been reached"},
		"unaccounted": {stream.StateUnaccounted, "vm-2 cannot count what is lost"},
		"unknown":     {stream.StateUnknown, "vm-2 is not heard of"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 130, 50, tui.Config{}, "system")
			s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindBackfill, Stream: "system"}}})
			s.lines("system", 60)
			s.keys("k")
			claims := []string{"0 new · 0 dropped", "kept in 1 MB · 0 dropped"}
			board := []string{"all that was published since you opened the streams is here"}
			s.want(claims...)
			s.keys("i")
			s.want(board...)
			s.keys("i")

			s.feed.sources[1].State = c.state
			s.second()
			s.want("0 new · dropped: unknown", "kept in 1 MB · dropped: unknown")
			s.wantNot("0 dropped")
			s.keys("i")
			s.want("unknown: "+c.why, "lost: unknown", "nothing lost")
			s.wantNot("is here", "0 in 0 gaps")
			s.keys("i")

			s.feed.sources[1].State = stream.StateLive
			s.second()
			if c.state == stream.StateUnaccounted { // what it lost stays unknown
				s.want("dropped: unknown")
				return
			}
			s.want(claims...)
			s.wantNot("unknown")
		})
	}
}

func TestNothingIsClaimedOfWhatIsOnItsWay(t *testing.T) {
	s := open(t, 130, 50, tui.Config{Records: 100}, "system")
	s.keys("i")
	s.want("nothing yet: earlier records are still on their way")
	s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindBackfill, Stream: "system"}}})
	s.want("is here")
	s.lines("system", 150)
	s.want("has come; the oldest were let go here")
	s.feed.sources = nil
	s.second()
	s.want("unknown: no source is there yet")
}

// How many streams are live is known once all sources have said so.
func TestThePickerClaimsNothingThatIsNotKnown(t *testing.T) {
	s := open(t, 130, 50, tui.Config{})
	s.feed.live = nil
	s.second()
	s.want("Looking for streams that are live", "live: unknown")
	s.now = s.now.Add(3 * time.Second)
	s.second()
	s.want("No stream has had a record within the last minute.", "0 live")
	s.wantNot("unknown")
	s.feed.sources[2].State = stream.StateConnecting
	s.second()
	s.want("No stream is known to have had a record within the last minute:", "vm-3 has not been reached.", "0 live + unknown")
	s.feed.live = []stream.Live{{Name: "system"}, {Name: "tenant/acme"}}
	s.second()
	s.want("2 live + unknown")
	s.keys("acme")
	s.want("1 of 2 live + unknown")
	for i := range s.feed.sources {
		s.feed.sources[i].State = stream.StateLost
	}
	s.feed.live = nil
	s.second()
	s.want("live: unknown")
	s.wantNot("0 live")
}

// A stream that is refused says so in its own pane alone, and until it is given.
func TestARefusedStream(t *testing.T) {
	s := open(t, 160, 40, tui.Config{}, "system", "tenant/acme")
	s.lines("system", 1)
	s.want("kept in 1 MB · 0 dropped")
	refusal := stream.Notice{Kind: stream.KindRefused, Time: start, Stream: "tenant/acme", Source: "127.0.0.1:5580", Err: "403 Forbidden"}
	s.take(&stream.Batch{Notices: []stream.Notice{refusal}})
	s.want("127.0.0.1:5580 does not give this stream: 403", "dropped: unknown", "following", "waiting")
	if got := strings.Count(s.text(), "does not give"); got != 1 {
		t.Fatalf("%d panes say so:\n%s", got, s.text())
	}
	s.keys("i")
	s.want("unknown: tenant/acme is not given")
	s.keys("i")
	refusal.Err = ""
	s.take(&stream.Batch{Notices: []stream.Notice{refusal}})
	s.want("127.0.0.1:5580 gives this stream now", "0 dropped")
	s.wantNot("waiting")
}
