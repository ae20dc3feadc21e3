package sigma

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A route is all that matching events of some log sources takes: the rules that apply and one index of their tests.
// It is built when the first such event is met.
type route struct {
	sources []tocsin.LogSource
	fields  []*fieldIndex // by slot; nil where no rule tests the field
	words   *fieldIndex   // of keywords; nil where there are none
	always  []int32       // rules without a witness
	none    bool          // no rule applies
}

// A fieldIndex finds which tests hold for the values of a field.
type fieldIndex struct {
	eager bool // it has witnesses: every value is looked up; otherwise only when a rule asks
	short int  // bytes of the shortest text in grams
	ends  *ends
	grams *grams
	open  []openTest
	wide  []openTest // those for texts beyond ASCII, which few values have
}

// An openTest is a witness that no index finds: it is asked whenever the field is there.
type openTest struct {
	test  int32
	rules []int32
}

// maxRoutes bounds the routes that are kept. Log sources are the decoders' and few; should a log make more of them,
// the events of the rest are matched without an index.
const maxRoutes = 4096

// routeTable is the routes by a hash of their log sources. It is never changed, only replaced.
type routeTable map[uint64][]*route

func (t routeTable) find(h uint64, sources []tocsin.LogSource) *route {
	for _, r := range t[h] {
		if slices.Equal(r.sources, sources) {
			return r
		}
	}
	return nil
}

func sourcesHash(sources []tocsin.LogSource) uint64 {
	h := uint64(14695981039346656037)
	add := func(s string) {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xFF) * 1099511628211
	}
	for _, s := range sources {
		add(s.Product)
		add(s.Category)
		add(s.Service)
	}
	return h
}

// route returns the route of events of these log sources; nil if there are too many routes already. Matchers that
// meet a new log source at once may both build its route: one of them is kept.
func (s *Set) route(sources []tocsin.LogSource) *route {
	h := sourcesHash(sources)
	var built *route
	for {
		old := s.routes.Load()
		var table routeTable
		if old != nil {
			table = *old
		}
		if r := table.find(h, sources); r != nil {
			return r
		}
		if len(table) >= maxRoutes {
			return nil
		}
		if built == nil {
			built = s.newRoute(sources)
		}
		next := make(routeTable, len(table)+1)
		for k, v := range table {
			next[k] = v
		}
		next[h] = append(slices.Clone(next[h]), built)
		if s.routes.CompareAndSwap(old, &next) {
			return built
		}
	}
}

// Prepare builds what matching events of these log sources needs. Otherwise that is done when the first such event
// comes; who wants to know what loading rules costs, or to match the first event fast, does it beforehand.
func (s *Set) Prepare(sources ...[]tocsin.LogSource) {
	for _, list := range sources {
		s.route(list)
	}
}

// newRoute builds the route of log sources.
func (s *Set) newRoute(sources []tocsin.LogSource) *route {
	r := &route{fields: make([]*fieldIndex, len(s.names)), none: true}
	for _, l := range sources {
		r.sources = append(r.sources, tocsin.LogSource{Product: strings.Clone(l.Product), Category: strings.Clone(l.Category), Service: strings.Clone(l.Service)})
	}
	b := routeBuilder{set: s, route: r, rules: map[int32][]int32{}, seen: make([]bool, len(s.tests)), parts: map[int32]*fieldParts{}}
	for i, e := range s.exprs {
		if e == nil || !s.Applies(i, sources) {
			continue
		}
		r.none = false
		w := s.witnesses[i]
		if len(w) == 0 {
			r.always = append(r.always, int32(i))
		}
		for _, t := range w {
			b.rules[t] = append(b.rules[t], int32(i))
		}
		b.collect(e)
	}
	b.build()
	return r
}

// A routeBuilder collects the tests of a route by field.
type routeBuilder struct {
	set   *Set
	route *route
	rules map[int32][]int32 // test → rules that it is a witness of
	seen  []bool
	parts map[int32]*fieldParts
}

// fieldParts are the entries of a field's index.
type fieldParts struct {
	ends  []entry
	kinds []testKind
	grams []entry
	open  []openTest
	eager bool
}

func (b *routeBuilder) collect(e *expr) {
	for _, k := range e.kids {
		b.collect(k)
	}
	if e.op == opSearch {
		b.add(e.test)
	}
}

// add takes up a test, and those that it needs.
func (b *routeBuilder) add(n int32) {
	if b.seen[n] {
		return
	}
	b.seen[n] = true
	t := &b.set.tests[n]
	for _, c := range t.needs {
		for _, k := range c {
			b.add(k)
		}
	}
	p := b.parts[t.slot]
	if p == nil {
		p = &fieldParts{}
		b.parts[t.slot] = p
	}
	h, texts, kind := hookOf(t)
	for _, text := range texts {
		en := entry{text: text, test: n, decides: h&hookDecides != 0}
		if h&^hookDecides == hookEnds {
			p.ends, p.kinds = append(p.ends, en), append(p.kinds, kind)
		} else {
			p.grams = append(p.grams, en)
		}
	}
	if h == hookNone {
		p.open = append(p.open, openTest{test: n})
	}
}

func (b *routeBuilder) build() {
	for slot, p := range b.parts {
		for i := range p.ends {
			p.ends[i].rules = b.rules[p.ends[i].test]
			p.eager = p.eager || len(p.ends[i].rules) > 0
		}
		for i := range p.grams {
			p.grams[i].rules = b.rules[p.grams[i].test]
			p.eager = p.eager || len(p.grams[i].rules) > 0
		}
		f := &fieldIndex{eager: p.eager, ends: newEnds(p.ends, p.kinds), grams: newGrams(p.grams)}
		for i := range p.grams {
			if n := len(p.grams[i].text); f.short == 0 || n < f.short {
				f.short = n
			}
		}
		for _, o := range p.open {
			o.rules = b.rules[o.test]
			t := &b.set.tests[o.test]
			switch {
			case len(o.rules) == 0:
			case t.kind == testContains && !isASCII(t.text):
				f.wide = append(f.wide, o)
			default:
				f.open = append(f.open, o)
			}
		}
		if slot == anywhere {
			b.route.words = f
		} else {
			b.route.fields[slot] = f
		}
	}
}
