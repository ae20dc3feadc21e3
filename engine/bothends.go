package engine

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// bothEnds names in each campaign the principals for whom agents in it work: those whose name, or one of whose sessions, is a
// handle of one of its actors. Ordinary ones are not named.
func bothEnds(campaigns []*tocsin.Campaign, principals []*tocsin.Principal) {
	of := map[tocsin.Entity][]string{} // names of principals, by what they and their agents go by
	for _, p := range principals {
		if p.Verdict == tocsin.Ordinary {
			continue
		}
		add := func(value string, kinds ...string) {
			for _, kind := range kinds {
				of[tocsin.Entity{Kind: kind, Value: value}] = append(of[tocsin.Entity{Kind: kind, Value: value}], p.Name)
			}
		}
		add(p.Name, "agent", "session", "principal", "user")
		for _, s := range p.Sessions {
			add(s, "agent", "session")
		}
	}
	if len(of) == 0 {
		return
	}
	for i, c := range campaigns {
		var in []string
		for _, a := range c.Actors {
			for _, h := range a.Handles {
				in = append(in, of[tocsin.Entity{Kind: h.Kind, Value: h.Value}]...)
				if _, rest, ok := strings.Cut(h.Value, "/"); ok && h.Kind == "agent" { // AGENT/NAME
					in = append(in, of[tocsin.Entity{Kind: "agent", Value: rest}]...)
				}
			}
		}
		if len(in) > 0 {
			named := *c
			slices.Sort(in)
			named.Principals = slices.Compact(in)
			campaigns[i] = &named
		}
	}
}
