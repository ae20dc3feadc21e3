package sigma

import (
	"math"

	"github.com/tocsin-ids/tocsin"
)

// A Correlator collects the events that the rules of correlations match, in any order, and replays them in the order of
// their time: all at the end (Finish), or up to marks before which nothing more is expected (Advance). One goroutine uses
// it; collectors of several are joined with Merge.
//
// The events themselves lie on a shelf that its user fills. Of each, the collector notes when it was and where it
// lies, and for each rule that matched it the values that correlations over the rule read, as numbers: a few dozen
// bytes.
type Correlator struct {
	set            *joins
	shelf          *tocsin.Shelf
	parts          []*Correlator // joined collectors
	kept           []kept
	hosts, sources interned
	hits           [][]uint32 // by rule: rows of an event's number and the cells of the rule's columns
	values         values
	stats          CorrelatorStats
	cells          []cell // by field that correlations read
	calls          int64  // of Add
	thin           tocsin.Event
	replay         *replay // what Advance has taken in and still needs
	mark           int64   // of the last Advance
	gone           int64   // undated matches counted before it
}

// CorrelatorStats says what a Correlator took in.
type CorrelatorStats struct {
	Events  int64 // events kept
	Hits    int64 // matches of correlated rules, an event counting once for each
	Undated int64 // matches without a time of their event: no part in any window
	Thin    int64 // events that were thinned
	Late    int64 // matches that came after an Advance to a mark behind their event
	Past    int64 // of these, and of matches of correlations that others build on: those that no window still open can hold
}

// A kept is an event: when, and where it lies.
type kept struct {
	at           int64 // nanoseconds since 1970
	record       uint64
	slot         tocsin.Slot
	source, host uint32
	content      uint64 // see contentOf; 0: not known yet
}

// A cell is what the event of a call of Add has for a field, and the last single value that was looked up.
type cell struct {
	calls  int64
	now    uint32
	number uint32
	last   []byte // as written
}

// Correlator makes a collector for the set's correlations, of events that lie on the shelf. A set without any has one
// that does nothing.
func (s *Set) Correlator(shelf *tocsin.Shelf) *Correlator { return newCorrelator(s.joins, shelf) }

func newCorrelator(j *joins, shelf *tocsin.Shelf) *Correlator {
	return &Correlator{set: j, shelf: shelf, hits: make([][]uint32, len(j.rules)), cells: make([]cell, len(j.fields)), mark: math.MinInt64}
}

// Alerts says whether a hit of the rule is a match on its own: not if it is only there for correlations to build on
// and none of them says generate.
func (s *Set) Alerts(rule int) bool { return s.joins.heard[rule] }

// Correlated says whether a rule's hits are to be given to a Correlator.
func (s *Set) Correlated(rule int) bool { return len(s.joins.feeds[rule]) > 0 }

// Add takes an event that lies at slot and the rules that hold for it, all in one call; rules that no correlation
// builds on are ignored.
func (c *Correlator) Add(ev *tocsin.Event, slot tocsin.Slot, rules ...int) {
	c.calls++
	event, dated := -1, true
	for _, rule := range rules {
		if len(c.set.feeds[rule]) == 0 {
			continue
		}
		c.stats.Hits++
		if event < 0 && dated {
			event, dated = c.keep(ev, slot)
		}
		if !dated {
			c.stats.Undated++
			continue
		}
		row := append(c.hits[rule], uint32(event))
		for _, field := range c.set.columns[rule] {
			row = append(row, c.cell(ev, field))
		}
		c.hits[rule] = row
	}
}

// dated is an event's time, else its sensor's; false says that there is none, or one that a timespan before and after does
// not fit into 64 bits of nanoseconds.
func dated(ev *tocsin.Event) (int64, bool) {
	at := ev.Time
	if at.IsZero() {
		at = ev.Sensor
	}
	if at.IsZero() || at.Year() < firstYear || at.Year() > lastYear {
		return 0, false
	}
	return at.UnixNano(), true
}

// keep notes an event, if it is dated.
func (c *Correlator) keep(ev *tocsin.Event, slot tocsin.Slot) (int, bool) {
	at, ok := dated(ev)
	if !ok {
		return -1, false
	}
	c.stats.Events++
	c.kept = append(c.kept, kept{at: at, record: ev.Record, slot: slot, source: c.sources.numberOf(ev.Source), host: c.hosts.numberOf(ev.Host)})
	return len(c.kept) - 1, true
}

// cell is what the event of this call has for a field.
func (c *Correlator) cell(ev *tocsin.Event, field int) uint32 {
	f := &c.cells[field]
	if f.calls == c.calls {
		return f.now
	}
	f.calls = c.calls
	vals := c.values.of(ev, c.set.fields[field])
	if len(vals) == 1 {
		if f.number == 0 || string(f.last) != vals[0] {
			f.number, f.last = c.values.number(vals[0]), append(f.last[:0], vals[0]...)
		}
		f.now = f.number
		return f.now
	}
	f.now = c.values.list(vals)
	return f.now
}

// Thin gives an event of more than 16 KiB with only the fields that correlations read, for when memory is short: what is
// found stays the same, the events of matches then show those fields only. Stats counts those that lost some. It is valid
// until the next call.
func (c *Correlator) Thin(ev *tocsin.Event) *tocsin.Event {
	thin := c.thinned(ev)
	if thin != ev {
		c.stats.Thin++
	}
	return thin
}

// thickest is how many bytes an event may have that is kept whole. Most have a few hundred; what a match means is read from
// its event.
const thickest = 16 << 10

func (c *Correlator) thinned(ev *tocsin.Event) *tocsin.Event {
	size := len(ev.Raw)
	for i := range ev.Fields {
		size += len(ev.Fields[i].Name) + len(ev.Fields[i].Value)
	}
	if size <= thickest {
		return ev
	}
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

// Merge joins what o has collected, and takes it over: o is not to be used any more, nor its shelf by another goroutine
// before the next Advance or Finish. It panics if o has itself advanced and is not finished: windows that were judged apart
// cannot be joined.
func (c *Correlator) Merge(o *Correlator) {
	if o.replay != nil {
		panic("sigma: Merge of a Correlator that has advanced")
	}
	c.parts = append(c.parts, o)
	c.parts = append(c.parts, o.parts...)
	o.parts = nil
}

// Stats tells what this collector, and those merged into it, took in.
func (c *Correlator) Stats() CorrelatorStats {
	s := c.stats
	for _, o := range c.parts {
		s.add(o.stats)
	}
	return s
}

func (s *CorrelatorStats) add(o CorrelatorStats) {
	s.Events += o.Events
	s.Hits += o.Hits
	s.Undated += o.Undated
	s.Thin += o.Thin
	s.Late += o.Late
	s.Past += o.Past
}
