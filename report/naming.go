package report

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// machinesAt are the facts about which machines an address was in a campaign's time, each name once.
func machinesAt(c *tocsin.Campaign, address string) (all []*tocsin.Naming) {
	for i := range c.Names {
		n := &c.Names[i]
		if n.Kind == "machine" && n.Of.Value == address && n.Doubt == "" && n.Name.Value != "" && !slices.ContainsFunc(all, func(o *tocsin.Naming) bool { return o.Name.Value == n.Name.Value }) {
			all = append(all, n)
		}
	}
	return all
}

// calledIn is what a machine is called in a campaign: "fs01.corp.example (192.0.2.20)" for an address that the logs name.
func calledIn(c *tocsin.Campaign, value string) string {
	const most = 3
	var names []string
	for _, n := range machinesAt(c, value) {
		if len(names) == most {
			names = append(names, "…")
			break
		}
		names = append(names, n.Name.Value)
	}
	if len(names) == 0 {
		return value
	}
	return strings.Join(names, ", ") + " (" + value + ")"
}

// victimName is what a victim is called, with further names that it was seen under.
func victimName(c *tocsin.Campaign, v *tocsin.Victim) string {
	const most = 3
	s := calledIn(c, v.Value)
	if len(v.Also) == 0 {
		return s
	}
	var also []string
	for _, e := range v.Also[:min(len(v.Also), most)] {
		also = append(also, e.Value)
	}
	if len(v.Also) > most {
		also = append(also, "…")
	}
	return s + " (" + strings.Join(also, ", ") + ")"
}
