package report

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Of ordinary principals a report tells counts only: what they work at is their own affair.

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
			j := jsonText{s.b}
			j.open('{')
			j.key("kind")
			j.str("principal")
			j.key("principal")
			j.str(name)
			j.key("verdict")
			j.str(p.Verdict.String())
			j.key("sessions")
			j.open('[')
			for _, id := range p.Sessions {
				j.str(id)
			}
			j.shut(']')
			j.intAt("calls", int64(p.Calls))
			j.intAt("targets", int64(len(p.Targets)))
			j.shut('}')
			s.b = append(j.b, '\n')
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

// readPrincipal reads the line of one. Of ordinary ones the targets are a number, and no more than counts is known.
func readPrincipal(line []byte) (*tocsin.Principal, error) {
	var counts struct {
		Name     string         `json:"principal"`
		Verdict  tocsin.Verdict `json:"verdict"`
		Sessions []string       `json:"sessions"`
		Calls    int            `json:"calls"`
	}
	if err := json.Unmarshal(line, &counts); err != nil {
		return nil, err
	}
	if counts.Verdict == tocsin.Ordinary {
		return &tocsin.Principal{Name: counts.Name, Sessions: counts.Sessions, Calls: counts.Calls}, nil
	}
	p := &tocsin.Principal{}
	return p, json.Unmarshal(line, p)
}
