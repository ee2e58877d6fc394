package consolidator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// tooLarge is a message of a record that is refused.
func tooLarge(name string) []byte {
	return zmtp.AppendMessage(nil, name, bytes.Repeat([]byte("x"), zmtp.MaxRecord+1))
}

// storyOf is what a reader got of each stream, in order: "1", "2", "(3 larger than 256 KiB)".
type storyOf map[string][]string

// add adds n records, "r", or lost ones.
func (s storyOf) add(name string, l *loss.Loss, record string) {
	if l == nil {
		s[name] = append(s[name], record)
		return
	}
	s[name] = append(s[name], fmt.Sprintf("(%d %s %s)", l.Count, l.Hop, l.Reason))
}

// read reads a source until the stories are told.
func (s storyOf) read(t testing.TB, from *stream.Source, want storyOf) {
	t.Helper()
	for !s.told(want) {
		b, err := from.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for i := range b.Notices {
			n := &b.Notices[i]
			for ; at < n.At; at++ {
				s.add(b.Records[at].Stream, nil, string(b.Records[at].Data))
			}
			if l := n.Loss(); n.Kind == stream.KindGap {
				s.add(n.Stream, &l, "")
			}
		}
		for ; at < len(b.Records); at++ {
			s.add(b.Records[at].Stream, nil, string(b.Records[at].Data))
		}
		b.Release()
	}
}

// told reports that all of it is there, or as much.
func (s storyOf) told(want storyOf) bool {
	for name := range want {
		if len(s[name]) < len(want[name]) || s[name][len(s[name])-1] != want[name][len(want[name])-1] {
			return false
		}
	}
	return true
}

func (s storyOf) check(t testing.TB, who string, want storyOf) {
	t.Helper()
	for name := range want {
		if got, want := strings.Join(s[name], " "), strings.Join(want[name], " "); got != want {
			t.Errorf("%s of %q:\ngot  %.600s\nwant %.600s", who, name, got, want)
		}
	}
}

// What is refused for its size is a loss of its stream, at its place, for a sluice
// reader that was there, for one that comes later, and for a foreign one; runs of them
// are one loss.
func TestRefusedRecordsAreLosses(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	streams := []string{"system", "tenant/acme", "tenant/acme2"}
	live := tailAll(t, c, streams)
	foreign := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
	foreign.Send(subscriptions(foreign, "")) // everything
	subscribed(t, c, len(streams)+1)

	pub := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	rnd := rand.New(rand.NewPCG(1, 2))
	published, sent, refused := make(map[string]uint64), 0, uint64(0)
	want := make(storyOf) // coalesced, as whoever comes later gets it
	lost := make(map[string]uint64)
	settle := func(name string) {
		if n := lost[name]; n > 0 {
			want.add(name, &loss.Loss{Count: n, Hop: loss.AtConsolidator, Reason: loss.TooLarge}, "")
			lost[name] = 0
		}
	}
	record := func(name string) {
		settle(name)
		sent++
		pub.Send(message(name, sent))
		want.add(name, nil, fmt.Sprintf(`{"i":%d}`, sent))
		published[name]++
	}
	for range 60 {
		name := streams[rnd.IntN(len(streams))]
		if rnd.IntN(3) > 0 {
			record(name)
			continue
		}
		for range 1 + rnd.IntN(3) {
			pub.Send(tooLarge(name))
			lost[name]++
			published[name]++
			refused++
		}
	}
	for _, name := range streams {
		record(name)
	}
	for _, name := range streams {
		waitFor(t, c, name, published[name])
	}

	late := source(t, direct.Config{Consolidators: c.SubscribeAddrs()[:1]})
	for _, name := range streams {
		late.Tail(name, stream.Backfill{Last: 1000})
	}
	got := make(storyOf)
	got.read(t, late, want)
	got.check(t, "the backfill", want)

	// Whoever keeps up may get a run in parts.
	whole := func(s storyOf) storyOf {
		joined := make(storyOf)
		for name, parts := range s {
			var n uint64
			for _, p := range parts {
				var k uint64
				if _, err := fmt.Sscanf(p, "(%d consolidator larger than 256 KiB)", &k); err == nil {
					n += k
					continue
				}
				if n > 0 {
					joined.add(name, &loss.Loss{Count: n, Hop: loss.AtConsolidator, Reason: loss.TooLarge}, "")
				}
				n = 0
				joined.add(name, nil, p)
			}
		}
		return joined
	}
	got = make(storyOf)
	got.read(t, live, want)
	whole(got).check(t, "the reader that was there", want)

	got = make(storyOf)
	for !got.told(want) {
		m, err := foreign.Message()
		if err != nil {
			t.Fatal(err)
		}
		name, rec, _ := strings.Cut(m, " ")
		if n, msg := toldInBand(t, rec); n > 0 && name != "system/sluice" {
			words := fmt.Sprintf("%d records dropped: larger than 256 KiB", n)
			if n == 1 {
				words = "1 record dropped: larger than 256 KiB"
			}
			if msg != words {
				t.Errorf("%d lost: %q", n, msg)
			}
			got.add(name, &loss.Loss{Count: n, Hop: loss.AtConsolidator, Reason: loss.TooLarge}, "")
		} else if name != "system/sluice" {
			got.add(name, nil, rec)
		}
	}
	whole(got).check(t, "the foreign reader", want)

	if n := c.Counts().TooLarge; n != refused {
		t.Errorf("%d were counted as too large, want %d", n, refused)
	}
}

// A reader that resumes behind, before, or in the midst of what was refused gets what
// is behind its position.
func TestResumeAmongRefused(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	pub := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	for _, m := range [][]byte{message("s", 0), tooLarge("s"), tooLarge("s"), tooLarge("s"), message("s", 4)} {
		pub.Send(m)
	}
	waitFor(t, c, "s", 5)
	first := source(t, direct.Config{Consolidators: c.SubscribeAddrs()[:1]})
	first.Tail("s", stream.Backfill{Last: 9})
	b, err := first.Take(t.Context())
	for err == nil && len(b.Records) == 0 {
		b.Release()
		b, err = first.Take(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	epoch := b.Records[0].Position.Epoch
	b.Release()
	gap := func(n int) string { return fmt.Sprintf("(%d consolidator larger than 256 KiB)", n) }
	for _, tt := range []struct {
		seq  uint64
		want string
	}{{0, `{"i":0} ` + gap(3)}, {1, gap(3)}, {2, gap(2)}, {3, gap(1)}, {4, ""}} {
		s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()[:1]})
		s.Tail("s", stream.Backfill{Positions: map[string]stream.Position{c.Name(): {Epoch: epoch, Seq: tt.seq}}})
		want := storyOf{"s": strings.Fields(tt.want)}
		want["s"] = append(want["s"][:0], strings.TrimSpace(tt.want+` {"i":4}`))
		got := make(storyOf)
		got.read(t, s, storyOf{"s": {`{"i":4}`}})
		got["s"] = []string{strings.Join(got["s"], " ")}
		got.check(t, fmt.Sprintf("from %d on", tt.seq), want)
	}
}

// What has no stream, or did not come whole, was not published, and takes no number.
func TestNotPublishedTakesNoNumber(t *testing.T) {
	c, _ := start(t, consolidator.Config{MaxStreams: 4})
	pub := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	pub.Send(message("s", 1))
	pub.Send(append(frame(flagMore, 0), frame(0, 0)...)) // no name
	pub.Send(tooLarge("\x01"))
	pub.Send(tooLarge(string([]byte{0xff})))
	large := frame(0, zmtp.MaxMessage+1) // one frame
	pub.Send(append(large, make([]byte, zmtp.MaxMessage+1)...))
	half := tooLarge("s")
	pub.Send(half[:len(half)-1])
	wait.For(t, "all to be counted", func() bool { return c.Counts().TooLarge == 4 })
	pub.NetConn().Close()
	other := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	other.Send(message("s", 2))
	waitFor(t, c, "s", 2)
	s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()[:1]})
	s.Tail("s", stream.Backfill{Last: 100})
	got, want := make(storyOf), storyOf{"s": {`{"i":1}`, `{"i":2}`}}
	got.read(t, s, want)
	got.check(t, "the reader", want)
}

// A message of one frame that is the name of a stream has lost its record, and whoever
// reads that stream is told so. Of any other, nobody knows a stream.
func TestANameWithoutARecordIsALoss(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	pub := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	foreign := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
	foreign.Send(subscriptions(foreign, "s"))
	subscribed(t, c, 1)
	alone := func(text string) []byte { return append(frame(0, uint64(len(text))), text...) }
	for _, m := range [][]byte{alone("s"), message("s", 1), alone("s"), alone("s"), alone("t"), alone(`{"i":2}`), alone("system/sluice"), message("s", 3)} {
		pub.Send(m)
	}
	waitFor(t, c, "s", 4) // the first came before there was a stream
	if n := c.Counts().TooFewFrames; n != 6 {
		t.Errorf("%d have too few frames", n)
	}
	s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()[:1]})
	s.Tail("s", stream.Backfill{Last: 100})
	got, want := make(storyOf), storyOf{"s": {`{"i":1}`, "(2 consolidator " + loss.Malformed + ")", `{"i":3}`}}
	got.read(t, s, want)
	got.check(t, "the reader", want)
	s.WatchStreams(true)
	wait.For(t, "the list of streams", func() bool { return len(s.Streams()) > 0 })
	for _, l := range s.Streams() {
		if l.Name != "s" && l.Name != "system/sluice" {
			t.Errorf("%q is a stream", l.Name)
		}
	}
	var told uint64
	for rec := ""; rec != `s {"i":3}`; {
		var err error
		if rec, err = foreign.Message(); err != nil {
			t.Fatal(err)
		}
		name, data, _ := strings.Cut(rec, " ")
		if n, msg := toldInBand(t, data); name == "s" {
			told += n
			if n > 0 && !strings.HasSuffix(msg, "dropped: "+loss.Malformed) {
				t.Errorf("told %q", msg)
			}
		}
	}
	if told != 2 {
		t.Errorf("the foreign reader was told of %d", told)
	}
}

// toldInBand is what a foreign reader is told by a record among the others: how many
// are lost, in which words. It is 0 for a record that tells of none.
func toldInBand(t *testing.T, data string) (n uint64, msg string) {
	t.Helper()
	var r struct {
		Name    string
		Dropped uint64
		Msg     string
	}
	if err := json.Unmarshal([]byte(data), &r); err != nil {
		t.Fatalf("%v: %q", err, data)
	}
	if r.Name != "sluice" {
		return 0, ""
	}
	return r.Dropped, r.Msg
}
