package campaign

import (
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// judge says what drives a campaign whose actors are described, how much of it was done without a person, and where one
// seems to have decided.
func judge(c *tocsin.Campaign) {
	var streams []tocsin.Ticks
	var whole tocsin.Ticks
	for _, a := range c.Actors {
		if a.Local {
			continue
		}
		for _, t := range a.Ticks {
			if outside(a) {
				streams, whole = append(streams, t), append(whole, t...)
				continue
			}
			streams = append(streams, slices.DeleteFunc(slices.Clone(t), func(t tocsin.Tick) bool { return !t.Typed && t.Tactic == 0 }))
			// Where others work too, only what serves a tactic tells of a person's decisions.
			whole = append(whole, slices.DeleteFunc(slices.Clone(t), func(t tocsin.Tick) bool { return t.Tactic == 0 })...)
		}
	}
	whole.Sort()
	c.Autonomy = Autonomy(streams)
	c.Gates = Gates(whole)
	c.Driver = driver(c)
}

// driver is what drives a campaign: what its actors' judgements, each by its number of actions, mostly say. A person may
// have had a hand in each of them; where clearly most was not done by hand, that is no answer for the whole.
func driver(c *tocsin.Campaign) tocsin.Driver {
	var sums [tocsin.Agent + 1]float64
	total := 0.0
	for _, a := range c.Actors {
		for d := tocsin.Human; d <= tocsin.Agent; d++ {
			if d == tocsin.Human && c.Autonomy != nil && c.Autonomy.Low > 0.5 {
				continue
			}
			v := a.Share[d.String()] * float64(a.Tempo.Actions)
			sums[d] += v
			total += v
		}
	}
	for d := tocsin.Human; d <= tocsin.Agent; d++ {
		if total > 0 && sums[d] >= 0.65*total {
			return d
		}
	}
	return tocsin.Undecided
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
