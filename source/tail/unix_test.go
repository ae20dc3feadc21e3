//go:build unix

package tail

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

func TestPipesAreNotOpened(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644))
	must(t, os.Symlink("/dev/zero", filepath.Join(dir, "zero")))
	write(t, log, "one")
	l := live(t, glob1(dir), nil)
	l.want("one")
}

func TestManyFiles(t *testing.T) {
	t.Parallel()
	dir, _ := in(t)
	const n = 1000
	o := Options{Globs: []Glob{{Pattern: filepath.Join(dir, "*.log")}}, MaxOpen: 50}
	l := live(t, o, nil)
	for i := range n {
		write(t, filepath.Join(dir, fmt.Sprint(i, ".log")), fmt.Sprint("first of ", i))
	}
	sorted := func() []string { return slices.Sorted(slices.Values(told(l.Batches()))) }
	feedtest.Until(t, "all", func() bool { return len(told(l.Batches())) >= n })
	cursors, was := l.kill(nil, -1)
	if got := told(was); len(got) != n {
		t.Fatalf("%d lines", len(got))
	}
	for i := range n {
		write(t, filepath.Join(dir, fmt.Sprint(i, ".log")), fmt.Sprint("second of ", i))
	}
	l = live(t, o, cursors)
	feedtest.Until(t, "all", func() bool { return len(told(l.Batches())) >= n })
	var want []string
	for i := range n {
		want = append(want, fmt.Sprint("second of ", i))
	}
	slices.Sort(want)
	if !slices.Equal(sorted(), want) {
		t.Fatal("not each once")
	}
	if open := countOpen(t, dir); open > 60 {
		t.Fatalf("%d files are open", open)
	}
}

func countOpen(t *testing.T, dir string) (n int) {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, fd := range fds {
		if at, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(at, dir) {
			n++
		}
	}
	return n
}

// What may not be read is said, and read once it may. As root, that takes another user.
func TestPermission(t *testing.T) {
	if os.Getuid() == 0 {
		exe, err := os.Executable()
		must(t, err)
		at := filepath.Join(t.TempDir(), "test")
		data, err := os.ReadFile(exe)
		must(t, err)
		must(t, os.WriteFile(at, data, 0o755)) //nolint:gosec // to be run by another user
		for dir := filepath.Dir(at); dir != os.TempDir(); dir = filepath.Dir(dir) {
			must(t, os.Chmod(dir, 0o755))
		}
		cmd := exec.Command(at, "-test.run=^TestPermission$", "-test.v")
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "PASS: TestPermission") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	dir, log := in(t)
	write(t, log, "one")
	must(t, os.Chmod(log, 0))
	shut := filepath.Join(dir, "shut")
	must(t, os.Mkdir(shut, 0))
	l := live(t, Options{Globs: []Glob{{Pattern: log}, {Pattern: filepath.Join(dir, "later"), Start: true}, {Pattern: shut}}}, nil)
	feedtest.Until(t, "broken", func() bool { return l.stat(log).State == broken && l.stat(shut).State == broken })
	if s := l.stat(log); !strings.Contains(s.Why, "setfacl") || !strings.Contains(s.Why, log) {
		t.Fatalf("%+v", s)
	}
	must(t, os.Chmod(log, 0o644))
	write(t, log, "two")
	l.want("two")
	if s := l.stat(log); s.State != following {
		t.Fatalf("%+v", s)
	}
	must(t, os.Chmod(log, 0o040))
	if why := explain(log, os.ErrPermission); !strings.Contains(why, "usermod -aG") {
		t.Fatal(why)
	}
	must(t, os.Chmod(shut, 0o755))
	write(t, filepath.Join(shut, "new"), "three")
	l.want("two", "three")
	// A folder that cannot be read for a while does not end what is in it.
	must(t, os.Chmod(shut, 0))
	time.Sleep(300 * time.Millisecond)
	must(t, os.Chmod(shut, 0o755))
	write(t, filepath.Join(shut, "new"), "four")
	l.want("two", "three", "four")
	if len(ends(l.Batches())) > 0 {
		t.Fatal(l.show())
	}
}
