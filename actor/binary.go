package actor

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// written is the version of the written form of Pages.
const written = 7

// ErrWritten is returned for bytes that are no pages, or pages of another version.
var ErrWritten = errors.New("these are no pages that can be read")

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

// A pageWriter numbers names, kinds and rules as it meets them. Number 0 is none.
type pageWriter struct {
	writer
	t     *nameTable
	names []int32 // by the piece's numbers
	kinds []int32
	rules []*tocsin.Rule
	named []uint32 // by the table's numbers
	kind  []uint32
	rule  map[*tocsin.Rule]uint64
	like  map[ruleKey]uint64
}

// writes begins a piece. What pageWriters need to number names is used again.
func (t *nameTable) writes(about int) *pageWriter {
	w := t.pen
	if w == nil {
		w = &pageWriter{t: t, rule: map[*tocsin.Rule]uint64{}, like: map[ruleKey]uint64{}}
		t.pen = w
	}
	w.named, w.kind = append(w.named, make([]uint32, len(t.all)-len(w.named))...), append(w.kind, make([]uint32, len(t.kinds)-len(w.kind))...)
	for _, i := range w.names {
		w.named[i] = 0
	}
	for _, i := range w.kinds {
		w.kind[i] = 0
	}
	clear(w.rule)
	clear(w.like)
	clear(w.rules)
	w.names, w.kinds, w.rules, w.b = w.names[:0], w.kinds[:0], w.rules[:0], make([]byte, 0, about)
	return w
}

// whole is what was written, after the texts, kinds and rules that it refers to.
func (w *pageWriter) whole() []byte {
	var body writer
	body.b, w.b = w.b, nil
	kinds := w.kinds
	w.uint(uint64(len(kinds)))
	for _, i := range kinds {
		k := &w.t.kinds[i]
		for _, s := range [...]string{k.verb, k.tactic, k.technique, k.tool, k.rule} {
			w.text(s)
		}
		w.b = append(w.b, byte(k.outcome), byte(k.level))
	}
	w.uint(uint64(len(w.rules)))
	for _, r := range w.rules {
		w.text(r.ID)
		w.text(r.Title)
		w.text(strings.Join(r.Tags, " "))
		w.b = append(w.b, byte(r.Level))
	}
	head := writer{b: []byte{written}}
	size := 0
	for _, i := range w.names {
		size += len(w.t.all[i]) + 3
	}
	head.b = slices.Grow(head.b, size+len(w.b)+len(body.b)+8)
	head.uint(uint64(len(w.names)))
	for _, i := range w.names {
		head.text(w.t.all[i])
	}
	return append(append(head.b, w.b...), body.b...)
}

func (w *pageWriter) name(i int32) {
	if i == none {
		w.uint(0)
		return
	}
	n := w.named[i]
	if n == 0 {
		w.names = append(w.names, i)
		n = uint32(len(w.names))
		w.named[i] = n
	}
	w.uint(uint64(n))
}

func (w *pageWriter) kindOf(i int32) {
	n := w.kind[i]
	if n == 0 {
		w.kinds = append(w.kinds, i)
		n = uint32(len(w.kinds))
		w.kind[i] = n
	}
	w.uint(uint64(n))
}

func (w *pageWriter) ruleOf(r *tocsin.Rule) {
	n, ok := w.rule[r]
	if !ok {
		k := ruleKey{r.ID, r.Title, r.Level}
		if n, ok = w.like[k]; !ok {
			w.rules = append(w.rules, r)
			n = uint64(len(w.rules))
			w.like[k] = n
		}
		w.rule[r] = n
	}
	w.uint(n)
}

// layer writes all of what was done in a layer.
func (w *pageWriter) layer(l *layer) {
	w.int(l.noted)
	w.int(l.gone.from)
	w.int(l.gone.to)
	w.doers(l, func(*doer) bool { return true })
}

// doers writes those of a layer that are wanted.
func (w *pageWriter) doers(l *layer, wanted func(*doer) bool) {
	doers := make([]*doer, 0, 64)
	for _, d := range l.doers {
		if wanted(d) {
			doers = append(doers, d)
		}
	}
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
	w.kindOf(d.kind)
	w.text(d.text)
	w.b = append(w.b, d.log)
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
		w.ruleOf(r)
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
	kinds []kind
	met   []*tocsin.Rule
	rules map[ruleKey]*tocsin.Rule
	rule  func(id, title string) *tocsin.Rule
}

// head reads the version, and the texts, kinds and rules that the rest refers to.
func (r *pageReader) head() {
	if r.byte() != written {
		r.bad = true
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		r.texts = append(r.texts, r.text())
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		var k kind
		for _, s := range [...]*string{&k.verb, &k.tactic, &k.technique, &k.tool, &k.rule} {
			*s = r.text()
		}
		k.outcome, k.level = tocsin.Outcome(r.byte()), tocsin.Level(r.byte())
		r.bad = r.bad || k.level > tocsin.Critical
		r.kinds = append(r.kinds, k)
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		r.met = append(r.met, r.ruleOf(r.text(), r.text(), r.text(), tocsin.Level(r.byte())))
	}
}

func (r *pageReader) text() string {
	b := r.bytes(r.uint())
	r.bad = r.bad || !utf8.Valid(b)
	return string(b)
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

// layer reads one, in which a doer has its share at most.
func (r *pageReader) layer(l *layer, share int) {
	l.noted, l.gone.from, l.gone.to = r.int(), r.int(), r.int()
	r.doers(l)
	for _, d := range l.doers {
		l.n += min(len(d.deeds), share)
	}
}

// doers reads those of a layer, in which there are none of them.
func (r *pageReader) doers(l *layer) {
	for n := r.count(); n > 0 && !r.bad; n-- {
		had := len(l.doers)
		d := l.doer(r.name(), r.name())
		d.ticked = int32(r.int())
		if d.who == none && d.host == none || len(l.doers) == had {
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
	}
}

func (r *pageReader) deed(of *doer) {
	i := r.uint()
	text, log, host := r.text(), r.byte(), r.name()
	if r.bad = r.bad || int(log) >= nLogs || i == 0 || i > uint64(len(r.kinds)); r.bad {
		return
	}
	d, isNew := of.deed(host, r.s.t.kindNumber(r.kinds[i-1]))
	d.org, d.row, d.at.source, d.at.time, d.at.record, d.text, d.log = r.name(), r.name(), r.name(), r.int(), r.uint(), text, log
	d.n, d.size, d.first, d.last, d.bytes = int32(r.int()), int32(r.int()), r.int(), r.int(), r.int()
	f := r.byte()
	d.sparse, d.weighed, d.taken = f&1 != 0, f&2 != 0, f&4 != 0
	d.weight = math.Float32frombits(uint32(r.uint()))
	if w := float64(d.weight); math.IsNaN(w) || math.IsInf(w, 0) || !isNew || d.n < 0 || d.size < 0 {
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
		i := r.uint()
		if r.bad = r.bad || i == 0 || i > uint64(len(r.met)); r.bad {
			return
		}
		d.rules = append(d.rules, r.met[i-1])
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
