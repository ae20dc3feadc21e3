package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-ids/tocsin"
)

// levels are what a user rates rules by instead of their own levels:
//
//	levels:
//	  - rule: 5f1c…        # id or title of a rule, a row of knowledge or an indicator
//	    level: low         # informational, low, medium, high or critical
//	    reason: our scanner does it every night   # required
type levels struct {
	Levels []struct {
		Rule   string `yaml:"rule"`
		Level  string `yaml:"level"`
		Reason string `yaml:"reason"`
	} `yaml:"levels"`

	digests []tocsin.Digest
	unmet   []tocsin.Unmet
	file    string
}

func loadLevels(file string) (*levels, error) {
	out := &levels{file: file}
	if file == "" {
		return out, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--levels: %w", err)
	}
	out.digests = append(out.digests, digestOfFile("levels", file, data))
	if err := yaml.UnmarshalWithOptions(data, out, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("--levels %s: %w", file, err)
	}
	for i, l := range out.Levels {
		place := fmt.Sprintf("--levels %s: entry %d", file, i+1)
		switch level, err := tocsin.ParseLevel(l.Level); {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", place, err)
		case level == tocsin.Unrated:
			return nil, fmt.Errorf("%s has no level: informational, low, medium, high or critical", place)
		case l.Rule == "":
			return nil, fmt.Errorf("%s names no rule: give its id or title", place)
		case l.Reason == "":
			return nil, fmt.Errorf("%s has no reason: say why the rule's own level is not right here", place)
		}
	}
	return out, nil
}

// apply rates the rules of a set anew. An entry whose rule is not loaded is noted.
func (l *levels) apply(set *ruleset) {
	if len(l.Levels) == 0 {
		return
	}
	for i, r := range set.channels { // shared, so never changed
		c := *r
		set.channels[i] = &c
	}
	all := slices.Concat(set.loaded(), set.know.Rules())
	for i, x := range l.Levels {
		level, _ := tocsin.ParseLevel(x.Level) // checked by loadLevels
		met := false
		for _, r := range all {
			if named(r, x.Rule) {
				r.Level, met = level, true
			}
		}
		if !met {
			l.unmet = append(l.unmet, tocsin.Unmet{Filter: fmt.Sprintf("--levels %s, entry %d", l.file, i+1), There: "no rule that is loaded has the id or title " + x.Rule})
		}
	}
}
