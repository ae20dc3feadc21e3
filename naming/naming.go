// Package naming gathers what logs say about the names of machines and accounts: which host an address is and when, how
// else a host is called, whose machine it is, which mailbox goes to whom. It tells facts with the records they come from;
// what is one thing, others decide.
//
// Which records say what is a table, sources.txt. Nothing else is believed: a name in a request is no fact.
//
// Names are written by whoever speaks on a network. So the facts about one name, and those of one kind, are bounded, what is
// kept beyond a bound is chosen by a keyed hash (addresses of networks of one's own first), and facts that contradict each
// other are kept and doubted, not decided: an address that is several machines at a time is none.
//
// The same records in any order, shared out among any number of Facts that are merged, give the same. Their written form is in
// pieces, of which [Facts.Save] gives those that changed, and [Load] reads it back; [Facts.Forget] bounds a run of months.
package naming

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dchest/siphash"

	"github.com/tocsin-ids/tocsin"
)

const (
	// perName bounds the names that one kind of record gives one name, and perKind the facts of one kind of record.
	perName = 32
	perKind = 8192

	// slotLength is the finest stretch by which the times of a fact are kept, in seconds. Where there are more than maxSpans,
	// stretches are twice as long, and so on.
	slotLength = 3600
	maxSpans   = 16

	// maxPlans bounds the kinds of event that are remembered.
	maxPlans = 1 << 12
)

// undated is the slot and the time of what has none.
const undated = math.MinInt64

// Facts collects what events say about names. It is used by one goroutine at a time.
type Facts struct {
	key     [2]uint64
	facts   map[string]*fact
	shares  map[string]*share // by kind of record and the name that a fact is of
	kinds   []kindState
	sources map[string]string

	before  int64               // facts that were seen last before it were let go
	old     int64               // sightings of them
	changes uint64              // see Revision
	dirty   map[string]struct{} // keys of facts that are not as a store has them; nil where nobody asks
	given   map[string]struct{} // of those, what the last Save gave
	kept    keptPieces

	plans      map[planKey]*plan
	last       planKey // of the event before, whose plan is …
	plan       *plan
	planned    bool
	buf        []byte
	hole       []tocsin.Field
	lastSource string
}

// kindState is what is kept of one saying of the table.
type kindState struct {
	n     int
	limit uint64 // ranks above it are not kept
	lost  int64  // sightings of what is not kept
}

type planKey struct {
	sources *tocsin.LogSource
	n       int
	format  string
}

// A fact is one name of another, by one kind of record.
type fact struct {
	say      *saying
	of, name string
	rank     uint64
	width    int64 // of its slots, in seconds
	spans    []span
}

// A share is the facts of one name by one kind of record.
type share struct {
	facts []*fact
}

// A span is the sightings of a fact in one slot. Times are microseconds since 1970.
type span struct {
	slot        int64
	n           int64
	first, last int64
	from, to    place
}

type place struct {
	source string
	record uint64
}

func (p place) compare(o place) int {
	return cmp.Or(strings.Compare(p.source, o.source), cmp.Compare(p.record, o.record))
}

// New makes an empty Facts. What is kept where there is more than is kept is chosen under the key.
func New(key [16]byte) *Facts {
	f := &Facts{key: [2]uint64{binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])},
		facts: map[string]*fact{}, shares: map[string]*share{}, sources: map[string]string{}, plans: map[planKey]*plan{}}
	f.kinds = make([]kindState, len(sayings))
	for i := range f.kinds {
		f.kinds[i].limit = math.MaxUint64
	}
	return f
}

// Fresh makes an empty one under the same key.
func (f *Facts) Fresh() *Facts {
	var key [16]byte
	binary.LittleEndian.PutUint64(key[:8], f.key[0])
	binary.LittleEndian.PutUint64(key[8:], f.key[1])
	return New(key)
}

// See takes in what an event says. It keeps nothing of the event itself.
func (f *Facts) See(ev *tocsin.Event) {
	k := planKey{n: len(ev.Sources), format: ev.Format}
	if k.n > 0 {
		k.sources = &ev.Sources[0]
	}
	if k != f.last || !f.planned {
		p, ok := f.plans[k]
		if !ok {
			if len(f.plans) >= maxPlans {
				clear(f.plans)
			}
			p = newPlan(ev.Sources, ev.Format)
			k.format = strings.Clone(k.format)
			f.plans[k] = p
		}
		f.last, f.plan, f.planned = k, p, true
	}
	if f.plan == nil {
		return
	}
	f.plan.each(ev, func(r *row) { f.read(r, ev) })
}

// read takes in what an event says by a row.
func (f *Facts) read(r *row, ev *tocsin.Event) {
	if !r.holds(ev) {
		return
	}
	if !r.line {
		f.said(r, ev, func(t *text) string { return ev.Text(t.field) })
		return
	}
	n := 0
	v := ev.Text(r.texts[0].field)
	for line := range strings.Lines(v[:min(len(v), maxText)]) {
		if n++; n > maxLines {
			return
		}
		line = strings.Join(strings.Fields(line), " ")
		f.said(r, ev, func(*text) string { return line })
	}
}

// said takes in what an event says by a row whose texts hold for values of it.
func (f *Facts) said(r *row, ev *tocsin.Event, value func(*text) string) {
	f.hole = f.hole[:0]
	for i := range r.texts {
		t := &r.texts[i]
		if !t.match(value(t), func(name, value string) { f.hole = append(f.hole, tocsin.Field{Name: name, Value: value}) }) {
			return
		}
	}
	for i := range r.says {
		s := &r.says[i]
		f.side(ev, &s.of, func(of string) {
			f.side(ev, &s.name, func(name string) {
				if of != name {
					f.add(s, of, name, ev)
				}
			})
		})
	}
}

// side gives the names that an event has on one side of a saying.
func (f *Facts) side(ev *tocsin.Event, s *side, yield func(string)) {
	value := func(v string) {
		if shape := shapes[s.shape]; shape != nil {
			shape(v, func(v string) { f.named(ev, s, v, yield) })
		} else {
			f.named(ev, s, v, yield)
		}
	}
	switch s.field[0] {
	case '@':
		value(ev.Host)
	case '{':
		for _, h := range f.hole {
			if h.Name == s.field[1:len(s.field)-1] {
				value(h.Value)
			}
		}
	default:
		for i := range ev.Fields {
			if ev.Fields[i].Name == s.field {
				value(ev.Fields[i].Value)
			}
		}
	}
}

// named gives a value as the name that it is to be, if it is one.
func (f *Facts) named(ev *tocsin.Event, s *side, v string, yield func(string)) {
	name := ""
	switch s.kind {
	case "address":
		name = addressOf(v)
	case "host":
		name = hostOf(v)
	case "place":
		if name = addressOf(v); name == "" {
			name = hostOf(v)
		}
	case "sid":
		name = sidOf(v)
	case "mailbox":
		name = mailboxOf(v)
	case "user":
		domain := ""
		if s.domain != "" {
			domain = ev.Text(s.domain)
		}
		name = accountOf(domain, v)
	}
	if name != "" {
		yield(name)
	}
}

// add notes one sighting.
func (f *Facts) add(s *saying, of, name string, ev *tocsin.Event) {
	x := f.find(s, of, name, 1)
	if x == nil {
		return
	}
	if ev.Source != f.lastSource {
		src, ok := f.sources[ev.Source]
		if !ok {
			src = strings.Clone(ev.Source)
			f.sources[src] = src
		}
		f.lastSource = src
	}
	at := ev.Time
	if at.IsZero() {
		at = ev.Sensor
	}
	t := int64(undated)
	if !at.IsZero() {
		t = at.UnixMicro()
	}
	p := place{f.lastSource, ev.Record}
	f.touch(x)
	x.take(span{n: 1, first: t, last: t, from: p, to: p})
}

// keyOf makes the key of a fact, and of the share that it is part of.
func (f *Facts) keyOf(s *saying, of, name string) (fact, share []byte) {
	b := append(f.buf[:0], byte(s.number), byte(s.number>>8))
	b = append(b, of...)
	n := len(b)
	b = append(append(b, 0), name...)
	f.buf = b
	return b, b[:n]
}

// find is the fact of two names, made if it is to be kept; where it is not, its n sightings are lost.
func (f *Facts) find(s *saying, of, name string, n int64) *fact {
	key, ofKey := f.keyOf(s, of, name)
	if x := f.facts[string(key)]; x != nil {
		return x
	}
	k := &f.kinds[s.number]
	rank := f.rank(s, of, key)
	if rank > k.limit {
		k.lost += n
		return nil
	}
	sh := f.shares[string(ofKey)]
	if sh == nil {
		sh = &share{}
		f.shares[string(ofKey)] = sh
	}
	x := &fact{say: s, rank: rank, width: slotLength, of: strings.Clone(of), name: strings.Clone(name)}
	if len(sh.facts) >= perName {
		worst := 0
		for i, o := range sh.facts {
			if o.rank > sh.facts[worst].rank {
				worst = i
			}
		}
		if rank >= sh.facts[worst].rank {
			k.lost += n
			return nil
		}
		f.facts[string(key)] = x
		f.drop(sh.facts[worst])
		sh.facts[worst] = x
	} else {
		f.facts[string(key)] = x
		sh.facts = append(sh.facts, x)
	}
	if k.n++; k.n > perKind+perKind/4 {
		if f.prune(s.number, perKind); rank > k.limit {
			k.lost += n
			return nil
		}
	}
	return x
}

// rank orders facts for sampling: those with the lowest stay.
func (f *Facts) rank(s *saying, of string, key []byte) uint64 {
	rank := siphash.Hash(f.key[0], f.key[1], key) >> 1
	if s.of.kind == "address" && tocsin.Internet(of) {
		rank |= 1 << 63
	}
	return rank
}

// drop lets go of a fact, which its share does without already.
func (f *Facts) drop(x *fact) {
	key, _ := f.keyOf(x.say, x.of, x.name)
	delete(f.facts, string(key))
	f.changes++
	if f.dirty != nil {
		f.dirty[string(key)] = struct{}{}
		delete(f.given, string(key))
	}
	f.kinds[x.say.number].n--
	f.kinds[x.say.number].lost += x.n()
}

// prune leaves so many facts of a kind of record: those with the lowest ranks.
func (f *Facts) prune(number, most int) {
	k := &f.kinds[number]
	var ranks []uint64
	for _, x := range f.facts {
		if x.say.number == number {
			ranks = append(ranks, x.rank)
		}
	}
	if len(ranks) > most {
		slices.Sort(ranks)
		k.limit = min(k.limit, ranks[most-1])
	}
	for _, x := range f.facts {
		if x.say.number == number && x.rank > k.limit {
			_, ofKey := f.keyOf(x.say, x.of, x.name)
			sh := f.shares[string(ofKey)]
			if sh.facts = slices.DeleteFunc(sh.facts, func(o *fact) bool { return o == x }); len(sh.facts) == 0 {
				delete(f.shares, string(ofKey))
			}
			f.drop(x)
		}
	}
}

// settle brings all kinds within their bounds.
func (f *Facts) settle() {
	for i := range f.kinds {
		if f.kinds[i].n > perKind {
			f.prune(i, perKind)
		}
	}
}

// Merge adds what another has collected under the same key. The other is not to be used afterwards.
func (f *Facts) Merge(o *Facts) {
	f.old += o.old
	for i := range f.kinds {
		k, other := &f.kinds[i], &o.kinds[i]
		k.lost += other.lost
		if other.limit < k.limit {
			k.limit = other.limit
			f.prune(i, math.MaxInt)
		}
	}
	for _, x := range o.facts {
		own := f.find(x.say, x.of, x.name, x.n())
		if own == nil {
			continue
		}
		f.touch(own)
		own.widen(x.width)
		for _, s := range x.spans {
			own.take(s)
		}
	}
}

// LetGo says how many sightings were not kept, of any time.
func (f *Facts) LetGo() []tocsin.LetGo {
	f.settle()
	n := int64(0)
	for i := range f.kinds {
		n += f.kinds[i].lost
	}
	var all []tocsin.LetGo
	if n > 0 {
		all = append(all, tocsin.LetGo{Kind: "names", N: n, Why: "more names of one name, or of one kind of record, than are kept"})
	}
	if f.old > 0 {
		all = append(all, tocsin.LetGo{Kind: "old names", N: f.old, Why: "older than the horizon"})
	}
	return all
}

func (x *fact) n() (n int64) {
	for i := range x.spans {
		n += x.spans[i].n
	}
	return n
}

// take adds sightings of one slot.
func (x *fact) take(s span) {
	s.slot = undated
	if s.first != undated {
		s.slot = floorDiv(s.first, x.width*1e6)
	}
	i, ok := slices.BinarySearchFunc(x.spans, s.slot, func(o span, slot int64) int { return cmp.Compare(o.slot, slot) })
	if ok {
		x.spans[i].join(s)
		return
	}
	x.spans = slices.Insert(x.spans, i, s)
	for len(x.spans) > maxSpans {
		x.widen(x.width * 2)
	}
}

// widen makes slots at least so wide.
func (x *fact) widen(width int64) {
	if width <= x.width {
		return
	}
	x.width = width
	out := x.spans[:0]
	for _, s := range x.spans {
		if s.slot != undated {
			s.slot = floorDiv(s.first, width*1e6)
		}
		if n := len(out); n > 0 && out[n-1].slot == s.slot {
			out[n-1].join(s)
		} else {
			out = append(out, s)
		}
	}
	x.spans = out
}

// join adds sightings of the same slot.
func (s *span) join(o span) {
	s.n += o.n
	if o.first < s.first || o.first == s.first && o.from.compare(s.from) < 0 {
		s.first, s.from = o.first, o.from
	}
	if o.last > s.last || o.last == s.last && o.to.compare(s.to) > 0 {
		s.last, s.to = o.last, o.to
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// timeOf is a time as a span has it.
func timeOf(micro int64) time.Time {
	if micro == undated {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}
