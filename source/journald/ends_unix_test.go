//go:build unix

package journald

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

// TestEnds ends the child and what it started with ctx, also while the run takes nothing.
func TestEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "one"), []byte(shown(1, "MESSAGE=one\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	k := &feedtest.Sink{}
	k.Block = make(chan struct{})
	stop := feedtest.Run(t, quick(New(Options{Start: "start", Program: standIn(t, dir, `
sleep 600 &
echo $$ $! > pids
cat one
wait
`)})), nil, k)
	var parent, of int
	feedtest.Until(t, "the child", func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, "pids"))
		n, _ := fmt.Sscan(string(b), &parent, &of)
		return n == 2
	})
	stop()
	for _, pid := range []int{parent, of} {
		feedtest.Until(t, "the end of the child", func() bool {
			if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && bytes.Contains(b, []byte(") Z ")) {
				return true
			}
			return syscall.Kill(pid, 0) != nil
		})
	}
}
