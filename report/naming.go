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
