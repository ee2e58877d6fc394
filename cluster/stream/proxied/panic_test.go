package proxied_test

import (
	"testing"

	"sluice/cluster/stream/proxied"
	"sluice/internal/testsource"
)

// A panic in any goroutine of a source is what Run returns, so that whoever has
// the terminal can restore it.
func TestAPanicOfATailEndsRun(t *testing.T) {
	t.Parallel()
	s, err := proxied.Broken(proxied.Config{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	testsource.PanicEndsRun(t, s, nil)
}
