// Package campaign puts actors, what they did and whom they did it to together: across hosts, accounts and
// organisations, with the evidence of every link.
//
// [Build] is a function of the actors it is given and of nothing else: the same actors in any order give the same
// campaigns, with the same ids. It has no clock and keeps nothing.
//
// It does not say that everything that looks alike belongs together. Two actors are joined when the log-odds of all that
// speaks for it reach three nats, and coincidence in time weighs by how seldom such things happen there: on a server
// that strangers knock at all day, a knock joins nothing.
package campaign

import (
	"cmp"
	"encoding/hex"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

const (
	// joined is the sum of weights from which two actors are of one campaign, in nats.
	joined = 3.0

	// A core is an actor that is telling by itself; weaker ones join cores, never each other, so that a day's small
	// oddities do not make a chain.
	core = 6.0

	// oddest is the most that things weigh in all that are only new or unusual.
	oddest = 3.0

	// Least is the weight below which an actor is of no interest here.
	Least = 0.5

	slot = 10 * time.Minute
	// priorSlots is a week: of how often something happens that much is always assumed to have been watched.
	priorSlots = 7 * 24 * 6
)

// A Result is what Build makes of actors.
type Result struct {
	Campaigns []*tocsin.Campaign // that came to more than knocking at doors, the most severe first
	Attempts  int                // actors that did not, and are in no campaign
	Aside     []tocsin.Aside     // what such actors did, and what happened on machines, that is telling; the most telling first
}

// Build joins actors to campaigns.
func Build(actors []*tocsin.Actor) Result {
	var r Result
	w := newWorld(actors)
	w.join()
	var rest []*member
	in := map[*tocsin.Campaign][]*member{}
	for _, g := range w.groups() {
		c := w.campaign(g)
		if c.Level >= tocsin.Medium {
			r.Campaigns = append(r.Campaigns, c)
			in[c] = g
			continue
		}
		for _, m := range g {
			if !m.Local {
				r.Attempts++
			}
		}
		rest = append(rest, g...)
	}
	for _, c := range r.Campaigns {
		c.Leads = leads(c, in[c], rest)
	}
	r.Aside = asides(rest)
	slices.SortStableFunc(r.Campaigns, func(a, b *tocsin.Campaign) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(len(b.Steps), len(a.Steps)), a.First.Compare(b.First), strings.Compare(a.ID, b.ID))
	})
	return r
}

// asides are the telling things that members did, by kind and machine.
func asides(members []*member) []tocsin.Aside {
	type kind struct{ title, host string }
	at := map[kind]int{}
	var out []tocsin.Aside
	var weights []float64
	for _, m := range members {
		for _, d := range m.telling {
			if len(d.Rules) == 0 && d.Level < tocsin.Medium {
				continue
			}
			k := kind{sortOf(d), d.Host}
			i, ok := at[k]
			if !ok {
				i = len(out)
				at[k] = i
				out = append(out, tocsin.Aside{Title: k.title, Host: k.host, First: d.Time})
				weights = append(weights, 0)
			}
			a := &out[i]
			a.N += d.N
			a.Level = max(a.Level, d.Level)
			if d.Time.Before(a.First) {
				a.First = d.Time
			}
			a.Last = later(a.Last, d.Last)
			if d.Weight > weights[i] {
				weights[i], a.Place = d.Weight, d.Place
			}
		}
	}
	slices.SortStableFunc(out, func(a, b tocsin.Aside) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(b.N, a.N), strings.Compare(a.Title, b.Title), strings.Compare(a.Host, b.Host))
	})
	return out
}

// leads are what else was unusual where and when a campaign was, and in the two days before: somebody who knows the
// place may see at a glance whether it belongs to it, which the logs do not say.
func leads(c *tocsin.Campaign, g, rest []*member) []tocsin.Aside {
	const (
		before = 48 * time.Hour
		most   = 40
		odd    = 2.0 // before it, what is only a little unusual is left out
	)
	orgs := map[string]bool{}
	for _, m := range g {
		for _, d := range m.telling {
			orgs[d.Org] = true
		}
	}
	var near []*member
	for _, m := range rest {
		if m.Last.Before(c.First.Add(-before)) || m.First.After(c.Last) || m.Last.Before(c.First) && m.weight < odd || len(m.telling) == 0 || !orgs[m.telling[0].Org] {
			continue
		}
		near = append(near, m)
	}
	slices.SortStableFunc(near, func(x, y *member) int { return cmp.Compare(y.weight, x.weight) })
	out := asides(near[:min(len(near), most)])
	slices.SortStableFunc(out, func(x, y tocsin.Aside) int { return x.First.Compare(y.First) })
	return out[:min(len(out), most)]
}

// A member is an actor on its way into a campaign.
type member struct {
	*tocsin.Actor
	weight  float64
	telling []*tocsin.Deed
	up      *member
	links   []tocsin.Link
}

func (m *member) core() bool { return m.weight >= core }

func (m *member) root() *member {
	for m.up != nil {
		m = m.up
	}
	return m
}

// A world is all actors and what is common to them.
type world struct {
	all     []*member
	first   time.Time
	last    time.Time
	machine map[string]string // the host that an address is of, where a record names both
}

func newWorld(actors []*tocsin.Actor) *world {
	w := &world{machine: map[string]string{}}
	both := map[string]map[string]bool{}
	for _, a := range actors {
		m := &member{Actor: a}
		for i := range a.Deeds {
			d := &a.Deeds[i]
			if d.Weight >= Least {
				m.telling = append(m.telling, d)
			}
			for _, e := range d.On {
				if e.Kind == "address" && d.Host != "" && len(d.On) == 2 {
					for _, h := range d.On {
						if h.Kind == "host" && strings.EqualFold(h.Value, d.Host) {
							if both[e.Value] == nil {
								both[e.Value] = map[string]bool{}
							}
							both[e.Value][strings.ToLower(d.Host)] = true
						}
					}
				}
			}
		}
		m.weight = heft(m.telling)
		if m.weight < Least {
			continue
		}
		w.all = append(w.all, m)
		if !a.First.IsZero() && (w.first.IsZero() || a.First.Before(w.first)) {
			w.first = a.First
		}
		if a.Last.After(w.last) {
			w.last = a.Last
		}
	}
	for address, hosts := range both {
		if len(hosts) == 1 {
			for h := range hosts {
				w.machine[address] = h
			}
		}
	}
	slices.SortStableFunc(w.all, func(x, y *member) int { return cmp.Or(x.First.Compare(y.First), strings.Compare(x.ID, y.ID)) })
	return w
}

// stretch is how long what weighs together may be apart: small things of many days are no big one.
const stretch = 6 * time.Hour

// heft is how telling deeds are together, in the worst stretch: of like ones the most telling counts, whatever their
// number; of what is only odd, not all.
func heft(deeds []*tocsin.Deed) float64 {
	most := 0.0
	var from time.Time
	for i, d := range deeds {
		if i > 0 && d.Time.Sub(from) < stretch/4 {
			continue
		}
		from = d.Time
		best := map[[3]string]float64{}
		odd := 0.0
		for _, d := range deeds[i:] {
			if d.Time.Sub(from) > stretch {
				break
			}
			if d.Tactic == "" {
				odd = max(odd, odd/2+d.Weight)
				continue
			}
			key := [3]string{d.Tactic, d.Technique, d.Verb}
			if len(d.Rules) > 0 {
				key[2] = d.Rules[0].Title
			}
			best[key] = max(best[key], d.Weight)
		}
		most = max(most, total(best)+min(odd, oddest))
	}
	return most
}

// total adds up in one order, so that the sum is the same every time.
func total[K comparable](weights map[K]float64) float64 {
	all := make([]float64, 0, len(weights))
	for _, v := range weights {
		all = append(all, v)
	}
	slices.Sort(all)
	sum := 0.0
	for _, v := range all {
		sum += v
	}
	return sum
}

// groups are the campaigns to be, each with its members in order of time.
func (w *world) groups() [][]*member {
	at := map[*member]int{}
	var all [][]*member
	for _, m := range w.all {
		r := m.root()
		i, ok := at[r]
		if !ok {
			i = len(all)
			at[r] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], m)
	}
	return all
}

// id is made of what does not change when the same logs are read from another place.
func id(parts ...string) string {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return "c-" + hex.EncodeToString(h.Sum(nil))[:12]
}
