//go:build !unix

package archive

import (
	"errors"
	"syscall"
)

// isFull says that an error is that of a full disk: ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL of Windows.
func isFull(err error) bool {
	return errors.Is(err, syscall.Errno(112)) || errors.Is(err, syscall.Errno(39))
}
