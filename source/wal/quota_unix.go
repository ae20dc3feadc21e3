//go:build unix

package wal

import "syscall"

// errQuota is what the system says when a user may write no more.
const errQuota = syscall.EDQUOT
