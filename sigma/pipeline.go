package sigma

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A Pipeline is a processing pipeline of pySigma: steps that rewrite rules when they are loaded, so that they ask for the
// names and values that a site's logs have. The matcher knows nothing of it.
// https://sigmahq-pysigma.readthedocs.io/en/latest/Processing_Pipelines.html
//
// What is about queries (postprocessing, finalizers) and the transformations that Transformations does not list are faults:
// a pipeline that is followed in part would make rules that say something else.
type Pipeline struct {
	Name     string
	File     string
	Priority int // lower ones come first; of the same, as they were given

	vars  map[string][]string // values of placeholders
	steps []*step
}

// A step is one transformation of a pipeline and what it is for.
type step struct {
	id, kind string
	file     string
	line     int64
	rules    conditions // about the whole rule
	items    conditions // about a field with its values
	fields   conditions // about a field's name
	do       func(w *rewriting) error
}

// A transformation is what a step can be.
type transformation struct {
	keys   []string // its parameters
	needed []string // those that must be there
	filter bool     // it also rewrites filters
	make   func(r *stepReader) func(w *rewriting) error
}

// Transformations are the types of transformations that pipelines may have, sorted.
func Transformations() []string { return slices.Sorted(maps.Keys(transformationTypes)) }

// pipelineKeys are the keys of a pipeline; those that say what is to become of a query have nothing to work on here.
var pipelineKeys = map[string]string{
	"name": "", "priority": "", "vars": "", "transformations": "", "allowed_backends": "", "description": "", "author": "",
	"postprocessing": "it is about queries, and Tocsin makes none: leave it out",
	"finalizers":     "it is about queries, and Tocsin makes none: leave it out",
}

// ParsePipeline reads a pipeline from a YAML file. With faults it must not be used.
func ParsePipeline(file string, data []byte) (*Pipeline, []*tocsin.Fault) {
	docs, faults := documents(file, data)
	p := &Pipeline{File: file}
	var bad flaws
	switch {
	case len(faults) > 0:
		return p, faults
	case len(docs) != 1:
		bad.add(flawf(1, "a pipeline is one YAML document, not %d", len(docs)))
	case docs[0].Kind != Map:
		bad.add(flawf(docs[0].Line, "no pipeline: the document is %s, not a map", docs[0].Kind).
			hinted("for example\nname: ours\ntransformations:\n  - type: field_name_mapping\n    mapping: {CommandLine: process.command_line}"))
	default:
		p.read(docs[0], &bad)
	}
	for _, err := range bad {
		faults = append(faults, faultOf(&tocsin.Rule{File: file, Line: 1, Title: p.Name}, err))
	}
	return p, faults
}

func (p *Pipeline) read(n *Node, bad *flaws) {
	p.Name = n.At("name").Scalar()
	for _, k := range n.Keys {
		if hint, known := pipelineKeys[k.Name]; !known || hint != "" {
			bad.add(flawf(k.Line, "%s: not supported in a pipeline", clip(k.Name, 60)).
				hinted(cmp.Or(hint, "a pipeline has name, priority, vars and transformations")))
		}
	}
	if v := n.At("priority"); v != nil {
		var err error
		if p.Priority, err = strconv.Atoi(v.Scalar()); err != nil {
			bad.add(flawf(v.Line, "priority: %q is no whole number", clip(v.Scalar(), 40)))
		}
	}
	p.vars = map[string][]string{}
	if v := n.At("vars"); v != nil && v.Kind != Null {
		if v.Kind != Map {
			bad.add(flawf(v.Line, "vars is %s, not a map from placeholders to values", v.Kind))
		}
		for i, k := range v.Keys {
			if p.vars[k.Name] = v.Items[i].Strings(); len(p.vars[k.Name]) == 0 {
				bad.add(flawf(k.Line, "vars: %s has no values", clip(k.Name, 60)))
			}
		}
	}
	t := n.At("transformations")
	if t == nil || t.Kind != List {
		bad.add(flawf(n.Line, "a pipeline without a list of transformations").hinted("transformations: is a list of maps, each with a type"))
		return
	}
	for _, e := range t.Items {
		r := &stepReader{n: e, p: p, bad: bad}
		if s := r.step(); s != nil {
			p.steps = append(p.steps, s)
		}
	}
}

// A stepReader reads one step of a pipeline, or one of its conditions.
type stepReader struct {
	n   *Node
	p   *Pipeline
	bad *flaws
}

func (r *stepReader) fault(line int64, hint, format string, args ...any) {
	r.bad.add(flawf(line, format, args...).hinted(hint))
}

// linking are the keys of a step that say how its conditions are linked, by what they are about.
var linking = [...]string{"rule", "detection_item", "field_name"}

func (r *stepReader) step() *step {
	if r.n.Kind != Map {
		r.fault(r.n.Line, "each has a type", "a transformation is %s, not a map", r.n.Kind)
		return nil
	}
	s := &step{id: r.n.At("id").Scalar(), kind: r.n.At("type").Scalar(), file: r.p.File, line: r.n.Line}
	t, ok := transformationTypes[s.kind]
	if !ok {
		r.fault(cmp.Or(r.line("type"), r.n.Line), "Tocsin knows "+strings.Join(Transformations(), ", "), "transformation %q is not supported", clip(s.kind, 60))
		return nil
	}
	keys := slices.Concat([]string{"id", "type"}, t.keys)
	for _, of := range linking {
		keys = append(keys, of+"_conditions", of+"_cond_op", of+"_cond_expr", of+"_cond_not")
	}
	r.knows(s.kind, keys, t.needed)
	s.rules = r.conditions("rule", ruleConditionTypes)
	s.items = r.conditions("detection_item", itemConditionTypes)
	s.fields = r.conditions("field_name", fieldConditionTypes)
	s.do = t.make(r)
	if !t.filter {
		do := s.do
		s.do = func(w *rewriting) error {
			if w.rule.Filter != nil {
				return nil
			}
			return do(w)
		}
	}
	return s
}

// line is that of a key's value, 0 if it is not there.
func (r *stepReader) line(key string) int64 {
	if v := r.n.At(key); v != nil {
		return v.Line
	}
	return 0
}

// knows finds keys that what is read does not have, and those that it must have and are not there.
func (r *stepReader) knows(what string, keys, needed []string) {
	for _, k := range r.n.Keys {
		if !slices.Contains(keys, k.Name) {
			r.fault(k.Line, "it has "+strings.Join(keys, ", "), "%s: the parameter %s is not supported", what, clip(k.Name, 60))
		}
	}
	for _, k := range needed {
		if v := r.n.At(k); v == nil {
			r.fault(r.n.Line, "", "%s without %s", what, k)
		}
	}
}

// text is a parameter that is one scalar, "" if it is not there.
func (r *stepReader) text(key string) string {
	v := r.n.At(key)
	if v != nil && (v.Kind == List || v.Kind == Map) {
		r.fault(v.Line, "", "%s is %s, not one value", key, v.Kind)
	}
	return v.Scalar()
}

// flag is a parameter that is true or false.
func (r *stepReader) flag(key string) bool {
	v := r.n.At(key)
	if v != nil && v.Kind != Bool {
		r.fault(v.Line, "", "%s is %s, not true or false", key, v.Kind)
	}
	return v.Scalar() == "true"
}

// list is a parameter that is one or more scalars.
func (r *stepReader) list(key string) []string {
	v := r.n.At(key)
	if v != nil && (v.Kind == Map || v.Kind == List && len(v.Strings()) != len(v.Items)) {
		r.fault(v.Line, "", "%s is not a list of texts", key)
	}
	return v.Strings()
}

// choice is a parameter that is one of some words, the first if it is left out.
func (r *stepReader) choice(key string, words ...string) string {
	s := r.text(key)
	if s == "" {
		return words[0]
	}
	if !slices.Contains(words, s) {
		r.fault(r.line(key), "one of "+strings.Join(words, ", "), "%s: %q is not supported", key, clip(s, 40))
	}
	return s
}

// names is a parameter that maps names to one or more.
func (r *stepReader) names(key string) map[string][]string {
	v := r.n.At(key)
	out := map[string][]string{}
	if v == nil {
		return out
	}
	if v.Kind != Map {
		r.fault(v.Line, "write mapping: {CommandLine: process.command_line}", "%s is %s, not a map from names to names", key, v.Kind)
	}
	for i, k := range v.Keys {
		switch to := v.Items[i]; {
		case k.Name == "" || k.Name == "null" || k.Name == "~":
			r.fault(k.Line, "name fields only", "%s of keywords is not supported", key)
		case to.Kind == Map || to.Kind == Null:
			r.fault(to.Line, "one name, or a list of names", "%s of %s is %s", key, clip(k.Name, 60), to.Kind)
		default:
			out[k.Name] = to.Strings()
		}
	}
	return out
}

// Rewrite gives the rules as the pipelines make them, those of the lowest priority first, and the faults of those that a
// pipeline makes unusable. The rules themselves are not changed. A filter is rewritten by what holds of its own log source.
func Rewrite(rules []*Rule, pipelines []*Pipeline) ([]*Rule, []*tocsin.Fault) {
	ordered := slices.Clone(pipelines)
	slices.SortStableFunc(ordered, func(a, b *Pipeline) int { return cmp.Compare(a.Priority, b.Priority) })
	var out []*Rule
	var faults []*tocsin.Fault
	for _, r := range rules {
		w := newRewriting(r, rules)
		if err := w.run(ordered); err != nil {
			faults = append(faults, faultOf(&r.Rule, err))
			continue
		}
		out = append(out, w.rule)
	}
	return out, faults
}

// Renamed are the names that the pipelines may give a field, whatever their conditions say; itself first.
func Renamed(field string, pipelines []*Pipeline) []string {
	all := []string{field}
	for _, p := range pipelines {
		for _, s := range p.steps {
			if !strings.HasPrefix(s.kind, "field_name_") {
				continue
			}
			w := newRewriting(&Rule{Correlation: &Correlation{GroupBy: all}}, nil)
			w.any = true
			if w.step = s; s.do(w) != nil {
				continue
			}
			for _, f := range w.rule.Correlation.GroupBy {
				if !slices.Contains(all, f) {
					all = append(all, f)
				}
			}
		}
	}
	return all
}

// describe names a step in a message.
func (s *step) describe() string {
	name := s.kind
	if s.id != "" {
		name += " " + s.id
	}
	return fmt.Sprintf("%s:%d: %s", s.file, s.line, clip(name, 120))
}
