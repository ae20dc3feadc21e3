package sigma

import (
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/tocsin-ids/tocsin"
)

// A Matcher holds the rules of a Set against one event at a time. It is used by one goroutine.
//
// An event's values are looked up in the indexes of its route, which gives the tests that hold and, by their
// witnesses, the rules that may; only those are evaluated. A test that a looked-up field's index knows and did not
// find does not hold. Tests that no index knows are asked when a rule needs them, once an event.
type Matcher struct {
	profile *Profile // nil where nobody asks what rules cost
	set     *Set
	ev      *tocsin.Event
	route   *route // nil: every test is asked directly
	epoch   uint32 // of the event; what is stamped otherwise is of an earlier one

	memo   []uint32 // of each test: epoch<<2 and its state
	fields []fieldState
	next   []int32  // of each field of the event: the next one of its slot, or -1
	fold   []string // of each field and, last, Raw: its folded value once it was needed
	done   []bool   // fold is filled
	arena  []byte   // of folded values
	asked  []int32  // slots of the event that have open witnesses
	words  uint32   // epoch in which keywords were looked up

	maybe   []int32  // rules to evaluate
	stamp   []uint32 // of each rule: epoch in which it came to maybe
	matched []int32

	dfas   map[*test]*dfa // of regular expressions that were asked; nil for those that have none
	names  nameTable
	routes [routeCache]*route
}

// A fieldState is what a slot holds of the event.
type fieldState struct {
	epoch  uint32
	looked uint32 // epoch in which its values were looked up
	found  uint32 // epoch in which its index found something
	first  int32  // of the event's fields
	last   int32
}

// States of a test.
const (
	stateMaybe = 1 // its text was found: it has to be asked
	stateNo    = 2
	stateYes   = 3
)

const (
	maxEpoch = 1<<30 - 1
	maxArena = 4 << 20 // bytes kept for folded values from one event to the next
)

// Matcher returns a new matcher of the set, for one goroutine.
func (s *Set) Matcher() *Matcher {
	return &Matcher{
		set: s, memo: make([]uint32, len(s.tests)), fields: make([]fieldState, len(s.names)), stamp: make([]uint32, len(s.exprs)),
		dfas: map[*test]*dfa{},
	}
}

// Match calls hit for each rule that holds for the event, rule numbers ascending. It allocates nothing for an event
// that no rule holds for, once it has met its kind. From hit, Held may be called.
func (m *Matcher) Match(ev *tocsin.Event, hit func(rule int)) {
	r := m.routeOf(ev.Sources)
	if r == nil {
		m.matchDirectly(ev, hit)
		return
	}
	if r.none {
		return
	}
	m.begin(ev, r)
	for i := range ev.Fields {
		m.field(i)
	}
	if r.words != nil && r.words.eager {
		m.lookWords()
	}
	for _, slot := range m.asked {
		m.ask(r.fields[slot].open)
		if wide := r.fields[slot].wide; len(wide) > 0 && m.isWide(slot) {
			m.ask(wide)
		}
	}
	m.consider(r.always)
	m.matched = m.matched[:0]
	for _, n := range m.maybe {
		if m.profile != nil {
			if m.measured(n) {
				m.insert(n)
			}
		} else if m.holds(m.set.exprs[n]) {
			m.insert(n)
		}
	}
	for _, n := range m.matched {
		hit(int(n))
	}
}

// matchDirectly matches without an index.
func (m *Matcher) matchDirectly(ev *tocsin.Event, hit func(rule int)) {
	m.load(ev)
	m.matched = m.matched[:0]
	for i, e := range m.set.exprs {
		if e == nil || !m.set.Applies(i, ev.Sources) {
			continue
		}
		if m.profile != nil && m.measured(int32(i)) || m.profile == nil && m.holds(e) {
			m.matched = append(m.matched, int32(i))
		}
	}
	for _, n := range m.matched {
		hit(int(n))
	}
}

// insert adds a rule that held, keeping their order.
func (m *Matcher) insert(n int32) {
	m.matched = append(m.matched, n)
	for i := len(m.matched) - 1; i > 0 && m.matched[i-1] > n; i-- {
		m.matched[i-1], m.matched[i] = n, m.matched[i-1]
	}
}

// begin makes ev the event that tests are about.
func (m *Matcher) begin(ev *tocsin.Event, r *route) {
	m.ev, m.route = ev, r
	if m.epoch++; m.epoch > maxEpoch {
		m.epoch, m.words = 1, 0
		clear(m.memo)
		clear(m.fields)
		clear(m.stamp)
	}
	n := len(ev.Fields)
	if cap(m.next) <= n {
		m.next = make([]int32, n+n/2+16)
		m.fold = make([]string, cap(m.next))
		m.done = make([]bool, cap(m.next))
	}
	clear(m.done[:n+1])
	if cap(m.arena) > maxArena {
		m.arena = nil
	}
	m.arena, m.maybe, m.asked = m.arena[:0], m.maybe[:0], m.asked[:0]
}

// load makes ev the event, for tests that are asked directly.
func (m *Matcher) load(ev *tocsin.Event) {
	m.begin(ev, nil)
	for i := range ev.Fields {
		if slot := m.slot(ev.Fields[i].Name); slot >= 0 {
			m.link(i, slot)
		}
	}
}

// field enters one field of the event and looks up its value if it may be a witness.
func (m *Matcher) field(i int) {
	slot := m.slot(m.ev.Fields[i].Name)
	if slot < 0 {
		return
	}
	f := m.route.fields[slot]
	m.link(i, slot)
	if f == nil {
		return
	}
	s := &m.fields[slot]
	if f.eager {
		s.looked = m.epoch
		m.look(f, m.folded(i))
	}
	if len(f.open)+len(f.wide) > 0 && s.first == int32(i) {
		m.asked = append(m.asked, slot)
	}
}

// link adds a field to those of its slot, in order.
func (m *Matcher) link(i int, slot int32) {
	s := &m.fields[slot]
	m.next[i] = -1
	if s.epoch != m.epoch {
		s.epoch, s.first = m.epoch, int32(i)
	} else {
		m.next[s.last] = int32(i)
	}
	s.last = int32(i)
}

// first returns the first field of a slot, or -1.
func (m *Matcher) first(slot int32) int32 {
	if s := &m.fields[slot]; s.epoch == m.epoch {
		return s.first
	}
	return -1
}

// look finds the entries of an index in a folded value.
func (m *Matcher) look(f *fieldIndex, v string) {
	if f.ends != nil {
		m.lookEnds(f.ends, v)
	}
	if f.grams != nil {
		m.lookGrams(f.grams, v)
	}
}

func (m *Matcher) lookEnds(e *ends, v string) {
	n := min(len(v), 8)
	tail := tailOf(v, n)
	if e.whole {
		for i, found := 0, e.find(tail, tagWhole+uint32(len(v))); i < len(found); i++ {
			if found[i].text == v {
				m.found(&found[i])
			}
		}
	}
	for rest := e.tails; rest != 0; rest &= rest - 1 {
		k := trailing(rest)
		if k > n {
			break
		}
		for i, found := 0, e.find(tail>>(8*(8-k))<<(8*(8-k)), tagTail+uint32(k)); i < len(found); i++ {
			if strings.HasSuffix(v, found[i].text) {
				m.found(&found[i])
			}
		}
	}
	if e.heads == 0 {
		return
	}
	head := headOf(v, n)
	for rest := e.heads; rest != 0; rest &= rest - 1 {
		k := trailing(rest)
		if k > n {
			break
		}
		for i, found := 0, e.find(head<<(8*(8-k))>>(8*(8-k)), tagHead+uint32(k)); i < len(found); i++ {
			if strings.HasPrefix(v, found[i].text) {
				m.found(&found[i])
			}
		}
	}
}

func (m *Matcher) lookGrams(g *grams, v string) {
	for i := g.next(v, 0); i >= 0; i = g.next(v, i+g.stride) {
		for k, found := 0, g.find(gramAt(v, i)); k < len(found); k++ {
			e := &found[k]
			if from := i - int(e.off); from >= 0 && strings.HasPrefix(v[from:], e.text) {
				m.found(e)
			}
		}
	}
}

// found notes that an entry's text is there.
func (m *Matcher) found(e *entry) {
	s := &m.memo[e.test]
	if *s>>2 == m.epoch {
		return
	}
	*s = m.epoch<<2 | stateMaybe
	if e.decides {
		*s = m.epoch<<2 | stateYes
	}
	if slot := m.set.tests[e.test].slot; slot != anywhere {
		m.fields[slot].found = m.epoch
	}
	m.consider(e.rules)
}

// ask asks tests that no index finds.
func (m *Matcher) ask(tests []openTest) {
	for _, o := range tests {
		if m.test(o.test) {
			m.consider(o.rules)
		}
	}
}

// isWide says that a value of a slot goes beyond ASCII.
func (m *Matcher) isWide(slot int32) bool {
	for i := m.first(slot); i >= 0; i = m.next[i] {
		if !isASCII(m.raw(int(i))) {
			return true
		}
	}
	return false
}

// consider puts rules among those to evaluate.
func (m *Matcher) consider(rules []int32) {
	for _, n := range rules {
		if m.stamp[n] != m.epoch {
			m.stamp[n] = m.epoch
			m.maybe = append(m.maybe, n)
		}
	}
}

// lookWords looks up the keywords of the route in the whole event. A value that is a piece of Raw was looked at with
// Raw; one at whose ends a character of Raw is cut was not.
func (m *Matcher) lookWords() {
	m.words = m.epoch
	f := m.route.words
	if f.grams == nil {
		return
	}
	ev := m.ev
	raw := rawCounts(ev)
	if raw && len(ev.Raw) >= f.short {
		m.lookGrams(f.grams, m.folded(len(ev.Fields)))
	}
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		if len(v) < f.short || raw && within(v, ev.Raw) {
			continue
		}
		m.lookGrams(f.grams, m.folded(i))
	}
}

// within says that v, not empty, is a piece of the memory of s, and not of part of a character at its ends.
func within(v, s string) bool {
	at := uintptr(unsafe.Pointer(unsafe.StringData(v))) - uintptr(unsafe.Pointer(unsafe.StringData(s)))
	if at > uintptr(len(s)) || uintptr(len(v)) > uintptr(len(s))-at {
		return false
	}
	end := int(at) + len(v)
	return utf8.RuneStart(v[0]) && (end == len(s) || utf8.RuneStart(s[end]))
}

// raw returns the value of a field; the one after the last is Raw.
func (m *Matcher) raw(i int) string {
	if i == len(m.ev.Fields) {
		return m.ev.Raw
	}
	return m.ev.Fields[i].Value
}

// folded returns the folded value of a field.
func (m *Matcher) folded(i int) string {
	if !m.done[i] {
		m.done[i] = true
		from := len(m.arena)
		m.arena = appendFold(m.arena, m.raw(i))
		m.fold[i] = unsafe.String(unsafe.SliceData(m.arena[from:]), len(m.arena)-from)
	}
	return m.fold[i]
}

// holds evaluates an expression for the event.
func (m *Matcher) holds(e *expr) bool {
	switch e.op {
	case opSearch:
		return m.test(e.test)
	case opAnd:
		for _, k := range e.kids {
			if !m.holds(k) {
				return false
			}
		}
		return true
	case opOr:
		if e.field > 0 && m.route != nil && !m.foundIn(e.field-1) {
			return false
		}
		for _, k := range e.kids {
			if m.holds(k) {
				return true
			}
		}
		return false
	case opNot:
		return !m.holds(e.kids[0])
	}
	n := 0
	for _, k := range e.kids {
		if m.holds(k) {
			if n++; n >= e.count {
				return true
			}
		}
	}
	return false
}

// test answers a test for the event.
func (m *Matcher) test(n int32) bool {
	s := m.memo[n]
	if s>>2 == m.epoch && s&3 != stateMaybe {
		return s&3 == stateYes
	}
	t := &m.set.tests[n]
	if m.route != nil && t.hooked && s>>2 != m.epoch {
		if !m.lookFor(t.slot) {
			return false
		}
		if s = m.memo[n]; s>>2 != m.epoch {
			return false
		}
		if s&3 != stateMaybe {
			return s&3 == stateYes
		}
	}
	state := uint32(stateNo)
	if m.answer(t) {
		state = stateYes
	}
	m.memo[n] = m.epoch<<2 | state
	return state == stateYes
}

// foundIn says whether the index of a field found anything in its values.
func (m *Matcher) foundIn(slot int32) bool {
	m.lookFor(slot)
	return m.fields[slot].found == m.epoch
}

// lookFor makes sure that a slot's values were looked up; false says that they were before, or that there are none.
func (m *Matcher) lookFor(slot int32) bool {
	if slot == anywhere {
		if m.words == m.epoch {
			return false
		}
		m.lookWords()
		return true
	}
	s := &m.fields[slot]
	if s.epoch != m.epoch || s.looked == m.epoch {
		return false
	}
	s.looked = m.epoch
	for i := s.first; i >= 0; i = m.next[i] {
		m.look(m.route.fields[slot], m.folded(int(i)))
	}
	return true
}

// answer asks a test of the event's values.
func (m *Matcher) answer(t *test) bool {
	for _, c := range t.needs {
		if !m.any(c) {
			return false
		}
	}
	if t.slot == anywhere {
		raw := rawCounts(m.ev)
		if raw && m.one(t, len(m.ev.Fields)) {
			return true
		}
		for i := range m.ev.Fields {
			if v := m.ev.Fields[i].Value; raw && t.kind == testContains && len(v) > 0 && within(v, m.ev.Raw) {
				continue // it was looked at with Raw
			}
			if m.one(t, i) {
				return true
			}
		}
		return false
	}
	for i := m.first(t.slot); i >= 0; i = m.next[i] {
		if m.one(t, int(i)) {
			return true
		}
	}
	return false
}

// any says that one of some tests holds.
func (m *Matcher) any(tests []int32) bool {
	for _, n := range tests {
		if m.test(n) {
			return true
		}
	}
	return false
}

// rawCounts says that keywords look at Raw too: it is there and is not a JSON object, whose values are the fields.
func rawCounts(ev *tocsin.Event) bool {
	return ev.Raw != "" && (len(ev.Fields) == 0 || ev.Raw[0] != '{')
}

// one says whether a test holds for one field, or Raw.
func (m *Matcher) one(t *test, i int) bool {
	switch {
	case t.kind == testPresent:
		return true
	case t.kind == testRef:
		for j := m.first(t.ref); j >= 0; j = m.next[j] {
			if t.cased && t.related(m.raw(i), m.raw(int(j))) || !t.cased && t.related(m.folded(i), m.folded(int(j))) {
				return true
			}
		}
		return false
	case t.kind == testRegex:
		return m.regex(t, i)
	case t.raw():
		return t.value(m.raw(i))
	}
	return t.value(m.folded(i))
}

// regex asks a regular expression of one field: its automaton, or regexp where that does not serve.
func (m *Matcher) regex(t *test, i int) bool {
	if len(m.raw(i)) < t.least {
		return false
	}
	d, ok := m.dfas[t]
	if !ok {
		d = newDFA(t.text)
		m.dfas[t] = d
	}
	if d != nil {
		if held, ok := d.match(m.raw(i)); ok {
			return held
		}
	}
	return t.re.MatchString(m.raw(i))
}
