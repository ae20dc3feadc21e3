//go:build unix

package full

import "syscall"

var known = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
