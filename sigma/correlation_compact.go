package sigma

import (
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// compact lets go of what no later window can hold: inputs, those first that build on others, then the events of none.
func (r *replay) compact() {
	live := make([]bool, len(r.moments))
	wanted := make([][]bool, len(r.lanes)) // by correlation: outputs that inputs of others are made of
	for i := range r.lanes {
		wanted[i] = make([]bool, len(r.lanes[i].outputs))
	}
	numbers := make([][]int32, len(r.lanes)) // by correlation: new numbers of outputs
	for _, j := range slices.Backward(r.set.list) {
		l := &r.lanes[j.index]
		l.keep(r.kept(j, wanted[j.index]))
		numbers[j.index] = l.drop(wanted[j.index])
		for i := range l.inputs {
			in := &l.inputs[i]
			live[in.rank], live[in.shown] = true, true
			if in.child >= 0 {
				wanted[in.child][in.out] = true
			}
		}
	}
	to := r.settle(live)
	for i := range r.lanes {
		in := r.lanes[i].inputs
		for k := range in {
			in[k].rank, in[k].shown = to[in[k].rank], to[in[k].shown]
			if in[k].child >= 0 {
				in[k].out = numbers[in[k].child][in[k].out]
			}
		}
	}
}

// kept says which inputs of a correlation something may still refer to.
func (r *replay) kept(j *join, wanted []bool) []bool {
	l := &r.lanes[j.index]
	edges := make([]int32, len(l.inputs)+1) // +1 where a stretch of them begins, -1 after its end
	mark := func(from, to int) { edges[from]++; edges[to]-- }
	m := meter{moments: r.moments}
	for from := 0; from < len(l.inputs); from += len(m.in) {
		to := from + 1
		for to < len(l.inputs) && l.inputs[to].group == l.inputs[from].group {
			to++
		}
		m.in = l.inputs[from:to]
		first := m.place(l.judged)
		if first > 0 && m.at(first-1) >= l.horizon(j) {
			first = m.place(back(m.at(first-1), j.reach()))
		}
		mark(from+first, to)
		s, ok := l.states[l.inputs[from].group]
		switch {
		case !ok:
		case first == m.place(l.judged): // no judged input matters to what comes
			delete(l.states, l.inputs[from].group)
		case s.have && s.best.lo >= 0:
			mark(int(s.best.lo), int(s.best.hi)+1)
		}
	}
	for i, w := range wanted {
		if w {
			mark(int(l.outputs[i].lo), int(l.outputs[i].hi)+1)
		}
	}
	keep := make([]bool, len(l.inputs))
	n := int32(0)
	for i := range keep {
		n += edges[i]
		keep[i] = n > 0
	}
	return keep
}

// keep lets go of the other inputs.
func (l *lane) keep(keep []bool) {
	to := make([]int32, len(keep))
	n := 0
	for _, k := range keep {
		if k {
			n++
		}
	}
	inputs := make([]input, 0, n)
	for i, k := range keep {
		if to[i] = int32(len(inputs)); k {
			inputs = append(inputs, l.inputs[i])
		}
	}
	l.inputs = inputs
	l.move(to)
}

// drop lets go of the other outputs and gives the new numbers.
func (l *lane) drop(wanted []bool) []int32 {
	to := make([]int32, len(wanted))
	outputs := l.outputs[:0]
	for i, w := range wanted {
		if w {
			to[i] = int32(len(outputs))
			outputs = append(outputs, l.outputs[i])
		}
	}
	l.outputs, l.fresh = slices.Clone(outputs), len(outputs)
	return to
}

// settle lets go of the events that are not live, puts the others on the replay's own shelf, and gives the new ranks.
func (r *replay) settle(live []bool) []uint32 {
	to := make([]uint32, len(live))
	n := 0
	for i, is := range live {
		to[i] = uint32(n)
		if is {
			n++
		}
	}
	own := r.shelves[0]
	anew := r.own > 2*n+1024 // most of what is on the shelf is of no use
	if anew {
		own, r.own = &tocsin.Shelf{Pack: own.Pack, Unpack: own.Unpack}, 0
	}
	moments := make([]moment, 0, n)
	var hosts, sources naming
	for i, is := range live {
		if !is {
			continue
		}
		m := r.moments[i]
		if anew || m.part > 0 {
			r.shelves[m.part].Load(m.slot, &r.ev)
			m.slot = own.Put(&r.ev)
			r.own++
		}
		m.part = 0
		m.host, m.source = hosts.number(m.host), sources.number(m.source)
		moments = append(moments, m)
	}
	r.moments, r.shelves = moments, []*tocsin.Shelf{own}
	r.hosts, r.sources = hosts.names(r.hosts), sources.names(r.sources)
	return to
}

// A naming numbers those names that are used, as they are met.
type naming struct {
	to   map[uint32]uint32
	used []uint32
}

func (n *naming) number(old uint32) uint32 {
	if n.to == nil {
		n.to = map[uint32]uint32{}
	}
	i, ok := n.to[old]
	if !ok {
		i = uint32(len(n.used))
		n.to[old] = i
		n.used = append(n.used, old)
	}
	return i
}

func (n *naming) names(all []string) []string {
	var out []string
	for _, i := range n.used {
		out = append(out, all[i])
	}
	return out
}

// sweep lets go of values, groups and counted tuples that nothing refers to, where most may be such.
func (r *replay) sweep() {
	if r.numbered() <= r.tables {
		return
	}
	old := r.values
	r.values = &values{}
	to := func(tuple []uint32) []uint32 {
		out := make([]uint32, len(tuple))
		for i, v := range tuple {
			out[i] = r.values.texts.numberOf(old.texts.text[v])
		}
		return out
	}
	for _, j := range r.set.list {
		l := &r.lanes[j.index]
		var groups, counted ranking
		states := map[uint32]state{}
		last, number := uint32(0), uint32(0)
		for i := range l.inputs {
			in := &l.inputs[i]
			if i == 0 || in.group != last {
				last = in.group
				number = groups.number(to(l.groups.tuple(last)))
				if s, ok := l.states[last]; ok {
					states[number] = s
				}
			}
			in.group = number // in the order they had
			if j.measure.distinct() {
				in.value = uint64(counted.number(to(l.counted.tuple(uint32(in.value)))))
			}
		}
		l.groups, l.counted, l.states = groups, counted, states
	}
	r.tables = minTables + 2*r.numbered()
}

// numbered is how many values, groups and tuples have numbers.
func (r *replay) numbered() int {
	n := len(r.values.texts.text)
	for i := range r.lanes {
		n += int(r.lanes[i].groups.n) + int(r.lanes[i].counted.n)
	}
	return n
}
