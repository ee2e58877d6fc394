package zmtp

import (
	"syscall"
	"unsafe"
)

// maxVector is how many pieces one system call writes.
const maxVector = 256

// Vector writes several pieces with one system call. The zero value is ready;
// it is for one goroutine at a time.
type Vector struct {
	iov [maxVector]syscall.Iovec
}

// Write writes what it can of pieces without waiting, all of which must not be
// empty. It returns the bytes written, and syscall.EAGAIN when the descriptor
// takes nothing now.
func (v *Vector) Write(fd uintptr, pieces [][]byte) (int, error) {
	n := min(len(pieces), maxVector)
	for i, p := range pieces[:n] {
		v.iov[i].Base = unsafe.SliceData(p)
		v.iov[i].SetLen(len(p))
	}
	for {
		written, _, errno := syscall.Syscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&v.iov)), uintptr(n))
		if errno == syscall.EINTR {
			continue
		}
		clear(v.iov[:n])
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

// Yield lets other threads that are ready have the processor first. It waits
// for nothing.
func Yield() {
	_, _, _ = syscall.Syscall(syscall.SYS_SCHED_YIELD, 0, 0, 0)
}
