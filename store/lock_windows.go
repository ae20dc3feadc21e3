package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockDir takes the folder for this process: a file that others may read and not write while it is open.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		const sharingViolation = syscall.Errno(32)
		if !errors.Is(err, sharingViolation) {
			return nil, &Error{Op: "lock", Path: path, Err: err, Hint: "choose a folder that this user may write to (--data)"}
		}
		who := "its number is not known"
		if b, err := os.ReadFile(path); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
				who = fmt.Sprintf("pid %d", pid)
			}
		}
		return nil, &Error{Op: "lock", Path: path, Err: fmt.Errorf("%w: %s", ErrRunning, who), Hint: "end it, or choose another folder with --data"}
	}
	f := os.NewFile(uintptr(h), path)
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return f, nil
}

// syncDir does nothing: a folder cannot be synced here.
func syncDir(string) error { return nil }
