package actor

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A caller is a node of a cloud's API: a principal with one key or session, from one network, by one kind of client. What
// callers share says less of them than of what is shared: many use one principal, and a whole office one address.
type caller struct {
	n         *node
	d         *note // the first of its deeds that names both
	at        place // where it names the address, or the principal where there is none
	principal int32
	address   int32  // none of a service that calls for somebody
	network   string // of the address
	client    string
	refused   int32   // calls that it was refused
	factor    float64 // of what it did; 0 is 1: see strange
	beside    bool    // others call in the account at the time
}

// callers are those among nodes, in order.
func (s *Pages) callers(nodes []*node) []*caller {
	var all []*caller
	for _, n := range nodes {
		if n.local || !strings.HasPrefix(n.name, "caller:") {
			continue
		}
		c := &caller{n: n, principal: none, address: none}
		for _, d := range n.deeds {
			k := &s.t.kinds[d.kind]
			if k.outcome == tocsin.Denied {
				c.refused += d.n
			}
			if c.client == "" {
				c.client = k.tool
			}
			if c.principal != none && c.address != none {
				continue
			}
			for _, r := range d.refs {
				switch name := s.t.all[r.name]; {
				case r.role != roleAlias:
				case strings.HasPrefix(name, "principal:"):
					c.principal = r.name
					if c.address == none {
						c.at = d.metAt(r)
					}
				case strings.HasPrefix(name, "address:"):
					c.address, c.network, c.at = r.name, neighbourhood(value(name)), d.metAt(r)
				}
			}
			c.d = d
		}
		if c.principal != none {
			all = append(all, c)
		}
	}
	return all
}

// neighbourhood is the network that who has several addresses has them in: 256 of IPv4, a /64 of IPv6.
func neighbourhood(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return address
	}
	return p.String()
}

const (
	// meanwhile is how close in time two callers of one principal are at it at once.
	meanwhile = time.Hour
	// fewRefused is from how many refused calls on somebody tries what the principal may do.
	fewRefused = 4
	// fewCallers is how many others of one network, and of one principal, a caller is held against: the last before it.
	fewCallers = 16
)

// builders are the programs, as actions name them, that make what code describes: all that they change was written down by
// somebody.
var builders = map[string]bool{"terraform": true, "opentofu": true, "pulumi": true, "crossplane": true, "cloudformation": true, "aws-cdk": true, "ansible": true,
	"azure-resource-manager": true, "bicep": true, "config-connector": true, "argocd": true, "fluxcd": true, "helm": true}

// What callers did weighs by what shows of who they are, as factors; what is telling by itself by the root of it. They were
// chosen on the hours that eval writes.
const (
	elsewhere = 2.0 // at most: by a principal that is in use at one other place at the time, by another client
	alike     = 1.6 // the same, by the client that the principal has there
	tries     = 1.5 // refused again and again
	described = 0.5 // made by code, where the principal always is
	ordinary  = 0.7 // none of these, in an account of which others' use is seen too
)

// strange weighs what callers did by what their principals do otherwise. Who calls by a principal that is in use elsewhere
// at the time, from where nobody else of the account called before, does what the principal never did from there; the fewer
// places it was used from, the more that tells, and the more if its client is another too. Who is refused again and again
// tries what the principal may do. What code describes is made wherever a pipeline runs; only both signs together tell there.
// And what people do beside others without any sign is an account's day.
func (s *Pages) strange(all []*caller) {
	type spot struct{ network, scope string }
	of := map[int32][]*caller{}
	first := map[spot]int32{} // the principal that called first from a network, unless it is in use elsewhere
	for _, c := range all {
		places := map[string]bool{}
		known, same := c.network == "", false
		had := of[c.principal]
		for i := len(had) - 1; i >= max(0, len(had)-fewCallers); i-- {
			o := had[i]
			if o.n.scope != c.n.scope || o.network == "" {
				continue
			}
			known = known || o.network == c.network
			if c.n.first-o.n.last < int64(meanwhile) {
				places[o.network] = true
				same = same || o.client == c.client
			}
		}
		of[c.principal] = append(had, c)
		at := spot{c.network, c.n.scope}
		if p, ok := first[at]; ok && p != c.principal {
			known = true
		}
		strange := !known && len(places) > 0
		if _, ok := first[at]; !ok && !strange {
			first[at] = c.principal
		}
		switch tried := c.refused >= fewRefused; {
		case builders[c.client] && (!strange || same && !tried):
			c.factor = described
		case strange && same:
			c.factor = 1 + (alike-1)/float64(len(places))
		case strange:
			c.factor = 1 + (elsewhere-1)/float64(len(places))
		case tried:
			c.factor = tries
		}
	}
	accompanied(all)
	for _, c := range all {
		if c.factor == 0 && c.beside {
			c.factor = ordinary
		}
		if c.factor == 0 {
			continue
		}
		for _, d := range c.n.deeds {
			switch level := s.t.kinds[d.kind].level; {
			case level <= tocsin.Low:
				d.w *= c.factor
			case c.factor > 1 || len(d.rules) == 0: // a rule that was written for the like holds in any company
				d.w *= math.Sqrt(c.factor)
			}
		}
		c.n.weight = s.weight(c.n.deeds)
	}
}

// accompanied notes of callers, which are in order of time, whether another principal calls in their account meanwhile.
func accompanied(all []*caller) {
	// Of each account two of different principals are held: those who act longest of who began before, and who begin first of
	// who begins later.
	near := map[string][2]*caller{}
	meet := func(c *caller, nearer func(x, y *caller) bool, gap func(o *caller) int64) {
		two := near[c.n.scope]
		for _, o := range two {
			if o != nil && o.principal != c.principal && gap(o) < int64(meanwhile) {
				c.beside = true
			}
		}
		switch {
		case two[0] == nil:
			two[0] = c
		case two[0].principal == c.principal:
			if nearer(c, two[0]) {
				two[0] = c
			}
		case nearer(c, two[0]):
			two[0], two[1] = c, two[0]
		case two[1] == nil || nearer(c, two[1]):
			two[1] = c
		}
		near[c.n.scope] = two
	}
	for _, c := range all {
		meet(c, func(x, y *caller) bool { return x.n.last > y.n.last }, func(o *caller) int64 { return c.n.first - o.n.last })
	}
	clear(near)
	for _, c := range slices.Backward(all) {
		meet(c, func(x, y *caller) bool { return x.n.first <= y.n.first }, func(o *caller) int64 { return o.n.first - c.n.last })
	}
}

// kin joins callers of one network: by one principal, if little speaks against it, and by several where few are used from
// there. A network from which many principals call is an office's or a provider's, and tells nothing.
func (s *Pages) kin(all []*caller, k *knot) {
	type spot struct{ network, scope string }
	at := map[spot][]*caller{}
	var order []spot
	for _, c := range all {
		if c.network == "" {
			continue
		}
		p := spot{c.network, c.n.scope}
		if at[p] == nil {
			order = append(order, p)
		}
		at[p] = append(at[p], c)
	}
	for _, p := range order {
		here := at[p]
		slices.SortStableFunc(here, func(x, y *caller) int {
			return cmp.Or(cmp.Compare(x.n.first, y.n.first), strings.Compare(x.n.name, y.n.name))
		})
		principals := map[int32]bool{}
		for _, c := range here {
			principals[c.principal] = true
		}
		for i, y := range here {
			for j := i - 1; j >= max(0, i-fewCallers); j-- {
				x := here[j]
				weight := 2.5 - math.Log(float64(max(1, len(principals)-1)))
				if x.principal == y.principal {
					weight = 4
					if x.client != y.client && x.client != "" && y.client != "" && len(principals) > 1 {
						weight = 2
					}
				}
				k.add(x.n, y.n, reason{kind: "network", weight: weight, from: x.d, to: y.d, fromAt: x.at, toAt: y.at, what: y.address, n: len(principals)})
			}
		}
	}
}

// doors joins callers with what else comes from their address, unless it is one behind which others call too: so many
// others, as far as they are joined already.
func (s *Pages) doors(nodes []*node, callers []*caller, k *knot) {
	type use struct {
		address int32
		root    *node
	}
	seen, sharers := map[use]bool{}, map[int32]int{}
	for _, c := range callers {
		if u := (use{c.address, c.n.root()}); c.address != none && !seen[u] {
			seen[u] = true
			sharers[c.address]++
		}
	}
	type handle struct {
		name  int32
		scope string
	}
	of := map[handle][]*node{} // in order of time
	for _, n := range nodes {
		if sharers[n.id] > 0 && !n.local {
			of[handle{n.id, n.scope}] = append(of[handle{n.id, n.scope}], n)
		}
	}
	for _, c := range callers {
		if c.address == none {
			continue
		}
		h := handle{c.address, ""}
		if !world(s.t.all[c.address]) {
			h.scope = c.d.org
		}
		weight := 4 - 1.5*math.Log(float64(sharers[c.address]))
		all := of[h]
		i, _ := slices.BinarySearchFunc(all, c.n.first-int64(meanwhile), func(m *node, at int64) int { return cmp.Compare(m.last, at) })
		for _, m := range all[i:min(len(all), i+fewNodes)] {
			if c.n.last >= m.first-int64(meanwhile) {
				k.add(c.n, m, reason{kind: "session", weight: weight, from: c.d, fromAt: c.at, what: c.address})
			}
		}
	}
}
