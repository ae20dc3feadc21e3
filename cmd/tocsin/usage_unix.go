//go:build unix

package main

import (
	"runtime"
	"syscall"
	"time"
)

// usage is the processor time (user and system) of this process so far, and the most memory it had, in bytes.
func usage() (cpu time.Duration, rss int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	rss = int64(u.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" { // there it is bytes, elsewhere KiB
		rss *= 1024
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), rss
}
