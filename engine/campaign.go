package engine

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/campaign"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A witness notes what the events of one worker mean.
type witness struct {
	set    *sigma.Set
	reader *action.Reader
	book   actor.Book
	rules  []*tocsin.Rule
	known  func(*tocsin.Match) bool
	note   func(*tocsin.Action)
}

func newWitness(set *sigma.Set, key []byte, known func(*tocsin.Match) bool) *witness {
	w := &witness{set: set, reader: action.NewReader(key), known: known}
	w.note = w.book.Add
	return w
}

// see notes an event, for which the numbered rules held.
func (w *witness) see(ev *tocsin.Event, held []int) {
	w.rules = w.rules[:0]
	for _, r := range held {
		if w.set.Alerts(r) {
			w.rules = append(w.rules, &w.set.Rules()[r].Rule)
		}
	}
	w.seeRules(ev, w.rules)
}

func (w *witness) seeRules(ev *tocsin.Event, rules []*tocsin.Rule) {
	if w.known != nil {
		rules = slices.DeleteFunc(rules, func(r *tocsin.Rule) bool { return w.known(&tocsin.Match{Time: ev.Time, Rule: r, Event: ev}) })
	}
	if len(rules) > 1 {
		slices.SortFunc(rules, func(a, b *tocsin.Rule) int {
			if a.Level != b.Level {
				return int(b.Level) - int(a.Level)
			}
			return strings.Compare(a.Title, b.Title)
		})
	}
	w.reader.Read(ev, rules, w.note)
}

// tell makes campaigns of what all witnesses noted.
func tell(all []*witness) (r campaign.Result, forgotten int64) {
	book := &all[0].book
	for _, w := range all[1:] {
		book.Merge(&w.book)
	}
	actors, ticks := book.Actors(campaign.Least)
	r = campaign.Build(actors)
	for _, c := range r.Campaigns {
		var streams []tocsin.Ticks
		var whole tocsin.Ticks
		for _, a := range c.Actors {
			if a.Local {
				continue
			}
			var own tocsin.Ticks
			for _, t := range ticks(a) {
				own = append(own, t...)
				if !outside(a) {
					t = slices.DeleteFunc(slices.Clone(t), func(t tocsin.Tick) bool { return !t.Typed && t.Tactic == 0 })
				}
				streams = append(streams, t)
			}
			own.Sort()
			a.Tempo = actor.TempoOf(own)
			a.Driver, a.Share, a.Evidence = actor.Judge(own)
			whole = append(whole, deciding(a, own)...)
		}
		whole.Sort()
		c.Autonomy = actor.Autonomy(streams)
		c.Gates = actor.Gates(whole)
		c.Driver = driver(c)
	}
	if r.Campaigns == nil {
		r.Campaigns = []*tocsin.Campaign{} // looked for, and none found
	}
	number(r.Campaigns)
	return r, book.Dropped()
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

// deciding are the ticks by which a person's decisions can be told: all of who comes from outside or is an agent; of what
// is done from machines and accounts inside, where others work too, only what serves a tactic.
func deciding(a *tocsin.Actor, ticks tocsin.Ticks) tocsin.Ticks {
	if outside(a) {
		return ticks
	}
	return slices.DeleteFunc(slices.Clone(ticks), func(t tocsin.Tick) bool { return t.Tactic == 0 })
}

// outside says that an actor comes from the internet, or is an agent.
func outside(a *tocsin.Actor) bool {
	for _, h := range a.Handles {
		if ip, err := netip.ParseAddr(h.Value); h.Kind == "agent" || h.Kind == "address" && err == nil && !ip.IsPrivate() {
			return true
		}
	}
	return false
}

// number gives fingerprints of credentials the numbers in which they are met: what a report holds is the same whatever
// key a run had, and says nothing of the secret.
func number(campaigns []*tocsin.Campaign) {
	seen := map[string]string{}
	name := func(s string) string {
		if !strings.HasPrefix(s, "key:") {
			return s
		}
		n, ok := seen[s]
		if !ok {
			n = "key:" + strconv.Itoa(len(seen)+1)
			seen[s] = n
		}
		return n
	}
	each := func(links []tocsin.Link) {
		for i := range links {
			for s, n := range seen {
				links[i].Evidence = strings.ReplaceAll(links[i].Evidence, strings.TrimPrefix(s, "key:"), strings.TrimPrefix(n, "key:"))
			}
		}
	}
	for _, c := range campaigns {
		for i := range c.Deeds {
			d := &c.Deeds[i]
			d.Credential = name(d.Credential)
			for k := range d.Marks {
				d.Marks[k] = name(d.Marks[k])
			}
		}
		for k := range c.Marks {
			c.Marks[k] = name(c.Marks[k])
		}
	}
	for _, c := range campaigns {
		each(c.Links)
		for _, a := range c.Actors {
			each(a.Links)
		}
	}
}
