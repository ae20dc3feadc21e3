//go:build unix

package source

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

func TestPathsAreAsGiven(t *testing.T) {
	dir := lay(t, map[string]string{"b/two.log": line(2), "b/a/one.log": line(1), "c.log": line(3), "empty": ""})
	t.Chdir(dir)
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"."}, []string{"./b/a/one.log", "./b/two.log", "./c.log"}},
		{[]string{"b/"}, []string{"b/a/one.log", "b/two.log"}},
		{[]string{"b//", "./c.log"}, []string{"b//a/one.log", "b//two.log", "./c.log"}},
		{[]string{"c.log", "c.log"}, []string{"c.log"}},
		{[]string{"b/a", "b", "./b/two.log", "."}, []string{"b/a/one.log", "b/two.log", "./c.log"}},
		{[]string{"../" + filepath.Base(dir) + "/b/a"}, []string{"../" + filepath.Base(dir) + "/b/a/one.log"}},
	} {
		got := read(t, Options{}, test.args...)
		for i := range got.streams {
			got.streams[i] = filepath.ToSlash(got.streams[i])
		}
		if d := cmp.Diff(test.want, got.streams); d != "" {
			t.Errorf("%q: -want +got\n%s", test.args, d)
		}
		if got.bytes != got.total {
			t.Errorf("%q: progress of %d bytes, want %d", test.args, got.bytes, got.total)
		}
	}
}

func TestWhatIsNoFile(t *testing.T) {
	dir := lay(t, map[string]string{"a.log": line(1), "void": "", "sub/b.log": line(2)})
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for link, to := range map[string]string{"loop": ".", "twin": "a.log", "away": "/dev/null", "lost": "nowhere", "self": "self"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	streams, skipped := read(t, Options{}, dir, dir+"/none", "/dev/null", dir+"/fifo").below(dir)
	if d := cmp.Diff([]string{"/a.log", "/sub/b.log"}, streams); d != "" {
		t.Errorf("read: -want +got\n%s", d)
	}
	not := "; not followed without --follow-links"
	want := map[string]string{
		"/void": "empty", "/fifo": "a FIFO, which might never end", "/socket": "a socket", "/dev/null": "a device",
		"/none": "no such file or directory",
		"/loop": "symbolic link to ." + not, "/twin": "symbolic link to a.log" + not, "/self": "symbolic link to self" + not,
		"/away": "symbolic link to /dev/null" + not, "/lost": "symbolic link to nowhere" + not,
	}
	if d := cmp.Diff(want, skipped); d != "" {
		t.Errorf("skipped: -want +got\n%s", d)
	}
}

func TestFollow(t *testing.T) {
	dir := lay(t, map[string]string{"in/a.log": line(1), "out/b.log": line(2), "out/deep/c.log": line(3)})
	for link, to := range map[string]string{"in/file": "../out/b.log", "in/again": "../out/b.log", "in/folder": "../out", "in/here": "a.log",
		"in/up": "..", "out/back": "../in", "out/deep/round": ".."} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	got := read(t, Options{Follow: true}, dir+"/in")
	streams, _ := got.below(dir)
	n := map[string]int{}
	for _, s := range streams {
		n[got.data[dir+s]]++
	}
	if n[line(1)] == 0 || n[line(2)] == 0 || n[line(3)] == 0 {
		t.Errorf("not all read: %q", streams)
	}
	if len(streams) > 8 {
		t.Errorf("loops: %q", streams)
	}
	if d := cmp.Diff([]string{"/in/a.log"}, func() []string { s, _ := read(t, Options{}, dir+"/in").below(dir); return s }()); d != "" {
		t.Errorf("not followed: -want +got\n%s", d)
	}
}

func TestLinkAsArgument(t *testing.T) {
	dir := lay(t, map[string]string{"real/a.log": line(1)})
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	streams, skipped := read(t, Options{}, dir+"/link", dir+"/link/a.log").below(dir)
	if d := cmp.Diff([]string{"/link/a.log"}, streams); d != "" || len(skipped) != 1 || skipped["/link/a.log"] != "named more than once, and read once" {
		t.Errorf("-want +got\n%s%v", d, skipped)
	}
}

func TestExclude(t *testing.T) {
	dir := lay(t, map[string]string{"a.log": line(1), "old/a.log": line(2), "b.txt": line(3)})
	streams, skipped := read(t, Options{Exclude: []string{"*.txt", filepath.ToSlash(dir) + "/old"}}, dir).below(dir)
	if d := cmp.Diff([]string{"/a.log"}, streams); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if d := cmp.Diff(map[string]string{"/old": "excluded", "/b.txt": "excluded"}, skipped); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("permissions do not hold this user up")
	}
	dir := lay(t, map[string]string{"a.log": line(1), "closed/b.log": line(2), "locked.log": line(3)})
	os.Chmod(dir+"/closed", 0)
	os.Chmod(dir+"/locked.log", 0)
	defer os.Chmod(dir+"/closed", 0o700)
	_, skipped := read(t, Options{}, dir).below(dir)
	want := map[string]string{"/closed": "folder not read to its end: permission denied", "/locked.log": "permission denied"}
	if d := cmp.Diff(want, skipped); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestMovingFiles: between being listed and being read, a file may vanish, grow, shrink or become something else.
func TestMovingFiles(t *testing.T) {
	long := strings.Repeat(line(0), 10_000)
	dir := lay(t, map[string]string{"gone": line(1), "fifo": line(1), "grows": long, "shrinks": long})
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var units = r.List([]string{dir}, nil)
	os.Remove(dir + "/gone")
	os.Remove(dir + "/fifo")
	if err := syscall.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	skipped, faults := map[string]string{}, map[string]string{}
	size := map[string]int{}
	for _, u := range units {
		name := filepath.Base(u.Path)
		done := int64(0)
		r.Open(u, Hooks{
			Skip:  func(f tocsin.File) { skipped[name] = f.Skipped },
			Fault: func(f *tocsin.Fault) { faults[name] = f.Err.Error() },
			Bytes: func(n int64) { done += n },
		}, func(s *Stream) error {
			switch name {
			case "grows":
				f, _ := os.OpenFile(u.Path, os.O_APPEND|os.O_WRONLY, 0)
				f.WriteString(long)
				f.Close()
			case "shrinks":
				os.Truncate(u.Path, int64(len(long)/2))
			}
			return s.Frames(func(rec *tocsin.Record) error {
				size[name] += len(rec.Data)
				r.Release(rec)
				return nil
			})
		})
		if done != u.Size {
			t.Errorf("%s: progress of %d bytes, want %d", name, done, u.Size)
		}
	}
	if d := cmp.Diff(map[string]string{"gone": "no such file or directory", "fifo": "a FIFO, which might never end"}, skipped); d != "" {
		t.Errorf("skipped: -want +got\n%s", d)
	}
	if d := cmp.Diff(map[string]string{"shrinks": "not read to its end: became shorter while it was read"}, faults); d != "" {
		t.Errorf("faults: -want +got\n%s", d)
	}
	if size["grows"] != len(long) || size["shrinks"] < len(long)/2 || size["shrinks"] >= len(long) {
		t.Errorf("read %v of %d", size, len(long))
	}
}
