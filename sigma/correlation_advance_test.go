package sigma_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// told is what a match says, on one line.
func told(m *tocsin.Match) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d", m.Time.Format("02 15:04:05.999"), m.Rule.Title, m.Event.Record)
	for _, f := range m.Held {
		fmt.Fprintf(&b, " %s=%s", f.Name, f.Value)
	}
	b.WriteString(" [")
	for _, p := range m.Series {
		fmt.Fprintf(&b, " %s:%d", p.Source, p.Record)
	}
	return b.String() + " ]"
}

// A teller keeps the last match of each key.
type teller struct {
	t       testing.TB
	by      map[[16]byte]string
	updates int
}

func (k *teller) tell(m *tocsin.Match) {
	if k.by == nil {
		k.by = map[[16]byte]string{}
	}
	if m.Key == ([16]byte{}) {
		k.t.Errorf("%s: no key", told(m))
	}
	if was, ok := k.by[m.Key]; ok {
		k.updates++
		lasting := func(s string) string { // what no update changes
			head, series, _ := strings.Cut(s, " [")
			head, _, _ = strings.Cut(head, " events=")
			return head + series
		}
		if lasting(was) != lasting(told(m)) {
			k.t.Errorf("an update of %s is %s", was, told(m))
		}
	}
	k.by[m.Key] = told(m)
}

// lines are the last matches and their keys, in order.
func (k *teller) lines() []string {
	var out []string
	for key, m := range k.by {
		out = append(out, fmt.Sprintf("%s %x", m, key))
	}
	slices.Sort(out)
	return out
}

// finished is what one Finish of all events tells.
func finished(t testing.TB, set *sigma.Set, events []*tocsin.Event) []string {
	var shelf tocsin.Shelf
	c := set.Correlator(&shelf)
	m := set.Matcher()
	for _, ev := range events {
		add(m, c, &shelf, ev)
	}
	k := teller{t: t}
	n := 0
	c.Finish(func(m *tocsin.Match) {
		n++
		if was, ok := k.by[m.Key]; ok {
			t.Log(was, "|||", told(m))
		}
		k.tell(m)
	})
	if len(k.by) != n {
		t.Fatalf("%d matches of %d keys", n, len(k.by))
	}
	return k.lines()
}

// add gives an event to a collector; one that says so is followed by another of its record, which differs in what no
// correlation reads.
func add(m *sigma.Matcher, c *sigma.Correlator, shelf *tocsin.Shelf, ev *tocsin.Event) {
	var held []int
	m.Match(ev, func(rule int) { held = append(held, rule) })
	c.Add(ev, shelf.Put(ev), held...)
	if ev.Text("twins") != "" {
		twin := ev.Clone()
		twin.Add("other", "x")
		c.Add(twin, shelf.Put(twin), held...)
	}
}

// advanced gives the events to a correlator in random order and cut by random marks, none before the last mark, through
// random collectors whose shelves are emptied as soon as they may be. between, if there is one, is called before each mark.
func advanced(t testing.TB, set *sigma.Set, events []*tocsin.Event, rnd *rand.Rand, between func(c *sigma.Correlator) *sigma.Correlator) *teller {
	left := slices.Clone(events)
	rnd.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	var times []time.Time
	for _, ev := range events {
		times = append(times, ev.Time)
	}
	slices.SortFunc(times, time.Time.Compare)
	var marks []time.Time
	if len(times) > 0 {
		for range rnd.IntN(12) {
			at := times[rnd.IntN(len(times))]
			marks = append(marks, at.Add(time.Duration(rnd.IntN(40000)-10000)*time.Millisecond*time.Duration(rnd.IntN(2))))
		}
	}
	slices.SortFunc(marks, time.Time.Compare)
	m := set.Matcher()
	var shelf tocsin.Shelf
	whole := set.Correlator(&shelf)
	k := &teller{t: t}
	for _, mark := range marks {
		shards, shelves := make([]*sigma.Correlator, 1+rnd.IntN(3)), make([]*tocsin.Shelf, 3)
		for i := range shards {
			shelves[i] = &tocsin.Shelf{}
			shards[i] = set.Correlator(shelves[i])
		}
		rest := left[:0:0]
		for _, ev := range left {
			if !ev.Time.Before(mark) && rnd.IntN(4) > 0 {
				rest = append(rest, ev)
				continue
			}
			if n := rnd.IntN(len(shards) + 1); n == len(shards) {
				add(m, whole, &shelf, ev)
			} else {
				add(m, shards[n], shelves[n], ev)
				if rnd.IntN(10) == 0 {
					whole.Merge(shards[n])
					shelves[n] = &tocsin.Shelf{}
					shards[n] = set.Correlator(shelves[n])
				}
			}
		}
		left = rest
		for _, s := range shards {
			if between != nil {
				s = between(s)
			}
			whole.Merge(s)
		}
		whole.Advance(mark, k.tell)
		shelf = tocsin.Shelf{}
		for _, s := range shelves {
			if s != nil {
				*s = tocsin.Shelf{}
			}
		}
		// What only asks for more and needs no other correlation is told as soon as it holds.
		for _, line := range finished(t, set, slices.DeleteFunc(slices.Clone(events), func(ev *tocsin.Event) bool { return !ev.Time.Before(mark) })) {
			key := line[len(line)-32:]
			if strings.Contains(line, " rising") && !slices.ContainsFunc(k.lines(), func(s string) bool { return strings.HasSuffix(s, key) }) {
				t.Errorf("at %s not yet told: %s", clock(mark), line)
			}
		}
	}
	for _, ev := range left {
		add(m, whole, &shelf, ev)
	}
	if st := whole.Stats(); st.Late != 0 || st.Past != 0 {
		t.Errorf("%+v of %d events", st, len(events))
	}
	whole.Finish(k.tell)
	return k
}

// someEvents makes events of rules r0 to r3 and groups x and y, with values whose sums are not exact.
func someEvents(rnd *rand.Rand, slots, n int) []*tocsin.Event {
	var events []*tocsin.Event
	at := time.Date(2024, 1, 2, 10, 0, 0, 0, time.UTC)
	for i := range n {
		if rnd.IntN(3) > 0 {
			at = at.Add(time.Duration(rnd.IntN(4000)) * time.Millisecond)
		}
		if rnd.IntN(12) == 0 {
			at = at.Add(time.Duration(rnd.IntN(50)) * time.Second)
		}
		events = append(events, &tocsin.Event{Time: at, Source: "abc"[i%3:i%3+1] + ".log", Record: uint64(i + 1), Host: "h" + strconv.Itoa(i%2), Sources: []tocsin.LogSource{{Category: "test"}},
			Fields: []tocsin.Field{{Name: "g", Value: string('x' + rune(rnd.IntN(2)))}, {Name: "v", Value: strconv.FormatFloat(float64(rnd.IntN(70))/10, 'f', -1, 64)},
				{Name: "rule", Value: fmt.Sprintf("r%d", rnd.IntN(slots))}}})
	}
	return events
}

// TestAdvanceNaive: what naive correlations find is found by any sequence of marks.
func TestAdvanceNaive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 5))
	kinds := []string{"event_count", "value_count", "value_sum", "value_avg", "value_median", "value_percentile", "temporal", "temporal_ordered"}
	ops := []string{"gt", "gte", "lt", "lte", "eq", "neq"}
	matches, updates := 0, 0
	for n := range runs(2400) {
		c := &naiveCorrelation{kind: kinds[n%len(kinds)], slots: 1 + rnd.IntN(4), span: time.Duration(1+rnd.IntN(20)) * time.Second,
			bounds: map[string]float64{}, percentile: -1}
		top := 8
		if strings.HasPrefix(c.kind, "temporal") {
			top = c.slots
		} else if c.kind == "value_percentile" && rnd.IntN(2) == 0 {
			c.percentile = float64(rnd.IntN(101))
		}
		for range 1 + rnd.IntN(2) {
			c.bounds[ops[rnd.IntN(len(ops))]] = float64(1 + rnd.IntN(top))
		}
		if strings.HasPrefix(c.kind, "temporal") && c.need() > float64(c.slots) {
			continue
		}
		set := compiled(t, "naive.yml", []byte(bases(c.slots)+c.yaml()))
		events := someEvents(rnd, c.slots, rnd.IntN(40))
		for _, ev := range events {
			ev.Source = "a.log" // the naive one knows no events of one time in several sources
			v, _ := strconv.ParseFloat(ev.Fields[1].Value, 64)
			ev.Fields[1].Value = strconv.Itoa(int(v))
		}
		k := advanced(t, set, events, rnd, nil)
		updates += k.updates
		want := c.run(events)
		matches += len(want)
		if got := k.lines(); len(got) != len(want) {
			t.Fatalf("%s: %d matches, the naive one has %d:\n%s\n%s", c.yaml(), len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if d := cmp.Diff(finished(t, set, events), k.lines()); d != "" {
			t.Fatalf("%s(-finish +advance)\n%s", c.yaml(), d)
		}
	}
	if matches < runs(2000) || updates < runs(100) {
		t.Errorf("only %d matches and %d updates compared", matches, updates)
	}
}

func bases(n int) string {
	rules := ""
	for i := range n {
		rules += fmt.Sprintf("title: r%d\nname: r%d\nlogsource: {category: test}\ndetection: {s: {rule: r%d}, condition: s}\n---\n", i, i, i)
	}
	return rules
}

// someCorrelations makes correlations of all types over the rules r0 to r3 and over each other.
func someCorrelations(rnd *rand.Rand) string {
	kinds := []string{"event_count", "value_count", "value_sum", "value_avg", "value_median", "value_percentile", "temporal", "temporal_ordered"}
	names := []string{"r0", "r1", "r2", "r3"}
	var b strings.Builder
	b.WriteString(bases(4))
	for n := range 2 + rnd.IntN(4) {
		var over []string
		for _, i := range rnd.Perm(len(names))[:2+rnd.IntN(2)] {
			over = append(over, names[i])
		}
		kind := kinds[rnd.IntN(len(kinds))]
		temporal := strings.HasPrefix(kind, "temporal")
		simple := !slices.ContainsFunc(over, func(s string) bool { return s[0] == 'c' })
		condition, title := "", "c"
		switch {
		case temporal && rnd.IntN(2) == 0:
			condition = []string{"%[1]s and not %[2]s", "%[1]s and %[2]s", "%[1]s or (%[2]s and not %[1]s)", "%[2]s and %[1]s"}[rnd.IntN(4)]
			condition = fmt.Sprintf(condition, over[0], over[1])
		case temporal:
			condition = fmt.Sprintf("{gte: %d}", 1+rnd.IntN(len(over)))
		default:
			op := []string{"gt", "gte", "gte", "lt", "lte", "eq", "neq"}[rnd.IntN(7)]
			condition = fmt.Sprintf("{%s: %d}", op, 1+rnd.IntN(5))
			if op[0] == 'g' && simple {
				title = "rising"
			}
			if kind != "event_count" {
				condition = strings.Replace(condition, "}", ", field: v}", 1)
			}
		}
		name := fmt.Sprintf("c%d", n)
		fmt.Fprintf(&b, "title: %s %s\nname: %s\ncorrelation:\n  type: %s\n  rules: [%s]\n  group-by: [%s]\n  timespan: %ds\n  generate: %v\n  condition: %s\n---\n",
			title, name, name, kind, strings.Join(over, ", "), []string{"g", "g", "", "g, v"}[rnd.IntN(4)], 1+rnd.IntN(15), rnd.IntN(2) == 0, condition)
		names = append(names, name)
	}
	return strings.TrimSuffix(b.String(), "---\n")
}

// TestAdvance: correlations of all types over each other find by any sequence of marks what they find at once.
func TestAdvance(t *testing.T) {
	rnd := rand.New(rand.NewPCG(21, 8))
	matches, updates := 0, 0
	for range runs(1500) {
		rules := someCorrelations(rnd)
		set := compiled(t, "rules.yml", []byte(rules))
		events := someEvents(rnd, 4, rnd.IntN(80))
		want := finished(t, set, events)
		k := advanced(t, set, events, rnd, nil)
		matches, updates = matches+len(want), updates+k.updates
		if d := cmp.Diff(want, k.lines()); d != "" {
			var b strings.Builder
			for _, ev := range events {
				fmt.Fprintln(&b, ev.Record, clock(ev.Time), ev.Source, ev.Fields)
			}
			t.Fatalf("%s\n%s(-finish +advance)\n%s", rules, b.String(), d)
		}
	}
	if matches < runs(5000) || updates < runs(200) {
		t.Errorf("only %d matches and %d updates compared", matches, updates)
	}
}

// runs is how often a property is tried.
func runs(n int) int {
	if testing.Short() {
		return n / 5
	}
	return n
}

// TestAdvanceBursts: a match is told when its window first holds and again when its burst has ended, if it went on.
func TestAdvanceBursts(t *testing.T) {
	set := compiled(t, "rules.yml", []byte(guessing))
	var shelf tocsin.Shelf
	c := set.Correlator(&shelf)
	var got []string
	var keys [][16]byte
	start := failures(1)[0].Time
	for i, ev := range failures(200) {
		c.Add(ev, shelf.Put(ev), 0)
		c.Advance(ev.Time, func(m *tocsin.Match) {
			got = append(got, fmt.Sprintf("%d s: %s", i, told(m)))
			keys = append(keys, m.Key)
		})
		shelf = tocsin.Shelf{}
	}
	for s := 200; s < 300; s++ {
		c.Advance(start.Add(time.Duration(s)*time.Second), func(m *tocsin.Match) {
			got = append(got, fmt.Sprintf("%d s: %s", s, told(m)))
			keys = append(keys, m.Key)
		})
	}
	want := []string{"3 s: 02 10:00:02 Guessing 3 ip=192.0.2.1 count=3 [ a.log:1 a.log:2 a.log:3 ]",
		"260 s: 02 10:00:02 Guessing 3 ip=192.0.2.1 count=3 events=200 until=2024-01-02T10:03:19Z [ a.log:1 a.log:2 a.log:3 ]"}
	if d := cmp.Diff(want, got); d != "" || len(keys) != 2 || keys[0] != keys[1] {
		t.Errorf("%s%x", d, keys)
	}
	if events, inputs, _ := c.Kept(); events > 0 && inputs > 0 {
		t.Errorf("%d events and %d inputs are kept after all is over", events, inputs)
	}
}

// TestAdvanceLate: what comes after the mark counts in windows that are still open, is counted, and what is older is too.
func TestAdvanceLate(t *testing.T) {
	set := compiled(t, "rules.yml", []byte(guessing))
	at := func(n int, s int) *tocsin.Event {
		ev := failures(1)[0]
		ev.Time, ev.Record = ev.Time.Add(time.Duration(s)*time.Second), uint64(n)
		return ev
	}
	start := failures(1)[0].Time
	for _, tt := range []struct {
		name        string
		late, after []*tocsin.Event
		want        string
		n, past     int64
	}{
		{"completes a window", []*tocsin.Event{at(9, 70)}, nil, "[02 10:01:30 Guessing 2 ip=192.0.2.1 count=3 [ a.log:1 a.log:9 a.log:2 ]]", 1, 0},
		{"is the last of its window", []*tocsin.Event{at(9, 95)}, nil, "[02 10:01:35 Guessing 9 ip=192.0.2.1 count=3 [ a.log:1 a.log:2 a.log:9 ]]", 1, 0},
		{"counts with what comes", []*tocsin.Event{at(9, 50)}, []*tocsin.Event{at(10, 105)}, "[02 10:01:30 Guessing 2 ip=192.0.2.1 count=3 events=4 until=2024-01-02T10:01:45Z [ a.log:9 a.log:1 a.log:2 ]]", 1, 0},
		{"too late", []*tocsin.Event{at(9, 39), at(10, 1)}, nil, "[]", 2, 2},
		{"delivered again", []*tocsin.Event{at(1, 60), at(2, 90)}, nil, "[]", 2, 0},
		{"delivered twice", []*tocsin.Event{at(9, 70), at(9, 70)}, nil, "[02 10:01:30 Guessing 2 ip=192.0.2.1 count=3 [ a.log:1 a.log:9 a.log:2 ]]", 2, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var shelf tocsin.Shelf
			c := set.Correlator(&shelf)
			k := teller{t: t}
			give := func(events ...*tocsin.Event) {
				for _, ev := range events {
					c.Add(ev, shelf.Put(ev), 0)
				}
			}
			give(at(1, 60), at(2, 90))
			c.Advance(start.Add(100*time.Second), k.tell)
			give(tt.late...)
			c.Advance(start.Add(101*time.Second), k.tell)
			give(tt.after...)
			c.Advance(start.Add(300*time.Second), k.tell)
			if st := c.Stats(); st.Late != tt.n || st.Past != tt.past {
				t.Errorf("%+v", st)
			}
			c.Finish(k.tell)
			var got []string
			for _, m := range k.by {
				got = append(got, m)
			}
			if fmt.Sprint(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestAdvanceLateAny: however late events come, nothing breaks, all that is late is counted, and what is in time is told.
func TestAdvanceLateAny(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 9))
	for range runs(1500) {
		set := compiled(t, "rules.yml", []byte(someCorrelations(rnd)))
		events := someEvents(rnd, 4, rnd.IntN(80))
		m := set.Matcher()
		var shelf tocsin.Shelf
		c := set.Correlator(&shelf)
		var mark time.Time
		var late int64
		for _, i := range rnd.Perm(len(events)) {
			ev := events[(i+rnd.IntN(20))%len(events)]
			n := c.Stats().Hits
			add(m, c, &shelf, ev)
			if ev.Time.Before(mark) {
				late += c.Stats().Hits - n
			}
			if rnd.IntN(8) == 0 {
				if at := events[rnd.IntN(len(events))].Time; at.After(mark) {
					mark = at
				}
				c.Advance(mark, func(*tocsin.Match) {})
				shelf = tocsin.Shelf{}
			}
		}
		c.Advance(mark, func(*tocsin.Match) {})
		if st := c.Stats(); st.Late != late {
			t.Fatalf("%+v, want %d late", st, late)
		}
		shelf = tocsin.Shelf{}
		c.Finish(func(*tocsin.Match) {})
	}
}

// TestAdvanceMemory: what is kept depends on the timespans, not on how long a run is, whoever picks the values.
func TestAdvanceMemory(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 6))
	for range runs(25) {
		rules := someCorrelations(rnd)
		set := compiled(t, "rules.yml", []byte(rules))
		var shelf tocsin.Shelf
		c := set.Correlator(&shelf)
		m := set.Matcher()
		at := time.Date(2024, 1, 2, 10, 0, 0, 0, time.UTC)
		var most [3]int
		n := 0
		for half := range 2 {
			var peak [3]int
			for range 8000 {
				n++
				at = at.Add(time.Duration(rnd.IntN(1000)) * time.Millisecond)
				if rnd.IntN(300) == 0 {
					at = at.Add(time.Minute)
				}
				group := "x"
				if rnd.IntN(2) == 0 {
					group = strconv.Itoa(n)
				}
				ev := &tocsin.Event{Time: at, Source: group, Record: uint64(n), Host: group, Sources: []tocsin.LogSource{{Category: "test"}},
					Fields: []tocsin.Field{{Name: "g", Value: group}, {Name: "v", Value: strconv.Itoa(n)}, {Name: "rule", Value: fmt.Sprintf("r%d", rnd.IntN(4))}}}
				add(m, c, &shelf, ev)
				if n%50 == 0 {
					c.Advance(at, func(*tocsin.Match) {})
					shelf = tocsin.Shelf{}
					events, inputs, numbers := c.Kept()
					peak = [3]int{max(peak[0], events), max(peak[1], inputs), max(peak[2], numbers)}
				}
			}
			if half == 0 {
				most = peak
				continue
			}
			for i, name := range []string{"events", "inputs", "numbers"} {
				if peak[i] > most[i]*3/2+1500 {
					t.Errorf("%s%s kept: at most %d, then %d", rules, name, most[i], peak[i])
				}
			}
			if peak[0] > 6000 {
				t.Errorf("%s%d of %d events are kept", rules, peak[0], n)
			}
		}
	}
}

// TestMergeAdvanced: collectors that have judged apart are not joined in silence.
func TestMergeAdvanced(t *testing.T) {
	set := compiled(t, "rules.yml", []byte(guessing))
	defer func() {
		if recover() == nil {
			t.Error("merged")
		}
	}()
	c := set.Correlator(nil)
	c.Advance(failures(1)[0].Time, nil)
	set.Correlator(nil).Merge(c)
}
