package devenv

import "syscall"

// child is how a child process runs: ctrl-c is not for it, and it does not outlive us,
// however we end.
func child() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
