//go:build !race

package wait

// Race is whether the test has the race detector.
const Race = false
