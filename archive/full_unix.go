//go:build unix

package archive

import (
	"errors"
	"syscall"
)

// isFull says that an error is that of a full disk, or of a quota or a bound on file sizes that is used up.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
