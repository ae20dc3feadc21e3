package tail

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

// gz compresses a file as gzip does: into a file beside it, and then it is removed.
func gz(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	var b bytes.Buffer
	switch filepath.Ext(to) {
	case ".gz":
		w := gzip.NewWriter(&b)
		_, err = w.Write(data)
		must(t, err)
		must(t, w.Close())
	case ".zst":
		w, err := zstd.NewWriter(&b)
		must(t, err)
		_, err = w.Write(data)
		must(t, err)
		must(t, w.Close())
	}
	info, err := os.Stat(from)
	must(t, err)
	must(t, os.WriteFile(to, b.Bytes(), 0o644))
	must(t, os.Chtimes(to, time.Time{}, info.ModTime()))
	must(t, os.Remove(from))
}

// cp copies as copytruncate does.
func cp(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, data, 0o644))
}

func numbered(what string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("%s %d of some length or other", what, i))
	}
	return out
}

func TestCopyTruncate(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"x.log", "x.log*"} {
		for _, n := range []int{1, 100} {
			t.Run(fmt.Sprint(pattern, n), func(t *testing.T) {
				t.Parallel()
				dir, log := in(t)
				first, second, third := numbered("first", n), numbered("second", n), numbered("third", 2*n)
				write(t, log, first...)
				o := glob1(filepath.Join(dir, pattern))
				l := live(t, o, nil)
				l.want(first...)
				cp(t, log, log+".1")
				time.Sleep(15 * time.Millisecond)
				must(t, os.Truncate(log, 0))
				write(t, log, second...)
				l.want(slices.Concat(first, second)...)
				cursors, _ := l.kill(nil, -1)

				// The same while nobody looks, to more than there was.
				must(t, os.Rename(log+".1", log+".2"))
				write(t, log, "rest")
				cp(t, log, log+".1")
				must(t, os.Truncate(log, 0))
				write(t, log, third...)
				l = live(t, o, cursors)
				l.want(append([]string{"rest"}, third...)...)
				time.Sleep(250 * time.Millisecond)
				l.stays(append([]string{"rest"}, third...)...)
				cursors, _ = l.kill(cursors, -1)
				l = live(t, o, cursors)
				l.want()
			})
		}
	}
}

func TestCopyThatLacksTheLast(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 100} {
		dir, log := in(t)
		first := numbered("first", n)
		write(t, log, first...)
		o := glob1(filepath.Join(dir, "x.log*"))
		l := live(t, o, nil)
		l.want(first...)
		cp(t, log, log+".1")
		write(t, log, "lost to the copy")
		l.want(append(first, "lost to the copy")...)
		must(t, os.Truncate(log, 0))
		write(t, log, "new")
		l.want(append(first, "lost to the copy", "new")...)
		time.Sleep(100 * time.Millisecond)
		l.stays(append(first, "lost to the copy", "new")...)
		cursors, _ := l.kill(nil, -1)
		l = live(t, o, cursors)
		l.want()
	}
}

func TestRewritten(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	write(t, log, "one a", "two a")
	l := live(t, glob1(log), nil)
	l.want("one a", "two a")
	must(t, os.WriteFile(log, []byte("one b\ntwo b\n"), 0o644)) // same size
	l.want("one a", "two a", "one b", "two b")
	must(t, os.WriteFile(log, []byte("one b\ntwo c\nthree c\n"), 0o644)) // larger, and begins the same
	l.want("one a", "two a", "one b", "two b", "one b", "two c", "three c")
	cursors, _ := l.kill(nil, -1)
	must(t, os.WriteFile(log, []byte("one d\ntwo d\nthree d\nfour d\n"), 0o644))
	l = live(t, glob1(log), cursors)
	l.want("one d", "two d", "three d", "four d")
}

func TestReplacedByALongerVersion(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	first := numbered("first", 30)
	write(t, log, first...)
	l := live(t, glob1(log), nil)
	l.want(first...)
	cp(t, log, log+".tmp")
	write(t, log+".tmp", "more")
	must(t, os.Rename(log+".tmp", log))
	l.want(append(first, "more")...)
	cursors, _ := l.kill(nil, -1)
	cp(t, log, log+".tmp")
	write(t, log+".tmp", "still more")
	must(t, os.Rename(log+".tmp", log))
	l = live(t, glob1(log), cursors)
	l.want("still more")
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	for _, ext := range []string{".gz", ".zst"} {
		for _, pattern := range []string{"x.log", "x.log*"} {
			for _, n := range []int{2, 3000} {
				t.Run(fmt.Sprint(ext, pattern, n), func(t *testing.T) {
					t.Parallel()
					dir, log := in(t)
					first, rest := numbered("first", n), numbered("rest", n)
					write(t, log, first...)
					o := glob1(filepath.Join(dir, pattern))
					l := live(t, o, nil)
					l.want(first...)
					// While it is followed.
					must(t, os.Rename(log, log+".1"))
					write(t, log, rest...)
					l.want(append(first, rest...)...)
					gz(t, log+".1", log+".2"+ext)
					time.Sleep(150 * time.Millisecond)
					l.stays(append(first, rest...)...)
					cursors, _ := l.kill(nil, -1)
					l = live(t, o, cursors)
					time.Sleep(80 * time.Millisecond)
					l.stays()
					l.stop()
					// While nobody looks.
					write(t, log, first...)
					raw(t, log, "unfinished")
					must(t, os.Rename(log, log+".1"))
					gz(t, log+".1", log+"-20260102"+ext)
					write(t, log, "new")
					l = live(t, o, cursors)
					want := append(slices.Clone(first), "unfinished", "new")
					l.want(want...)
					time.Sleep(100 * time.Millisecond)
					l.stays(want...)
					cursors, _ = l.kill(cursors, -1)
					l = live(t, o, cursors)
					time.Sleep(80 * time.Millisecond)
					l.stays()
				})
			}
		}
	}
}

// seq 1 60 | bzip2
const bz = "QlpoOTFBWSZTWdTm+YsAACHIAAAQf+AgAGhQZNP9Ug0pm/VUn5U2r1yJ7Xl0bAdHAJCAQBu7vdu75mZmX/C5UODsqDpyVAt5KgFVAIABAfC7kinChIanN8xY"

func TestCompressedUnknown(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	write(t, log, "one")
	o := glob1(filepath.Join(dir, "x.log*"))
	l := live(t, o, nil)
	l.want("one")
	other := filepath.Join(dir, "y")
	write(t, other, "else")
	gz(t, other, log+".7.gz")
	feedtest.Until(t, "file", func() bool { b := l.Batches(); return b[len(b)-1].File == log+".7.gz" })
	cursors, _ := l.kill(nil, -1)
	l = live(t, o, cursors)
	l.want()
	for _, b := range l.Batches() {
		if b.File != "" {
			t.Fatal(l.show())
		}
	}
}

func TestBzip2(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	data, err := base64.StdEncoding.DecodeString(bz)
	must(t, err)
	var all []string
	for i := range 60 {
		all = append(all, fmt.Sprint(i+1))
	}
	write(t, log, all[:40]...)
	o := glob1(filepath.Join(dir, "x.log*"))
	l := live(t, o, nil)
	l.want(all[:40]...)
	cursors, _ := l.kill(nil, -1)
	must(t, os.Remove(log))
	must(t, os.WriteFile(log+".1.bz2", data, 0o644))
	l = live(t, o, cursors)
	l.want(all[40:]...)
	i := slices.IndexFunc(l.Batches(), func(b *feed.Batch) bool { return len(b.Data) > 0 })
	if b := l.Batches()[i]; b.Line != 41 || b.Offset != int64(len(b.Head)) || !bytes.HasPrefix(b.Head, []byte("1\n2\n")) {
		t.Fatal(l.show())
	}
	cursors, _ = l.kill(cursors, -1)
	must(t, os.Remove(log+".1.bz2"))
	l = live(t, o, cursors)
	feedtest.Until(t, "end", func() bool { return len(ends(l.Batches())) == 1 })
	l.stays()
}

func TestCompressedOnlyBeginsTheSame(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	first := numbered("first", 200)
	write(t, log, first...)
	o := glob1(filepath.Join(dir, "x.log*"))
	l := live(t, o, nil)
	l.want(first...)
	must(t, os.Remove(log))
	write(t, filepath.Join(dir, "y"), append(slices.Clone(first[:150]), numbered("other", 300)...)...)
	gz(t, filepath.Join(dir, "y"), log+".1.gz")
	feedtest.Until(t, "file", func() bool { b := l.Batches(); return b[len(b)-1].File == log+".1.gz" })
	l.stays(first...)
}

func TestSymlink(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	a, b := filepath.Join(dir, "a", "real-1"), filepath.Join(dir, "b", "real-2")
	must(t, os.MkdirAll(filepath.Dir(a), 0o755))
	must(t, os.MkdirAll(filepath.Dir(b), 0o755))
	write(t, a, "one")
	must(t, os.Symlink(a, log))
	l := live(t, glob1(log), nil)
	l.want("one")
	write(t, a, "two")
	l.want("one", "two")
	write(t, b, "three")
	must(t, os.Symlink(b, log+".new"))
	write(t, a, "last")
	must(t, os.Rename(log+".new", log))
	l.want("one", "two", "last", "three")
	write(t, b, "four")
	l.want("one", "two", "last", "three", "four")
	feedtest.Until(t, "end", func() bool { return slices.Equal(ends(l.Batches()), []string{log}) })
	if got := l.Batches(); !strings.HasPrefix(got[len(got)-3].Origin.Path, log) {
		t.Fatal(l.show())
	}
}

func TestOneFileManyNames(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	write(t, log, "one")
	must(t, os.Link(log, filepath.Join(dir, "y.log")))
	must(t, os.Symlink(log, filepath.Join(dir, "z.log")))
	l := live(t, Options{Globs: []Glob{{Pattern: filepath.Join(dir, "*.log"), Start: true}, {Pattern: log, Start: true}}}, nil)
	l.want("one")
	write(t, filepath.Join(dir, "y.log"), "two")
	l.want("one", "two")
	must(t, os.Remove(log))
	write(t, filepath.Join(dir, "y.log"), "three")
	l.want("one", "two", "three")
}

func TestRemovedAndCreated(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	l := live(t, glob1(log), nil)
	l.want()
	var want []string
	for i := range 5 {
		line := fmt.Sprint("again ", i%2)
		write(t, log, line)
		want = append(want, line)
		l.want(want...)
		must(t, os.Remove(log))
		if i == 2 {
			feedtest.Until(t, "end", func() bool { return len(ends(l.Batches())) == 3 })
			cursors, _ := l.kill(nil, -1)
			l = live(t, glob1(log), cursors)
			want = nil
			write(t, log, "after")
			want = append(want, "after")
			l.want(want...)
			if b := l.Batches(); b[len(b)-1].Origin.Path == log {
				t.Fatal("a path that was used names another file: " + l.show())
			}
			must(t, os.Remove(log))
		}
	}
}

// TestCopyGone takes over the open file of a copy that is gone, and leaves none open that nobody knows of.
func TestCopyGone(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	tl, err := New(quick(glob1(filepath.Join(dir, "x.log*"))))
	must(t, err)
	f := newFollower(t.Context(), tl, &taker{t: t})
	defer f.close()
	stream := func(path string, lines ...string) *stream {
		write(t, path, lines...)
		info, err := os.Stat(path)
		must(t, err)
		s := f.add(entry{name: path, path: path, info: info, id: identify(path, info), glob: tl.globs[0]}, path)
		if f.open(s) == nil {
			t.Fatal("not open")
		}
		s.gone = time.Now()
		return s
	}
	o := stream(log, "one", "two")
	o.kind, o.offset, o.atEnd = lines, 8, true
	f.prints(o, o.f)
	s := stream(log+".1", "one", "two", "three")
	old, taken := o.f, s.f
	if stop, err := f.copied(s, []byte("one\ntwo\nthree\n"), 14, time.Now()); !stop || err != nil {
		t.Fatal(stop, err)
	}
	if o.f != taken || s.f != nil || f.opened != 1 {
		t.Errorf("%d files are open", f.opened)
	}
	if _, err := old.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("what was open before still is: %v", err)
	}
}
