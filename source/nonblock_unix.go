//go:build unix

package source

import "syscall"

// nonblock makes the opening of a FIFO return at once; regular files do not care.
const nonblock = syscall.O_NONBLOCK
