//go:build !linux

package collector

import "net"

// datagramDrops is unknown: the system does not tell.
func datagramDrops(*net.UDPConn) (n uint32, ok bool) { return 0, false }
