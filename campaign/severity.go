package campaign

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// stages of a chain, by tactic.
var stages = map[string]int{
	"reconnaissance": 0, "resource-development": 0, "initial-access": 1, "execution": 2, "persistence": 2, "privilege-escalation": 2,
	"stealth": 2, "defense-impairment": 2, "credential-access": 2, "discovery": 2, "command-and-control": 2, "collection": 3,
	"lateral-movement": 3, "exfiltration": 4, "impact": 4,
}

// routine are the tactics of which an administrator's day is made: by themselves they are no intrusion, however many.
var routine = map[string]bool{"execution": true, "discovery": true, "lateral-movement": true, "collection": true}

// superusers are the accounts that may do anything on a machine, in lower case.
var superusers = []string{"root", "administrator", "administrateur", "administrador", "system", "toor"}

// window is how long what is told together may be apart: what one account does in weeks adds up to anything.
const window = 24 * time.Hour

// weighty is the weight from which a tactic is more than a trace, grave that from which an action says how far it went.
const (
	weighty = 1.2
	grave   = 1.5
)

// A reach is how far a campaign came within a day. What was carried out is not known to have failed; that it worked is another
// thing, which its record says or does not.
type reach struct {
	tactics int          // that were carried out and weigh
	traces  int          // that were carried out, whatever they weigh
	ways    int          // techniques that were carried out
	stage   int          // the furthest of a grave action
	worst   tocsin.Level // of a grave action
	sum     float64      // weights of the tactics, the most telling action of each
	waysSum float64      // the same of the techniques
	intent  int          // tactics that weigh and are not routine
	rooted  int          // machines on which it had, or gained, the rights of a superuser
	orgs    int          // organisations in which it reached something
	tried   int          // tactics that were tried
	worked  int          // tactics of traces that a record says, or what came of them shows, to have worked
	reached int          // machines
	undated bool         // no time of it is known
}

// A rung is a level and what a campaign must have come to for it: the least of each, 0 for what does not matter.
type rung struct {
	level tocsin.Level
	why   string
	reach
}

// ladder says how severe a campaign is: the first rung that it comes to. The numbers were chosen on the recordings with ground
// truth that eval scores, and bound by the benign ones.
var ladder = []rung{
	{tocsin.Critical, "five tactics or more were carried out, as far as taking data together or further, and they weigh 14 nats or more", reach{tactics: 5, stage: 3, sum: 14}},
	{tocsin.Critical, "four tactics or more were carried out, in more than one organisation", reach{tactics: 4, orgs: 2, sum: 10}},
	{tocsin.High, "it had all rights on more than one machine", reach{tactics: 2, rooted: 2, sum: 4, intent: 1}},
	{tocsin.High, "three tactics or more were carried out, not all of which are an administrator's day", reach{tactics: 3, intent: 1, sum: 7}},
	{tocsin.High, "two tactics or more were carried out, and one action is grave by itself", reach{tactics: 2, worst: tocsin.High, sum: 6.5}},
	{tocsin.Medium, "two tactics or more were carried out", reach{tactics: 2, sum: 4}},
	{tocsin.Medium, "one action is grave by itself", reach{worst: tocsin.High}},
	{tocsin.Medium, "traces of three tactics or more that were carried out", reach{traces: 3, sum: 4.5}},
	{tocsin.Medium, "three techniques or more were carried out on a machine", reach{ways: 3, stage: 2, waysSum: 3.5}},
}

// nothingWorked is why a campaign is low.
const nothingWorked = "nothing that was tried is known to have worked"

// atLeast says whether a campaign came as far as a rung asks.
func (r *reach) atLeast(o *reach) bool {
	return r.tactics >= o.tactics && r.traces >= o.traces && r.ways >= o.ways && r.stage >= o.stage && r.worst >= o.worst &&
		r.sum >= o.sum && r.waysSum >= o.waysSum && r.intent >= o.intent && r.rooted >= o.rooted && r.orgs >= o.orgs
}

func (r *reach) String() string {
	within := "within a day"
	if r.undated {
		within = "in logs without times"
	}
	shown := fmt.Sprintf("%d of these shown to have worked", r.worked)
	switch {
	case r.worked == 0:
		shown = "none of these shown to have worked"
	case r.worked == r.traces && r.worked == 1:
		shown = "it is shown to have worked"
	case r.worked == r.traces:
		shown = "all of these shown to have worked"
	}
	s := fmt.Sprintf("%s %s tried, %d of them from inside (%s), %s entered", within, several(r.tried, "tactic"), r.traces, shown, several(r.reached, "machine"))
	if r.orgs > 1 {
		s += fmt.Sprintf(" in %d organisations", r.orgs)
	}
	return s
}

// severity is by how far it went, in the worst day of it, and why. outcome is how a deed ended for all sensors that tell of it.
func severity(all []*tocsin.Deed, c *tocsin.Campaign, outcome func(*tocsin.Deed) tocsin.Outcome) (tocsin.Level, string) {
	var telling []*tocsin.Deed
	for _, d := range all {
		if d.Tactic != "" && d.Weight >= Least {
			telling = append(telling, d)
		}
	}
	best, why := len(ladder), nothingWorked
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
		r := progress(telling[i:j], c, from, outcome)
		if r.traces == 0 {
			continue
		}
		n := slices.IndexFunc(ladder[:best], func(g rung) bool { return r.atLeast(&g.reach) })
		switch {
		case n >= 0:
			best, why = n, ladder[n].why+": "+r.String()
		case best == len(ladder) && why == nothingWorked:
			why = r.String()
		}
	}
	if best == len(ladder) {
		return tocsin.Low, why
	}
	return ladder[best].level, why
}

// progress is how far deeds came.
func progress(deeds []*tocsin.Deed, c *tocsin.Campaign, from time.Time, outcome func(*tocsin.Deed) tocsin.Outcome) *reach {
	r := &reach{undated: from.IsZero()}
	worked := map[string]bool{}
	best, ways, tried, rooted := map[string]float64{}, map[string]float64{}, map[string]bool{}, map[string]bool{}
	at := map[string]*tocsin.Deed{} // what had its effect on a machine last
	for _, d := range deeds {
		if d.Weight >= weighty && inside(d) {
			at[strings.ToLower(d.Host)] = d
		}
	}
	first := readings(deeds)
	for i, d := range deeds {
		tried[d.Tactic] = true
		if after := at[strings.ToLower(d.Host)]; !inside(d) && !(attempt(d) && after != nil && came(after, d)) {
			continue
		}
		best[d.Tactic] = max(best[d.Tactic], d.Weight)
		if outcome(d) == tocsin.Worked {
			worked[d.Tactic] = true
		}
		way := d.Tactic + deeds[first[i]].Technique
		ways[way] = max(ways[way], d.Weight)
		if d.Weight >= grave {
			r.stage = max(r.stage, stages[d.Tactic])
			r.worst = max(r.worst, d.Level)
		}
		if d.Host != "" && d.Weight >= weighty && (d.Tactic == "privilege-escalation" || asSuperuser(d)) {
			rooted[strings.ToLower(d.Host)] = true
		}
	}
	for tactic, w := range best {
		if w >= weighty {
			r.tactics++
			if !routine[tactic] {
				r.intent++
			}
		}
	}
	orgs := map[string]bool{}
	machines, _, _ := c.Aimed(true)
	for _, v := range machines {
		if v.First.Sub(from) < window && !v.Last.Before(from) {
			r.reached++
			if v.Org != "" {
				orgs[v.Org] = true
			}
		}
	}
	r.traces, r.ways, r.tried, r.rooted, r.orgs, r.worked = len(best), len(ways), len(tried), len(rooted), len(organisations(orgs)), len(worked)
	r.sum, r.waysSum = total(best), total(ways)
	return r
}

// came says that a deed came after another: by their times or, where neither has one, by their places in one log.
func came(d, before *tocsin.Deed) bool {
	return timely(d, before) && (d.Time.After(before.Time) || d.Time.IsZero() && d.Place.Compare(before.Place) > 0)
}

// timely says that it can be told which of two deeds came first: both have a time, or both stand in one log without.
func timely(x, y *tocsin.Deed) bool {
	if x.Time.IsZero() && y.Time.IsZero() {
		return x.Place.Source == y.Place.Source
	}
	return !x.Time.IsZero() && !y.Time.IsZero()
}

// attempt says that a deed is a way in that was tried, of which no record says how it ended: whether it was one shows in what
// follows on the machine.
func attempt(d *tocsin.Deed) bool {
	return d.Tactic == "initial-access" && d.Verb == "alert" && d.Outcome == tocsin.Unknown && d.Level >= tocsin.Medium
}

// asSuperuser says that a deed is a login that worked as one who may do anything.
func asSuperuser(d *tocsin.Deed) bool {
	return d.Verb == "login" && d.Outcome == tocsin.Worked && slices.ContainsFunc(d.On, func(e tocsin.Entity) bool {
		name := strings.ToLower(e.Value[strings.LastIndexByte(e.Value, '\\')+1:])
		return e.Kind == "user" && slices.Contains(superusers, name)
	})
}
