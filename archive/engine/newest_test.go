package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/archive/batch"
	"sluice/archive/engine"
)

// However much they are together, and in however many answers they come, none of the newest
// batches is missing.
func TestTheNewestBatchesComeInAsManyAnswersAsTheyNeed(t *testing.T) {
	t.Parallel()
	e := opened(t, engine.Config{})
	data := strings.Repeat("incompressible? no matter ", 100)
	var want []string
	for i := range 10 {
		name := fmt.Sprint("system/", i)
		want = append(want, "logs.vm-1.system."+fmt.Sprint(i))
		var links batch.Links
		for n := range 2 {
			var err error
			if links, err = append1(t, e, name, data, uint64(n), links); err != nil {
				t.Fatal(err)
			}
		}
	}
	client := reader(t, engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	for _, bytes := range []int{1, len(data) / 4, 1 << 20} {
		for _, upTo := range []uint64{0, 20} {
			found, err := client.NewestIn(within(t), "logs.*.system.*", upTo, bytes)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range found {
				got = append(got, m.Subject)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("up to %d, in answers of %d bytes: %q", upTo, bytes, got)
			}
		}
	}
}
