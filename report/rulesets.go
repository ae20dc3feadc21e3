package report

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// bareText says that Windows logs were read without a collection of rules, and how to get one.
func bareText(events int64) string {
	return several(events, "event") + " of Windows logs read without a rule collection: `tocsin rules update` installs SigmaHQ's, and --rules names another"
}

// ruleSetsText says which rules ran: "112 own, 3,780 installed (r2026-08-05, 2026-09-01), 5 of my-rules".
func ruleSetsText(sets []tocsin.RuleSet) string {
	var all []string
	for _, s := range sets {
		all = append(all, ruleSetText(s))
	}
	return strings.Join(all, ", ")
}

func ruleSetText(s tocsin.RuleSet) string {
	n := count(s.Rules)
	switch s.Kind {
	case "own":
		return n + " own"
	case "installed":
		said := visible(s.Revision)
		if !s.Date.IsZero() {
			if said != "" {
				said += ", "
			}
			said += "installed " + s.Date.UTC().Format("2006-01-02")
		}
		return n + " installed (" + said + ")"
	}
	if s.Kind == "indicators" {
		n += " indicators"
	}
	if s.Kind == "pipeline" {
		return n + " of them rewritten by " + visible(s.Path)
	}
	return n + " of " + visible(s.Path)
}
