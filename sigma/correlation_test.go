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
	shelves := make([]tocsin.Shelf, collectors)
	for i := range shelves {
		all = append(all, set.Correlator(&shelves[i]))
	}
	var singles []string
	m := set.Matcher()
	var reused tocsin.Event // decoders reuse theirs
	for i, ev := range events {
		c := ev.Clone()
		reused = *c
		reused.Fields = append(reused.Fields[:0:0], c.Fields...)
		var held []int
		m.Match(&reused, func(rule int) {
			held = append(held, rule)
			if set.Alerts(rule) && set.Rules()[rule].Correlation == nil {
				singles = append(singles, fmt.Sprintf("%s %s %s:%d\n", clock(ev.Time), set.Rules()[rule].Title, ev.Source, ev.Record))
			}
		})
		all[i%collectors].Add(&reused, shelves[i%collectors].Put(&reused), held...)
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

const guessing = `title: fail
name: fail
logsource: {category: test}
detection: {s: {kind: fail}, condition: s}
---
title: Guessing
correlation: {type: event_count, rules: [fail], group-by: [ip], timespan: 1m, condition: {gte: 3}}
`

// failures makes n failures of an address, a second apart.
func failures(n int) []*tocsin.Event {
	var out []*tocsin.Event
	at := time.Date(2024, 1, 2, 10, 0, 0, 0, time.UTC)
	for i := range n {
		out = append(out, &tocsin.Event{Time: at.Add(time.Duration(i) * time.Second), Source: "a.log", Record: uint64(i + 1), Raw: "raw",
			Sources: []tocsin.LogSource{{Category: "test"}}, Fields: []tocsin.Field{{Name: "kind", Value: "fail"}, {Name: "ip", Value: "192.0.2.1"}, {Name: "other", Value: "x"}}})
	}
	return out
}

// TestCorrelatorThin: of thinned events a collector finds the same and shows less, and says so.
func TestCorrelatorThin(t *testing.T) {
	set := compiled(t, "rules.yml", []byte(guessing))
	for _, thin := range []bool{false, true} {
		var shelf tocsin.Shelf
		c := set.Correlator(&shelf)
		events := failures(300)
		for _, ev := range events {
			ev.Time = ev.Time.Add(time.Duration(ev.Record) * time.Minute)
			if thin { // small ones are kept whole
				ev.Add("long", strings.Repeat("x", 20<<10))
			}
		}
		for i := range 3 {
			events[299-i].Time = events[297].Time
		}
		for _, ev := range events {
			on := ev
			if thin {
				on = c.Thin(ev)
			}
			c.Add(ev, shelf.Put(on), 0)
		}
		st := c.Stats()
		var got []*tocsin.Match
		c.Finish(func(m *tocsin.Match) { got = append(got, m) })
		if len(got) != 1 || got[0].Event.Text("ip") != "192.0.2.1" || len(got[0].Series) != 3 {
			t.Fatalf("thin %v: %v", thin, got)
		}
		if whole := got[0].Event.Text("other") == "x"; whole == thin {
			t.Errorf("thin %v: other fields are shown: %v", thin, whole)
		}
		if st.Events != 300 || st.Hits != 300 || (st.Thin == 300) != thin {
			t.Errorf("thin %v: %+v", thin, st)
		}
	}
}

// TestCorrelatorTimes: an event without a time is of the sensor's; one without either, or of a time that cannot be,
// takes no part and is counted. A collector can be used again.
func TestCorrelatorTimes(t *testing.T) {
	set := compiled(t, "rules.yml", []byte(guessing))
	var shelf tocsin.Shelf
	c := set.Correlator(&shelf)
	for range 2 {
		events := failures(7)
		events[0].Sensor, events[0].Time = events[0].Time, time.Time{}
		events[1].Time = time.Time{}
		events[2].Time = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		events[3].Time = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)
		for _, ev := range events[:6] {
			c.Add(ev, shelf.Put(ev), 0, 1) // 1 is the correlation itself: no rule builds on it
		}
		if s := c.Stats(); s.Undated != 3 || s.Hits != 6 || s.Events != 3 {
			t.Errorf("%+v", s)
		}
		var got []string
		c.Finish(func(m *tocsin.Match) { got = append(got, fmt.Sprintf("%s %d", clock(m.Time), len(m.Series))) })
		if fmt.Sprint(got) != "[10:00:05 3]" {
			t.Error(got)
		}
	}
}

// TestCorrelatorSeries: a match tells its last thousand events.
func TestCorrelatorSeries(t *testing.T) {
	set := compiled(t, "rules.yml", []byte(strings.Replace(guessing, "1m, condition: {gte: 3}", "1d, condition: {gte: 1500}", 1)))
	var shelf tocsin.Shelf
	c := set.Correlator(&shelf)
	for _, ev := range failures(2000) {
		c.Add(ev, shelf.Put(ev), 0)
	}
	c.Finish(func(m *tocsin.Match) {
		if n := len(m.Series); n != 1000 || m.Series[0].Record != 501 || m.Series[999].Record != 1500 {
			t.Errorf("%d places, from %v to %v", n, m.Series[0], m.Series[n-1])
		}
		want := []tocsin.Field{{Name: "ip", Value: "192.0.2.1"}, {Name: "count", Value: "1500"}, {Name: "events", Value: "2000"}, {Name: "until", Value: "2024-01-02T10:33:19Z"}}
		if d := cmp.Diff(want, m.Held); d != "" {
			t.Error(d)
		}
		if m.Event.Raw != "raw" || m.Event.Record != 1500 || m.Rule.Correlation != "event_count" {
			t.Errorf("%+v", m.Event)
		}
	})
}

// FuzzCorrelation: whatever correlations say, they can be replayed, and alike by one collector and by two.
func FuzzCorrelation(f *testing.F) {
	files, _ := filepath.Glob("testdata/correlation/*.txtar")
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(ar.Files[0].Data)
	}
	var events []*tocsin.Event
	at := time.Date(2024, 1, 2, 10, 0, 0, 0, time.UTC)
	for i := range 40 {
		ev := &tocsin.Event{Time: at.Add(time.Duration(i*i) * 100 * time.Millisecond), Source: "a.log", Record: uint64(i + 1), Host: "web"}
		for _, name := range []string{"ip", "user", "src", "u", "g", "bytes", "v"} {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: name, Value: fmt.Sprint(i % (len(name) + 1))})
		}
		events = append(events, ev)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, _ := sigma.Parse("a.yml", data)
		set, _ := sigma.Compile(rules, sigma.Options{})
		if len(set.Rules()) > 20 {
			return
		}
		run := func(n int) string {
			var all []*sigma.Correlator
			shelves := make([]tocsin.Shelf, n)
			for i := range shelves {
				all = append(all, set.Correlator(&shelves[i]))
			}
			for i, ev := range events {
				var held []int
				for rule := range set.Rules() {
					if (i+rule)%3 > 0 && set.Rules()[rule].Correlation == nil {
						held = append(held, rule)
					}
				}
				all[i%n].Add(ev, shelves[i%n].Put(ev), held...)
			}
			for _, c := range all[1:] {
				all[0].Merge(c)
			}
			var b strings.Builder
			all[0].Finish(func(m *tocsin.Match) { fmt.Fprintln(&b, m.Time, m.Rule.Title, m.Event.Record, m.Held, m.Series) })
			return b.String()
		}
		if d := cmp.Diff(run(1), run(2)); d != "" {
			t.Error(d)
		}
	})
}
