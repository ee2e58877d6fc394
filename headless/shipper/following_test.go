package shipper_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/headless/shipper"
	"sluice/internal/foreign"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// Whatever a writer does to its files, and however long publishing is held up:
// no line is published twice, none that could be read is lost, and the rest is
// reported. GNU tail -F reads the same beside it. SLUICE_RUNS and SLUICE_SEED
// say how many runs, and which one first.
func TestFollowingLosesNothing(t *testing.T) { following(t, 12, 1) }

func TestFollowingLosesNothingByVolume(t *testing.T) {
	volume.Check(t)
	following(t, 300, 1000)
}

// following makes runs with the seeds from one on.
func following(t *testing.T, runs, seed int) {
	foreign.Need(t, "/proc")
	for name, value := range map[string]*int{"SLUICE_RUNS": &runs, "SLUICE_SEED": &seed} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatalf("%s=%q is no number", name, text)
			}
			*value = n
		}
	}
	sum := figures{of: make(map[string]*figure)}
	var next atomic.Int64
	t.Run("runs", func(t *testing.T) {
		for range min(8, runs) {
			t.Run("worker", func(t *testing.T) {
				t.Parallel()
				for {
					n := int(next.Add(1)) - 1
					if n >= runs {
						return
					}
					t.Run(fmt.Sprint("seed=", seed+n), func(t *testing.T) { followingRun(t, seed+n, &sum) })
				}
			})
		}
	})
	sum.log(t)
}

// followingRun is one run.
func followingRun(t *testing.T, seed int, sum *figures) {
	rnd := rand.New(rand.NewPCG(uint64(seed), 11))
	kinds := slices.Sorted(maps.Keys(rotations))
	kind := kinds[rnd.IntN(len(kinds))]
	dir := t.TempDir()
	to, at := "ipc://"+filepath.Join(dir, "pub"), "ipc://"+filepath.Join(dir, "sub")
	start := func() {
		testcluster.Consolidator(t, consolidator.Config{Publish: []string{to}, Subscribe: []string{at}, StreamBuffer: 64 << 20})
	}
	late := rnd.IntN(4) == 0 // the consolidator comes when most is written
	w := &writer{t: t, rnd: rnd, dir: dir, name: filepath.Join(dir, "app.log"), calm: rnd.IntN(2) == 0}
	truncates := strings.HasPrefix(kind, "copytruncate")
	if late {
		w.pad = strings.Repeat(" padding", 500)
		w.calm = w.calm && !truncates // nothing is read while publishing is held up
	} else {
		start()
	}
	cfg := shipper.Config{Files: []string{w.name}, Follow: true, NoJoin: true, OpenFiles: []int{2, 8, 0}[rnd.IntN(3)]}
	// A deleted file is gone when nobody has it open.
	restarts := rnd.IntN(4) == 0 && kind != "delete" && (w.calm || kind == "rename")
	if restarts {
		cfg.State = filepath.Join(dir, "places")
	}
	w.begin(kind)
	r := ship(t, to, cfg)
	var told []string
	defer func() {
		if t.Failed() {
			t.Logf("seed %d: %s, calm %v, %d files open, state %v: SLUICE_RUNS=1 SLUICE_SEED=%d repeats it\nnotices %q\n%s", seed, kind, w.calm, cfg.OpenFiles, restarts, seed, told, r.words())
		}
	}()
	found := func() {
		w.untilFound()
		wait.For(t, "the file to be looked at", func() bool { return shipper.Files(r.ship) > 0 })
	}
	found()
	tail := startTail(t, w.name)
	var total shipper.Summary
	end := func() {
		s, err := r.stop()
		add(&total, s)
		if err != nil && !errors.Is(err, shipper.ErrMissing) && !(restarts && errors.Is(err, shipper.ErrNotConnected)) {
			t.Errorf("Run returns %v", err)
		}
		if missing := s.Missed+s.LostBytes+s.Doubts > 0; missing != errors.Is(err, shipper.ErrMissing) && err == nil {
			t.Errorf("Run returns %v: %+v", err, s)
		}
	}
	before := 0 // lines that earlier runs of the follower read
	w.read = func(lines int) bool { return before+shipper.Lines(r.ship) >= lines }
	steps := 3 + rnd.IntN(20)
	for step := range steps {
		w.some()
		w.pause()
		if rnd.IntN(3) == 0 {
			ways := rotations[kind]
			ways[rnd.IntN(len(ways))](w)
		}
		if late && step == steps*3/4 {
			start()
			late = false
		}
		if restarts && !late && rnd.IntN(6) == 0 {
			end()
			before += int(r.ship.Summary().Acknowledged - r.ship.Summary().Notices)
			w.some()
			if rnd.IntN(2) == 0 && kind == "rename" {
				w.rename()
				w.some()
			}
			r = ship(t, to, cfg)
			found()
		}
	}
	if late {
		start()
	}
	const last = "the last line"
	fmt.Fprintln(w.out, last)
	var lines []string
	lines, told = readUntil(t, at, last)
	end()
	w.out.Close()
	o := outcome{t: t, kind: kind, w: w, lines: lines, told: told, s: total}
	o.check()
	if kind == "rename" && total.Missed > 0 {
		t.Errorf("%d files are said to be missing", total.Missed)
	}
	missing := tail.missing(w, last)
	sum.add(kind, w, &o, missing)
}

// add adds what became of one run of a follower.
func add(total, s *shipper.Summary) {
	total.Missed += s.Missed
	total.LostBytes += s.LostBytes
	total.Doubts += s.Doubts
	total.Truncations += s.Truncations
	total.Unread += s.Unread
}

// readUntil returns what stands in the stream before a line: lines and notices.
func readUntil(t testing.TB, at, last string) (lines, told []string) {
	t.Helper()
	p := testpeer.Tail(t, at, zmtp.Tail{Name: "system", From: zmtp.TailLast, A: 1 << 30})
	defer p.Close()
	for late := time.Now().Add(wait.Limit); ; {
		_ = p.SetReadDeadline(late)
		tok, err := p.Next()
		if err != nil {
			t.Errorf("%v after %d lines, of which the last is %.80q; told %q", err, len(lines), append([]string{""}, lines...)[len(lines)], told)
			return lines, told
		}
		if tok.Kind != zmtp.TokenMessage {
			_ = p.Answer(tok.Body) // an error is the next of Next
			continue
		}
		late = time.Now().Add(wait.Limit)
		rec := string(tok.Body)
		switch text := messages(t, []string{rec})[0]; {
		case text == last:
			return lines, told
		case strings.Contains(rec, `"name":"sluice"`):
			told = append(told, text)
		default:
			lines = append(lines, text)
		}
	}
}

// gnuTail is GNU tail -F on the same name.
type gnuTail struct {
	mu   sync.Mutex
	text bytes.Buffer
	run  *exec.Cmd
}

func (g *gnuTail) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(b)
}

func startTail(t testing.TB, name string) *gnuTail {
	there, err := foreign.Have("coreutils", t.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !there {
		return nil
	}
	g := &gnuTail{run: exec.Command("tail", "-n", "+1", "-F", "--sleep-interval=0.05", "--max-unchanged-stats=1", name)}
	g.run.Stdout = g
	if err := g.run.Start(); err != nil {
		t.Fatal(err)
	}
	return g
}

// missing ends it once it has had its time, and counts the lines that it lost.
func (g *gnuTail) missing(w *writer, last string) (n int) {
	if g == nil {
		return 0
	}
	late := time.Now().Add(3 * time.Second) // it may lose that line, too
	_ = wait.Until(func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return bytes.Contains(g.text.Bytes(), []byte(last)) || time.Now().After(late)
	})
	_ = g.run.Process.Kill()
	_ = g.run.Wait() // it was killed
	had := make(map[string]bool)
	for line := range strings.Lines(g.text.String()) {
		had[strings.Trim(line, "\n\x00")] = true
	}
	for _, l := range w.wrote {
		if !had[l.text] {
			n++
		}
	}
	return n
}
