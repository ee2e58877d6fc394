package consolidator_test

import (
	"fmt"
	"strings"
	"testing"

	pub "sluice/cluster/publish"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// What was skipped is said together with what was accepted behind it, whatever the reason.
func TestSkippedIsAcknowledged(t *testing.T) {
	t.Parallel()
	for what, skipped := range map[string][]byte{
		"too many streams": message("one/more", 0),
		"a bad name":       message("\x01", 0),
		"one frame":        {0, 1, 'x'},
		"too large":        tooLarge("system"),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c, _ := start(t, consolidator.Config{MaxStreams: 2})
			p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsPublisher)
			p.Settle(message("system", 0)...)
			p.Send(append(skipped, message("system", 1)...))
			for accepted, skipped := uint64(0), uint64(0); accepted < 2 || skipped < 1; {
				accepted, skipped = acknowledgement(t, p)
				if accepted > 1 && skipped != 1 {
					t.Fatalf("%d accepted and %d skipped", accepted, skipped)
				}
			}
			p.Send(message("system", 2))
			if accepted, skipped := acknowledgement(t, p); accepted != 3 || skipped != 1 {
				t.Errorf("%d accepted and %d skipped", accepted, skipped)
			}
		})
	}
}

// acknowledgement is what the next X-ACK says, and the X-SKIP before it.
func acknowledgement(t testing.TB, p *testpeer.Peer) (accepted, skipped uint64) {
	t.Helper()
	for {
		tok, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		name, data, err := zmtp.SplitCommand(tok.Body)
		switch {
		case err != nil:
		case name == zmtp.CmdSkip:
			skipped, err = zmtp.ParseSkip(data)
		case name == zmtp.CmdAck:
			if accepted, err = zmtp.ParseAck(data); err == nil {
				return accepted, skipped
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A publisher whose connection breaks behind a record for which there was no room counts
// that as refused, and no other as acknowledged for it: also when the consolidator ends.
func TestRefusedBeforeTheBreak(t *testing.T) {
	t.Parallel()
	for _, ends := range []string{"break", "end"} {
		t.Run(ends, func(t *testing.T) {
			t.Parallel()
			c, stop := start(t, consolidator.Config{MaxStreams: 2, Grace: wait.Limit})
			link := relay.New(t, strings.TrimPrefix(c.PublishAddrs()[0], "tcp://"))
			client, err := pub.Open(pub.Config{Endpoint: "tcp://" + link.Addr()})
			if err != nil {
				t.Fatal(err)
			}
			put := func(stream string, i int) {
				t.Helper()
				if err := client.Publish(t.Context(), stream, fmt.Appendf(nil, `{"i":%d}`, i)); err != nil {
					t.Fatal(err)
				}
			}
			put("system", 0)
			wait.For(t, "the first", func() bool { return client.Stats().Acknowledged == 1 })
			put("one/more", 1)
			put("system", 2)
			wait.For(t, "the last", func() bool { return c.Received() == 2 })
			// The sweeper has looked, and acknowledges what it may.
			other := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsPublisher)
			other.Send(message("system", 3))
			acknowledgement(t, other)
			other.Close()
			if ends == "break" {
				link.Cut()
			} else {
				stop()
			}
			wait.For(t, "both to be settled", func() bool { return client.Stats().Waiting == 0 })
			s := client.Close(t.Context())
			if s.Acknowledged != 2 || s.Refused != 1 {
				t.Errorf("counts %+v", s)
			}
		})
	}
}
