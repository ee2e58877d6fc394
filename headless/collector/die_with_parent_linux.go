package collector

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the system end a command when this process ends, however it does.
func dieWithParent(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
