package archive_test

import (
	"slices"
	"testing"
	"time"

	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// What came of a stream while no archive was there is archived by the next one, although
// the stream has been quiet for so long that the consolidator does not tell of it.
func TestQuietStreamIsLookedAt(t *testing.T) {
	volume.Long(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	e, _ := opens(t, t.TempDir())
	_, stop := archives(t, e, c)
	p.numbers("s", 0, 10)
	p.numbers("system/a", 0, 10)
	keeps(t, e.Client, "vm-1 s", 10)
	keeps(t, e.Client, "vm-1 system/a", 10)
	stop()
	p.numbers("s", 10, 20)
	accepted(t, c, "s", 20)
	told := func() bool {
		r, err := direct.NewEach(direct.Config{Consolidators: c.SubscribeAddrs()})
		if err != nil {
			t.Fatal(err)
		}
		r.WatchStreams(true)
		defer wait.Run(t, r.Run)()
		wait.For(t, "the consolidator", func() bool { s := r.Status(); return len(s) == 1 && s[0].State.Connected() })
		wait.For(t, "what is live", func() bool { return len(r.AppendHeads(nil, time.Time{})) > 0 })
		return slices.ContainsFunc(r.AppendHeads(nil, time.Time{}), func(h direct.Head) bool { return h.Stream == "s" })
	}
	quiet := func() bool {
		p.numbers("other", 0, 1)
		return !told()
	}
	isQuiet := false
	for range 2 { // it takes a minute, which one wait may be too short for
		isQuiet = isQuiet || wait.Until(quiet)
	}
	if !isQuiet {
		t.Fatal("the streams are still told of")
	}
	a, _ := archives(t, e, c)
	keeps(t, e.Client, "vm-1 s", 20)["vm-1 s"].isNumbers(t, 0, 20)
	wait.For(t, "the lane with nothing new to be left", func() bool { return a.Figures().Mine == 1 })
	p.numbers("system/a", 10, 20)
	keeps(t, e.Client, "vm-1 system/a", 20)["vm-1 system/a"].isNumbers(t, 0, 20)
}
