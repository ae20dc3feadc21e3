package main

import (
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/tocsin-ids/tocsin"
)

// suppressions are the matches that a user knows and does not want to see again:
//
//	suppress:
//	  - rule: 5f1c…                  # id or title; left out: every rule
//	    host: web01                  # may hold * and ?
//	    where: {User: svc-backup}    # field: value, all of them; may hold * and ?
//	    until: 2027-01-31            # events after it are reported again
//	    reason: nightly backup       # required
type suppressions struct {
	Suppress []suppression `yaml:"suppress"`

	digests []tocsin.Digest // of the file they were read from
}

type suppression struct {
	Rule   string            `yaml:"rule"`
	Host   string            `yaml:"host"`
	Where  map[string]string `yaml:"where"`
	Until  string            `yaml:"until"`
	Reason string            `yaml:"reason"`

	until time.Time
}

func loadSuppressions(file string) (*suppressions, error) {
	out := &suppressions{}
	if file == "" {
		return out, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--suppress: %w", err)
	}
	out.digests = append(out.digests, digestOfFile("suppress", file, data))
	if err := yaml.UnmarshalWithOptions(data, out, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("--suppress %s: %w", file, err)
	}
	for i := range out.Suppress {
		s := &out.Suppress[i]
		place := fmt.Sprintf("--suppress %s: entry %d", file, i+1)
		if s.Reason == "" {
			return nil, fmt.Errorf("%s has no reason: say why it is not to be reported", place)
		}
		if s.Rule == "" && s.Host == "" && len(s.Where) == 0 {
			return nil, fmt.Errorf("%s would hide everything: name a rule, a host or a field", place)
		}
		for _, p := range append([]string{s.Host}, values(s.Where)...) {
			if _, err := path.Match(fold(p), ""); err != nil {
				return nil, fmt.Errorf("%s: %q is not a pattern: %w", place, p, err)
			}
		}
		if s.Until != "" {
			if s.until, err = parseBound(place+": until", s.Until, time.UTC); err != nil {
				return nil, err
			}
			if len(s.Until) == len("2006-01-02") { // the whole day
				s.until = s.until.Add(24*time.Hour - 1)
			}
		}
	}
	return out, nil
}

// unmet are the entries that name a rule that is not loaded: they hide nothing, and their author may think that they do.
func (s *suppressions) unmet(file string, set *ruleset) (all []tocsin.Unmet) {
	for i := range s.Suppress {
		name := s.Suppress[i].Rule
		if name != "" && !set.has(name) && !set.knows(name) {
			all = append(all, tocsin.Unmet{Filter: fmt.Sprintf("--suppress %s, entry %d", file, i+1), There: "no rule that is loaded has the id or title " + name})
		}
	}
	return all
}

func values(m map[string]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// matches says whether m is one of those not to be reported.
func (s *suppressions) matches(m *tocsin.Match) bool {
	for i := range s.Suppress {
		p := &s.Suppress[i]
		if (p.Rule == "" || named(m.Rule, p.Rule)) && (p.Host == "" || like(p.Host, m.Event.Host)) &&
			(p.until.IsZero() || !m.Time.After(p.until)) && p.where(m.Event) {
			return true
		}
	}
	return false
}

func (p *suppression) where(ev *tocsin.Event) bool {
	for name, want := range p.Where {
		if !hasLike(ev, name, want) {
			return false
		}
	}
	return true
}

// fold readies a text for path.Match, which treats a slash and a backslash as special.
func fold(s string) string {
	return strings.NewReplacer("/", "\x01", `\`, "\x02", "[", "\x03").Replace(strings.ToLower(s))
}

func like(pattern, value string) bool {
	ok, err := path.Match(fold(pattern), fold(value))
	return err == nil && ok
}

// hasLike says whether a value of the named field is like a pattern.
func hasLike(ev *tocsin.Event, name, pattern string) bool {
	for i := range ev.Fields {
		if ev.Fields[i].Name == name && like(pattern, ev.Fields[i].Value) {
			return true
		}
	}
	return false
}
