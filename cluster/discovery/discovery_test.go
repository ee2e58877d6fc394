package discovery_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sluice/cluster/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStatic(t *testing.T) {
	list := []string{"tcp://127.0.0.1:5552", "ipc:///run/sluice/s"}
	f, err := discovery.Static(discovery.At(list...))
	if err != nil {
		t.Fatal(err)
	}
	want := discovery.At(list...)
	list[0] = "changed by its owner"
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		found := make(chan discovery.Found, 2)
		ended := make(chan error, 1)
		go func() {
			ended <- f.Find(ctx, func(f discovery.Found) { found <- f })
		}()
		got := <-found
		if !slices.Equal(got.Consolidators, want) || !got.Known || got.Partial || got.Trouble != "" {
			t.Errorf("found %+v, want %+v", got, want)
		}
		got.Consolidators[0].Subscribe = "changed by who found it"
		select {
		case err := <-ended:
			t.Fatalf("it ended by itself: %v", err)
		default:
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
		if len(found) > 0 {
			t.Errorf("found again: %+v", <-found)
		}
	}
}

func TestStaticRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		list  []string
		wrong string
	}{
		{"none", nil, "name at least one"},
		{"one twice", []string{"tcp://a:1", "tcp://b:1", "tcp://a:1"}, `"tcp://a:1" is named twice`},
		{"no endpoint", []string{"127.0.0.1:5552"}, "tcp://"},
	} {
		if f, err := discovery.Static(discovery.At(c.list...)); err == nil || f != nil || !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, %v; want an error with %s", c.name, f, err, c.wrong)
		}
	}
}
