package sigma

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// transformationTypes are the transformations that steps can be, by pySigma's names.
// https://sigmahq-pysigma.readthedocs.io/en/latest/Processing_Pipelines.html#transformations
var transformationTypes = map[string]transformation{
	"field_name_mapping": {keys: []string{"mapping"}, needed: []string{"mapping"}, filter: true, make: func(r *stepReader) func(*rewriting) error {
		to := r.names("mapping")
		return func(w *rewriting) error { return w.rename(func(field string) []string { return to[field] }) }
	}},
	"field_name_prefix_mapping": {keys: []string{"mapping"}, needed: []string{"mapping"}, filter: true, make: prefixMapping},
	"field_name_prefix": {keys: []string{"prefix"}, needed: []string{"prefix"}, filter: true, make: func(r *stepReader) func(*rewriting) error {
		prefix := r.text("prefix")
		return func(w *rewriting) error {
			return w.rename(func(field string) []string { return []string{prefix + field} })
		}
	}},
	"field_name_suffix": {keys: []string{"suffix"}, needed: []string{"suffix"}, filter: true, make: func(r *stepReader) func(*rewriting) error {
		suffix := r.text("suffix")
		return func(w *rewriting) error {
			return w.rename(func(field string) []string { return []string{field + suffix} })
		}
	}},
	"drop_detection_item": {filter: true, make: func(*stepReader) func(*rewriting) error {
		return func(w *rewriting) error {
			return w.eachItem(func(searchItem) ([]searchItem, error) { return nil, nil })
		}
	}},
	"replace_string": {keys: []string{"regex", "replacement", "skip_special", "interpret_special"}, needed: []string{"regex", "replacement"}, filter: true, make: replaceString},
	"add_condition":  {keys: []string{"conditions", "name", "template", "negated"}, needed: []string{"conditions"}, make: addCondition},
	"change_logsource": {keys: []string{"category", "product", "service"}, filter: true, make: func(r *stepReader) func(*rewriting) error {
		to := tocsin.LogSource{Product: strings.ToLower(r.text("product")), Category: strings.ToLower(r.text("category")), Service: strings.ToLower(r.text("service"))}
		return func(w *rewriting) error {
			if w.rule.Correlation == nil {
				w.rule.Source = to
			}
			return nil
		}
	}},
	"value_placeholders": {keys: []string{"include", "exclude"}, filter: true, make: valuePlaceholders},
	"set_state": {keys: []string{"key", "val"}, needed: []string{"key", "val"}, filter: true, make: func(r *stepReader) func(*rewriting) error {
		key, val := r.text("key"), r.text("val")
		return func(w *rewriting) error { w.state[key] = val; return nil }
	}},
	"rule_failure": {keys: []string{"message"}, needed: []string{"message"}, make: func(r *stepReader) func(*rewriting) error {
		message := r.text("message")
		return func(*rewriting) error { return refused(message) }
	}},
	"detection_item_failure": {keys: []string{"message"}, needed: []string{"message"}, make: func(r *stepReader) func(*rewriting) error {
		message := r.text("message")
		return func(w *rewriting) error {
			return w.eachItem(func(e searchItem) ([]searchItem, error) {
				return nil, at(fmt.Errorf("%s: %w", clip(e.key.Name, 60), refused(message)), e.key.Line)
			})
		}
	}},
	"add_field": {keys: []string{"field"}, needed: []string{"field"}, make: func(r *stepReader) func(*rewriting) error {
		fields := r.list("field")
		return func(w *rewriting) error { w.rule.Show = slices.Concat(w.rule.Show, fields); return nil }
	}},
	"remove_field": {keys: []string{"field"}, needed: []string{"field"}, make: func(r *stepReader) func(*rewriting) error {
		fields := r.list("field")
		return func(w *rewriting) error {
			w.rule.Show = slices.DeleteFunc(slices.Clone(w.rule.Show), func(f string) bool { return slices.Contains(fields, f) })
			return nil
		}
	}},
	"set_field": {keys: []string{"fields"}, needed: []string{"fields"}, make: func(r *stepReader) func(*rewriting) error {
		fields := r.list("fields")
		return func(w *rewriting) error { w.rule.Show = fields; return nil }
	}},
}

// refused is the error of a rule that a pipeline says must fail.
func refused(message string) error {
	return (&flaw{err: fmt.Errorf("refused: %s", clip(message, 300))}).hinted("the pipeline says so; narrow its conditions, or leave the rule out")
}

func prefixMapping(r *stepReader) func(*rewriting) error {
	type change struct {
		from string
		to   []string
	}
	var all []change
	to := r.names("mapping")
	if v := r.n.At("mapping"); v != nil {
		for _, k := range v.Keys { // the first that fits counts
			if names, ok := to[k.Name]; ok {
				all = append(all, change{k.Name, names})
			}
		}
	}
	return func(w *rewriting) error {
		return w.rename(func(field string) (names []string) {
			for _, c := range all {
				if rest, ok := strings.CutPrefix(field, c.from); ok {
					for _, t := range c.to {
						names = append(names, t+rest)
					}
					return names
				}
			}
			return nil
		})
	}
}

// addCondition makes a search of what is added and joins it to each condition of the rule.
func addCondition(r *stepReader) func(*rewriting) error {
	v := r.n.At("conditions")
	if v != nil && v.Kind != Map {
		r.fault(v.Line, "for example conditions: {EventID: 1}", "conditions is %s, not a map from fields to values", v.Kind)
	}
	name, template, negated := r.text("name"), r.flag("template"), r.flag("negated")
	return func(w *rewriting) error {
		d := w.rule.Detection
		if d == nil {
			return nil // a correlation's rules have it
		}
		as := name
		for as == "" || d.has(as) {
			if name != "" {
				return flawf(0, "the rule has a search %s already", clip(name, 60)).hinted("leave the name out")
			}
			w.added++
			as = "_cond_" + strconv.Itoa(w.added)
		}
		value := v
		if template {
			value = v.filled(strings.NewReplacer("${category}", w.rule.Source.Category, "$category", w.rule.Source.Category,
				"${product}", w.rule.Source.Product, "$product", w.rule.Source.Product,
				"${service}", w.rule.Source.Service, "$service", w.rule.Source.Service))
		}
		d.Searches = append(d.Searches, Search{Name: as, Line: d.Line, Value: value})
		not := ""
		if negated {
			not = "not "
		}
		for i, c := range d.Conditions {
			d.Conditions[i] = not + as + " and (" + c + ")"
		}
		for i := range v.Keys {
			w.done(searchItem{v.Keys[i], value.Items[i]})
		}
		return nil
	}
}

func (d *Detection) has(search string) bool {
	return slices.ContainsFunc(d.Searches, func(s Search) bool { return s.Name == search })
}

// filled is a copy with words replaced in its texts.
func (n *Node) filled(by *strings.Replacer) *Node {
	c := *n
	c.Text = by.Replace(n.Text)
	c.Items = make([]*Node, len(n.Items))
	for i, e := range n.Items {
		c.Items[i] = e.filled(by)
	}
	return &c
}

// valuePlaceholders gives the rule the values that the pipeline has for its placeholders.
func valuePlaceholders(r *stepReader) func(*rewriting) error {
	include, exclude := r.list("include"), r.list("exclude")
	if include != nil && exclude != nil {
		r.fault(r.n.Line, "", "value_placeholders with include and exclude")
	}
	for _, of := range linking[1:] {
		if v := r.n.At(of + "_conditions"); v != nil {
			r.fault(v.Line, "use include, exclude and rule_conditions", "%s_conditions of value_placeholders are not supported", of)
		}
	}
	return func(w *rewriting) error {
		values := maps.Clone(w.rule.placeholders)
		if values == nil {
			values = map[string][]string{}
		}
		for name, v := range w.vars {
			if include == nil && !slices.Contains(exclude, name) || slices.Contains(include, name) {
				values[name] = v
			}
		}
		w.rule.placeholders = values
		return nil
	}
}

// groupOf is a reference to a group in Python's replacements: \1, \g<1>, \g<name>.
var groupOf = regexp.MustCompile(`\\(?:(\d{1,2})|g<(\w+)>|(\\))`)

// replaceString replaces what a regular expression finds in values. It sees a value as conditions do, with a star where the
// modifiers open it, or, with skip_special, each piece of text between wildcards by itself.
func replaceString(r *stepReader) func(*rewriting) error {
	re := r.regex("regex", false)
	to := groupOf.ReplaceAllStringFunc(strings.ReplaceAll(r.text("replacement"), "$", "$$"), func(s string) string {
		switch m := groupOf.FindStringSubmatch(s); {
		case m[1] != "":
			return "${" + m[1] + "}"
		case m[2] != "":
			return "${" + m[2] + "}"
		}
		return `\`
	})
	if !r.flag("skip_special") {
		to = escapedMarks.Replace(to)
	}
	skip, interpret := r.flag("skip_special"), r.flag("interpret_special")
	replaced := func(p pattern) (pattern, bool) {
		if skip {
			return p.eachText(func(s string) pattern {
				s = re.ReplaceAllString(s, to)
				if interpret {
					return parsePattern(s)
				}
				return pattern{{markText, s}}
			})
		}
		text := p.bare()
		now := re.ReplaceAllString(text, to)
		return parsePattern(withLiterals.Replace(now)), now != text
	}
	return func(w *rewriting) error {
		return w.eachItem(func(e searchItem) ([]searchItem, error) { return []searchItem{w.replaced(e, replaced, !skip)}, nil })
	}
}

// textModifiers are those that leave a value the text that it is.
var textModifiers = []string{"contains", "startswith", "endswith", "all", "cased", "neq", "windash", "expand"}

// replaced is an item with its texts replaced. With open they are replaced with the ends that its modifiers open, which then
// are stars.
func (w *rewriting) replaced(e searchItem, by func(pattern) (pattern, bool), open bool) searchItem {
	s := e.subject()
	if !s.plain() {
		return e
	}
	mods := make([]string, len(s.mods))
	for i, m := range s.mods {
		mods[i] = strings.ToLower(strings.TrimSpace(m))
	}
	before, after := openEnds(mods)
	out := &Node{Kind: List, Line: e.value.Line}
	any := false
	for _, n := range s.nodes() {
		v := *n
		if n.Kind == Text || n.Kind == Number {
			p := parsePattern(n.Text)
			if open {
				p = p.open(before, after)
			}
			now, changed := by(p)
			any = any || changed
			v.Text, v.Kind = now.String(), Text
		}
		out.Items = append(out.Items, &v)
	}
	if !any {
		return e
	}
	if open {
		mods = slices.DeleteFunc(mods, func(m string) bool { return m == "contains" || m == "startswith" || m == "endswith" })
	}
	name := s.field
	for _, m := range mods {
		name += "|" + m
	}
	to := searchItem{Key{name, e.key.Line}, out}
	if e.value.Kind != List {
		to.value = out.Items[0]
	}
	if ids := w.itemApplied[e.value]; ids != nil {
		w.itemApplied[to.value] = maps.Clone(ids)
	}
	w.done(to)
	return to
}

// eachText replaces the texts of a pattern and leaves its wildcards; it says whether any changed.
func (p pattern) eachText(by func(string) pattern) (pattern, bool) {
	var out pattern
	changed := false
	for _, t := range p {
		if t.mark != markText {
			out = append(out, t)
			continue
		}
		now := by(t.text)
		if s, plain := now.plain(); !plain || s != t.text {
			changed = true
		}
		out = append(out, now...)
	}
	return out.merged(), changed
}

// A star or question mark that is itself, in a text in which others are wildcards: characters of Unicode's private use.
var (
	literalMarks = strings.NewReplacer("*", "\uE000", "?", "\uE001")
	escapedMarks = strings.NewReplacer(`\*`, "\uE000", `\?`, "\uE001")
	withLiterals = strings.NewReplacer("\uE000", `\*`, "\uE001", `\?`, `\`, `\\`)
)

// bare is the pattern as a regular expression sees it: wildcards are themselves, and backslashes single. withLiterals makes of
// it what parsePattern reads.
func (p pattern) bare() string {
	var b strings.Builder
	for _, t := range p {
		switch t.mark {
		case markStar:
			b.WriteByte('*')
		case markAny:
			b.WriteByte('?')
		default:
			b.WriteString(literalMarks.Replace(t.text))
		}
	}
	return b.String()
}
