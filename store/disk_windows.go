package store

import (
	"syscall"
	"unsafe"
)

func free(dir string) (int64, error) {
	name, err := syscall.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var n uint64
	ok, _, err := syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW").Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&n)), 0, 0)
	if ok == 0 {
		return 0, err
	}
	return int64(n), nil
}
