package direct_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/discovery"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testcluster"
	"sluice/internal/testsource"
	"sluice/internal/wait"
)

// finder finds what a test wants.
type finder chan discovery.Found

func (f finder) Find(ctx context.Context, found func(discovery.Found)) error {
	for {
		select {
		case all := <-f:
			found(all)
		case <-ctx.Done():
			return nil
		}
	}
}

func (finder) Place() discovery.Place { return discovery.Place{Name: "test", Address: "here"} }

// names are the consolidators from now on.
func (f finder) names(endpoints ...string) { f.all(discovery.At(endpoints...)...) }

func (f finder) all(list ...discovery.Consolidator) {
	f <- discovery.Found{Consolidators: list, Known: true}
}

// finds runs a source whose consolidators the test names, and which keeps no connection
// to those that it does not.
func finds(t *testing.T) (finder, *testsource.Taker) {
	t.Helper()
	return findsWith(t, time.Nanosecond)
}

// findsWith is finds with a grace for live connections.
func findsWith(t *testing.T, grace time.Duration) (finder, *testsource.Taker) {
	t.Helper()
	f := make(finder)
	s, err := direct.New(direct.Config{Finder: f, MergeWait: wait.Limit, Grace: grace})
	if err != nil {
		t.Fatal(err)
	}
	return f, testsource.Run(t, s)
}

// gone waits until the source tells that vm-1 is not named any more.
func gone(t *testing.T, s *testsource.Taker) {
	t.Helper()
	s.Notice(func(n stream.Notice) bool {
		return n.Kind == stream.KindState && n.Source == "vm-1" && n.State == stream.StateLost && n.Gone && strings.Contains(n.Err, "named")
	})
	if all := consolidators(s); len(all) != 0 {
		t.Errorf("named no more, and the status is %+v", all)
	}
}

// consolidators are the sources but for where they are found.
func consolidators(s *testsource.Taker) []stream.Status {
	return slices.DeleteFunc(s.Status(), func(s stream.Status) bool { return s.Finder })
}

// A consolidator that is not named for a while goes on where it was: what it got
// meanwhile comes, and nothing twice.
func TestNamedAgain(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	f, s := finds(t)
	other := reads(t, direct.Config{}, c.SubscribeAddrs()...) // it sees what has been published
	for _, x := range []*testsource.Taker{other, s} {
		x.Tail("s", stream.Backfill{})
	}
	f.names(c.SubscribeAddrs()...)
	s.Kind(stream.KindBackfill)
	other.Kind(stream.KindBackfill)
	for i := 0; i < 50; i += 10 {
		p.numbers("s", i, i+5)
		s.Numbers(i, i+5)
		f.names()
		gone(t, s)
		p.numbers("s", i+5, i+10)
		other.Numbers(i, i+10)
		f.names(c.SubscribeAddrs()...)
		s.Numbers(i+5, i+10)
	}
	// What is tailed anew meanwhile begins anew, and what is stopped has ended.
	f.names()
	gone(t, s)
	s.Stop("s")
	p.numbers("s", 50, 60)
	other.Numbers(50, 60)
	s.Tail("s", stream.Backfill{Last: 3})
	f.names(c.SubscribeAddrs()...)
	s.Numbers(57, 60)
}

// One that comes back at another endpoint goes on where it was, too: it is known by
// its name.
func TestNamedElsewhere(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	elsewhere := relay.New(t, strings.TrimPrefix(c.SubscribeAddrs()[0], "tcp://"))
	p := publishTo(t, c)
	f, s := finds(t)
	other := reads(t, direct.Config{}, c.SubscribeAddrs()...) // it sees what has been published
	for _, x := range []*testsource.Taker{other, s} {
		x.Tail("s", stream.Backfill{})
	}
	f.names(c.SubscribeAddrs()...)
	s.Kind(stream.KindBackfill)
	other.Kind(stream.KindBackfill)
	p.numbers("s", 0, 5)
	s.Numbers(0, 5)
	f.names()
	gone(t, s)
	p.numbers("s", 5, 10)
	other.Numbers(0, 10)
	f.names("tcp://" + elsewhere.Addr())
	s.Numbers(5, 10)
	if all := s.Status(); len(all) != 1 || all[0].Name != "vm-1" {
		t.Errorf("the status is %+v", all)
	}
}

// A backfill does not wait for a consolidator that is not named any more.
func TestBackfillWithoutTheGone(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	silent, err := net.Listen("tcp", "127.0.0.1:0") // it never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	f, s := finds(t)
	s.Tail("s", stream.Backfill{})
	f.names(c.SubscribeAddrs()[0], "tcp://"+silent.Addr().String())
	s.Notice(func(n stream.Notice) bool { return n.Kind == stream.KindState && n.State == stream.StateLive })
	f.names(c.SubscribeAddrs()...)
	s.Kind(stream.KindBackfill)
}
