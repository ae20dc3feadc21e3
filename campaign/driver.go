package campaign

import (
	"cmp"
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// judge says what drives a campaign whose actors are described, how much of it was done without a person, and where one
// seems to have decided. The first two are one judgement told in two sentences: the share starts from what is said of the
// actors, and is told only where both can be true.
func judge(c *tocsin.Campaign) {
	var streams []stream
	var whole tocsin.Ticks
	var sums [tocsin.Agent + 1]float64
	untold := 0 // judged acts in logs that cannot tell an agent from a script
	for _, a := range c.Actors {
		if a.Local {
			continue
		}
		n := 0
		for _, t := range a.Ticks {
			n += len(t.Acts())
			did := slices.DeleteFunc(slices.Clone(t.Events()), func(t tocsin.Tick) bool { return t.Set })
			if !outside(a) {
				did = slices.DeleteFunc(did, func(t tocsin.Tick) bool { return !t.Typed && t.Tactic == 0 })
				// Where others work too, only what serves a tactic tells of a person's decisions.
				whole = append(whole, slices.DeleteFunc(slices.Clone(t), func(t tocsin.Tick) bool { return t.Tactic == 0 })...)
			} else {
				whole = append(whole, t...)
			}
			streams = append(streams, stream{did, lean(a)})
		}
		if len(a.Share) == 0 {
			continue
		}
		c.Judged += n
		if _, ok := a.Share["agent"]; !ok {
			untold += n
		}
		for d := tocsin.Human; d <= tocsin.Agent; d++ {
			sums[d] += a.Share[d.String()] * float64(n)
		}
	}
	whole.Sort()
	if c.Judged > 0 { // of whom nothing is known, nothing is known of who decides
		c.Gates = slices.DeleteFunc(Gates(whole), func(g tocsin.Gate) bool { return !ofOne(c, &g) })
	}
	c.Driver = driver(sums)
	if c.Judged > 0 {
		c.Share = map[string]float64{}
		for d := tocsin.Human; d <= tocsin.Agent; d++ {
			c.Share[d.String()] = sums[d] / float64(c.Judged)
		}
		if 2*untold >= c.Judged {
			c.Share["script"] += c.Share["agent"]
			delete(c.Share, "agent")
		}
	}
	if s := Autonomy(streams); s != nil && agrees(s, c.Driver, sums) {
		c.Autonomy = s
	}
}

// ofOne says that one actor both acted last before a quiet and first after it: where another goes on, nobody need have decided.
func ofOne(c *tocsin.Campaign, g *tocsin.Gate) bool {
	return slices.ContainsFunc(c.Actors, func(a *tocsin.Actor) bool {
		return !a.Local && actedAt(a, g.Quiet.UnixNano()) && actedAt(a, g.Time.UnixNano())
	})
}

// actedAt says that an actor did something at a time, in nanoseconds.
func actedAt(a *tocsin.Actor, at int64) bool {
	for _, stream := range a.Ticks { // each in order of time
		if _, ok := slices.BinarySearchFunc(stream, at, func(k tocsin.Tick, at int64) int { return cmp.Compare(k.Time, at) }); ok {
			return true
		}
	}
	return false
}

// named is the share of a campaign's judged acts from which a driver is named, and sure that from which it was somebody's or
// it was not.
const (
	named = 0.6
	sure  = 0.7
)

// driver is what drives a campaign: what its actors' judgements, each by its number of acts, mostly say. Actors of whom
// nothing can be said have no share in that.
func driver(sums [tocsin.Agent + 1]float64) tocsin.Driver {
	total := sums[tocsin.Human] + sums[tocsin.Script] + sums[tocsin.Agent]
	for d := tocsin.Human; d <= tocsin.Agent; d++ {
		if total > 0 && sums[d] >= named*total {
			return d
		}
	}
	return tocsin.Undecided
}

// agrees says that a share done without a person and what is said of the driver can both be true. Of a campaign of which
// it is not even known whether a person drives it, no share is told.
func agrees(s *tocsin.Share, d tocsin.Driver, sums [tocsin.Agent + 1]float64) bool {
	switch d {
	case tocsin.Human:
		return s.Value < 0.5
	case tocsin.Script, tocsin.Agent:
		return s.Value > 0.5
	}
	machines := sums[tocsin.Script] + sums[tocsin.Agent]
	return machines > 0 && machines >= sure*(machines+sums[tocsin.Human]) && s.Value > 0.5
}

// outside says that an actor comes from the internet, or is an agent.
func outside(a *tocsin.Actor) bool {
	for _, h := range a.Handles {
		if h.Kind == "agent" || h.Kind == "address" && tocsin.Internet(h.Value) {
			return true
		}
	}
	return false
}
