package consume_test

import (
	"syscall"
	"testing"
	"time"

	"sluice/archive/consume"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

func TestWorkersJoinLeaveDieAndHangUnderLoad(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	w := newWorld(t)
	stop := w.feed(5, 5*time.Millisecond)
	c := newCrew(w, "g")
	leaves, dies, hangs := c.start(), c.start(), c.start()
	c.start()
	more := func() {
		t.Helper()
		had := len(c.done())
		wait.For(t, "more is done", func() bool { return len(c.done()) > had+1000 })
	}
	more()
	if err := leaves.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := leaves.Wait(); err != nil {
		t.Errorf("a worker that is to leave ends with %v", err)
	}
	more()
	if err := dies.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	more()
	if err := hangs.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	more()
	c.start()
	more()
	all := stop()
	wait.For(t, "all is done, although a worker hangs", func() bool { return c.has(all) })
	if err := hangs.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	// What it had is done twice, and nothing is put aside because of that.
	w.write("system/s0", "the last")
	wait.For(t, "work goes on", func() bool { return c.has([]string{"the last"}) })
	twice := 0
	for _, n := range c.done() {
		if n > 1 {
			twice++
		}
	}
	if most := 4 * 32 * 100; twice > most {
		t.Errorf("%d of %d records were done more than once, want %d at most: what three workers held", twice, len(all), most)
	}
	for _, dead := range []bool{false, true} {
		if items := w.items(consume.Deferred{Group: "g", Dead: dead}); len(items) != 0 {
			t.Errorf("%d items were put aside", len(items))
		}
	}
}

func TestRecordThatKillsItsWorkersStopsNobody(t *testing.T) {
	volume.Long(t)
	t.Parallel()
	w := newWorld(t)
	w.write("system/a", "a1", "a2", `{"msg":"deadly"}`, "a4")
	c := newCrew(w, "g")
	c.keep()
	c.keep()
	stop := w.feed(3, 20*time.Millisecond)
	wait.For(t, "its neighbours are done", func() bool { return c.has([]string{"a1", "a2", "a4"}) })
	wait.For(t, "it is dead", func() bool { return len(w.items(consume.Deferred{Group: "g", Dead: true})) == 1 })
	all := stop()
	wait.For(t, "all others are done", func() bool { return c.has(all) })
	if item := w.items(consume.Deferred{Group: "g", Dead: true})[0]; string(item.Records[0]) != `{"msg":"deadly"}` || item.Attempts != 2 {
		t.Errorf("the dead one is %q after %d attempts", item.Records[0], item.Attempts)
	}
}

func TestOrderedWorkersDieAndHangUnderLoad(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	w := newWorld(t)
	stop := w.feed(5, 10*time.Millisecond)
	c := newCrew(w, "g-ordered")
	dies, hangs := c.start(), c.start()
	c.start()
	more := func() {
		t.Helper()
		had := len(c.done())
		wait.For(t, "more is done", func() bool { return len(c.done()) > had+1000 })
	}
	more()
	if err := dies.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	more()
	if err := hangs.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	more()
	c.start()
	all := stop()
	wait.For(t, "all is done, although a worker hangs", func() bool { return c.has(all) })
	if err := hangs.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.write("system/s0", "the last")
	wait.For(t, "work goes on", func() bool { return c.has([]string{"the last"}) })
	for r, n := range c.done() {
		if n > 3 { // one that died and one that hung may have had it
			t.Errorf("%s was done %d times", r, n)
		}
	}
}

func TestThousandPoisonedRecordsStopNobody(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	w := newWorld(t)
	var good []string
	for i := range 10 {
		records := lines("a", i*200, 200)
		for n := range records {
			if n%2 == 0 {
				records[n] = `{"msg":"poison"}`
			} else {
				good = append(good, records[n])
			}
		}
		w.write("system/a", records...)
	}
	c := newCrew(w, "g")
	c.start()
	c.start()
	stop := w.feed(3, 20*time.Millisecond)
	dead := func() uint64 {
		stream, err := w.engine.JetStream().Stream(t.Context(), "DEAD")
		if err != nil {
			return 0 // no worker has begun
		}
		return stream.CachedInfo().State.Msgs
	}
	wait.For(t, "some are dead", func() bool { return dead() > 10 })
	had := len(c.done())
	wait.For(t, "others are done meanwhile", func() bool { return len(c.done()) > had+1000 })
	all := stop()
	wait.For(t, "all are dead", func() bool { return dead() == 1000 })
	wait.For(t, "all others are done", func() bool { return c.has(all) && c.has(good) })
	if left := w.items(consume.Deferred{Group: "g"}); len(left) > 0 {
		t.Errorf("%d are still tried", len(left))
	}
}
