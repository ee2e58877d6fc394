package collector

import (
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// datagramDrops is how many datagrams the system has dropped that came for a socket,
// since it was made; the number wraps at 2^32. ok is false where the system does not tell.
func datagramDrops(conn *net.UDPConn) (n uint32, ok bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	var info [unix.SK_MEMINFO_VARS]uint32
	size := uint32(unsafe.Sizeof(info))
	var errno unix.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info[0])), uintptr(unsafe.Pointer(&size)), 0)
	})
	return info[unix.SK_MEMINFO_DROPS], err == nil && errno == 0 && int(size) == int(unsafe.Sizeof(info))
}
