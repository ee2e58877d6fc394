package consolidator_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// over ipc the kernel holds little for a reader that does not read.
func overIPC(t *testing.T, cfg consolidator.Config) consolidator.Config {
	t.Helper()
	dir := t.TempDir()
	cfg.Publish, cfg.Subscribe = []string{"ipc://" + dir + "/p"}, []string{"ipc://" + dir + "/s"}
	return cfg
}

// A publisher whose own bytes make it too much, while it has held its part for
// longest, is closed by its own reading. Nobody waits for it, at the end neither.
func TestPublisherOverItsOwnMemory(t *testing.T) {
	t.Parallel()
	c, stop := start(t, consolidator.Config{Grace: 100 * time.Millisecond})
	whole := zmtp.AppendMessage(nil, "system", bytes.Repeat([]byte("x"), zmtp.MaxRecord))
	publisher := func() *testpeer.Peer { return testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsPublisher) }
	holds := func(bytes int) {
		t.Helper()
		wait.For(t, fmt.Sprint(bytes, " bytes to be held"), func() bool { return c.Held() >= bytes })
	}
	const first, more, grown = 140 << 10, 20 << 10, 516 << 10
	oldest := publisher()
	oldest.Send(whole[:first])
	holds(first)
	for i := range 31 {
		p := publisher()
		p.Send(whole[:140<<10])
		holds(first + i*grown + 140<<10)
		p.Send(whole[140<<10 : 200<<10])
		holds(first + (i+1)*grown)
	}
	oldest.Send(whole[first : first+more])
	oldest.Ends()
	counted(t, c, consolidator.Counts{Held: 1})
	wait.For(t, "it to be gone", func() bool { publishers, _, _ := c.Connections(); return publishers == 31 })
	stop()
	if held := c.Held(); held != 0 {
		t.Errorf("%d bytes are held after the end", held)
	}
}

// A reader that lets answers pile up, and reads a little now and then, makes the
// consolidator hold the answers of one round, and no more of each that it reads; it is
// closed in the end, and all that it made the consolidator hold is released.
func TestReaderOverItsOwnMemory(t *testing.T) {
	t.Parallel()
	c, stop := start(t, overIPC(t, consolidator.Config{Grace: 100 * time.Millisecond, Admin: anyPort}))
	r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
	const round = 900 << 10
	ping := zmtp.AppendPingContext(nil, 7)
	pong, _ := zmtp.AppendPong(nil, binary.BigEndian.AppendUint64([]byte{0, 0}, 7))
	many := bytes.Repeat(ping, round/len(pong))
	gone := func() bool { _, left, _ := c.Connections(); return left == 0 }
	_ = r.SetDeadline(time.Now().Add(wait.Limit))
	most := 0
	for !gone() {
		if _, err := r.Write(many); err != nil {
			break
		}
		held := 0
		wait.For(t, "it to be stalled", func() bool {
			last := held
			held = c.Held()
			return held > 0 && held == last || gone()
		})
		most = max(most, held)
		_, _ = io.CopyN(io.Discard, r.NetConn(), 200<<10)
	}
	wait.For(t, "it to be closed", gone)
	wait.For(t, "what it held to be released", func() bool { return c.Held() == 0 })
	if most > 4<<20 {
		t.Errorf("%d bytes were held for one reader", most)
	}
	stop()
}

// A reader of very many streams that does not read holds no more than a piece of their
// marks, and of their final positions. Once it reads, it gets them all.
func TestMarksOfManyStreams(t *testing.T) {
	t.Parallel()
	const streams = 20_000
	c, stop := start(t, overIPC(t, consolidator.Config{Grace: wait.Limit}), func(c *consolidator.Consolidator) {
		c.MarkEvery(time.Second)
	})
	r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader)
	var tails, records []byte
	for i := range streams {
		name := fmt.Sprintf("%s/%06d", strings.Repeat("x", 53), i)
		tails = zmtp.AppendTail(tails, zmtp.Tail{Name: name})
		records = zmtp.AppendMessage(records, name, []byte("{}"))
	}
	r.Settle(tails...)
	p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsPublisher)
	p.Send(records)
	p.Close()
	marks, ends := make(map[string]bool), make(map[string]bool)
	next := func() {
		t.Helper()
		tok, err := r.Next()
		if err != nil {
			t.Fatalf("%v after %d marks and %d final positions", err, len(marks), len(ends))
		}
		if tok.Kind == zmtp.TokenCommand {
			note(t, tok.Body, marks, ends)
		}
		if held := c.Held(); held > 1<<20 {
			t.Fatalf("%d bytes are held", held)
		}
	}
	for len(marks) == 0 {
		next()
	}
	wait.For(t, "it to stall", func() bool { return c.Stalled() == 1 })
	counted(t, c, consolidator.Counts{})
	for len(marks) < streams {
		next()
	}
	go stop()
	wait.For(t, "the end to begin", c.Leaving)
	for len(ends) < streams {
		next()
	}
	r.Close()
}

// note notes the streams of a periodic mark, and of final positions.
func note(t *testing.T, command []byte, marks, ends map[string]bool) {
	t.Helper()
	name, data, err := zmtp.SplitCommand(command)
	switch {
	case err != nil:
	case name == zmtp.CmdMark:
		var m zmtp.Mark
		if m, err = zmtp.ParseMark(data); m.Cause == zmtp.MarkPeriodic {
			marks[string(m.Name)] = true
		}
	case name == zmtp.CmdBye:
		var some []zmtp.StreamEnd
		some, err = zmtp.ParseBye(data)
		for _, e := range some {
			ends[e.Name] = true
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
