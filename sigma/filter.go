package sigma

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A Filter narrows other rules, so that an environment is tuned without changing them:
// https://sigmahq.io/sigma-specification/specification/sigma-filters-specification.html
//
// The specification's example excludes what `condition: selection` describes; pySigma and RSigma keep what the
// condition describes and so write `condition: not selection`. Both are understood, by one question: a condition that
// holds of an event on which none of the searches holds says what to keep, any other says what to leave out. Read the
// wrong way round, it would silence nearly everything.
type Filter struct {
	Rules     []string // ids, names or titles; "any", or none at all, is every rule of the log source
	Detection Detection
	Line      int64 // of rules
}

// parseFilter reads a filter section: the rules it is about, its searches and its condition.
func parseFilter(n *Node, bad *flaws) *Filter {
	if n.Kind != Map {
		bad.add(flawf(n.Line, "filter is %s, not a map", n.Kind))
		return nil
	}
	f := &Filter{Line: n.Line}
	switch r := n.At("rules"); {
	case r == nil || r.Kind == Null:
		bad.add(flawf(n.Line, "a filter without rules").hinted("list ids, names or titles, or write rules: any"))
	case r.Kind == Map:
		bad.add(flawf(r.Line, "rules is %s, not a list of ids, names or titles", r.Kind))
	case r.Kind == List && len(r.Strings()) != len(r.Items):
		bad.add(flawf(r.Line, "rules holds something else than ids, names and titles"))
	default:
		f.Rules, f.Line = r.Strings(), r.Line
	}
	f.Detection = *parseSearches(n, bad, "condition", "rules")
	return f
}

// any says that a filter is about all rules of its log source.
func (f *Filter) any() bool {
	return len(f.Rules) == 0 || len(f.Rules) == 1 && strings.EqualFold(f.Rules[0], "any")
}

// refersTo says whether a reference means a rule.
func refersTo(ref string, r *Rule) bool {
	return ref != "" && (strings.EqualFold(ref, r.ID) || ref == r.Name || ref == r.Title)
}

// A narrowing is a filter, compiled.
type narrowing struct {
	rule *Rule
	expr *expr
	keep bool // expr says what is kept
}

// filters compiles the filters among rules. A filter that cannot be used is left out with a fault; one that names
// rules which are not there, or are of another log source, is used for the others.
func (c *compiler) filters(rules []*Rule) ([]narrowing, []*tocsin.Fault) {
	var out []narrowing
	var faults []*tocsin.Fault
	for _, r := range rules {
		if r.Filter == nil {
			continue
		}
		n := narrowing{rule: r}
		var err error
		if n.keep, err = keeps(&r.Filter.Detection); err == nil {
			n.expr, err = c.detection(r, &r.Filter.Detection, !n.keep)
		}
		if err != nil {
			faults = append(faults, faultOf(&r.Rule, err))
			continue
		}
		out = append(out, n)
		if r.Filter.any() {
			continue
		}
		for _, ref := range r.Filter.Rules {
			if err := r.unreached(ref, rules); err != nil {
				faults = append(faults, faultOf(&r.Rule, err))
			}
		}
	}
	return out, faults
}

// unreached says why a filter cannot narrow a rule that it names.
func (r *Rule) unreached(ref string, rules []*Rule) error {
	var other *Rule
	for _, o := range rules {
		if o == r || !refersTo(ref, o) {
			continue
		}
		if o.Detection != nil && r.Source.Covers(o.Source) {
			return nil
		}
		other = o
	}
	line := r.Filter.Line
	switch {
	case other == nil:
		return flawf(line, "rule %q: %w", clip(ref, 120), errNoSuchRule).hinted(hintNoSuchRule)
	case other.Detection == nil:
		return flawf(line, "rule %q is no detection rule: only those can be filtered", clip(ref, 120)).
			hinted("name the rules that it is made of")
	}
	return flawf(line, "rule %q is for %s, the filter for %s", clip(ref, 120), other.Source, r.Source).
		hinted("a filter reaches rules whose log source says all that its own says")
}

// keeps says that a filter's condition tells what to keep: see Filter.
func keeps(d *Detection) (bool, error) {
	for _, text := range d.Conditions {
		f, err := parseCondition(text, d)
		if err != nil {
			return false, err
		}
		if f.ofNothing() {
			return true, nil
		}
	}
	return false, nil
}

// ofNothing is what a formula says when no search holds.
func (f *formula) ofNothing() bool {
	n := 0
	for _, k := range f.kids {
		if k.ofNothing() {
			n++
		}
	}
	switch f.op {
	case opAnd:
		return n == len(f.kids)
	case opOr:
		return n > 0
	case opNot:
		return n == 0
	case opAtLeast:
		return n >= f.count
	}
	return false
}

// narrowed adds to a rule's condition that of the filters about it.
func narrowed(r *Rule, e *expr, filters []narrowing) *expr {
	for _, f := range filters {
		if !f.rule.Source.Covers(r.Source) {
			continue
		}
		about := f.rule.Filter.any()
		for _, ref := range f.rule.Filter.Rules {
			about = about || refersTo(ref, r)
		}
		if !about {
			continue
		}
		label := "filter " + ruleLabel(&f.rule.Rule)
		kid := &expr{op: opAnd, kids: []*expr{f.expr}, label: label}
		if !f.keep {
			kid = &expr{op: opNot, kids: []*expr{f.expr}, label: "not " + label}
		}
		e = &expr{op: opAnd, kids: []*expr{e, kid}}
	}
	return e
}
