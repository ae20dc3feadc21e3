package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// spooledLogs are two logs, one in parts whose lines are of the same times.
func spooledLogs(t testing.TB) []string {
	dir := t.TempDir()
	text := accessLog(20_000)
	lines := strings.SplitAfter(text, "\n")
	paths := []string{write(t, dir, "b/access.log", text)}
	for i := range 3 {
		var b strings.Builder
		for k := i; k < len(lines); k += 3 {
			b.WriteString(lines[k])
		}
		paths = append(paths, write(t, dir, fmt.Sprintf("a%d/access.log", i), b.String()))
	}
	return paths
}

// whole is everything that matches say.
func whole(t testing.TB, f *Findings) []string {
	t.Helper()
	var out []string
	for m := range f.All(true) {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	if f.Err() != nil || f.Len() != len(out) {
		t.Fatalf("%d of %d matches: %v", len(out), f.Len(), f.Err())
	}
	return out
}

// TestSpooled wants the same from a temporary file as from memory, byte for byte, and nothing left behind.
func TestSpooled(t *testing.T) {
	paths, set := spooledLogs(t), testSet(t)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	odd := func(m *tocsin.Match) bool { return m.Event.Record%3 > 0 }
	for _, keep := range []func(*tocsin.Match) bool{nil, odd} {
		var want []string
		var rules map[*tocsin.Rule]int
		for _, tt := range []struct {
			workers, finds int
			shelf          int64
		}{{1, 0, 0}, {1, 1, 1}, {1, 50, 100_000}, {2, 300, 1}, {4, 1000, 1}, {3, 0, 1}, {3, 10, 0}} {
			f, _, err := Hunt(context.Background(), Input{Paths: paths, Workers: tt.workers, finds: tt.finds, shelf: tt.shelf}, set, keep)
			if err != nil {
				t.Fatal(err)
			}
			if spooled := f.spool.size > 0; spooled != (tt.finds+int(tt.shelf) > 0) {
				t.Errorf("%+v: %d bytes are in the file", tt, f.spool.size)
			}
			got := whole(t, f)
			if want == nil {
				want, rules = got, f.Rules()
				if len(want) < 2000 {
					t.Fatalf("only %d matches", len(want))
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%+v (-memory +spooled):\n%.4000s", tt, d)
			}
			if d := cmp.Diff(want, whole(t, f)); d != "" {
				t.Errorf("%+v, gone through again:\n%.4000s", tt, d)
			}
			if d := cmp.Diff(fmt.Sprint(rules), fmt.Sprint(f.Rules())); d != "" {
				t.Error(d)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestSpoolFails: a hunt whose matches cannot be kept ends with an error that says what to do, and reading them back says
// when it failed.
func TestSpoolFails(t *testing.T) {
	paths, set := spooledLogs(t), testSet(t)
	hunt := func(finds int, shelf int64) (*Findings, error) {
		f, _, err := Hunt(context.Background(), Input{Paths: paths, Workers: 2, finds: finds, shelf: shelf}, set, nil)
		return f, err
	}
	for _, b := range [][2]int64{{50, 0}, {0, 1}} {
		f, err := hunt(int(b[0]), b[1])
		if err != nil {
			t.Fatal(err)
		}
		n := f.Len()
		if err := f.spool.file.Truncate(f.spool.size / 2); err != nil {
			t.Fatal(err)
		}
		for range f.All(false) {
			n--
		}
		if f.Err() == nil {
			t.Errorf("bounds %v: half of the file is lost, and nothing is said; %d matches are missing", b, n)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	t.Setenv("TMPDIR", missing)
	for _, b := range [][2]int64{{50, 0}, {0, 1}} {
		if _, err := hunt(int(b[0]), b[1]); err == nil || !strings.Contains(err.Error(), "set TMPDIR") || !strings.Contains(err.Error(), missing) {
			t.Errorf("bounds %v: %v", b, err)
		}
	}
	if _, err := hunt(0, 0); err != nil {
		t.Errorf("a hunt that needs no file: %v", err)
	}
}

// TestSpoolFull: what a full disk refuses is told once, and nothing is put away after it.
func TestSpoolFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	failed := 0
	s := spool{file: full, failed: func() { failed++ }}
	for range 2 {
		if _, ok := s.put([]byte("x")); ok {
			t.Error("a full disk took it")
		}
	}
	if s.Err() == nil || !strings.Contains(s.Err().Error(), "no space left") || failed != 1 {
		t.Errorf("%v, told %d times", s.Err(), failed)
	}
}
