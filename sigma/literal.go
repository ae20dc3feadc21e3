package sigma

import (
	"math"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on what is drawn from a regular expression.
const (
	maxLiterals  = 64 // texts in a clause
	maxClass     = 4  // characters of a class that is spelled out
	maxClauses   = 4  // clauses that are kept
	literalDepth = 100
)

// A clause is texts, folded, of which one at least occurs in every folded value that an expression matches.
type clause []string

// clauses returns what an expression needs, rarest clause first. It reads alternations and small classes, so that
// (foo|bar)[xy]\d+z needs one of foox, fooy, barx and bary, and z.
func clauses(expr string) []clause {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	all := need(re.Simplify(), 0).all()
	slices.SortStableFunc(all, func(a, b clause) int {
		switch ra, rb := a.rareness(), b.rareness(); {
		case ra < rb:
			return -1
		case ra > rb:
			return 1
		}
		return 0
	})
	var kept []clause
	for _, c := range all {
		if !slices.ContainsFunc(kept, c.follows) && len(kept) < maxClauses {
			kept = append(kept, c)
		}
	}
	return kept
}

// follows says that c says no more than b does.
func (c clause) follows(b clause) bool {
	for _, s := range b {
		if !slices.ContainsFunc(c, func(t string) bool { return strings.Contains(s, t) }) {
			return false
		}
	}
	return true
}

// rareness adds up guesses of how often each text occurs.
func (c clause) rareness() float64 {
	sum := 0.0
	for _, s := range c {
		sum += guess(s)
	}
	return sum
}

// guess is how often a text is thought to occur in a value: every byte halves it, unusual punctuation three times, to
// a floor.
func guess(s string) float64 {
	n := 0
	for i := 0; i < len(s) && n < 12; i++ {
		n++
		if strings.IndexByte("`{}|^~@#!;<>&$%*+\x00", s[i]) >= 0 {
			n += 2
		}
	}
	return math.Ldexp(1, -min(n, 12))
}

// A drawn is what is known of an expression: all texts that it matches when they are few (exact; never empty), and
// what it needs.
type drawn struct {
	exact   clause
	clauses []clause
}

// need computes what is known of re.
func need(re *syntax.Regexp, depth int) drawn {
	if depth > literalDepth {
		return drawn{}
	}
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return drawn{exact: clause{""}}
	case syntax.OpLiteral:
		var b []byte
		for _, r := range re.Rune {
			if r == utf8.RuneError { // which any byte that is no UTF-8 matches
				return drawn{}
			}
			b = utf8.AppendRune(b, foldRune(r))
		}
		return drawn{exact: clause{string(b)}}
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpQuest:
		if d := need(re.Sub[0], depth+1); d.exact != nil && len(d.exact) < maxLiterals {
			return drawn{exact: unique(append(clause{""}, d.exact...))}
		}
	case syntax.OpAlternate:
		return alternate(re.Sub, depth)
	case syntax.OpConcat, syntax.OpCapture, syntax.OpPlus:
		return concat(re, depth)
	}
	return drawn{}
}

func class(ranges []rune) drawn {
	var all clause
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
	return drawn{exact: all}
}

func unique(c clause) clause {
	slices.Sort(c)
	return slices.Compact(c)
}

// all is what is needed, the exact texts included.
func (d drawn) all() []clause {
	if d.exact == nil || slices.Contains(d.exact, "") {
		return d.clauses
	}
	return append(d.clauses, d.exact)
}

func alternate(subs []*syntax.Regexp, depth int) drawn {
	var exact, either clause
	hasExact, hasEither := true, true
	for _, s := range subs {
		d := need(s, depth+1)
		hasExact = hasExact && d.exact != nil
		exact = append(exact, d.exact...)
		var best clause
		for _, c := range d.all() {
			if best == nil || c.rareness() < best.rareness() {
				best = c
			}
		}
		hasEither = hasEither && best != nil
		either = append(either, best...)
	}
	switch {
	case hasExact && len(exact) <= maxLiterals:
		return drawn{exact: unique(exact)}
	case hasEither && len(either) <= maxLiterals:
		return drawn{clauses: []clause{unique(either)}}
	}
	return drawn{}
}

// sequence lays out what follows each other in re; nil is a gap of which nothing is known. x+ begins and ends with x.
func sequence(seq []*syntax.Regexp, re *syntax.Regexp, depth int) []*syntax.Regexp {
	switch {
	case depth > literalDepth || len(seq) > 4*literalDepth:
		return append(seq, nil)
	case re.Op == syntax.OpCapture:
		return sequence(seq, re.Sub[0], depth+1)
	case re.Op == syntax.OpPlus:
		seq = append(sequence(seq, re.Sub[0], depth+1), nil)
		return sequence(seq, re.Sub[0], depth+1)
	case re.Op == syntax.OpConcat:
		for _, s := range re.Sub {
			seq = sequence(seq, s, depth+1)
		}
		return seq
	}
	return append(seq, re)
}

func concat(re *syntax.Regexp, depth int) drawn {
	run := clause{""} // texts of the exact parts that stand together
	whole := true
	var d drawn
	flush := func() {
		if !slices.Contains(run, "") {
			d.clauses = append(d.clauses, unique(run))
		}
		run = clause{""}
	}
	for _, s := range sequence(nil, re, depth) {
		var part drawn
		if s != nil {
			part = need(s, depth+1)
		}
		if part.exact == nil {
			whole = false
			flush()
			d.clauses = append(d.clauses, part.clauses...)
			continue
		}
		if len(run)*len(part.exact) > maxLiterals {
			whole = false
			flush()
		}
		next := make(clause, 0, len(run)*len(part.exact))
		for _, a := range run {
			for _, b := range part.exact {
				next = append(next, a+b)
			}
		}
		run = next
	}
	if whole {
		return drawn{exact: unique(run)}
	}
	flush()
	return d
}

// leastLength is the number of characters, and so of bytes, below which nothing matches an expression.
func leastLength(expr string) int {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return 0
	}
	return least(re, 0)
}

func least(re *syntax.Regexp, depth int) int {
	if depth > literalDepth {
		return 0
	}
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return least(re.Sub[0], depth+1)
	case syntax.OpRepeat:
		return re.Min * least(re.Sub[0], depth+1)
	case syntax.OpConcat:
		n := 0
		for _, s := range re.Sub {
			n = min(n+least(s, depth+1), 1<<30)
		}
		return n
	case syntax.OpAlternate:
		n := least(re.Sub[0], depth+1)
		for _, s := range re.Sub[1:] {
			n = min(n, least(s, depth+1))
		}
		return n
	}
	return 0
}
