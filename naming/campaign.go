package naming

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// mostNamed bounds the names that a campaign is told with; more are counted in Omitted.
const mostNamed = 1024

// Name returns the campaign with the machines that its addresses were at the time: those of victims, of steps' hosts and
// those that actors came from. acts says that there are logs or actions of a machine by that name: an address that acts by
// itself is not called after such a machine by records that may lie. The campaign itself is not changed; where nothing is
// known it is returned as it is.
func (n *Names) Name(c *tocsin.Campaign, acts func(machine string) bool) *tocsin.Campaign {
	var all []tocsin.Naming
	seen := map[[2]string]bool{}
	name := func(address string, from, to time.Time) {
		m, ok := n.Machine(address, from, to)
		if ok && !borneOut(&m) && acts(address) && (acts(m.Name.Value) || acts(first(m.Name.Value))) {
			return
		}
		if ok && !seen[[2]string{address, m.Name.Value}] {
			seen[[2]string{address, m.Name.Value}] = true
			all = append(all, m)
		}
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		for _, e := range append([]tocsin.Entity{v.Entity}, v.Also...) {
			if e.Kind == "address" {
				name(e.Value, v.First, v.Last)
			}
		}
	}
	for i := range c.Steps {
		for _, h := range c.Steps[i].Hosts {
			name(h, c.Steps[i].First, c.Steps[i].Last)
		}
	}
	for _, a := range c.Actors {
		for _, h := range a.Handles {
			if h.Kind == "address" {
				name(h.Value, a.First, a.Last)
			}
		}
	}
	if len(all) == 0 {
		return c
	}
	named := *c
	if more := len(all) - mostNamed; more > 0 {
		named.Omitted = map[string]int{"names": more}
		for k, v := range c.Omitted {
			named.Omitted[k] = v
		}
		all = all[:mostNamed]
	}
	slices.SortStableFunc(all, func(a, b tocsin.Naming) int {
		return cmp.Or(strings.Compare(a.Of.Value, b.Of.Value), a.First.Compare(b.First), strings.Compare(a.Name.Value, b.Name.Value))
	})
	named.Names = all
	return &named
}
