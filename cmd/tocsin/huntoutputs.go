package main

import (
	"fmt"
	"io"
	"slices"
)

// huntOutputs are the files that a hunt writes.
type huntOutputs struct {
	report, stats, pivot, profile *output
}

// outputs opens them; no two may be one.
func (c *huntCmd) outputs(s std) (*huntOutputs, error) {
	g := c.guard(s, c.Force, slices.Concat(c.Rules, c.Pipeline, []string{c.Expand, c.Suppress, c.KeyFile, c.Levels, c.AllowedSigners}, c.IOC, c.Geo, c.Scope)...)
	to := &huntOutputs{}
	type file struct {
		flag, path string
		out        **output
	}
	all := []file{{"--output", c.Output, &to.report}, {"--stats", c.Stats, &to.stats}, {"--pivot", c.Pivot, &to.pivot}, {"--profile-rules", c.ProfileRules, &to.profile}}
	for i, f := range all {
		usual := s.out
		if i > 0 && f.path != "-" {
			usual = io.Discard
		}
		o, err := createOutput(f.flag, f.path, usual, g)
		if err != nil {
			to.discard()
			return nil, err
		}
		*f.out = o
		for _, before := range all[:i] {
			b := *before.out
			if o.path != "" && b.path != "" && sameName(o.path, b.path) {
				to.discard()
				where := before.flag + " writes to"
				if i > 0 && before.flag == "--output" {
					where = "the report goes"
				}
				return nil, fmt.Errorf("%s %s: is where %s; name another file", f.flag, f.path, where)
			}
		}
	}
	return to, nil
}

// discard removes what was not kept.
func (to *huntOutputs) discard() {
	for _, o := range []*output{to.report, to.stats, to.pivot, to.profile} {
		if o != nil {
			o.discard()
		}
	}
}
