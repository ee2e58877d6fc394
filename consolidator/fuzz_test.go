package consolidator_test

import (
	"bytes"
	"context"
	"testing"

	"sluice/cluster/names"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// forFuzzing is a consolidator over ipc.
func forFuzzing(f *testing.F) *consolidator.Consolidator {
	f.Helper()
	dir := f.TempDir()
	c, err := consolidator.New(consolidator.Config{
		Name: "vm-1", Buffer: 4 << 20, StreamBuffer: 256 << 10,
		Publish: []string{"ipc://" + dir + "/p"}, Subscribe: []string{"ipc://" + dir + "/s"},
	})
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	f.Cleanup(func() { cancel(); <-done })
	return c
}

// sendAll sends b in pieces of so many bytes, ends its direction, and waits for
// the other side to end.
func sendAll(t *testing.T, addr string, role zmtp.Config, b []byte, piece uint16) {
	t.Helper()
	conn, err := testpeer.Connect(addr, role)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for rest := b; len(rest) > 0; {
		n := min(len(rest), 1+int(piece))
		if _, err := conn.Write(rest[:n]); err != nil {
			break // it was closed for what it has sent
		}
		rest = rest[n:]
	}
	_ = conn.CloseWrite()
	closes(t, conn.NetConn())
}

// What a publisher sends, however it comes, is appended or counted by its reason,
// message by message, as far as it keeps to the protocol.
func FuzzPublisher(f *testing.F) {
	sound := append(message("a", 1), message("a", 2)...)
	f.Add(sound, uint16(0))
	f.Add(append(sound, 0xff, 0xff), uint16(5))
	f.Add(append([]byte{0, 1, 'a'}, message("b\n", 1)...), uint16(100))
	f.Add(append(message("", 1), zmtp.AppendPing(nil, 0)...), uint16(1000))
	f.Add(zmtp.AppendMessage(nil, "large", make([]byte, zmtp.MaxRecord+1)), uint16(60_000))
	f.Add(append(frame(flagMore, 1<<62), 1, 2, 3), uint16(1))
	f.Add(append(frame(0, 1<<63), sound...), uint16(3))
	f.Add(append([]byte{flagMore, 1, 'a'}, append(zmtp.AppendPing(nil, 1), 0, 2, '{', '}')...), uint16(2))
	c := forFuzzing(f)
	f.Fuzz(func(t *testing.T, b []byte, piece uint16) {
		b = b[:min(len(b), 1<<20)] // more of it would show nothing new
		want, sound := c.Counts(), c.Received()
		var dec zmtp.Decoder
		for rest := b; ; {
			tok, n, err := dec.Next(rest)
			rest = rest[n:]
			if err == nil && tok.Kind == zmtp.TokenCommand {
				err = answered(tok.Body)
			}
			if err != nil {
				want.Protocol++
				break
			}
			switch tok.Kind {
			case zmtp.TokenTooLarge:
				want.TooLarge++
			case zmtp.TokenMessage:
				switch {
				case tok.Frames < 2:
					want.TooFewFrames++
				case names.Check(tok.Name) != nil:
					want.BadName++
				default:
					sound++
				}
			}
			if n == 0 && tok.Kind == zmtp.TokenNone {
				break
			}
		}
		sendAll(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher, b, piece)
		if got := c.Counts(); got != want || c.Received() != sound {
			t.Errorf("counted %+v, %d appended; want %+v, %d", got, c.Received(), want, sound)
		}
	})
}

// answered is what a publisher's command comes to.
func answered(body []byte) error {
	name, data, err := zmtp.SplitCommand(body)
	if err == nil && name == zmtp.CmdPing {
		_, err = zmtp.AppendPong(nil, data)
	}
	return err
}

// Whatever a reader asks for, nothing of it is left when it is gone.
func FuzzReader(f *testing.F) {
	v := zmtp.Version{Major: 3, Minor: 1}
	f.Add(zmtp.AppendSubscription(nil, v, "a", false), uint16(0), false)
	f.Add(append([]byte{0, 2, 1, 'a', 0, 2, 0, 'a'}, zmtp.AppendPing(nil, 7)...), uint16(2), false)
	var asks []byte
	for _, from := range []zmtp.TailFrom{zmtp.TailNow, zmtp.TailLast, zmtp.TailPosition} {
		asks = zmtp.AppendTail(asks, zmtp.Tail{Name: "a", From: from, A: 1, B: 2})
	}
	f.Add(append(asks, zmtp.AppendStop(nil, "a")...), uint16(9), true)
	f.Add(append(zmtp.AppendWatch(nil, true), zmtp.AppendWatch(nil, false)...), uint16(1), true)
	f.Add(zmtp.AppendSubscription(nil, zmtp.Version{Major: 3}, string(bytes.Repeat([]byte{'s'}, 2000)), false), uint16(500), false)
	f.Add(frame(flagCommand, 1<<62), uint16(0), true)
	c := forFuzzing(f)
	f.Fuzz(func(t *testing.T, b []byte, piece uint16, sluice bool) {
		b = b[:min(len(b), 64<<10)] // more of it would show nothing new
		role := testpeer.AsForeignReader
		if sluice {
			role = testpeer.AsReader
		}
		before := c.Counts()
		sendAll(t, c.SubscribeAddrs()[0], role, b, piece)
		wait.For(t, "nothing to be left of it", func() bool {
			_, readers, _ := c.Connections()
			return readers == 0 && c.Subscriptions() == 0 && c.AllSubscriptions() == 0 && c.Held() == 0
		})
		after := c.Counts()
		after.Subscriptions = before.Subscriptions
		if before.Protocol++; after != before {
			if before.Protocol--; after != before {
				t.Errorf("counted %+v after %+v", after, before)
			}
		}
	})
}
