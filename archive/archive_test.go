package archive_test

import (
	"slices"
	"testing"

	"sluice/archive"
	"sluice/cluster/loss"
	"sluice/cluster/names"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/volume"
)

// What consolidators hold, and what comes then, is archived: each stream of each of them
// by itself, in order.
func TestArchivesWhatIsHeldAndWhatComes(t *testing.T) {
	noLeaks(t)
	one, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	two, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-2"})
	p, q := publishTo(t, one), publishTo(t, two)
	p.numbers("system/a", 0, 100)
	p.numbers("tenant/acme", 0, 10)
	q.numbers("system/a", 1000, 1010)
	e, _ := opens(t, t.TempDir())
	a, stop := archives(t, e, one, two)
	keeps(t, e.Client, "vm-1 system/a", 100)
	p.numbers("system/a", 100, 150)
	p.numbers("new", 0, 5)
	keeps(t, e.Client, "vm-1 system/a", 150)
	keeps(t, e.Client, "vm-1 tenant/acme", 10)
	keeps(t, e.Client, "vm-2 system/a", 10)
	all := keeps(t, e.Client, "vm-1 new", 5)
	all["vm-1 system/a"].isNumbers(t, 0, 150)
	all["vm-1 tenant/acme"].isNumbers(t, 0, 10)
	all["vm-2 system/a"].isNumbers(t, 1000, 1010)
	all["vm-1 new"].isNumbers(t, 0, 5)
	stop()
	f := a.Figures()
	if f.Records < 175 || f.Gaps != 0 || f.Refused != 0 || f.Waiting != 0 {
		t.Errorf("the figures are %+v", f)
	}
}

// Only the streams that are wanted are archived.
func TestArchivesByPattern(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	p.numbers("tenant/acme", 0, 10)
	p.numbers("tenant/globex", 0, 10)
	p.numbers("other", 0, 10)
	e, _ := opens(t, t.TempDir())
	pattern, err := names.ParsePattern("tenant/*")
	if err != nil {
		t.Fatal(err)
	}
	archivesWith(t, archive.Config{
		Engine: e, Streams: []names.Pattern{pattern}, Source: direct.Config{Consolidators: c.SubscribeAddrs()},
	})
	keeps(t, e.Client, "vm-1 tenant/acme", 10)
	if got := keys(keeps(t, e.Client, "vm-1 tenant/globex", 10)); !slices.Equal(got, []string{"vm-1 tenant/acme", "vm-1 tenant/globex"}) {
		t.Errorf("archived are %q", got)
	}
}

// An archive goes on where it was, over its own restart, over that of its engine, and
// over one of the consolidator.
func TestGoesOn(t *testing.T) {
	volume.Check(t)
	noLeaks(t)
	c, end := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	dir := t.TempDir()
	e, closes := opens(t, dir)
	_, stop := archives(t, e, c)
	p.numbers("s", 0, 100)
	keeps(t, e.Client, "vm-1 s", 100)
	stop()
	p.numbers("s", 100, 200)
	_, stop = archives(t, e, c)
	p.numbers("s", 200, 300)
	keeps(t, e.Client, "vm-1 s", 300)["vm-1 s"].isNumbers(t, 0, 300)
	stop()
	closes()

	e, _ = opens(t, dir)
	p.numbers("s", 300, 400)
	archives(t, e, c)
	keeps(t, e.Client, "vm-1 s", 400)["vm-1 s"].isNumbers(t, 0, 400)

	endpoints := consolidator.Config{Name: "vm-1", Publish: c.PublishAddrs(), Subscribe: c.SubscribeAddrs()}
	end()
	c, _ = testcluster.Consolidator(t, endpoints)
	publishTo(t, c).numbers("s", 400, 450)
	k := keeps(t, e.Client, "vm-1 s", 450)["vm-1 s"]
	k.isNumbers(t, 0, 450)
	if k.unknown != 0 || len(k.epochs) != 2 {
		t.Errorf("after a clean restart: %d gaps of unknown number, %d epochs", k.unknown, len(k.epochs))
	}
}

// What a consolidator does not hold any more is a gap with its number: before the archive
// came, while it was away, and while it could not keep up.
func TestWhatIsGone(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", StreamBuffer: 16 << 10})
	p := publishTo(t, c)
	p.numbers("s", 0, 5000)
	e, _ := opens(t, t.TempDir())
	_, stop := archives(t, e, c)
	k := keeps(t, e.Client, "vm-1 s", 5000)["vm-1 s"]
	if len(k.gaps) == 0 || k.gaps[0].Count == 0 || k.gaps[0].Unknown || k.numbers(t)[0] != int(k.gaps[0].Count) {
		t.Fatalf("at first: %+v, then from %d on", k.gaps, k.numbers(t)[0])
	}
	before := len(k.gaps)
	stop()
	p.numbers("s", 5000, 10000)
	archives(t, e, c)
	k = keeps(t, e.Client, "vm-1 s", 10000)["vm-1 s"]
	if len(k.gaps) != before+1 || k.unknown != 0 || k.gaps[before].Reason != loss.Away {
		t.Errorf("after it was away: %+v", k.gaps)
	}
	if len(k.records)+int(k.lost) != 10000 || k.next.Seq != 10000 {
		t.Errorf("of 10000, %d are archived and %d lost", len(k.records), k.lost)
	}
}
