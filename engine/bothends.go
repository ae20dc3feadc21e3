package engine

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// bothEnds names in each campaign the principals for whom agents in it work: those whose name, or one of whose sessions, is a
// handle of one of its actors. Ordinary ones are not named.
func bothEnds(campaigns []*tocsin.Campaign, principals []*tocsin.Principal) {
	of := map[string][]string{} // names of principals, by what their agents go by
	for _, p := range principals {
		if p.Verdict == tocsin.Ordinary {
			continue
		}
		of[p.Name] = append(of[p.Name], p.Name)
		for _, s := range p.Sessions {
			if s != p.Name {
				of[s] = append(of[s], p.Name)
			}
		}
	}
	if len(of) == 0 {
		return
	}
	for i, c := range campaigns {
		var in []string
		for _, a := range c.Actors {
			for _, h := range a.Handles {
				if h.Kind != "agent" && h.Kind != "session" && h.Kind != "principal" && h.Kind != "user" {
					continue
				}
				in = append(in, of[h.Value]...)
				if _, rest, ok := strings.Cut(h.Value, "/"); ok && h.Kind == "agent" { // AGENT/NAME
					in = append(in, of[rest]...)
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
