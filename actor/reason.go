package actor

import (
	"cmp"
	"math"
	"slices"

	"github.com/tocsin-ids/tocsin"
)

const (
	// fewReasons are told for a driver against each other one, and one against it.
	fewReasons = 2

	// leastReason is the weight, in nats, from which a feature is told as a reason.
	leastReason = 0.3
)

// reasons says what of the evidence speaks most for a driver against each of the others, and then what speaks most against it.
// A family is told by the showing that adds most. told says that an agent can be told from a script at all.
func (c *counts) reasons(best tocsin.Driver, evidence []tocsin.Evidence, w *Weights, told bool) []tocsin.Reason {
	var all, against []tocsin.Reason
	for d := tocsin.Human; d <= tocsin.Agent; d++ {
		if d == best || d == tocsin.Agent && !told {
			continue
		}
		var speaks []tocsin.Reason
		for i := range evidence {
			e := &evidence[i]
			weight := part(e, best) - part(e, d)
			if e.Feature == "prior" || e.Feature == "log" || math.Abs(weight) < leastReason {
				continue
			}
			r := tocsin.Reason{For: best, Against: d, Feature: e.Feature, Weight: hundredth(weight)}
			if weight < 0 {
				r.For, r.Against, r.Weight = d, best, hundredth(-weight)
			}
			c.showing(&r, w)
			if weight < 0 {
				against = append(against, r)
			} else {
				speaks = append(speaks, r)
			}
		}
		heaviest(speaks)
		all = append(all, speaks[:min(len(speaks), fewReasons)]...)
	}
	heaviest(against)
	return append(all, against[:min(len(against), 1)]...)
}

func heaviest(all []tocsin.Reason) {
	slices.SortStableFunc(all, func(x, y tocsin.Reason) int { return cmp.Compare(y.Weight, x.Weight) })
}

// part is what evidence adds for a driver.
func part(e *tocsin.Evidence, d tocsin.Driver) float64 {
	switch d {
	case tocsin.Human:
		return e.Human
	case tocsin.Script:
		return e.Script
	}
	return e.Agent
}

// showing fills in by which symbol of its family a reason is told, and how often that was seen.
func (c *counts) showing(r *tocsin.Reason, w *Weights) {
	f := slices.IndexFunc(families[:], func(f family) bool { return f.name == r.Feature })
	if f < 0 {
		return
	}
	most := 0.0
	for s, name := range families[f].symbols {
		k := c.n[f][s]
		x := float64(k) * (w.of[f][s][r.For-1] - w.of[f][s][r.Against-1])
		if k == 0 || x <= most {
			continue
		}
		most = x
		r.Symbol, r.Share, r.N = name, float64(k)/float64(c.all[f]), c.all[f]
	}
	pace := f == famGap || f == famWait
	r.Never = pace && r.Against == tocsin.Human && c.all[f] >= leastTicks && c.n[f][5]+c.n[f][6] == 0
}
