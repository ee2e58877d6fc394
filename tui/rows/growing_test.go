package rows_test

import (
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui/rows"
)

func said(s *rows.Store, name, text string, at int64) {
	s.Add(&stream.Record{Stream: name, Source: "vm-1", Arrived: at, Data: []byte(`{"level":30,"msg":"` + text + `"}`)}, time.Unix(0, at))
}

func TestAStoreGrows(t *testing.T) {
	all := rows.NewStores(1000, 1<<30)
	now := time.Unix(1000, 0)
	of, _ := all.Open([]string{"b"}, now)
	said(of, "b", "early", now.UnixNano())
	s := all.OpenGrowing("*")
	if again := all.OpenGrowing("*"); again != s || all.FindGrowing("*") != s || s.Title() != "*" {
		t.Fatal("it is not found by its title")
	}
	for _, step := range []struct {
		name  string
		fresh bool
	}{{"a", true}, {"b", false}, {"a", false}} {
		if fresh, ok := all.Grow(s, step.name, false, now); fresh != step.fresh || !ok {
			t.Fatalf("%s: fresh %t, ok %t", step.name, fresh, ok)
		}
	}
	later := now.Add(time.Second)
	for _, name := range []string{"a", "b"} {
		for _, store := range all.Of(name) {
			said(store, name, "later", later.UnixNano())
		}
	}
	s.Tell(later, []byte("a: appeared"))
	all.Settle(later.Add(time.Minute))
	var got []string
	for n := s.First(); n < s.Next(); n++ {
		e := s.Entry(n)
		if e.Kind == rows.KindStreams {
			got = append(got, string(s.Data(e)))
			continue
		}
		got = append(got, s.StreamOf(e))
	}
	if want := []string{"b", "a", "b", "a: appeared"}; len(got) != 4 || got[0] != "b" || got[3] != want[3] {
		t.Fatalf("it has %q, want %q", got, want)
	}

	// What it had of a stream that it sheds stays.
	if !all.Shed(s, "a") || all.Shed(s, "a") {
		t.Fatal("only it had a, once")
	}
	if s.Held() != 4 || len(all.Of("a")) != 0 {
		t.Fatalf("%d are held, %d stores have a", s.Held(), len(all.Of("a")))
	}
	if fresh, ok := all.Grow(s, "a", false, now); !fresh || !ok || len(s.Streams()) != 2 {
		t.Fatalf("it came back as fresh %t, ok %t, of %q", fresh, ok, s.Streams())
	}
	if unread := all.Close(s); unread != nil || !all.Has(s) {
		t.Fatalf("somebody has it open, and %q are unread", unread)
	}
	if unread := all.Close(of); unread != nil {
		t.Fatalf("%q are unread, and the other store has them", unread)
	}
	if unread := all.Close(s); len(unread) != 2 || all.Has(s) || all.FindGrowing("*") != nil {
		t.Fatalf("%q are unread", unread)
	}
}
