package main

import (
	_ "embed"
	"errors"
	"strings"

	"github.com/tocsin-ids/tocsin"
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

// knownField says for the linter whether readers give a field, and which they give that was probably meant.
func knownField() func(name string) (meant string, ok bool) {
	known := fieldNames()
	there := make(map[string]bool, len(known))
	for _, k := range known {
		there[k] = true
	}
	verdicts := map[string]string{}
	return func(name string) (string, bool) {
		if there[name] {
			return "", true
		}
		meant, ok := verdicts[name]
		if !ok {
			meant = mistyped(name, known)
			verdicts[name] = meant
		}
		return meant, false
	}
}

// allFaults are those of rejected rules, each with whatever else is wrong with its rule.
func (s *ruleset) allFaults() (all []*tocsin.Fault) {
	type place struct {
		file, rule string
	}
	more := map[place][]*tocsin.Fault{}
	rejected := map[string]bool{}
	for _, f := range s.rejected {
		rejected[f.Source] = true
	}
	others := s.parsed()
	for _, file := range s.files {
		if !rejected[file.Path] {
			continue
		}
		for _, f := range sigma.Faults(file.Path, file.Data, others, s.options) {
			more[place{f.Source, f.Rule}] = append(more[place{f.Source, f.Rule}], f)
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
