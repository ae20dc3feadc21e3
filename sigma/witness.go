package sigma

import (
	"math"
	"slices"
)

// A hook is how an index finds a test: by a text that an event's values must have for the test to hold.
type hook uint8

const (
	hookNone    hook = iota // no text: the test is asked whenever its field is there
	hookEnds                // its text stands at an end of the value, or is all of it
	hookGrams               // one of its texts occurs in the value
	hookDecides hook = 1 << 4
)

// hookOf returns how a test is found, with the folded texts and where they stand. With hookDecides the test holds
// exactly when the text is found, otherwise it only may.
func hookOf(t *test) (h hook, texts []string, kind testKind) {
	text := t.foldedText(t.text)
	decides := hookDecides
	if t.cased {
		decides = 0
	}
	switch t.kind {
	case testContains:
		if len(text) >= gramSize {
			return hookGrams | decides, []string{text}, t.kind
		}
	case testEqual, testPrefix, testSuffix:
		if t.slot != anywhere {
			return hookEnds | decides, []string{text}, t.kind
		}
	case testGlob:
		return globHook(t)
	}
	return hookNone, nil, t.kind
}

// globHook finds a pattern by its longest literal, or by the one that is bound to the start or end of the value.
func globHook(t *test) (hook, []string, testKind) {
	longest := ""
	for _, s := range t.glob.segments {
		if k := t.foldedText(s.key); len(k) > len(longest) {
			longest = k
		}
	}
	if len(longest) >= gramSize {
		return hookGrams, []string{longest}, testContains
	}
	if n := len(t.glob.segments); n > 0 && t.slot != anywhere {
		first, last := t.glob.segments[0].parts[0], t.glob.segments[n-1].parts
		if !t.glob.head && first.mark == markText {
			return hookEnds, []string{t.foldedText(first.text)}, testPrefix
		}
		if p := last[len(last)-1]; !t.glob.tail && p.mark == markText {
			return hookEnds, []string{t.foldedText(p.text)}, testSuffix
		}
	}
	return hookNone, nil, t.kind
}

// foldedText folds a literal of the test, which is folded already unless the test is cased.
func (t *test) foldedText(s string) string {
	if t.cased {
		return folded(s)
	}
	return s
}

// cost guesses what a test costs as a witness: how often it holds, or has to be asked in full. What many rules test
// for is what is common: "\powershell.exe" is long and rare in no log.
func (s *Set) cost(n int32, used []int32) float64 {
	t := &s.tests[n]
	c := 0.0
	switch h, texts, _ := hookOf(t); {
	case h == hookNone && t.slot == anywhere:
		return math.Inf(1) // as well be asked always
	case t.kind == testRegex:
		c = 4
	case h == hookNone && t.kind == testPresent:
		c = 1
	case h == hookNone:
		c = 0.5
	default:
		c = clause(texts).rareness()
		if h&hookDecides == 0 {
			c *= 3
		}
		if t.kind == testEqual {
			c = max(c, 1.0/64) // short, and most often one of few: an event id, a level
		}
	}
	if t.slot == anywhere {
		c += 0.5 // the whole event has to be searched
	}
	return c * float64(1+used[n])
}

// A witnesses is a set of tests of which one must hold for an expression to hold; without any the cost is infinite.
type witnesses struct {
	tests []int32
	cost  float64
}

// maxWitnesses bounds what is kept for one rule; the largest of SigmaHQ has 4,400.
const maxWitnesses = 50_000

var noWitness = witnesses{cost: math.Inf(1)}

// witness chooses the witnesses of all rules.
func (s *Set) witness() {
	used := s.usage()
	s.witnesses = make([][]int32, len(s.exprs))
	for i, e := range s.exprs {
		if e != nil {
			s.witnesses[i] = s.cheapest(e, used).tests
			s.mark(e)
		}
	}
}

// mark notes which alternatives the index of a field can rule out all at once.
func (s *Set) mark(e *expr) {
	for _, k := range e.kids {
		s.mark(k)
	}
	if e.op != opOr {
		return
	}
	slot := anywhere
	for i, k := range e.kids {
		if k.op != opSearch || !s.tests[k.test].hooked || i > 0 && s.tests[k.test].slot != slot {
			return
		}
		slot = s.tests[k.test].slot
	}
	e.field = slot + 1 // and 0 for keywords
}

// cheapest chooses the witnesses of an expression: of an and its best part, of an or all parts; what is negated has none.
func (s *Set) cheapest(e *expr, used []int32) witnesses {
	switch e.op {
	case opSearch:
		w := witnesses{[]int32{e.test}, s.cost(e.test, used)}
		for _, c := range s.tests[e.test].needs {
			// What a regular expression needs stands for it, if an index finds it.
			n := witnesses{tests: c}
			for _, t := range c {
				n.cost += 3 * s.cost(t, used)
				if !s.tests[t].hooked {
					n.cost = math.Inf(1)
				}
			}
			if n.cost < w.cost {
				w = n
			}
		}
		return w
	case opAnd:
		best := noWitness
		for _, k := range e.kids {
			if w := s.cheapest(k, used); w.cost < best.cost {
				best = w
			}
		}
		return best
	case opOr, opAtLeast:
		all := make([]witnesses, 0, len(e.kids))
		for _, k := range e.kids {
			all = append(all, s.cheapest(k, used))
		}
		// Of n parts at least c hold, so of any n-c+1 of them one does.
		need := len(all)
		if e.op == opAtLeast {
			need -= e.count - 1
			slices.SortStableFunc(all, func(a, b witnesses) int {
				switch {
				case a.cost < b.cost:
					return -1
				case a.cost > b.cost:
					return 1
				}
				return 0
			})
		}
		w := witnesses{}
		for _, k := range all[:need] {
			w.cost += k.cost
			w.tests = append(w.tests, k.tests...)
		}
		if math.IsInf(w.cost, 1) || len(w.tests) > maxWitnesses {
			return noWitness
		}
		return w
	}
	return noWitness
}

// usage counts the rules that use each test.
func (s *Set) usage() []int32 {
	used := make([]int32, len(s.tests))
	last := make([]int32, len(s.tests))
	var walk func(e *expr, rule int32)
	walk = func(e *expr, rule int32) {
		if e.op == opSearch && last[e.test] != rule {
			last[e.test] = rule
			used[e.test]++
		}
		for _, k := range e.kids {
			walk(k, rule)
		}
	}
	for i, e := range s.exprs {
		if e != nil {
			walk(e, int32(i)+1)
		}
	}
	return used
}
