package sigma

import (
	"strings"
	"unsafe"

	"github.com/tocsin-ids/tocsin"
)

// A Matcher holds the rules of a Set against one event at a time. It is used by one goroutine.
type Matcher struct {
	set   *Set
	ev    *tocsin.Event
	epoch uint32   // of the event
	memo  []uint32 // of each test: epoch*2 + its answer, when answered for this event
	head  []int32  // of each slot: the first of the event's fields with this name, valid when stamp is the epoch
	stamp []uint32
	next  []int32  // of each field: the next with the same name; -1
	fold  []string // of each field and, last, Raw: its folded value once it was needed
	done  []bool   // fold is filled
	arena []byte   // of folded values
}

// Matcher returns a new matcher of the set, for one goroutine.
func (s *Set) Matcher() *Matcher {
	return &Matcher{set: s, memo: make([]uint32, len(s.tests)), head: make([]int32, len(s.names)), stamp: make([]uint32, len(s.names))}
}

// Match calls hit for each rule that holds for the event, rule numbers ascending.
func (m *Matcher) Match(ev *tocsin.Event, hit func(rule int)) {
	m.load(ev)
	for i, e := range m.set.exprs {
		if e != nil && m.set.Applies(i, ev.Sources) && m.holds(e) {
			hit(i)
		}
	}
}

// load makes ev the event that tests are about.
func (m *Matcher) load(ev *tocsin.Event) {
	m.ev = ev
	if m.epoch++; m.epoch == 1<<31 {
		m.epoch = 1
		clear(m.memo)
		clear(m.stamp)
	}
	n := len(ev.Fields)
	if cap(m.next) <= n {
		m.next = make([]int32, n+n/2+16)
		m.fold = make([]string, cap(m.next))
		m.done = make([]bool, cap(m.next))
	}
	clear(m.done[:n+1])
	m.arena = m.arena[:0]
	for i := n - 1; i >= 0; i-- {
		slot, ok := m.set.slots[bare(ev.Fields[i].Name)]
		if !ok {
			continue
		}
		m.next[i] = -1
		if m.stamp[slot] == m.epoch {
			m.next[i] = m.head[slot]
		}
		m.head[slot], m.stamp[slot] = int32(i), m.epoch
	}
}

// first returns the first field of a slot, or -1.
func (m *Matcher) first(slot int32) int32 {
	if m.stamp[slot] != m.epoch {
		return -1
	}
	return m.head[slot]
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
	if s := m.memo[n]; s>>1 == m.epoch {
		return s&1 == 1
	}
	ok := m.answer(&m.set.tests[n])
	m.memo[n] = m.epoch << 1
	if ok {
		m.memo[n]++
	}
	return ok
}

func (m *Matcher) answer(t *test) bool {
	if t.slot == anywhere {
		for i := range m.ev.Fields {
			if m.field(t, i) {
				return true
			}
		}
		return rawCounts(m.ev) && m.field(t, len(m.ev.Fields))
	}
	for i := m.first(t.slot); i >= 0; i = m.next[i] {
		if m.field(t, int(i)) {
			return true
		}
	}
	return false
}

// rawCounts says that keywords look at Raw too: it is there and is not a JSON object, whose values are the fields.
func rawCounts(ev *tocsin.Event) bool {
	return ev.Raw != "" && (len(ev.Fields) == 0 || !strings.HasPrefix(ev.Raw, "{"))
}

// field says whether a test holds for one field, or Raw.
func (m *Matcher) field(t *test, i int) bool {
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
	case t.raw():
		return t.value(m.raw(i))
	}
	return t.value(m.folded(i))
}
