package engine

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// Findings are the matches of a hunt, in order of time, source, record and rule. They are kept packed and made anew
// whenever they are gone through.
type Findings struct {
	finds []find
}

// A find is a match on the shelf.
type find struct {
	time   time.Time
	source string
	record uint64
	rule   int
	set    *sigma.Set
	m      *sigma.Matcher
	shelf  *tocsin.Shelf
	slot   tocsin.Slot
	series *tocsin.Match // a correlation's, whole
}

// Len is the number of matches.
func (f *Findings) Len() int { return len(f.finds) }

// All goes through the matches. It may be called again, by one goroutine at a time.
func (f *Findings) All() iter.Seq[*tocsin.Match] {
	return func(yield func(*tocsin.Match) bool) {
		for i := range f.finds {
			if !yield(f.finds[i].match()) {
				return
			}
		}
	}
}

func (f *find) match() *tocsin.Match {
	if f.series != nil {
		return f.series
	}
	ev := f.shelf.Event(f.slot)
	return &tocsin.Match{Time: ev.Time, Rule: &f.set.Rules()[f.rule].Rule, Event: ev, Held: f.m.Held(ev, f.rule)}
}

// Hunt holds the rules of set against all input. Matches that keep refuses are left out (nil keeps all); what
// correlations count is not touched by it.
func Hunt(ctx context.Context, in Input, set *sigma.Set, keep func(*tocsin.Match) bool) (*Findings, *tocsin.Coverage, error) {
	var desks []*hunter
	coverage, err := Read(ctx, in, func(int) Desk {
		h := &hunter{set: set, matcher: set.Matcher(), series: set.Correlator(), progress: in.Progress}
		h.hit = h.held
		desks = append(desks, h)
		return h
	})
	found := &Findings{}
	whole := set.Correlator()
	for _, h := range desks {
		for i := range h.finds {
			if f := &h.finds[i]; keep == nil || keep(f.match()) {
				found.finds = append(found.finds, *f)
			}
		}
		whole.Merge(h.series)
	}
	whole.Finish(func(m *tocsin.Match) {
		if keep == nil || keep(m) {
			found.finds = append(found.finds, find{time: m.Time, source: m.Event.Source, record: m.Event.Record, rule: -1, series: m})
		}
	})
	slices.SortStableFunc(found.finds, func(a, b find) int {
		if c := a.time.Compare(b.time); c != 0 {
			return c
		}
		if c := strings.Compare(a.source, b.source); c != 0 {
			return c
		}
		if a.record != b.record {
			if a.record < b.record {
				return -1
			}
			return 1
		}
		return strings.Compare(a.key(), b.key())
	})
	coverage.Rules = len(set.Rules())
	coverage.Idle = idle(set, coverage)
	return found, coverage, err
}

func (f *find) key() string {
	r := &f.series
	if *r != nil {
		return (*r).Rule.Title + "\x00" + (*r).Rule.ID
	}
	rule := f.set.Rules()[f.rule]
	return rule.Title + "\x00" + rule.ID
}

// idle lists the rules that no event of the input could have matched.
func idle(set *sigma.Set, c *tocsin.Coverage) []*tocsin.Rule {
	sources := make([]tocsin.LogSource, len(c.Sources))
	for i, s := range c.Sources {
		sources[i] = s.Source
	}
	var out []*tocsin.Rule
	for i, r := range set.Rules() {
		if r.Detection != nil && !set.Applies(i, sources) {
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
	h.finds = append(h.finds, find{time: h.ev.Time, source: h.ev.Source, record: h.ev.Record, rule: rule,
		set: h.set, m: h.matcher, shelf: &h.shelf, slot: h.slot})
	if h.progress != nil {
		h.progress.Matches.Add(1)
	}
}
