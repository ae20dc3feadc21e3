package report

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Of ordinary principals a report tells counts only: what they work at is their own affair.

// pseudonym stands for the name of the nth principal, of whom there is nothing to report.
func pseudonym(n int) string { return "principal-" + strconv.Itoa(n) }

// appendPrincipals appends a line of JSON for each principal, the worst first. Those of whom there is nothing to report are
// named only if names says so.
func appendPrincipals(s *spool, all []*tocsin.Principal, names bool) error {
	// Pseudonyms are numbered by name, so that they say nothing of the order in which people worked.
	number := map[*tocsin.Principal]int{}
	order := slices.Clone(all)
	slices.SortFunc(order, func(a, b *tocsin.Principal) int { return strings.Compare(a.By+"\x00"+a.Name, b.By+"\x00"+b.Name) })
	for i, p := range order {
		number[p] = i + 1
	}
	for _, p := range all {
		if p.Verdict != tocsin.Ordinary {
			s.b = appendKind(s.b, "principal", reflect.ValueOf(p).Elem(), nil)
		} else {
			name := pseudonym(number[p])
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
		n[p.Verdict]++
	}
	return n
}

var verdictInk = [...]string{"2", "36", "33", "31", "1;37;41"}

// principalLines are the part of the summary that says on whose behalf agents worked, in at most room lines; none where no
// agent did.
func (p *page) principalLines(all []*tocsin.Principal, room int) []string {
	if len(all) == 0 {
		return nil
	}
	sessions, calls := 0, 0
	sight := map[string]int{}
	for _, x := range all {
		sessions += len(x.Sessions)
		calls += x.Calls
		sight[x.Sight.State]++
	}
	head := several(len(all), "principal") + " with agents: " + several(sessions, "session") + ", " + several(calls, "call") + "; sight: "
	for i, state := range [...]string{"full", "degraded", "blind"} {
		if n := sight[state]; n == len(all) {
			head += state
		} else if n > 0 {
			if i > 0 && !strings.HasSuffix(head, ": ") {
				head += ", "
			}
			head += fmt.Sprintf("%s of %s", state, count(n))
		}
	}
	lines := []string{p.ink("1", p.fit(head))}
	n := Verdicts(all)
	worse, told := 0, 0
	for _, x := range all {
		if x.Verdict < tocsin.SecurityWork {
			continue
		}
		if worse++; len(lines)+2 > room && x.Verdict < tocsin.Intrusion {
			continue
		}
		why := ""
		if len(x.Evidence) > 0 {
			why = ": " + x.Evidence[0].Sentence
		}
		if x.FirstAlert > 0 {
			why += fmt.Sprintf(" (suspicious from call %s of %s on)", count(x.FirstAlert), count(x.Calls))
		}
		const indent = 16
		for i, l := range p.fold(visible(x.Name+why), p.wide-indent) {
			if i == 0 {
				lines = append(lines, "  "+p.ink(verdictInk[x.Verdict], pad(strings.ToUpper(x.Verdict.String()), 13))+" "+l)
				continue
			}
			lines = append(lines, strings.Repeat(" ", indent)+l)
		}
		told++
	}
	if worse > told {
		lines = append(lines, "  … and "+count(worse-told)+" more")
	}
	switch o := n[tocsin.Ordinary]; {
	case worse == 0:
		lines = append(lines, "  nothing to report")
	case o > 0:
		lines = append(lines, "  "+count(o)+" ordinary: nothing to report of them")
	}
	return lines
}
