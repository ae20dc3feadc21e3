package sigma

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/tocsin-ids/tocsin"
)

// A Step is one line of an explanation: a part of a rule's condition, and whether it held for the event.
type Step struct {
	Depth  int // 0 is the whole condition; parts of a step follow it one deeper
	Text   string
	Held   bool
	Values []tocsin.Field // of a test: what the event has under its field, at most 16; the ones that made it hold if it did
}

const maxStepValues = 16

// Explain tells of every part of a rule whether it holds for the event, in the order of the rule. The log source is
// the first step; the condition is explained even where it does not apply.
func (s *Set) Explain(ev *tocsin.Event, rule int) []Step {
	src := Step{Text: "log source " + s.rules[rule].Source.String(), Held: s.Applies(rule, ev.Sources)}
	steps := []Step{src}
	e := s.exprs[rule]
	if e == nil {
		return steps
	}
	m := s.Matcher()
	m.load(ev)
	return m.explain(steps, e, 0)
}

func (m *Matcher) explain(steps []Step, e *expr, depth int) []Step {
	held := m.holds(e)
	if e.op == opSearch {
		t := &m.set.tests[e.test]
		return append(steps, Step{Depth: depth, Text: t.String(), Held: held, Values: m.evidence(nil, t, held)})
	}
	text := map[operator]string{opAnd: "all of these", opOr: "any of these", opNot: "not", opAtLeast: "at least some of these"}[e.op]
	kids := e.kids
	if e.label != "" {
		text = e.label
		if e.op == opNot && len(kids) == 1 {
			kids = e.kids[0].kids
		} else if e.op == opOr {
			text += ": any of"
		}
	}
	steps = append(steps, Step{Depth: depth, Text: text, Held: held})
	for _, k := range kids {
		steps = m.explain(steps, k, depth+1)
	}
	return steps
}

// oneLine shortens text and quotes it if it has control characters, so that a value cannot pass for a line of the
// explanation.
func oneLine(s string) string {
	s = clip(s, 300)
	if strings.ContainsFunc(s, unicode.IsControl) {
		return strconv.QuoteToGraphic(s)
	}
	return s
}

// ExplainText renders steps as an indented tree, one line each. What else a terminal may not like is still in it.
func ExplainText(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		if s.Held {
			b.WriteString("held    ")
		} else {
			b.WriteString("failed  ")
		}
		b.WriteString(strings.Repeat("  ", s.Depth))
		b.WriteString(oneLine(s.Text))
		for i, v := range s.Values {
			if i == 0 {
				b.WriteString("  ← ")
			} else {
				b.WriteString(" | ")
			}
			b.WriteString(oneLine(v.Name) + " = " + oneLine(v.Value))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Held returns the fields that made a rule hold for an event: those of every test that held and counted. The values
// are the event's own, valid as long as it is.
func (m *Matcher) Held(ev *tocsin.Event, rule int) []tocsin.Field {
	e := m.set.exprs[rule]
	if e == nil {
		return nil
	}
	m.load(ev)
	return m.held(nil, e)
}

// held appends the evidence of the tests that make e hold; what is negated has none.
func (m *Matcher) held(fields []tocsin.Field, e *expr) []tocsin.Field {
	if e.op == opNot || !m.holds(e) {
		return fields
	}
	if e.op == opSearch {
		return m.evidence(fields, &m.set.tests[e.test], true)
	}
	for _, k := range e.kids {
		fields = m.held(fields, k)
	}
	return fields
}

// evidence appends the fields that a test is about: those for which it holds, or all of them.
func (m *Matcher) evidence(fields []tocsin.Field, t *test, held bool) []tocsin.Field {
	add := func(i int) {
		if held && !m.one(t, i) || len(fields) >= 256 {
			return
		}
		f := tocsin.Field{Name: "raw", Value: m.raw(i)}
		if i < len(m.ev.Fields) {
			f.Name = m.ev.Fields[i].Name
		}
		for _, g := range fields {
			if g == f {
				return
			}
		}
		fields = append(fields, f)
	}
	if t.slot == anywhere {
		if !held {
			return fields
		}
		for i := range m.ev.Fields {
			add(i)
		}
		if rawCounts(m.ev) {
			add(len(m.ev.Fields))
		}
		return fields
	}
	for i := m.first(t.slot); i >= 0; i = m.next[i] {
		add(int(i))
		if !held && len(fields) >= maxStepValues {
			break
		}
	}
	return fields
}
