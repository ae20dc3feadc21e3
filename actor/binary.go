package actor

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/wire"
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

// A pageWriter numbers names, kinds and rules as it meets them. Number 0 is none.
type pageWriter struct {
	wire.Writer
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
	w.names, w.kinds, w.rules, w.B = w.names[:0], w.kinds[:0], w.rules[:0], make([]byte, 0, about)
	return w
}

// whole is what was written, after the texts, kinds and rules that it refers to.
func (w *pageWriter) whole() []byte {
	body := w.B
	w.B = nil
	kinds := w.kinds
	w.Uint(uint64(len(kinds)))
	for _, i := range kinds {
		k := &w.t.kinds[i]
		for _, s := range [...]string{k.verb, k.tactic, k.technique, k.tool, k.rule} {
			w.Text(s)
		}
		w.Byte(byte(k.outcome), byte(k.level))
	}
	w.Uint(uint64(len(w.rules)))
	for _, r := range w.rules {
		w.Text(r.ID)
		w.Text(r.Title)
		w.Text(strings.Join(r.Tags, " "))
		w.Byte(byte(r.Level))
	}
	head := wire.Writer{B: []byte{written}}
	size := 0
	for _, i := range w.names {
		size += len(w.t.all[i]) + 3
	}
	head.B = slices.Grow(head.B, size+len(w.B)+len(body)+8)
	head.Uint(uint64(len(w.names)))
	for _, i := range w.names {
		head.Text(w.t.all[i])
	}
	return append(append(head.B, w.B...), body...)
}

func (w *pageWriter) name(i int32) {
	if i == none {
		w.Uint(0)
		return
	}
	n := w.named[i]
	if n == 0 {
		w.names = append(w.names, i)
		n = uint32(len(w.names))
		w.named[i] = n
	}
	w.Uint(uint64(n))
}

func (w *pageWriter) kindOf(i int32) {
	n := w.kind[i]
	if n == 0 {
		w.kinds = append(w.kinds, i)
		n = uint32(len(w.kinds))
		w.kind[i] = n
	}
	w.Uint(uint64(n))
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
	w.Uint(n)
}

// layer writes all of what was done in a layer.
func (w *pageWriter) layer(l *layer) {
	w.Int(l.noted)
	w.Int(l.gone.from)
	w.Int(l.gone.to)
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
	w.Uint(uint64(len(doers)))
	for _, d := range doers {
		w.name(d.who)
		w.name(d.host)
		w.Int(int64(d.ticked))
		w.Uint(uint64(len(d.ticks)))
		last := int64(0)
		for i := range d.ticks {
			t := &d.ticks[i]
			w.Int(t.Time - last)
			last = t.Time
			w.Int(t.End)
			w.Uint(t.Words)
			for _, x := range [...]uint32{t.Record, t.Text, t.Kind, t.Target, t.Stream, uint32(t.Length), uint32(t.Sensor)} {
				w.Uint(uint64(x))
			}
			w.Byte(t.Count, t.Operators, t.Tactic, byte(t.Outcome), t.Log)
			w.Flags(t.Typed, t.Set)
		}
		w.Uint(uint64(len(d.deeds)))
		for _, x := range d.deeds {
			w.deed(x)
		}
	}
}

func (w *pageWriter) deed(d *deed) {
	w.kindOf(d.kind)
	w.Text(d.text)
	w.Byte(d.log)
	w.name(d.host)
	w.name(d.org)
	w.name(d.row)
	w.name(d.at.source)
	w.Int(d.at.time)
	w.Uint(d.at.record)
	for _, n := range [...]int64{int64(d.n), int64(d.size), d.first, d.last, d.bytes} {
		w.Int(n)
	}
	w.Flags(d.sparse, d.weighed, d.taken)
	w.Uint(uint64(math.Float32bits(d.weight)))
	w.Uint(uint64(len(d.refs)))
	for _, r := range d.refs {
		w.Byte(r.role)
		w.name(r.name)
		w.Int(r.last - d.first)
		p := d.metAt(r)
		w.Flags(p != d.at)
		if p != d.at {
			w.name(p.source)
			w.Int(p.time - d.at.time)
			w.Uint(p.record)
		}
	}
	w.Uint(uint64(len(d.rules)))
	for _, r := range d.rules {
		w.ruleOf(r)
	}
	w.Uint(uint64(len(d.blocks)))
	for _, x := range d.blocks {
		w.name(x.source)
		w.Uint(x.from)
		w.Uint(x.bits)
	}
	w.Uint(uint64(len(d.answers)))
	for i := range d.answers {
		x := &d.answers[i]
		w.Uint(uint64(x.asked))
		w.Uint(uint64(x.size))
		w.name(x.at.source)
		w.Uint(x.at.record)
		for _, n := range [...]int64{int64(x.n), x.bytes, x.at.time, x.last} {
			w.Int(n)
		}
	}
	w.Uint(uint64(len(d.seen)))
	for i := range d.seen {
		x := &d.seen[i]
		w.name(x.sensor)
		w.name(x.at.source)
		w.Int(x.at.time)
		w.Uint(x.at.record)
		w.Int(int64(x.rest))
		w.Uint(uint64(len(x.words)))
		for _, k := range x.words {
			w.Uint(uint64(k.text))
			w.Int(int64(k.n))
		}
	}
}

type pageReader struct {
	wire.Reader
	s     *Pages
	texts []string
	kinds []kind
	met   []*tocsin.Rule
	rules map[ruleKey]*tocsin.Rule
	rule  func(id, title string) *tocsin.Rule
}

// head reads the version, and the texts, kinds and rules that the rest refers to.
func (r *pageReader) head() {
	if r.Byte() != written {
		r.Bad = true
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		r.texts = append(r.texts, r.text())
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		var k kind
		for _, s := range [...]*string{&k.verb, &k.tactic, &k.technique, &k.tool, &k.rule} {
			*s = r.text()
		}
		k.outcome, k.level = tocsin.Outcome(r.Byte()), tocsin.Level(r.Byte())
		r.Bad = r.Bad || k.level > tocsin.Critical
		r.kinds = append(r.kinds, k)
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		r.met = append(r.met, r.ruleOf(r.text(), r.text(), r.text(), tocsin.Level(r.Byte())))
	}
}

func (r *pageReader) text() string {
	s := r.Text()
	r.Bad = r.Bad || !utf8.ValidString(s)
	return s
}

func (r *pageReader) name() int32 {
	n := r.Uint()
	if n == 0 {
		return none
	}
	if n > uint64(len(r.texts)) {
		r.Bad = true
		return none
	}
	return r.s.t.number(r.texts[n-1])
}

// must is a name that may not be missing.
func (r *pageReader) must() int32 {
	n := r.name()
	if n == none {
		r.Bad = true
		return r.s.t.number("")
	}
	return n
}

// layer reads one, in which a doer has its share at most.
func (r *pageReader) layer(l *layer, share int) {
	l.noted, l.gone.from, l.gone.to = r.Int(), r.Int(), r.Int()
	r.doers(l)
	for _, d := range l.doers {
		l.n += min(len(d.deeds), share)
	}
}

// doers reads those of a layer, in which there are none of them.
func (r *pageReader) doers(l *layer) {
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		had := len(l.doers)
		d := l.doer(r.name(), r.name())
		d.ticked = int32(r.Int())
		if d.who == none && d.host == none || len(l.doers) == had {
			r.Bad = true
			return
		}
		ticks := make(tocsin.Ticks, r.Count(1))
		last := int64(0)
		for i := range ticks {
			t := &ticks[i]
			last += r.Int()
			t.Time, t.End, t.Words = last, r.Int(), r.Uint()
			t.Record, t.Text, t.Kind, t.Target, t.Stream, t.Length, t.Sensor = uint32(r.Uint()), uint32(r.Uint()), uint32(r.Uint()), uint32(r.Uint()), uint32(r.Uint()), uint16(r.Uint()), uint16(r.Uint())
			t.Count, t.Operators, t.Tactic, t.Outcome, t.Log = r.Byte(), r.Byte(), r.Byte(), tocsin.Outcome(r.Byte()), r.Byte()
			f := r.Byte()
			t.Typed, t.Set = f&1 != 0, f&2 != 0
			if r.Bad {
				return
			}
		}
		d.ticks = ticks
		for k := r.Count(1); k > 0 && !r.Bad; k-- {
			r.deed(d)
		}
	}
}

func (r *pageReader) deed(of *doer) {
	i := r.Uint()
	text, log, host := r.text(), r.Byte(), r.name()
	if r.Bad = r.Bad || int(log) >= nLogs || i == 0 || i > uint64(len(r.kinds)); r.Bad {
		return
	}
	d, isNew := of.deed(host, r.s.t.kindNumber(r.kinds[i-1]))
	d.org, d.row, d.at.source, d.at.time, d.at.record, d.text, d.log = r.name(), r.name(), r.name(), r.Int(), r.Uint(), text, log
	d.n, d.size, d.first, d.last, d.bytes = int32(r.Int()), int32(r.Int()), r.Int(), r.Int(), r.Int()
	f := r.Byte()
	d.sparse, d.weighed, d.taken = f&1 != 0, f&2 != 0, f&4 != 0
	d.weight = math.Float32frombits(uint32(r.Uint()))
	if w := float64(d.weight); math.IsNaN(w) || math.IsInf(w, 0) || !isNew || d.n < 0 || d.size < 0 {
		r.Bad = true
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		x := ref{role: r.Byte(), name: r.must(), last: r.Int() + d.first}
		if x.role >= roles || len(d.refs) == maxRefs {
			r.Bad = true
		}
		if r.Byte()&1 != 0 {
			x.met = d.placed(place{source: r.name(), time: r.Int() + d.at.time, record: r.Uint()})
		}
		d.refs = append(d.refs, x)
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		i := r.Uint()
		if r.Bad = r.Bad || i == 0 || i > uint64(len(r.met)); r.Bad {
			return
		}
		d.rules = append(d.rules, r.met[i-1])
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		d.blocks = append(d.blocks, block{r.must(), r.Uint(), r.Uint()})
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		x := answer{asked: uint32(r.Uint()), size: uint16(r.Uint()), at: place{source: r.must(), record: r.Uint()}}
		x.n, x.bytes, x.at.time, x.last = int32(r.Int()), r.Int(), r.Int(), r.Int()
		if k := len(d.answers); x.n < 0 || k == maxAnswers || k > 0 && d.answers[k-1].order(&x) >= 0 {
			r.Bad = true
			return
		}
		d.answers = append(d.answers, x)
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		r.sight(d)
	}
}

// sight reads one, of another sensor than those before.
func (r *pageReader) sight(d *deed) {
	x := sight{sensor: r.must(), at: place{source: r.must(), time: r.Int(), record: r.Uint()}, rest: int32(r.Int())}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		x.words = append(x.words, words{uint32(r.Uint()), int32(r.Int())})
	}
	ordered := slices.IsSortedFunc(x.words, func(a, b words) int { return cmp.Compare(a.text, b.text) })
	if x.rest < 0 || !ordered || len(x.words) > maxWorded || len(d.seen) == maxSensors ||
		slices.ContainsFunc(x.words, func(w words) bool { return w.n < 0 }) || slices.ContainsFunc(d.seen, func(s sight) bool { return s.sensor == x.sensor }) {
		r.Bad = true
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
