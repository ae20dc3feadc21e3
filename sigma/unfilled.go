package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A placeholder without values loses the rule where the rule asks for its values: without them it would say something
// else. In a search that only says what to leave out (a filter, or what stands behind not) it loses nothing: the search
// leaves out less, and the rule still finds all that it is for. That is noted.

// Notes says what of the rules is not used although they are: each Fault names the rule and the placeholder without
// values because of which one of its filters leaves out nothing. The list must not be changed.
func (s *Set) Notes() []*tocsin.Fault { return s.notes }

// selecting are the searches that the formulas ask for, unlike those that they only use to leave something out. With
// excludes, what the formulas describe is left out itself.
func selecting(formulas []*formula, excludes bool) map[string]bool {
	asked := map[string]bool{}
	var walk func(f *formula, not bool)
	walk = func(f *formula, not bool) {
		if f.op == opSearch && !not {
			asked[f.name] = true
		}
		for _, k := range f.kids {
			walk(k, not != (f.op == opNot))
		}
	}
	for _, f := range formulas {
		walk(f, excludes)
	}
	return asked
}

// unfilledItem compiles an item of a search that leaves something out, with a placeholder without values: it never holds.
// Of a list of values of which any will do, those that have no such placeholder remain.
func (c *compiler) unfilledItem(key Key, v *Node, err error) (*expr, error) {
	c.unfilled = append(c.unfilled, at(fmt.Errorf("%w: the filter leaves out nothing by it", err), key.Line))
	var kept []*Node
	mods := strings.Split(strings.ToLower(key.Name), "|")[1:]
	if v.Kind == List && !slices.Contains(mods, "all") && !slices.Contains(mods, "neq") {
		for _, n := range v.Items {
			if _, err := newItem(key, n, c.opt); !errors.Is(err, errNoValues) {
				kept = append(kept, n)
			}
		}
	}
	if len(kept) == 0 {
		return &expr{op: opOr}, nil // of nothing: false
	}
	return c.item(key, &Node{Kind: List, Line: v.Line, Items: kept})
}
