package full

import (
	"fmt"
	"io/fs"
	"runtime"
	"syscall"
	"testing"
)

// TestIs holds that the errors of each system are known however they are wrapped, and no others.
func TestIs(t *testing.T) {
	yes := []syscall.Errno{syscall.ENOSPC}
	if runtime.GOOS == "windows" {
		yes = append(yes, 112, 39, 1295)
	} else {
		yes = append(yes, syscall.EDQUOT, syscall.EFBIG)
	}
	for _, e := range yes {
		if !Is(fmt.Errorf("written: %w", &fs.PathError{Op: "write", Path: "x", Err: e})) {
			t.Errorf("%d: %v is that of a full disk", int(e), e)
		}
	}
	for _, e := range []error{nil, syscall.EIO, syscall.EACCES, fs.ErrNotExist} {
		if Is(e) {
			t.Errorf("%v is none of a full disk", e)
		}
	}
}
