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

// Long skips the test unless the longest are asked for, by SLUICE_LONG: they are run by
// hand, one by one.
func Long(t testing.TB) {
	t.Helper()
	if !IsLong() {
		t.Skip("takes long: SLUICE_LONG=1")
	}
}

// IsLong reports whether the longest tests are asked for.
func IsLong() bool { return os.Getenv("SLUICE_LONG") != "" }
