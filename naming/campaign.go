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
// those that actors came from. The campaign itself is not changed; where nothing is known it is returned as it is.
func (n *Names) Name(c *tocsin.Campaign) *tocsin.Campaign {
	var all []tocsin.Naming
	seen := map[[2]string]bool{}
	name := func(address string, from, to time.Time) {
		if m, ok := n.Machine(address, from, to); ok && !seen[[2]string{address, m.Name.Value}] {
			seen[[2]string{address, m.Name.Value}] = true
			all = append(all, m)
		}
	}
	for i := range c.Victims {
		if v := &c.Victims[i]; v.Kind == "address" {
			name(v.Value, v.First, v.Last)
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
