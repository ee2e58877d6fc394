package view_test

import (
	"testing"
	"time"

	"sluice/cluster/record"
	"sluice/internal/wait"
	"sluice/tui/query"
	"sluice/tui/view"
)

// run steps a search until all is tested.
func run(t *testing.T, v *view.View, s *view.Search) {
	t.Helper()
	wait.For(t, "the search to end", func() bool { return !s.Step(time.Time{}, time.Now) && s.Complete() })
	finish(v)
}

func TestSearch(t *testing.T) {
	st := store(t)
	add(st, 1000)
	v := open(t, st, query.Filter{})
	s := view.NewSearch(v, query.NewMatcher(`line \d?55$`))
	run(t, v, s)
	if total, here := s.Count(); total != 10 || here != 0 || !v.Following() || s.Arrived() {
		t.Fatalf("%d match, and %d is under the cursor", total, here)
	}
	s.Nearest()
	for _, step := range []struct {
		do     func()
		cursor uint64
		here   int
	}{
		{func() {}, 955, 10}, // none is on the screen or below it
		{func() { s.Find(view.Backward) }, 855, 9},
		{func() { s.Find(view.Backward) }, 755, 8},
		{func() { s.Find(view.Forward) }, 855, 9},
	} {
		step.do()
		run(t, v, s)
		_, cursor := shown(v)
		if total, here := s.Count(); cursor != step.cursor || here != step.here || total != 10 || !s.Arrived() || s.Arrived() {
			t.Fatalf("the cursor is at %d, on match %d of %d, want %d, match %d", cursor, here, total, step.cursor, step.here)
		}
	}
	v.Jump(960)
	s.Find(view.Forward)
	run(t, v, s)
	if s.Missed() != view.Forward || s.Missed() != view.Stay || s.Arrived() {
		t.Fatal("a jump that finds nothing is not reported, once")
	}
}

// A search is in the rows that the filter shows, and a paused view shows no more.
func TestSearchInWhatIsShown(t *testing.T) {
	st := store(t)
	add(st, 1000)
	v := open(t, st, query.Filter{})
	s := view.NewSearch(v, query.NewMatcher("line .*0$"))
	run(t, v, s)
	if total, _ := s.Count(); total != 100 {
		t.Fatalf("%d match", total)
	}
	v.SetFilter(query.Filter{Level: record.Error})
	s.Restart()
	run(t, v, s)
	if total, _ := s.Count(); total != 50 {
		t.Fatalf("%d of the errors match", total)
	}
	v.Pause()
	add(st, 100)
	run(t, v, s)
	if total, _ := s.Count(); total != 50 {
		t.Fatalf("%d match in a view that is paused", total)
	}
}
