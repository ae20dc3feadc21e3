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
	var names []string
	for _, n := range machinesAt(c, value) {
		names = append(names, n.Name.Value)
	}
	if len(names) == 0 {
		return value
	}
	return firstNames(names) + " (" + value + ")"
}

// firstNames are the first of further names, with a + and how many more there are.
func firstNames(all []string) string {
	const most = 3
	if n := len(all) - most; n > 0 {
		return strings.Join(all[:most], ", ") + ", +" + count(n)
	}
	return strings.Join(all, ", ")
}

// victimName is what a victim is called, with further names that it was seen under.
func victimName(c *tocsin.Campaign, v *tocsin.Victim) string {
	s := calledIn(c, v.Value)
	if len(v.Also) == 0 {
		return s
	}
	var also []string
	for _, e := range v.Also {
		also = append(also, e.Value)
	}
	return s + " (" + firstNames(also) + ")"
}
