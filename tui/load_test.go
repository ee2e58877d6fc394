package tui_test

import (
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/tui"
	"sluice/tui/terminal"
)

func TestATakingEndsInTime(t *testing.T) {
	volume.Check(t)
	s := open(t, 80, 24, tui.Config{}, "system")
	for range 30 {
		b := &stream.Batch{}
		for range 5000 {
			b.Records = append(b.Records, s.record("system", "vm-1", `"level":30,"msg":"line"`))
		}
		s.feed.put(b)
	}
	s.woken = false
	s.send(tui.TakeMsg)
	if !s.woken {
		t.Fatal("150,000 records were taken in one frame, or forgotten")
	}
	s.settle()
	if records, _ := tui.Held(s.model); records != 150_000 {
		t.Fatalf("%d records are kept", records)
	}
}

// However often its size changes, the screen fits the terminal in the end, and
// the records go on coming.
func TestResizesInAFlood(t *testing.T) {
	term := start80x24(t, "system")
	term.waitForText("No records yet")
	// It is not this process's own terminal, so the kernel does not tell it.
	resize := func(cols, rows uint16) {
		term.vt.Resize(int(cols), int(rows)) // as terminals do: first they change, then they say so
		if err := pty.Setsize(term.pty, &pty.Winsize{Rows: rows, Cols: cols}); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		cols, rows := uint16(20+i*7%180), uint16(5+i*3%60)
		switch {
		case i%18 == 0:
			cols, rows = 1, 1
		case i%9 == 0:
			cols, rows = 10, 3
		}
		resize(cols, rows)
		term.feed.put(plainRecords(i*50+1, 50))
		if i%10 == 0 {
			term.wait(func() bool { return term.feed.empty() })
		}
	}
	// The last size counts: on it the screen is drawn anew.
	resize(100, 30)
	term.waitFor("the last line", func(screen string) bool {
		lines := strings.Split(screen, "\n")
		return len(lines) >= 30 && strings.Contains(lines[28], "line 5000") && strings.Contains(lines[29], "5,000 kept")
	})
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkFrame(b *testing.B) {
	s := open(b, 200, 60, tui.Config{}, "system", "tenant/acme")
	s.flood("system", 10_000)
	s.flood("tenant/acme", 10_000)
	batch := &stream.Batch{}
	for range 100 {
		batch.Records = append(batch.Records, s.record("system", "vm-1", `"level":30,"msg":"request completed","status":200,"tenant":"acme","ms":12`))
	}
	var frames []time.Duration
	screen, err := terminal.Open(terminal.Config{Input: strings.NewReader(""), Output: io.Discard, Wake: func() {}, Getenv: os.Getenv})
	if err != nil {
		b.Fatal(err)
	}
	if err := screen.Enter(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		began := cpuTime(b)
		s.feed.put(batch)
		s.model, _ = s.model.Update(tui.TakeMsg)
		screen.Show(terminal.Frame{Lines: strings.Split(s.model.View().Content, "\n")})
		frames = append(frames, cpuTime(b)-began)
	}
	slices.Sort(frames)
	b.ReportMetric(float64(frames[len(frames)/2].Microseconds()), "cpu-µs/p50")
	b.ReportMetric(float64(frames[len(frames)*99/100].Microseconds()), "cpu-µs/p99")
}

func BenchmarkTake(b *testing.B) {
	s := open(b, 80, 24, tui.Config{Records: 100_000}, "system")
	batch := &stream.Batch{}
	for range 1000 {
		batch.Records = append(batch.Records, s.record("system", "vm-1", `"level":30,"msg":"request completed","status":200,"tenant":"acme","ms":12`))
	}
	for b.Loop() {
		s.feed.put(batch)
		s.model, _ = s.model.Update(tui.TakeMsg)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
}

// cpuTime is what this process has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
