//go:build !linux

package devenv

import "syscall"

// child is how a child process runs: ctrl-c is not for it.
func child() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
