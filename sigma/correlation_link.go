package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Joins are the correlations of a set, resolved against its rules.
type joins struct {
	rules   []*Rule
	list    []*join         // children before parents
	feeds   [][]*join       // by rule: the correlations it is a slot of
	heard   []bool          // by rule: its hits alert on their own
	asked   map[string]bool // bare names of the fields that any correlation reads
	fields  []string        // that any correlation reads, as written there
	columns [][]int         // by rule: the fields that correlations over it read
}

// A join is one correlation, resolved.
type join struct {
	rule    int // index of its rule
	index   int // in joins.list
	c       *Correlation
	measure measure
	ordered bool
	span    int64 // nanoseconds
	slots   []slot
	need    int // countRules, countOrdered: how many rules the lower bound asks for
	cond    Condition
	terms   []term
	steady  bool // a temporal correlation over it asks for every window that holds, not only the first of a burst
}

// A slot is one entry of a correlation's list of rules.
type slot struct {
	rules  []int    // the rules it means: more than one where several are called the same
	group  []string // by group-by field: what it is called in the events of these rules
	fields []string // by condition.field: the same
}

// A term is a conjunction of an expression: slots that must match and slots that must not.
type term struct {
	pos, neg []int
}

// Bounds on what a correlation may ask for.
const (
	maxOrdered = 64 // rules in order: each event costs their square
	maxTerms   = 64 // alternatives of an expression
)

var (
	errCycle      = errors.New("a correlation that refers to itself")
	errNoSuchRule = errors.New("no such rule is loaded")
)

const hintNoSuchRule = "correct the id, name or title, or load the file that has it; if it was rejected, its own fault says why"

// link resolves the correlations of the set and takes out those that cannot be used; it renumbers the rules.
func (s *Set) link() []*tocsin.Fault {
	l := linker{all: s.rules, byName: map[string][]int{}, state: make([]linkState, len(s.rules)),
		faults: make([]error, len(s.rules)), joins: make([]*join, len(s.rules))}
	for i, r := range s.rules {
		for _, n := range ruleNames(r) {
			l.byName[n] = append(l.byName[n], i)
		}
	}
	var faults []*tocsin.Fault
	for i, r := range s.rules {
		if r.Correlation == nil {
			continue
		}
		if err := l.check(i); err != nil {
			faults = append(faults, faultOf(&r.Rule, at(err, r.Correlation.Line)))
		}
	}
	n := 0
	to := make([]int, len(s.rules))
	for i, r := range s.rules {
		to[i] = n
		if l.faults[i] == nil {
			s.rules[n], s.exprs[n] = r, s.exprs[i]
			n++
		}
	}
	s.rules, s.exprs = s.rules[:n], s.exprs[:n]
	j := &joins{rules: s.rules, feeds: make([][]*join, n), heard: make([]bool, n), columns: make([][]int, n), asked: map[string]bool{}}
	for _, i := range l.order {
		j.add(l.joins[i], to)
	}
	for i := range j.heard {
		j.heard[i] = len(j.feeds[i]) == 0
		for _, f := range j.feeds[i] {
			j.heard[i] = j.heard[i] || f.c.Generate
		}
	}
	for _, c := range j.list {
		for _, f := range j.feeds[c.rule] {
			c.steady = c.steady || f.measure.temporal()
		}
	}
	s.joins = j
	return faults
}

// ruleNames are the names that a rule can be referred to by.
func ruleNames(r *Rule) []string {
	var out []string
	for _, n := range [...]string{strings.ToLower(r.ID), r.Name, r.Title} {
		if n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

type linkState uint8

const (
	linkNew linkState = iota
	linkOpen
	linkDone
)

// A linker checks correlations, those they refer to first.
type linker struct {
	all    []*Rule
	byName map[string][]int
	state  []linkState
	faults []error
	order  []int // correlations that can be used, children first
	joins  []*join
}

// find returns the rules that a name means to a rule: those of its own file, if there are any, else all.
func (l *linker) find(from int, name string) []int {
	found := l.byName[name]
	if len(found) == 0 {
		found = l.byName[strings.ToLower(name)]
	}
	var own []int
	for _, i := range found {
		if l.all[i].File == l.all[from].File {
			own = append(own, i)
		}
	}
	if len(own) > 0 {
		return own
	}
	return found
}

// check resolves one correlation and, before it, those it refers to.
func (l *linker) check(i int) error {
	switch l.state[i] {
	case linkDone:
		return l.faults[i]
	case linkOpen:
		return errCycle
	}
	l.state[i] = linkOpen
	j, err := l.resolve(i)
	l.state[i] = linkDone
	l.faults[i] = err
	if err == nil {
		l.joins[i] = j
		l.order = append(l.order, i)
	}
	return err
}

func (l *linker) resolve(i int) (*join, error) {
	c := l.all[i].Correlation
	j := &join{rule: i, c: c, span: int64(c.Timespan), cond: c.Condition}
	j.measure, j.ordered, _ = c.measureOf()
	for k, name := range c.Rules {
		found := l.find(i, name)
		if len(found) == 0 {
			return nil, flawf(c.Line, "rule %q: %w", clip(name, 120), errNoSuchRule).
				hinted(hintNoSuchRule)
		}
		for _, i := range found {
			if l.all[i].Correlation == nil {
				continue
			}
			if err := l.check(i); errors.Is(err, errCycle) {
				return nil, flawf(c.Line, "rule %q: %w", clip(name, 120), errCycle).
					hinted("correlations may build on each other, but not in a circle")
			} else if err != nil {
				return nil, flawf(c.Line, "rule %q cannot be used: %w", clip(name, 120), err)
			}
		}
		if !j.ordered && slices.Index(c.Rules, name) < k {
			continue // named twice
		}
		s := slot{rules: slices.Clone(found)}
		for _, g := range c.GroupBy {
			s.group = append(s.group, c.fieldFor(g, name, l.all[found[0]]))
		}
		for _, f := range c.Fields {
			s.fields = append(s.fields, c.fieldFor(f, name, l.all[found[0]]))
		}
		j.slots = append(j.slots, s)
	}
	return j, j.prepare()
}

// fieldFor is what a group-by or condition field is called in the events of a rule.
func (c *Correlation) fieldFor(field, written string, r *Rule) string {
	of := c.Aliases[field]
	for _, name := range [...]string{written, r.Name, r.ID, r.Title} {
		if f := of[name]; f != "" {
			return f
		}
	}
	return field
}

// prepare settles what the condition asks for.
func (j *join) prepare() error {
	c := j.c
	switch j.measure {
	case expression:
		return j.expand()
	case countRules, countOrdered:
		if j.measure == countOrdered && len(j.slots) > maxOrdered {
			return flawf(c.Line, "%d rules in order, more than %d", len(j.slots), maxOrdered)
		}
		if !j.cond.bounded() {
			n := float64(len(j.slots))
			j.cond.Gte = &n
		}
		for j.need = 1; j.need < len(j.slots) && !j.enough(float64(j.need)); j.need++ {
		}
		if !j.enough(float64(j.need)) {
			return flawf(c.Line, "the condition asks for more rules than the %d listed", len(j.slots)).
				hinted("temporal correlations count the rules that matched, not the events")
		}
	}
	return nil
}

// enough says whether v is within the bounds from below.
func (j *join) enough(v float64) bool {
	b := Condition{Gt: j.cond.Gt, Gte: j.cond.Gte}
	return b.holds(v)
}

// rising says whether the condition is judged at every event, not at the end of a run of them.
func (j *join) rising() bool { return !j.measure.counts() || !j.cond.fromAbove() }

// expand makes terms of the expression.
func (j *join) expand() error {
	c := j.c
	d := &Detection{Line: c.Line}
	place := map[string]int{}
	for i, n := range c.Rules {
		d.Searches = append(d.Searches, Search{Name: n, Line: c.Line, Value: &Node{Line: c.Line}})
		place[n] = i
	}
	f, err := parseCondition(c.Condition.Expression, d)
	if err != nil {
		return err
	}
	terms, err := disjunction(f, false)
	if err != nil {
		return flawf(c.Line, "condition %q: %w", clip(c.Condition.Expression, 120), err)
	}
	for _, t := range terms {
		var at term
		for name := range t {
			if t[name] {
				at.pos = append(at.pos, place[name])
			} else {
				at.neg = append(at.neg, place[name])
			}
		}
		if len(at.pos) == 0 {
			return flawf(c.Line, "condition %q holds where nothing happens", clip(c.Condition.Expression, 120)).
				hinted("an alternative must ask for at least one rule without not")
		}
		slices.Sort(at.pos) // the order of the rules
		slices.Sort(at.neg)
		if j.ordered && len(at.pos) > maxOrdered {
			return flawf(c.Line, "%d rules in order, more than %d", len(at.pos), maxOrdered)
		}
		j.terms = append(j.terms, at)
	}
	if len(j.terms) == 0 {
		return flawf(c.Line, "condition %q can never hold", clip(c.Condition.Expression, 120))
	}
	return nil
}

var errTerms = fmt.Errorf("more than %d alternatives", maxTerms)

// A literals is a conjunction: rules that must match (true) and that must not (false).
type literals map[string]bool

// disjunction brings a formula, or its negation, into disjunctive normal form. Contradictions are left out.
func disjunction(f *formula, not bool) ([]literals, error) {
	op, need := f.op, f.count
	switch op {
	case opSearch:
		return []literals{{f.name: !not}}, nil
	case opNot:
		return disjunction(f.kids[0], !not)
	case opAnd:
		op, need = opAtLeast, len(f.kids)
	case opOr:
		op, need = opAtLeast, 1
	}
	if not { // fewer than need hold: at least this many do not
		need = len(f.kids) - need + 1
	}
	// sets[n] is the alternatives in which n of the kids so far hold.
	sets := make([][]literals, need+1)
	sets[0] = []literals{{}}
	for _, k := range f.kids {
		alts, err := disjunction(k, not)
		if err != nil {
			return nil, err
		}
		for n := need; n > 0; n-- {
			for _, a := range sets[n-1] {
				for _, b := range alts {
					if u := union(a, b); u != nil {
						sets[n] = append(sets[n], u)
					}
				}
			}
			if len(sets[n]) > 8*maxTerms {
				return nil, errTerms
			}
		}
	}
	if len(sets[need]) > maxTerms {
		return nil, errTerms
	}
	return sets[need], nil
}

// union joins two conjunctions; nil where they contradict each other.
func union(a, b literals) literals {
	u := make(literals, len(a)+len(b))
	for k, v := range a {
		u[k] = v
	}
	for k, v := range b {
		if w, ok := u[k]; ok && w != v {
			return nil
		}
		u[k] = v
	}
	return u
}

// add makes a checked correlation part of the set; to gives the new indexes of rules.
func (j *joins) add(c *join, to []int) {
	c.index = len(j.list)
	c.rule = to[c.rule]
	for k := range c.slots {
		s := &c.slots[k]
		for i := range s.rules {
			s.rules[i] = to[s.rules[i]]
		}
		for _, r := range s.rules {
			j.feeds[r] = append(j.feeds[r], c)
			for _, names := range [...][]string{s.group, s.fields} {
				for _, n := range names {
					j.read(r, n)
				}
			}
		}
	}
	j.list = append(j.list, c)
}

// read notes that a correlation over a rule reads a field.
func (j *joins) read(rule int, field string) {
	j.asked[bare(field)] = true
	n := slices.Index(j.fields, field)
	if n < 0 {
		n = len(j.fields)
		j.fields = append(j.fields, field)
	}
	if !slices.Contains(j.columns[rule], n) {
		j.columns[rule] = append(j.columns[rule], n)
	}
}
