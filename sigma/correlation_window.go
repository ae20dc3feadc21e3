package sigma

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/tocsin-ids/tocsin"
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
	lane    *lane
	moments []moment
	gauge   gauge
	in      []input // of the group
	base    int     // its place among all
	upto    int64   // windows that end before this time are judged
	pending int64   // no output that is yet to be decided on is before this time
	told    bool    // bursts make matches
	closed  []*burst
	opened  map[int]*burst // by output
}

// A state is what is known of a group beyond its inputs. Inputs are known by their place in the lane.
type state struct {
	number int64  // of the last judged input; those between inputs of a run are counted by it
	held   int32  // the last input at which a window held; -1: none that a later window can hold
	newer  int32  // of sums: how many of the judged inputs are in the newer part; -1: not known
	burst  *burst // the one that held is of; nil if it is told to nobody
	best   output // of the run that goes on, if any; lo is -1 if it can never hold
	first  int64  // the number of best's first input
	have   bool
}

// A burst is one that may go on.
type burst struct {
	first  int64 // number of its first input
	events int64
	until  int64
	told   *tocsin.Match // as it was first told
	named  int           // how many of its held fields do not depend on how the burst goes on
	said   int64         // how many events it was told with
}

// held adds to a match's fields how its burst went on.
func (b *burst) held(m *tocsin.Match, fields []tocsin.Field) []tocsin.Field {
	if until := timeOf(b.until); until.After(m.Time) {
		return append(fields[:len(fields):len(fields)], tocsin.Field{Name: "events", Value: strconv.FormatInt(b.events, 10)},
			tocsin.Field{Name: "until", Value: until.Format(time.RFC3339Nano)})
	}
	return fields
}

// newMeter makes the meter of a correlation, for windows that end before a time.
func newMeter(j *join, l *lane, moments []moment, upto int64, told bool) *meter {
	m := &meter{join: j, lane: l, moments: moments, upto: upto, pending: math.MaxInt64, told: told, opened: map[int]*burst{}}
	values := int(l.counted.n)
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

// place is that of the first input of the group at or after a time.
func (m *meter) place(at int64) int {
	switch n := len(m.in); {
	case n == 0 || m.at(0) >= at:
		return 0
	case m.at(n-1) < at:
		return n
	default:
		return sort.Search(n, func(i int) bool { return m.at(i) >= at })
	}
}

// run adds the windows that hold to the lane's outputs.
func (m *meter) run() {
	l := m.lane
	states := l.states
	l.states = map[uint32]state{}
	for from := 0; from < len(l.inputs); from = m.base + len(m.in) {
		to := from + 1
		for to < len(l.inputs) && l.inputs[to].group == l.inputs[from].group {
			to++
		}
		m.in, m.base = l.inputs[from:to], from
		group := l.inputs[from].group
		s, known := states[group]
		if !known {
			s = state{held: -1, newer: -1}
		}
		judged, upto := m.place(l.judged), m.place(m.upto)
		start := judged
		if late, ok := l.late[group]; ok {
			// What is late is judged with what was judged before, unless that held already.
			start = max(int(late.first)-from, int(s.held)-from+1)
			s.newer = -1
			s.number += late.n
		}
		if m.join.rising() {
			m.bursts(&s, judged, start, upto)
		} else {
			m.peaks(&s, judged, start, upto)
		}
		if m.upto < math.MaxInt64 && (s.held >= 0 || s.have || s.newer >= 0) {
			l.states[group] = s
		}
	}
}

// resume fills the gauge with the inputs before start, and tells where the window begins.
func (m *meter) resume(s *state, start int) (lo int) {
	m.gauge.begin(m.in)
	if g, ok := m.gauge.(*sumGauge); ok && s.newer >= 0 && start > 0 {
		for m.at(start-1)-m.at(lo) > m.join.span {
			lo++
		}
		g.resume(lo, start-int(s.newer), start)
		return lo
	}
	for i := range start {
		lo = m.enter(i, lo)
	}
	return lo
}

// enter lets input i into the window that begins with lo, and tells where it begins then.
func (m *meter) enter(i, lo int) int {
	m.gauge.add(i)
	for m.at(i)-m.at(lo) > m.join.span {
		m.gauge.drop(lo)
		lo++
	}
	return lo
}

// bursts judges the window at the inputs from start to upto. A window that holds opens a burst if it shares no input with
// one that held.
func (m *meter) bursts(s *state, judged, start, upto int) {
	held, open := int(s.held)-m.base, -1
	if s.held < 0 {
		held = -1
	}
	number := func(i int) int64 { return s.number + int64(i-judged+1) }
	if start < upto {
		lo := m.resume(s, start)
		for i := start; i < upto; i++ {
			lo = m.enter(i, lo)
			v, first := m.gauge.value(lo)
			if first < lo || !m.join.cond.holds(v) {
				continue
			}
			o := output{lo: int32(m.base + first), hi: int32(m.base + i), value: v}
			switch {
			case first > held:
				m.close(s)
				o.first = true
				open = len(m.lane.outputs)
				m.lane.outputs = append(m.lane.outputs, o)
				s.first = number(first)
			case m.join.steady:
				m.lane.outputs = append(m.lane.outputs, o)
			}
			if open >= 0 {
				o := &m.lane.outputs[open]
				o.events, o.until = number(i)-s.first+1, m.at(i)
			} else if s.burst != nil {
				s.burst.events, s.burst.until = number(i)-s.burst.first+1, m.at(i)
			}
			held = i
		}
		m.leave(s, lo, upto)
		s.number = number(upto - 1)
	}
	switch {
	case held < 0:
	case m.upto == math.MaxInt64 || m.at(held) < back(m.upto, m.join.span):
		m.close(s)
		held = -1
	case open >= 0 && m.told:
		o := &m.lane.outputs[open]
		s.burst = &burst{first: s.first, events: o.events, until: o.until}
		m.opened[open] = s.burst
	}
	if s.held = -1; held >= 0 {
		s.held = int32(m.base + held)
	}
}

// close ends the burst that was told before, if there is one.
func (m *meter) close(s *state) {
	if s.burst != nil {
		m.closed = append(m.closed, s.burst)
	}
	s.burst = nil
}

// peaks judges the highest value of every run of inputs that is followed by a whole timespan of silence.
func (m *meter) peaks(s *state, judged, start, upto int) {
	number := func(i int) int64 { return s.number + int64(i-judged+1) }
	if s.best.lo >= 0 {
		s.best.lo, s.best.hi = s.best.lo-int32(m.base), s.best.hi-int32(m.base)
	}
	done := func(last int) {
		if s.have && m.join.cond.holds(s.best.value) {
			o := s.best
			o.lo, o.hi = o.lo+int32(m.base), o.hi+int32(m.base)
			o.events, o.until = number(last)-s.first+1, m.at(last)
			m.lane.outputs = append(m.lane.outputs, o)
		}
		s.have = false
	}
	if start < upto {
		lo := m.resume(s, start)
		for i := start; i < upto; i++ {
			if i > 0 && m.at(i)-m.at(i-1) > m.join.span && i > int(s.best.hi) {
				done(i - 1)
			}
			lo = m.enter(i, lo)
			if v, first := m.gauge.value(lo); first >= lo && (!s.have || v > s.best.value) {
				s.have, s.first = true, number(lo)
				s.best = output{lo: int32(lo), hi: int32(i), value: v, first: true}
			}
		}
		m.leave(s, lo, upto)
	}
	if upto > 0 && (m.upto == math.MaxInt64 || m.at(upto-1) < back(m.upto, m.join.span)) {
		done(upto - 1)
	}
	if upto > 0 {
		s.number = number(upto - 1)
	}
	switch {
	case !s.have:
		s.best = output{}
	case m.join.cond.exceeded(s.best.value):
		s.best.lo, s.best.hi = -1, -1
	default:
		m.pending = min(m.pending, m.at(int(s.best.hi)))
		s.best.lo, s.best.hi = s.best.lo+int32(m.base), s.best.hi+int32(m.base)
	}
}

// leave takes the rest out of the window that begins with lo and ends before upto.
func (m *meter) leave(s *state, lo, upto int) {
	if g, ok := m.gauge.(*sumGauge); ok {
		s.newer = int32(upto - g.turn)
	}
	for ; lo < upto; lo++ {
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

// resume is the state in which the window begins with input lo, its newer part with turn, and it ends before end.
func (g *sumGauge) resume(lo, turn, end int) {
	g.turn, g.end, g.n = turn, end, end-lo
	sum := 0.0
	for i := turn - 1; i >= lo; i-- {
		sum += g.number(i)
		g.older = append(g.older, sum)
	}
	for i := turn; i < end; i++ {
		g.newer += g.number(i)
	}
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
	if g.n--; g.n == 1 { // as if it were the first
		g.older, g.turn, g.newer = g.older[:0], g.end-1, g.number(g.end-1)
	}
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
	numbers  []float64 // all of the group, in order
	tree     []int32
	n        int
}

func (g *rankGauge) begin(in []input) {
	g.in, g.n = in, 0
	g.numbers = g.numbers[:0]
	for i := range in {
		g.numbers = append(g.numbers, math.Float64frombits(in[i].value))
	}
	slices.Sort(g.numbers)
	g.numbers = slices.Compact(g.numbers)
	g.tree = slices.Grow(g.tree[:0], len(g.numbers)+1)[:len(g.numbers)+1]
	clear(g.tree)
}

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
