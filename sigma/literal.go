package sigma

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// Bounds on what is drawn from a regular expression.
const (
	maxLiterals  = 64 // texts of which one must occur
	maxClass     = 4  // characters of a class that is spelled out
	literalDepth = 100
)

// needed returns texts of which one at least occurs, folded, in every folded value that the expression matches; nil
// if there are none of gramSize bytes or more. It reads alternations and small classes, so that (foo|bar)[xy] needs
// foox, fooy, barx or bary.
func needed(expr string) []string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	n := need(re.Simplify(), 0)
	return n.best
}

// A drawn is what is known of an expression: all texts it matches when they are few (exact), and otherwise the best
// set of which one must occur.
type drawn struct {
	exact []string // nil when unknown or too many; never empty
	best  []string
}

// need computes what is known of re.
func need(re *syntax.Regexp, depth int) drawn {
	if depth > literalDepth {
		return drawn{}
	}
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return drawn{exact: []string{""}}
	case syntax.OpLiteral:
		var b []byte
		for _, r := range re.Rune {
			if r == utf8.RuneError { // which any byte that is no UTF-8 matches
				return drawn{}
			}
			b = utf8.AppendRune(b, foldRune(r))
		}
		return known([]string{string(b)})
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpCapture:
		return need(re.Sub[0], depth+1)
	case syntax.OpPlus:
		d := need(re.Sub[0], depth+1)
		return drawn{best: d.best}
	case syntax.OpQuest:
		if d := need(re.Sub[0], depth+1); d.exact != nil && len(d.exact) < maxLiterals {
			return drawn{exact: unique(append([]string{""}, d.exact...))}
		}
	case syntax.OpRepeat:
		if re.Min > 0 {
			return drawn{best: need(re.Sub[0], depth+1).best}
		}
	case syntax.OpAlternate:
		return alternate(re.Sub, depth)
	case syntax.OpConcat:
		return concat(re.Sub, depth)
	}
	return drawn{}
}

// known is an exact set, which is also the best if all its texts can be looked for.
func known(exact []string) drawn {
	d := drawn{exact: exact, best: exact}
	for _, s := range exact {
		if len(s) < gramSize {
			d.best = nil
		}
	}
	return d
}

func class(ranges []rune) drawn {
	var all []string
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i+1]-ranges[i] > 2*maxClass {
			return drawn{}
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if r == utf8.RuneError {
				return drawn{}
			}
			all = append(all, string(foldRune(r)))
		}
		if all = unique(all); len(all) > maxClass {
			return drawn{}
		}
	}
	if len(all) == 0 {
		return drawn{}
	}
	return known(all)
}

func unique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

func alternate(subs []*syntax.Regexp, depth int) drawn {
	var exact, best []string
	hasExact, hasBest := true, true
	for _, s := range subs {
		d := need(s, depth+1)
		if d.exact == nil {
			hasExact = false
		}
		if d.best == nil {
			hasBest = false
		}
		exact, best = append(exact, d.exact...), append(best, d.best...)
	}
	var d drawn
	if hasExact && len(exact) <= maxLiterals {
		d = known(unique(exact))
	}
	if hasBest && len(best) <= maxLiterals {
		d.best = unique(best)
	}
	return d
}

func concat(subs []*syntax.Regexp, depth int) drawn {
	run := []string{""} // texts of the exact subs that stand together
	all := true
	var best []string
	take := func(set []string) {
		if better(set, best) {
			best = set
		}
	}
	for _, s := range subs {
		d := need(s, depth+1)
		take(d.best)
		if d.exact != nil && len(run)*len(d.exact) <= maxLiterals {
			next := make([]string, 0, len(run)*len(d.exact))
			for _, a := range run {
				for _, b := range d.exact {
					next = append(next, a+b)
				}
			}
			run = next
			continue
		}
		all = false
		take(known(run).best)
		run = []string{""}
		if d.exact != nil {
			run = d.exact
		}
	}
	take(known(run).best)
	d := drawn{best: best}
	if all {
		d.exact = unique(run)
	}
	return d
}

// better says that it is rarer that one of a occurs than one of b: longer texts first, then fewer.
func better(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) > 0
	}
	return rareness(a) < rareness(b)
}

// rareness adds up guesses of how often each text occurs: every byte halves it, to a floor.
func rareness(texts []string) float64 {
	sum := 0.0
	for _, s := range texts {
		sum += guess(len(s))
	}
	return sum
}
