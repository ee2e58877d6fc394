// Package wait is how a test waits: for a condition, never for a time.
//
// A condition is a function that reports whether it holds. It is called again
// and again by the goroutine that waits, until it holds or [Limit] has passed.
package wait
