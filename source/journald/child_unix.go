//go:build unix

package journald

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the child and what it starts into a process group of its own.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the child's process group. It is called before the child was waited for: its number is still its own.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
