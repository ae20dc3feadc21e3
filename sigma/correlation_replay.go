package sigma

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A moment is a kept event in the order of all of them; its rank is its place in that order.
type moment struct {
	at           int64
	record       uint64
	source, host uint32 // ranks of the names
	part, event  uint32 // which collector's, and its number there
	slot         tocsin.Slot
	content      uint64 // see kept
}

// An input is an event, or a match of another correlation, as a slot of a correlation in one group.
type input struct {
	rank  uint32 // of the event, or of the last event of the other's match
	shown uint32 // rank of the event whose fields it has
	group uint32
	slot  uint32
	child int32 // the other correlation in joins.list; -1 is an event
	out   int32 // which of its outputs
	value uint64
}

// An output is a window that held: the inputs lo to hi of a correlation.
type output struct {
	lo, hi int32
	first  bool // it opens a burst, which makes a match; else it only goes on holding
	value  float64
	events int64 // of its burst
	until  int64 // time of the last of them
}

// A find is a match to be: what is needed to make it.
type find struct {
	join     *join
	rank     uint32
	shown    uint32
	slot     uint32
	name     [16]byte // the match's Key
	key      string
	under    *join // the correlation whose match is the last input, if any
	underKey string
	below    uint32 // its slot
	value    float64
	events   int64 // of the burst
	until    int64
	series   []uint32
	burst    *burst // which may go on
}

// A replay is what correlations are told by: events in the order of time, and what each correlation makes of them.
type replay struct {
	set     *joins
	moments []moment
	shelves []*tocsin.Shelf // by moment.part: the replay's own, then the collectors'
	own     int             // events that were put on the own shelf
	hosts   []string        // by rank
	sources []string        // by rank
	lanes   []lane          // by correlation
	values  *values
	tables  int // how many values, groups and tuples may be numbered before the unused ones are looked for
	past    int64
	ev      tocsin.Event
	room    []byte // for contentOf

	// Of the collectors that are taken in:
	parts  []*Correlator
	ranks  [][]uint32 // by collector and event
	to     [][]uint32 // by collector: the numbers of its values among all; nil if they are the same
	unused []input    // memory for the next
	group  tuples
	value  tuples
}

// A lane is what a replay keeps for one correlation.
type lane struct {
	inputs  []input  // by group, and in order within it
	outputs []output // those that others build on
	fresh   int      // the first output that is new
	groups  ranking
	counted ranking          // values that are counted
	states  map[uint32]state // by group
	late    map[uint32]late  // by group
	judged  int64            // windows that end before this time are judged
	known   int64            // all outputs before this time are known
}

func newReplay(set *joins) *replay {
	r := &replay{set: set, shelves: []*tocsin.Shelf{{}}, lanes: make([]lane, len(set.list)), values: &values{}, tables: minTables}
	for i := range r.lanes {
		r.lanes[i].judged, r.lanes[i].known = math.MinInt64, math.MinInt64
	}
	return r
}

// gather takes the new inputs of a correlation in among its others, by group and in order.
func (r *replay) gather(j *join) {
	l := &r.lanes[j.index]
	horizon := l.horizon(j)
	in := r.unused[:0]
	var members []membership
	for k := range j.slots {
		s := &j.slots[k]
		for _, rule := range s.rules {
			columns := r.set.columns[rule]
			at := s.columns(func(name string) int { return slices.Index(columns, slices.Index(r.set.fields, name)) })
			width := 1 + len(columns)
			for i, p := range r.parts {
				hits := p.hits[rule]
				in = slices.Grow(in, len(hits)/width)
				for ; len(hits) > 0; hits = hits[width:] {
					rank := r.ranks[i][hits[0]]
					if r.moments[rank].at < horizon {
						continue
					}
					members = r.members(members[:0], j, &row{hits[1:width], &p.values, r.to[i]}, at)
					for _, m := range members {
						in = append(in, input{rank: rank, shown: rank, group: m.group, slot: uint32(k), child: -1, value: m.value})
					}
				}
			}
			for _, child := range r.set.list[:j.index] {
				if child.rule == rule {
					in = r.adopt(in, j, k, child)
				}
			}
		}
	}
	r.take(j, r.inGroups(j, in))
	r.unused = in
}

// inGroups sorts inputs by group and, within it, by rank; of one rank the later slots first, so that no event is taken
// for two steps of a sequence.
func (r *replay) inGroups(j *join, in []input) []input {
	groups := int(r.lanes[j.index].groups.n)
	compare := func(a, b input) int { return r.compare(j, &a, &b) }
	ends := make([]int, groups+1)
	for i := range in {
		ends[in[i].group+1]++
	}
	for g := range groups {
		ends[g+1] += ends[g]
	}
	out := make([]input, len(in))
	for i := range in {
		g := in[i].group
		out[ends[g]] = in[i]
		ends[g]++
	}
	from := 0
	for _, to := range ends[:groups] {
		if g := out[from:to]; !slices.IsSortedFunc(g, compare) {
			slices.SortFunc(g, compare)
		}
		from = to
	}
	return out
}

// compare orders the inputs of a group of j, alike however they came and were numbered.
func (r *replay) compare(j *join, a, b *input) int {
	if a.rank != b.rank {
		return cmp.Compare(a.rank, b.rank)
	}
	if c := cmp.Or(cmp.Compare(b.slot, a.slot), cmp.Compare(a.child, b.child)); c != 0 {
		return c
	}
	if a.out != b.out {
		l := &r.lanes[a.child]
		x, y := l.outputs[a.out].hi, l.outputs[b.out].hi
		if g, h := l.inputs[x].group, l.inputs[y].group; g != h {
			child := r.set.list[a.child]
			return strings.Compare(r.key(child, g), r.key(child, h))
		}
		return cmp.Compare(x, y)
	}
	if a.shown != b.shown || a.value == b.value || !j.measure.distinct() {
		return cmp.Or(cmp.Compare(a.shown, b.shown), cmp.Compare(a.value, b.value))
	}
	counted := &r.lanes[j.index].counted
	return slices.CompareFunc(counted.tuple(uint32(a.value)), counted.tuple(uint32(b.value)), func(v, w uint32) int {
		return strings.Compare(r.values.texts.text[v], r.values.texts.text[w])
	})
}

// again says whether b, which follows a, would count an event twice: because several rules matched it, or it was in a
// group twice.
func (j *join) again(a, b *input) bool {
	if a.rank != b.rank || a.group != b.group || a.child != b.child || a.out != b.out {
		return false
	}
	switch {
	case j.measure.temporal():
		return a.slot == b.slot
	case j.measure.distinct():
		return a.value == b.value
	}
	return true
}

// A membership is a group that something is in, with the value that counts there.
type membership struct {
	group uint32
	value uint64
}

// adopt makes inputs of the outputs of a correlation that j builds on: one for each group of j that its events are in.
func (r *replay) adopt(in []input, j *join, k int, child *join) []input {
	s := &j.slots[k]
	from, horizon := r.lanes[child.index].inputs, r.lanes[j.index].horizon(j)
	covered := child.covers(s)
	here := row{from: r.values}
	var at columns
	if covered {
		at = s.columns(func(name string) int { return slices.Index(child.c.GroupBy, name) })
	} else {
		names := append(slices.Clone(s.group), s.fields...)
		at = s.columns(func(name string) int { return slices.Index(names, name) })
	}
	var members []membership
	seen := map[membership]bool{}
	for o, out := range r.lanes[child.index].outputs {
		if o < r.lanes[child.index].fresh || !out.first && !j.measure.temporal() {
			continue
		}
		if r.moments[from[out.hi].rank].at < horizon {
			r.past++
			continue
		}
		// A burst's first window speaks for all its events, later ones for the event that is new. The newest event of
		// a group stands for it, so they are looked at from the last; where all would say the same, that one alone.
		lo := out.lo
		if !out.first || covered {
			lo = out.hi
		}
		clear(seen)
		for i := out.hi; i >= lo; i-- {
			here.cells = here.cells[:0]
			if covered {
				for _, v := range r.lanes[child.index].groups.tuple(from[i].group) {
					here.cells = append(here.cells, v+1)
				}
			} else {
				r.load(child, &from[i], out.value)
				for _, names := range [...][]string{s.group, s.fields} {
					for _, name := range names {
						here.cells = append(here.cells, r.values.cell(&r.ev, name))
					}
				}
			}
			members = r.members(members[:0], j, &here, at)
			for _, m := range members {
				if lo < out.hi {
					if seen[m] {
						continue
					}
					seen[m] = true
				}
				in = append(in, input{rank: from[out.hi].rank, shown: from[i].shown, group: m.group, slot: uint32(k),
					child: int32(child.index), out: int32(o), value: m.value})
			}
		}
	}
	return in
}

// members are the groups of j that a row is in, with its values.
func (r *replay) members(to []membership, j *join, in *row, at columns) []membership {
	count, number := 1, uint64(0)
	switch {
	case j.measure.numeric():
		n, ok := in.float(at.fields, r.values.texts.text)
		if !ok {
			return to
		}
		number = math.Float64bits(n)
	case j.measure.distinct():
		count = r.value.fill(in, at.fields)
	}
	for g := range r.group.fill(in, at.group) {
		group := r.lanes[j.index].groups.number(r.group.tuple(g))
		for v := range count {
			if j.measure.distinct() {
				number = uint64(r.lanes[j.index].counted.number(r.value.tuple(v)))
			}
			to = append(to, membership{group, number})
		}
	}
	return to
}

// A columns is where in a row the fields of a slot are.
type columns struct{ group, fields []int }

func (s *slot) columns(at func(name string) int) (c columns) {
	for _, name := range s.group {
		c.group = append(c.group, at(name))
	}
	for _, name := range s.fields {
		c.fields = append(c.fields, at(name))
	}
	return c
}

// key is the group-by values of a group of j.
func (r *replay) key(j *join, group uint32) string {
	var b []byte
	for _, v := range r.lanes[j.index].groups.tuple(group) {
		b = appendPart(b, r.values.texts.text[v])
	}
	return string(b)
}

// covers says whether all that a slot asks for is among j's own group-by fields.
func (j *join) covers(s *slot) bool {
	for _, names := range [...][]string{s.group, s.fields} {
		for _, n := range names {
			if !slices.Contains(j.c.GroupBy, n) {
				return false
			}
		}
	}
	return true
}

// load reads into r.ev the event of an input of a correlation as others see it: with group-by values and what was
// measured.
func (r *replay) load(j *join, in *input, value float64) {
	m := &r.moments[in.shown]
	r.shelves[m.part].Load(m.slot, &r.ev)
	if in.child >= 0 {
		under := r.set.list[in.child]
		below := &r.lanes[under.index]
		last := &below.inputs[below.outputs[in.out].hi]
		under.label(&r.ev, last.slot, r.key(under, last.group), true)
	}
	j.label(&r.ev, in.slot, r.key(j, in.group), true)
	name := j.measure.unit()
	if _, ok := r.ev.Value(name); !ok {
		r.ev.Fields = append(r.ev.Fields, tocsin.Field{Name: name, Value: formatNumber(value)})
	}
}

// label gives an event the group-by values of a correlation under their names, first of all fields, and returns them;
// alone leaves out other values of these names.
func (j *join) label(ev *tocsin.Event, slot uint32, key string, alone bool) []tocsin.Field {
	parts := keyParts(key)
	names := j.c.GroupBy
	front := make([]tocsin.Field, 0, len(names)+len(ev.Fields))
	for i, name := range names {
		v := parts[i]
		for _, own := range appendValues(nil, ev, j.slots[slot].group[i]) {
			if folded(own) == v {
				v = own // as the event has it
				break
			}
		}
		front = append(front, tocsin.Field{Name: name, Value: v})
	}
	labels := front[:len(names):len(names)]
	for _, f := range ev.Fields {
		if i := slices.Index(names, f.Name); i >= 0 && (alone || labels[i].Value == f.Value) {
			continue
		}
		front = append(front, f)
	}
	ev.Fields = front
	return labels
}

// maxSeries is how many events of a match are told.
const maxSeries = 1000

// finds notes the new matches of a correlation; opened are the bursts among them that may go on, by output.
func (r *replay) finds(to []find, j *join, opened map[int]*burst) []find {
	l := &r.lanes[j.index]
	for i := l.fresh; i < len(l.outputs); i++ {
		o := &l.outputs[i]
		if !o.first {
			continue
		}
		last := &l.inputs[o.hi]
		f := find{join: j, rank: last.rank, shown: last.shown, slot: last.slot, key: r.key(j, last.group),
			value: o.value, events: o.events, until: o.until, burst: opened[i]}
		f.name = r.name(j, o, f.key)
		if last.child >= 0 {
			f.under = r.set.list[last.child]
			below := &r.lanes[last.child]
			top := &below.inputs[below.outputs[last.out].hi]
			f.below, f.underKey = top.slot, r.key(f.under, top.group)
		}
		f.series = r.series(nil, j, o.lo, o.hi, 0)
		slices.Sort(f.series)
		f.series = slices.Compact(f.series)
		if n := len(f.series); n > maxSeries {
			f.series = slices.Clone(f.series[n-maxSeries:])
		}
		to = append(to, f)
	}
	return to
}

// series appends the ranks of the events behind inputs lo to hi, newest first, about as many as can be told.
func (r *replay) series(to []uint32, j *join, lo, hi int32, depth int) []uint32 {
	in := r.lanes[j.index].inputs
	for i := hi; i >= lo && len(to) < 4*maxSeries; i-- {
		if in[i].child < 0 || depth > maxNesting {
			to = append(to, in[i].rank)
			continue
		}
		under := r.set.list[in[i].child]
		o := r.lanes[under.index].outputs[in[i].out]
		to = r.series(to, under, o.lo, o.hi, depth+1)
	}
	return to
}

// match makes the match that was found.
func (r *replay) match(f *find) *tocsin.Match {
	m := &r.moments[f.shown]
	r.shelves[m.part].Load(m.slot, &r.ev)
	ev := r.ev.Clone() // alone, so that it keeps nothing else of the shelf in memory
	if f.under != nil {
		f.under.label(ev, f.below, f.underKey, false)
	}
	j := f.join
	held := append([]tocsin.Field(nil), j.label(ev, f.slot, f.key, false)...)
	held = append(held, tocsin.Field{Name: j.measure.unit(), Value: formatNumber(f.value)})
	out := &tocsin.Match{Time: timeOf(r.moments[f.rank].at), Rule: &r.set.rules[j.rule].Rule, Event: ev, Key: f.name}
	out.Series = make([]tocsin.Place, len(f.series))
	for i, rank := range f.series {
		m := &r.moments[rank]
		out.Series[i] = tocsin.Place{Time: timeOf(m.at), Source: r.sources[m.source], Record: m.record}
	}
	b := burst{events: f.events, until: f.until}
	out.Held = b.held(out, held)
	if f.burst != nil {
		f.burst.told, f.burst.named, f.burst.said = out, len(held), f.events
	}
	return out
}

// name is a match's key: a hash of its rule, its group, and the first and the last input of its window.
func (r *replay) name(j *join, o *output, group string) (key [16]byte) {
	rule := &r.set.rules[j.rule].Rule
	var b []byte
	for _, s := range [...]string{rule.ID, rule.Title, rule.Name, group} {
		b = appendName(b, s)
	}
	in := r.lanes[j.index].inputs
	b = r.appendInput(r.appendInput(b, &in[o.lo]), &in[o.hi])
	sum := sha256.Sum256(b)
	copy(key[:], sum[:])
	return key
}

// appendInput appends what tells an input from others: its event and, where it is a match of another correlation, that
// one's group and the input that completed it, and so on.
func (r *replay) appendInput(b []byte, in *input) []byte {
	for _, rank := range [...]uint32{in.rank, in.shown} {
		m := &r.moments[rank]
		b = binary.AppendUvarint(binary.AppendVarint(b, m.at), m.record)
		b = appendName(b, r.sources[m.source])
		if m.content&shared != 0 {
			b = binary.AppendUvarint(b, m.content)
		}
	}
	for {
		b = binary.AppendVarint(binary.AppendUvarint(b, uint64(in.slot)), int64(in.child))
		if in.child < 0 {
			return b
		}
		under := r.set.list[in.child]
		l := &r.lanes[in.child]
		in = &l.inputs[l.outputs[in.out].hi]
		b = appendName(b, r.key(under, in.group))
	}
}

func appendName(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// unit is what a measure's value is called.
func (m measure) unit() string {
	switch m {
	case sumValues, avgValues, rankValues, shareValues:
		return "value"
	}
	return "count"
}

func timeOf(ns int64) time.Time { return time.Unix(0, ns).UTC() }

func formatNumber(v float64) string {
	if v == 0 {
		return "0" // not -0
	}
	if s := strconv.FormatFloat(v, 'f', -1, 64); len(s) <= 24 {
		return s
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// join numbers the texts of o here and gives each of o's numbers the new one; nil if o has none.
func (n *interned) join(o *interned) []uint32 {
	if len(o.text) == 0 {
		return nil
	}
	to := make([]uint32, len(o.text))
	for i, s := range o.text {
		to[i] = n.numberOf(s)
	}
	return to
}
