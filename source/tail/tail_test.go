package tail

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

type batch = feed.Batch

// A taker is a sink that unpacks what is given as a whole, and tells of each batch.
type taker struct {
	feedtest.Sink
	t     testing.TB
	trace func(*batch)
	unzip bool // what is given as a whole is compressed lines
}

func (k *taker) Put(ctx context.Context, b *feed.Batch) error {
	c := *b
	if k.unzip && b.File != "" {
		data, err := unzipAll(b.File)
		if err != nil {
			k.t.Error(err)
		}
		c.Data = data
	}
	if err := k.Sink.Put(ctx, &c); err != nil {
		return err
	}
	if k.trace != nil {
		k.trace(&c)
	}
	return nil
}

// lines are those that the batches tell, in order.
func told(batches []*feed.Batch) []string {
	var out []string
	for _, b := range batches {
		for l := range bytes.Lines(b.Data) {
			out = append(out, strings.TrimSuffix(string(l), "\n"))
		}
	}
	return out
}

func ends(batches []*feed.Batch) (paths []string) {
	for _, b := range batches {
		if b.End {
			paths = append(paths, b.Origin.Path)
		}
	}
	return paths
}

// commit is what a run has stored after the first n batches, beginning with what was.
func commit(was map[string]string, batches []*feed.Batch) map[string]string {
	c := maps.Clone(was)
	if c == nil {
		c = map[string]string{}
	}
	for _, b := range batches {
		if b.End {
			delete(c, b.Origin.ID)
		} else {
			c[b.Origin.ID] = b.Cursor
		}
	}
	return c
}

// A life is a Tail that runs.
type life struct {
	*taker
	tail *Tail
	gaps bool // lines are passed over
	stop func()
}

func quick(o Options) Options {
	o.Poll, o.Rescan, o.Hold = 5*time.Millisecond, 10*time.Millisecond, 20*time.Millisecond
	if o.Quiet == 0 {
		o.Quiet = 40 * time.Millisecond
	}
	if o.Grace == 0 {
		o.Grace = 200 * time.Millisecond
	}
	return o
}

func live(t testing.TB, o Options, cursors map[string]string) *life {
	t.Helper()
	return traced(t, o, cursors, nil)
}

func traced(t testing.TB, o Options, cursors map[string]string, trace func(*batch)) *life {
	t.Helper()
	tl, err := New(quick(o))
	if err != nil {
		t.Fatal(err)
	}
	l := &life{taker: &taker{t: t, unzip: trace != nil, trace: trace}, tail: tl}
	l.stop = run(t, tl, l.taker, cursors)
	return l
}

// run lets tl run into a sink, and returns when it is ready, with what stops it.
func run(t testing.TB, tl *Tail, sink *taker, cursors ...map[string]string) (stop func()) {
	t.Helper()
	var from map[string]string
	if len(cursors) > 0 {
		from = cursors[0]
	}
	stop, ready := feedtest.Start(t, tl, from, sink)
	if sink.Block == nil {
		select {
		case <-ready:
		case <-time.After(5 * time.Second):
			t.Fatal("not ready")
		}
	}
	return stop
}

// kill ends the life and returns what was committed before: after n batches, or all if n is negative; and those batches.
func (l *life) kill(was map[string]string, n int) (map[string]string, []*feed.Batch) {
	l.stop()
	all := l.Batches()
	if n >= 0 {
		all = all[:min(n, len(all))]
	}
	return commit(was, all), all
}

// want waits until exactly these lines were told, in this order, and that it stays so.
func (l *life) want(want ...string) {
	l.t.Helper()
	end := time.Now().Add(4 * time.Second)
	for time.Now().Before(end) && len(told(l.Batches())) < len(want) {
		time.Sleep(2 * time.Millisecond)
	}
	l.stays(want...)
}

func (l *life) stays(want ...string) {
	l.t.Helper()
	time.Sleep(30 * time.Millisecond)
	if got := told(l.Batches()); !slices.Equal(got, want) {
		l.t.Fatalf("told %.400q\nwant %.400q\n%s", got, want, l.show())
	}
	l.check()
}

func (l *life) show() string {
	var b strings.Builder
	for _, x := range l.Batches() {
		fmt.Fprintf(&b, "  %s line %d offset %d %.60q file %q end %v past %v %s\n", x.Origin.Path, x.Line, x.Offset, x.Data, x.File, x.End, x.Past, x.Cursor)
	}
	for _, s := range l.tail.Stats() {
		fmt.Fprintf(&b, "  %+v\n", s)
	}
	return b.String()
}

// check holds the batches against what feed promises.
func (l *life) check() {
	l.t.Helper()
	type place struct{ line, offset int64 }
	at := map[string]place{}
	paths := map[string]string{}
	over := map[string]bool{}
	for _, b := range l.Batches() {
		o := b.Origin
		if over[o.ID] {
			l.t.Fatalf("%s: a batch after End", o.Path)
		}
		over[o.ID] = b.End
		if p, ok := paths[o.Path]; ok && p != o.ID {
			l.t.Fatalf("two origins are %s", o.Path)
		}
		paths[o.Path] = o.ID
		if b.Cursor == "" {
			l.t.Fatal("a batch without a cursor")
		}
		if b.File != "" || len(b.Data) == 0 {
			continue
		}
		if p, ok := at[o.ID]; ok && (p.line != b.Line || p.offset != b.Offset) && !(l.gaps && p.line < b.Line && p.offset < b.Offset) {
			l.t.Fatalf("%s goes on at line %d offset %d after %v", o.Path, b.Line, b.Offset, p)
		}
		at[o.ID] = place{b.Line + int64(bytes.Count(b.Data, []byte("\n"))), b.Offset + int64(len(b.Data))}
		if !b.End && b.Data[len(b.Data)-1] != '\n' && !strings.Contains(b.Cursor, `"packed"`) {
			l.t.Fatalf("%s: not whole lines: %q", o.Path, b.Data)
		}
	}
}

func write(t testing.TB, path string, lines ...string) {
	t.Helper()
	raw(t, path, strings.Join(lines, "\n")+"\n")
}

// raw appends to a file.
func raw(t testing.TB, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func in(t testing.TB) (dir, log string) {
	dir = t.TempDir()
	return dir, filepath.Join(dir, "x.log")
}

func glob1(pattern string) Options {
	return Options{Globs: []Glob{{Pattern: pattern, Start: true}}}
}

func TestFollowsWhatComes(t *testing.T) {
	t.Parallel()
	for _, silent := range []bool{false, true} {
		_, log := in(t)
		write(t, log, "one", "two")
		o := glob1(log)
		o.NoNotify = silent
		l := live(t, o, nil)
		l.want("one", "two")
		if b := l.Batches(); !b[len(b)-1].Past || b[len(b)-1].Line != 1 {
			t.Fatal(l.show())
		}
		raw(t, log, "three\nfo")
		l.want("one", "two", "three")
		raw(t, log, "ur\n")
		l.want("one", "two", "three", "four")
		b := l.Batches()
		if last := b[len(b)-1]; last.Past || last.Line != 4 || last.Offset != 14 || time.Since(last.At) > time.Minute {
			t.Fatal(l.show())
		}
		l.stop()
	}
}

func TestFromEnd(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	raw(t, log, "#head\none\ntw")
	o := Options{Globs: []Glob{{Pattern: log, Tenant: "t", Format: "f", Host: "h"}}}
	l := live(t, o, nil)
	l.want()
	raw(t, log, "o\nthree\n")
	l.want("two", "three")
	all := l.Batches()
	last := all[len(all)-1]
	if last.Line != 3 || last.Offset != 10 || string(last.Head) != "#head\none\n" || last.Past {
		t.Fatal(l.show())
	}
	if g := last.Origin; g.Tenant != "t" || g.Format != "f" || g.Host != "h" || g.Kind != "file" || g.Path != log {
		t.Fatalf("%+v", g)
	}
	later := filepath.Join(filepath.Dir(log), "y.log")
	l.stop()

	// What appears later under a glob is read from its start, also while nobody looks, and also if there was nothing first.
	o.Globs[0].Pattern = later
	l = live(t, o, nil)
	cursors, _ := l.kill(nil, -1)
	write(t, later, "a")
	l = live(t, o, cursors)
	l.want("a")
	if all := l.Batches(); all[len(all)-1].Past {
		t.Fatal(l.show())
	}
}

func TestFromEndKilled(t *testing.T) {
	t.Parallel()
	_, log := in(t)
	write(t, log, "one", "two")
	o := Options{Globs: []Glob{{Pattern: log}}}
	l := live(t, o, nil)
	cursors, _ := l.kill(nil, -1)
	write(t, log, "three")
	l = live(t, o, cursors)
	l.want("three")
	if all := l.Batches(); all[len(all)-1].Line != 3 {
		t.Fatal(l.show())
	}
	l.stop()
	must(t, os.Rename(log, log+".1"))
	write(t, log, "new")
	l = live(t, o, cursors)
	l.want("three", "new")
}

func TestNewGlobLater(t *testing.T) {
	t.Parallel()
	dir, log := in(t)
	other := filepath.Join(dir, "other")
	write(t, log, "one")
	write(t, other, "old")
	o := glob1(log)
	l := live(t, o, nil)
	l.want("one")
	cursors, _ := l.kill(nil, -1)
	o.Globs = append(o.Globs, Glob{Pattern: other})
	l = live(t, o, cursors)
	write(t, other, "new")
	l.want("new")
	cursors, _ = l.kill(cursors, -1)
	o.Globs = o.Globs[:1]
	l = live(t, o, cursors)
	l.want()
	if len(ends(l.Batches())) > 0 {
		t.Fatal("what is no longer named is not ended")
	}
}

func TestRenamed(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"x.log", "x.log*"} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			dir, log := in(t)
			write(t, log, "one")
			o := glob1(filepath.Join(dir, pattern))
			l := live(t, o, nil)
			l.want("one")
			must(t, os.Rename(log, log+".1"))
			write(t, log+".1", "late")
			write(t, log, "two")
			l.want("one", "late", "two")
			write(t, log+".1", "later")
			l.want("one", "late", "two", "later")
			raw(t, log+".1", "unfinished")
			all := l.Batches()
			if p := all[len(all)-2].Origin.Path; !strings.HasPrefix(p, log+"@20") || !strings.HasSuffix(p, "Z") || all[len(all)-2].Line != 1 {
				t.Fatal(l.show())
			}
			if pattern == "x.log" {
				l.want("one", "late", "two", "later", "unfinished")
				feedtest.Until(t, "end", func() bool { return slices.Equal(ends(l.Batches()), []string{log}) })
			} else {
				time.Sleep(250 * time.Millisecond)
				l.stays("one", "late", "two", "later")
				must(t, os.Remove(log+".1"))
				l.want("one", "late", "two", "later", "unfinished")
				feedtest.Until(t, "end", func() bool { return slices.Equal(ends(l.Batches()), []string{log}) })
			}
		})
	}
}

func TestRenamedWhileNobodyLooked(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"x.log", "x.log*"} {
		for _, times := range []int{1, 3} {
			t.Run(fmt.Sprint(pattern, times), func(t *testing.T) {
				t.Parallel()
				dir, log := in(t)
				write(t, log, "one", "two")
				o := glob1(filepath.Join(dir, pattern))
				l := live(t, o, nil)
				l.want("one", "two")
				cursors, _ := l.kill(nil, -1)
				want := []string{}
				for i := range times {
					for n := times; n > 0; n-- {
						_ = os.Rename(fmt.Sprint(log, ".", n), fmt.Sprint(log, ".", n+1)) // may not be there
					}
					line := fmt.Sprint("rest of ", i)
					write(t, log, line)
					want = append(want, line)
					must(t, os.Rename(log, log+".1"))
					time.Sleep(10 * time.Millisecond)
				}
				write(t, log, "new")
				want = append(want, "new")
				l = live(t, o, cursors)
				l.want(want...)
				cursors, _ = l.kill(cursors, -1)
				l = live(t, o, cursors)
				l.want()
			})
		}
	}
}
