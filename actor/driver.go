package actor

import (
	"math"

	"github.com/tocsin-ids/tocsin"
)

// least is the number of actions below which nothing is judged.
const leastTicks = 8

// Judge says what drives an actor whose actions, in order of time, are ticks.
func Judge(ticks []Tick) (tocsin.Driver, map[string]float64, []tocsin.Evidence) {
	ticks = events(ticks)
	if len(ticks) < leastTicks {
		return tocsin.Undecided, nil, nil
	}
	h, s, a := 0.0, 0.0, 0.0
	var counts [3]int
	for i := 1; i < len(ticks); i++ {
		switch gap := (ticks[i].Time - ticks[i-1].Time) / 1e9; {
		case gap < 1:
			counts[0]++
		case gap < 20:
			counts[1]++
		default:
			counts[2]++
		}
	}
	n := float64(len(ticks) - 1)
	s, a, h = 4*float64(counts[0])/n, 4*float64(counts[1])/n, 4*float64(counts[2])/n
	e := []tocsin.Evidence{{Feature: "gaps", Human: h, Script: s, Agent: a}}
	sum := math.Exp(h) + math.Exp(s) + math.Exp(a)
	share := map[string]float64{"human": math.Exp(h) / sum, "script": math.Exp(s) / sum, "agent": math.Exp(a) / sum}
	for _, d := range []tocsin.Driver{tocsin.Human, tocsin.Script, tocsin.Agent} {
		if share[d.String()] >= 0.8 {
			return d, share, e
		}
	}
	return tocsin.Undecided, share, e
}
