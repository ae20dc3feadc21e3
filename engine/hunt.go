package engine

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// Findings are the matches of a hunt, in order of time, source, record and rule. They are kept packed and made anew
// whenever they are gone through.
type Findings struct {
	finds []find
	set   *sigma.Set
	desks []*hunter
	joint []*tocsin.Match // of correlations, whole
}

// A find is a match: on a desk's shelf or, with desk < 0, the joint one that rule numbers.
type find struct {
	at         int64 // Unix nanoseconds
	record     uint64
	slot       tocsin.Slot
	rule, desk int32
}

// Len is the number of matches.
func (f *Findings) Len() int { return len(f.finds) }

// All goes through the matches. A match and its event are valid until the next; a correlation's, for good. The fields
// that made it hold are told only if held asks for them. Only one goroutine may do this at a time.
func (f *Findings) All(held bool) iter.Seq[*tocsin.Match] {
	return func(yield func(*tocsin.Match) bool) {
		var m tocsin.Match
		var ev tocsin.Event
		for i := range f.finds {
			if !yield(f.match(&f.finds[i], held, &m, &ev)) {
				return
			}
		}
	}
}

// Rules counts the matches by rule.
func (f *Findings) Rules() map[*tocsin.Rule]int {
	n := map[*tocsin.Rule]int{}
	for i := range f.finds {
		n[f.rule(&f.finds[i])]++
	}
	return n
}

func (f *Findings) rule(x *find) *tocsin.Rule {
	if x.desk < 0 {
		return f.joint[x.rule].Rule
	}
	return &f.set.Rules()[x.rule].Rule
}

func (f *Findings) match(x *find, held bool, m *tocsin.Match, ev *tocsin.Event) *tocsin.Match {
	if x.desk < 0 {
		return f.joint[x.rule]
	}
	d := f.desks[x.desk]
	d.shelf.Load(x.slot, ev)
	*m = tocsin.Match{Time: ev.Time, Rule: f.rule(x), Event: ev}
	if held {
		m.Held = d.matcher.Held(ev, int(x.rule))
	}
	return m
}

// Hunt holds the rules of set against all input. Matches that keep refuses are left out (nil keeps all); what
// correlations count is not touched by it.
func Hunt(ctx context.Context, in Input, set *sigma.Set, keep func(*tocsin.Match) bool) (*Findings, *tocsin.Coverage, error) {
	f := &Findings{set: set}
	coverage, err := Read(ctx, in, func(int) Desk {
		h := &hunter{set: set, matcher: set.Matcher(), series: set.Correlator(), progress: in.Progress}
		h.hit = h.held
		f.desks = append(f.desks, h)
		return h
	})
	if err != nil {
		return nil, coverage, err
	}
	var m tocsin.Match
	var ev tocsin.Event
	whole := set.Correlator()
	for i, h := range f.desks {
		f.finds = slices.Grow(f.finds, len(h.finds))
		for _, x := range h.finds {
			x.desk = int32(i)
			if keep == nil || keep(f.match(&x, true, &m, &ev)) {
				f.finds = append(f.finds, x)
			}
		}
		h.finds = nil
		whole.Merge(h.series)
		h.series = nil
	}
	whole.Finish(func(m *tocsin.Match) {
		if keep == nil || keep(m) {
			f.finds = append(f.finds, find{at: nano(m.Time), record: m.Event.Record, rule: int32(len(f.joint)), desk: -1})
			f.joint = append(f.joint, m)
		}
	})
	f.sort()
	coverage.Rules = len(set.Rules())
	coverage.Idle = idle(set, coverage)
	return f, coverage, nil
}

// sort puts the finds in the order that is promised. Sources and rules are compared by their rank among all.
func (f *Findings) sort() {
	rank := map[string]int{}
	sources := make([]string, len(f.finds))
	for i := range f.finds {
		x := &f.finds[i]
		if x.desk < 0 {
			sources[i] = f.joint[x.rule].Event.Source
		} else {
			sources[i] = f.desks[x.desk].shelf.Source(x.slot)
		}
		rank[sources[i]] = 0
	}
	names := make([]string, 0, len(rank))
	for s := range rank {
		names = append(names, s)
	}
	slices.Sort(names)
	for i, s := range names {
		rank[s] = i
	}
	type keyed struct {
		find
		source int
	}
	all := make([]keyed, len(f.finds))
	for i, x := range f.finds {
		all[i] = keyed{x, rank[sources[i]]}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		if c := cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.record, b.record)); c != 0 {
			return c
		}
		r, s := f.rule(&a.find), f.rule(&b.find)
		return cmp.Or(strings.Compare(r.Title, s.Title), strings.Compare(r.ID, s.ID))
	})
	for i := range all {
		f.finds[i] = all[i].find
	}
}

// idle lists the rules that no event of the input could have matched.
func idle(set *sigma.Set, c *tocsin.Coverage) []*tocsin.Rule {
	var out []*tocsin.Rule
	for i, r := range set.Rules() {
		if r.Detection != nil && !set.Applies(i, c.Known) {
			out = append(out, &r.Rule)
		}
	}
	return out
}

// A hunter is a worker's share of a hunt.
type hunter struct {
	set      *sigma.Set
	matcher  *sigma.Matcher
	series   *sigma.Correlator
	shelf    tocsin.Shelf
	finds    []find
	progress *Progress

	ev   *tocsin.Event // the one being matched
	slot tocsin.Slot   // where it lies, once a rule held
	put  bool
	hit  func(rule int)
}

// Event is the pipeline: event → sigma → match, or part of a series.
func (h *hunter) Event(ev *tocsin.Event) {
	h.ev, h.put = ev, false
	h.matcher.Match(ev, h.hit)
}

func (h *hunter) held(rule int) {
	if h.set.Correlated(rule) {
		h.series.Add(h.ev, rule)
	}
	if !h.set.Alerts(rule) {
		return
	}
	if !h.put {
		h.slot, h.put = h.shelf.Put(h.ev), true
	}
	h.finds = append(h.finds, find{at: nano(h.ev.Time), record: h.ev.Record, rule: int32(rule), slot: h.slot})
	if h.progress != nil {
		h.progress.Matches.Add(1)
	}
}
