package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/campaign"
	"github.com/tocsin-ids/tocsin/sigma"
)

// Findings are the matches of a hunt, in order of time, source, record and rule. They are kept packed and made anew
// whenever they are gone through.
type Findings struct {
	finds []find
	set   *sigma.Set
	desks []*hunter
	joint []*tocsin.Match // of correlations, whole

	campaign.Result // empty unless Input.Key asked for it
}

// A find is a match: on a desk's shelf or, with desk < 0, the joint one that rule numbers.
type find struct {
	at         int64 // Unix nanoseconds
	record     uint64
	slot       tocsin.Slot
	rule, desk int32
	source     int32 // its rank; before all are known, its number on the desk
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

// Hunt holds the rules of set against all input. Matches that keep refuses are left out (nil keeps all; the fields that
// made a match of a single event hold are not told to it); what correlations count and what campaigns are made of is not
// touched by it: see Input.Known.
func Hunt(ctx context.Context, in Input, set *sigma.Set, keep func(*tocsin.Match) bool) (*Findings, *tocsin.Coverage, error) {
	f := &Findings{set: set}
	key := keyOf(in.Key)
	state := NewState(StateOptions{Key: key, Horizon: in.Horizon, Whole: !in.Causal})
	var mu sync.Mutex
	share := func(p *actor.Pages) {
		mu.Lock()
		defer mu.Unlock()
		state.Merge(p)
	}
	coverage, err := Read(ctx, in, func(worker int) Desk {
		h := newHunter(set, in.Progress)
		if in.Key != nil {
			h.noted = actor.NewPages(key)
			h.witness = newWitness(set, key, in.Known, h.note)
			h.share = share
		}
		f.desks = append(f.desks, h)
		if in.Watch == nil {
			return h
		}
		watch := in.Watch(worker)
		return DeskFunc(func(ev *tocsin.Event) {
			watch.Event(ev)
			h.Event(ev)
		})
	})
	if err != nil {
		return nil, coverage, err
	}
	var m tocsin.Match
	var ev tocsin.Event
	names := ranks{}
	whole := set.Correlator(nil)
	for i, h := range f.desks {
		kept := h.finds[:0]
		for _, x := range h.finds {
			x.desk, x.source = int32(i), names.number(h.sources.names[x.source])
			if keep == nil || keep(f.match(&x, false, &m, &ev)) {
				kept = append(kept, x)
			}
		}
		if h.finds = nil; f.finds == nil {
			f.finds = kept
		} else {
			f.finds = append(f.finds, kept...)
		}
		whole.Merge(h.series)
		h.series = nil
	}
	st := whole.Stats()
	coverage.Undated, coverage.Thin = st.Undated, st.Thin
	whole.Finish(func(m *tocsin.Match) {
		if w := f.desks[0].witness; w != nil && (in.Known == nil || !in.Known(m)) {
			w.again(m)
		}
		if keep == nil || keep(m) {
			f.finds = append(f.finds, find{at: nano(m.Time), record: m.Event.Record, source: names.number(m.Event.Source), rule: int32(len(f.joint)), desk: -1})
			f.joint = append(f.joint, m)
		}
	})
	f.sort(names.ranked())
	if in.Key != nil {
		for _, h := range f.desks {
			state.Merge(h.noted)
			h.noted, h.witness = nil, nil
		}
		if in.Horizon > 0 && !coverage.Last.IsZero() {
			state.pages.Forget(coverage.Last.Add(-in.Horizon))
		}
		state.Turn(time.Time{})
		f.Result = state.Result()
		coverage.LetGo = append(coverage.LetGo, state.LetGo()...)
	}
	coverage.Rules = len(set.Rules())
	coverage.Idle = idle(set, coverage)
	return f, coverage, nil
}

// keyOf makes a key of a secret of any length.
func keyOf(secret []byte) actor.Key {
	sum := sha256.Sum256(secret)
	return actor.Key(sum[:len(actor.Key{})])
}

// sort puts the finds in the order that is promised; rank is of their sources.
func (f *Findings) sort(rank []int32) {
	for i := range f.finds {
		f.finds[i].source = rank[f.finds[i].source]
	}
	slices.SortStableFunc(f.finds, func(a, b find) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		if c := cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.record, b.record)); c != 0 {
			return c
		}
		r, s := f.rule(&a), f.rule(&b)
		return cmp.Or(strings.Compare(r.Title, s.Title), strings.Compare(r.ID, s.ID))
	})
}

// ranks numbers names.
type ranks struct {
	names []string
	of    map[string]int32
	last  int32
}

func (r *ranks) number(name string) int32 {
	if len(r.names) > 0 && r.names[r.last] == name {
		return r.last
	}
	n, ok := r.of[name]
	if !ok {
		if r.of == nil {
			r.of = map[string]int32{}
		}
		n = int32(len(r.names))
		name = strings.Clone(name)
		r.names = append(r.names, name)
		r.of[name] = n
	}
	r.last = n
	return n
}

// ranked gives each number the place of its name in their order.
func (r *ranks) ranked() []int32 {
	rank := make([]int32, len(r.names))
	for i, name := range slices.Sorted(slices.Values(r.names)) {
		rank[r.of[name]] = int32(i)
	}
	return rank
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
	shelf    *tocsin.Shelf
	budget   int64 // bytes on the shelf beyond which events that are only for correlations are thinned
	sources  ranks
	finds    []find
	progress *Progress
	held     []int // the rules that hold for the event
	witness  *witness
	noted    *actor.Pages       // what the witness noted and is not yet shared
	share    func(*actor.Pages) // gives it to the owner
	hold     func(rule int)
}

// shareAt is how many deeds a worker keeps to itself: few, so that what all workers hold is bounded as what one would hold.
const shareAt = 1 << 14

// note notes an action with the worker's own, which are shared from time to time.
func (h *hunter) note(a *tocsin.Action) {
	h.noted.Add(a)
	if h.noted.Len() >= shareAt {
		h.share(h.noted)
		h.noted = h.noted.Fresh()
	}
}

// shelfBudget is a worker's usual one: some millions of a web server's lines.
const shelfBudget = 64 << 20

func newHunter(set *sigma.Set, progress *Progress) *hunter {
	h := &hunter{set: set, matcher: set.Matcher(), budget: shelfBudget, progress: progress}
	var packed []byte
	h.shelf = &tocsin.Shelf{
		Pack: func(b []byte) []byte {
			packed = s2.Encode(packed[:cap(packed)], b)
			return bytes.Clone(packed)
		},
		Unpack: func(b []byte) []byte {
			b, _ = s2.Decode(nil, b) // what Pack made
			return b
		},
	}
	h.series = set.Correlator(h.shelf)
	h.hold = func(rule int) { h.held = append(h.held, rule) }
	return h
}

// Event is the pipeline: event → sigma → match, or part of a series; and what both mean → action → actor.
func (h *hunter) Event(ev *tocsin.Event) {
	h.held = h.held[:0]
	h.matcher.Match(ev, h.hold)
	if h.witness != nil {
		h.witness.see(ev, h.held)
	}
	if len(h.held) == 0 {
		return
	}
	keep := ev
	if h.shelf.Bytes() > h.budget && !slices.ContainsFunc(h.held, h.set.Alerts) {
		keep = h.series.Thin(ev)
	}
	slot := h.shelf.Put(keep)
	h.series.Add(ev, slot, h.held...)
	for _, rule := range h.held {
		if !h.set.Alerts(rule) {
			continue
		}
		h.finds = append(h.finds, find{at: nano(ev.Time), record: ev.Record, source: h.sources.number(ev.Source), rule: int32(rule), slot: slot})
		if h.progress != nil {
			h.progress.Matches.Add(1)
		}
	}
}
