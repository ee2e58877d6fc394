package zmtp

import (
	"sync"
	"syscall"
	"unsafe"
)

// maxVector is how many pieces one system call writes.
const maxVector = 256

// vectors are used again: one is 4 KiB, and idle readers should not hold one each.
var vectors = sync.Pool{New: func() any { return new([maxVector]syscall.Iovec) }}

// writeVector writes what it can of pieces with one system call and without waiting;
// none may be empty. It returns the bytes written, and syscall.EAGAIN when the
// descriptor takes nothing now.
func writeVector(fd uintptr, pieces [][]byte) (int, error) {
	v := vectors.Get().(*[maxVector]syscall.Iovec)
	defer vectors.Put(v)
	n := min(len(pieces), maxVector)
	for i, p := range pieces[:n] {
		v[i].Base = unsafe.SliceData(p)
		v[i].SetLen(len(p))
	}
	for {
		written, _, errno := syscall.Syscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(v)), uintptr(n))
		if errno == syscall.EINTR {
			continue
		}
		clear(v[:n])
		if errno != 0 {
			return 0, errno
		}
		return int(written), nil
	}
}

// limitUnsent keeps what the kernel holds for a slow peer small, so that
// megabytes of old records do not come before new ones.
func limitUnsent(fd uintptr) {
	const tcpNotsentLowat = 25
	_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotsentLowat, unsent)
}
