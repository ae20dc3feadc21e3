package wal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// written makes a log and returns what was acknowledged, with the position in the last segment after each.
func written(t testing.TB, dir string, segment int64, n int) (all []string, ends []position) {
	t.Helper()
	l := open(t, dir, Options{Segment: segment})
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		line := fmt.Sprintf("%d %s\n", i, strings.Repeat("d", rnd.IntN(200)))
		if err := l.Append(origin(fmt.Sprint(i%3)), []byte(line), time.Now()); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
		s := l.segments[len(l.segments)-1]
		ends = append(ends, position{s.seq, s.end})
	}
	l.Close()
	return all, ends
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.wal"))
	if err != nil || len(all) == 0 {
		t.Fatal(err, len(all))
	}
	slices.Sort(all)
	return all
}

func copyDir(t testing.TB, from string) string {
	t.Helper()
	to, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestCutAnywhere cuts the last segment off at every byte: what was acknowledged before that byte is delivered, a write that is
// cut off is said and gone, and the log goes on.
func TestCutAnywhere(t *testing.T) {
	dir := t.TempDir()
	all, ends := written(t, dir, 2000, 20)
	name := files(t, dir)[len(files(t, dir))-1]
	last := ends[len(ends)-1].seq
	step := int64(17)
	if testing.Short() {
		step = 61
	}
	for cut := int64(0); cut <= ends[len(ends)-1].off; cut += step {
		dir := copyDir(t, dir)
		if err := os.Truncate(filepath.Join(dir, filepath.Base(name)), cut); err != nil {
			t.Fatal(err)
		}
		var want []string
		for i, e := range ends {
			if e.seq < last || e.off <= cut {
				want = append(want, all[i])
			}
		}
		var said reports
		l := open(t, dir, Options{Report: said.add, Segment: 2000})
		if err := l.Append(origin("0"), []byte("new\n"), time.Now()); err != nil {
			t.Fatal(err)
		}
		got := texts(run(t, l, nil, len(want)+1))
		if !slices.Equal(got, append(want, "new\n")) {
			t.Fatalf("cut at %d: %d batches, want %d", cut, len(got), len(want)+1)
		}
		for _, err := range said.take() {
			d, ok := err.(*Damage)
			if !ok || !d.Torn || d.Offset+d.Size != cut {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
		l.Close()
		// It is said once.
		l = open(t, dir, Options{Report: said.add})
		if again := said.take(); len(again) > 0 {
			t.Fatalf("cut at %d: said again: %v", cut, again)
		}
		l.Close()
	}
}

// TestBitFlips turns single bits over: everything but what is in the record with that bit is delivered, unchanged, and the
// damage is said with its place.
func TestBitFlips(t *testing.T) {
	dir := t.TempDir()
	all, ends := written(t, dir, 2000, 30)
	names := files(t, dir)
	rnd := rand.New(rand.NewPCG(5, 6))
	n := 120
	if testing.Short() {
		n = 60
	}
	said := &reports{}
	reported := 0
	for range n {
		dir := copyDir(t, dir)
		name := filepath.Join(dir, filepath.Base(names[rnd.IntN(len(names))]))
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		at := rnd.IntN(len(b))
		b[at] ^= 1 << rnd.IntN(8)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, dir, Options{Report: said.add})
		got := texts(run(t, l, nil, -1))
		missing := 0
		for i, line := range all {
			if !slices.Contains(got, line) {
				missing++
				if seq, _, _ := segmentOf(filepath.Base(name)); ends[i].seq != seq || ends[i].off <= int64(at) {
					t.Fatalf("bit at %d of %s: line %d, which ends at %d of segment %d, is missing", at, name, i, ends[i].off, ends[i].seq)
				}
			}
		}
		for _, line := range got {
			if !slices.Contains(all, line) {
				t.Fatalf("bit at %d of %s: %q was never appended", at, name, line)
			}
		}
		reps := said.take()
		if missing > 1 || missing > 0 && len(reps) == 0 {
			t.Fatalf("bit at %d of %s: %d lines missing, reports %v", at, name, missing, reps)
		}
		for _, err := range reps {
			reported++
			if d := new(Damage); !errors.As(err, &d) || d.Offset > int64(at) || d.Offset+d.Size <= int64(at) {
				t.Fatalf("bit at %d of %s: %v", at, name, err)
			}
		}
		l.Close()
	}
	if reported < n/2 {
		t.Errorf("%d damages reported for %d bits", reported, n)
	}
}

// TestForgedRecord appends data that looks like a record, with damage before it.
func TestForgedRecord(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Options{})
	forged := appendOrigin(nil, l.id^1, origin("evil"), 1, 1, 0, time.Now())
	forged = appendRecord(forged, l.id^1, &record{kind: kindData, number: 1, line: 1, at: time.Now(), data: []byte("forged\n")})
	if err := l.Append(origin("a"), append(forged, '\n'), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(origin("a"), []byte("after\n"), time.Now()); err != nil {
		t.Fatal(err)
	}
	l.Close()
	name := files(t, dir)[0]
	b, _ := os.ReadFile(name)
	i := bytes.Index(b, forged)
	if i < 0 {
		t.Fatal("not found")
	}
	b[i-recordHead+12] ^= 0x10 // the length of the record
	os.WriteFile(name, b, 0o600)
	var said reports
	l = open(t, dir, Options{Report: said.add})
	if got := texts(run(t, l, nil, 1)); !slices.Equal(got, []string{"after\n"}) {
		t.Errorf("delivered %q", got)
	}
	if all := said.take(); len(all) != 1 {
		t.Errorf("reports %v", all)
	}
}

func TestDamagedSegmentsAreKept(t *testing.T) {
	dir := t.TempDir()
	written(t, dir, 500, 30)
	names := files(t, dir)
	for _, name := range names {
		b, _ := os.ReadFile(name)
		if i := bytes.Index(b, []byte("ddd")); i > 0 {
			b[i] ^= 1
			os.WriteFile(name, b, 0o600)
		}
	}
	l := open(t, dir, Options{})
	cursors := map[string]string{}
	for _, b := range run(t, l, nil, -1) {
		cursors[b.Origin.ID] = b.Cursor
	}
	l.Committed(cursors)
	kept, _ := filepath.Glob(filepath.Join(dir, "*.damaged"))
	if left := segments(dir); left > 2 || len(kept) != keptDamaged {
		t.Errorf("%d segments and %d damaged ones left", left, len(kept))
	}
}

// A torn disk gives back errors for a part of the file.
type torn struct {
	b        []byte
	from, to int64
}

func (d torn) ReadAt(p []byte, at int64) (int, error) {
	n := copy(p, d.b[at:])
	if at < d.to && at+int64(n) > d.from {
		return int(max(d.from-at, 0)), errors.New("input/output error")
	}
	return n, nil
}

func TestUnreadableBlock(t *testing.T) {
	b := header(7)
	b = appendOrigin(b, 7, origin("a"), 1, 1, 0, time.Now())
	for i := range 400 {
		b = appendRecord(b, 7, &record{kind: kindData, number: 1, line: int64(i + 1), at: time.Now(), data: fmt.Appendf(nil, "%d %s\n", i, strings.Repeat("e", 50))})
	}
	s := scanner{from: torn{b, 8192, 12288}, id: 7, off: headerSize, end: int64(len(b))}
	var read int
	var bad []*Damage
	for {
		r, err := s.next()
		if err == errEnd {
			break
		}
		if d, ok := err.(*Damage); ok {
			bad = append(bad, d)
		} else if r.kind == kindData {
			read++
		}
	}
	if len(bad) != 1 || bad[0].Offset > 8192 || bad[0].Offset+bad[0].Size < 12288 || bad[0].Size > 4096+300 || read < 350 {
		t.Errorf("%d records read, damages %v", read, bad)
	}
}

// FuzzSegment opens a folder with any bytes as its only segment: nothing that a disk holds stops the log.
func FuzzSegment(f *testing.F) {
	const id = 0x0102030405060708
	b := header(id)
	b = appendOrigin(b, id, &feed.Origin{ID: "a"}, 1, 1, 0, time.Unix(1, 0))
	f.Add(b)
	b = appendRecord(b, id, &record{kind: kindData, number: 1, line: 1, at: time.Unix(1, 0), data: []byte("one\n")})
	f.Add(b)
	b = appendRecord(b, id, &record{kind: kindEnd, number: 1, line: 2, at: time.Unix(1, 0)})
	f.Add(b)
	f.Add(append(bytes.Clone(b[:len(b)-3]), b...))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := scanner{from: bytes.NewReader(b), id: id, off: headerSize, end: int64(len(b))}
		at := int64(headerSize)
		for {
			r, err := in.next()
			if err == errEnd {
				break
			}
			if d, ok := err.(*Damage); ok {
				if d.Offset != at || d.Size <= 0 {
					t.Fatalf("damage %+v at %d", d, at)
				}
				at += d.Size
			} else if err != nil {
				t.Fatal(err)
			} else {
				at += recordHead + int64(len(r.data))
			}
			if in.off != at || at > in.end {
				t.Fatalf("at %d, want %d of %d", in.off, at, in.end)
			}
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, segmentName(1, id)), b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := l.Append(&feed.Origin{ID: "new"}, []byte("new\n"), time.Now()); err != nil {
			t.Fatal(err)
		}
		got := run(t, l, nil, -1)
		if !slices.ContainsFunc(got, func(b *feed.Batch) bool { return b.Origin.ID == "new" }) {
			t.Fatal("what was appended is not delivered")
		}
	})
}

// TestPowerCut holds writes back until they are synced and, while several append, takes copies of the folder: what was synced
// is in them, and of the rest any blocks. What was acknowledged before a copy is delivered from it.
func TestPowerCut(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Options{Segment: 4000})
	type write struct {
		f  *os.File
		at int64
		b  []byte
	}
	var disk sync.Mutex // of all below
	var pending []write
	acknowledged := map[string]bool{}
	l.write = func(f *os.File, b []byte, at int64) (int, error) {
		disk.Lock()
		defer disk.Unlock()
		pending = append(pending, write{f, at, bytes.Clone(b)})
		return len(b), nil
	}
	l.sync = func(f *os.File) error {
		disk.Lock()
		defer disk.Unlock()
		for _, w := range pending {
			if _, err := w.f.WriteAt(w.b, w.at); err != nil {
				return err
			}
		}
		pending = nil
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	for s := range 8 {
		senders.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				time.Sleep(2 * time.Millisecond)
				line := fmt.Sprintf("%d %d %s\n", s, i, strings.Repeat("p", (i*37)%700))
				if err := l.Append(origin(fmt.Sprint(s)), []byte(line), time.Now()); err != nil {
					t.Error(err)
					return
				}
				disk.Lock()
				acknowledged[line] = true
				disk.Unlock()
			}
		})
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 10 {
		time.Sleep(time.Duration(rnd.IntN(8000)) * time.Microsecond)
		disk.Lock()
		want := maps.Clone(acknowledged)
		image := copyDir(t, dir)
		for _, w := range pending {
			f, err := os.OpenFile(filepath.Join(image, filepath.Base(w.f.Name())), os.O_WRONLY|os.O_CREATE, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(w.b); i += 512 {
				if rnd.IntN(2) == 0 {
					f.WriteAt(w.b[i:min(i+512, len(w.b))], w.at+int64(i))
				}
			}
			f.Close()
		}
		disk.Unlock()
		after := open(t, image, Options{})
		got := map[string]bool{}
		for _, text := range texts(run(t, after, nil, -1)) {
			got[text] = true
		}
		for line := range want {
			if !got[line] {
				t.Fatalf("%.20q was acknowledged and is gone", line)
			}
		}
		after.Close()
	}
	cancel()
	senders.Wait()
	if len(acknowledged) < 50 {
		t.Errorf("only %d lines", len(acknowledged))
	}
}

// TestKilled kills processes that append, and counts what they had acknowledged. It is its own child.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("WAL_CHILD"); dir != "" {
		l, err := Open(dir, Options{Segment: 20_000})
		if err != nil {
			t.Fatal(err)
		}
		for s := range 4 {
			go func() {
				for i := 0; ; i++ {
					line := fmt.Sprintf("%d %d %d", os.Getpid(), s, i)
					if l.Append(origin(fmt.Sprint(s)), []byte(line), time.Now()) == nil {
						os.Stdout.WriteString("ok " + line + "\n")
					}
				}
			}()
		}
		select {}
	}
	dir := t.TempDir()
	want := map[string]bool{}
	rnd := rand.New(rand.NewPCG(9, 10))
	n := 10
	if testing.Short() {
		n = 3
	}
	for range n {
		c := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		c.Env = append(os.Environ(), "WAL_CHILD="+dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewScanner(out)
		for until := 20 + rnd.IntN(200); in.Scan(); {
			if line, ok := strings.CutPrefix(in.Text(), "ok "); ok {
				want[line+"\n"] = true
				if until--; until == 0 {
					c.Process.Kill()
				}
			}
		}
		c.Wait()
	}
	l := open(t, dir, Options{})
	lines := map[string]int64{}
	for _, b := range run(t, l, nil, -1) {
		if b.Origin.ID == "caught" {
			continue
		}
		delete(want, string(b.Data))
		if b.Line != lines[b.Origin.ID]+1 {
			t.Errorf("origin %s: line %d after %d", b.Origin.ID, b.Line, lines[b.Origin.ID])
		}
		lines[b.Origin.ID] = b.Line
	}
	if len(want) > 0 || len(lines) != 4 {
		t.Errorf("%d acknowledged lines are gone; %d origins", len(want), len(lines))
	}
}
