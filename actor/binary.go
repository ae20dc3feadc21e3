package actor

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// The written form of Pages: a version, the owner's marks and counts, then a length and a page, again and again. A page
// stands alone: it begins with the texts that it refers to by number.
const written = 6

// ErrWritten is returned for bytes that are no pages, or pages of another version.
var ErrWritten = errors.New("these are no pages that can be read")

// AppendBinary appends the written form of all pages. It seals nothing: pages that are open are open again when they are
// read.
func (s *Pages) AppendBinary(b []byte) ([]byte, error) {
	w := writer{b: append(b, written)}
	for _, n := range []int64{s.mark, s.before, s.old.n, s.old.when.from, s.old.when.to, s.late.n, s.late.when.from, s.late.when.to, int64(s.blocks)} {
		w.int(n)
	}
	for st := range strata {
		w.int(int64(s.cap[st]))
		w.int(int64(s.ticks[st]))
		w.int(int64(s.own[st]))
	}
	keys := make([]pageKey, 0, len(s.pages))
	for k := range s.pages {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y pageKey) int {
		return cmp.Or(cmp.Compare(x.slot, y.slot), cmp.Compare(s.t.text(x.source), s.t.text(y.source)))
	})
	w.uint(uint64(len(keys)))
	for _, k := range keys {
		p := pageWriter{t: &s.t, of: map[string]uint64{}}
		p.page(k, s.pages[k])
		whole := p.whole()
		w.uint(uint64(len(whole)))
		w.b = append(w.b, whole...)
	}
	return w.b, nil
}

// ReadPages reads the written form of an owner's pages. rule gives the rule of an id and title, or nil; then the deeds keep
// what was written of it.
func ReadPages(b []byte, key Key, rule func(id, title string) *tocsin.Rule) (*Pages, error) {
	s := NewPages(key)
	r := &reader{b: b}
	if v := r.byte(); r.bad || v != written {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrWritten, v, written)
	}
	var blocks int64
	for _, n := range []*int64{&s.mark, &s.before, &s.old.n, &s.old.when.from, &s.old.when.to, &s.late.n, &s.late.when.from, &s.late.when.to, &blocks} {
		*n = r.int()
	}
	s.blocks = int(min(max(blocks, 1), maxBlocks))
	for st := range strata {
		s.cap[st] = int(min(max(r.int(), 1), int64(bounds[st])))
		s.ticks[st] = int(min(max(r.int(), 1), ownTicks))
		s.own[st] = int(min(max(r.int(), leastOwn), int64(bounds[st])))
	}
	rules := map[ruleKey]*tocsin.Rule{}
	for n := r.uint(); n > 0 && !r.bad; n-- {
		p := pageReader{reader: reader{b: r.bytes(r.uint())}, s: s, rules: rules, rule: rule}
		p.head()
		p.page()
		r.bad = r.bad || p.bad || len(p.b) > 0
	}
	if r.bad || len(r.b) > 0 {
		return nil, fmt.Errorf("%w: they end early, or hold what no page holds", ErrWritten)
	}
	s.replay()
	return s, nil
}

// replay takes what was read into account, in the order in which it was sealed.
func (s *Pages) replay() {
	for st := range strata {
		for _, p := range s.pages {
			s.n[st] += min(p.of[st].n, s.cap[st])
		}
	}
	for _, p := range s.inOrder() {
		if p.sealed && !p.pinned && p.slot != 0 {
			s.usual.replay(s, p)
		}
		if p.fixed {
			p.fixed = false
			s.ready(p, true)
		}
	}
	s.reached()
	s.countTicks()
	s.countBlocks()
}

type writer struct{ b []byte }

func (w *writer) int(n int64)   { w.b = binary.AppendVarint(w.b, n) }
func (w *writer) uint(n uint64) { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) text(s string) { w.uint(uint64(len(s))); w.b = append(w.b, s...) }
func (w *writer) flags(all ...bool) {
	f := byte(0)
	for i, on := range all {
		if on {
			f |= 1 << i
		}
	}
	w.b = append(w.b, f)
}

// A pageWriter numbers texts as it meets them. Number 0 is none.
type pageWriter struct {
	writer
	t     *nameTable
	of    map[string]uint64
	texts []string
}

// whole is what was written, after the texts that it refers to.
func (w *pageWriter) whole() []byte {
	var head writer
	head.uint(uint64(len(w.texts)))
	for _, x := range w.texts {
		head.text(x)
	}
	return append(head.b, w.b...)
}

func (w *pageWriter) name(i int32) {
	if i == none {
		w.uint(0)
		return
	}
	w.string(w.t.all[i])
}

func (w *pageWriter) string(s string) {
	n, ok := w.of[s]
	if !ok {
		w.texts = append(w.texts, s)
		n = uint64(len(w.texts))
		w.of[s] = n
	}
	w.uint(n)
}

func (w *pageWriter) page(k pageKey, p *page) {
	w.int(k.slot)
	w.name(k.source)
	w.int(p.since)
	w.flags(p.sealed, p.pinned, p.fixed)
	facts := make([]fact, 0, len(p.facts))
	for f := range p.facts {
		facts = append(facts, f)
	}
	slices.SortFunc(facts, func(x, y fact) int {
		return cmp.Or(cmp.Compare(w.t.all[x.folder], w.t.all[y.folder]), cmp.Compare(w.t.text(x.name), w.t.text(y.name)))
	})
	w.uint(uint64(len(facts)))
	for _, f := range facts {
		w.name(f.folder)
		w.name(f.name)
		w.flags(p.facts[f])
	}
	for st := range strata {
		w.layer(&p.of[st])
	}
}

func (w *pageWriter) layer(l *layer) {
	w.int(l.noted)
	w.int(l.gone.from)
	w.int(l.gone.to)
	doers := make([]*doer, 0, len(l.doers))
	for _, d := range l.doers {
		doers = append(doers, d)
	}
	slices.SortFunc(doers, func(x, y *doer) int {
		return cmp.Or(cmp.Compare(w.t.text(x.who), w.t.text(y.who)), cmp.Compare(w.t.text(x.host), w.t.text(y.host)))
	})
	w.uint(uint64(len(doers)))
	for _, d := range doers {
		w.name(d.who)
		w.name(d.host)
		w.int(int64(d.ticked))
		w.uint(uint64(len(d.ticks)))
		last := int64(0)
		for i := range d.ticks {
			t := &d.ticks[i]
			w.int(t.Time - last)
			last = t.Time
			w.int(t.End)
			w.uint(t.Words)
			for _, x := range [...]uint32{t.Record, t.Text, t.Kind, t.Target, t.Stream, uint32(t.Length), uint32(t.Sensor)} {
				w.uint(uint64(x))
			}
			w.b = append(w.b, t.Count, t.Operators, t.Tactic, byte(t.Outcome), t.Log)
			w.flags(t.Typed, t.Set)
		}
		w.uint(uint64(len(d.deeds)))
		for _, x := range d.deeds {
			w.deed(x)
		}
	}
}

func (w *pageWriter) deed(d *deed) {
	k := &w.t.kinds[d.kind]
	for _, s := range [...]string{k.verb, k.tactic, k.technique, k.tool, k.rule, d.text} {
		w.string(s)
	}
	w.b = append(w.b, byte(k.outcome), byte(k.level), d.log)
	w.name(d.host)
	w.name(d.org)
	w.name(d.row)
	w.name(d.at.source)
	w.int(d.at.time)
	w.uint(d.at.record)
	for _, n := range [...]int64{int64(d.n), int64(d.size), d.first, d.last, d.bytes} {
		w.int(n)
	}
	w.flags(d.sparse, d.weighed, d.taken)
	w.uint(uint64(math.Float32bits(d.weight)))
	w.uint(uint64(len(d.refs)))
	for _, r := range d.refs {
		w.b = append(w.b, r.role)
		w.name(r.name)
		w.int(r.last - d.first)
		p := d.metAt(r)
		w.flags(p != d.at)
		if p != d.at {
			w.name(p.source)
			w.int(p.time - d.at.time)
			w.uint(p.record)
		}
	}
	w.uint(uint64(len(d.rules)))
	for _, r := range d.rules {
		w.string(r.ID)
		w.string(r.Title)
		w.string(strings.Join(r.Tags, " "))
		w.b = append(w.b, byte(r.Level))
	}
	w.uint(uint64(len(d.blocks)))
	for _, x := range d.blocks {
		w.name(x.source)
		w.uint(x.from)
		w.uint(x.bits)
	}
	w.uint(uint64(len(d.answers)))
	for i := range d.answers {
		x := &d.answers[i]
		w.uint(uint64(x.asked))
		w.uint(uint64(x.size))
		w.name(x.at.source)
		w.uint(x.at.record)
		for _, n := range [...]int64{int64(x.n), x.bytes, x.at.time, x.last} {
			w.int(n)
		}
	}
	w.uint(uint64(len(d.seen)))
	for i := range d.seen {
		x := &d.seen[i]
		w.name(x.sensor)
		w.name(x.at.source)
		w.int(x.at.time)
		w.uint(x.at.record)
		w.int(int64(x.rest))
		w.uint(uint64(len(x.words)))
		for _, k := range x.words {
			w.uint(uint64(k.text))
			w.int(int64(k.n))
		}
	}
}

// A reader reads what a writer wrote. Whatever does not fit makes it bad; then it gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// count is how many of something follow, each of which takes a byte at least.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	return int(n)
}

type pageReader struct {
	reader
	s     *Pages
	texts []string
	rules map[ruleKey]*tocsin.Rule
	rule  func(id, title string) *tocsin.Rule
}

// head reads the texts that the rest refers to.
func (r *pageReader) head() {
	for n := r.uint(); n > 0 && !r.bad; n-- {
		text := r.bytes(r.uint())
		r.bad = r.bad || !utf8.Valid(text)
		r.texts = append(r.texts, string(text))
	}
}

func (r *pageReader) string() string {
	n := r.uint()
	if n == 0 || n > uint64(len(r.texts)) {
		r.bad = true
		return ""
	}
	return r.texts[n-1]
}

func (r *pageReader) name() int32 {
	n := r.uint()
	if n == 0 {
		return none
	}
	if n > uint64(len(r.texts)) {
		r.bad = true
		return none
	}
	return r.s.t.number(r.texts[n-1])
}

// must is a name that may not be missing.
func (r *pageReader) must() int32 {
	n := r.name()
	if n == none {
		r.bad = true
		return r.s.t.number("")
	}
	return n
}

func (r *pageReader) page() {
	k := pageKey{slot: r.int(), source: r.name()}
	p := &page{slot: k.slot, source: k.source, since: r.int()}
	f := r.byte()
	p.sealed, p.pinned, p.fixed = f&1 != 0, f&2 != 0, f&4 != 0
	if k.slot < 0 || k.slot >= far/slotLength || (k.slot == 0) != (k.source != none) || r.s.pages[k] != nil {
		r.bad = true
		return
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		if p.facts == nil {
			p.facts = map[fact]bool{}
		}
		f := fact{r.must(), r.must()}
		p.facts[f] = r.byte()&1 != 0
	}
	for st := range strata {
		r.layer(&p.of[st], share[st])
	}
	if !r.bad {
		r.s.pages[k] = p
	}
}

// layer reads one, in which a doer has its share at most.
func (r *pageReader) layer(l *layer, share int) {
	l.noted, l.gone.from, l.gone.to = r.int(), r.int(), r.int()
	for n := r.count(); n > 0 && !r.bad; n-- {
		d := l.doer(r.name(), r.name())
		d.ticked = int32(r.int())
		if d.who == none && d.host == none {
			r.bad = true
			return
		}
		ticks := make(tocsin.Ticks, r.count())
		last := int64(0)
		for i := range ticks {
			t := &ticks[i]
			last += r.int()
			t.Time, t.End, t.Words = last, r.int(), r.uint()
			t.Record, t.Text, t.Kind, t.Target, t.Stream, t.Length, t.Sensor = uint32(r.uint()), uint32(r.uint()), uint32(r.uint()), uint32(r.uint()), uint32(r.uint()), uint16(r.uint()), uint16(r.uint())
			t.Count, t.Operators, t.Tactic, t.Outcome, t.Log = r.byte(), r.byte(), r.byte(), tocsin.Outcome(r.byte()), r.byte()
			f := r.byte()
			t.Typed, t.Set = f&1 != 0, f&2 != 0
			if r.bad {
				return
			}
		}
		d.ticks = ticks
		for k := r.count(); k > 0 && !r.bad; k-- {
			r.deed(d)
		}
		l.n += min(len(d.deeds), share)
	}
}

func (r *pageReader) deed(of *doer) {
	var k kind
	var text string
	for _, s := range [...]*string{&k.verb, &k.tactic, &k.technique, &k.tool, &k.rule, &text} {
		*s = r.string()
	}
	k.outcome, k.level = tocsin.Outcome(r.byte()), tocsin.Level(r.byte())
	log := r.byte()
	host := r.name()
	if r.bad = r.bad || int(log) >= nLogs; r.bad {
		return
	}
	d, isNew := of.deed(host, r.s.t.kindNumber(k))
	d.org, d.row, d.at.source, d.at.time, d.at.record, d.text, d.log = r.name(), r.name(), r.name(), r.int(), r.uint(), text, log
	d.n, d.size, d.first, d.last, d.bytes = int32(r.int()), int32(r.int()), r.int(), r.int(), r.int()
	f := r.byte()
	d.sparse, d.weighed, d.taken = f&1 != 0, f&2 != 0, f&4 != 0
	d.weight = math.Float32frombits(uint32(r.uint()))
	if w := float64(d.weight); math.IsNaN(w) || math.IsInf(w, 0) || !isNew || k.level > tocsin.Critical || d.n < 0 || d.size < 0 {
		r.bad = true
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		x := ref{role: r.byte(), name: r.must(), last: r.int() + d.first}
		if x.role >= roles || len(d.refs) == maxRefs {
			r.bad = true
		}
		if r.byte()&1 != 0 {
			x.met = d.placed(place{source: r.name(), time: r.int() + d.at.time, record: r.uint()})
		}
		d.refs = append(d.refs, x)
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		d.rules = append(d.rules, r.ruleOf(r.string(), r.string(), r.string(), tocsin.Level(r.byte())))
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		d.blocks = append(d.blocks, block{r.must(), r.uint(), r.uint()})
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		x := answer{asked: uint32(r.uint()), size: uint16(r.uint()), at: place{source: r.must(), record: r.uint()}}
		x.n, x.bytes, x.at.time, x.last = int32(r.int()), r.int(), r.int(), r.int()
		if k := len(d.answers); x.n < 0 || k == maxAnswers || k > 0 && d.answers[k-1].order(&x) >= 0 {
			r.bad = true
			return
		}
		d.answers = append(d.answers, x)
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		r.sight(d)
	}
}

// sight reads one, of another sensor than those before.
func (r *pageReader) sight(d *deed) {
	x := sight{sensor: r.must(), at: place{source: r.must(), time: r.int(), record: r.uint()}, rest: int32(r.int())}
	for n := r.count(); n > 0 && !r.bad; n-- {
		x.words = append(x.words, words{uint32(r.uint()), int32(r.int())})
	}
	ordered := slices.IsSortedFunc(x.words, func(a, b words) int { return cmp.Compare(a.text, b.text) })
	if x.rest < 0 || !ordered || len(x.words) > maxWorded || len(d.seen) == maxSensors ||
		slices.ContainsFunc(x.words, func(w words) bool { return w.n < 0 }) || slices.ContainsFunc(d.seen, func(s sight) bool { return s.sensor == x.sensor }) {
		r.bad = true
		return
	}
	d.seen = append(d.seen, x)
}

// A ruleKey tells rules apart: other detectors give one alert several levels.
type ruleKey struct {
	id, title string
	level     tocsin.Level
}

func (r *pageReader) ruleOf(id, title, tags string, l tocsin.Level) *tocsin.Rule {
	k := ruleKey{id, title, l}
	if x := r.rules[k]; x != nil {
		return x
	}
	var x *tocsin.Rule
	if r.rule != nil {
		x = r.rule(id, title)
	}
	if x == nil {
		x = &tocsin.Rule{ID: id, Title: title, Level: min(l, tocsin.Critical)}
		if tags != "" {
			x.Tags = strings.Fields(tags)
		}
	}
	r.rules[k] = x
	return x
}
