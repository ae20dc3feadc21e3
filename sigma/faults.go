package sigma

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Faults tells all that is wrong with the rules of a file, so that they can be mended in one go: Parse and Compile tell the
// first of each rule. What is told of a rule that they accept is nothing. others are the rules that those of the file may
// refer to, the file's own among them.
func Faults(file string, data []byte, others []*Rule, o Options) []*tocsin.Fault {
	docs, faults := documents(file, data)
	for _, n := range docs {
		r, bad := ruleOf(file, n)
		faults = append(faults, bad...)
		var more flaws
		switch {
		case r.Detection != nil:
			detectionFlaws(r.Detection, false, o, &more)
		case r.Filter != nil:
			keep, _ := keeps(&r.Filter.Detection)
			detectionFlaws(&r.Filter.Detection, !keep, o, &more)
			for _, ref := range r.Filter.Rules {
				if !r.Filter.any() {
					more.add(r.unreached(ref, others))
				}
			}
		case r.Correlation != nil:
			for _, ref := range r.Correlation.Rules {
				if !slices.ContainsFunc(others, func(other *Rule) bool { return refersTo(ref, other) }) {
					more.add(flawf(r.Correlation.Line, "rule %q: %w", clip(ref, 120), errNoSuchRule).hinted(hintNoSuchRule))
				}
			}
		}
		for _, err := range more {
			faults = append(faults, faultOf(&r.Rule, err))
		}
	}
	return faults
}

// detectionFlaws tries each condition and each item of the searches by itself. A search that no condition uses is never
// compiled, and so has none.
func detectionFlaws(d *Detection, excludes bool, o Options, bad *flaws) {
	var formulas []*formula
	used := map[string]bool{}
	for _, text := range d.Conditions {
		f, err := parseCondition(text, d)
		if err != nil {
			bad.add(err)
			continue
		}
		formulas = append(formulas, f)
		f.names(used)
	}
	asked := selecting(formulas, excludes)
	whole := len(formulas) == len(d.Conditions) && len(formulas) > 0
	c := &compiler{opt: o, set: &Set{slots: map[string]int32{}}, known: map[testKey]int32{}}
	for _, s := range d.Searches {
		if whole && !used[s.Name] {
			continue
		}
		c.excluding = whole && !asked[s.Name]
		for _, item := range itemsOf(s.Value, 0) {
			if _, err := c.search(item, 0); err != nil {
				bad.add(at(fmt.Errorf("%s: %w", s.Name, err), d.Line))
			}
		}
	}
}

// names adds the searches of a formula.
func (f *formula) names(all map[string]bool) {
	if f.op == opSearch {
		all[f.name] = true
	}
	for _, k := range f.kids {
		k.names(all)
	}
}

// itemsOf takes a search apart: maps of one key each, keywords, and what is neither.
func itemsOf(n *Node, depth int) (all []*Node) {
	if n == nil || depth > maxNesting {
		return nil
	}
	switch {
	case n.Kind == Map && len(n.Keys) > 0:
		for i, k := range n.Keys {
			all = append(all, &Node{Kind: Map, Line: n.Line, Keys: []Key{k}, Items: n.Items[i : i+1]})
		}
	case n.Kind == List && len(n.Items) > 0:
		for _, e := range n.Items {
			all = append(all, itemsOf(e, depth+1)...)
		}
	default:
		all = append(all, n)
	}
	return all
}

// eachField calls do for every field that a rule reads.
func (r *Rule) eachField(do func(name string, line int64)) {
	d := r.Detection
	if r.Filter != nil {
		d = &r.Filter.Detection
	}
	if d != nil {
		for _, s := range d.Searches {
			for _, item := range itemsOf(s.Value, 0) {
				if item.Kind == Map && len(item.Keys) > 0 {
					name, _, _ := strings.Cut(item.Keys[0].Name, "|")
					do(strings.TrimSpace(name), item.Keys[0].Line)
				}
			}
		}
	}
	if c := r.Correlation; c != nil {
		for _, name := range slices.Concat(c.GroupBy, c.Fields) {
			if _, alias := c.Aliases[name]; !alias {
				do(name, c.Line)
			}
		}
		for _, fields := range c.Aliases {
			for _, name := range fields {
				do(name, c.Line)
			}
		}
	}
}
