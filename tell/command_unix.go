//go:build unix

package tell

import (
	"os/exec"
	"syscall"
)

// alone puts a program into a group of its own, so that what it starts is killed with it.
func alone(x *exec.Cmd) {
	x.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	x.Cancel = func() error { return syscall.Kill(-x.Process.Pid, syscall.SIGKILL) }
}
