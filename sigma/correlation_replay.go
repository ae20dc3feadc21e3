package sigma

import (
	"cmp"
	"math"
	"slices"
	"strconv"
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
	last   int32 // the last input of its burst
	first  bool  // it opens a burst, which makes a match; else it only goes on holding
	value  float64
}

// A find is a match to be: what is needed to make it.
type find struct {
	join     *join
	rank     uint32
	shown    uint32
	slot     uint32
	key      string
	under    *join // the correlation whose match is the last input, if any
	underKey string
	below    uint32 // its slot
	value    float64
	events   int // of the burst
	until    int64
	series   []uint32
}

// A replay is the state of Finish.
type replay struct {
	set     *joins
	parts   []*Correlator
	moments []moment
	ranks   [][]uint32 // by part and event
	hosts   []string   // by rank
	sources []string   // by rank
	inputs  [][]input  // by correlation
	outputs [][]output
	groups  []ranking  // by correlation
	counted ranking    // values that the correlation at hand counts
	values  *values    // of all collectors
	to      [][]uint32 // by part: the numbers of its values among these; nil if they are the same
	ev      tocsin.Event
	unused  []input // memory for the next
	group   tuples
	value   tuples
}

// Finish replays what was collected and emits the matches of correlations in the order of the time of their last
// event, then of its host, source and record, then of the rules. Nothing is left in the collector. The matches stay
// valid.
func (c *Correlator) Finish(emit func(*tocsin.Match)) {
	n := len(c.set.list)
	r := &replay{set: c.set, parts: append([]*Correlator{c}, c.parts...)}
	r.inputs, r.outputs, r.groups = make([][]input, n), make([][]output, n), make([]ranking, n)
	r.order()
	r.join()
	var found []find
	for _, j := range c.set.list {
		m := r.gather(j)
		r.outputs[j.index] = m.run(r.inputs[j.index])
		if c.set.heard[j.rule] {
			found = r.finds(found, j)
		}
		r.forget(j)
	}
	slices.SortFunc(found, func(a, b find) int {
		x, y := &r.moments[a.rank], &r.moments[b.rank]
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.host, y.host), cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.join.rule, b.join.rule), cmp.Compare(a.key, b.key))
	})
	for i := range found {
		emit(r.match(&found[i]))
		found[i].series = nil
	}
	*c = *newCorrelator(c.set, c.shelf)
}

// forget gives back the memory of what only j and correlations before it have to do with.
func (r *replay) forget(j *join) {
	ahead := func(by *join) bool { return by.index > j.index }
	for _, s := range j.slots {
		for _, rule := range s.rules {
			if !slices.ContainsFunc(r.set.feeds[rule], ahead) {
				for _, p := range r.parts {
					p.hits[rule] = nil
				}
			}
		}
	}
	for _, k := range r.set.list[:j.index+1] {
		if !r.needed(k, ahead) {
			r.inputs[k.index], r.outputs[k.index], r.groups[k.index] = nil, nil, ranking{}
		}
	}
}

// needed says whether a correlation ahead builds on k, or on one that does.
func (r *replay) needed(k *join, ahead func(*join) bool) bool {
	return slices.ContainsFunc(r.set.feeds[k.rule], func(by *join) bool { return ahead(by) || r.needed(by, ahead) })
}

// order sorts all events by time; those of one time by source and record, and those of one record as they came.
func (r *replay) order() {
	total := 0
	for _, p := range r.parts {
		total += len(p.kept)
	}
	r.moments = make([]moment, 0, total)
	r.ranks = make([][]uint32, len(r.parts))
	var hosts, sources [][]uint32
	r.hosts, hosts = rankNames(r.parts, func(p *Correlator) []string { return p.hosts.text })
	r.sources, sources = rankNames(r.parts, func(p *Correlator) []string { return p.sources.text })
	for i, p := range r.parts {
		r.ranks[i] = make([]uint32, len(p.kept))
		for e, k := range p.kept {
			r.moments = append(r.moments, moment{k.at, k.record, sources[i][k.source], hosts[i][k.host], uint32(i), uint32(e), k.slot})
		}
		p.kept = nil
	}
	slices.SortFunc(r.moments, func(a, b moment) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.record, b.record),
			cmp.Compare(a.part, b.part), cmp.Compare(a.event, b.event))
	})
	same := map[string]uint32{}
	for i, m := range r.moments {
		rank := uint32(i)
		if r.twin(i, i-1) || r.twin(i, i+1) {
			if !r.twin(i, i-1) {
				clear(same)
			}
			content := r.content(&r.moments[i])
			if first, ok := same[content]; ok {
				rank = first
			} else {
				same[content] = rank
			}
		}
		r.ranks[m.part][m.event] = rank
	}
}

// twin says whether two moments are of one record: the same event delivered twice, or several events of the record.
func (r *replay) twin(i, k int) bool {
	if k < 0 || k >= len(r.moments) {
		return false
	}
	a, b := &r.moments[i], &r.moments[k]
	return a.at == b.at && a.source == b.source && a.record == b.record && a.host == b.host && a.record != 0
}

// content is all that an event says.
func (r *replay) content(m *moment) string {
	r.parts[m.part].shelf.Load(m.slot, &r.ev)
	var b []byte
	for _, f := range r.ev.Fields {
		b = appendPart(appendPart(b, f.Name), f.Value)
	}
	return string(appendPart(b, r.ev.Raw))
}

// rankNames sorts the names that all collectors know, and gives each collector's numbers their ranks.
func rankNames(parts []*Correlator, names func(*Correlator) []string) ([]string, [][]uint32) {
	var all []string
	for _, p := range parts {
		all = append(all, names(p)...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	ranks := make([][]uint32, len(parts))
	for i, p := range parts {
		for _, n := range names(p) {
			at, _ := slices.BinarySearch(all, n)
			ranks[i] = append(ranks[i], uint32(at))
		}
	}
	return all, ranks
}

// join numbers the values of all collectors, as the one with the most of them does.
func (r *replay) join() {
	most := r.parts[0]
	for _, p := range r.parts {
		if len(p.values.texts.text) > len(most.values.texts.text) {
			most = p
		}
	}
	r.values, r.to = &most.values, make([][]uint32, len(r.parts))
	for i, p := range r.parts {
		if p != most {
			r.to[i] = r.values.texts.join(&p.values.texts)
		}
	}
}

// gather makes the inputs of a correlation, by group and in order, and the meter for them.
func (r *replay) gather(j *join) *meter {
	r.counted = ranking{}
	groups := &r.groups[j.index]
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
	r.inputs[j.index] = j.unique(inGroups(in, int(groups.n)))
	r.unused = in
	return newMeter(j, r.moments, int(r.counted.n))
}

// inGroups sorts inputs by group and, within it, by rank; of one rank the later slots first, so that no event is taken
// for two steps of a sequence.
func inGroups(in []input, groups int) []input {
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
	less := func(a, b input) int {
		if a.rank != b.rank {
			return cmp.Compare(a.rank, b.rank)
		}
		return cmp.Or(cmp.Compare(b.slot, a.slot), cmp.Compare(a.child, b.child), cmp.Compare(a.out, b.out), cmp.Compare(a.value, b.value))
	}
	from := 0
	for _, to := range ends[:groups] {
		if g := out[from:to]; !slices.IsSortedFunc(g, less) {
			slices.SortFunc(g, less)
		}
		from = to
	}
	return out
}

// unique leaves out what would count an event twice: because several rules matched it, or it was in a group twice.
func (j *join) unique(in []input) []input {
	return slices.CompactFunc(in, func(a, b input) bool {
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
	})
}

// A membership is a group that something is in, with the value that counts there.
type membership struct {
	group uint32
	value uint64
}

// adopt makes inputs of the outputs of a correlation that j builds on: one for each group of j that its events are in.
func (r *replay) adopt(in []input, j *join, k int, child *join) []input {
	s := &j.slots[k]
	from := r.inputs[child.index]
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
	for o, out := range r.outputs[child.index] {
		if !out.first && !j.measure.temporal() {
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
				for _, v := range r.groups[child.index].tuple(from[i].group) {
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
		group := r.groups[j.index].number(r.group.tuple(g))
		for v := range count {
			if j.measure.distinct() {
				number = uint64(r.counted.number(r.value.tuple(v)))
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
	for _, v := range r.groups[j.index].tuple(group) {
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
	r.parts[m.part].shelf.Load(m.slot, &r.ev)
	if in.child >= 0 {
		under := r.set.list[in.child]
		last := &r.inputs[under.index][r.outputs[under.index][in.out].hi]
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

// finds notes the matches of a correlation.
func (r *replay) finds(to []find, j *join) []find {
	in := r.inputs[j.index]
	for _, o := range r.outputs[j.index] {
		if !o.first {
			continue
		}
		last := &in[o.hi]
		f := find{join: j, rank: last.rank, shown: last.shown, slot: last.slot, key: r.key(j, last.group),
			value: o.value, events: int(o.last-o.lo) + 1, until: r.moments[in[o.last].rank].at}
		if last.child >= 0 {
			f.under = r.set.list[last.child]
			top := &r.inputs[last.child][r.outputs[last.child][last.out].hi]
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
	in := r.inputs[j.index]
	for i := hi; i >= lo && len(to) < 4*maxSeries; i-- {
		if in[i].child < 0 || depth > maxNesting {
			to = append(to, in[i].rank)
			continue
		}
		under := r.set.list[in[i].child]
		o := r.outputs[under.index][in[i].out]
		to = r.series(to, under, o.lo, o.hi, depth+1)
	}
	return to
}

// match makes the match that was found.
func (r *replay) match(f *find) *tocsin.Match {
	m := &r.moments[f.shown]
	r.parts[m.part].shelf.Load(m.slot, &r.ev)
	ev := r.ev.Clone() // alone, so that it keeps nothing else of the shelf in memory
	if f.under != nil {
		f.under.label(ev, f.below, f.underKey, false)
	}
	j := f.join
	held := append([]tocsin.Field(nil), j.label(ev, f.slot, f.key, false)...)
	held = append(held, tocsin.Field{Name: j.measure.unit(), Value: formatNumber(f.value)})
	if last := r.moments[f.rank].at; f.until > last {
		held = append(held, tocsin.Field{Name: "events", Value: strconv.Itoa(f.events)},
			tocsin.Field{Name: "until", Value: timeOf(f.until).Format(time.RFC3339Nano)})
	}
	out := &tocsin.Match{Time: timeOf(r.moments[f.rank].at), Rule: &r.set.rules[j.rule].Rule, Event: ev, Held: held}
	out.Series = make([]tocsin.Place, len(f.series))
	for i, rank := range f.series {
		m := &r.moments[rank]
		out.Series[i] = tocsin.Place{Time: timeOf(m.at), Source: r.sources[m.source], Record: m.record}
	}
	return out
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
