//go:build !linux

package consolidator

// yield lets other threads that are ready have the processor first, where it is known how.
func yield() {}
