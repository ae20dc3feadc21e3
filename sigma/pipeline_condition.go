package sigma

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// conditions say where a step is to be done: all of them hold, any does, or an expression over their names does. None at all
// hold everywhere.
type conditions struct {
	tests []namedTest
	any   bool
	not   bool
	expr  *formula
}

type namedTest struct {
	name  string
	holds conditionTest
}

// A subject is what a condition is about: a rule, which the rewriting has, an item of a search, or the name of a field.
type subject struct {
	field  string
	values *Node    // of an item
	mods   []string // of an item
}

type conditionTest func(w *rewriting, s subject) bool

// A conditionType is what a condition can be.
type conditionType struct {
	keys   []string
	needed []string
	make   func(r *stepReader) conditionTest
}

func (c *conditions) hold(w *rewriting, s subject) bool {
	if len(c.tests) == 0 {
		return true
	}
	var held bool
	test := func(t namedTest) bool { return t.holds(w, s) }
	switch {
	case c.expr != nil:
		held = c.expr.holds(func(name string) bool {
			return slices.ContainsFunc(c.tests, func(t namedTest) bool { return t.name == name && test(t) })
		})
	case c.any:
		held = slices.ContainsFunc(c.tests, test)
	default:
		held = !slices.ContainsFunc(c.tests, func(t namedTest) bool { return !test(t) })
	}
	return held != c.not
}

// holds says what a formula says if the searches hold that test says.
func (f *formula) holds(test func(name string) bool) bool {
	if f.op == opSearch {
		return test(f.name)
	}
	n := 0
	for _, k := range f.kids {
		if k.holds(test) {
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
	}
	return n >= f.count
}

// conditions reads those of a step that are about something, from the keys that begin with its name.
func (r *stepReader) conditions(of string, types map[string]conditionType) (c conditions) {
	n := r.n.At(of + "_conditions")
	c.not = r.flag(of + "_cond_not")
	c.any = r.choice(of+"_cond_op", "and", "or") == "or"
	expr := r.text(of + "_cond_expr")
	d := &Detection{Line: r.line(of + "_cond_expr")}
	if n != nil {
		if n.Kind != List && n.Kind != Map {
			r.fault(n.Line, "", "%s_conditions is %s, not a list of conditions", of, n.Kind)
		}
		for i, e := range n.Items {
			name := strconv.Itoa(i + 1)
			if n.Kind == Map {
				name = n.Keys[i].Name
			}
			d.Searches = append(d.Searches, Search{Name: name, Value: e})
			if t := (&stepReader{n: e, p: r.p, bad: r.bad}).condition(of, types); t != nil {
				c.tests = append(c.tests, namedTest{name, t})
			}
		}
	}
	if expr == "" {
		return c
	}
	if n == nil || n.Kind != Map || r.n.At(of+"_cond_op") != nil {
		r.fault(d.Line, "give the conditions names: "+of+"_conditions: {a: {type: …}}", "%s_cond_expr asks for conditions with names and no %s_cond_op", of, of)
		return c
	}
	f, err := parseCondition(expr, d)
	if err != nil {
		r.bad.add(err)
		return c
	}
	c.expr = f
	return c
}

func (r *stepReader) condition(of string, types map[string]conditionType) conditionTest {
	kind := r.n.At("type").Scalar()
	t, ok := types[kind]
	if !ok {
		var there []string
		for k := range types {
			there = append(there, k)
		}
		slices.Sort(there)
		r.fault(r.n.Line, "Tocsin knows "+strings.Join(there, ", "), "%s condition %q is not supported", strings.ReplaceAll(of, "_", " "), clip(kind, 60))
		return nil
	}
	r.knows(kind, append([]string{"type"}, t.keys...), t.needed)
	return t.make(r)
}

// stateIs is the condition about the state that set_state sets; it is the same for rules, items and names of fields.
func stateIs(r *stepReader) conditionTest {
	key, val := r.text("key"), r.text("val")
	op := r.choice("op", "eq", "ne", "gt", "gte", "lt", "lte")
	return func(w *rewriting, _ subject) bool {
		have, ok := w.state[key]
		return ok && compared(have, op, val)
	}
}

// compared holds two values against each other: as numbers if both are some, else as texts, which dates are too.
func compared(a, op, b string) bool {
	order := strings.Compare(a, b)
	if x, err := strconv.ParseFloat(a, 64); err == nil {
		if y, err := strconv.ParseFloat(b, 64); err == nil {
			order = 0
			if x < y {
				order = -1
			} else if x > y {
				order = 1
			}
		}
	}
	switch op {
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	}
	return order == 0
}

var stateKeys = []string{"key", "val", "op"}

// ruleConditionTypes are the conditions about a whole rule.
var ruleConditionTypes = map[string]conditionType{
	"logsource": {keys: []string{"category", "product", "service"}, make: func(r *stepReader) conditionTest {
		want := tocsin.LogSource{Product: strings.ToLower(r.text("product")), Category: strings.ToLower(r.text("category")), Service: strings.ToLower(r.text("service"))}
		return func(w *rewriting, _ subject) bool { return w.ofSource(w.rule, want, 0) }
	}},
	"contains_field": {keys: []string{"field"}, needed: []string{"field"}, make: func(r *stepReader) conditionTest {
		field := r.text("field")
		return func(w *rewriting, _ subject) bool {
			return w.anyItem(func(s subject) bool { return s.field == field })
		}
	}},
	"contains_detection_item": {keys: []string{"field", "value"}, needed: []string{"field", "value"}, make: func(r *stepReader) conditionTest {
		field, value := r.text("field"), r.text("value")
		return func(w *rewriting, _ subject) bool {
			return w.anyItem(func(s subject) bool { return s.field == field && slices.Contains(s.texts(), value) })
		}
	}},
	"processing_item_applied": {keys: []string{"processing_item_id"}, needed: []string{"processing_item_id"}, make: func(r *stepReader) conditionTest {
		id := r.text("processing_item_id")
		return func(w *rewriting, _ subject) bool { return w.applied[id] }
	}},
	"processing_state": {keys: stateKeys, needed: stateKeys[:2], make: stateIs},
	"is_sigma_rule": {make: func(*stepReader) conditionTest {
		return func(w *rewriting, _ subject) bool { return w.rule.Correlation == nil }
	}},
	"is_sigma_correlation_rule": {make: func(*stepReader) conditionTest {
		return func(w *rewriting, _ subject) bool { return w.rule.Correlation != nil }
	}},
	"tag": {keys: []string{"tag"}, needed: []string{"tag"}, make: func(r *stepReader) conditionTest {
		tag := r.text("tag")
		return func(w *rewriting, _ subject) bool {
			return slices.ContainsFunc(w.rule.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
		}
	}},
	"rule_attribute": {keys: []string{"attribute", "value", "op"}, needed: []string{"attribute", "value"}, make: attributeIs},
}

// itemConditionTypes are the conditions about a field and its values.
var itemConditionTypes = map[string]conditionType{
	"match_string": {keys: []string{"pattern", "cond", "negate"}, needed: []string{"pattern"}, make: func(r *stepReader) conditionTest {
		re, not := r.regex("pattern", true), r.flag("negate")
		return r.values(func(_ *Node, text string, isText bool) bool { return (isText && re.MatchString(text)) != not })
	}},
	"match_value": {keys: []string{"value", "cond"}, needed: []string{"value"}, make: func(r *stepReader) conditionTest {
		value := r.text("value")
		return r.values(func(n *Node, text string, _ bool) bool { return n.Kind != Null && text == value })
	}},
	"contains_wildcard": {keys: []string{"cond"}, make: func(r *stepReader) conditionTest {
		return r.values(func(_ *Node, text string, isText bool) bool {
			return isText && slices.ContainsFunc(parsePattern(text), func(p part) bool { return p.mark != markText })
		})
	}},
	"is_null": {keys: []string{"cond"}, make: func(r *stepReader) conditionTest {
		return r.values(func(n *Node, _ string, _ bool) bool { return n.Kind == Null })
	}},
	"processing_item_applied": {keys: []string{"processing_item_id"}, needed: []string{"processing_item_id"}, make: func(r *stepReader) conditionTest {
		id := r.text("processing_item_id")
		return func(w *rewriting, s subject) bool { return w.itemApplied[s.values][id] }
	}},
	"processing_state": {keys: stateKeys, needed: stateKeys[:2], make: stateIs},
}

// fieldConditionTypes are the conditions about the name of a field; a keyword has none.
var fieldConditionTypes = map[string]conditionType{
	"include_fields": {keys: []string{"fields", "mode"}, needed: []string{"fields"}, make: func(r *stepReader) conditionTest { return r.fieldIs(true) }},
	"exclude_fields": {keys: []string{"fields", "mode"}, needed: []string{"fields"}, make: func(r *stepReader) conditionTest { return r.fieldIs(false) }},
	"processing_item_applied": {keys: []string{"processing_item_id"}, needed: []string{"processing_item_id"}, make: func(r *stepReader) conditionTest {
		id := r.text("processing_item_id")
		return func(w *rewriting, s subject) bool { return w.fieldApplied[s.field][id] || w.itemApplied[s.values][id] }
	}},
	"processing_state": {keys: stateKeys, needed: stateKeys[:2], make: stateIs},
}

func (r *stepReader) fieldIs(among bool) conditionTest {
	names := r.list("fields")
	if r.choice("mode", "plain", "re") == "plain" {
		return func(_ *rewriting, s subject) bool { return (s.field != "" && slices.Contains(names, s.field)) == among }
	}
	var all []*regexp.Regexp
	for _, name := range names {
		if re := r.compile("fields", name, true); re != nil {
			all = append(all, re)
		}
	}
	return func(_ *rewriting, s subject) bool {
		return (s.field != "" && slices.ContainsFunc(all, func(re *regexp.Regexp) bool { return re.MatchString(s.field) })) == among
	}
}

// values makes the test of an item by one of its values, of which is said whether it is text, unlike an expression or a network;
// cond says whether any must pass or all.
func (r *stepReader) values(test func(n *Node, text string, isText bool) bool) conditionTest {
	all := r.choice("cond", "any", "all") == "all"
	return func(_ *rewriting, s subject) bool {
		nodes, texts := s.nodes(), s.texts()
		passed := 0
		for i, n := range nodes {
			if test(n, texts[i], n.Kind == Text && s.plain()) {
				passed++
			}
		}
		if all {
			return passed == len(nodes)
		}
		return passed > 0
	}
}

// regex is a parameter that is a regular expression; begin asks that it fits from a text's beginning on, as Python's match does.
func (r *stepReader) regex(key string, begin bool) *regexp.Regexp {
	if re := r.compile(key, r.text(key), begin); re != nil {
		return re
	}
	return regexp.MustCompile(`\z.`) // fits nothing; the pipeline is not used anyway
}

func (r *stepReader) compile(key, expr string, begin bool) *regexp.Regexp {
	text := expr
	if begin {
		text = `\A(?:` + expr + `)`
	}
	re, err := regexp.Compile(text)
	if err != nil {
		hint := ""
		if f, ok := regexFlaw(expr, err).(*flaw); ok {
			hint = f.hint
		}
		r.fault(r.line(key), hint, "%s: regular expression %q: %w", key, clip(expr, 200), err)
		return nil
	}
	return re
}

// An attribute is one of a rule's that rule_attribute can ask for: a text, or a list.
type attribute struct {
	text func(r *Rule) string
	list func(r *Rule) []string
	rank func(text string) (int, bool) // the order of its values, where it is not that of texts
}

var attributes = map[string]attribute{
	"title":          {text: func(r *Rule) string { return r.Title }},
	"id":             {text: func(r *Rule) string { return r.ID }},
	"name":           {text: func(r *Rule) string { return r.Name }},
	"description":    {text: func(r *Rule) string { return r.Description }},
	"author":         {text: func(r *Rule) string { return r.Author }},
	"license":        {text: func(r *Rule) string { return r.License }},
	"date":           {text: func(r *Rule) string { return r.Date }},
	"modified":       {text: func(r *Rule) string { return r.Modified }},
	"level":          {text: func(r *Rule) string { return r.Level.String() }, rank: levelRank},
	"status":         {text: func(r *Rule) string { return r.Status }, rank: statusRank},
	"tags":           {list: func(r *Rule) []string { return r.Tags }},
	"references":     {list: func(r *Rule) []string { return r.References }},
	"falsepositives": {list: func(r *Rule) []string { return r.FalsePositives }},
	"fields":         {list: func(r *Rule) []string { return r.Show }},
}

func levelRank(s string) (int, bool) {
	l, err := tocsin.ParseLevel(strings.ToLower(s))
	return int(l), err == nil
}

// ruleStatuses are in pySigma's order.
var ruleStatuses = []string{"unsupported", "deprecated", "experimental", "test", "stable"}

func statusRank(s string) (int, bool) {
	i := slices.Index(ruleStatuses, strings.ToLower(s))
	return i, i >= 0
}

func attributeIs(r *stepReader) conditionTest {
	name, value := r.text("attribute"), r.text("value")
	op := r.choice("op", "eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in")
	a, ok := attributes[name]
	if !ok {
		r.fault(r.n.Line, "title, id, level, status, date, tags and others that Sigma names", "rule_attribute: the attribute %q is not supported", clip(name, 60))
		return nil
	}
	if a.list != nil {
		return func(w *rewriting, _ subject) bool {
			in := slices.Contains(a.list(w.rule), value)
			return op == "in" && in || op == "not_in" && !in || op == "ne"
		}
	}
	if strings.HasSuffix(op, "in") {
		r.fault(r.n.Line, "use eq or ne", "rule_attribute: %s of %s, which is no list", op, name)
	}
	if a.rank == nil {
		return func(w *rewriting, _ subject) bool {
			have := a.text(w.rule)
			return have != "" && compared(have, op, value)
		}
	}
	want, ok := a.rank(value)
	if !ok {
		r.fault(r.n.Line, "", "rule_attribute: %q is no %s", clip(value, 60), name)
	}
	return func(w *rewriting, _ subject) bool {
		have, ok := a.rank(a.text(w.rule))
		return ok && compared(strconv.Itoa(have), op, strconv.Itoa(want))
	}
}
