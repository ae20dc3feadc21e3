package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// pipelineFlags say how rules are rewritten when they are loaded.
type pipelineFlags struct {
	Pipeline []string `help:"Processing pipeline of pySigma (YAML) that rewrites the rules of --rules, or of the installed collection, to a site's field names and values; may be given more than once." placeholder:"FILE" sep:"none"`
}

// pipelines are those that the flags name. One with faults is an error that tells all of them: rules that it rewrote in part
// would say something else than their authors and the user mean.
func (f *pipelineFlags) pipelines() (all []*sigma.Pipeline, err error) {
	var faults []error
	for _, path := range f.Pipeline {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("--pipeline: %w", err)
		}
		p, bad := sigma.ParsePipeline(path, data)
		for _, f := range bad {
			faults = append(faults, fmt.Errorf("--pipeline %w", f))
		}
		all = append(all, p)
	}
	return all, errors.Join(faults...)
}

// rewrite sends the rules that are not Tocsin's own through the pipelines; those that a pipeline refuses are rejected.
func (f *pipelineFlags) rewrite(parsed []*sigma.Rule, out *ruleset) ([]*sigma.Rule, error) {
	pipelines, err := f.pipelines()
	if err != nil || len(pipelines) == 0 {
		return parsed, err
	}
	var own, others []*sigma.Rule
	for _, r := range parsed {
		if strings.HasPrefix(r.File, "builtin/") {
			own = append(own, r)
		} else {
			others = append(others, r)
		}
	}
	if len(others) == 0 {
		return nil, errors.New("--pipeline: there are no rules to rewrite: name some with --rules, or install a collection with tocsin rules update; Tocsin's own fit its readers as they are")
	}
	others, faults := sigma.Rewrite(others, pipelines)
	out.rejected = append(out.rejected, faults...)
	out.pipelines, out.rewritten = pipelines, len(others)
	return append(own, others...), nil
}

// pipelineSets say in reports that rules were rewritten.
func (r *ruleset) pipelineSets() (sets []tocsin.RuleSet) {
	for _, p := range r.pipelines {
		sets = append(sets, tocsin.RuleSet{Kind: "pipeline", Path: p.File, Rules: r.rewritten})
	}
	return sets
}

// knownField says for the linter whether readers give a field, under any name that the pipelines may give it, and otherwise
// which they give that was probably meant.
func (r *ruleset) knownField() func(name string) (meant string, ok bool) {
	known := knownField()
	return func(name string) (string, bool) {
		meant, ok := known(name)
		for _, other := range sigma.Renamed(name, r.pipelines)[1:] {
			if _, there := known(other); there || ok {
				return "", true
			}
		}
		return meant, ok
	}
}
