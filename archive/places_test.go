package archive_test

import (
	"testing"

	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/consolidator"
	"sluice/internal/testcluster"
)

// purge removes all batches, as retention does in the end.
func purge(t testing.TB, e *engine.Engine) {
	t.Helper()
	s, err := e.JetStream().Stream(t.Context(), engine.Logs)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What retention has removed is not archived again, though the consolidator still has it:
// neither by the archive that wrote it, nor by the next one.
func TestRetentionRemovesTheLastBatch(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	e, _ := opens(t, t.TempDir())
	_, stop := archives(t, e, c)
	p.numbers("s", 0, 50)
	keeps(t, e.Client, "vm-1 s", 50)
	purge(t, e)
	p.numbers("s", 50, 60)
	k := keeps(t, e.Client, "vm-1 s", 10)["vm-1 s"]
	k.isNumbers(t, 50, 60)
	stop()
	purge(t, e)
	archives(t, e, c)
	p.numbers("s", 60, 70)
	k = keeps(t, e.Client, "vm-1 s", 10)["vm-1 s"]
	k.isNumbers(t, 60, 70)
	if k.lost != 0 || k.unknown != 0 {
		t.Errorf("lost are %d, and %d times nobody knows how many", k.lost, k.unknown)
	}
}

// A foreign message on a lane's subject is passed over, by the archive that writes the
// lane, and by the next one.
func TestForeignMessage(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	e, _ := opens(t, t.TempDir())
	intrude := func() {
		if _, err := e.JetStream().Publish(t.Context(), subject.Of("vm-1", "s"), []byte("not a batch")); err != nil {
			t.Fatal(err)
		}
	}
	intrude()
	_, stop := archives(t, e, c)
	p.numbers("s", 0, 50)
	keeps(t, e.Client, "vm-1 s", 50)
	intrude()
	p.numbers("s", 50, 60)
	keeps(t, e.Client, "vm-1 s", 60)
	stop()
	intrude()
	archives(t, e, c)
	p.numbers("s", 60, 70)
	keeps(t, e.Client, "vm-1 s", 70)["vm-1 s"].isNumbers(t, 0, 70)
}

// The place is noted with the end of an archive.
func TestPlaceIsNoted(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	e, _ := opens(t, t.TempDir())
	_, stop := archives(t, e, c)
	p.numbers("s", 0, 50)
	k := keeps(t, e.Client, "vm-1 s", 50)["vm-1 s"]
	stop()
	at, err := e.Position(t.Context(), "vm-1", "s")
	if err != nil || at.Position != k.next || at.Links != k.links {
		t.Errorf("noted is %+v, %v, and the archive stands at %v", at, err, k.next)
	}
}
