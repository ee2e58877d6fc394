package rows

import "runtime"

// memory is memory for records that the garbage collector does not see: it
// would let the heap grow to twice what is held before it collects. It belongs
// to one owner, who frees it; if the owner forgets, it is freed some time after
// nothing points at it any more.
type memory struct {
	b       []byte
	cleanup runtime.Cleanup
}

func newMemory(size int) *memory {
	m := &memory{b: allocate(size)}
	m.cleanup = runtime.AddCleanup(m, release, m.b)
	return m
}

// free gives the memory back; no slice of it may be used after that.
func (m *memory) free() {
	m.cleanup.Stop()
	release(m.b)
	m.b = nil
}
