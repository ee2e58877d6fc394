package shipper_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/headless/shipper"
)

// outcome compares what was published with what was written.
type outcome struct {
	t     testing.TB
	kind  string
	w     *writer
	lines []string
	told  []string
	s     shipper.Summary // of all runs of the follower

	missing []wrote
}

func (o *outcome) check() {
	o.t.Helper()
	number := make(map[string]int, len(o.w.wrote))
	for i, l := range o.w.wrote {
		number[l.text] = i
	}
	truncates := strings.HasPrefix(o.kind, "copytruncate")
	had := make(map[string]bool)
	before := -1
	for _, line := range o.lines {
		n, known := number[line]
		switch {
		case had[line]:
			o.t.Errorf("twice: %.60q", line)
		case !known && truncates && o.w.rough > 0 && o.isPiece(line):
			continue // its other end was truncated
		case !known:
			o.t.Errorf("nobody wrote %.60q of %d bytes", line, len(line))
		case n < before && (o.w.rough == 0 || o.kind == "rename"):
			o.t.Errorf("%.60q comes after line %d", line, before)
		}
		had[line] = true
		before = max(before, n)
	}
	for _, l := range o.w.wrote {
		if !had[l.text] {
			o.missing = append(o.missing, l)
		}
	}
	if len(o.missing) == 0 {
		return
	}
	switch first := o.missing[0]; {
	case o.w.rough == 0 || o.kind == "rename":
		o.t.Errorf("%d lines are missing, the first %.60q", len(o.missing), first.text)
	case truncates:
		o.checkTruncated()
	default:
		o.checkGone(had)
	}
}

// isPiece reports whether a line is a part of one that was written.
func (o *outcome) isPiece(line string) bool {
	return slices.ContainsFunc(o.w.wrote, func(l wrote) bool { return strings.HasPrefix(l.text, line) })
}

// checkTruncated checks the report of truncations.
func (o *outcome) checkTruncated() {
	bytes := 0
	for _, l := range o.missing {
		bytes += len(l.text) + 1
	}
	if o.s.Truncations == 0 {
		o.t.Errorf("%d lines are missing, the first %.40q, and no truncation was told", len(o.missing), o.missing[0].text)
	}
	// A hole that a writer leaves counts to a page.
	if slack := uint64(4096 * o.w.life); o.s.LostBytes > uint64(bytes)+slack {
		o.t.Errorf("%d bytes are missing, and %d are said to be", bytes, o.s.LostBytes)
	}
}

// checkGone checks that files are read whole or not at all, and the report of
// those that were not.
func (o *outcome) checkGone(had map[string]bool) {
	files := make(map[int]bool)
	for _, l := range o.missing {
		files[l.file] = true
	}
	for _, l := range o.w.wrote {
		if files[l.file] && had[l.text] {
			o.t.Errorf("file %d was opened, and is not there whole", l.file)
			delete(files, l.file)
		}
	}
	if uint64(len(files)) > o.s.Missed {
		o.t.Errorf("files %v are missing, and %d are said to be", slices.Sorted(maps.Keys(files)), o.s.Missed)
	}
}

// figures are what came of all runs, by kind.
type figures struct {
	mu sync.Mutex
	of map[string]*figure
}

type figure struct{ runs, files, lines, missing, missed, tailMissing, tailRuns int }

func (f *figures) add(kind string, w *writer, o *outcome, tailMissing int) {
	if kind != "rename" && w.rough > 0 {
		kind += ", at once" // it was destroyed without waiting until it was open, or read
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[kind] == nil {
		f.of[kind] = &figure{}
	}
	g := f.of[kind]
	g.runs++
	g.files += w.file
	g.lines += len(w.wrote)
	g.missing += len(o.missing)
	g.missed += int(o.s.Missed)
	if g.tailMissing += tailMissing; tailMissing > 0 {
		g.tailRuns++
	}
}

func (f *figures) log(t testing.TB) {
	for _, kind := range slices.Sorted(maps.Keys(f.of)) {
		g := f.of[kind]
		t.Logf("%-31s %4d runs, %5d files, %6d lines: %5d lost and reported, %4d files reported; tail -F lost %5d lines in %4d runs",
			kind, g.runs, g.files, g.lines, g.missing, g.missed, g.tailMissing, g.tailRuns)
	}
}
