package campaign

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// What two members of a campaign can share: the kinds in the order in which they are told. The first four are told also where
// nothing of them is shared.
var sharedKinds = []string{"account", "address", "tool", "host", "key", "string"}

const (
	lackedKinds = 4
	fewShared   = 3 // of a kind are named
)

// traits are what a member acted as, from, with and on: by kind and name in lower case, the name as it is told.
type traits map[string]map[string]string

func (t traits) add(kind, value string) {
	if value == "" || kind == "" {
		return
	}
	if t[kind] == nil {
		t[kind] = map[string]string{}
	}
	key := strings.ToLower(value)
	if have, ok := t[kind][key]; !ok || value < have {
		t[kind][key] = value
	}
}

// traitKinds are the kinds of entity by which members are compared, as what.
var traitKinds = map[string]string{"user": "account", "principal": "account", "agent": "account", "address": "address"}

// traitsOf collects what a member's telling deeds name, whoever acted or was acted on.
func (s *story) traitsOf(m *member) traits {
	t := traits{}
	for _, h := range m.Handles {
		t.add(traitKinds[h.Kind], h.Value)
	}
	for _, d := range m.telling {
		t.add("tool", d.Tool)
		if d.Host != "" {
			t.add("host", s.name(d.Host, d))
		}
		for _, e := range d.Who {
			t.add(traitKinds[e.Kind], e.Value)
		}
		for _, e := range d.On {
			t.add(traitKinds[e.Kind], e.Value)
			if e.Kind == "host" {
				t.add("host", s.name(e.Value, d))
			}
		}
		for _, m := range d.Marks {
			kind, value, _ := strings.Cut(m, ":")
			switch kind {
			case "key":
				t.add("key", value) // its number
			case "agent":
				t.add("tool", value)
			case "served", "server", "account": // a victim's own
			default:
				t.add("string", value)
			}
		}
	}
	return t
}

// joins says of each two members between which a link was made how they came to be one, the weakest first.
func (s *story) joins(reasons []reason) {
	at := map[pair]int{}
	have := map[*member]traits{}
	traits := func(m *member) traits {
		if have[m] == nil {
			have[m] = s.traitsOf(m)
		}
		return have[m]
	}
	type join struct {
		pair
		tocsin.Join
		reasons []reason
	}
	var all []join
	for _, r := range reasons {
		p := pair{r.x, r.y}
		if before(p.y, p.x) < 0 {
			p = pair{p.y, p.x}
		}
		i, ok := at[p]
		if !ok {
			i = len(all)
			at[p] = i
			all = append(all, join{pair: p, Join: tocsin.Join{From: p.x.ID, To: p.y.ID, Tie: tocsin.Weak, Apart: -1}})
		}
		all[i].reasons = append(all[i].reasons, r)
		all[i].Weight += r.weight
	}
	slices.SortStableFunc(all, func(a, b join) int { return cmp.Compare(a.Weight, b.Weight) })
	s.omit("joins", len(all)-maxLinks)
	all = all[:min(len(all), maxLinks)]
	for i := range all {
		j := &all[i]
		if j.x.core() && j.y.core() {
			j.Tie = tocsin.Core
		}
		slices.SortStableFunc(j.reasons, func(a, b reason) int { return cmp.Or(cmp.Compare(b.weight, a.weight), strings.Compare(a.kind, b.kind)) })
		for _, r := range j.reasons {
			j.Rests = append(j.Rests, r.kind)
			j.Between = max(j.Between, r.more)
		}
		if j.Between == 0 {
			j.Shared, j.Common, j.Lacks = shared(traits(j.x), traits(j.y))
			j.Apart = nearest(j.x.telling, j.y.telling)
			for _, r := range j.reasons { // the time is that of the two acts that the link names
				if from := placed(r.from, r.fromAs).Time; atOnePlace(r.kind) && r.to != nil && !from.IsZero() {
					if to := placed(r.to, r.toAs).Time; !to.IsZero() {
						j.Apart = to.Sub(from).Abs()
						break
					}
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b join) int { // of equal weights, those that have least in common
		return cmp.Or(cmp.Compare(a.Weight, b.Weight), cmp.Compare(len(b.Lacks), len(a.Lacks)), cmp.Compare(len(a.Common), len(b.Common)),
			strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	for i := range all {
		s.c.Joins = append(s.c.Joins, all[i].Join)
	}
}

// shared are the things that two members have in common, at most fewShared of a kind, how many of each kind they have, and the
// kinds of which they have none.
func shared(x, y traits) (both []string, common map[string]int, lacks []string) {
	for i, kind := range sharedKinds {
		small, large := x[kind], y[kind]
		if len(small) > len(large) {
			small, large = large, small
		}
		var names []string
		for key, name := range small {
			if _, ok := large[key]; ok {
				names = append(names, min(name, large[key]))
			}
		}
		slices.Sort(names)
		if len(names) == 0 && i < lackedKinds {
			lacks = append(lacks, kind)
		}
		if len(names) > 0 {
			if common == nil {
				common = map[string]int{}
			}
			common[kind] = len(names)
		}
		for _, name := range names[:min(len(names), fewShared)] {
			both = append(both, kind+":"+name)
		}
	}
	return both, common, lacks
}

// nearest is the least time between a deed of the one and a deed of the other, -1 if no times are known. Both are in order.
func nearest(x, y []*tocsin.Deed) time.Duration {
	if len(x) > len(y) {
		x, y = y, x
	}
	least := time.Duration(-1)
	look := func(d, o *tocsin.Deed) {
		if d.Time.IsZero() || o.Time.IsZero() {
			return
		}
		if gap := d.Time.Sub(o.Time).Abs(); least < 0 || gap < least {
			least = gap
		}
	}
	for _, d := range x {
		i, _ := slices.BinarySearchFunc(y, d.Time, func(o *tocsin.Deed, at time.Time) int { return o.Time.Compare(at) })
		if i < len(y) {
			look(d, y[i])
		}
		if i > 0 {
			look(d, y[i-1])
		}
	}
	return least
}
