package sigma_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

var update = flag.Bool("update", false, "write what tests find as what they want")

// scenarioEvents reads the events of a scenario, one JSON object a line. "t" is the time of day on 2 January 2024, "host",
// "source" and "record" are the event's own (record: the line if it is not said), "log" is the category; all else are
// fields, arrays being several of one name.
func scenarioEvents(t *testing.T, data []byte) []*tocsin.Event {
	t.Helper()
	var out []*tocsin.Event
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		var m map[string]any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&m); err != nil {
			t.Fatalf("event %d: %v", i+1, err)
		}
		ev := &tocsin.Event{Source: "a.log", Record: uint64(i + 1), Format: "test", Sources: []tocsin.LogSource{{Category: "test"}}}
		keys := make([]string, 0, len(m))
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			v := m[k]
			switch k {
			case "t":
				at, err := time.Parse("2006-01-02 15:04:05.999", "2024-01-02 "+v.(string))
				if err != nil {
					t.Fatal(err)
				}
				ev.Time = at
				continue
			case "host":
				ev.Host = v.(string)
				continue
			case "source":
				ev.Source = v.(string)
				continue
			case "record":
				n, _ := v.(json.Number).Int64()
				ev.Record = uint64(n)
				continue
			case "log":
				ev.Sources = []tocsin.LogSource{{Category: v.(string)}}
				continue
			}
			list, ok := v.([]any)
			if !ok {
				list = []any{v}
			}
			for _, e := range list {
				ev.Fields = append(ev.Fields, tocsin.Field{Name: k, Value: fmt.Sprint(e)})
			}
		}
		out = append(out, ev)
	}
	return out
}

// compiled compiles the rules of a file that has no faults.
func compiled(t testing.TB, file string, data []byte) *sigma.Set {
	t.Helper()
	rules, faults := sigma.Parse(file, data)
	set, more := sigma.Compile(rules, sigma.Options{})
	for _, f := range append(faults, more...) {
		t.Fatal(f)
	}
	return set
}

// correlate gives the events to as many collectors as said, in the order they have, and returns the matches as text.
func correlate(set *sigma.Set, events []*tocsin.Event, collectors int) string {
	var all []*sigma.Correlator
	for range collectors {
		all = append(all, set.Correlator())
	}
	var singles []string
	m := set.Matcher()
	var reused tocsin.Event // decoders reuse theirs
	for i, ev := range events {
		c := ev.Clone()
		reused = *c
		reused.Fields = append(reused.Fields[:0:0], c.Fields...)
		m.Match(&reused, func(rule int) {
			all[i%collectors].Add(&reused, rule)
			if set.Alerts(rule) && set.Rules()[rule].Correlation == nil {
				singles = append(singles, fmt.Sprintf("%s %s %s:%d\n", clock(ev.Time), set.Rules()[rule].Title, ev.Source, ev.Record))
			}
		})
		clear(reused.Fields)
	}
	for _, c := range all[1:] {
		all[0].Merge(c)
	}
	var b strings.Builder
	all[0].Finish(func(m *tocsin.Match) {
		fmt.Fprintf(&b, "%s %s %s:%d", clock(m.Time), m.Rule.Title, m.Event.Source, m.Event.Record)
		for _, f := range m.Held {
			fmt.Fprintf(&b, " %s=%s", f.Name, f.Value)
			if f.Name != "count" && f.Name != "value" && f.Name != "events" && f.Name != "until" && m.Event.Text(f.Name) != f.Value {
				fmt.Fprintf(&b, " (event says %q)", m.Event.Text(f.Name))
			}
		}
		b.WriteString(" [")
		for i, p := range m.Series {
			if i > 0 {
				b.WriteByte(' ')
			}
			if p.Source != "a.log" {
				b.WriteString(p.Source + ":")
			}
			fmt.Fprint(&b, p.Record)
		}
		b.WriteString("]\n")
	})
	slices.Sort(singles)
	return b.String() + strings.Join(singles, "")
}

func clock(t time.Time) string { return t.Format("15:04:05.999") }

// TestCorrelation replays the scenarios of testdata/correlation: rules, events and the matches wanted. Whatever order
// events arrive in, however many collectors take them, and if some come twice, the matches are the same.
func TestCorrelation(t *testing.T) {
	files, err := filepath.Glob("testdata/correlation/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string][]byte{}
			for _, f := range ar.Files {
				parts[f.Name] = f.Data
			}
			set := compiled(t, "rules.yml", parts["rules.yml"])
			events := scenarioEvents(t, parts["events"])
			got := correlate(set, events, 1)
			if *update {
				for i := range ar.Files {
					if ar.Files[i].Name == "matches" {
						ar.Files[i].Data = []byte(got)
					}
				}
				if err := os.WriteFile(file, txtar.Format(ar), 0o666); err != nil {
					t.Fatal(err)
				}
			} else if d := cmp.Diff(string(parts["matches"]), got); d != "" {
				t.Errorf("matches (-want +got):\n%s", d)
			}
			rnd := rand.New(rand.NewPCG(1, 2))
			for n := range 20 {
				mixed := slices.Clone(events)
				rnd.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
				if again := correlate(set, mixed, 1+n%4); again != got {
					t.Fatalf("shuffled, %d collectors (-in order +shuffled):\n%s", 1+n%4, cmp.Diff(got, again))
				}
			}
		})
	}
}
