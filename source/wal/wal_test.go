package wal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

func origin(id string) *feed.Origin {
	return &feed.Origin{ID: id, Kind: "http", Path: "http/" + id, Tenant: "acme", Format: "otlp", Host: "h"}
}

// A reports collects what a log says.
type reports struct {
	mu  sync.Mutex
	all []error
}

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, err)
}

func (r *reports) take() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}

func open(t testing.TB, dir string, opt Options) *Log {
	t.Helper()
	l, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// A sink collects batches and says when it has enough.
type sink struct {
	mu     sync.Mutex
	got    []*feed.Batch
	enough int
	done   context.CancelFunc
}

func (s *sink) Put(ctx context.Context, b *feed.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, b)
	if len(s.got) == s.enough {
		s.done()
	}
	return nil
}

// run delivers until there were n batches or, for n < 0, until nothing is behind.
func run(t testing.TB, l *Log, cursors map[string]string, n int) []*feed.Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s := &sink{enough: n, done: cancel}
	if n < 0 {
		go func() {
			for ctx.Err() == nil {
				if caught(l) {
					cancel()
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
	ready := false
	if err := l.Run(ctx, cursors, s, func() { ready = true }); err != nil {
		t.Fatal(err)
	}
	if !ready {
		t.Fatal("Run was never ready")
	}
	if ctx.Err() == context.DeadlineExceeded {
		t.Fatalf("%d batches after 20 s, want %d", len(s.got), n)
	}
	return s.got
}

// caught says that a run has read all there is. It appends a line of an origin of its own and waits for it.
func caught(l *Log) bool {
	o := &feed.Origin{ID: "caught"}
	if l.Append(o, []byte("x\n"), time.Now()) != nil {
		return true
	}
	for range 5000 {
		for _, s := range l.Stats() {
			if s.ID == "caught" && s.Behind == 0 {
				return true
			}
		}
		time.Sleep(time.Millisecond)
	}
	return true
}

func texts(bs []*feed.Batch) []string {
	var all []string
	for _, b := range bs {
		if b.Origin.ID != "caught" {
			all = append(all, string(b.Data))
		}
	}
	return all
}

func TestAppendAndDeliver(t *testing.T) {
	dir := t.TempDir()
	var said reports
	l := open(t, dir, Options{Report: said.add})
	at := time.Date(2026, 11, 28, 9, 0, 0, 5, time.UTC)
	a, b := origin("a"), origin("b")
	for i, step := range []struct {
		o    *feed.Origin
		data string
	}{{a, "1\n2\n"}, {b, "x\n"}, {a, "3"}, {a, "4\n"}} {
		if err := l.Append(step.o, []byte(step.data), at.Add(time.Duration(i))); err != nil {
			t.Fatal(err)
		}
	}
	got := run(t, l, nil, 4)
	want := []feed.Batch{{Data: []byte("1\n2\n"), Line: 1, Offset: 0}, {Data: []byte("x\n"), Line: 1}, {Data: []byte("3\n"), Line: 3, Offset: 4}, {Data: []byte("4\n"), Line: 4, Offset: 6}}
	for i, g := range got {
		w := want[i]
		if !bytes.Equal(g.Data, w.Data) || g.Line != w.Line || g.Offset != w.Offset || !g.At.Equal(at.Add(time.Duration(i))) || g.End || g.Past {
			t.Errorf("batch %d: %+v, want %+v", i, g, w)
		}
	}
	if *got[0].Origin != *a || *got[1].Origin != *b || got[0].Origin != got[2].Origin {
		t.Errorf("origins %+v %+v %p %p", got[0].Origin, got[1].Origin, got[0].Origin, got[2].Origin)
	}
	// From the cursor of the second on, in the same process and in the next.
	cursors := map[string]string{"a": got[2].Cursor, "b": got[1].Cursor}
	if more := texts(run(t, l, cursors, 1)); !slices.Equal(more, []string{"4\n"}) {
		t.Errorf("from the cursors: %q", more)
	}
	l.Close()
	if err := l.Append(a, []byte("5\n"), at); err != ErrClosed {
		t.Errorf("append after Close: %v", err)
	}
	l = open(t, dir, Options{Report: said.add})
	if err := l.Append(a, []byte("5\n"), at); err != nil {
		t.Fatal(err)
	}
	more := run(t, l, cursors, 2)
	if s := texts(more); !slices.Equal(s, []string{"4\n", "5\n"}) || more[1].Line != 5 || more[1].Offset != 8 {
		t.Errorf("after a restart: %q %+v", s, more[1])
	}
	l.Committed(map[string]string{"a": more[1].Cursor})
	l.Close()
	// Line numbers go on where all that had them was removed.
	l = open(t, dir, Options{Report: said.add})
	if n := segments(dir); n > 2 {
		t.Errorf("%d segments after all was committed", n)
	}
	if err := l.Append(a, []byte("6\n"), at); err != nil {
		t.Fatal(err)
	}
	if last := run(t, l, map[string]string{"a": more[1].Cursor, "b": more[1].Cursor}, 1)[0]; last.Line != 6 || last.Offset != 10 {
		t.Errorf("line %d offset %d after everything was committed, want 6 and 10", last.Line, last.Offset)
	}
	if all := said.take(); len(all) > 0 {
		t.Errorf("reports: %v", all)
	}
}

func segments(dir string) int {
	all, _ := filepath.Glob(filepath.Join(dir, "*.wal"))
	return len(all)
}

func TestSegmentsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Options{Segment: 1000})
	a, b := origin("a"), origin("b")
	line := []byte(strings.Repeat("x", 400) + "\n")
	for range 20 {
		if err := l.Append(a, line, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Append(b, line, time.Now()); err != nil {
		t.Fatal(err)
	}
	before := segments(dir)
	got := run(t, l, nil, 21)
	if before < 10 {
		t.Fatalf("%d segments of 1,000 bytes for 20 lines of 400", before)
	}
	l.Committed(map[string]string{"a": got[9].Cursor})
	if n := segments(dir); n >= before || n < 2 {
		t.Errorf("%d segments of %d after half was committed", n, before)
	}
	l.Committed(map[string]string{"a": got[19].Cursor})
	if n := segments(dir); n > 2 {
		t.Errorf("%d segments after all but the last record was committed", n)
	}
	l.Committed(map[string]string{"a": "nonsense", "c": got[3].Cursor})
	if got := texts(run(t, l, map[string]string{"a": got[19].Cursor}, 1)); len(got) != 1 {
		t.Errorf("%d batches of b", len(got))
	}
}

func TestConcurrentAppendersShareSyncs(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	var syncs int
	l.sync = func(f *os.File) error { syncs++; time.Sleep(time.Millisecond); return f.Sync() }
	const senders, each = 50, 20
	var wait sync.WaitGroup
	for s := range senders {
		wait.Go(func() {
			o := origin(fmt.Sprint(s % 5))
			for i := range each {
				if err := l.Append(o, fmt.Appendf(nil, "%d %d\n", s, i), time.Now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got := run(t, l, nil, senders*each) // while they append
	wait.Wait()
	if syncs > senders*each/2 {
		t.Errorf("%d syncs for %d appends by %d at a time", syncs, senders*each, senders)
	}
	next, seen := map[string]int64{}, map[string]bool{}
	for _, b := range got {
		if id := b.Origin.ID; b.Line != next[id]+1 {
			t.Fatalf("origin %s: line %d after %d", id, b.Line, next[id])
		}
		next[b.Origin.ID]++
		if seen[string(b.Data)] {
			t.Fatalf("%q twice", b.Data)
		}
		seen[string(b.Data)] = true
	}
	if len(seen) != senders*each {
		t.Errorf("%d different lines, want %d", len(seen), senders*each)
	}
}

func TestFull(t *testing.T) {
	l := open(t, t.TempDir(), Options{Size: 8000})
	a := origin("a")
	line := []byte(strings.Repeat("x", 900) + "\n")
	n := 0
	for ; ; n++ {
		if err := l.Append(a, line, time.Now()); err == ErrFull {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if n > 8 {
			t.Fatal("a log of 8,000 bytes takes more")
		}
	}
	if err := l.Append(a, bytes.Repeat(line, 8), time.Now()); err != ErrSize {
		t.Errorf("more than the log may hold: %v", err)
	}
	if s := l.Stats(); len(s) != 1 || s[0].State != "waiting" || s[0].Behind != int64(n*901) {
		t.Errorf("stats %+v", s)
	}
	done := make(chan error)
	go func() { done <- l.AppendWait(t.Context(), a, []byte("later\n"), time.Now()) }()
	got := run(t, l, nil, n)
	l.Committed(map[string]string{"a": got[n-1].Cursor})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s[0].State != "following" {
		t.Errorf("stats %+v", s)
	}
	// And again and again: what was committed of the last segment makes room as well.
	cursor := got[n-1].Cursor
	for range 30 {
		err := l.Append(a, bytes.Repeat(line, 3), time.Now())
		if err != nil && err != ErrFull {
			t.Fatal(err)
		}
		for _, b := range run(t, l, map[string]string{"a": cursor}, -1) {
			l.Committed(map[string]string{b.Origin.ID: b.Cursor})
			if b.Origin.ID == "a" {
				cursor = b.Cursor
			}
		}
		if err == ErrFull {
			if err := l.Append(a, bytes.Repeat(line, 3), time.Now()); err != nil {
				t.Fatalf("after all was committed: %v", err)
			}
		}
	}
}

func TestDiskFaults(t *testing.T) {
	dir := t.TempDir()
	var said reports
	l := open(t, dir, Options{Report: said.add, Segment: 2000})
	a := origin("a")
	var kept []string
	rnd := rand.New(rand.NewPCG(1, 2))
	plainWrite, plainSync := l.write, l.sync
	for i := range 300 {
		l.write, l.sync = plainWrite, plainSync
		switch fault := rnd.IntN(4); fault {
		case 0: // the disk is full in the middle of a write
			l.write = func(f *os.File, b []byte, at int64) (int, error) {
				n, _ := plainWrite(f, b[:rnd.IntN(len(b)+1)], at)
				return n, fmt.Errorf("write: %w", syscall.ENOSPC)
			}
		case 1:
			l.sync = func(f *os.File) error { return fmt.Errorf("sync: %w", syscall.EIO) }
		}
		line := fmt.Sprintf("%d %s\n", i, strings.Repeat("y", rnd.IntN(300)))
		err := l.Append(a, []byte(line), time.Now())
		if err == nil {
			kept = append(kept, line)
		} else if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
	}
	l.write, l.sync = plainWrite, plainSync
	got := run(t, l, nil, len(kept))
	if !slices.Equal(texts(got), kept) {
		t.Fatal("what was acknowledged is not what was delivered")
	}
	for i, b := range got {
		if b.Line != int64(i+1) {
			t.Fatalf("line %d, want %d: what was refused took numbers", b.Line, i+1)
		}
	}
	l.Close()
	l = open(t, dir, Options{Report: said.add})
	if got := texts(run(t, l, nil, len(kept))); !slices.Equal(got, kept) {
		t.Error("after a restart something else is delivered")
	}
	if all := said.take(); len(all) > 0 {
		t.Errorf("reports: %v", all)
	}
}

// TestFullDiskHint says what to do about a disk that is full, or a bound on file sizes, and not about one that fails.
func TestFullDiskHint(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	for err, want := range map[error]bool{syscall.ENOSPC: true, syscall.EFBIG: runtime.GOOS != "windows", syscall.Errno(112): runtime.GOOS == "windows", syscall.EIO: false} {
		l.write = func(*os.File, []byte, int64) (int, error) { return 0, err }
		if got := l.Append(origin("a"), []byte("1\n"), time.Now()); got == nil || strings.Contains(got.Error(), "make room on the disk") != want {
			t.Errorf("%v: says %v", err, got)
		}
	}
}

func TestFullDiskAtOpen(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Options{})
	if err := l.Append(origin("a"), []byte("1\n"), time.Now()); err != nil {
		t.Fatal(err)
	}
	// With no disk at all to begin a new segment on, what is there is still delivered.
	l.write = func(*os.File, []byte, int64) (int, error) { return 0, syscall.ENOSPC }
	l.commit.Lock()
	err := l.roll()
	l.commit.Unlock()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	got := run(t, l, nil, 1)
	l.Committed(map[string]string{"a": got[0].Cursor})
	if err := l.Append(origin("a"), []byte("2\n"), time.Now()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	l.write = func(f *os.File, b []byte, at int64) (int, error) { return f.WriteAt(b, at) }
	if err := l.Append(origin("a"), []byte("2\n"), time.Now()); err != nil {
		t.Fatal(err)
	}
	if b := run(t, l, map[string]string{"a": got[0].Cursor}, 1)[0]; b.Line != 2 {
		t.Errorf("line %d, want 2", b.Line)
	}
}

func TestCursorsOfAnotherLog(t *testing.T) {
	var said reports
	l := open(t, t.TempDir(), Options{Report: said.add})
	other := open(t, t.TempDir(), Options{})
	for _, l := range []*Log{l, other} {
		if err := l.Append(origin("a"), []byte("1\n"), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	c := run(t, other, nil, 1)[0].Cursor
	if got := texts(run(t, l, map[string]string{"a": c}, 1)); len(got) != 1 {
		t.Error("a cursor of another log hides a record")
	}
	behind := l.cursor(position{99, 16})
	if got := texts(run(t, l, map[string]string{"a": behind}, 1)); len(got) != 1 {
		t.Error("a cursor from beyond the end hides a record")
	}
	if n := len(said.take()); n != 2 {
		t.Errorf("%d reports, want 2", n)
	}
}

func TestStdin(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Options{})
	o := &feed.Origin{ID: "stdin/1", Kind: "stdin", Path: "-"}
	in, out := io.Pipe()
	done := make(chan error)
	go func() { done <- Stdin(t.Context(), in, l, o) }()
	fmt.Fprint(out, "one\ntw")
	first := run(t, l, nil, 1) // before there is more
	fmt.Fprint(out, "o\nthree")
	out.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	got := run(t, l, map[string]string{"stdin/1": first[0].Cursor}, 2)
	if got[len(got)-1].End == false {
		got = append(got, run(t, l, map[string]string{"stdin/1": got[len(got)-1].Cursor}, 1)...)
	}
	all := strings.Join(append(texts(first), texts(got)...), "")
	if all != "one\ntwo\nthree\n" || !got[len(got)-1].End {
		t.Errorf("delivered %q, ended %v", all, got[len(got)-1].End)
	}
	// Once its end was committed and its segments are gone, nothing is left of it.
	l.Committed(map[string]string{"stdin/1": got[len(got)-1].Cursor})
	for range 2 {
		l.Close()
		l = open(t, dir, Options{})
		l.Committed(map[string]string{"stdin/1": got[len(got)-1].Cursor})
	}
	if s := l.Stats(); len(s) != 0 {
		t.Errorf("left: %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	in, _ = io.Pipe()
	go func() { done <- Stdin(ctx, in, l, o) }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("stopped: %v", err)
	}
}

func TestLargeAppendIsCutAtLines(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	var data []byte
	for i := range 60000 {
		data = fmt.Appendf(data, "%d %s\n", i, strings.Repeat("z", 60))
	}
	long := append(bytes.Repeat([]byte("L"), 3<<20), '\n')
	data = append(data, long...)
	data = append(data, "end\n"...)
	if err := l.Append(origin("a"), data, time.Now()); err != nil {
		t.Fatal(err)
	}
	var all []byte
	line := int64(1)
	for _, b := range run(t, l, nil, -1) {
		if b.Origin.ID == "caught" {
			continue
		}
		if b.Line != line || b.Offset != int64(len(all)) || b.Data[len(b.Data)-1] != '\n' || len(b.Data) > maxPiece && len(b.Data) != len(long) {
			t.Fatalf("batch of %d bytes at line %d, offset %d; want line %d, offset %d", len(b.Data), b.Line, b.Offset, line, len(all))
		}
		line += lines(b.Data)
		all = append(all, b.Data...)
	}
	if !bytes.Equal(all, data) {
		t.Error("the pieces are not the whole")
	}
}

func BenchmarkAppend(b *testing.B) {
	line := []byte(strings.Repeat("x", 199) + "\n")
	for _, senders := range []int{1, 100} {
		b.Run(fmt.Sprint(senders), func(b *testing.B) {
			l := open(b, b.TempDir(), Options{Size: 64 << 30})
			o := origin("a")
			data := bytes.Repeat(line, 20)
			b.SetBytes(int64(len(data)))
			b.SetParallelism(senders)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := l.Append(o, data, time.Now()); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
