package tail

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

// stat is that of a path; the zero one if there is none.
func (l *life) stat(path string) feed.Stat {
	for _, s := range l.tail.Stats() {
		if s.Path == path {
			return s
		}
	}
	return feed.Stat{}
}

func TestCutHoldsBack(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	o := glob1(log)
	o.Cut = func(b []byte) int { return bytes.LastIndex(b, []byte("BEGIN")) }
	l := live(t, o, nil)
	write(t, log, "BEGIN 1", " more")
	time.Sleep(5 * time.Millisecond)
	write(t, log, " yet more", "BEGIN 2")
	l.want("BEGIN 1", " more", " yet more", "BEGIN 2")
	var whole []string
	for _, b := range l.Batches() {
		if len(b.Data) > 0 {
			whole = append(whole, string(b.Data))
		}
	}
	if !slices.Equal(whole, []string{"BEGIN 1\n more\n yet more\n", "BEGIN 2\n"}) {
		t.Fatalf("%q", whole)
	}
	// A record that is longer than a block is cut.
	o.Block = 64
	l.stop()
	long := append([]string{"BEGIN"}, numbered("line", 20)...)
	must(t, os.Remove(log))
	write(t, log, long...)
	l = live(t, o, nil)
	l.want(long...)
}

func TestHead(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 20000} {
		_, log := in(t)
		first := numbered("first", n)
		write(t, log, first...)
		o := glob1(log)
		l := live(t, o, nil)
		l.want(first...)
		cursors, _ := l.kill(nil, -1)
		l = live(t, o, cursors)
		write(t, log, "new")
		l.want("new")
		all := l.Batches()
		b := all[len(all)-1]
		info, err := os.Stat(log)
		must(t, err)
		if b.Line != int64(n+1) || b.Offset+int64(len(b.Data)) != info.Size() || string(b.Data) != "new\n" || int64(len(b.Head)) > b.Offset {
			t.Fatalf("line %d offset %d, data %.30q, head %d", b.Line, b.Offset, b.Data, len(b.Head))
		}
		if !bytes.HasPrefix(b.Head, []byte("first 0 ")) || b.Head[len(b.Head)-1] != '\n' || len(b.Head) > 64<<10 || int64(len(b.Head)) < min(b.Offset, 60<<10) {
			t.Fatalf("head %.40q, %d bytes", b.Head, len(b.Head))
		}
		write(t, log, "newer")
		l.want("new", "newer")
		if all := l.Batches(); all[len(all)-1].Head != nil {
			t.Fatal("only the first batch has the beginning")
		}
	}
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	o := glob1(log)
	o.Block, o.MaxLine = 100, 1000
	l := live(t, o, nil)
	l.gaps = true
	long, longer := strings.Repeat("a", 900), strings.Repeat("b", 5000)
	write(t, log, "one", long, "two", longer, "three")
	l.want("one", long, "two", "three")
	if s := l.stat(log); s.Lost != 1 || !strings.Contains(s.Why, "line 4 is longer than 1000") || s.Behind != 0 {
		t.Fatalf("%+v", s)
	}
	for i := range 30 { // slowly
		raw(t, log, longer[:50])
		if i%10 == 0 {
			time.Sleep(3 * time.Millisecond)
		}
	}
	time.Sleep(15 * time.Millisecond)
	raw(t, log, "\nfour\n"+long[:500])
	l.want("one", long, "two", "three", "four")
	cursors, _ := l.kill(nil, -1)
	l = live(t, o, cursors)
	raw(t, log, "\nfive\n")
	l.want(long[:500], "five")
	if b := l.Batches(); b[len(b)-1].Line != 9 {
		t.Fatal(l.show())
	}
}

func TestNulBlocks(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	raw(t, log, "one\n"+strings.Repeat("\x00", 5000)+"two\n")
	l := live(t, glob1(log), nil)
	l.want("one", strings.Repeat("\x00", 5000)+"two")
}

func TestWhole(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	doc := filepath.Join(dir, "d.doc")
	write(t, doc, "DOC 1")
	write(t, log, "one")
	o := glob1(dir)
	o.Followable = func(_ string, head []byte) bool { return !bytes.HasPrefix(head, []byte("DOC")) }
	l := live(t, o, nil)
	l.want("one")
	given := func() (n int) {
		for _, b := range l.Batches() {
			if b.File == doc && len(b.Data) == 0 {
				n++
			}
		}
		return n
	}
	feedtest.Until(t, "given", func() bool { return given() == 1 })
	if b := l.Batches(); !b[len(b)-1].Past || b[len(b)-1].Origin.Path != doc {
		t.Fatal(l.show())
	}
	write(t, doc, "DOC 2")
	feedtest.Until(t, "given", func() bool { return given() == 2 })
	if b := l.Batches(); b[len(b)-1].Past || l.stat(doc).Behind != 0 {
		t.Fatal(l.show())
	}
	cursors, _ := l.kill(nil, -1)
	l = live(t, o, cursors)
	time.Sleep(80 * time.Millisecond)
	if given() != 0 {
		t.Fatal(l.show())
	}
	must(t, os.WriteFile(doc+".tmp", []byte("DOC 3 in another file"), 0o644))
	must(t, os.Rename(doc+".tmp", doc))
	feedtest.Until(t, "given", func() bool { return given() == 1 })
	must(t, os.Remove(doc))
	feedtest.Until(t, "end", func() bool { return slices.Contains(ends(l.Batches()), doc) })

	// From its end: only once it changed.
	write(t, doc, "DOC 1")
	l.stop()
	o.Globs[0].Start = false
	l = live(t, o, nil)
	time.Sleep(80 * time.Millisecond)
	if given() != 0 {
		t.Fatal(l.show())
	}
	write(t, doc, "DOC 2")
	feedtest.Until(t, "given", func() bool { return given() == 1 })
}

func TestFoldersAppear(t *testing.T) {
	t.Parallel()
	dir, _ := in(t)
	o := Options{Globs: []Glob{{Pattern: filepath.Join(dir, "a", "**", "*.log")}, {Pattern: filepath.Join(dir, "all")}}, Exclude: []string{filepath.Join(dir, "**", "no*")}}
	l := live(t, o, nil)
	if s := l.stat(filepath.Join(dir, "all")); s.State != waiting {
		t.Fatalf("%+v", s)
	}
	must(t, os.MkdirAll(filepath.Join(dir, "a", "b", "c"), 0o755))
	write(t, filepath.Join(dir, "a", "b", "c", "x.log"), "one")
	write(t, filepath.Join(dir, "a", "b", "c", "x.txt"), "not this")
	write(t, filepath.Join(dir, "a", "b", "no.log"), "not this")
	l.want("one")
	must(t, os.MkdirAll(filepath.Join(dir, "all", "b", "no"), 0o755))
	write(t, filepath.Join(dir, "all", "b", "no", "y"), "not this")
	write(t, filepath.Join(dir, "all", "b", "y"), "two")
	l.want("one", "two")
	must(t, os.RemoveAll(filepath.Join(dir, "a")))
	feedtest.Until(t, "end", func() bool { return len(ends(l.Batches())) == 1 })
	must(t, os.MkdirAll(filepath.Join(dir, "a", "b", "c"), 0o755))
	write(t, filepath.Join(dir, "a", "b", "c", "x.log"), "three")
	l.want("one", "two", "three")
	write(t, filepath.Join(dir, "a", "b", "c", "x.log"), "four")
	l.want("one", "two", "three", "four")
}

// One file that has much does not keep others waiting, and nothing is read that cannot be taken.
func TestFair(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	write(t, log, numbered("much", 20000)...)
	tl, err := New(quick(Options{Globs: []Glob{{Pattern: dir, Start: true}}, Block: 1000}))
	must(t, err)
	for i := range 5 {
		write(t, filepath.Join(dir, fmt.Sprint(i)), "little")
	}
	k := &taker{t: t, Sink: feedtest.Sink{Block: make(chan struct{})}}
	run(t, tl, k)
	for range 100 {
		k.Block <- struct{}{}
	}
	n := 0
	for _, l := range told(k.Batches()) {
		if l == "little" {
			n++
		}
	}
	if n != 5 {
		t.Fatalf("%d of 5 small files in 100 batches", n)
	}
	size := int64(0)
	for _, b := range k.Batches() {
		if b.Origin.Path == log {
			size += int64(len(b.Data))
		}
	}
	info, err := os.Stat(log)
	must(t, err)
	l := &life{taker: k, tail: tl}
	if s := l.stat(log); s.Behind > info.Size()-size || s.Behind < info.Size()-size-2000 || s.State != reading {
		t.Fatalf("%+v of %d", s, info.Size()-size)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	write(t, log, "one")
	l := live(t, glob1(log), nil)
	l.want("one")
	if s := l.stat(log); s.State != following || s.Behind != 0 || s.Read != 4 || s.Kind != "file" || time.Since(s.Last) > time.Minute || s.ID == "" {
		t.Fatalf("%+v", s)
	}
	raw(t, log, "part")
	if s := l.stat(log); s.Behind != 4 {
		t.Fatalf("%+v", s)
	}
}

// What is written is there soon.
func TestSoon(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	write(t, log, "one")
	tl, err := New(Options{Globs: []Glob{{Pattern: log, Start: true}}})
	must(t, err)
	k := &taker{t: t}
	run(t, tl, k)
	feedtest.Until(t, "one", func() bool { return len(told(k.Batches())) == 1 })
	var took []time.Duration
	for i := range 20 {
		time.Sleep(10 * time.Millisecond)
		began := time.Now()
		write(t, log, "more")
		for len(told(k.Batches())) < i+2 {
			if time.Since(began) > 2*time.Second {
				t.Fatal("nothing came")
			}
			time.Sleep(200 * time.Microsecond)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Log("median", took[len(took)/2], "longest", took[len(took)-1])
	if took[len(took)/2] > 50*time.Millisecond {
		t.Fatal(took)
	}
}

// TestUnended says that a last line without an end is given when nothing more comes, once, and what comes later goes on after it.
func TestUnended(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	must(t, os.WriteFile(log, []byte("one\ntwo"), 0o600))
	o := glob1(log)
	o.Unended = 40 * time.Millisecond
	l := live(t, o, nil)
	text := func() string {
		var b []byte
		for _, x := range l.Batches() {
			b = append(b, x.Data...)
		}
		return string(b)
	}
	until := func(want string) {
		t.Helper()
		for began := time.Now(); text() != want; time.Sleep(5 * time.Millisecond) {
			if time.Since(began) > 10*time.Second {
				t.Fatalf("%q, want %q", text(), want)
			}
		}
	}
	until("one\ntwo")
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString("\nthree\n")
	must(t, err)
	must(t, f.Close())
	until("one\ntwo\nthree\n")
	all := l.Batches()
	if b := all[len(all)-1]; b.Line != 2 || b.Offset != int64(len("one\ntwo")) {
		t.Errorf("it goes on at line %d, offset %d", b.Line, b.Offset)
	}
	if s := l.stat(log); s.Behind != 0 {
		t.Errorf("%d bytes behind", s.Behind)
	}
}
