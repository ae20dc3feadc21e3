package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// knowsRules is an error if a filter of the hunt names no rule or tag: what would be shown then says nothing.
func (c *huntCmd) knowsRules(set *ruleset) error {
	return errors.Join(knownRules("--rule", c.Rule, set), knownRules("--exclude-rule", c.ExcludeRule, set), knownTags(c.Tag, set.told()))
}

func knownRules(flag string, names []string, set *ruleset) error {
	var all []error
	for _, name := range names {
		if set.has(name) {
			continue
		}
		if i := slices.IndexFunc(set.rejected, func(f *tocsin.Fault) bool { return strings.EqualFold(f.Rule, name) }); i >= 0 {
			all = append(all, fmt.Errorf("%s %s: that rule was rejected: %w", flag, name, set.rejected[i]))
			continue
		}
		var titles []string
		for _, r := range set.told() {
			titles = append(titles, r.Title, r.ID)
		}
		hint := ""
		if n := near(name, titles); len(n) > 0 {
			hint = "did you mean " + strings.Join(n, " or ") + "? "
		}
		all = append(all, fmt.Errorf("%s %s: no rule that is loaded has this id or title; %s\"tocsin rules list\" shows them", flag, name, hint))
	}
	return errors.Join(all...)
}

func knownTags(tags []string, rules []*tocsin.Rule) error {
	var all []error
	for _, tag := range tags {
		if slices.ContainsFunc(rules, func(r *tocsin.Rule) bool { return tagged(r.Tags, tag) }) {
			continue
		}
		there := map[string]bool{}
		for _, r := range rules {
			for _, t := range r.Tags {
				there[t] = true
			}
		}
		all = append(all, fmt.Errorf("--tag %s: no rule that is loaded has this tag; %s", tag, meant(tag, slices.Sorted(maps.Keys(there)), "tags")))
	}
	return errors.Join(all...)
}

// hostIs says whether a user's word for a machine means host: its name, the first part of it, or a pattern of it.
func hostIs(word, host string) bool {
	if strings.EqualFold(word, host) || like(word, host) {
		return true
	}
	first, _, dotted := strings.Cut(host, ".")
	return dotted && !strings.Contains(word, ".") && strings.Trim(host, "0123456789.") != "" && like(word, first)
}

// anyHost says whether one of the user's words means host; no words mean all.
func anyHost(words []string, host string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return hostIs(w, host) })
}

// unmet says of the tenants and the time range that were asked for what was in nothing that was read.
func (f *inputFlags) unmet(c *tocsin.Coverage) []tocsin.Unmet {
	return append(f.tenants.unmet(), f.outOfRange(c)...)
}

// outOfRange says that no event with a time is in the range that was asked for, and what there is.
func (f *inputFlags) outOfRange(c *tocsin.Coverage) []tocsin.Unmet {
	if f.From == "" && f.To == "" || !c.First.IsZero() || c.Events+c.Outside == 0 {
		return nil
	}
	var flags []string
	if f.From != "" {
		flags = append(flags, "--from "+f.From)
	}
	if f.To != "" {
		flags = append(flags, "--to "+f.To)
	}
	there := "no event has a time"
	if c.Outside > 0 {
		const stamp = "2006-01-02 15:04:05"
		there = fmt.Sprintf("no event is in this range; there are %d from %s to %s UTC", c.Outside, c.OutFirst.UTC().Format(stamp), c.OutLast.UTC().Format(stamp))
	}
	return []tocsin.Unmet{{Filter: strings.Join(flags, " "), There: there}}
}

// emptyRange is an error if no time can be between the bounds.
func emptyRange(f *inputFlags, from, to time.Time) error {
	if from.IsZero() || to.IsZero() || from.Before(to) {
		return nil
	}
	hint := ""
	if from.Equal(to) && len(f.To) == len("2006-01-02") {
		hint = "; a day alone is its first moment, so for the whole of it give the day after"
	}
	return fmt.Errorf("--from %s --to %s: the range is empty: it begins when it has ended%s", f.From, f.To, hint)
}

// missing are the paths that the user named and that are not there.
func (f *inputFlags) missing() error {
	var all []error
	for _, p := range f.Paths {
		if p == "-" {
			continue
		}
		if _, err := os.Stat(p); err != nil {
			all = append(all, fmt.Errorf("%w; what else was named was read", err))
		}
	}
	return errors.Join(all...)
}

// ended is the error that a run ends with although its report is written: it was stopped, nothing was read, a path was not
// there, a mistake of Tocsin's own cost some of what was read, or, with --strict, a filter met nothing.
func (f *inputFlags) ended(s std, c *tocsin.Coverage, missing error) error {
	if err := s.ctx.Err(); c.Partial != "" && err != nil {
		return err
	}
	if err := nothingRead(c, f.Paths); err != nil {
		return err
	}
	all := []error{missing}
	if c.Mistakes > 0 {
		all = append(all, fmt.Errorf("%w; this is in all %d times so, and the rest was read", c.Mistake, c.Mistakes))
	}
	if f.Strict {
		for _, u := range c.Unmet {
			all = append(all, fmt.Errorf("--strict: %s: %s", u.Filter, u.There))
		}
	}
	return errors.Join(all...)
}
