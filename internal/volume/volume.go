// Package volume is about tests that prove by volume: crowds, storms, readers
// that stand still over a million records. They are what takes long, so that
// `make test` passes them over and `make check` runs them, at a size of
// [Standard] unless FOR names another.
package volume

import (
	"os"
	"testing"
	"time"
)

// Standard is the size for which a test's numbers are meant.
const Standard = 4 * time.Minute

// Check skips the test unless tests by volume are asked for, by a duration in
// SLUICE_CHECK.
func Check(t testing.TB) {
	t.Helper()
	if os.Getenv("SLUICE_CHECK") == "" {
		t.Skip("proves by volume: make check")
	}
}

// Times returns n for the Standard size, and more or less of it for another,
// but at least 1.
func Times(t testing.TB, n int) int {
	t.Helper()
	size := os.Getenv("SLUICE_CHECK")
	if size == "" {
		return n
	}
	d, err := time.ParseDuration(size)
	if err != nil || d <= 0 {
		t.Fatalf("SLUICE_CHECK=%q is no duration such as 4m", size)
	}
	return max(1, int(float64(n)*d.Seconds()/Standard.Seconds()))
}
