package campaign

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A member is an actor on its way into a campaign.
type member struct {
	*tocsin.Actor
	rank    int  // in order of first action
	foreign bool // it comes from outside
	gotIn   bool // something telling that it did had its effect
	weight  float64
	telling []*tocsin.Deed
	up      *member
	links   []reason // to members before it
}

func (m *member) core() bool { return m.weight >= core }

func (m *member) tie() tocsin.Tie {
	if m.core() {
		return tocsin.Core
	}
	return tocsin.Weak
}

func (m *member) root() *member {
	for m.up != nil {
		if m.up.up != nil {
			m.up = m.up.up
		}
		m = m.up
	}
	return m
}

// foreign says that an actor comes from outside.
func foreign(a *tocsin.Actor) bool {
	if strings.HasPrefix(a.ID, "caller:") {
		return slices.ContainsFunc(a.Handles, func(h tocsin.Entity) bool { return h.Kind == "address" && tocsin.Internet(h.Value) })
	}
	address, ok := strings.CutPrefix(a.ID, "address:")
	return ok && !a.Local && tocsin.Internet(address)
}

// before orders members by their first action.
func before(x, y *member) int { return cmp.Compare(x.rank, y.rank) }

// A world is all actors and what is common to them.
type world struct {
	all       []*member
	machine   map[string]string                      // the host that an address is of, where a record names both
	parsed    map[string]struct{ kind, name string } // values that were read as a machine's name
	addressed map[string]bool                        // hosts of which an address is known
	running   map[string]bool                        // hosts of which logs tell what ran there
	entered   map[spot]string                        // the host of an address, by logins that two records tell of
	names     Names                                  // what other records say of names; may be nil
	acting    map[string]bool                        // names of machines of which there are logs or actions
	domains   map[string]bool                        // of such machines
	apart     [][2]*member
	shown     []shown                         // attempts that worked by what came of them
	effects   map[*tocsin.Deed][]*tocsin.Deed // of each of these; see provedOn
}

func newWorld(actors []*tocsin.Actor, names Names, apart [][2]string) *world {
	w := &world{machine: map[string]string{}, parsed: map[string]struct{ kind, name string }{}, names: names}
	w.atHand(actors)
	w.logins(actors)
	both := map[string]map[string]bool{}
	for _, a := range actors {
		for i := range a.Deeds {
			d := &a.Deeds[i]
			if len(d.On) != 2 || d.Host == "" || len(d.Who) > 0 && typed(d) || outward[d.Verb] {
				continue
			}
			for _, e := range d.On {
				for _, h := range d.On {
					if e.Kind == "address" && h.Kind == "host" && strings.EqualFold(h.Value, d.Host) {
						if both[e.Value] == nil {
							both[e.Value] = map[string]bool{}
						}
						both[e.Value][strings.ToLower(d.Host)] = true
					}
				}
			}
		}
	}
	for address, hosts := range both {
		if len(hosts) == 1 {
			for h := range hosts {
				w.machine[address] = h
			}
		}
	}
	w.addressed = map[string]bool{}
	for _, h := range w.machine {
		w.addressed[h] = true
	}
	w.running = map[string]bool{}
	for _, a := range actors {
		for i := range a.Deeds {
			if d := &a.Deeds[i]; d.Verb == "run" && d.Host != "" {
				w.running[w.named(d.Host)] = true
			}
		}
	}
	w.fruits(actors)
	for _, a := range actors {
		m := &member{Actor: a, foreign: foreign(a)}
		for i := range a.Deeds {
			if d := &a.Deeds[i]; d.Weight >= Least {
				m.telling = append(m.telling, d)
			}
		}
		m.gotIn = slices.ContainsFunc(m.telling, func(d *tocsin.Deed) bool { return d.Tactic != "" && inside(d) })
		if m.weight = weigh(m.telling); m.weight >= Least {
			w.all = append(w.all, m)
		}
	}
	slices.SortStableFunc(w.all, func(x, y *member) int { return cmp.Or(x.First.Compare(y.First), strings.Compare(x.ID, y.ID)) })
	for i, m := range w.all {
		m.rank = i
	}
	for _, p := range apart {
		var x, y *member
		for _, m := range w.all {
			if m.ID == p[0] {
				x = m
			}
			if m.ID == p[1] {
				y = m
			}
		}
		if x != nil && y != nil {
			w.apart = append(w.apart, [2]*member{x, y})
		}
	}
	return w
}

// together is how long what weighs together may be apart: small things of many days are no big one.
const together = 6 * time.Hour

// weigh is how telling deeds are together, in the worst stretch: of like ones the most telling counts, whatever their
// number; of what is only odd, not all.
func weigh(deeds []*tocsin.Deed) float64 {
	if len(deeds) == 1 {
		if deeds[0].Tactic == "" {
			return min(deeds[0].Weight, oddest)
		}
		return deeds[0].Weight
	}
	most := 0.0
	var from time.Time
	best := map[[3]string]float64{}
	first := readings(deeds)
	for i, d := range deeds {
		if i > 0 && d.Time.Sub(from) < together/4 {
			continue
		}
		from = d.Time
		clear(best)
		odd := 0.0
		for j, d := range deeds[i:] {
			if d.Time.Sub(from) > together {
				break
			}
			if d.Tactic == "" {
				odd = max(odd, odd/2+d.Weight)
				continue
			}
			key := likeOf(deeds[first[i+j]])
			best[key] = max(best[key], d.Weight)
		}
		most = max(most, total(best)+min(odd, oddest))
	}
	return most
}

// likeOf is what deeds have in common of which the most telling counts.
func likeOf(d *tocsin.Deed) [3]string {
	if len(d.Rules) > 0 {
		return [3]string{d.Tactic, d.Technique, d.Rules[0].Title}
	}
	return [3]string{d.Tactic, d.Technique, d.Verb}
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

// named is the host that an address is known to be of, else the machine's name in lower case.
func (w *world) named(machine string) string {
	if h, ok := w.machine[machine]; ok {
		return h
	}
	return strings.ToLower(machine)
}

// machines are those that a member acts from: by the name it goes by first, and its addresses. Where it logged in from
// elsewhere is not whence it acts.
func (m *member) machines() []string {
	var all []string
	seen := map[string]bool{}
	for i, h := range m.Handles {
		v := h.Value
		switch {
		case h.Kind == "address":
		case i > 0:
			continue
		case h.Kind == "host":
		case h.Kind == "session":
			v, _, _ = strings.Cut(v, "/")
		case h.Kind == "user":
			machine, _, ok := strings.Cut(v, `\`)
			if !ok {
				continue
			}
			v = machine
		default:
			continue
		}
		if v != "" && !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	return all
}
