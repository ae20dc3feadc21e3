package engine

import (
	"maps"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/channel"
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
	all     *channel.Table
	open    map[int64]*channel.Table // by hour since 1970
	told    map[[16]byte]toldChannel
	dropped int64
}

// A toldChannel is when a channel was last seen, and in how many slots of time.
type toldChannel struct {
	At     time.Time
	Places int
}

func newChannels(s *State, key actor.Key) *channels {
	c := &channels{state: s, key: channel.Key(key), open: map[int64]*channel.Table{}, told: map[[16]byte]toldChannel{}}
	c.all = channel.New(c.key)
	c.witness = newWitness(s.options.Set, s.options.Knowledge, key, nil, func(a *tocsin.Action) {
		s.changed = true
		s.pages.Add(a)
	})
	return c
}

// Observe notes an event for the channels that it may be part of, as a part delivered it under a number of its own series.
func (s *State) Observe(part string, seq uint64, ev *tocsin.Event) {
	if s.channels != nil && s.fresh("connections of "+part, seq) {
		s.channels.add(ev)
	}
}

func (c *channels) add(ev *tocsin.Event) {
	if ev.Time.IsZero() {
		c.all.Add(ev) // counts it
		return
	}
	hour := ev.Time.Unix() / 3600
	t := c.open[hour]
	if t == nil {
		if len(c.open) >= maxHours {
			last := slices.Max(slices.Collect(maps.Keys(c.open)))
			if hour >= last {
				c.dropped++
				return
			}
			c.dropped += c.open[last].Noted()
			delete(c.open, last)
		}
		t = channel.New(c.key)
		c.open[hour] = t
	}
	t.Add(ev)
}

// advance judges what is known by each hour that a mark has passed. Nil channels judge nothing.
func (c *channels) advance(mark time.Time) {
	if c == nil {
		return
	}
	for _, hour := range slices.Sorted(maps.Keys(c.open)) {
		if time.Unix((hour+1)*3600, 0).After(mark) {
			return
		}
		c.all.Merge(c.open[hour])
		delete(c.open, hour)
		for _, m := range c.all.Judge(c.state.options.Channels) {
			c.found(m)
		}
	}
}

// found takes a match. Its actions were noted before; that they are a channel is one more verdict about the last.
func (c *channels) found(m *tocsin.Match) {
	old, again := c.told[m.Key]
	if again && !m.Time.After(old.At) && len(m.Series) <= old.Places {
		return
	}
	c.told[m.Key] = toldChannel{m.Time, len(m.Series)}
	o := &c.state.options
	if !again && (o.Known == nil || !o.Known(m)) {
		c.witness.again(m)
	}
	if o.Matches != nil {
		o.Matches(m)
	}
}

// forget lets go connections before a time.
func (c *channels) forget(before time.Time) {
	if c == nil {
		return
	}
	c.all.Forget(before)
	maps.DeleteFunc(c.told, func(_ [16]byte, t toldChannel) bool { return t.At.Before(before) })
}

func (c *channels) letGo() []tocsin.LetGo {
	if c == nil {
		return nil
	}
	all := c.all.LetGo()
	if c.dropped > 0 {
		all = append(all, tocsin.LetGo{Kind: "connections", N: c.dropped, Why: "of hours far apart, for channels, to bound memory"})
	}
	return all
}

// writtenChannels is the written form of channels.
type writtenChannels struct {
	All     []byte
	Open    map[int64][]byte
	Told    []writtenTold
	Dropped int64
}

type writtenTold struct {
	Key [16]byte
	toldChannel
}

func (c *channels) written() (*writtenChannels, error) {
	if c == nil {
		return nil, nil
	}
	w := &writtenChannels{Open: map[int64][]byte{}, Dropped: c.dropped}
	var err error
	if w.All, err = c.all.AppendBinary(nil); err != nil {
		return nil, err
	}
	for hour, t := range c.open {
		if w.Open[hour], err = t.AppendBinary(nil); err != nil {
			return nil, err
		}
	}
	for k, t := range c.told {
		w.Told = append(w.Told, writtenTold{k, t})
	}
	slices.SortFunc(w.Told, func(a, b writtenTold) int { return slices.Compare(a.Key[:], b.Key[:]) })
	return w, nil
}

// read takes back what was written.
func (c *channels) read(w *writtenChannels) (err error) {
	if c == nil || w == nil {
		return nil
	}
	if c.all, err = channel.Read(w.All, c.key); err != nil {
		return err
	}
	for hour, b := range w.Open {
		if c.open[hour], err = channel.Read(b, c.key); err != nil {
			return err
		}
	}
	for _, t := range w.Told {
		c.told[t.Key] = t.toldChannel
	}
	c.dropped = w.Dropped
	return nil
}
