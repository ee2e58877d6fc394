//go:build !linux

package zmtp

import "syscall"

// writeVector writes what it can of pieces without waiting; none may be empty. It
// returns the bytes written, and syscall.EAGAIN when the descriptor takes nothing now.
func writeVector(fd uintptr, pieces [][]byte) (int, error) {
	total := 0
	for _, p := range pieces {
		n, err := syscall.Write(int(fd), p)
		if n > 0 {
			total += n
		}
		if err != nil && total == 0 {
			return 0, err
		}
		if err != nil || n < len(p) {
			break
		}
	}
	return total, nil
}

func limitUnsent(uintptr) {}
