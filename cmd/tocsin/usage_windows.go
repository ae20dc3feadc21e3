package main

import (
	"syscall"
	"time"
	"unsafe"
)

// usage is the processor time (user and kernel) of this process so far, and the most memory it had, in bytes.
func usage() (cpu time.Duration, rss int64) {
	p, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0, 0
	}
	var born, died, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(p, &born, &died, &kernel, &user) != nil {
		return 0, 0
	}
	ticks := func(f syscall.Filetime) time.Duration { // FILETIME counts 100 ns, and these two are durations
		return time.Duration(int64(f.HighDateTime)<<32|int64(f.LowDateTime)) * 100
	}
	// PROCESS_MEMORY_COUNTERS: https://learn.microsoft.com/windows/win32/api/psapi/
	var m struct {
		size, faults     uint32
		peak, set        uintptr
		_, _, _, _, _, _ uintptr
	}
	m.size = uint32(unsafe.Sizeof(m))
	get := syscall.NewLazyDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo")
	if ok, _, _ := get.Call(uintptr(p), uintptr(unsafe.Pointer(&m)), uintptr(m.size)); ok == 0 {
		m.peak = 0
	}
	return ticks(kernel) + ticks(user), int64(m.peak)
}
