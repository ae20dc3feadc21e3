package main

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
)

//go:embed fieldnames.txt
var fieldNamesText string

// fieldNames are the names of fields that readers give. A log of JSON may have others of its own.
func fieldNames() []string {
	var all []string
	for line := range strings.Lines(fieldNamesText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// mistyped is the field that somebody probably meant by a name that no reader gives: one that differs in case, or in a
// few letters as its length allows; "" where there is none.
func mistyped(name string, known []string) string {
	best, far := "", 0
	for _, k := range known {
		if k == name {
			return ""
		}
		d := 0
		if !strings.EqualFold(k, name) {
			if d = distance(k, name); d > typos(name) || d > typos(k) {
				continue
			}
		}
		if best == "" || d < far {
			best, far = k, d
		}
	}
	return best
}

// typos is how many letters of a name may be wrong for it to be taken for a mistyped one: none of a short name, which
// is near many others, and one of a path, whose members are alike.
func typos(name string) int {
	switch {
	case len(name) < 4:
		return 0
	case len(name) < 10 || strings.Contains(name, "."):
		return 1
	}
	return 2
}

// lintFields finds the fields of rules that no reader gives: likely mistyped ones as warnings, others as notes.
func lintFields(all []*sigma.Rule) (found []sigma.Finding) {
	known := fieldNames()
	verdicts := map[string]string{}
	for _, r := range all {
		told := map[string]bool{}
		eachField(r, func(name string, line int64) {
			if name == "" || told[name] || slices.Contains(known, name) {
				return
			}
			told[name] = true
			meant, ok := verdicts[name]
			if !ok {
				meant = mistyped(name, known)
				verdicts[name] = meant
			}
			f := sigma.Finding{File: r.File, Line: line, Rule: r.Title, Check: "field-unknown", Severity: sigma.Note,
				Text: fmt.Sprintf("no reader names a field %.100q", name), Hint: "it is found only in logs that have it under this very name"}
			if meant != "" {
				f.Severity, f.Text, f.Hint = sigma.Warning, fmt.Sprintf("no reader gives this: a field %.100q", name), "did you mean "+meant+"?"
			}
			found = append(found, f)
		})
	}
	return found
}

// eachField calls do for every field that a rule reads.
func eachField(r *sigma.Rule, do func(name string, line int64)) {
	d := r.Detection
	if r.Filter != nil {
		d = &r.Filter.Detection
	}
	if d != nil {
		for _, s := range d.Searches {
			for _, item := range itemsOf(s.Value, 0) {
				if item.Kind == sigma.Map {
					name, _, _ := strings.Cut(item.Keys[0].Name, "|")
					do(name, item.Keys[0].Line)
				}
			}
		}
	}
	if c := r.Correlation; c != nil {
		for _, name := range slices.Concat(c.GroupBy, c.Fields) {
			if _, alias := c.Aliases[name]; !alias {
				do(name, c.Line)
			}
		}
		for _, fields := range c.Aliases {
			for _, name := range fields {
				do(name, c.Line)
			}
		}
	}
}

// mostNested bounds how deep the lists of a search are looked into; YAML of nothing but brackets goes deeper.
const mostNested = 32

// itemsOf takes a search apart: maps of one key each, and keywords.
func itemsOf(n *sigma.Node, depth int) (all []*sigma.Node) {
	if n == nil || depth > mostNested {
		return nil
	}
	switch n.Kind {
	case sigma.Map:
		for i, k := range n.Keys {
			all = append(all, &sigma.Node{Kind: sigma.Map, Line: n.Line, Keys: []sigma.Key{k}, Items: n.Items[i : i+1]})
		}
	case sigma.List:
		for _, e := range n.Items {
			all = append(all, itemsOf(e, depth+1)...)
		}
	default:
		all = append(all, n)
	}
	return all
}

// allFaults are those of rejected rules, each with whatever else is wrong with its rule: compiling a rule ends at its
// first fault, so each condition and each item of a search is tried by itself.
func (s *ruleset) allFaults(opt sigma.Options) (all []*tocsin.Fault) {
	type place struct {
		file, rule string
	}
	more := map[place][]*tocsin.Fault{}
	rejected := map[string]bool{}
	for _, f := range s.rejected {
		rejected[f.Source] = true
	}
	for _, file := range s.files {
		if !rejected[file.Path] {
			continue
		}
		for _, r := range parsedOf(file) {
			if r.Detection == nil {
				continue
			}
			for _, part := range partsOf(r) {
				_, faults := sigma.Compile([]*sigma.Rule{part}, opt)
				for _, f := range faults {
					more[place{f.Source, f.Rule}] = append(more[place{f.Source, f.Rule}], f)
				}
			}
		}
	}
	told := map[string]bool{}
	add := func(f *tocsin.Fault) {
		if why := reasonOf(f); !told[why] {
			told[why] = true
			all = append(all, f)
		}
	}
	for _, f := range s.rejected {
		add(f)
		for _, f := range more[place{f.Source, f.Rule}] {
			add(f)
		}
	}
	return all
}

// reasonOf tells a fault from others of its rule, wherever its line is said to be.
func reasonOf(f *tocsin.Fault) string {
	inner := f.Err
	for u := errors.Unwrap(inner); u != nil; u = errors.Unwrap(inner) {
		inner = u
	}
	return f.Source + "\x00" + f.Rule + "\x00" + inner.Error()
}

func parsedOf(f rules.File) []*sigma.Rule {
	all, _ := sigma.Parse(f.Path, f.Data) // its faults are told already
	return all
}

// partsOf are rules of one condition or one item each.
func partsOf(r *sigma.Rule) (all []*sigma.Rule) {
	part := func(condition string, searches ...sigma.Search) {
		p := *r
		p.Detection = &sigma.Detection{Searches: searches, Conditions: []string{condition}, Line: r.Detection.Line}
		all = append(all, &p)
	}
	harmless := &sigma.Node{Kind: sigma.Map, Line: r.Line, Keys: []sigma.Key{{Name: "EventID", Line: r.Line}}, Items: []*sigma.Node{{Kind: sigma.Number, Text: "1"}}}
	var bare []sigma.Search
	for _, s := range r.Detection.Searches {
		bare = append(bare, sigma.Search{Name: s.Name, Line: s.Line, Value: harmless})
		for _, item := range itemsOf(s.Value, 0) {
			part(s.Name, sigma.Search{Name: s.Name, Line: s.Line, Value: item})
		}
	}
	for _, c := range r.Detection.Conditions {
		part(c, bare...)
	}
	return all
}
