package report

import (
	"reflect"

	"github.com/tocsin-ids/tocsin"
)

// maxPagePrincipals bounds those that the page tells of in full; what is beyond it is said.
const maxPagePrincipals = 300

// writePrincipals writes those for whom agents worked: counts of all, and of those of whom there is something to report what
// JSONL has, with why, what would clear them and how much their records show in sentences. There is no such member where no
// agent worked.
func writePrincipals(j *jsonText, h *Hunt, w *words) {
	if len(h.Principals) == 0 {
		return
	}
	sessions, calls := 0, 0
	for _, p := range h.Principals {
		sessions += len(p.Sessions)
		calls += p.Calls
	}
	days, _, _ := period(h.Principals)
	n := Verdicts(h.Principals)
	j.key("principals")
	j.open('{')
	j.intAt("n", int64(len(h.Principals)))
	j.intAt("sessions", int64(sessions))
	j.intAt("calls", int64(calls))
	j.intAt("days", int64(days))
	j.intAt("ordinary", int64(n[tocsin.Ordinary]))
	j.key("verdicts") // how many of each, the worst first
	j.open('[')
	for v := tocsin.Turned; ; v-- {
		if n[v] > 0 {
			j.open('[')
			j.int(int64(n[v]))
			j.str(v.String())
			j.shut(']')
		}
		if v == tocsin.Ordinary {
			break
		}
	}
	j.shut(']')
	notes := principalNotes(h.Principals)
	for i, s := range notes {
		notes[i] = w.plainly(w.tell("note", s))
	}
	j.strsAt("notes", notes)
	j.key("list")
	j.open('[')
	left := 0
	for _, p := range h.Principals {
		if p.Verdict == tocsin.Ordinary {
			continue
		}
		if left++; left > maxPagePrincipals {
			continue
		}
		j.open('{')
		j.strAt("because", w.plainly(w.because(p)))
		would := wouldClear(p)
		for i, s := range would {
			would[i] = w.plainly(w.tell("would", s))
		}
		j.strsAt("would", would)
		j.strAt("seen", w.plainly(w.tell("sight", sightOf(p))))
		j.intAt("sessionCount", int64(len(p.Sessions)))
		j.intAt("targetCount", int64(len(p.ByTarget)))
		t := tagged{jsonText: *j, most: maxPageList}
		t.members(reflect.ValueOf(w.saidOfPrincipal(p)).Elem())
		*j = t.jsonText
		j.shut('}')
	}
	j.shut(']')
	j.intAt("beyond", int64(max(left-maxPagePrincipals, 0)))
	j.shut('}')
}
