package cli

import (
	"log/slog"
	"math"
	"syscall"
)

// Open files of a process for what is no connection of a peer: its logs and listeners,
// its admin endpoint, and of a proxy those to consolidators and to clients beyond its
// limit.
const (
	consolidatorFiles = 128
	proxyFiles        = 256
)

// fitDescriptors lowers a limit on connections to what this process may have open
// beside its other files, so that more are refused and counted, and do not wait for
// ever. Where even those do not fit, half of all is for connections. The soft limit
// needs no raising: package os does that when a program starts.
func fitDescriptors(log *slog.Logger, wanted, others int) (connections int) {
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil {
		return wanted
	}
	all := int(min(files.Cur, math.MaxInt32))
	fit := max(1, all-others, all/2)
	if wanted <= fit {
		return wanted
	}
	log.Warn("fewer connections than wanted: raise the limit on open files (ulimit -n, LimitNOFILE=)",
		"connections", fit, "wanted", wanted, "files", files.Cur)
	return fit
}
