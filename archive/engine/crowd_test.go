package engine_test

import (
	"fmt"
	"testing"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/internal/volume"
)

// 200,000 lanes are listed whole, which the server gives in pages of half of them.
func TestManySubjectsAreListed(t *testing.T) {
	volume.Long(t)
	e := opened(t, engine.Config{})
	const lanes = 200_000
	done := make(chan error, lanes)
	window := make(chan struct{}, 1000)
	for i := range lanes {
		h := batch.Head{Consolidator: "vm-1", Stream: fmt.Sprintf("tenant/t%d", i)}
		var b batch.Builder
		if err := b.Add([]byte("x"), 1, 1); err != nil {
			t.Fatal(err)
		}
		window <- struct{}{}
		if err := e.Append(b.Encode(&h), h.Stream, 0, func(_ uint64, err error) { <-window; done <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range lanes {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	subjects, err := e.Subjects(ctx, subject.All)
	if err != nil || len(subjects) != lanes {
		t.Errorf("%d subjects, %v", len(subjects), err)
	}
	heads := 0
	for _, err := range e.Heads(ctx, subject.All) {
		if err != nil {
			t.Fatal(err)
		}
		heads++
	}
	if heads != lanes {
		t.Errorf("%d heads", heads)
	}
}
