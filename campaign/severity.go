package campaign

import (
	"fmt"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// stages of a chain, by tactic.
var stages = map[string]int{
	"reconnaissance": 0, "resource-development": 0, "initial-access": 1, "execution": 2, "persistence": 2, "privilege-escalation": 2,
	"stealth": 2, "defense-impairment": 2, "credential-access": 2, "discovery": 2, "command-and-control": 2, "collection": 3,
	"lateral-movement": 3, "exfiltration": 4, "impact": 4,
}

// window is how long what is told together may be apart: what one account does in weeks adds up to anything.
const window = 24 * time.Hour

// nothingWorked is why a campaign is low.
const nothingWorked = "nothing that was tried is known to have worked"

// severity is by how far it went: how many tactics worked, and which, in the worst day of it.
func severity(all []*tocsin.Deed, c *tocsin.Campaign) (tocsin.Level, string) {
	var telling []*tocsin.Deed
	for _, d := range all {
		if d.Tactic != "" && d.Weight >= 0.5 {
			telling = append(telling, d)
		}
	}
	level, why := tocsin.Low, nothingWorked
	var from time.Time
	for i := range telling {
		if i > 0 && telling[i].Time.Sub(from) < window/4 {
			continue // a quarter of a day is fine enough a step
		}
		from = telling[i].Time
		j := i
		for j < len(telling) && telling[j].Time.Sub(from) < window {
			j++
		}
		if l, w := progress(telling[i:j], c, from); l > level {
			level, why = l, w
		}
	}
	return level, why
}

// progress is how far deeds came.
func progress(deeds []*tocsin.Deed, c *tocsin.Campaign, from time.Time) (tocsin.Level, string) {
	best, ways := map[string]float64{}, map[string]float64{}
	far, worst := 0, tocsin.Unrated
	tried := map[string]bool{}
	for _, d := range deeds {
		tried[d.Tactic] = true
		if !inside(d) {
			continue
		}
		best[d.Tactic] = max(best[d.Tactic], d.Weight)
		ways[d.Tactic+d.Technique] = max(ways[d.Tactic+d.Technique], d.Weight)
		if d.Weight >= 1.5 {
			far = max(far, stages[d.Tactic])
			worst = max(worst, d.Level)
		}
	}
	if len(best) == 0 {
		return tocsin.Low, nothingWorked
	}
	telling := 0
	for _, v := range best {
		if v >= 1.2 {
			telling++
		}
	}
	sum := total(best)
	reached := 0
	orgs := map[string]bool{}
	for i := range c.Victims {
		v := &c.Victims[i]
		if v.Reached && v.Kind != "user" && v.First.Sub(from) < window && !v.Last.Before(from) {
			reached++
			if v.Org != "" {
				orgs[v.Org] = true
			}
		}
	}
	why := fmt.Sprintf("within a day %d tactics worked, %d were tried; %d machines or accounts reached", len(best), len(tried), reached)
	if len(orgs) > 1 {
		why += fmt.Sprintf(" in %d organisations", len(orgs))
	}
	switch {
	case telling >= 5 && far >= 3 && sum >= 14, len(orgs) > 1 && telling >= 4 && sum >= 10:
		return tocsin.Critical, why
	case telling >= 3 && sum >= 7 || telling >= 2 && worst >= tocsin.High && sum >= 6.5:
		return tocsin.High, why
	case telling >= 2 && sum >= 4, worst >= tocsin.High, len(best) >= 3 && sum >= 4.5, len(ways) >= 3 && far >= 2 && total(ways) >= 3.5:
		return tocsin.Medium, why
	}
	return tocsin.Low, why
}
