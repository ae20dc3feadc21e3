package syslog

import (
	"bytes"
	"net"
	"os"
	"strconv"
	"syscall"
)

// kernelDrops says how many datagrams the system had no room for in a socket's queue, 0 where it does not say.
func kernelDrops(c *net.UDPConn) int64 {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	var st syscall.Stat_t
	if raw.Control(func(fd uintptr) { err = syscall.Fstat(int(fd), &st) }) != nil || err != nil {
		return 0
	}
	inode := strconv.FormatUint(st.Ino, 10)
	for _, name := range [...]string{"/proc/self/net/udp", "/proc/self/net/udp6"} {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		// sl local rem st tx:rx tr:tm retrnsmt uid timeout inode ref pointer drops
		for line := range bytes.Lines(b) {
			if f := bytes.Fields(line); len(f) == 13 && string(f[9]) == inode {
				n, _ := strconv.ParseInt(string(f[12]), 10, 64)
				return n
			}
		}
	}
	return 0
}
