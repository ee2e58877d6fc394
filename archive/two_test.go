package archive_test

import (
	"fmt"
	"testing"
	"time"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// dials opens an engine on the server of another, as an archive of another machine would.
func dials(t testing.TB, at *engine.Engine) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Connect: engine.DialConfig{URLs: []string{"nats://" + at.Addr()}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// Two archives share the lanes: each is written by one of them, and when that ends, by
// the other. Nothing is archived twice, and nothing is lost.
func TestTwoArchives(t *testing.T) {
	volume.Check(t)
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	e, _ := opens(t, t.TempDir())
	runs := func() (*archive.Archive, func()) {
		return archivesWith(t, archive.Config{
			Engine: dials(t, e), Source: direct.Config{Consolidators: c.SubscribeAddrs()},
			Age: 20 * time.Millisecond, Standstill: 200 * time.Millisecond,
		})
	}
	const streams = 20
	name := func(i int) string { return fmt.Sprintf("s%d", i) }
	n := 0
	publish := func() {
		for i := range streams {
			p.numbers(name(i), n, n+5)
		}
		n += 5
	}
	all := func() { // is archived that was published by now; more comes meanwhile
		publish()
		want := n
		wait.For(t, "the archive to have everything", func() bool {
			publish()
			held := holds(t, e.Client)
			for i := range streams {
				if k := held["vm-1 "+name(i)]; k == nil || len(k.records) < want {
					return false
				}
			}
			return true
		})
	}
	_, stop := runs()
	for range 4 {
		all()
		b, next := runs()
		all()
		stop()
		all()
		if f := b.Figures(); f.Mine != streams {
			t.Fatalf("alone, its figures are %+v", f)
		}
		stop = next
	}
	all()
	for i := range streams {
		keeps(t, e.Client, "vm-1 "+name(i), n)["vm-1 "+name(i)].isNumbers(t, 0, n)
	}
}

// An archive whose append is refused leaves the lane, and does not write what another
// has written; it goes on when that one has gone.
func TestRefused(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	e, _ := opens(t, t.TempDir())
	with := func(age time.Duration) archive.Config {
		return archive.Config{
			Engine: dials(t, e), Source: direct.Config{Consolidators: c.SubscribeAddrs()},
			Age: age, Standstill: 10 * time.Millisecond,
		}
	}
	// The slow one has read what the quick one writes before it.
	slow, stop := archivesWith(t, with(wait.Limit))
	p.numbers("s", 0, 5)
	keeps(t, e.Client, "vm-1 s", 5) // what is held when it comes is archived at once
	p.numbers("s", 5, 10)
	figure(t, slow, "the slow archive to have read it", func(f archive.Figures) bool { return f.Mine == 1 && f.Waiting > 0 })
	quick, stopQuick := archivesWith(t, with(10*time.Millisecond))
	keeps(t, e.Client, "vm-1 s", 10)
	stop()
	if f := slow.Figures(); f.Refused != 1 || f.Mine != 0 || f.Waiting != 0 {
		t.Errorf("the slow archive's figures are %+v", f)
	}
	p.numbers("s", 10, 20)
	keeps(t, e.Client, "vm-1 s", 20)["vm-1 s"].isNumbers(t, 0, 20)
	stopQuick()
	if f := quick.Figures(); f.Refused != 0 || f.Records != 15 {
		t.Errorf("the quick archive's figures are %+v", f)
	}
}
