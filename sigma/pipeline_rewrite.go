package sigma

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A rewriting is one rule on its way through the pipelines.
type rewriting struct {
	rule   *Rule   // what it is by now; changed freely
	others []*Rule // those it may refer to, as they were
	step   *step
	vars   map[string][]string // of the pipeline at hand
	any    bool                // conditions count as met
	added  int                 // searches that steps added

	state        map[string]string
	applied      map[string]bool            // ids of steps that were done
	itemApplied  map[*Node]map[string]bool  // of items, by their values
	fieldApplied map[string]map[string]bool // of names that steps gave
}

// newRewriting begins with a copy of a rule.
func newRewriting(r *Rule, others []*Rule) *rewriting {
	c := *r
	switch {
	case r.Detection != nil:
		d := *r.Detection
		d.Searches, d.Conditions = slices.Clone(d.Searches), slices.Clone(d.Conditions)
		c.Detection = &d
	case r.Filter != nil:
		f := *r.Filter
		f.Detection.Searches = slices.Clone(f.Detection.Searches)
		c.Filter = &f
	case r.Correlation != nil:
		k := *r.Correlation
		c.Correlation = &k
	}
	return &rewriting{rule: &c, others: others, state: map[string]string{}, applied: map[string]bool{},
		itemApplied: map[*Node]map[string]bool{}, fieldApplied: map[string]map[string]bool{}}
}

func (w *rewriting) run(pipelines []*Pipeline) error {
	for _, p := range pipelines {
		w.vars = p.vars
		for _, s := range p.steps {
			if w.step = s; !s.rules.hold(w, subject{}) {
				continue
			}
			if err := s.do(w); err != nil {
				return at(fmt.Errorf("%s: %w", s.describe(), err), 0)
			}
			if s.id != "" {
				w.applied[s.id] = true
			}
		}
	}
	return nil
}

// detection is that of the rule or filter, nil of a correlation.
func (w *rewriting) detection() *Detection {
	if w.rule.Filter != nil {
		return &w.rule.Filter.Detection
	}
	return w.rule.Detection
}

// ofSource says that a rule's log source says all that want says; a correlation's is that of any of its rules.
func (w *rewriting) ofSource(r *Rule, want tocsin.LogSource, depth int) bool {
	if r.Correlation == nil {
		return want.Covers(r.Source)
	}
	if depth > maxNesting {
		return false
	}
	return slices.ContainsFunc(r.Correlation.Rules, func(ref string) bool {
		return slices.ContainsFunc(w.others, func(o *Rule) bool { return refersTo(ref, o) && w.ofSource(o, want, depth+1) })
	})
}

// A searchItem is one item of a search: a field with its modifiers, and its values.
type searchItem struct {
	key   Key
	value *Node
}

// cut takes the key apart.
func (e searchItem) cut() (field string, mods []string) {
	field, rest, piped := strings.Cut(e.key.Name, "|")
	if piped {
		mods = strings.Split(rest, "|")
	}
	return strings.TrimSpace(field), mods
}

// named is the searchItem with another field.
func (e searchItem) named(field string) searchItem {
	if _, rest, piped := strings.Cut(e.key.Name, "|"); piped {
		field += "|" + rest
	}
	return searchItem{Key{field, e.key.Line}, e.value}
}

func (e searchItem) subject() subject {
	field, mods := e.cut()
	return subject{field, e.value, mods}
}

// nodes are the values.
func (s subject) nodes() []*Node {
	if s.values == nil {
		return nil
	}
	if s.values.Kind == List {
		return s.values.Items
	}
	return []*Node{s.values}
}

// texts are the values as conditions see them: with a star where startswith, endswith or contains opens them.
func (s subject) texts() []string {
	before, after := openEnds(s.mods)
	var all []string
	for _, n := range s.nodes() {
		text := n.Text
		if n.Kind == Text && (before || after) {
			text = parsePattern(text).open(before, after).String()
		}
		all = append(all, text)
	}
	return all
}

// plain says that the modifiers leave the values the texts that they are.
func (s subject) plain() bool {
	return !slices.ContainsFunc(s.mods, func(m string) bool { return !slices.Contains(textModifiers, strings.ToLower(strings.TrimSpace(m))) })
}

// openEnds says which ends of a value modifiers open.
func openEnds(mods []string) (before, after bool) {
	for _, m := range mods {
		switch strings.ToLower(strings.TrimSpace(m)) {
		case "contains":
			return true, true
		case "startswith":
			after = true
		case "endswith":
			before = true
		}
	}
	return before, after
}

// anyItem says that a test holds of any item of the rule's searches.
func (w *rewriting) anyItem(test func(s subject) bool) bool {
	d := w.detection()
	if d == nil {
		return false
	}
	found := false
	for _, s := range d.Searches {
		_, _ = changed(s.Value, 0, func(e searchItem) ([]searchItem, error) {
			found = found || test(e.subject())
			return []searchItem{e}, nil
		})
	}
	return found
}

// meant says that the step is for an item.
func (w *rewriting) meant(e searchItem) bool {
	s := e.subject()
	return w.any || w.step.items.hold(w, s) && w.step.fields.hold(w, s)
}

// meantField says that the step is for a field.
func (w *rewriting) meantField(name string) bool {
	return w.any || w.step.fields.hold(w, subject{field: name})
}

// done notes that the step was done with an item.
func (w *rewriting) done(e searchItem) {
	if w.step.id == "" || e.value == nil {
		return
	}
	if w.itemApplied[e.value] == nil {
		w.itemApplied[e.value] = map[string]bool{}
	}
	w.itemApplied[e.value][w.step.id] = true
}

// eachItem replaces the items of all searches for which the step is meant by what change makes of each: none drops it, of
// several any holds.
func (w *rewriting) eachItem(change func(e searchItem) ([]searchItem, error)) error {
	d := w.detection()
	if d == nil {
		return nil
	}
	for i := range d.Searches {
		v, err := changed(d.Searches[i].Value, 0, func(e searchItem) ([]searchItem, error) {
			if !w.meant(e) {
				return []searchItem{e}, nil
			}
			return change(e)
		})
		if err != nil {
			return err
		}
		d.Searches[i].Value = v
	}
	return nil
}

// maxAlternativeMaps bounds what fields with several names make of one map: they multiply.
const maxAlternativeMaps = 4096

// changed is a search with its items replaced; nil if nothing is left of it. What is no item stays for Compile to find.
func changed(n *Node, depth int, change func(e searchItem) ([]searchItem, error)) (*Node, error) {
	switch {
	case n == nil || depth > maxNesting:
		return n, nil
	case n.Kind == Map && len(n.Keys) > 0:
		return changedMap(n, change)
	case n.Kind == List && len(n.Items) > 0:
		out := &Node{Kind: List, Line: n.Line}
		for _, e := range n.Items {
			v, err := changed(e, depth+1, change)
			if err != nil {
				return nil, err
			}
			if v != nil {
				out.Items = append(out.Items, v)
			}
		}
		if len(out.Items) == 0 {
			return nil, nil
		}
		return out, nil
	case n.Kind == Map || n.Kind == List:
		return n, nil
	}
	all, err := change(searchItem{Key{"", n.Line}, n})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0].value, nil // a keyword has no field to be renamed
}

func changedMap(n *Node, change func(e searchItem) ([]searchItem, error)) (*Node, error) {
	maps := []*Node{{Kind: Map, Line: n.Line}}
	for i, k := range n.Keys {
		all, err := change(searchItem{k, n.Items[i]})
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			continue
		}
		if len(maps)*len(all) > maxAlternativeMaps {
			return nil, flawf(n.Line, "fields with several names make more than %d alternatives of one search", maxAlternativeMaps).
				hinted("map fewer of its fields to several names")
		}
		var next []*Node
		for _, m := range maps {
			for j, e := range all {
				to := m
				if j < len(all)-1 {
					to = &Node{Kind: Map, Line: m.Line, Keys: slices.Clone(m.Keys), Items: slices.Clone(m.Items)}
				}
				next = append(next, to)
				to.Keys, to.Items = append(to.Keys, e.key), append(to.Items, e.value)
			}
		}
		maps = next
	}
	switch {
	case len(maps[0].Keys) == 0:
		return nil, nil
	case len(maps) == 1:
		return maps[0], nil
	}
	return &Node{Kind: List, Line: n.Line, Items: maps}, nil
}

// rename gives fields the names that a step has for them, wherever the rule names some: in its searches, values of fieldref
// among them, its list of fields and what a correlation groups and counts by. nil leaves a name as it is.
func (w *rewriting) rename(names func(field string) []string) error {
	mapped := func(field string) []string {
		to := names(field)
		if to == nil || !w.meantField(field) {
			return []string{field}
		}
		for _, name := range to {
			if w.step.id != "" {
				if w.fieldApplied[name] == nil {
					w.fieldApplied[name] = maps.Clone(w.fieldApplied[field])
				}
				if w.fieldApplied[name] == nil {
					w.fieldApplied[name] = map[string]bool{}
				}
				w.fieldApplied[name][w.step.id] = true
			}
		}
		return to
	}
	each := func(fields []string) (out []string) {
		for _, f := range fields {
			out = append(out, mapped(f)...)
		}
		return out
	}
	w.rule.Show = each(w.rule.Show)
	if c := w.rule.Correlation; c != nil {
		return c.rename(mapped, each)
	}
	return w.eachItem(func(e searchItem) ([]searchItem, error) {
		field, mods := e.cut()
		if slices.ContainsFunc(mods, func(m string) bool { return strings.EqualFold(strings.TrimSpace(m), "fieldref") }) {
			e.value = withFields(e.value, each)
		}
		to := names(field)
		if field == "" || to == nil {
			return []searchItem{e}, nil
		}
		mapped(field) // notes it
		var out []searchItem
		for _, name := range to {
			out = append(out, e.named(name))
		}
		w.done(e)
		return out, nil
	})
}

// withFields renames the fields that values of fieldref name.
func withFields(v *Node, each func([]string) []string) *Node {
	out := &Node{Kind: List, Line: v.Line}
	for _, name := range each(v.Strings()) {
		out.Items = append(out.Items, &Node{Kind: Text, Line: v.Line, Text: name})
	}
	if len(out.Items) == 1 && v.Kind != List {
		return out.Items[0]
	}
	return out
}

// rename is rewriting's for a correlation: what it groups by may become several fields, what it counts or an alias stands for
// may not.
func (c *Correlation) rename(mapped func(string) []string, each func([]string) []string) error {
	one := func(field string) (string, error) {
		to := mapped(field)
		if len(to) != 1 {
			return "", flawf(c.Line, "a correlation cannot count or alias the field %s, which becomes %d fields", clip(field, 60), len(to)).
				hinted("map it to one, or leave correlations out with is_sigma_rule")
		}
		return to[0], nil
	}
	aliases := map[string]map[string]string{}
	for _, alias := range slices.Sorted(maps.Keys(c.Aliases)) {
		aliases[alias] = map[string]string{}
		for _, rule := range slices.Sorted(maps.Keys(c.Aliases[alias])) {
			field, err := one(c.Aliases[alias][rule])
			if err != nil {
				return err
			}
			aliases[alias][rule] = field
		}
	}
	var group []string
	for _, field := range c.GroupBy {
		if _, alias := aliases[field]; alias {
			group = append(group, field)
			continue
		}
		group = append(group, mapped(field)...)
	}
	fields := slices.Clone(c.Fields)
	for i := range fields {
		if _, alias := aliases[fields[i]]; alias {
			continue
		}
		field, err := one(fields[i])
		if err != nil {
			return err
		}
		fields[i] = field
	}
	if c.Aliases != nil {
		c.Aliases = aliases
	}
	c.GroupBy, c.Fields = group, fields
	return nil
}
