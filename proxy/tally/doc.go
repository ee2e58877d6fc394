// Package tally counts what a proxy refused, cut and dropped, by reason, in one place.
//
// # Contract
//
// The reasons are few and fixed: nothing that a client says makes one. Adding never
// blocks and allocates nothing; any number of goroutines may add and read at once.
// Counts only grow, from when the proxy was made.
package tally
