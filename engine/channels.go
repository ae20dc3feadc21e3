package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/wire"
)

// maxHours bounds the hours of connections that a State holds apart, since times can be forged.
const maxHours = 1024

// channels are what a State knows of connections: those of hours that the mark has passed, together, and those of each hour
// that it has not. They are judged whenever the mark passes an hour of which something is known, so that it does not matter
// how many hours a turn passes.
type channels struct {
	state   *State
	key     channel.Key
	witness *witness
	all     *hours           // of the hour passed
	open    map[int64]*hours // by hour since 1970
	told    map[[16]byte]toldChannel
	dropped int64
	number  uint64 // of the last piece

	toldSaved wire.Saved
}

// hours are the connections of an hour that is open, or of all that the mark has passed. What is new is written by itself and then
// joined to the rest, so that a commit costs what is new: their written form is any number of tables that are merged, and
// these merge in any order to the same.
type hours struct {
	hour   int64
	table  *channel.Table
	fresh  *channel.Table // what is new and not in table; nil where there is nothing
	pieces []*tablePiece
	whole  int    // bytes of the piece that was last made of all; 0: there was none
	since  uint64 // the first piece's number is higher
}

// A tablePiece is a table in its written form.
type tablePiece struct {
	name string
	b    []byte // until a store has it
	size int
	wire.Saved
}

// A toldChannel is when a channel was last seen, and in how many slots of time.
type toldChannel struct {
	At     time.Time
	Places int
}

func newChannels(s *State, key actor.Key) *channels {
	c := &channels{state: s, key: channel.Key(key), open: map[int64]*hours{}, told: map[[16]byte]toldChannel{}}
	c.all = c.hours(passed)
	c.witness = newWitness(s.options.Set, s.options.Knowledge, key, nil, func(a *tocsin.Action) { s.pages.Add(a) })
	return c
}

func (c *channels) hours(hour int64) *hours {
	return &hours{hour: hour, table: channel.New(c.key), since: c.number}
}

// Observe notes an event for the channels that it may be part of, as a part delivered it under a number of its own series.
func (s *State) Observe(part string, seq uint64, ev *tocsin.Event) {
	if s.channels != nil && s.fresh("connections of "+part, seq) {
		s.channels.add(ev)
	}
}

// MergeChannels takes over what a worker noted of connections, by the hour since 1970 in which they were; under which hour
// those without a time stand does not matter. The tables are of the State's key, and are not to be used afterwards.
func (s *State) MergeChannels(tables map[int64]*channel.Table) {
	if s.channels == nil {
		return
	}
	for hour, t := range tables {
		if !t.Empty() {
			s.channels.take(hour, t)
		}
	}
}

func (c *channels) add(ev *tocsin.Event) {
	hour := int64(0)
	if !ev.Time.IsZero() {
		hour = ev.Time.Unix() / 3600
	}
	h := c.at(hour)
	if h == nil {
		c.drop(1)
		return
	}
	if h.fresh == nil {
		h.fresh = channel.New(c.key)
	}
	h.fresh.Add(ev)
}

func (c *channels) take(hour int64, t *channel.Table) {
	h := c.at(hour)
	switch {
	case h == nil:
		c.drop(t.Noted())
	case h.fresh == nil:
		h.fresh = t
	default:
		h.fresh.Merge(t)
	}
}

// drop counts connections that are not kept.
func (c *channels) drop(n int64) {
	c.dropped += n
	c.toldSaved.Change()
}

// at are the connections of an hour, or nil where there are too many hours.
func (c *channels) at(hour int64) *hours {
	if hour == 0 { // what has no time is only counted
		return c.all
	}
	h := c.open[hour]
	if h != nil {
		return h
	}
	if len(c.open) >= maxHours {
		last := slices.Max(slices.Collect(maps.Keys(c.open)))
		if hour >= last {
			return nil
		}
		c.drop(c.part(c.open[last]).Noted())
		delete(c.open, last)
	}
	h = c.hours(hour)
	c.open[hour] = h
	c.toldSaved.Change()
	return h
}

// part writes down what is new of some hours and joins it to the rest, which it returns.
func (c *channels) part(h *hours) *channel.Table {
	if h.fresh == nil {
		return h.table
	}
	c.write(h, h.fresh)
	h.table.Merge(h.fresh)
	h.fresh = nil
	return h.table
}

// write adds a piece.
func (c *channels) write(h *hours, t *channel.Table) {
	b, err := t.AppendBinary(nil)
	if err != nil {
		c.drop(t.Noted()) // it cannot fail
		return
	}
	c.number++
	h.pieces = append(h.pieces, &tablePiece{name: fmt.Sprintf("%d.%08x", h.hour, c.number), b: b, size: len(b)})
}

// fewer makes one piece of all where they are many, or more than twice what that one would be.
func (c *channels) fewer(h *hours) {
	size := 0
	for _, p := range h.pieces {
		size += p.size
	}
	if size > 2*h.whole+leastWhole || len(h.pieces) > mostTables+h.whole/leastWhole {
		h.pieces = nil
		c.write(h, h.table)
		h.whole = h.pieces[0].size
	}
}

const (
	leastWhole = 256 << 10 // bytes of pieces that are not worth making one of them
	mostTables = 64        // pieces that are so, however small
)

// advance judges what is known by each hour that a mark has passed. Nil channels judge nothing.
func (c *channels) advance(mark time.Time) {
	if c == nil {
		return
	}
	late := false // connections of hours that were judged are judged together
	for _, hour := range slices.Sorted(maps.Keys(c.open)) {
		end := time.Unix((hour+1)*3600, 0)
		if end.After(mark) {
			break
		}
		h := c.open[hour]
		delete(c.open, hour)
		c.toldSaved.Change()
		c.part(c.all)
		c.all.table.Merge(c.part(h))
		c.all.pieces = append(c.all.pieces, h.pieces...) // as they are
		if late = !end.After(c.state.mark); !late {
			c.judge(end)
		}
	}
	if late {
		c.judge(c.state.mark)
	}
}

// judge judges what is known of the hours before a mark.
func (c *channels) judge(mark time.Time) {
	if o := &c.state.options; o.Horizon > 0 {
		c.all.table.Forget(mark.Add(-o.Horizon))
	}
	for _, m := range c.all.table.Judge(c.state.options.Channels) {
		c.found(m)
	}
}

// found takes a match. Its actions were noted before; that they are a channel is one more verdict about the last.
func (c *channels) found(m *tocsin.Match) {
	old, again := c.told[m.Key]
	if again && !m.Time.After(old.At) && len(m.Series) <= old.Places {
		return
	}
	c.told[m.Key] = toldChannel{m.Time, len(m.Series)}
	c.toldSaved.Change()
	o := &c.state.options
	if !again && (o.Known == nil || !o.Known(m)) {
		c.witness.again(m)
	}
	if o.Matches != nil {
		o.Matches(m)
	}
}

// forget lets go what was told of channels before a time.
func (c *channels) forget(before time.Time) {
	if c == nil {
		return
	}
	n := len(c.told)
	maps.DeleteFunc(c.told, func(_ [16]byte, t toldChannel) bool { return t.At.Before(before) })
	if len(c.told) != n {
		c.toldSaved.Change()
	}
}

func (c *channels) letGo() []tocsin.LetGo {
	if c == nil {
		return nil
	}
	all := c.all.table.LetGo()
	if c.dropped > 0 {
		all = append(all, tocsin.LetGo{Kind: "connections", N: c.dropped, Why: "of hours far apart, for channels, to bound memory"})
	}
	return all
}

// writtenTold is the written form of what was told of channels, and which hours are open.
type writtenTold struct {
	Told    []toldAt
	Dropped int64
	Open    map[int64]uint64 // the number before those of its pieces
}

type toldAt struct {
	Key [16]byte
	toldChannel
}

// toldChannels names the piece of what was told. The others are tables: of an hour or of all that the mark has passed, and
// their number.
const (
	toldChannels = "told"
	passed       = math.MinInt64 // in the place of an hour
)

// save gives out the pieces that changed. Nil channels have none.
func (c *channels) save(put func(string, []byte) error, keep func(string)) error {
	if c == nil {
		return nil
	}
	if c.toldSaved.Clean {
		keep(toldChannels)
	} else {
		w := writtenTold{Dropped: c.dropped, Open: map[int64]uint64{}}
		for hour, h := range c.open {
			w.Open[hour] = h.since
		}
		for k, t := range c.told {
			w.Told = append(w.Told, toldAt{k, t})
		}
		slices.SortFunc(w.Told, func(a, b toldAt) int { return slices.Compare(a.Key[:], b.Key[:]) })
		b, err := json.Marshal(w)
		if err != nil {
			return err
		}
		c.toldSaved.Given = true
		if err := put(toldChannels, b); err != nil {
			return err
		}
	}
	for h := range c.each() {
		c.part(h)
		c.fewer(h)
		for _, p := range h.pieces {
			if p.Clean {
				keep(p.name)
				continue
			}
			p.Given = true
			if err := put(p.name, p.b); err != nil {
				return err
			}
		}
	}
	return nil
}

// each are all hours there are.
func (c *channels) each() iter.Seq[*hours] {
	return func(yield func(*hours) bool) {
		if !yield(c.all) {
			return
		}
		for _, hour := range slices.Sorted(maps.Keys(c.open)) {
			if !yield(c.open[hour]) {
				return
			}
		}
	}
}

func (c *channels) settle() {
	if c == nil {
		return
	}
	c.toldSaved.Settle()
	for h := range c.each() {
		for _, p := range h.pieces {
			if p.Settle(); p.Clean {
				p.b = nil
			}
		}
	}
}

// load takes back what was written by a mark. What it tells was told.
func (c *channels) load(pieces map[string][]byte, mark time.Time, bad func(string, error)) {
	if c == nil {
		return
	}
	var w writtenTold
	if b, ok := pieces[toldChannels]; ok {
		if err := json.Unmarshal(b, &w); err != nil {
			bad(toldChannels, err)
			w = writtenTold{}
		} else {
			c.toldSaved.Clean = true
		}
	}
	for _, t := range w.Told {
		c.told[t.Key] = t.toldChannel
	}
	c.dropped = w.Dropped
	for hour, since := range w.Open {
		c.open[hour] = c.hours(hour)
		c.open[hour].since = since
	}
	for _, name := range slices.Sorted(maps.Keys(pieces)) {
		if name == toldChannels {
			continue
		}
		var hour int64
		var number uint64
		if _, err := fmt.Sscanf(name, "%d.%x", &hour, &number); err != nil || name != fmt.Sprintf("%d.%08x", hour, number) {
			bad(name, errors.New("this is no name of a table"))
			continue
		}
		t, err := channel.Read(pieces[name], c.key)
		if err != nil {
			bad(name, err)
			continue
		}
		c.number = max(c.number, number)
		h := c.open[hour]
		switch {
		case h != nil && number > h.since:
		case hour == passed, w.Open != nil, !time.Unix((hour+1)*3600, 0).After(mark):
			h = c.all
		default: // which hours are open is not known
			h = c.hours(hour)
			h.since = 0
			c.open[hour] = h
		}
		if hour == passed {
			h.whole = max(h.whole, len(pieces[name]))
		}
		h.table.Merge(t)
		h.pieces = append(h.pieces, &tablePiece{name: name, size: len(pieces[name]), Saved: wire.Saved{Clean: true}})
	}
	if o := &c.state.options; o.Horizon > 0 && !mark.IsZero() {
		c.all.table.Forget(mark.Truncate(time.Hour).Add(-o.Horizon))
	}
}

// renewed are channels of the rules that the State now has, which go on with the connections of those before.
func (c *channels) renewed(s *State) *channels {
	if len(s.options.Channels) == 0 {
		return nil
	}
	n := newChannels(s, s.options.Key)
	if c == nil {
		return n
	}
	c.witness = n.witness
	return c
}
