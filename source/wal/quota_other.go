//go:build !unix

package wal

import "errors"

// errQuota is no error that this system knows.
var errQuota = errors.New("quota")
