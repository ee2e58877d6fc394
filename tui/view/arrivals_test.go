package view_test

import (
	"testing"

	"sluice/cluster/record"
	"sluice/tui/query"
)

// What is new is what passes the filter as it is now, from where the view stopped on,
// however often the filter changes.
func TestNewIsCountedByTheFilter(t *testing.T) {
	s := store(t)
	add(s, 100)
	v := open(t, s, query.Filter{})
	v.Pause()
	add(s, 200)
	all, errors := query.Filter{}, query.Filter{Level: record.Error}
	for round, step := range []struct {
		filter  query.Filter
		records uint64
	}{{all, 200}, {errors, 10}, {all, 200}, {query.Filter{Level: record.Fatal}, 0}, {errors, 10}, {all, 200}} {
		v.SetFilter(step.filter)
		finish(v)
		if records, errs, unknown := v.Since(); records != step.records || errs != min(step.records, 10) || unknown {
			t.Fatalf("round %d: %d new, %d errors, unknown %t, want %d", round, records, errs, unknown, step.records)
		}
	}
	// All that came is known also of those that went.
	s.EvictTo(150)
	v.SetFilter(errors)
	finish(v)
	v.SetFilter(all)
	if records, errs, unknown := v.Since(); records != 200 || errs != 10 || unknown {
		t.Fatalf("%d new, %d errors, unknown %t", records, errs, unknown)
	}
	// Those that went before they were tested are not known to pass.
	s.EvictTo(200)
	if records, _, unknown := v.Since(); records != 200 || unknown {
		t.Fatalf("%d new, unknown %t: these were counted", records, unknown)
	}
	v.SetFilter(errors)
	finish(v)
	if records, _, unknown := v.Since(); records != 5 || !unknown {
		t.Fatalf("%d new, unknown %t", records, unknown)
	}
	v.Resume()
	v.Hold()
	if records, _, unknown := v.Since(); records != 0 || unknown {
		t.Fatalf("%d new, unknown %t", records, unknown)
	}
}

// While a filter that goes forward from far below has not come back to where the view
// stopped, it is not known how many are new; then it is.
func TestNewIsCountedFromTheBeginning(t *testing.T) {
	s := store(t)
	add(s, 100)
	v := open(t, s, query.Filter{})
	v.Hold()
	add(s, 2000)
	v.GoTo(1500)
	v.SetFilter(query.Filter{Level: record.Error})
	if _, _, unknown := v.Since(); !unknown {
		t.Fatal("nothing was tested, and the number is known")
	}
	finish(v)
	if records, errors, unknown := v.Since(); records != 100 || errors != 100 || unknown {
		t.Fatalf("%d new, %d errors, unknown %t", records, errors, unknown)
	}
}

// Going back to a place keeps what was counted, though it has gone meanwhile.
func TestBackKeepsWhatIsNew(t *testing.T) {
	s := store(t)
	add(s, 100)
	v := open(t, s, query.Filter{})
	v.Pause()
	add(s, 50)
	late(v)
	place := v.Place()
	add(s, 50)
	late(v)
	s.EvictTo(180)
	v.Back(place)
	late(v)
	if records, _, unknown := v.Since(); records != 100 || unknown {
		t.Fatalf("%d new, unknown %t", records, unknown)
	}
}
