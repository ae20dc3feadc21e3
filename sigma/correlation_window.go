package sigma

import (
	"math"
	"slices"
)

// A gauge measures the window that slides over the inputs of one group. Inputs are known by their place in the group.
type gauge interface {
	begin(in []input)                    // a new group; the window is empty
	add(i int)                           // input i enters it
	drop(i int)                          // the oldest input leaves it
	value(lo int) (v float64, first int) // of the window that begins with input lo; first is the first input needed
}

// A meter runs a gauge over all groups of a correlation.
type meter struct {
	join    *join
	moments []moment
	gauge   gauge
	in      []input // of the group
	base    int     // its place among all
	out     []output
}

// newMeter makes the meter of a correlation whose inputs have so many different values.
func newMeter(j *join, moments []moment, values int) *meter {
	m := &meter{join: j, moments: moments}
	switch j.measure {
	case countEvents:
		m.gauge = &eventGauge{}
	case countValues:
		m.gauge = &valueGauge{counts: make([]int32, values)}
	case shareValues:
		m.gauge = &shareGauge{valueGauge{counts: make([]int32, values)}}
	case sumValues:
		m.gauge = &sumGauge{}
	case avgValues:
		m.gauge = &sumGauge{mean: true}
	case rankValues:
		m.gauge = &rankGauge{fraction: j.c.percentile()}
	case countRules:
		m.gauge = &ruleGauge{last: make([]int, len(j.slots)), need: j.need}
	case countOrdered:
		m.gauge = newOrderGauge(m, identity(len(j.slots)), j.need)
	case expression:
		m.gauge = newTermGauge(m)
	}
	return m
}

// at is the time of input i of the group.
func (m *meter) at(i int) int64 { return m.moments[m.in[i].rank].at }

// run yields the windows that hold.
func (m *meter) run(in []input) []output {
	if g, ok := m.gauge.(*rankGauge); ok {
		g.know(in)
	}
	for from := 0; from < len(in); from = m.base + len(m.in) {
		to := from + 1
		for to < len(in) && in[to].group == in[from].group {
			to++
		}
		m.in, m.base = in[from:to], from
		m.gauge.begin(m.in)
		if m.join.rising() {
			m.bursts()
		} else {
			m.peaks()
		}
	}
	return m.out
}

// bursts judges the window at every input. A window that holds opens a burst if it shares no input with one that held.
func (m *meter) bursts() {
	lo, held, open := 0, -1, -1
	for i := range m.in {
		m.gauge.add(i)
		for m.at(i)-m.at(lo) > m.join.span {
			m.gauge.drop(lo)
			lo++
		}
		v, first := m.gauge.value(lo)
		if first < lo || !m.join.cond.holds(v) {
			continue
		}
		switch o := (output{lo: int32(m.base + first), hi: int32(m.base + i), last: int32(m.base + i), value: v}); {
		case first > held:
			o.first = true
			open = len(m.out)
			m.out = append(m.out, o)
		case m.join.steady:
			m.out = append(m.out, o)
		}
		m.out[open].last = int32(m.base + i)
		held = i
	}
	m.empty(lo)
}

// peaks judges the highest value of every run of inputs that is followed by a whole timespan of silence.
func (m *meter) peaks() {
	lo := 0
	var best output
	have := false
	done := func(last int) {
		if have && m.join.cond.holds(best.value) {
			best.last = int32(m.base + last)
			m.out = append(m.out, best)
		}
		have = false
	}
	for i := range m.in {
		if i > 0 && m.at(i)-m.at(i-1) > m.join.span {
			done(i - 1)
		}
		m.gauge.add(i)
		for m.at(i)-m.at(lo) > m.join.span {
			m.gauge.drop(lo)
			lo++
		}
		if v, first := m.gauge.value(lo); first >= lo && (!have || v > best.value) {
			have = true
			best = output{lo: int32(m.base + lo), hi: int32(m.base + i), value: v, first: true}
		}
	}
	done(len(m.in) - 1)
	m.empty(lo)
}

// empty takes the rest out of the window.
func (m *meter) empty(lo int) {
	for ; lo < len(m.in); lo++ {
		m.gauge.drop(lo)
	}
}

// An eventGauge counts the inputs.
type eventGauge struct{ n int }

func (g *eventGauge) begin([]input)               {}
func (g *eventGauge) add(int)                     { g.n++ }
func (g *eventGauge) drop(int)                    { g.n-- }
func (g *eventGauge) value(lo int) (float64, int) { return float64(g.n), lo }

// A valueGauge counts different values: how often each is in the window, and how many are.
type valueGauge struct {
	in       []input
	counts   []int32
	distinct int
	n        int
	newest   uint64
}

func (g *valueGauge) begin(in []input) { g.in = in }

func (g *valueGauge) add(i int) {
	g.newest = g.in[i].value
	if g.counts[g.newest]++; g.counts[g.newest] == 1 {
		g.distinct++
	}
	g.n++
}

func (g *valueGauge) drop(i int) {
	v := g.in[i].value
	if g.counts[v]--; g.counts[v] == 0 {
		g.distinct--
	}
	g.n--
}

func (g *valueGauge) value(lo int) (float64, int) { return float64(g.distinct), lo }

// A shareGauge tells the share in percent that the newest value has.
type shareGauge struct{ valueGauge }

func (g *shareGauge) value(lo int) (float64, int) {
	return 100 * float64(g.counts[g.newest]) / float64(g.n), lo
}

// A sumGauge adds numbers up. Nothing is ever subtracted, so that one huge value leaves no trace when it has gone:
// the older part of the window keeps the sums of its ends, the newer part is one sum (a queue of two stacks).
type sumGauge struct {
	in    []input
	mean  bool
	older []float64 // sums from an input to the end of the older part, the oldest input last
	turn  int       // first input of the newer part
	newer float64
	end   int // one past the newest
	n     int
}

func (g *sumGauge) begin(in []input) {
	*g = sumGauge{in: in, mean: g.mean, older: g.older[:0]}
}

func (g *sumGauge) number(i int) float64 { return math.Float64frombits(g.in[i].value) }

func (g *sumGauge) add(i int) {
	g.newer += g.number(i)
	g.end = i + 1
	g.n++
}

func (g *sumGauge) drop(int) {
	if len(g.older) == 0 {
		sum := 0.0
		for i := g.end - 1; i >= g.turn; i-- {
			sum += g.number(i)
			g.older = append(g.older, sum)
		}
		g.newer, g.turn = 0, g.end
	}
	g.older = g.older[:len(g.older)-1]
	g.n--
}

func (g *sumGauge) value(lo int) (float64, int) {
	sum := g.newer
	if n := len(g.older); n > 0 {
		sum += g.older[n-1]
	}
	if g.mean {
		sum /= float64(g.n)
	}
	return sum, lo
}

// A rankGauge finds the n-th percentile: a Fenwick tree of how often each number is in the window.
type rankGauge struct {
	in       []input
	fraction float64
	numbers  []float64 // all there are, in order
	tree     []int32
	n        int
}

// know learns the numbers of all groups.
func (g *rankGauge) know(in []input) {
	g.numbers = make([]float64, len(in))
	for i := range in {
		g.numbers[i] = math.Float64frombits(in[i].value)
	}
	slices.Sort(g.numbers)
	g.numbers = slices.Compact(g.numbers)
	g.tree = make([]int32, len(g.numbers)+1)
}

func (g *rankGauge) begin(in []input) { g.in = in }

func (g *rankGauge) change(i int, by int32) {
	at, _ := slices.BinarySearch(g.numbers, math.Float64frombits(g.in[i].value))
	for at++; at < len(g.tree); at += at & -at {
		g.tree[at] += by
	}
	g.n += int(by)
}

func (g *rankGauge) add(i int)  { g.change(i, 1) }
func (g *rankGauge) drop(i int) { g.change(i, -1) }

// nth is the number with n smaller or equal ones before it.
func (g *rankGauge) nth(n int) float64 {
	at, left := 0, int32(n)
	step := 1
	for step*2 < len(g.tree) {
		step *= 2
	}
	for ; step > 0; step /= 2 {
		if next := at + step; next < len(g.tree) && g.tree[next] <= left {
			at = next
			left -= g.tree[next]
		}
	}
	return g.numbers[at]
}

func (g *rankGauge) value(lo int) (float64, int) {
	place := g.fraction * float64(g.n-1)
	below := math.Floor(place)
	v := g.nth(int(below))
	if part := place - below; part > 0 {
		v += part * (g.nth(int(below)+1) - v)
	}
	return v, lo
}
