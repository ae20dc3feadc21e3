package engine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/sigma"
)

const testRules = `
title: Missing page
id: 11111111-1111-4111-8111-111111111111
name: missing
level: low
logsource: {category: webserver}
detection:
  s: {sc-status: 404}
  condition: s
---
title: Many missing pages
id: 22222222-2222-4222-8222-222222222222
level: high
correlation:
  type: event_count
  rules: [missing]
  group-by: [c-ip]
  timespan: 1m
  generate: true
  condition: {gte: 20}
`

func testSet(t testing.TB) *sigma.Set {
	t.Helper()
	rules, faults := sigma.Parse("test.yml", []byte(testRules))
	set, more := sigma.Compile(rules, sigma.Options{})
	for _, f := range append(faults, more...) {
		t.Fatal(f)
	}
	return set
}

// accessLog has n lines, a second apart; every tenth is a miss, of one of three addresses.
func accessLog(n int) string {
	var b strings.Builder
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for i := range n {
		status := 200
		if i%10 == 0 {
			status = 404
		}
		fmt.Fprintf(&b, "192.0.2.%d - - [%s] \"GET /page/%d HTTP/1.1\" %d 512 \"-\" \"Mozilla/5.0\"\n", i/10%3+1, at.Add(time.Duration(i)*time.Second/10).Format("02/Jan/2006:15:04:05 -0700"), i, status)
	}
	return b.String()
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// told is what a hunt said, in words that can be compared.
func told(t testing.TB, in Input) ([]string, *tocsin.Coverage) {
	t.Helper()
	found, coverage, err := Hunt(context.Background(), in, testSet(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for m := range found.All(true) {
		out = append(out, fmt.Sprintf("%s %s:%d %s %s", m.Time.Format(time.RFC3339), filepath.Base(m.Event.Source), m.Event.Record, m.Rule.Title, m.Event.Text("c-ip")))
	}
	return out, coverage
}

// TestWorkersAgree wants the same answer from one worker and from many, from one file and from its parts in any order.
func TestWorkersAgree(t *testing.T) {
	dir := t.TempDir()
	text := accessLog(40_000)
	whole := write(t, dir, "access.log", text)
	want, coverage := told(t, Input{Paths: []string{whole}, Workers: 1})
	if len(want) < 4000 || coverage.Events != 40_000 || !slices.ContainsFunc(want, func(s string) bool { return strings.Contains(s, "Many missing") }) {
		t.Fatalf("%d matches of %d events", len(want), coverage.Events)
	}
	for _, n := range []int{2, 5} {
		got, _ := told(t, Input{Paths: []string{whole}, Workers: n})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers differ from one:\n%s", n, diff)
		}
	}
	lines := strings.SplitAfter(text, "\n")
	var parts []string
	for i := range 4 {
		parts = append(parts, write(t, dir, fmt.Sprintf("part%d/access.log", i), strings.Join(lines[i*10_000:(i+1)*10_000], "")))
	}
	slices.Reverse(parts)
	got, _ := told(t, Input{Paths: parts, Workers: 3})
	if len(got) != len(want) {
		t.Errorf("%d matches in parts, %d in one file", len(got), len(want))
	}
}

func TestTimeBounds(t *testing.T) {
	path := write(t, t.TempDir(), "access.log", accessLog(1000))
	_, coverage := told(t, Input{Paths: []string{path}, From: time.Date(2026, 11, 20, 10, 0, 10, 0, time.UTC), To: time.Date(2026, 11, 20, 10, 0, 19, 0, time.UTC)})
	if coverage.Events != 100 {
		t.Errorf("%d events in ten seconds at ten a second, want 100", coverage.Events)
	}
}

func TestUndecodableIsCountedAndNothingElseIsLost(t *testing.T) {
	path := write(t, t.TempDir(), "events.jsonl", `{"time":"2026-11-20T10:00:00Z","a":"1"}`+"\n"+`{"time":"2026-11-20T10:00:01Z","a":`+"\n"+`{"time":"2026-11-20T10:00:02Z","a":"3"}`+"\n")
	_, coverage := told(t, Input{Paths: []string{path}})
	if coverage.Events != 2 || coverage.FaultN != 1 || len(coverage.Faults) != 1 || coverage.Faults[0].Line != 2 {
		t.Errorf("%d events, %d faults %v; want 2 events and a fault on line 2", coverage.Events, coverage.FaultN, coverage.Faults)
	}
}

func TestMissingPathIsToldAndTheRestRead(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "access.log", accessLog(10))
	_, coverage := told(t, Input{Paths: []string{filepath.Join(dir, "gone.log"), path}})
	skipped := ""
	for _, f := range coverage.Files {
		if f.Skipped != "" {
			skipped = f.Path
		}
	}
	if coverage.Events != 10 || filepath.Base(skipped) != "gone.log" {
		t.Errorf("%d events, skipped %q", coverage.Events, skipped)
	}
}

func TestUnknownFormatIsAnError(t *testing.T) {
	in := Input{Paths: []string{"x"}}
	in.Source.Format = "no such"
	if _, err := Read(context.Background(), in, func(int) Desk { return DeskFunc(func(*tocsin.Event) {}) }); err == nil {
		t.Error("no error")
	}
}

func TestStopped(t *testing.T) {
	path := write(t, t.TempDir(), "access.log", accessLog(50_000))
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	_, err := Read(ctx, Input{Paths: []string{path}, Workers: 1, Decode: decode.Options{}}, func(int) Desk {
		return DeskFunc(func(*tocsin.Event) { n++; cancel() })
	})
	if err == nil || n == 50_000 {
		t.Errorf("read %d events after being stopped, error %v", n, err)
	}
}

func TestGaps(t *testing.T) {
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	steady := func(n int, step time.Duration) (s span) {
		for i := range n {
			s.events++
			s.add(at.Add(time.Duration(i) * step))
		}
		return s
	}
	s := steady(1000, time.Second)
	if g := s.gaps("x"); g != nil {
		t.Errorf("a steady log has gaps: %v", g)
	}
	s.events++
	s.add(at.Add(6 * time.Hour))
	if g := s.gaps("x"); len(g) != 1 || g[0].Kind != "silence" || g[0].From != at.Add(999*time.Second) {
		t.Errorf("six hours of silence: %v", g)
	}
	s.events++
	s.add(at.Add(5 * time.Hour))
	if g := s.gaps("x"); len(g) != 2 || g[1].Kind != "backwards" {
		t.Errorf("an hour back: %v", g)
	}
	daily := steady(200, 24*time.Hour)
	if g := daily.gaps("x"); g != nil {
		t.Errorf("a log that speaks daily has gaps: %v", g)
	}
	a, b := steady(500, time.Second), span{seq: 1}
	b.events = 500
	for i := range 500 {
		b.add(at.Add(5*time.Hour + time.Duration(i)*time.Second))
	}
	var f file
	f.add(span{seq: 2})
	f.add(b)
	f.add(a)
	if g := f.all.gaps("x"); len(g) != 1 || g[0].Kind != "silence" || len(f.early) > 0 {
		t.Errorf("a silence between two blocks given in the wrong order: %v, %d left", g, len(f.early))
	}
}

func TestSorter(t *testing.T) {
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	s, err := NewSorter()
	if err != nil {
		t.Fatal(err)
	}
	p, q := s.Part(), s.Part()
	p.Put(time.Time{}, "b", 1, []byte("undated\n"))
	q.Put(at.Add(time.Second), "b", 2, []byte("later\n"))
	p.Put(at, "b", 1, []byte("second\n"))
	q.Put(at, "a", 9, []byte("first\n"))
	var out bytes.Buffer
	if _, err := s.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "first\nsecond\nlater\nundated\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.file.Name()); err == nil {
		t.Error("the temporary file is still there")
	}
}

// What does not fit into memory comes in the same order, whoever put it.
func TestSorterRuns(t *testing.T) {
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	const n = 3000
	sortOf := func(parts int) string {
		s, err := NewSorter()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		var all []*Part
		for range parts {
			all = append(all, s.Part())
		}
		text := bytes.Repeat([]byte("x"), 8<<10)
		for i := range n {
			k := i * 7919 % n
			copy(text, fmt.Sprintf("%08d", k))
			all[i%parts].Put(at.Add(time.Duration(k/3)*time.Second), fmt.Sprint("source", k%3), uint64(k), text)
		}
		if s.Len() != n {
			t.Fatalf("%d texts of %d", s.Len(), n)
		}
		if len(s.runs) < 2 {
			t.Fatalf("%d runs in the file: the test puts too little", len(s.runs))
		}
		var out bytes.Buffer
		if _, err := s.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		var order []byte
		for b := out.Bytes(); len(b) > 0; b = b[len(text):] {
			order = append(order, b[:9]...)
		}
		return string(order)
	}
	one := sortOf(1)
	for k := range n {
		if got := one[9*k : 9*k+8]; got != fmt.Sprintf("%08d", k) {
			t.Fatalf("text %d is %s", k, got)
		}
	}
	if sortOf(3) != one {
		t.Error("three parts give another order than one")
	}
}

func BenchmarkHunt(b *testing.B) {
	path := write(b, b.TempDir(), "access.log", accessLog(100_000))
	set := testSet(b)
	b.SetBytes(int64(len(accessLog(100_000))))
	for range b.N {
		found, _, err := Hunt(context.Background(), Input{Paths: []string{path}, Workers: 1}, set, nil)
		if err != nil || found.Len() != 10_003 {
			b.Fatal(found.Len(), err)
		}
	}
}
