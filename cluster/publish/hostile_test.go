package publish_test

import (
	"encoding/binary"
	"testing"

	"sluice/cluster/publish"
	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

func command(name string, data ...byte) []byte {
	b := []byte{4, byte(1 + len(name) + len(data)), byte(len(name))}
	return append(append(b, name...), data...)
}

// A peer that breaks the protocol loses its connection, and the client goes on.
func TestHostilePeer(t *testing.T) {
	context := binary.BigEndian.AppendUint64(nil, 1<<60)
	for name, bytes := range map[string][]byte{
		"acknowledges what was not sent": zmtp.AppendAck(nil, 1000),
		"a malformed acknowledgement":    command(zmtp.CmdAck, 1, 2, 3),
		"skips what was not sent":        zmtp.AppendAck(zmtp.AppendSkip(nil, 1<<63), 1),
		"a malformed skip":               command(zmtp.CmdSkip, 1, 2, 3),
		"a frame of 2^63 bytes":          {3, 0x80, 0, 0, 0, 0, 0, 0, 0},
		"no frame":                       {0xf8, 0xff, 0xff},
		"a nameless command":             {4, 1, 9},
		"a PING of a malformed context":  command(zmtp.CmdPing, make([]byte, 100)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := testpeer.Listen(t)
			c := open(t, publish.Config{Endpoint: p.Endpoint()})
			put(t, c, "system", "one")
			p.Accept(testpeer.AsConsolidator)
			// A PONG to a PING that there never was is nothing.
			p.Send(command(zmtp.CmdPong, context...))
			if m, err := p.Message(); err != nil || m != "system one" {
				t.Fatalf("got %q, %v", m, err)
			}
			p.Send(bytes)
			p.Ends()
			p.Close()

			p.Accept(testpeer.AsConsolidator)
			if m, err := p.Message(); err != nil || m != "system one" {
				t.Fatalf("got %q, %v", m, err)
			}
			p.Send(zmtp.AppendAck(nil, 1))
			if s := finish(t, c); s.Acknowledged != 1 || s.Lost != 1 {
				t.Errorf("counts %+v", s)
			}
		})
	}
}

// Acknowledgements may overtake one another.
func TestAcknowledgementsOvertake(t *testing.T) {
	p := testpeer.Listen(t)
	c := open(t, publish.Config{Endpoint: p.Endpoint()})
	for i := range 3 {
		put(t, c, "system", number(i))
	}
	p.Accept(testpeer.AsConsolidator)
	for range 3 {
		if _, err := p.Message(); err != nil {
			t.Fatal(err)
		}
	}
	p.Send(zmtp.AppendAck(zmtp.AppendAck(nil, 3), 1))
	if s := finish(t, c); s.Acknowledged != 3 {
		t.Errorf("counts %+v", s)
	}
}

// What was skipped is counted as refused with the X-ACK behind it, which may mean another
// message. After a break neither is sent again.
func TestSkippedBeforeAcknowledged(t *testing.T) {
	t.Parallel()
	p := testpeer.Listen(t)
	c := open(t, publish.Config{Endpoint: p.Endpoint()})
	put(t, c, "refused", "one")
	put(t, c, "system", "two")
	p.Accept(testpeer.AsConsolidator)
	for range 2 {
		if _, err := p.Message(); err != nil {
			t.Fatal(err)
		}
	}
	p.Send(zmtp.AppendPing(zmtp.AppendSkip(nil, 1), 0))
	if _, err := p.Next(); err != nil { // the PONG
		t.Fatal(err)
	}
	if s := c.Stats(); s.Refused != 0 || s.Waiting != 2 {
		t.Errorf("before the X-ACK: %+v", s)
	}
	p.Send(zmtp.AppendAck(nil, 1))
	wait.For(t, "both to be settled", func() bool { return c.Stats().Waiting == 0 })
	p.Close()
	wait.For(t, "the break", func() bool { return c.Stats().Lost == 1 })
	put(t, c, "system", "three")
	p.Accept(testpeer.AsConsolidator)
	if m, err := p.Message(); err != nil || m != "system three" {
		t.Fatalf("got %q, %v", m, err)
	}
	p.Send(zmtp.AppendAck(nil, 1))
	if s := finish(t, c); s.Acknowledged != 2 || s.Refused != 1 || s.Repeated != 0 || s.Lost != 1 {
		t.Errorf("counts %+v", s)
	}
}
