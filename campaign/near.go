package campaign

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

const (
	// oddities is how many telling things an intrusion causes in its organisation in a slot beside those that show what it is:
	// in the four networks of AIT-ADS, three to six in the hour to hour and a half of each attack.
	oddities = 0.25

	// insideSlots is four weeks: how long a machine is taken to have been watched of which no other actor is known that tells
	// by itself and had its effect. On the ordinary days of AIT-ADS (241 days of 48 machines) there was none, and 21 that
	// had no effect.
	insideSlots = 4 * 7 * 24 * 6

	// apart is how far from each other things are still held against each other, in slots: two days.
	apart = 288

	// fewNear is how many other members a moment is held against, and fewMoments how many moments: the nearest before it.
	fewNear    = 24
	fewMoments = 512
)

// A moment is a ten-minute slot in which a member did something telling on a host.
type moment struct {
	m    *member
	d    *tocsin.Deed
	sort sort
	org  string
	host string
	slot int64
}

// coincidences joins members by telling things that happen on one machine, or in one organisation, close in time. If
// k other moments at least as telling are spread over a time T, that one falls within D of a given time by chance has the
// probability of about k(2D+1)/T.
func (w *world) coincidences(k *knot) {
	type spot struct{ org, host string }
	byHost, byOrg := map[spot][]moment{}, map[string][]moment{}
	type once struct {
		spot
		slot int64
	}
	for _, m := range w.all {
		if strings.HasPrefix(m.ID, "agent:") {
			continue // an agent's log tells what it was asked to do, not where
		}
		seen := map[once]int{}
		for _, d := range m.telling {
			if d.Time.IsZero() || !m.Local && !inside(d) && (m.foreign || d.Level < tocsin.Medium) {
				continue // that strangers knock, and that people mistype, is no coincidence
			}
			s := spot{d.Org, strings.ToLower(d.Host)}
			at := moment{m: m, d: d, org: s.org, host: s.host, slot: d.Time.UnixNano() / int64(slotLength)}
			list := byHost[s]
			if i, ok := seen[once{s, at.slot}]; ok { // the most telling of a slot
				if list[i].d.Weight < d.Weight {
					list[i].d = d
				}
				continue
			}
			seen[once{s, at.slot}] = len(list)
			byHost[s] = append(list, at)
		}
	}
	spots := make([]spot, 0, len(byHost))
	for s, list := range byHost {
		spots = append(spots, s)
		for i := range list {
			list[i].sort = sortOf(list[i].d)
		}
		slices.SortStableFunc(list, func(x, y moment) int { return cmp.Or(cmp.Compare(x.slot, y.slot), strings.Compare(x.m.ID, y.m.ID)) })
	}
	slices.SortFunc(spots, func(x, y spot) int { return cmp.Or(strings.Compare(x.org, y.org), strings.Compare(x.host, y.host)) })
	var orgs []string
	for _, s := range spots {
		if byOrg[s.org] == nil {
			orgs = append(orgs, s.org)
		}
		byOrg[s.org] = append(byOrg[s.org], byHost[s]...)
		if s.host != "" {
			w.near(k, byHost[s], "host", s.host)
		}
	}
	for _, o := range orgs {
		list := byOrg[o]
		slices.SortStableFunc(list, func(x, y moment) int {
			return cmp.Or(cmp.Compare(x.slot, y.slot), strings.Compare(x.host, y.host), strings.Compare(x.m.ID, y.m.ID))
		})
		w.near(k, list, "time", o)
	}
}

// crowd is what is known of the moments of one place.
type crowd struct {
	length  float64   // slots
	weights []float64 // of the members, each once, in order
	sorts   map[sort]int
	own     map[ownSort]int
	kind    string
}

type ownSort struct {
	m    *member
	sort sort
}

func newCrowd(list []moment, kind string) *crowd {
	c := &crowd{sorts: map[sort]int{}, own: map[ownSort]int{}, kind: kind,
		length: float64(min(list[len(list)-1].slot-list[0].slot, priorSlots)) + priorSlots} // recordings may be islands in time
	seen := map[*member]bool{}
	for i := range list {
		at := &list[i]
		if !seen[at.m] {
			seen[at.m] = true
			c.weights = append(c.weights, at.m.weight)
		}
		c.sorts[at.sort]++
		c.own[ownSort{at.m, at.sort}]++
	}
	slices.Sort(c.weights)
	return c
}

// chance is how often in a slot something happens there that would do as well: of two cores, what is as telling; of a weak
// member, its kind, against how many oddities an intrusion causes.
func (c *crowd) chance(x, y *moment) float64 {
	if !x.m.core() || !y.m.core() {
		weak := x
		if x.m.core() {
			weak = y
		}
		return float64(c.sorts[weak.sort]-c.own[ownSort{weak.m, weak.sort}]+1) / c.length / oddities
	}
	i, _ := slices.BinarySearch(c.weights, min(x.m.weight, y.m.weight))
	k := len(c.weights) - i - 2 // others as telling
	length := c.length
	if x.m.gotIn || y.m.gotIn {
		length += insideSlots - priorSlots
	}
	p := (float64(max(k, 0)) + 1) / length
	if c.kind == "time" {
		p *= math.E // another machine
	}
	return p
}

// near weighs the nearness of moments of different members in a list that is in order of time.
func (w *world) near(k *knot, list []moment, kind, where string) {
	if len(list) < 2 || !slices.ContainsFunc(list, func(m moment) bool { return m.m.core() }) {
		return
	}
	c := newCrowd(list, kind)
	for i := range list {
		y := &list[i]
		n := 0
		var tried [fewNear]*member
		for j := i - 1; j >= max(0, i-fewMoments) && y.slot-list[j].slot <= apart && n < fewNear; j-- {
			x := &list[j]
			if !weighable(x, y) || kind == "time" && x.host == y.host && x.d.Host != "" || slices.Contains(tried[:n], x.m) {
				continue
			}
			tried[n] = x.m
			n++
			weight := -math.Log(min(1, c.chance(x, y)*(2*float64(y.slot-x.slot)+1)))
			k.add(reason{kind: kind, weight: min(5, weight), x: x.m, y: y.m, from: x.d, to: y.d, what: where})
		}
	}
}

// weighable says that two moments can speak for each other at all.
func weighable(x, y *moment) bool {
	if x.m == y.m || !x.m.core() && !y.m.core() || x.m.foreign && y.m.foreign {
		return false
	}
	weak := x
	if weak.m.core() {
		weak = y
	}
	if weak.m.core() || weak.m.Local {
		return true
	}
	// who is known and did little needs more than to have been there
	return !weak.m.foreign && (weak.d.Level >= tocsin.Medium || stages[weak.d.Tactic] >= 3 || weak.d.Tactic == "command-and-control")
}
