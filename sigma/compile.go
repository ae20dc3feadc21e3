package sigma

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync/atomic"

	"github.com/tocsin-ids/tocsin"
)

// Options of compiling; the zero value works.
type Options struct {
	Expand map[string][]string // the values of placeholders (%name% with the modifier expand); wildcards in them count
}

// A Set is rules compiled together. It does not change and serves any number of goroutines.
type Set struct {
	rules []*Rule
	exprs []*expr // of each rule; nil for a correlation
	tests []test
	slots map[string]int32 // of field names without their spaces
	names []string         // of slots
	joins *joins
	notes []*tocsin.Fault

	witnesses [][]int32 // of each rule: tests of which one must hold for it to hold; none if there are none
	routes    atomic.Pointer[routeTable]
}

// An expr is a compiled condition: a formula whose leaves are tests.
type expr struct {
	op    operator // opSearch is a test
	test  int32
	count int // of opAtLeast
	kids  []*expr
	field int32  // of an opOr of tests that the index of one field finds: the field's slot, plus one
	label string // the search it is, for explanations
}

// Compile checks rules against each other and makes them ready to match. Rules that cannot be used are left out, each
// with a fault that says why; the others keep their order. Filters are not rules of the Set: they become part of the
// rules they name.
func Compile(rules []*Rule, o Options) (*Set, []*tocsin.Fault) {
	c := &compiler{opt: o, set: &Set{slots: map[string]int32{}}, known: map[testKey]int32{}}
	var faults []*tocsin.Fault
	fail := func(r *Rule, err error) { faults = append(faults, faultOf(&r.Rule, err)) }
	filters, flaws := c.filters(rules)
	faults = append(faults, flaws...)
	for _, r := range rules {
		switch {
		case r.Detection != nil:
			e, err := c.detection(r, r.Detection, false)
			if err != nil {
				fail(r, err)
				continue
			}
			c.set.exprs = append(c.set.exprs, narrowed(r, e, filters))
		case r.Correlation != nil:
			c.set.exprs = append(c.set.exprs, nil)
		default:
			continue
		}
		c.set.rules = append(c.set.rules, r)
	}
	faults = append(faults, c.set.link()...)
	c.set.witness()
	return c.set, faults
}

type compiler struct {
	opt   Options
	set   *Set
	known map[testKey]int32

	excluding bool    // the search at hand only says what to leave out
	unfilled  []error // items of such searches whose placeholders have no values
}

// A testKey is what makes two tests the same.
type testKey struct {
	slot, ref int32
	kind, how testKind
	cased     bool
	part      timePart
	cmp       string
	text      string
}

// slot numbers a field. Spaces do not count: taxonomies write "Process Name" as ProcessName.
func (c *compiler) slot(field string) int32 {
	name := bare(field)
	if s, ok := c.set.slots[name]; ok {
		return s
	}
	s := int32(len(c.set.names))
	c.set.slots[name] = s
	c.set.names = append(c.set.names, name)
	return s
}

// bare is a field's name without its spaces.
func bare(field string) string {
	if strings.IndexByte(field, ' ') < 0 {
		return field
	}
	return strings.ReplaceAll(field, " ", "")
}

// add gives a test its number.
func (c *compiler) add(t test) (*expr, error) {
	k := testKey{t.slot, t.ref, t.kind, t.how, t.cased, t.part, t.cmp, t.text}
	n, ok := c.known[k]
	if !ok {
		if t.kind == testRegex {
			re, err := regexp.Compile(t.text)
			if err != nil {
				return nil, regexFlaw(t.text, err)
			}
			t.re, t.least = re, leastLength(t.text)
			for _, cl := range clauses(t.text) {
				var tests []int32
				for _, text := range cl {
					e, err := c.add(test{slot: t.slot, field: t.field, kind: testContains, text: text})
					if err != nil {
						return nil, err
					}
					tests = append(tests, e.test)
				}
				t.needs = append(t.needs, tests)
			}
		}
		h, _, _ := hookOf(&t)
		t.hooked = h != hookNone
		n = int32(len(c.set.tests))
		c.set.tests = append(c.set.tests, t)
		c.known[k] = n
	}
	return &expr{op: opSearch, test: n}, nil
}

// regexFlaw explains why an expression cannot be used.
func regexFlaw(text string, err error) error {
	f := &flaw{err: fmt.Errorf("regular expression %q: %w", clip(text, 200), err)}
	if e, ok := err.(*syntax.Error); ok {
		switch {
		case e.Code == syntax.ErrInvalidPerlOp, strings.HasPrefix(e.Expr, "(?<=") || strings.HasPrefix(e.Expr, "(?<!"):
			f.hint = "look-around, atomic groups and other extensions of Perl are not part of Sigma's regular expressions: use a second test with not"
		case e.Code == syntax.ErrInvalidEscape:
			f.hint = "back-references and this escape are not part of Sigma's regular expressions"
		case e.Code == syntax.ErrInvalidRepeatSize:
			f.hint = "repeat at most 1,000 times"
		}
	}
	return f
}

// detection compiles the conditions of a rule's detection; several are alternatives. With excludes, what the conditions
// describe is left out.
func (c *compiler) detection(r *Rule, d *Detection, excludes bool) (*expr, error) {
	if r.placeholders != nil {
		defer func(before Options) { c.opt = before }(c.opt)
		all := maps.Clone(c.opt.Expand)
		if all == nil {
			all = map[string][]string{}
		}
		maps.Copy(all, r.placeholders)
		c.opt.Expand = all
	}
	var formulas []*formula
	for _, text := range d.Conditions {
		f, err := parseCondition(text, d)
		if err != nil {
			return nil, err
		}
		formulas = append(formulas, f)
	}
	c.unfilled = nil
	searches := map[string]*expr{}
	asked := selecting(formulas, excludes)
	var all []*expr
	for _, f := range formulas {
		e, err := c.formula(f, d, searches, asked)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	for _, err := range c.unfilled {
		c.set.notes = append(c.set.notes, faultOf(&r.Rule, err))
	}
	return joinedExpr(opOr, all), nil
}

func (c *compiler) formula(f *formula, d *Detection, searches map[string]*expr, asked map[string]bool) (*expr, error) {
	if f.op == opSearch {
		if e := searches[f.name]; e != nil {
			return e, nil
		}
		c.excluding = !asked[f.name]
		e, err := c.search(d.Search(f.name), 0)
		if err != nil {
			return nil, at(fmt.Errorf("%s: %w", f.name, err), d.Line)
		}
		if e.op != opAnd && e.op != opOr || e.label != "" {
			e = &expr{op: opAnd, kids: []*expr{e}}
		}
		e.label = f.name
		searches[f.name] = e
		return e, nil
	}
	e := &expr{op: f.op, count: f.count}
	for _, k := range f.kids {
		ke, err := c.formula(k, d, searches, asked)
		if err != nil {
			return nil, err
		}
		e.kids = append(e.kids, ke)
	}
	return e, nil
}

// search compiles the value of a search: a map of items that all must hold, a list of which any must, or a keyword.
func (c *compiler) search(n *Node, depth int) (*expr, error) {
	if depth > maxNesting {
		return nil, &flaw{line: n.Line, err: errDeep}
	}
	switch n.Kind {
	case Map:
		if len(n.Keys) == 0 {
			return nil, flawf(n.Line, "the search is empty")
		}
		var all []*expr
		for i, k := range n.Keys {
			e, err := c.item(k, n.Items[i])
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		return joinedExpr(opAnd, all), nil
	case List:
		if len(n.Items) == 0 {
			return nil, flawf(n.Line, "the search is empty")
		}
		var all []*expr
		for _, v := range n.Items {
			e, err := c.search(v, depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		return joinedExpr(opOr, all), nil
	}
	return c.item(Key{Line: n.Line}, n)
}

// joinedExpr is the and or or of kids; of one it is that one.
func joinedExpr(op operator, kids []*expr) *expr {
	if len(kids) == 1 {
		return kids[0]
	}
	return &expr{op: op, kids: kids}
}

// item compiles one line of a search.
func (c *compiler) item(key Key, v *Node) (*expr, error) {
	it, err := newItem(key, v, c.opt)
	if c.excluding && errors.Is(err, errNoValues) {
		return c.unfilledItem(key, v, err)
	}
	if err != nil {
		return nil, err
	}
	var all []*expr
	for i := range it.values {
		e, err := c.value(it, &it.values[i])
		if err != nil {
			return nil, at(fmt.Errorf("%s: %w", key.Name, err), it.values[i].node.Line)
		}
		all = append(all, e)
	}
	op := opOr
	if it.all {
		op = opAnd
	}
	e := joinedExpr(op, all)
	if it.not {
		e = &expr{op: opNot, kids: []*expr{e}}
	}
	return e, nil
}

// value compiles one value of an item.
func (c *compiler) value(it *item, v *value) (*expr, error) {
	t := test{slot: anywhere, field: it.field, text: v.text}
	if it.field != "" {
		t.slot = c.slot(it.field)
	}
	if v.node.Kind == Null {
		return c.absent(t, true)
	}
	switch it.shape {
	case shapeExists:
		return c.absent(t, v.text == "false")
	case shapeRegex:
		t.kind = testRegex
		t.text = regexSource(it, v.text)
	case shapeNet:
		t.kind = testNet
		t.net, _ = parseNet(v.text)
		t.text = t.net.String()
	case shapeCompare, shapeTime:
		t.kind = testCompare
		if it.shape == shapeTime {
			t.kind = testTime
		}
		t.cmp, t.part = it.cmp, it.part
		t.num, _ = parseNumber(v.text)
	case shapeRef:
		t.kind, t.ref, t.cased = testRef, c.slot(v.text), it.cased
		t.how = openKind(it.before, it.after)
	default:
		var all []*expr
		for _, p := range v.alts {
			if it.field == "" && !it.before && !it.after {
				p = p.open(true, true) // a keyword may stand anywhere in a value
			}
			e, err := c.add(textTest(t, p, it.cased))
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("%q is too short to be looked for in encoded form", v.text)
		}
		return joinedExpr(opOr, all), nil
	}
	return c.add(t)
}

// absent is the test that a field is there, or that it is not.
func (c *compiler) absent(t test, not bool) (*expr, error) {
	t.kind, t.text = testPresent, ""
	e, err := c.add(t)
	if err == nil && not {
		e = &expr{op: opNot, kids: []*expr{e}}
	}
	return e, err
}

func openKind(before, after bool) testKind {
	switch {
	case before && after:
		return testContains
	case before:
		return testSuffix
	case after:
		return testPrefix
	}
	return testEqual
}

// textTest is the test that a value is as a pattern says.
func textTest(t test, p pattern, cased bool) test {
	t.cased = cased
	if !cased {
		q := make(pattern, len(p))
		for i, s := range p {
			q[i] = part{s.mark, folded(s.text)}
		}
		p = q
	}
	before, after := false, false
	body := p
	if len(body) > 0 && body[0].mark == markStar {
		before = true
		body = body[1:]
	}
	if n := len(body); n > 0 && body[n-1].mark == markStar {
		after = true
		body = body[:n-1]
	}
	if text, ok := body.plain(); ok {
		if text == "" && before {
			t.kind, t.text, t.cased = testPresent, "", false // "*": any value will do
			return t
		}
		t.kind, t.text = openKind(before, after), text
		return t
	}
	t.kind, t.text, t.glob = testGlob, p.String(), newGlob(p)
	return t
}

// regexSource is an expression with its flags; starts and ends are bound where modifiers say so.
func regexSource(it *item, s string) string {
	flags := ""
	for _, f := range []string{"i", "m", "s"} {
		if strings.Contains(it.flags, f) {
			flags += f
		}
	}
	if flags != "" {
		s = "(?" + flags + ")" + s
	}
	switch openKind(it.before, it.after) {
	case testPrefix:
		s = `\A(?:` + s + `)`
	case testSuffix:
		s = `(?:` + s + `)\z`
	}
	return s
}

// Rules returns the rules of the set; their indices are the rule numbers that the other methods speak of.
func (s *Set) Rules() []*Rule { return s.rules }

// Applies reports whether a rule is about any of these log sources. A correlation is about those of the rules it
// names, and so applies to none itself.
func (s *Set) Applies(rule int, sources []tocsin.LogSource) bool {
	r := s.rules[rule]
	if r.Correlation != nil {
		return false
	}
	if r.Source == (tocsin.LogSource{}) {
		return true
	}
	for _, e := range sources {
		if r.Source.Covers(e) {
			return true
		}
	}
	return false
}
