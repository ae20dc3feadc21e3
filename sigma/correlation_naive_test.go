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
)

// A naiveCorrelation is a correlation whose windows are each looked at anew, as the definitions say it.
type naiveCorrelation struct {
	kind       string
	slots      int
	span       time.Duration
	bounds     map[string]float64
	percentile float64
}

// yaml is the correlation over rules r0, r1 ….
func (c *naiveCorrelation) yaml() string {
	var names, bounds []string
	for i := range c.slots {
		names = append(names, fmt.Sprintf("r%d", i))
	}
	for _, op := range []string{"gt", "gte", "lt", "lte", "eq", "neq"} {
		if v, ok := c.bounds[op]; ok {
			bounds = append(bounds, fmt.Sprintf("%s: %v", op, v))
		}
	}
	if strings.HasPrefix(c.kind, "value") {
		bounds = append(bounds, "field: v")
	}
	if c.percentile >= 0 {
		bounds = append(bounds, fmt.Sprintf("percentile: %v", c.percentile))
	}
	return fmt.Sprintf("title: C\ncorrelation:\n  type: %s\n  rules: [%s]\n  group-by: [g]\n  timespan: %ds\n  condition: {%s}\n",
		c.kind, strings.Join(names, ", "), int(c.span.Seconds()), strings.Join(bounds, ", "))
}

func (c *naiveCorrelation) holds(v float64) bool {
	for op, b := range c.bounds {
		ok := map[string]bool{"gt": v > b, "gte": v >= b, "lt": v < b, "lte": v <= b, "eq": v == b, "neq": v != b}[op]
		if !ok {
			return false
		}
	}
	return true
}

// value measures a window; ok is false if there is nothing to measure.
func (c *naiveCorrelation) value(w []*tocsin.Event) float64 {
	var nums []float64
	seen := map[string]int{}
	rules := map[string]bool{}
	for _, ev := range w {
		n, _ := strconv.ParseFloat(ev.Text("v"), 64)
		nums = append(nums, n)
		seen[ev.Text("v")]++
		rules[ev.Text("rule")] = true
	}
	sum := 0.0
	for _, n := range nums {
		sum += n
	}
	slices.Sort(nums)
	switch c.kind {
	case "event_count":
		return float64(len(w))
	case "value_count":
		return float64(len(seen))
	case "value_sum":
		return sum
	case "value_avg":
		return sum / float64(len(w))
	case "value_median", "value_percentile":
		p := c.percentile
		if c.kind == "value_median" {
			p = 50
		} else if p < 0 {
			return 100 * float64(seen[w[len(w)-1].Text("v")]) / float64(len(w))
		}
		place := p / 100 * float64(len(nums)-1)
		i := int(place)
		if i+1 < len(nums) {
			return nums[i] + (place-float64(i))*(nums[i+1]-nums[i])
		}
		return nums[i]
	case "temporal":
		return float64(len(rules))
	}
	// The longest part of the window that has rules in order.
	best := make([]int, c.slots) // by rule: the longest that ends with it
	for _, ev := range w {
		k, _ := strconv.Atoi(ev.Text("rule")[1:])
		for j := range k {
			best[k] = max(best[k], best[j]+1)
		}
		best[k] = max(best[k], 1)
	}
	return float64(slices.Max(best))
}

// need is how many rules a temporal correlation asks for at least.
func (c *naiveCorrelation) need() float64 {
	for n := 1.0; ; n++ {
		gt, gte := c.bounds["gt"], c.bounds["gte"]
		_, has := c.bounds["gt"]
		if (!has || n > gt) && n >= gte {
			return n
		}
	}
}

func (c *naiveCorrelation) run(events []*tocsin.Event) []string {
	var out []string
	groups := map[string][]*tocsin.Event{}
	for _, ev := range events {
		groups[ev.Text("g")] = append(groups[ev.Text("g")], ev)
	}
	temporal := strings.HasPrefix(c.kind, "temporal")
	above := false
	for _, op := range []string{"lt", "lte", "eq", "neq"} {
		if _, ok := c.bounds[op]; ok {
			above = true
		}
	}
	level := c.kind == "value_avg" || c.kind == "value_median" || c.kind == "value_percentile"
	for _, in := range groups {
		fire := func(lo, hi int, v float64) {
			var series []string
			for _, ev := range in[lo : hi+1] {
				series = append(series, fmt.Sprint(ev.Record))
			}
			out = append(out, fmt.Sprintf("%s %s %.6f [%s]", clock(in[hi].Time), in[hi].Text("g"), v, strings.Join(series, " ")))
		}
		lo := func(i int) int {
			for k := range in {
				if in[i].Time.Sub(in[k].Time) <= c.span {
					return k
				}
			}
			return i
		}
		if above && !level {
			for i := 0; i < len(in); {
				end := i
				for end+1 < len(in) && in[end+1].Time.Sub(in[end].Time) <= c.span {
					end++
				}
				at, peak := -1, 0.0
				for k := i; k <= end; k++ {
					if v := c.value(in[lo(k) : k+1]); at < 0 || v > peak {
						at, peak = k, v
					}
				}
				if c.holds(peak) {
					fire(lo(at), at, peak)
				}
				i = end + 1
			}
			continue
		}
		held := -1
		for i := range in {
			first := lo(i)
			v := c.value(in[first : i+1])
			if !c.holds(v) {
				continue
			}
			if temporal {
				for c.value(in[first+1:i+1]) >= c.need() {
					first++
					if first == i {
						break
					}
				}
			}
			if first > held {
				fire(first, i, v)
			}
			held = i
		}
	}
	slices.Sort(out)
	return out
}

// TestCorrelationNaive compares the replay with the naive one on random events and conditions.
func TestCorrelationNaive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 11))
	kinds := []string{"event_count", "value_count", "value_sum", "value_avg", "value_median", "value_percentile", "temporal", "temporal_ordered"}
	ops := []string{"gt", "gte", "lt", "lte", "eq", "neq"}
	matches := 0
	for n := range 4000 {
		c := &naiveCorrelation{kind: kinds[n%len(kinds)], slots: 1 + rnd.IntN(4), span: time.Duration(1+rnd.IntN(20)) * time.Second,
			bounds: map[string]float64{}, percentile: -1}
		temporal := strings.HasPrefix(c.kind, "temporal")
		top := 8
		if temporal {
			top = c.slots
		} else if c.kind == "value_percentile" && rnd.IntN(2) == 0 {
			c.percentile = float64(rnd.IntN(101))
		}
		for range 1 + rnd.IntN(2) {
			c.bounds[ops[rnd.IntN(len(ops))]] = float64(1 + rnd.IntN(top))
		}
		if temporal && c.need() > float64(c.slots) {
			continue
		}
		rules := ""
		for i := range c.slots {
			rules += fmt.Sprintf("title: r%d\nname: r%d\nlogsource: {category: test}\ndetection: {s: {rule: r%d}, condition: s}\n---\n", i, i, i)
		}
		set := compiled(t, "naive.yml", []byte(rules+c.yaml()))
		var events []*tocsin.Event
		at := time.Date(2024, 1, 2, 10, 0, 0, 0, time.UTC)
		for i := range rnd.IntN(40) {
			if rnd.IntN(3) > 0 {
				at = at.Add(time.Duration(rnd.IntN(4000)) * time.Millisecond)
			}
			if rnd.IntN(12) == 0 {
				at = at.Add(25 * time.Second)
			}
			events = append(events, &tocsin.Event{Time: at, Source: "a.log", Record: uint64(i + 1), Sources: []tocsin.LogSource{{Category: "test"}},
				Fields: []tocsin.Field{{Name: "g", Value: string('x' + rune(rnd.IntN(2)))}, {Name: "v", Value: strconv.Itoa(rnd.IntN(7))},
					{Name: "rule", Value: fmt.Sprintf("r%d", rnd.IntN(c.slots))}}})
		}
		var got []string
		var shelf tocsin.Shelf
		cor := set.Correlator(&shelf)
		m := set.Matcher()
		for _, i := range rnd.Perm(len(events)) {
			var held []int
			m.Match(events[i], func(rule int) { held = append(held, rule) })
			cor.Add(events[i], shelf.Put(events[i]), held...)
		}
		cor.Finish(func(m *tocsin.Match) {
			var series []string
			for _, p := range m.Series {
				series = append(series, fmt.Sprint(p.Record))
			}
			v, _ := strconv.ParseFloat(m.Held[1].Value, 64)
			got = append(got, fmt.Sprintf("%s %s %.6f [%s]", clock(m.Time), m.Held[0].Value, v, strings.Join(series, " ")))
		})
		slices.Sort(got)
		want := c.run(events)
		matches += len(want)
		if d := cmp.Diff(want, got); d != "" {
			var b strings.Builder
			for _, ev := range events {
				fmt.Fprintln(&b, ev.Record, clock(ev.Time), ev.Fields)
			}
			t.Fatalf("%s%s(-naive +replay)\n%s", c.yaml(), b.String(), d)
		}
	}
	if matches < 2000 {
		t.Errorf("only %d matches compared", matches)
	}
}
