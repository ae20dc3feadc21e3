package actor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of one deed. Of what is more, that with the smallest hashes stays.
const (
	maxOn      = 48 // targets
	maxOnPlain = 8  // of ordinary use, whose targets only count where they are machines or accounts
	maxAlias   = 6
	maxMarks   = 8
	maxRules   = 8
	maxPlain   = 512     // blocks of places of a deed of ordinary use
	maxBlocks  = 1 << 14 // of all others
)

// The roles in which a deed refers to a name.
const (
	roleOn    uint8 = iota // a target
	roleAlias              // another name of who did it
	roleMark
	roleCredential
	roles
)

// A deed is a run of like actions of one doer on one machine within a page.
type deed struct {
	host, kind  int32 // of the table; host may be a stand-in: see Pages.where
	org         int32
	n           int32 // actions that were told of; how many acts these are, acts says
	sparse      bool  // blocks leaves some out
	weighed     bool  // weight holds
	taken       bool  // it is part of what is usual, with size actions
	size        int32
	weight      float32 // how telling it is where it happened, as far as was known when its page was sealed
	first, last int64   // Unix nanoseconds; 0 is not known
	bytes       int64
	at          place // of the text: the first of the deed
	text        string
	log         uint8 // the kind of log that told of the text: its number
	refs        []ref
	met         []place // of refs that the first record does not have
	rules       []*tocsin.Rule
	blocks      []block
	seen        []sight // by which sensors
	answers     []answer
	row         int32 // id of a row of knowledge that says what it means: of several the first by name
}

// A place is where an event was read.
type place struct {
	time   int64
	source int32
	record uint64
}

// A block is which of 64 records of a source, that begin at a multiple of 64, belong to a deed.
type block struct {
	source int32
	from   uint64 // the first record's number by 64
	bits   uint64
}

// note adds an action to a deed. words is a hash of the words of its text.
func (t *nameTable) note(d *deed, a *tocsin.Action, at int64, source, org, sensor int32, words uint32, plain bool) {
	p := place{at, source, a.Place.Record}
	first := len(d.blocks) == 0
	if first || t.before(p, d.at) {
		if first {
			d.at = p
		} else {
			d.starts(p)
		}
		d.log = logNumber(a.Log)
		if d.text != a.Text {
			d.text = strings.ToValidUTF8(strings.Clone(a.Text), "")
		}
	}
	if first {
		d.first, d.last = at, at
	} else {
		d.first, d.last = min(d.first, at), max(d.last, at)
	}
	if !a.Again {
		d.n++
		d.bytes += a.Bytes
		t.see(d, sensor, p, words, 1, plain)
	} else {
		t.see(d, sensor, p, words, 0, plain)
	}
	t.answered(d, a, p)
	if a.Row != nil {
		d.row = t.least(d.row, t.name("row:", a.Row.ID))
	}
	if org != none && org != d.org {
		d.org = t.least(d.org, org)
	}
	on := maxOn
	if plain {
		on = maxOnPlain
	}
	for i := range a.On {
		if plain && !placeful(a.On[i].Kind) {
			continue
		}
		t.refer(d, roleOn, a.On[i].Kind, a.On[i].Value, on, p, at)
	}
	for i := 1; i < len(a.Who); i++ {
		t.refer(d, roleAlias, a.Who[i].Kind, a.Who[i].Value, maxAlias, p, at)
	}
	for _, m := range a.Marks {
		t.refer(d, roleMark, "", m, maxMarks, p, at)
	}
	if a.Credential != "" {
		t.refer(d, roleCredential, "", a.Credential, maxMarks, p, at)
	}
	for _, r := range a.Rules {
		d.rules = keepRule(d.rules, r)
	}
	d.add(block{source, a.Place.Record / 64, 1 << (a.Place.Record % 64)})
}

// has is which ref is KIND:VALUE in a role, as most actions have again and again; -1 where none is.
func (t *nameTable) has(refs []ref, role uint8, kind, value string) int {
	n := len(kind)
	if n > 0 {
		n++
	}
	for i, r := range refs {
		if name := t.all[r.name]; r.role == role && len(name) == n+len(value) && name[n:] == value && (n == 0 || name[:n-1] == kind) {
			return i
		}
	}
	return -1
}

// placeful says that a target tells where somebody went, not only what was asked for there.
func placeful(kind string) bool {
	switch kind {
	case "host", "address", "user", "domain", "principal":
		return true
	}
	return false
}

// before orders places by time, source and record.
func (t *nameTable) before(p, q place) bool {
	if p.time != q.time {
		return p.time < q.time
	}
	if p.source != q.source {
		return q.source == none || p.source != none && t.all[p.source] < t.all[q.source]
	}
	return tocsin.Place{Record: p.record}.Compare(tocsin.Place{Record: q.record}) < 0
}

// least is the one of two names that sorts first, so that it does not matter which came first.
func (t *nameTable) least(x, y int32) int32 {
	if x == none || y != none && t.all[y] < t.all[x] {
		return y
	}
	return x
}

// most is how many refs of a role a deed has at most.
func most(role uint8, plain bool) int {
	switch {
	case role == roleOn && plain:
		return maxOnPlain
	case role == roleOn:
		return maxOn
	case role == roleAlias:
		return maxAlias
	}
	return maxMarks
}

// keepRule adds a rule to a short list: the worst stay, those of one level by title.
func keepRule(list []*tocsin.Rule, r *tocsin.Rule) []*tocsin.Rule {
	i, found := slices.BinarySearchFunc(list, r, worse)
	if found || i >= maxRules {
		return list
	}
	list = slices.Insert(list, i, r)
	return list[:min(len(list), maxRules)]
}

func worse(x, y *tocsin.Rule) int {
	return cmp.Or(cmp.Compare(y.Level, x.Level), strings.Compare(x.Title, y.Title), strings.Compare(x.ID, y.ID))
}

// add notes records of a source.
func (d *deed) add(b block) {
	for i := len(d.blocks) - 1; i >= 0 && i >= len(d.blocks)-4; i-- {
		if x := &d.blocks[i]; x.source == b.source && x.from == b.from {
			x.bits |= b.bits
			return
		}
	}
	d.blocks = append(d.blocks, b)
}

// tidy puts blocks in order, makes one of equal ones, and keeps the first ones. It says whether others were let go.
func (t *nameTable) tidy(d *deed, most int) (cut bool) {
	if len(d.blocks) < 2 {
		return false
	}
	slices.SortFunc(d.blocks, func(x, y block) int {
		if x.source != y.source {
			return strings.Compare(t.all[x.source], t.all[y.source])
		}
		return cmp.Compare(x.from, y.from)
	})
	out := d.blocks[:1]
	for _, b := range d.blocks[1:] {
		if last := &out[len(out)-1]; last.source == b.source && last.from == b.from {
			last.bits |= b.bits
			continue
		}
		out = append(out, b)
	}
	if len(out) > most {
		out, d.sparse, cut = out[:most], true, true
	}
	d.blocks = out
	return cut
}

// spans are the records of a deed, whose blocks are tidy.
func (t *nameTable) spans(d *deed) []tocsin.Span {
	var out []tocsin.Span
	for _, b := range d.blocks {
		if b.source == none {
			continue
		}
		for i := range uint64(64) {
			if b.bits>>i&1 == 0 {
				continue
			}
			rec := b.from*64 + i
			if n := len(out); n > 0 && out[n-1].To+1 == rec && out[n-1].Source == t.all[b.source] {
				out[n-1].To = rec
				continue
			}
			out = append(out, tocsin.Span{Source: t.all[b.source], From: rec, To: rec})
		}
	}
	return out
}

// join adds deed o, whose names are of t, to d.
func (t *nameTable) join(d, o *deed, plain bool) {
	if len(d.blocks) == 0 {
		weighed, weight := d.weighed, d.weight
		*d = *o
		d.weighed, d.weight = weighed || o.weighed, max(weight, o.weight)
		return
	}
	if t.before(o.at, d.at) {
		d.starts(o.at)
		d.text, d.log = o.text, o.log
	}
	d.first, d.last = min(d.first, o.first), max(d.last, o.last)
	d.n += o.n
	t.joinSights(d, o)
	d.bytes += o.bytes
	d.org, d.row = t.least(d.org, o.org), t.least(d.row, o.row)
	for _, x := range o.answers {
		t.count(d, x)
	}
	for _, r := range o.refs {
		t.buf = append(t.buf[:0], t.all[r.name]...)
		t.keep(d, r.role, most(r.role, plain), o.metAt(r), r.last)
	}
	for _, r := range o.rules {
		d.rules = keepRule(d.rules, r)
	}
	for _, b := range o.blocks {
		d.add(b)
	}
	d.sparse = d.sparse || o.sparse
	d.weighed, d.weight = d.weighed || o.weighed, max(d.weight, o.weight)
}
