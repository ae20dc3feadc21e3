//go:build unix

package tail

import (
	"io/fs"
	"os/user"
	"strconv"
	"syscall"
)

// nonblock makes the opening of what turned into a FIFO return at once; regular files do not care.
const nonblock = syscall.O_NONBLOCK

func identify(_ string, info fs.FileInfo) fileID {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)} //nolint:unconvert // the types differ between systems
}

// groupOf names the group that owns a file; "" where it has no name.
func groupOf(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	g, err := user.LookupGroupId(strconv.FormatUint(uint64(st.Gid), 10))
	if err != nil {
		return ""
	}
	return g.Name
}
