//go:build linux || darwin || freebsd

package rows

import "syscall"

// allocate returns zeroed memory outside of the heap, or, if the system has
// none to give, on it.
func allocate(size int) []byte {
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return make([]byte, size)
	}
	return b
}

// release gives back what allocate returned. Memory of the heap it does not
// know, and leaves to the collector.
func release(b []byte) { _ = syscall.Munmap(b) }
