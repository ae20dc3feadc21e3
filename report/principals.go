package report

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Of ordinary principals a report tells counts only, and what the provider of a model said of them: what they work at is their
// own affair.

// providerWords are the grounds of a principal that are a provider's words, which are told whatever the verdict.
func providerWords(p *tocsin.Principal) (all []tocsin.Ground) {
	for _, g := range p.Evidence {
		if strings.HasPrefix(g.ID, "provider-") {
			all = append(all, g)
		}
	}
	return all
}

// providerLine says of how many ordinary principals a provider has said something; empty: of none.
func providerLine(all []*tocsin.Principal) string {
	n := 0
	for _, p := range all {
		if p.Verdict == tocsin.Ordinary && len(providerWords(p)) > 0 {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return "the provider of the model refused requests of " + several(n, "ordinary principal") + ", or acted against the account: look at them; the JSONL has what it said"
}

// pseudonyms stand for the names of principals of whom there is nothing to report. They are numbered by name, so that they
// say nothing of the order in which people worked.
func pseudonyms(all []*tocsin.Principal) map[*tocsin.Principal]string {
	order := slices.Clone(all)
	slices.SortFunc(order, func(a, b *tocsin.Principal) int { return strings.Compare(a.By+"\x00"+a.Name, b.By+"\x00"+b.Name) })
	alias := make(map[*tocsin.Principal]string, len(all))
	for i, p := range order {
		alias[p] = "principal-" + strconv.Itoa(i+1)
	}
	return alias
}

// principalNotes are lines on all of them: how much their records show, and what a provider said of ordinary ones.
func principalNotes(all []*tocsin.Principal) []string {
	notes := sightLines(all)
	if said := providerLine(all); said != "" {
		notes = append(notes, said)
	}
	return notes
}

// ordinary is what is told of one of whom there is nothing to report.
type ordinary struct {
	Name     string          `json:"principal"`
	Verdict  tocsin.Verdict  `json:"verdict"`
	Sessions []string        `json:"sessions"`
	Calls    int             `json:"calls"`
	Targets  int             `json:"targets"`            // how many
	Provider []tocsin.Ground `json:"provider,omitempty"` // what the provider of the model said
}

// appendPrincipals appends a line of JSON for each principal, the worst first. Those of whom there is nothing to report are
// named only if names says so.
func appendPrincipals(s *spool, all []*tocsin.Principal, names bool) error {
	alias := pseudonyms(all)
	for _, p := range all {
		if p.Verdict != tocsin.Ordinary {
			s.b = appendKind(s.b, "principal", reflect.ValueOf(p).Elem(), nil)
		} else {
			name := alias[p]
			if names {
				name = p.Name
			}
			s.b = appendKind(s.b, "principal", reflect.ValueOf(ordinary{name, p.Verdict, p.Sessions, p.Calls, len(p.Targets), providerWords(p)}), nil)
		}
		if err := s.drain(false); err != nil {
			return err
		}
	}
	return nil
}

// Verdicts counts principals by verdict.
func Verdicts(all []*tocsin.Principal) (n [tocsin.Turned + 1]int) {
	for _, p := range all {
		n[min(p.Verdict, tocsin.Turned)]++
	}
	return n
}

// readPrincipal reads the line of one. Of ordinary ones no more is known than what is told of them, and the targets are a number.
func readPrincipal(line []byte) (*tocsin.Principal, error) {
	var of struct{ Verdict tocsin.Verdict }
	if err := json.Unmarshal(line, &of); err != nil {
		return nil, err
	}
	if of.Verdict == tocsin.Ordinary {
		var o ordinary
		err := json.Unmarshal(line, &o)
		return &tocsin.Principal{Name: o.Name, Sessions: o.Sessions, Calls: o.Calls, Evidence: o.Provider}, err
	}
	p := &tocsin.Principal{}
	return p, json.Unmarshal(line, p)
}
