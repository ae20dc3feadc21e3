package archive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
	"github.com/tocsin-ids/tocsin/source"
)

func ownRules(t testing.TB) *sigma.Set {
	files, err := rules.Files()
	if err != nil {
		t.Fatal(err)
	}
	var all []*sigma.Rule
	for _, f := range files {
		parsed, _ := sigma.Parse(f.Path, f.Data)
		all = append(all, parsed...)
	}
	set, _ := sigma.Compile(all, sigma.Options{})
	return set
}

// A told is what a hunt tells, as text.
type told struct {
	Events, Matches, Campaigns, Principals, Asides []string
}

func hunt(t testing.TB, set *sigma.Set, paths []string, watch func(*tocsin.Event)) told {
	t.Helper()
	var out told
	in := engine.Input{Paths: paths, Key: []byte("key"), Findings: true, Channels: channel.Rules(), Workers: 1,
		Watch: func(int) engine.Desk {
			return engine.DeskFunc(func(ev *tocsin.Event) {
				out.Events = append(out.Events, fmt.Sprintf("%q %d %s %v %d %q %q %q %d %+v %v", ev.Source, ev.Record, ev.Time.Format(time.RFC3339Nano), ev.Sensor, ev.Serial, ev.Format, ev.Host, ev.Raw, ev.Guessed, ev.Sources, ev.Fields))
				if watch != nil {
					watch(ev)
				}
			})
		}}
	f, c, err := engine.Hunt(context.Background(), in, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if c.Mistakes > 0 {
		t.Fatal(c.Mistake)
	}
	for _, f := range c.Faults {
		if strings.HasPrefix(f.Source, paths[0]) && watch == nil {
			t.Error(f)
		}
	}
	for m := range f.All(true) {
		out.Matches = append(out.Matches, fmt.Sprintf("%s %s %s %v", m.Time, m.Rule.Title, m.Event.Place(), m.Held))
	}
	write := func(v any) string {
		b, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, x := range f.Campaigns {
		y := *x
		y.ID, y.Was = "", nil
		out.Campaigns = append(out.Campaigns, write(y))
	}
	for _, x := range f.Principals {
		out.Principals = append(out.Principals, write(x))
	}
	for _, x := range f.Aside {
		out.Asides = append(out.Asides, write(x))
	}
	for _, list := range [][]string{out.Events, out.Campaigns, out.Principals, out.Asides} {
		slices.Sort(list)
	}
	return out
}

// sameHunt hunts through originals while they are archived, and then through the archive, from the spool and from Parquet.
// Principals are only compared where their calls came in order of time: what a call takes from the results before it is
// judged as they come.
func sameHunt(t *testing.T, set *sigma.Set, paths []string, principals bool) {
	dir := t.TempDir()
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var b archive.Block
	want := hunt(t, set, paths, func(ev *tocsin.Event) {
		if b.Add(ev); b.Len() >= 64<<10 {
			if err := a.Append("", &b); err != nil {
				t.Fatal(err)
			}
		}
	})
	if err := a.Append("", &b); err != nil {
		t.Fatal(err)
	}
	if len(want.Events) == 0 {
		t.Skip("no events")
	}
	compare := func(from string) {
		got := hunt(t, set, []string{dir}, nil)
		for _, x := range []struct {
			what      string
			want, got []string
		}{{"events", want.Events, got.Events}, {"matches", want.Matches, got.Matches}, {"campaigns", want.Campaigns, got.Campaigns}, {"principals", want.Principals, got.Principals}, {"asides", want.Asides, got.Asides}} {
			if x.what == "principals" && !principals {
				continue
			}
			if !slices.Equal(x.want, x.got) {
				t.Errorf("%s: %d %s, want %d; (-want +got):\n%.3000s", from, len(x.got), x.what, len(x.want), cmp.Diff(strings.Split(strings.Join(x.want, "\n"), "\n"), strings.Split(strings.Join(x.got, "\n"), "\n")))
			}
		}
	}
	compare("spool")
	m, err := a.Sync()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Committed(m); err != nil {
		t.Fatal(err)
	}
	if r, err := a.Roll(time.Now()); err != nil || r.Files > 0 {
		t.Fatalf("%+v %v", r, err)
	}
	r, err := a.Roll(time.Now().Add(time.Hour))
	if err != nil || r.Events != int64(len(want.Events)) {
		t.Fatalf("%+v, %v: want %d events", r, err, len(want.Events))
	}
	compare("Parquet")
	t.Logf("%d events, %d matches, %d campaigns in %d files, %d bytes", len(want.Events), len(want.Matches), len(want.Campaigns), r.Files, r.Bytes)
}

// TestHunt expects of the archive what the originals tell.
func TestHunt(t *testing.T) {
	set := ownRules(t)
	t.Run("intrusion", func(t *testing.T) { sameHunt(t, set, []string{"../example/intrusion"}, true) })
	t.Run("benign", func(t *testing.T) { sameHunt(t, set, []string{"../example/benign"}, true) })
	t.Run("formats", func(t *testing.T) { sameHunt(t, set, []string{"../decode/testdata", "../source/testdata"}, true) })
}

// TestHuntRecordings does so for all recordings, each of their folders' members by itself.
func TestHuntRecordings(t *testing.T) {
	data := os.Getenv("TOCSIN_DATA")
	if data == "" || testing.Short() {
		t.Skip("no recordings: set TOCSIN_DATA")
	}
	set := ownRules(t)
	for _, kind := range []string{"agents", "campaign", "cases", "cloud", "linux", "network", "operator", "web", "windows"} {
		entries, err := os.ReadDir(filepath.Join(data, kind))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			t.Run(kind+"/"+e.Name(), func(t *testing.T) { sameHunt(t, set, []string{filepath.Join(data, kind, e.Name())}, false) })
		}
	}
}

// TestSearchPasses reads an archive for a time and a value, which most row groups cannot have, and expects to be told of it.
func TestSearchPasses(t *testing.T) {
	dir := t.TempDir()
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	begin := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	const each = 1000
	var b archive.Block
	for i := range 10 * each {
		hour := i / each
		b.Add(&tocsin.Event{Time: begin.Add(time.Duration(hour)*time.Hour + time.Duration(i%each)*time.Second), Source: "s", Record: uint64(i + 1), Format: "f",
			Fields: []tocsin.Field{{Name: "user", Value: fmt.Sprintf("User%d", hour)}, {Name: fmt.Sprintf("only%d", hour), Value: "x"}}})
	}
	b.Add(&tocsin.Event{Source: "s", Record: 1 << 20, Format: "f", Fields: []tocsin.Field{{Name: "user", Value: "nobody"}}}) // no time
	if err := a.Append("", &b); err != nil {
		t.Fatal(err)
	}
	m, _ := a.Sync()
	_ = a.Committed(m)
	_, _ = a.Roll(begin)
	if r, err := a.Roll(begin.Add(time.Hour)); err != nil || r.Files != 11 {
		t.Fatalf("%+v %v", r, err)
	}
	_ = os.WriteFile(filepath.Join(dir, "default", "other.parquet"), []byte("PAR1 something else PAR1"), 0o600)
	run := func(in engine.Input) (n int, c *tocsin.Coverage, passed []source.Passed) {
		in.Paths, in.Workers = []string{dir}, 1
		in.Passed = func(p source.Passed) { passed = append(passed, p) }
		c, err := engine.Read(context.Background(), in, func(int) engine.Desk { return engine.DeskFunc(func(*tocsin.Event) { n++ }) })
		if err != nil || c.FaultN > 0 {
			t.Fatal(err, c.Faults)
		}
		return n, c, passed
	}
	n, c, passed := run(engine.Input{From: begin.Add(3 * time.Hour), To: begin.Add(4*time.Hour + 500*time.Second)})
	if n != each+501+1 || c.Outside != 9*each-501 || !c.OutFirst.Equal(begin) || !c.OutLast.Equal(begin.Add(9*time.Hour+999*time.Second)) || len(passed) != 8 {
		t.Errorf("by time: %d events, %d outside from %s to %s, %d passed", n, c.Outside, c.OutFirst, c.OutLast, len(passed))
	}
	n, c, passed = run(engine.Input{Source: source.Options{Needs: [][]string{{"USER7", "absent"}}}})
	skipped := 0
	for _, f := range c.Files {
		if strings.Contains(f.Skipped, "1 of 1 row groups, with 1000 events, have not all the values") {
			skipped++
		}
	}
	if n != each || skipped != 9 || len(passed) != 10 || !slices.ContainsFunc(passed, func(p source.Passed) bool { return slices.Equal(p.Names, []string{"only3", "user"}) }) {
		t.Errorf("by value: %d events, %d skipped, passed %v", n, skipped, passed)
	}
	if n, _, _ = run(engine.Input{Source: source.Options{Needs: [][]string{{"user7"}, {"x"}, {"absent"}}}}); n != 0 {
		t.Errorf("%d events have a value that is nowhere", n)
	}
	if n, _, _ = run(engine.Input{From: begin.Add(3 * time.Hour), Facts: func(int) engine.Desk { return engine.DeskFunc(func(*tocsin.Event) {}) }}); n != 7*each+1 {
		t.Errorf("%d events", n)
	}
}
