package guard

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tsv"
)

//go:embed sight.tsv
var sightText string

// A mend is the switch of a source that would have a part of calls recorded.
type mend struct{ agent, format, part, how string }

var mends = readMends(sightText)

// readMends reads the rows. They are part of the program: a fault in them is one of ours.
func readMends(text string) (all []mend) {
	for n, c := range tsv.Rows("sight.tsv", text, 4) {
		if !slices.Contains([]string{"arguments", "results", "cut"}, c[2]) {
			tsv.Fault("sight.tsv", n, "no part of a call: "+c[2])
		}
		all = append(all, mend{c[0], c[1], c[2], c[3]})
	}
	return all
}

// mendOf is the switch by which a source would show a part of its calls, empty where none is known.
func mendOf(o origin, part string) string {
	for i := range mends {
		m := &mends[i]
		if m.part == part && m.format == o.format && (m.agent == "*" || m.agent == o.agent) {
			return m.how
		}
	}
	return ""
}

// An origin is the kind of record that tells of a call.
type origin struct{ format, agent string }

func (o origin) String() string {
	if o.agent == "" || o.agent == o.format {
		return o.format
	}
	return o.agent + " (" + o.format + ")"
}

// cutAt are the lengths at which exporters cut what they send: a text that ends there, or says that it was cut, is not whole.
// 512 is that of Claude Code's tool_parameters and tool_input in OpenTelemetry.
const cutAt = 512

// What one call's record holds.
const (
	sawArguments = 1 << iota
	sawResult
	sawCut
	worldwide // its id is given once in the world
)

// seen is what one call's record holds.
type seen uint8

func (s *seen) field(name, v string) {
	switch name {
	case "arguments":
		if len(v) > 2 {
			*s |= sawArguments
		}
		if cut(v) {
			*s |= sawCut
		}
	case "command":
		if v != "" {
			*s |= sawArguments
		}
		if cut(v) {
			*s |= sawCut
		}
	case "result":
		if v != "" {
			*s |= sawResult
		}
		if saysCut(v) {
			*s |= sawCut
		}
	}
}

// worth says how much a record tells; of two that tell of the same call the one that is worth more counts.
func (s seen) worth() int {
	n := 0
	if s&sawArguments != 0 {
		n += 4
	}
	if s&sawResult != 0 {
		n += 2
	}
	if s&sawCut == 0 {
		n++
	}
	return n
}

// cut says that a text was cut by who exported it.
func cut(v string) bool { return len(v) == cutAt || saysCut(v) }

// saysCut says that a text ends with the word that it was cut.
func saysCut(v string) bool {
	if len(v) < cutAt {
		return false
	}
	for _, end := range [...]string{"[truncated]", "…", "...(truncated)", "[TRUNCATED", "[TRUNCATED]", "[truncated", "...[truncated]"} {
		if strings.HasSuffix(v, end) {
			return true
		}
	}
	return false
}

// sight counts what the records of calls hold.
type sight struct{ calls, arguments, results, cut int }

func (t *sight) add(s seen) {
	t.calls++
	if s&sawArguments != 0 {
		t.arguments++
	}
	if s&sawResult != 0 {
		t.results++
	}
	if s&sawCut != 0 {
		t.cut++
	}
}

// tell says how much the records show, why, and which part is wanting.
func (t *sight) tell() (v tocsin.Visibility, part string) {
	switch {
	case t.calls == 0:
		return tocsin.Visibility{State: "blind", Why: "no call was recorded"}, ""
	case t.arguments == 0:
		return tocsin.Visibility{State: "blind", Why: "arguments of calls are not recorded"}, "arguments"
	case t.results == 0:
		return tocsin.Visibility{State: "blind", Why: "results of calls are not recorded: what was read and then used cannot be seen"}, "results"
	case t.cut > 0:
		return tocsin.Visibility{State: "degraded", Why: fmt.Sprintf("%d of %d calls were cut: what was read and then used may be missed", t.cut, t.calls)}, "cut"
	case t.arguments*10 < t.calls*9:
		return tocsin.Visibility{State: "degraded", Why: fmt.Sprintf("%d of %d calls have no arguments", t.calls-t.arguments, t.calls)}, "arguments"
	case t.results*10 < t.calls*9:
		return tocsin.Visibility{State: "degraded", Why: fmt.Sprintf("%d of %d calls have no result", t.calls-t.results, t.calls)}, "results"
	}
	return tocsin.Visibility{State: "full"}, ""
}

// sightOf says how much the records of a principal's calls show: of all, and of each kind of record where there are several.
func sightOf(sessions []*session) tocsin.Visibility {
	by := map[origin]*sight{}
	var all sight
	var order []origin
	for _, x := range sessions {
		for i := range x.calls {
			c := &x.calls[i]
			o := origin{c.format, x.agent}
			s := by[o]
			if s == nil {
				s = &sight{}
				by[o] = s
				order = append(order, o)
			}
			s.add(c.saw)
			all.add(c.saw)
		}
	}
	slices.SortFunc(order, func(a, b origin) int { return cmp.Or(cmp.Compare(a.agent, b.agent), cmp.Compare(a.format, b.format)) })
	out, part := all.tell()
	most := 0
	for _, o := range order {
		s := by[o]
		wanting := map[string]int{"arguments": s.calls - s.arguments, "results": s.calls - s.results, "cut": s.cut}[part]
		if how := mendOf(o, part); how != "" && wanting > most {
			out.Mend, most = how, wanting
		}
		if len(order) > 1 {
			v, part := s.tell()
			v.Of, v.Mend = o.String(), mendOf(o, part)
			out.Sources = append(out.Sources, v)
		}
	}
	return out
}
