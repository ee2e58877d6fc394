package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sluice/archive/engine"
	"sluice/archive/importer"
	"sluice/archive/subject"
	"sluice/cluster/loss"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func opened(t *testing.T) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// lines is a recording: a number is a record, "!" a gap of an unknown number, "-N" one of N.
func run(t *testing.T, e *engine.Engine, epoch uint64, lines ...string) importer.Counts {
	t.Helper()
	i, err := importer.Begin(t.Context(), e, "tenant/acme", epoch)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		switch {
		case line == "!":
			err = i.Gap(t.Context(), loss.Loss{Unknown: true, Reason: "restarted"})
		case line[0] == '-':
			var n uint64
			_, _ = fmt.Sscan(line[1:], &n)
			err = i.Gap(t.Context(), loss.Loss{Count: n, Reason: "reader too slow", Hop: "consolidator"})
		default:
			err = i.Add(t.Context(), []byte(line))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	counts, err := i.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// held is what the archive has of the stream, as run takes it.
func held(t *testing.T, e *engine.Engine) string {
	t.Helper()
	var all []string
	next := map[uint64]uint64{}
	for m, err := range e.All(t.Context(), subject.Of(importer.Consolidator, "tenant/acme"), false) {
		if err != nil {
			t.Fatal(err)
		}
		h, err := m.Head()
		if err != nil {
			t.Fatal(err)
		}
		if h.First != next[h.Epoch] {
			t.Errorf("batch %d begins at %d, want %d", m.Sequence, h.First, next[h.Epoch])
		}
		next[h.Epoch] = h.Next().Seq
		if h.Gap != nil {
			all = append(all, strings.ReplaceAll("-"+loss.Field(h.Gap.Count, h.Gap.Unknown), "-unknown", "!"))
			continue
		}
		r, _, err := h.Open(m.Payload, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range r.All() {
			all = append(all, string(data))
		}
	}
	return strings.Join(all, " ")
}

func TestARecordingIsImportedOnce(t *testing.T) {
	e := opened(t)
	recording := []string{"1", "2", "-7", "3", "!", "4", "5", "!"}
	want := strings.Join(recording, " ")
	if got := run(t, e, 9, recording...); got.Records != 5 || got.Lost != 7 || got.Unknown != 2 || got.Held != 0 {
		t.Errorf("%+v", got)
	}
	if got := held(t, e); got != want {
		t.Errorf("holds %q, want %q", got, want)
	}
	if got := run(t, e, 9, recording...); got.Records != 0 || got.Held != 5 || got.Batches != 0 {
		t.Errorf("again: %+v", got)
	}
	if got := held(t, e); got != want {
		t.Errorf("after that it holds %q, want %q", got, want)
	}
	run(t, e, 10, "6")
	run(t, e, 9, recording...)
	if got := held(t, e); got != want+" 6" {
		t.Errorf("with another one it holds %q", got)
	}
}

// An import is broken off after each of its steps, and goes on, whatever was imported
// between.
func TestAnImportThatWasBrokenOffGoesOn(t *testing.T) {
	recording := []string{"1", "2", "-7", "3", "!", "!", "4"}
	for end := range recording {
		t.Run(fmt.Sprint("after ", end), func(t *testing.T) {
			e := opened(t)
			run(t, e, 9, recording[:end]...)
			run(t, e, 8, "other")
			run(t, e, 9, recording...)
			got := strings.Replace(held(t, e), "other", "", 1)
			if got := strings.Join(strings.Fields(got), " "); got != strings.Join(recording, " ") {
				t.Errorf("holds %q", got)
			}
		})
	}
}

func TestALargerRecordIsAGap(t *testing.T) {
	e := opened(t)
	run(t, e, 9, "1", strings.Repeat("x", 600<<10), "2")
	if got := held(t, e); got != "1 -1 2" {
		t.Errorf("holds %.100q", got)
	}
}
