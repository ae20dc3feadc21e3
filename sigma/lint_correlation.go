package sigma

import (
	"math"
	"slices"
	"strings"
)

var correlationKeys = []string{"type", "rules", "aliases", "group-by", "timespan", "condition", "generate"}

// correlation checks a correlation that Parse accepts.
func (l *linter) correlation(c *Correlation) {
	n := l.page.node.At("correlation")
	for _, k := range n.Keys {
		if slices.Contains(correlationKeys, k.Name) {
			continue
		}
		hint := ""
		if near := nearest(k.Name, correlationKeys); near != "" {
			hint = "did you mean " + near + "?"
		}
		l.report("correlation-key", k.Line, hint, "the key %s of the correlation", clip(k.Name, 60))
	}
	m, ordered, _ := c.measureOf()
	if c.Type == "ordered_temporal" {
		l.report("correlation-type", n.At("type").Line, "temporal_ordered", "the type %s", c.Type)
	}
	listed := n.At("rules").Strings()
	if !ordered {
		for _, r := range repeats(listed) {
			l.report("correlation-repeat", n.At("rules").Line, "", "the rule %s is listed twice", clip(r, 120))
		}
	}
	if m.temporal() && len(c.Rules) == 1 {
		l.report("correlation-single", c.Line, "event_count counts the events of one rule", "a temporal correlation of one rule")
	}
	if len(c.GroupBy) == 0 {
		l.report("correlation-no-group", c.Line, "for example group-by: [src_ip]", "no group-by")
	}
	if m == expression {
		named := appendNames(nil, c.Condition.Expression)
		for _, r := range listed {
			if !slices.Contains(named, r) {
				l.report("correlation-unnamed", n.At("condition").Line, "pySigma refuses it", "the condition leaves out %s", clip(r, 120))
			}
		}
	}
	l.bounds(c, m)
	l.aliases(c, n)
}

// bounds checks what a correlation's condition asks for.
func (l *linter) bounds(c *Correlation, m measure) {
	n := l.page.node.At("correlation").At("condition")
	if n == nil {
		return
	}
	b := &c.Condition
	if m.counts() && m != sumValues {
		for _, v := range [...]*float64{b.Gt, b.Gte, b.Lt, b.Lte, b.Eq, b.Neq} {
			if v != nil && *v != math.Trunc(*v) {
				l.report("correlation-fraction", n.Line, "", "a count is never %v", *v)
			}
		}
		if b.bounded() && !b.fromAbove() && b.holds(1) {
			l.report("correlation-trivial", n.Line, "ask for more than one", "every single event is enough")
		}
	}
	if c.Type == "value_percentile" && b.Percentile == nil {
		l.report("correlation-percentile", n.Line, "add percentile: 95; without it the bound is the share in percent that a value has of all", "value_percentile without percentile")
	}
	if len(c.Fields) > 0 && (m == countEvents || m.temporal()) {
		l.report("correlation-field", n.At("field").Line, "value_count counts the values of a field", "%s does not read a field", c.Type)
	}
	if b.Percentile != nil && c.Type != "value_percentile" {
		l.report("correlation-field", n.At("percentile").Line, "", "%s does not read a percentile", c.Type)
	}
}

func (l *linter) aliases(c *Correlation, n *Node) {
	a := n.At("aliases")
	if a == nil {
		return
	}
	for _, k := range a.Keys {
		if !slices.Contains(c.GroupBy, k.Name) && !slices.Contains(c.Fields, k.Name) {
			l.report("alias-unused", k.Line, "", "the alias %s is not used", clip(k.Name, 60))
		}
		of := c.Aliases[k.Name]
		for rule := range of {
			if !slices.ContainsFunc(c.Rules, func(r string) bool { return l.sameRule(r, rule) }) {
				l.report("alias-rule", k.Line, "name it as rules does", "the alias %s names %s, which is not among the rules", clip(k.Name, 60), clip(rule, 120))
			}
		}
		for _, r := range c.Rules {
			found := false
			for rule := range of {
				found = found || l.sameRule(r, rule)
			}
			if !found {
				l.report("alias-missing", k.Line, "the field "+clip(k.Name, 60)+" itself is read from its events", "the alias %s says nothing of %s", clip(k.Name, 60), clip(r, 120))
			}
		}
	}
}

// sameRule says whether two names mean the same rule of the collection.
func (l *linter) sameRule(a, b string) bool {
	if a == b || strings.EqualFold(a, b) {
		return true
	}
	for i := range l.pages {
		if r := l.pages[i].rule; r != nil && refersTo(a, r) && refersTo(b, r) {
			return true
		}
	}
	return false
}

// filter checks a filter that Parse accepts.
func (l *linter) filter(f *Filter) {
	for _, key := range [...]string{"level", "status"} {
		if n, line := l.at(key); n != nil {
			l.report("filter-inapplicable", line, "leave it out", "a filter with a %s", key)
		}
	}
	if keep, err := keeps(&f.Detection); err == nil && !keep {
		l.report("filter-reading", f.Detection.Line, "write not before what is to be left out: everyone reads that alike", "the condition says what to leave out")
	}
	if f.any() && l.page.rule.Source.String() == "*" {
		l.report("filter-everything", f.Line, "name rules or a log source", "the filter is about every rule")
	}
}
