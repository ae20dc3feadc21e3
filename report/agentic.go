package report

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tsv"
)

// attackVersion is the version of ATT&CK whose ids [tocsin.Technique] gives.
const attackVersion = "19.2"

//go:embed agentic.tsv
var agenticText string

// An agentic is a technique of a taxonomy of AI systems, and what of a principal it is named for.
type agentic struct {
	taxonomy, version, id, name string
	reported                    bool // read in copies only, not in its publisher's file
	by                          string
	of                          []string
}

var agentics = readAgentics(agenticText)

// readAgentics reads the rows.
func readAgentics(text string) []agentic {
	var all []agentic
	for n, c := range tsv.Rows("agentic.tsv", text, 7) {
		if c[4] != "read" && c[4] != "reported" || !slices.Contains([]string{"technique", "phase", "ground", "verdict"}, c[5]) {
			tsv.Fault("agentic.tsv", n, "no row")
		}
		all = append(all, agentic{c[0], c[1], c[2], c[3], c[4] == "reported", c[5], strings.Split(c[6], ",")})
	}
	return all
}

// techniquesOf are the ATT&CK techniques of a principal's evidence, in order of their ids.
func techniquesOf(p *tocsin.Principal) []string {
	var all []string
	add := func(grounds []tocsin.Ground) {
		for i := range grounds {
			for _, t := range grounds[i].Techniques {
				if id, ok := tocsin.Technique(t); ok && !slices.Contains(all, id) {
					all = append(all, id)
				}
			}
		}
	}
	add(p.Evidence)
	for i := range p.ByTarget {
		add(p.ByTarget[i].Evidence)
		add(p.ByTarget[i].Course)
	}
	slices.Sort(all)
	return all
}

// agenticOf are the techniques of other taxonomies that a principal's evidence stands for.
func agenticOf(p *tocsin.Principal) []agentic {
	has := map[string]bool{"verdict\x00" + verdictOf(p.Verdict).String(): true}
	for _, t := range techniquesOf(p) {
		has["technique\x00"+t] = true
		whole, _, _ := strings.Cut(t, ".")
		has["technique\x00"+whole] = true
	}
	grounds := slices.Clone(p.Evidence)
	for i := range p.ByTarget {
		grounds = append(grounds, p.ByTarget[i].Evidence...)
		for _, s := range p.ByTarget[i].Phases {
			has["phase\x00"+s] = true
		}
	}
	for i := range grounds {
		has["ground\x00"+grounds[i].ID] = true
	}
	var all []agentic
	for _, a := range agentics {
		if slices.ContainsFunc(a.of, func(of string) bool { return has[a.by+"\x00"+of] }) {
			all = append(all, a)
		}
	}
	return all
}
