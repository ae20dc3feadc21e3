package sigma

import "slices"

// A ruleGauge counts the rules that matched.
type ruleGauge struct {
	in   []input
	last []int // by slot: its newest input
	need int   // how many the condition asks for
	sort []int
}

func (g *ruleGauge) begin(in []input) {
	g.in = in
	fill(g.last, -1)
}

func (g *ruleGauge) add(i int) { g.last[g.in[i].slot] = i }
func (g *ruleGauge) drop(int)  {}

func (g *ruleGauge) value(lo int) (float64, int) {
	g.sort = g.sort[:0]
	for _, at := range g.last {
		if at >= lo {
			g.sort = append(g.sort, at)
		}
	}
	n := len(g.sort)
	if n < g.need {
		return float64(n), lo
	}
	slices.Sort(g.sort)
	return float64(n), g.sort[n-g.need]
}

// An orderGauge finds the longest sequence of inputs whose slots are in order.
//
// For every length it keeps, by the slot that ends it, the latest start of such a sequence: later starts are in every
// window that earlier ones are in, so no other needs to be known.
type orderGauge struct {
	meter  *meter
	place  []int   // by slot: its place in the order; -1 is none
	need   int     // how many the condition asks for
	starts [][]int // by length less one and place
	best   []int   // by length less one
	ties   []tie   // by place
}

// A tie is the newest input of a place, for inputs of the same time.
type tie struct {
	at     int64
	input  int
	source uint32
	mixed  bool // several sources at that time
	known  bool
}

func newOrderGauge(m *meter, place []int, need int) *orderGauge {
	n := 0
	for _, p := range place {
		n = max(n, p+1)
	}
	g := &orderGauge{meter: m, place: place, need: need, best: make([]int, n), ties: make([]tie, n)}
	for range n {
		g.starts = append(g.starts, make([]int, n))
	}
	return g
}

func (g *orderGauge) begin([]input) {
	fill(g.best, -1)
	fill(g.ties, tie{})
	for _, s := range g.starts {
		fill(s, -1)
	}
}

func (g *orderGauge) set(length, place, start int) {
	if s := &g.starts[length-1][place]; start > *s {
		*s = start
		g.best[length-1] = max(g.best[length-1], start)
	}
}

func (g *orderGauge) add(i int) {
	k := g.place[g.meter.in[i].slot]
	if k < 0 {
		return
	}
	g.set(1, k, i)
	for length := 2; length <= k+1; length++ {
		for before := range k {
			g.set(length, k, g.starts[length-2][before])
		}
	}
	// Records of one time in different sources may be in any order: what came before in ours may follow in truth.
	at, source := g.meter.at(i), g.meter.moments[g.meter.in[i].rank].source
	for next := k + 1; next < len(g.ties); next++ {
		t := &g.ties[next]
		if !t.known || t.at != at || !t.mixed && t.source == source {
			continue
		}
		for length := 2; length <= next+1; length++ {
			for before := k; before < next; before++ {
				g.set(length, next, min(t.input, g.starts[length-2][before]))
			}
		}
	}
	t := &g.ties[k]
	*t = tie{at, i, source, t.known && t.at == at && (t.mixed || t.source != source), true}
}

func (g *orderGauge) drop(int) {}

func (g *orderGauge) value(lo int) (float64, int) {
	for n := len(g.best); n > 0; n-- {
		if g.best[n-1] < lo {
			continue
		}
		if n < g.need {
			return float64(n), lo
		}
		return float64(n), g.best[g.need-1]
	}
	return 0, lo
}

// A termGauge tells whether any term of an expression holds, and of how many rules.
type termGauge struct {
	meter *meter
	last  []int // by slot: its newest input
	order []*orderGauge
	never [][]int64 // by term: when rules that it forbids matched
}

func newTermGauge(m *meter) *termGauge {
	j := m.join
	g := &termGauge{meter: m, last: make([]int, len(j.slots)), never: make([][]int64, len(j.terms))}
	for _, t := range j.terms {
		if !j.ordered {
			continue
		}
		place := make([]int, len(j.slots))
		fill(place, -1)
		for i, s := range t.pos {
			place[s] = i
		}
		g.order = append(g.order, newOrderGauge(m, place, len(t.pos)))
	}
	return g
}

func (g *termGauge) begin(in []input) {
	fill(g.last, -1)
	for _, o := range g.order {
		o.begin(in)
	}
	for t, term := range g.meter.join.terms {
		g.never[t] = g.never[t][:0]
		if len(term.neg) == 0 {
			continue
		}
		for i := range in {
			if slices.Contains(term.neg, int(in[i].slot)) {
				g.never[t] = append(g.never[t], g.meter.at(i))
			}
		}
	}
}

func (g *termGauge) add(i int) {
	g.last[g.meter.in[i].slot] = i
	for _, o := range g.order {
		o.add(i)
	}
}

func (g *termGauge) drop(int) {}

// value has first before lo when no term holds.
func (g *termGauge) value(lo int) (float64, int) {
	n, latest := 0, -1
	for t := range g.meter.join.terms {
		if first := g.term(t, lo); first >= lo {
			n, latest = max(n, len(g.meter.join.terms[t].pos)), max(latest, first)
		}
	}
	if latest < 0 {
		return 0, lo - 1
	}
	return float64(n), latest
}

// term is where the newest window begins in which a term holds, or -1.
func (g *termGauge) term(t, lo int) int {
	pos := g.meter.join.terms[t].pos
	first, last := g.last[pos[0]], g.last[pos[0]]
	for _, s := range pos {
		first, last = min(first, g.last[s]), max(last, g.last[s])
	}
	if g.meter.join.ordered {
		o := g.order[t]
		first = o.best[len(o.best)-1]
		last = first
	}
	if first < lo {
		return -1
	}
	// No forbidden event may be near: see Correlation for what that means.
	from, to := g.meter.at(last)-g.meter.join.span, g.meter.at(first)+g.meter.join.span
	if g.meter.join.ordered {
		from = g.meter.at(first)
	}
	if i, _ := slices.BinarySearch(g.never[t], from); i < len(g.never[t]) && g.never[t][i] <= to {
		return -1
	}
	return first
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}

// identity is the numbers below n.
func identity(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
