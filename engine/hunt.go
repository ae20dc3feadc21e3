package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/campaign"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/guard"
	"github.com/tocsin-ids/tocsin/naming"
	"github.com/tocsin-ids/tocsin/sigma"
)

// Findings are the matches of a hunt, in order of time, source, record and rule. They are kept packed, where they are many in
// a temporary file, and made anew whenever they are gone through.
type Findings struct {
	order   sequence
	n       int
	workers int
	per     []int // matches by rule
	set     *sigma.Set
	rules   []*tocsin.Rule         // of the set, then the rows of knowledge, by their numbers
	rows    map[*tocsin.Rule]int32 // the numbers of rows that are findings

	listed Listed // nil where nobody asks
	base   int32  // the number of the first of its rules

	techniques [][]string // of the set's rules, by their ids of today; only for findings
	desks      []*hunter
	joint      []*tocsin.Match // of correlations, whole
	spool      *spool

	Principals []*tocsin.Principal // on whose behalf agents work; empty unless Input.Key asked for it

	campaign.Result // empty unless Input.Key asked for it
}

// A find is a match: on a desk's shelf or, with desk < 0, the joint one that rule numbers.
type find struct {
	at         int64 // Unix nanoseconds
	record     uint64
	slot       tocsin.Slot
	rule, desk int32
	source     int32 // its number on the desk
}

// Len is the number of matches.
func (f *Findings) Len() int { return f.n }

// All goes through the matches. A match and its event are valid until the next; a correlation's, for good. The fields
// that made it hold are told only if held asks for them. Only one goroutine may do this at a time. If Err is not nil
// afterwards, matches are missing.
func (f *Findings) All(held bool) iter.Seq[*tocsin.Match] {
	return func(yield func(*tocsin.Match) bool) {
		var says heldBy
		var m tocsin.Match
		var ev tocsin.Event
		for x := range f.order.all(f.spool) {
			if !yield(f.match(x, held, &says, &m, &ev)) {
				return
			}
		}
	}
}

// Err says why matches could not be read back from the temporary file; nil says that they could.
func (f *Findings) Err() error { return f.spool.Err() }

// Close gives the temporary file back. Matches cannot be gone through after it.
func (f *Findings) Close() error { return f.spool.Close() }

// Rules counts the matches by rule.
func (f *Findings) Rules() map[*tocsin.Rule]int {
	n := map[*tocsin.Rule]int{}
	for i, of := range f.per {
		if of > 0 {
			n[f.rules[i]] = of
		}
	}
	for _, m := range f.joint {
		n[m.Rule]++
	}
	return n
}

func (f *Findings) rule(x *find) *tocsin.Rule {
	if x.desk < 0 {
		return f.joint[x.rule].Rule
	}
	return f.rules[x.rule]
}

// A heldBy says which fields made rules hold, for one goroutine.
type heldBy struct{ matcher *sigma.Matcher }

func (f *Findings) match(x *find, held bool, says *heldBy, m *tocsin.Match, ev *tocsin.Event) *tocsin.Match {
	if x.desk < 0 {
		return f.joint[x.rule]
	}
	d := f.desks[x.desk]
	d.reading.Lock() // what is unpacked is remembered; the event's strings stay valid whatever is forgotten
	d.shelf.Load(x.slot, ev)
	d.reading.Unlock()
	*m = tocsin.Match{Time: ev.Time, Rule: f.rule(x), Event: ev}
	switch {
	case !held:
	case int(x.rule) < len(f.set.Rules()):
		if says.matcher == nil {
			says.matcher = f.set.Matcher()
		}
		m.Held = says.matcher.Held(ev, int(x.rule))
	case f.listed != nil && x.rule >= f.base:
		m.Held = f.listed.Held(ev, int(x.rule-f.base))
	}
	return m
}

// Hunt holds the rules of set against all input. Matches that keep refuses are left out (nil keeps all; the fields that
// made a match of a single event hold are not told to it); what correlations count and what campaigns are made of is not
// touched by it: see Input.Known. A hunt that ctx stopped gives what was found until then, with ctx's error.
func Hunt(ctx context.Context, in Input, set *sigma.Set, keep func(*tocsin.Match) bool) (*Findings, *tocsin.Coverage, error) {
	if in.Workers <= 0 {
		in.Workers = runtime.GOMAXPROCS(0)
	}
	in.finds, in.shelf = cmp.Or(in.finds, findsBound), cmp.Or(in.shelf, shelfBound)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := &Findings{set: set, workers: in.Workers, spool: &spool{failed: stop}}
	f.number(&in)
	key := keyOf(in.Key)
	sampling := channel.Key(key)
	if in.Key == nil {
		_, _ = rand.Read(sampling[:]) // it never fails
	}
	in.Causal = in.Causal && in.Key != nil
	o := StateOptions{Key: key, Horizon: in.Horizon, Whole: !in.Causal}
	if in.Causal { // correlations and channels advance with the pages, as in a live run
		o.Set, o.Known, o.Knowledge, o.Channels, o.Matches = set, in.Known, in.Knowledge, in.Channels, f.together()
	}
	state := NewState(o)
	var away [][2]int64 // pieces of ordinary use in the spool: where and how long
	if !in.Causal {
		state.pages.PutAway(func(piece []byte) {
			piece = s2.Encode(nil, piece)
			if at, ok := f.spool.put(piece); ok {
				away = append(away, [2]int64{at, int64(len(piece))})
			}
		})
	}
	var facts []*naming.Facts
	if in.Key != nil {
		in.Facts = func(int) Desk {
			f := naming.New(key)
			facts = append(facts, f)
			return DeskFunc(f.See)
		}
	}
	var mu sync.Mutex
	share := func(p *actor.Pages) {
		mu.Lock()
		defer mu.Unlock()
		state.Merge(p)
	}
	var table *channel.Table // of all workers
	if len(in.Channels) > 0 {
		table = channel.New(sampling)
	}
	shareChannels := func(t *channel.Table) {
		mu.Lock()
		defer mu.Unlock()
		table.Merge(t)
	}
	coverage, err := Read(ctx, in, func(worker int) Desk {
		h := f.hunter(worker, in)
		switch {
		case in.Causal:
			h.tables, h.key, h.enough = tables{}, key, math.MaxInt64
		case table != nil:
			h.channels, h.shareChannels = table.Fresh(), shareChannels
		}
		if in.Key != nil {
			h.guard = guard.NewBook()
			if h.noted = state.pages; in.Workers != 1 {
				h.noted, h.share = actor.NewPages(key), share
			}
		}
		if in.Key != nil || in.Findings {
			h.witness = newWitness(set, in.Knowledge, key, in.Known, h.note)
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
	stopped := coverage != nil && coverage.Partial != "" && f.Err() == nil
	if err := cmp.Or(f.Err(), err); err != nil && !stopped {
		_ = f.Close()
		return nil, coverage, err
	}
	if !in.Causal {
		f.judge(in, coverage, table, keep)
	}
	if in.Key != nil {
		for _, h := range f.desks {
			if h.share != nil {
				state.Merge(h.noted)
			}
			h.noted, h.witness = nil, nil
		}
		for _, h := range f.desks[1:] {
			f.desks[0].guard.Merge(h.guard)
			h.guard = nil
		}
		f.Principals = f.desks[0].guard.Principals(in.Scope)
		coverage.LetGo = append(coverage.LetGo, f.desks[0].guard.LetGo()...)
		f.desks[0].guard = nil
		err := state.pages.TakeBack(func(yield func([]byte) bool) {
			for _, x := range away {
				piece, err := s2.Decode(nil, f.spool.get(x[0], int(x[1])))
				if err != nil || !yield(piece) {
					return
				}
			}
		})
		if err := cmp.Or(f.Err(), err); err != nil {
			_ = f.Close()
			return nil, coverage, err
		}
		if in.Horizon > 0 && !coverage.Last.IsZero() {
			state.pages.Forget(coverage.Last.Add(-in.Horizon))
		}
		for _, more := range facts[1:] {
			facts[0].Merge(more)
		}
		names := facts[0].Names()
		state.board.Names = names
		if in.Causal {
			for _, h := range f.desks {
				st := h.series.Stats()
				coverage.Undated += st.Undated
				coverage.Thin += st.Thin
				state.MergeHits(set, h.series)
				state.MergeChannels(h.tables)
				h.series, h.tables = nil, nil
			}
			state.Turn(coverage.Last.Add(restSpan))
			f.sortJoint()
			f.joint = slices.DeleteFunc(f.joint, func(m *tocsin.Match) bool { return keep != nil && !keep(m) })
		}
		state.Turn(time.Time{})
		f.Result = state.Result()
		for i, c := range f.Campaigns {
			f.Campaigns[i] = names.Name(c, state.board.Acts)
		}
		bothEnds(f.Campaigns, f.Principals)
		coverage.LetGo = append(coverage.LetGo, facts[0].LetGo()...)
		coverage.LetGo = append(coverage.LetGo, state.LetGo()...)
	}
	f.sort(keep, in.finds)
	if err := f.Err(); err != nil {
		_ = f.Close()
		return nil, coverage, err
	}
	coverage.Rules = len(set.Rules())
	coverage.Idle = idle(set, coverage)
	return f, coverage, err
}

// keyOf makes a key of a secret of any length.
func keyOf(secret []byte) actor.Key {
	sum := sha256.Sum256(secret)
	return actor.Key(sum[:len(actor.Key{})])
}

// judge makes the matches of correlations and channels of all that was read, and notes what they say of actions.
func (f *Findings) judge(in Input, coverage *tocsin.Coverage, table *channel.Table, keep func(*tocsin.Match) bool) {
	st := f.correlate(max(1, in.finds/8))
	coverage.Undated, coverage.Thin = st.Undated, st.Thin
	if st.Past > 0 {
		coverage.LetGo = append(coverage.LetGo, tocsin.LetGo{Kind: "correlation hits", N: st.Past, Why: "series that others build on were known too late"})
	}
	if table != nil {
		for _, h := range f.desks {
			table.Merge(h.channels)
			h.channels = nil
		}
		f.joint = append(f.joint, table.Judge(in.Channels)...)
		coverage.LetGo = append(coverage.LetGo, table.LetGo()...)
	}
	f.sortJoint()
	f.joint = slices.DeleteFunc(f.joint, func(m *tocsin.Match) bool {
		if w := f.desks[0].witness; w != nil && in.Key != nil && (in.Known == nil || !in.Known(m)) {
			w.again(m)
		}
		return keep != nil && !keep(m)
	})
}

// together keeps matches of correlations and channels; one that is told again takes the place of what was told before.
func (f *Findings) together() func(*tocsin.Match) {
	at := map[[16]byte]int{}
	return func(m *tocsin.Match) {
		if i, ok := at[m.Key]; ok {
			f.joint[i] = m
			return
		}
		at[m.Key] = len(f.joint)
		f.joint = append(f.joint, m)
	}
}

// correlate makes the joint matches, in order. Of hits that were put away it takes so many events at a time.
func (f *Findings) correlate(step int) sigma.CorrelatorStats {
	var shelf tocsin.Shelf
	whole := f.set.Correlator(&shelf)
	var more []sequence
	for _, h := range f.desks {
		whole.Merge(h.series)
		h.series = nil
		more = append(more, h.hits.sequences()...)
	}
	emit := f.together()
	var ev tocsin.Event
	var last find
	var rules []int
	n := 0
	add := func() {
		if len(rules) > 0 {
			f.desks[last.desk].shelf.Load(last.slot, &ev)
			whole.Add(&ev, shelf.Put(&ev), rules...)
		}
		rules = rules[:0]
	}
	for x := range merged(more, f.spool, f.compareHits) {
		if x.desk != last.desk || x.slot != last.slot {
			add()
			if n++; n%step == 0 {
				whole.Advance(time.Unix(0, x.at), emit) // no hit that is to come is earlier
				shelf = tocsin.Shelf{}
			}
		}
		last, rules = *x, append(rules, int(x.rule))
	}
	add()
	whole.Advance(endOfTime, emit)
	return whole.Stats()
}

// sortJoint orders the joint matches by time, source, record and rule.
func (f *Findings) sortJoint() {
	slices.SortStableFunc(f.joint, func(a, b *tocsin.Match) int {
		return cmp.Or(cmp.Compare(nano(a.Time), nano(b.Time)), strings.Compare(a.Event.Source, b.Event.Source), compareRecords(a.Event.Record, b.Event.Record),
			strings.Compare(a.Rule.Title, b.Rule.Title), strings.Compare(a.Rule.ID, b.Rule.ID),
			slices.CompareFunc(a.Held, b.Held, func(a, b tocsin.Field) int {
				return cmp.Or(cmp.Compare(len(a.Value), len(b.Value)), strings.Compare(a.Value, b.Value))
			}))
	})
}

var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// compareHits orders what correlations are told: by time, source and record, and of one record as it came.
func (f *Findings) compareHits(a, b *find) int {
	if a.at != b.at {
		return cmp.Compare(a.at, b.at)
	}
	if c := strings.Compare(f.source(a), f.source(b)); c != 0 {
		return c
	}
	return cmp.Or(compareRecords(a.record, b.record), cmp.Compare(a.desk, b.desk), cmp.Compare(a.slot.Number(), b.slot.Number()))
}

// sort puts the finds of all desks, and the joint ones, in the order that is promised, without those that keep refuses; more
// than bound are put away.
func (f *Findings) sort(keep func(*tocsin.Match) bool, bound int) {
	var sorted []sequence
	for _, h := range f.desks {
		sorted = append(sorted, h.finds.sequences()...)
	}
	var joint sequence
	for i, m := range f.joint {
		joint.finds = append(joint.finds, find{at: nano(m.Time), record: m.Event.Record, rule: int32(i), desk: -1})
	}
	w := sequencer{spool: f.spool, bound: bound}
	f.per = make([]int, len(f.rules))
	var m tocsin.Match
	var ev tocsin.Event
	for x := range merged(append(sorted, joint), f.spool, f.compare) {
		if x.desk >= 0 {
			if keep != nil && !keep(f.match(x, false, nil, &m, &ev)) {
				continue
			}
			f.per[x.rule]++
		}
		f.n++
		w.add(x)
	}
	w.flush()
	f.order = w.sequence
}

// compare orders finds by time, source, record and rule.
func (f *Findings) compare(a, b *find) int {
	if a.at != b.at {
		return cmp.Compare(a.at, b.at)
	}
	if c := strings.Compare(f.source(a), f.source(b)); c != 0 {
		return c
	}
	if a.record != b.record {
		return compareRecords(a.record, b.record)
	}
	r, s := f.rule(a), f.rule(b)
	return cmp.Or(strings.Compare(r.Title, s.Title), strings.Compare(r.ID, s.ID))
}

func (f *Findings) source(x *find) string {
	if x.desk < 0 {
		return f.joint[x.rule].Event.Source
	}
	return f.desks[x.desk].sources.names[x.source]
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

// FindingLevel is the level from which on a row of knowledge is a finding, listed like a rule's match.
const FindingLevel = tocsin.Medium

// number gives the rules of the set, and the rows that are findings, their numbers.
func (f *Findings) number(in *Input) {
	for _, r := range f.set.Rules() {
		f.rules = append(f.rules, &r.Rule)
	}
	defer func() {
		if f.listed = in.Listed; f.listed != nil {
			f.base = int32(len(f.rules))
			f.rules = append(f.rules, f.listed.Rules()...)
		}
	}()
	if !in.Findings {
		return
	}
	if in.Knowledge == nil {
		in.Knowledge = ownKnowledge()
	}
	f.rows = map[*tocsin.Rule]int32{}
	for _, r := range f.set.Rules() {
		f.techniques = append(f.techniques, r.Techniques())
	}
	for _, r := range in.Knowledge.Rules() {
		if r.Level >= FindingLevel {
			f.rows[r] = int32(len(f.rules))
			f.rules = append(f.rules, r)
		}
	}
}

// A hunter is a worker's share of a hunt.
type hunter struct {
	*Findings
	desk          int32
	matcher       *sigma.Matcher
	series        *sigma.Correlator
	shelf         *tocsin.Shelf
	reading       sync.Mutex // of the shelf, once the hunt is over
	sources       ranks
	finds         pile // of rules that alert
	hits          pile // of rules that correlations build on, once series has enough
	enough        int64
	progress      *Progress
	held          []int   // the rules that hold for the event
	found         []int32 // the rows of knowledge that are findings, by their numbers
	witness       *witness
	channels      *channel.Table       // what the worker noted of channels and is not yet shared; nil where nobody asks for them
	shareChannels func(*channel.Table) // gives it to the owner
	tables        tables               // the same by hour, of a causal hunt, under its key
	key           actor.Key
	guard         *guard.Book        // calls of agents; nil where nobody asks for it
	agents        bool               // the event is an agent's call
	booked        bool               // the event is in the book of the guard
	noted         *actor.Pages       // what the witness noted and is not yet shared
	share         func(*actor.Pages) // gives it to the owner
	hold          func(rule int)
	list          func(rule int) // notes one of Listed's
}

// note notes an action with the worker's own, which are shared from time to time.
func (h *hunter) note(a *tocsin.Action) {
	if n, ok := h.rows[a.Row]; ok && !slices.Contains(h.found, n) && !h.toldBy(a) {
		h.found = append(h.found, n)
	}
	if h.noted == nil {
		return
	}
	if h.agents {
		h.guard.Note(a)
	}
	h.noted.Add(a)
	if h.share != nil && h.noted.Heavy() {
		h.share(h.noted)
		h.noted = h.noted.Fresh()
	}
}

// toldBy says that a rule that held tells of the same technique, no less loudly: one match is enough.
func (h *hunter) toldBy(a *tocsin.Action) bool {
	for _, i := range h.held {
		if r := &h.set.Rules()[i].Rule; r.Level >= a.Row.Level && h.set.Alerts(i) && slices.Contains(h.techniques[i], a.Technique) {
			return true
		}
	}
	return false
}

// shelfBound is how many bytes of events of a hunt, those of all workers together, are in memory. More are put away.
const shelfBound = 32 << 20

func (f *Findings) hunter(desk int, in Input) *hunter {
	h := &hunter{Findings: f, desk: int32(desk), matcher: f.set.Matcher(), progress: in.Progress}
	if in.Profile != nil {
		h.matcher.Profile(in.Profile())
	}
	h.finds = pile{bound: max(1, in.finds/in.Workers), spool: f.spool, compare: f.compare}
	h.hits = pile{bound: h.finds.bound, spool: f.spool, compare: f.compareHits}
	h.enough = int64(h.finds.bound)
	budget := in.shelf / int64(in.Workers)
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
		Away: func(b []byte) (int64, bool) {
			if h.shelf.Bytes() <= budget {
				return 0, false
			}
			return f.spool.put(b)
		},
		Back: f.spool.get,
	}
	h.series = f.set.Correlator(h.shelf)
	h.hold = func(rule int) { h.held = append(h.held, rule) }
	h.list = func(rule int) { h.found = append(h.found, h.base+int32(rule)) }
	return h
}

// look is the pipeline: event → sigma → match, or part of a channel; and what they mean → action → actor. It reports whether
// a rule or a row that is a finding holds.
func (h *hunter) look(ev *tocsin.Event) bool {
	h.held, h.found = h.held[:0], h.found[:0]
	h.matcher.Match(ev, h.hold)
	if h.witness != nil {
		about := len(ev.Sources) > 0 && ev.Sources[0].Product == "ai_agent"
		word := about && ev.Sources[0].Category == "provider_verdict" // what a provider said, and nobody did
		h.booked = h.guard != nil && about
		h.agents = h.booked && !word
		switch {
		case h.agents:
			h.guard.Call(ev)
		case h.booked:
			h.guard.Verdict(ev)
		}
		if !word {
			h.witness.see(ev, h.held)
		}
	}
	if h.listed != nil {
		h.listed.Match(ev, h.list)
	}
	if h.tables != nil {
		h.tables.add(ev, h.key)
	}
	if h.channels != nil {
		if h.channels.Add(ev); h.channels.Heavy() {
			h.shareChannels(h.channels)
			h.channels = h.channels.Fresh()
		}
	}
	return len(h.held)+len(h.found) > 0
}

// Event takes an event of a hunt, and keeps it if something holds.
func (h *hunter) Event(ev *tocsin.Event) {
	if !h.look(ev) {
		return
	}
	slot := h.shelf.Put(ev)
	x := find{at: nano(ev.Time), record: ev.Record, source: h.sources.number(ev.Source), slot: slot, desk: h.desk}
	spill := h.series.Stats().Hits >= h.enough
	if !spill && len(h.held) > 0 {
		h.series.Add(ev, slot, h.held...)
	}
	for _, rule := range h.held {
		x.rule = int32(rule)
		if spill && h.set.Correlated(rule) {
			hit := x
			if ev.Time.IsZero() {
				hit.at = nano(ev.Sensor)
			}
			h.hits.add(hit)
		}
		if h.set.Alerts(rule) {
			h.find(x)
		}
	}
	for _, x.rule = range h.found {
		h.find(x)
	}
}

func (h *hunter) find(x find) {
	h.finds.add(x)
	if h.progress != nil {
		h.progress.Matches.Add(1)
	}
}
