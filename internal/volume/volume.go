// Package volume is about tests that prove by volume: crowds, floods, readers
// that stand still over a million records, and whatever else takes more than two
// seconds. `make test` skips
// them, `make check` runs them.
package volume

import (
	"os"
	"testing"
)

// Check skips the test unless tests by volume are asked for, by SLUICE_CHECK. It
// stands in the first line of a test: by that `make check` finds it.
func Check(t testing.TB) {
	t.Helper()
	if os.Getenv("SLUICE_CHECK") == "" {
		t.Skip("proves by volume: make check")
	}
}
