package sigma

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Correlator collects the events that the rules of correlations match, in any order, and at the end replays them in
// the order of their time. One goroutine uses it; collectors of several are joined with Merge.
//
// It keeps a packed copy of each such event (about the size of its text). When those of a collector take more than
// Budget bytes, it keeps of further events only the fields that correlations read: what is found stays the same, the
// events of matches then show those fields only. Stats counts them.
type Correlator struct {
	Budget int64 // bytes of packed events; 0 is 64 MiB

	set            *joins
	parts          []*Correlator // joined collectors
	shelf          tocsin.Shelf
	kept           []kept
	hosts, sources interned
	lanes          []lane  // by correlation
	spaces         []space // by list of group-by fields
	stats          CorrelatorStats
	calls          int64 // of Add

	last           *tocsin.Event // of kept's last, for as long as it may be asked for again
	fresh          []int         // rules that matched it so far
	again          tocsin.Event
	thin           tocsin.Event
	groups, values tuples
}

// CorrelatorStats says what a Correlator took in.
type CorrelatorStats struct {
	Events  int64 // events kept
	Hits    int64 // matches of correlated rules, an event counting once for each
	Undated int64 // matches without a time of their event: no part in any window
	Thin    int64 // events of which only the fields that correlations read were kept
	Bytes   int64 // packed size
}

const defaultBudget = 64 << 20

// A kept is an event: when, and where it lies.
type kept struct {
	at           int64 // nanoseconds since 1970
	record       uint64
	slot         tocsin.Slot
	source, host uint32
}

// A space is the groups by one list of fields.
type space struct {
	interned
	calls int64    // the call of Add that now is about
	now   []uint32 // the groups that its event is in
}

// A lane is what one correlation has to do with the events of one collector.
type lane struct {
	values interned
	hits   []hit
}

// A hit is an event as a slot of a correlation, in one group of the slot's space.
type hit struct {
	event, group, slot uint32
	value              uint64 // numeric: the bits of a float; else a number of lane.values
}

// Correlator makes a collector for the set's correlations. A set without any has one that does nothing.
func (s *Set) Correlator() *Correlator {
	return newCorrelator(s.joins, 0)
}

func newCorrelator(j *joins, budget int64) *Correlator {
	return &Correlator{Budget: budget, set: j, lanes: make([]lane, len(j.list)), spaces: make([]space, len(j.spaces))}
}

// Alerts says whether a hit of the rule is a match on its own: not if it is only there for correlations to build on
// and none of them says generate.
func (s *Set) Alerts(rule int) bool { return s.joins.heard[rule] }

// Correlated says whether a rule's hits are to be given to a Correlator.
func (s *Set) Correlated(rule int) bool { return len(s.joins.feeds[rule]) > 0 }

// Add takes a hit of a rule; a rule that no correlation builds on is ignored. The event is copied. Hits of one event
// must follow each other.
func (c *Correlator) Add(ev *tocsin.Event, rule int) {
	feeds := c.set.feeds[rule]
	if len(feeds) == 0 {
		return
	}
	c.stats.Hits++
	at := ev.Time
	if at.IsZero() {
		at = ev.Sensor
	}
	if at.IsZero() || at.Year() < 1900 || at.Year() > 2150 { // a timespan before and after must fit in 64 bits of nanoseconds
		c.stats.Undated++
		return
	}
	c.calls++
	event := -1 // not kept unless a correlation takes it
	for _, f := range feeds {
		s := &f.join.slots[f.slot]
		l := &c.lanes[f.join.index]
		values, number := 1, uint64(0)
		switch m := f.join.measure; {
		case m.numeric():
			n, ok := numberIn(ev, s.fields)
			if !ok {
				continue
			}
			number = math.Float64bits(n)
		case m.distinct():
			values = c.values.fill(ev, s.fields)
		}
		for _, group := range c.groupsOf(ev, s) {
			for v := range values {
				if event < 0 {
					event = c.keep(ev, at, rule)
				}
				if f.join.measure.distinct() {
					number = uint64(l.values.number(c.values.tuple(v)))
				}
				l.hits = append(l.hits, hit{uint32(event), group, f.slot, number})
			}
		}
	}
}

// groupsOf are the groups of a slot that the event of this call is in.
func (c *Correlator) groupsOf(ev *tocsin.Event, s *slot) []uint32 {
	sp := &c.spaces[s.space]
	if sp.calls != c.calls {
		sp.calls, sp.now = c.calls, sp.now[:0]
		for g := range c.groups.fill(ev, s.group) {
			sp.now = append(sp.now, sp.number(c.groups.tuple(g)))
		}
	}
	return sp.now
}

// numberIn reads the first of the fields that holds a number.
func numberIn(ev *tocsin.Event, fields []string) (float64, bool) {
	for _, f := range fields {
		for i := range ev.Fields {
			if bare(ev.Fields[i].Name) != bare(f) {
				continue
			}
			if n, ok := parseNumber(ev.Fields[i].Value); ok && !math.IsInf(n.real, 0) {
				return n.real, true
			}
		}
	}
	return 0, false
}

// Tuples are the keys of all combinations of values that an event has for some fields.
type tuples struct {
	buf, was   []byte
	ends, stop []int
	vals       []string
}

// maxTuples bounds the groups that one event with several values of several fields is in.
const maxTuples = 64

// fill makes the tuples and tells how many there are: none if the event lacks a field, one for no fields at all.
func (t *tuples) fill(ev *tocsin.Event, fields []string) int {
	t.buf, t.ends = t.buf[:0], append(t.ends[:0], 0)
	for _, f := range fields {
		t.vals = appendValues(t.vals[:0], ev, f)
		if len(t.vals) == 1 && len(t.ends) == 1 {
			t.buf = appendPart(t.buf, t.vals[0])
			t.ends[0] = len(t.buf)
			continue
		}
		t.buf, t.was = t.was[:0], t.buf
		t.ends, t.stop = t.stop[:0], t.ends
		from := 0
		for _, to := range t.stop {
			for _, v := range t.vals {
				if len(t.ends) == maxTuples {
					break
				}
				t.buf = appendPart(append(t.buf, t.was[from:to]...), v)
				t.ends = append(t.ends, len(t.buf))
			}
			from = to
		}
	}
	return len(t.ends)
}

// tuple is the key of the i-th combination; valid until the next fill.
func (t *tuples) tuple(i int) []byte {
	if i == 0 {
		return t.buf[:t.ends[0]]
	}
	return t.buf[t.ends[i-1]:t.ends[i]]
}

// appendPart adds a folded value to a key, its length first, so that no two tuples have the same key.
func appendPart(key []byte, v string) []byte {
	at := len(key)
	key = append(key, 0)
	key = appendFold(key, v)
	n := len(key) - at - 1
	if n < 0x80 {
		key[at] = byte(n)
		return key
	}
	var head [binary.MaxVarintLen64]byte
	h := binary.PutUvarint(head[:], uint64(n))
	key = append(key, head[1:h]...)
	copy(key[at+h:], key[at+1:at+1+n])
	copy(key[at:], head[:h])
	return key
}

// keyParts takes a key apart again.
func keyParts(key string) []string {
	var out []string
	for b := []byte(key); len(b) > 0; {
		n, h := binary.Uvarint(b)
		out = append(out, string(b[h:h+int(n)]))
		b = b[h+int(n):]
	}
	return out
}

// appendValues adds the values of a field. Spaces in names do not count; the names of hosts mean the event's Host where
// there is no such field.
func appendValues(to []string, ev *tocsin.Event, field string) []string {
	n := len(to)
	for i := range ev.Fields {
		if ev.Fields[i].Name == field {
			to = append(to, ev.Fields[i].Value)
		}
	}
	if len(to) > n {
		return to
	}
	name := bare(field)
	for i := range ev.Fields {
		if bare(ev.Fields[i].Name) == name {
			to = append(to, ev.Fields[i].Value)
		}
	}
	if len(to) > n {
		return to
	}
	switch field {
	case "host", "hostname", "Computer", "ComputerName":
		if ev.Host != "" {
			return append(to, ev.Host)
		}
		if ev.Source != "" { // a log that names no host is one host's
			return append(to, ev.Source)
		}
	}
	return to
}

// keep puts the event on the shelf unless its last is the same one.
func (c *Correlator) keep(ev *tocsin.Event, at time.Time, rule int) int {
	if n := len(c.kept) - 1; n >= 0 && c.same(ev, at, rule, &c.kept[n]) {
		c.fresh = append(c.fresh, rule)
		return n
	}
	c.last, c.fresh = ev, append(c.fresh[:0], rule)
	budget := c.Budget
	if budget == 0 {
		budget = defaultBudget
	}
	k := kept{at: at.UnixNano(), record: ev.Record, source: c.sources.numberOf(ev.Source), host: c.hosts.numberOf(ev.Host)}
	if c.stats.Thin > 0 || len(c.kept)%256 == 255 && c.shelf.Bytes() > budget {
		c.stats.Thin++
		ev = c.thinned(ev)
	}
	k.slot = c.shelf.Put(ev)
	c.stats.Events++
	c.kept = append(c.kept, k)
	return len(c.kept) - 1
}

// same says whether ev is the event that k was made of: it is the same memory with the same content, and the rule has
// not matched it before (of one event, a rule is told once).
func (c *Correlator) same(ev *tocsin.Event, at time.Time, rule int, k *kept) bool {
	if ev != c.last || k.at != at.UnixNano() || k.record != ev.Record || c.sources.text[k.source] != ev.Source {
		return false
	}
	for _, r := range c.fresh {
		if r == rule {
			return false
		}
	}
	c.shelf.Load(k.slot, &c.again)
	i := 0
	thin := c.stats.Thin > 0
	for _, f := range ev.Fields {
		if thin && !c.set.asked[bare(f.Name)] {
			continue
		}
		if i == len(c.again.Fields) || c.again.Fields[i] != f {
			return false
		}
		i++
	}
	return i == len(c.again.Fields)
}

// thinned is ev with only the fields that correlations read.
func (c *Correlator) thinned(ev *tocsin.Event) *tocsin.Event {
	fields := c.thin.Fields[:0]
	for _, f := range ev.Fields {
		if c.set.asked[bare(f.Name)] {
			fields = append(fields, f)
		}
	}
	c.thin = *ev
	c.thin.Raw, c.thin.Fields = "", fields
	return &c.thin
}

// Merge joins what o has collected, and takes it over: o is not to be used any more.
func (c *Correlator) Merge(o *Correlator) {
	c.parts = append(c.parts, o)
	c.parts = append(c.parts, o.parts...)
	o.parts = nil
}

// Stats tells what this collector, and those merged into it, took in.
func (c *Correlator) Stats() CorrelatorStats {
	s := c.stats
	s.Bytes = c.shelf.Bytes()
	for _, o := range c.parts {
		s.Events += o.stats.Events
		s.Hits += o.stats.Hits
		s.Undated += o.stats.Undated
		s.Thin += o.stats.Thin
		s.Bytes += o.shelf.Bytes()
	}
	return s
}

// Interned numbers texts.
type interned struct {
	of   map[string]uint32
	text []string
	last uint32
}

// number is the number of a text; it is copied when it is new.
func (n *interned) number(b []byte) uint32 {
	if len(n.text) > 0 && n.text[n.last] == string(b) {
		return n.last
	}
	i, ok := n.of[string(b)]
	if !ok {
		i = n.add(b)
	}
	n.last = i
	return i
}

// numberOf is number of a string.
func (n *interned) numberOf(s string) uint32 {
	if len(n.text) > 0 && n.text[n.last] == s {
		return n.last
	}
	i, ok := n.of[s]
	if !ok {
		i = n.add([]byte(s))
	}
	n.last = i
	return i
}

func (n *interned) add(b []byte) uint32 {
	if n.of == nil {
		n.of = map[string]uint32{}
	}
	s := string(b)
	i := uint32(len(n.text))
	n.text = append(n.text, s)
	n.of[s] = i
	return i
}
