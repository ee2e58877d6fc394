//go:build !linux && !darwin && !freebsd

package rows

func allocate(size int) []byte { return make([]byte, size) }

func release([]byte) {}
