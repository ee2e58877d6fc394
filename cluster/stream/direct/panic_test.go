package direct_test

import (
	"context"
	"testing"

	"sluice/cluster/discovery"
	"sluice/cluster/stream/direct"
	"sluice/internal/testsource"
	"sluice/internal/wait"
)

// panickingFinder panics.
type panickingFinder struct{}

func (panickingFinder) Find(context.Context, func(discovery.Found)) error { panic("boom") }
func (panickingFinder) Place() discovery.Place                            { return discovery.Place{} }

// A panic in any goroutine of a source is what Run returns, so that whoever has
// the terminal can restore it.
func TestAPanicOfTheFinderEndsRun(t *testing.T) {
	t.Parallel()
	s, err := direct.New(direct.Config{Finder: panickingFinder{}})
	if err != nil {
		t.Fatal(err)
	}
	testsource.PanicEndsRun(t, s, nil)
}

func TestAPanicOfALinkEndsRun(t *testing.T) {
	t.Parallel()
	s, breakLinks, err := direct.Breakable(direct.Config{Consolidators: []string{"tcp://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	testsource.PanicEndsRun(t, s, func() {
		wait.For(t, "a link", func() bool { return len(s.Status()) > 0 })
		breakLinks()
	})
}
