// Package actor says who is behind actions: it joins the addresses, accounts, sessions and agents that one doer goes by,
// with the evidence that joins them, and judges what drives it.
//
// A [Book] takes actions in any order, as many as come, in bounded memory; Books of several readers are merged, and the
// same actions give the same Book however they were shared out, repeated reads of one place aside. [Book.Actors] joins
// what is in it. Nothing here reads a clock: times are the actions'.
//
// What is bounded is bounded by rules that do not depend on order: when there are too many quiet deeds (below Medium),
// those of half of the handles are let go, told by the hashes of their names; of a long list of targets or places,
// likewise.
package actor

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of a Book. They are also those of the Books that are merged into one, so that each sampled no more than the
// whole would.
const (
	maxQuiet   = 1 << 17 // deeds below Medium
	maxTelling = 1 << 18 // all others
	maxTicks   = 1 << 19 // in all
	maxOwn     = 1 << 14 // ticks of one handle: the earliest
	maxOn      = 48      // targets of a deed
	maxAlias   = 6
	maxMarks   = 8
	maxSpans   = 1 << 15 // of a deed

	slotLength = int64(10 * time.Minute)
)

// A Book is what a reader of events has noted of the actions it met. The zero Book is ready for use, by one goroutine
// at a time.
type Book struct {
	names   interned // handles, hosts, organisations, marks, sources
	kinds   []kind
	kindOf  map[kind]int32
	deeds   map[deedKey]*deed
	own     map[int32]tocsin.Ticks // by handle
	ticks   int                    // quiet ones
	quiet   class
	telling class
	dropped int64 // actions that were let go

	buf        []byte
	lastSource string
	lastPlace  int32 // of lastSource
	lastName   int32 // lastSource itself
	recent     [8]kind
	recentAt   [8]int32
	recentN    int
}

// A class is deeds that share a bound. Those of handles whose hash has one of its first shift bits set are not kept.
type class struct {
	n     int
	shift uint
}

func (c *class) beyond(hash uint64) bool { return c.shift > 0 && hash>>(64-c.shift) != 0 }

// class is the one that deeds of a level belong to.
func (b *Book) class(l tocsin.Level) *class {
	if l < tocsin.Medium {
		return &b.quiet
	}
	return &b.telling
}

// A kind is what like deeds share besides who and where.
type kind struct {
	verb, tactic, technique, tool, rule string
	outcome                             tocsin.Outcome
	level                               tocsin.Level
}

// A deedKey tells deeds apart. Slots are stretches of ten minutes: a deed is a run of like actions in one of them.
type deedKey struct {
	who, host, kind int32 // who is none where it is not known
	slot            int64
}

const none = -1

type deed struct {
	first, last int64 // Unix nanoseconds; 0 is not known
	n           int
	text        string
	at          place // of the text: the first of the deed
	org         int32
	on          []int32 // some, those with the smallest hashes
	alias       []int32 // further names of who did it
	marks       []int32
	creds       []int32
	rules       []*tocsin.Rule
	bytes       int64
	spans       []span
	sparse      bool
}

type place struct {
	time   int64
	source int32
	record uint64
}

type span struct {
	source   int32
	from, to uint64
}

// Add notes an action. Nothing of it is kept but copies.
func (b *Book) Add(a *tocsin.Action) {
	if b.deeds == nil {
		b.kindOf, b.deeds, b.own = map[kind]int32{}, map[deedKey]*deed{}, map[int32]tocsin.Ticks{}
	}
	k := deedKey{who: none, host: none}
	c := b.class(a.Level)
	if len(a.Who) > 0 {
		b.buf = append(append(append(b.buf[:0], a.Who[0].Kind...), ':'), a.Who[0].Value...)
		if c.shift > 0 && c.beyond(hashOf(b.buf)) {
			b.dropped++
			return
		}
		k.who = b.names.bytes(b.buf)
	}
	k.kind = b.kind(a)
	if a.Host != "" {
		k.host = b.name("host:", a.Host)
	} else {
		b.source(a.Place.Source)
		k.host = b.lastPlace
	}
	var at int64
	if !a.Time.IsZero() {
		at = a.Time.UnixNano()
		k.slot = at / slotLength
	}
	d := b.deeds[k]
	if d == nil {
		d = &deed{org: none, at: place{source: none}}
		b.deeds[k] = d
		if k.who != none {
			c.n++
		}
	}
	b.into(d, a, at)
	if k.who != none && at != 0 {
		b.tick(k.who, a)
	}
	for b.quiet.n > maxQuiet || b.telling.n > maxTelling || b.ticks > maxTicks {
		b.halve()
	}
}

// into adds one action to a deed.
func (b *Book) into(d *deed, a *tocsin.Action, at int64) {
	b.source(a.Place.Source)
	p := place{at, b.lastName, a.Place.Record}
	if d.n == 0 || b.before(p, d.at) {
		d.at = p
		if d.text != a.Text {
			d.text = strings.Clone(a.Text)
		}
	}
	if d.n == 0 {
		d.first, d.last = at, at
	} else {
		d.first, d.last = min(d.first, at), max(d.last, at)
	}
	d.n++
	d.bytes += a.Bytes
	if a.Org != "" {
		d.org = b.least(d.org, b.name("org:", a.Org))
	}
	for i := range a.On {
		d.on = b.keep(d.on, b.handle(a.On[i]), maxOn)
	}
	for i := 1; i < len(a.Who); i++ {
		d.alias = b.keep(d.alias, b.handle(a.Who[i]), maxAlias)
	}
	for _, m := range a.Marks {
		d.marks = b.keep(d.marks, b.name("", m), maxMarks)
	}
	if a.Credential != "" {
		d.creds = b.keep(d.creds, b.name("", a.Credential), maxMarks)
	}
	for _, r := range a.Rules {
		if !slices.Contains(d.rules, r) && len(d.rules) < maxMarks {
			d.rules = append(d.rules, r)
		}
	}
	d.span(p.source, p.record)
}

// before orders places by time, source and record.
func (b *Book) before(p, q place) bool {
	if p.time != q.time {
		return p.time < q.time
	}
	if p.source != q.source {
		return q.source == none || p.source != none && b.names.all[p.source] < b.names.all[q.source]
	}
	return p.record < q.record
}

// least is the one of two names that sorts first, so that it does not matter which came first.
func (b *Book) least(x, y int32) int32 {
	if x == none || y != none && b.names.all[y] < b.names.all[x] {
		return y
	}
	return x
}

// keep adds a name to a bounded set: beyond the bound those with the smallest hashes stay.
func (b *Book) keep(set []int32, name int32, most int) []int32 {
	if slices.Contains(set, name) {
		return set
	}
	if len(set) < most {
		return append(set, name)
	}
	worst := 0
	for i := range set {
		if b.names.hash[set[i]] > b.names.hash[set[worst]] {
			worst = i
		}
	}
	if b.names.hash[name] < b.names.hash[set[worst]] {
		set[worst] = name
	}
	return set
}

// span adds a record to the places of a deed.
func (d *deed) span(source int32, record uint64) {
	if n := len(d.spans); n > 0 {
		s := &d.spans[n-1]
		if s.source == source && record >= s.from && record <= s.to+1 {
			s.to = max(s.to, record)
			return
		}
	}
	d.spans = append(d.spans, span{source, record, record})
	if len(d.spans) >= 2*maxSpans {
		d.tidy()
	}
}

// tidy joins spans that touch and keeps those that bounds allow.
func (d *deed) tidy() {
	slices.SortFunc(d.spans, func(x, y span) int { return cmp.Or(cmp.Compare(x.source, y.source), cmp.Compare(x.from, y.from)) })
	out := d.spans[:0]
	for _, s := range d.spans {
		if n := len(out); n > 0 && out[n-1].source == s.source && s.from <= out[n-1].to+1 {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	if len(out) > maxSpans {
		out, d.sparse = out[:maxSpans], true
	}
	d.spans = out
}

// tick notes a handle's action for tempo and driver.
func (b *Book) tick(who int32, a *tocsin.Action) {
	t := append(b.own[who], TickOf(a))
	if len(t) >= 2*maxOwn {
		t.Sort()
		t = t[:maxOwn]
	}
	b.own[who] = t
	b.ticks++
}

// halve lets half of the handles of a class that is over its bound go, until none is.
func (b *Book) halve() {
	if b.quiet.n > maxQuiet || b.ticks > maxTicks {
		b.quiet.shift++
	}
	if b.telling.n > maxTelling {
		b.telling.shift++
	}
	b.recount()
}

// recount lets go what the classes exclude, and counts them anew.
func (b *Book) recount() {
	b.quiet.n, b.telling.n, b.ticks = 0, 0, 0
	for k, d := range b.deeds {
		if k.who == none {
			continue
		}
		c := b.class(b.kinds[k.kind].level)
		if c.beyond(b.names.hash[k.who]) {
			b.dropped += int64(d.n)
			delete(b.deeds, k)
			continue
		}
		c.n++
	}
	for who, t := range b.own {
		if b.quiet.beyond(b.names.hash[who]) {
			delete(b.own, who)
			continue
		}
		b.ticks += len(t)
	}
}

// Merge adds what other holds; other is not to be used afterwards.
func (b *Book) Merge(other *Book) {
	if other == nil || other.deeds == nil {
		return
	}
	if b.deeds == nil {
		*b = *other
		return
	}
	to := make([]int32, len(other.names.all))
	for i, n := range other.names.all {
		to[i] = b.names.number(n)
	}
	name := func(i int32) int32 {
		if i == none {
			return none
		}
		return to[i]
	}
	b.dropped += other.dropped
	b.quiet.shift, b.telling.shift = max(b.quiet.shift, other.quiet.shift), max(b.telling.shift, other.telling.shift)
	for k, d := range other.deeds {
		kk := deedKey{name(k.who), name(k.host), b.kindNumber(other.kinds[k.kind]), k.slot}
		for i := range d.spans {
			d.spans[i].source = name(d.spans[i].source)
		}
		d.at.source, d.org = name(d.at.source), name(d.org)
		for _, set := range [][]int32{d.on, d.alias, d.marks, d.creds} {
			for i := range set {
				set[i] = to[set[i]]
			}
		}
		if have := b.deeds[kk]; have != nil {
			b.join(have, d)
		} else {
			b.deeds[kk] = d
		}
	}
	for who, t := range other.own {
		w := to[who]
		all := append(b.own[w], t...)
		if len(all) >= 2*maxOwn {
			all.Sort()
			all = all[:maxOwn]
		}
		b.own[w] = all
	}
	b.recount()
	for b.quiet.n > maxQuiet || b.telling.n > maxTelling || b.ticks > maxTicks {
		b.halve()
	}
}

// join adds deed o to d.
func (b *Book) join(d, o *deed) {
	if b.before(o.at, d.at) {
		d.at, d.text = o.at, o.text
	}
	d.first, d.last = min(d.first, o.first), max(d.last, o.last)
	d.n += o.n
	d.bytes += o.bytes
	d.org = b.least(d.org, o.org)
	for _, x := range o.on {
		d.on = b.keep(d.on, x, maxOn)
	}
	for _, x := range o.alias {
		d.alias = b.keep(d.alias, x, maxAlias)
	}
	for _, x := range o.marks {
		d.marks = b.keep(d.marks, x, maxMarks)
	}
	for _, x := range o.creds {
		d.creds = b.keep(d.creds, x, maxMarks)
	}
	for _, r := range o.rules {
		if !slices.Contains(d.rules, r) && len(d.rules) < maxMarks {
			d.rules = append(d.rules, r)
		}
	}
	d.spans = append(d.spans, o.spans...)
	d.sparse = d.sparse || o.sparse
	if len(d.spans) >= maxSpans {
		d.tidy()
	}
}

// Dropped is how many actions of quiet handles were let go to bound memory.
func (b *Book) Dropped() int64 { return b.dropped }

func (b *Book) kind(a *tocsin.Action) int32 {
	k := kind{a.Verb, a.Tactic, a.Technique, a.Tool, "", a.Outcome, a.Level}
	if len(a.Rules) > 0 {
		k.rule = a.Rules[0].Title
	}
	for i := range min(b.recentN, len(b.recent)) {
		if b.recent[i] == k {
			return b.recentAt[i]
		}
	}
	if n, ok := b.kindOf[k]; ok {
		b.recent[b.recentN%len(b.recent)], b.recentAt[b.recentN%len(b.recent)] = b.kinds[n], n
		b.recentN++
		return n
	}
	k.verb, k.tactic, k.technique, k.tool, k.rule = strings.Clone(k.verb), strings.Clone(k.tactic), strings.Clone(k.technique), strings.Clone(k.tool), strings.Clone(k.rule)
	if len(b.kinds) >= 1<<16 { // hostile tools' names
		k.tool = ""
	}
	return b.kindNumber(k)
}

func (b *Book) kindNumber(k kind) int32 {
	n, ok := b.kindOf[k]
	if !ok {
		n = int32(len(b.kinds))
		b.kinds = append(b.kinds, k)
		b.kindOf[k] = n
	}
	return n
}

// handle is the number of an entity as KIND:VALUE.
func (b *Book) handle(e tocsin.Entity) int32 {
	b.buf = append(append(append(b.buf[:0], e.Kind...), ':'), e.Value...)
	return b.names.bytes(b.buf)
}

// source makes a log the last one met. A log that does not name its machine has a stand-in for it: the folder it lies
// in.
func (b *Book) source(source string) {
	if source == b.lastSource && b.names.all != nil {
		return
	}
	i := max(0, strings.LastIndexByte(source, '/'))
	b.lastSource, b.lastPlace = strings.Clone(source), b.name("path:", source[:i])
	b.lastName = b.name("", source)
}

func (b *Book) name(prefix, value string) int32 {
	b.buf = append(append(b.buf[:0], prefix...), value...)
	return b.names.bytes(b.buf)
}

// interned numbers names.
type interned struct {
	all  []string
	hash []uint64
	of   map[string]int32
}

func (n *interned) bytes(b []byte) int32 {
	if i, ok := n.of[string(b)]; ok {
		return i
	}
	return n.number(string(bytes.ToValidUTF8(b, nil)))
}

func (n *interned) number(s string) int32 {
	if n.of == nil {
		n.of = map[string]int32{}
	}
	i, ok := n.of[s]
	if !ok {
		i = int32(len(n.all))
		n.all = append(n.all, s)
		n.hash = append(n.hash, hashOf([]byte(s)))
		n.of[s] = i
	}
	return i
}

// hashOf is FNV-1a with a final mix, so that its first bits serve for sampling.
// http://www.isthe.com/chongo/tech/comp/fnv/
func hashOf(s []byte) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}
