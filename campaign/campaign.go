// Package campaign puts actors, what they did and whom they did it to together: across hosts, accounts and
// organisations, with the evidence of every link.
//
// What a [Board] builds is a function of the actors it is given and of nothing else: the same actors in any order give the
// same campaigns, with the same ids. It has no clock, and what it keeps only saves it from telling a story twice.
//
// It does not say that everything that looks alike belongs together. Two actors are joined when the log-odds of all that
// speaks for it reach three nats, and coincidence in time weighs by how seldom such things happen there: on a server
// that strangers knock at all day, a knock joins nothing.
//
// Its cost grows with the deeds, whatever they are: each reason to join looks at a bounded number of candidates, and
// sentences are made only of what is told.
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

	// core is the weight from which an actor is telling by itself; weaker ones join cores, never each other, so that a
	// day's small oddities do not make a chain.
	core = 6.0

	// oddest is the most that things weigh in all that are only new or unusual.
	oddest = 3.0

	// Least is the weight below which an actor is of no interest here.
	Least = 0.5

	slotLength = 10 * time.Minute
	// priorSlots is a week: of how often something happens that much is always assumed to have been watched.
	priorSlots = 7 * 24 * 6
)

// Bounds of one campaign. What is more is counted in Omitted.
const (
	maxSteps   = 80
	maxVictims = 4096
	maxLinks   = 2048
	maxActors  = 4096
)

// A Result is what a Board makes of actors.
type Result struct {
	Campaigns []*tocsin.Campaign // that came to more than knocking at doors, the most severe first
	Attempts  int                // actors that did not, and are in no campaign
	Tried     []tocsin.Entity    // the first name of the most telling of them, at most maxTried
	Aside     []tocsin.Aside     // what such actors did, and what happened on machines, that is telling; the most telling first
}

// A Board builds campaigns, again and again as more is known. The zero Board judges nobody and joins all that belongs
// together.
type Board struct {
	// Describe fills in the places of an actor's deeds, its ticks, tempo and driver; it is called for those in campaigns
	// only. It may be nil.
	Describe func(*tocsin.Actor)
	// Lost is a sentence about what was let go of a stretch of time, or "". It may be nil.
	Lost func(from, to time.Time) string
	// Names is what records say of the names of machines and accounts; it may be nil.
	Names Names
	// Apart are pairs of actors' IDs that are not one campaign, because a person has said so.
	Apart [][2]string

	acting map[string]bool             // of the last build
	told   map[uint64]*tocsin.Campaign // of the last build, by the digest of what they were made of
}

// Build joins actors to campaigns. Campaigns that nothing new is known of are those of the last call, and are not changed.
func (b *Board) Build(actors []*tocsin.Actor) Result {
	r := Result{Campaigns: []*tocsin.Campaign{}} // looked for, even where none is found
	w := newWorld(actors, b.Names, b.Apart)
	b.acting = w.acting
	w.join()
	var rest []*member
	in := map[*tocsin.Campaign][]*member{}
	told := map[uint64]*tocsin.Campaign{}
	var tried []*member
	for _, g := range w.groups() {
		if c := b.tell(w, g, told); c != nil {
			r.Campaigns = append(r.Campaigns, c)
			in[c] = g
			continue
		}
		for _, m := range g {
			if !m.Local {
				r.Attempts++
				tried = append(tried, m)
			}
		}
		rest = append(rest, g...)
	}
	b.told = told
	r.Tried = called(tried)
	for i, c := range r.Campaigns {
		leads, lost := leads(c, in[c], rest), ""
		if b.Lost != nil {
			lost = b.Lost(c.First, c.Last)
		}
		if lost != c.Lost || !slices.Equal(leads, c.Leads) {
			again := *c
			again.Leads, again.Lost = leads, lost
			r.Campaigns[i] = &again
			for k, x := range told {
				if x == c {
					told[k] = &again
				}
			}
		}
	}
	r.Aside = asides(rest)
	slices.SortStableFunc(r.Campaigns, func(a, b *tocsin.Campaign) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(len(b.Steps), len(a.Steps)), a.First.Compare(b.First), strings.Compare(a.ID, b.ID))
	})
	return r
}

// Acts says that there are logs or actions of a machine by this name in lower case, or its short one, as of the last Build.
func (b *Board) Acts(machine string) bool { return b.acting[machine] }

// tell makes a campaign of a group, or nil if it did not come to one.
func (b *Board) tell(w *world, g []*member, told map[uint64]*tocsin.Campaign) *tocsin.Campaign {
	if !slices.ContainsFunc(g, func(m *member) bool { return m.gotIn }) {
		return nil // which no severity reaches
	}
	d := w.digest(g)
	if c := b.told[d]; c != nil {
		told[d] = c
		return c
	}
	c := w.campaign(g, b.Describe)
	if c.Level < tocsin.Medium {
		return nil
	}
	judge(c)
	for _, m := range g {
		m.Ticks = nil
	}
	told[d] = c
	return c
}

// asides are the telling things that members did, by kind and machine.
func asides(members []*member) []tocsin.Aside {
	type kind struct {
		sort
		host string
	}
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
				out = append(out, tocsin.Aside{Title: k.sort.String(), Host: k.host, First: d.Time})
				weights = append(weights, 0)
			}
			a := &out[i]
			a.N += max(d.N, 1)
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

// id is made of what does not change when the same logs are read from another place.
func id(parts ...string) string {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return "c-" + hex.EncodeToString(h.Sum(nil))[:12]
}
