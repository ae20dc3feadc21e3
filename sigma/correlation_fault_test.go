package sigma_test

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin/sigma"
)

const baseRules = `title: Base
name: base
logsource: {category: test}
detection: {s: {kind: base}, condition: s}
---
title: Other
name: other
logsource: {category: test}
detection: {s: {kind: other}, condition: s}
---
`

// TestCorrelationFaults: what is wrong with a correlation is said with its place, and costs only what builds on it.
func TestCorrelationFaults(t *testing.T) {
	for _, tt := range []struct{ name, rule, want string }{
		{"no map", "correlation: []", "rules.yml:12: C: correlation is a list, not a map"},
		{"no type", "correlation:\n  rules: [base]\n  timespan: 1m\n  condition: {gte: 2}", "without a type"},
		{"unknown type", "correlation:\n  type: near\n  rules: [base]\n  timespan: 1m\n  condition: {gte: 2}", `rules.yml:13: C: unknown type of correlation "near" (event_count`},
		{"no rules", "correlation:\n  type: event_count\n  timespan: 1m\n  condition: {gte: 2}", "without rules"},
		{"rules of maps", "correlation:\n  type: event_count\n  rules: [{a: b}]\n  timespan: 1m\n  condition: {gte: 2}", "something else than ids and names"},
		{"no timespan", "correlation:\n  type: event_count\n  rules: [base]\n  condition: {gte: 2}", "without a timespan (for example"},
		{"timeframe", "correlation:\n  type: event_count\n  rules: [base]\n  timeframe: 1m\n  condition: {gte: 2}", "timeframe is called timespan"},
		{"timespan 0", "correlation:\n  type: event_count\n  rules: [base]\n  timespan: 0m\n  condition: {gte: 2}", "no time at all"},
		{"timespan without unit", "correlation:\n  type: event_count\n  rules: [base]\n  timespan: 60\n  condition: {gte: 2}", `rules.yml:15: C: timespan: "60" has no unit`},
		{"timespan too long", "correlation:\n  type: event_count\n  rules: [base]\n  timespan: 4000000000y\n  condition: {gte: 2}", "longer than a hundred years"},
		{"compound timespan", "correlation:\n  type: event_count\n  rules: [base]\n  timespan: 1h30m\n  condition: {gte: 2}", "no number and unit"},
		{"no bound", "correlation:\n  type: event_count\n  rules: [base]\n  timespan: 1m", "without a bound"},
		{"unknown bound", "correlation:\n  type: event_count\n  rules: [base]\n  timespan: 1m\n  condition: {above: 2}", `unknown condition "above" (gt, gte`},
		{"bound no number", "correlation:\n  type: event_count\n  rules: [base]\n  timespan: 1m\n  condition: {gte: many}", `gte: "many" is no number`},
		{"bound not finite", "correlation:\n  type: event_count\n  rules: [base]\n  timespan: 1m\n  condition: {gte: 1e999}", "is no number"},
		{"no field", "correlation:\n  type: value_count\n  rules: [base]\n  timespan: 1m\n  condition: {gte: 2}", "without a field"},
		{"percentile", "correlation:\n  type: value_percentile\n  rules: [base]\n  timespan: 1m\n  condition: {gte: 2, field: x, percentile: 101}", "not between 0 and 100"},
		{"unresolved", "correlation:\n  type: event_count\n  rules: [base, missing]\n  timespan: 1m\n  condition: {gte: 2}", `rules.yml:13: C: rule "missing": no such rule is loaded`},
		{"itself", "name: self\ncorrelation:\n  type: event_count\n  rules: [self]\n  timespan: 1m\n  condition: {gte: 2}", "refers to itself"},
		{"circle", "name: one\ncorrelation:\n  type: event_count\n  rules: [two]\n  timespan: 1m\n  condition: {gte: 2}\n---\ntitle: D\nname: two\ncorrelation:\n  type: event_count\n  rules: [one]\n  timespan: 1m\n  condition: {gte: 2}", "refers to itself"},
		{"too many asked", "correlation:\n  type: temporal\n  rules: [base, other]\n  timespan: 1m\n  condition: {gte: 3}", "more rules than the 2 listed"},
		{"expression for counts", "correlation:\n  type: event_count\n  rules: [base, other]\n  timespan: 1m\n  condition: base and other", "a condition over rules in a correlation of type event_count"},
		{"expression broken", "correlation:\n  type: temporal\n  rules: [base, other]\n  timespan: 1m\n  condition: base and (other", "parenthesis is not closed"},
		{"expression of nothing", "correlation:\n  type: temporal\n  timespan: 1m\n  condition: base or not other", "holds where nothing happens"},
		{"expression contradicts", "correlation:\n  type: temporal\n  timespan: 1m\n  condition: base and not base", "can never hold"},
		{"expression unresolved", "correlation:\n  type: temporal\n  timespan: 1m\n  condition: base and gone", `rule "gone": no such rule`},
		{"generate", "correlation:\n  type: temporal\n  rules: [base, other]\n  generate: 1\n  timespan: 1m", "generate is a number, not true or false"},
		{"aliases", "correlation:\n  type: temporal\n  rules: [base, other]\n  timespan: 1m\n  aliases: {ip: src}", "alias ip is text, not a map"},
		{"group-by", "correlation:\n  type: temporal\n  rules: [base, other]\n  timespan: 1m\n  group-by: {a: b}", "group-by is a map"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules, faults := sigma.Parse("rules.yml", []byte(baseRules+"title: C\n"+tt.rule+"\n"))
			set, more := sigma.Compile(rules, sigma.Options{})
			faults = append(faults, more...)
			if len(faults) == 0 || !strings.Contains(faults[0].Error(), tt.want) {
				t.Errorf("faults %v, want %q", faults, tt.want)
			}
			if n := len(set.Rules()); n != 2 {
				t.Errorf("%d rules are left, want the 2 others", n)
			}
			for i := range set.Rules() {
				if !set.Alerts(i) || set.Correlated(i) {
					t.Errorf("%s is bound to a correlation that is not there", set.Rules()[i].Title)
				}
			}
		})
	}
}

// TestCorrelationRejectedBase: a correlation over a rule that was rejected is rejected too, and what builds on it.
func TestCorrelationRejectedBase(t *testing.T) {
	rules, faults := sigma.Parse("rules.yml", []byte(`title: Base
name: base
logsource: {category: test}
detection: {s: {kind|expand: '%unknown%'}, condition: s}
---
title: C
name: c
correlation: {type: event_count, rules: [base], timespan: 1m, condition: {gte: 2}}
---
title: D
correlation: {type: event_count, rules: [c], timespan: 1m, condition: {gte: 2}}
`))
	set, more := sigma.Compile(rules, sigma.Options{})
	faults = append(faults, more...)
	if len(set.Rules()) != 0 || len(faults) != 3 {
		t.Fatalf("%d rules, faults %v", len(set.Rules()), faults)
	}
	if got := faults[2].Error(); !strings.Contains(got, `rules.yml:11: D: rule "c" cannot be used: rule "base": no such rule is loaded`) {
		t.Error(got)
	}
}
