package cli

import (
	"log/slog"
	"math"
	"syscall"

	"sluice/cluster/admin"
)

// Open files of a process for what is no connection of a peer: its logs and listeners,
// its admin endpoint, and of a proxy those to consolidators and to clients beyond its
// limit.
const (
	consolidatorFiles = admin.MaxConnections + 64
	proxyFiles        = admin.MaxConnections + 192
)

// fitDescriptors lowers a limit on connections to what this process may have open
// beside its other files, so that more are refused and counted, and do not wait for
// ever. Where even those do not fit, half of all is for connections. Tell logs that it
// did, once the program knows that it can start. The soft limit needs no raising:
// package os does that when a program starts.
func fitDescriptors(log *slog.Logger, wanted, others int) (connections int, tell func()) {
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil {
		return wanted, func() {}
	}
	all := int(min(files.Cur, math.MaxInt32))
	fit := max(1, all-others, all/2)
	if wanted <= fit {
		return wanted, func() {}
	}
	return fit, func() {
		log.Warn("fewer connections than wanted: raise the limit on open files (ulimit -n, LimitNOFILE=)",
			"connections", fit, "wanted", wanted, "files", files.Cur)
	}
}

// fitOpenFiles lowers how many files are followed at a time to a quarter of those that
// this process may have open, and gives half to directories that are watched. The
// other files take turns, and other directories are looked at.
func fitOpenFiles(wanted int) (files, dirs int) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return wanted, 0
	}
	all := int(min(limit.Cur, math.MaxInt32))
	return min(wanted, max(1, all/4)), max(1, all/2)
}
