package sigma_test

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

const filtered = `title: Admin Logon
id: 6f3e2987-db24-4c78-a860-b4f4095a7095
name: logon
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: \cmd.exe}, condition: s}
---
title: Other Product
name: lin
logsource: {product: linux, category: process_creation}
detection: {s: {Image|endswith: cmd.exe}, condition: s}
---
`

// TestFilter: a filter of either reading leaves out what it describes, of the rules that it is about.
func TestFilter(t *testing.T) {
	head := "title: F\nlogsource: {product: windows}\nfilter:\n  "
	for _, tt := range []struct{ name, filter, hits string }{
		{"none", "", "adm:W adm:L bob:W bob:L"},
		{"by id", "rules: [6f3e2987-db24-4c78-a860-b4f4095a7095]\n  selection: {User|startswith: adm}\n  condition: selection", "adm:L bob:W bob:L"},
		{"as pySigma writes", "rules: [logon]\n  selection: {User|startswith: adm}\n  condition: not selection", "adm:L bob:W bob:L"},
		{"by title", "rules: Admin Logon\n  selection: {User|startswith: adm}\n  condition: selection", "adm:L bob:W bob:L"},
		{"any", "rules: any\n  selection: {User|startswith: adm}\n  condition: selection", "adm:L bob:W bob:L"},
		{"empty list", "rules: []\n  selection: {User|startswith: adm}\n  condition: selection", "adm:L bob:W bob:L"},
		{"alternatives", "rules: any\n  s1: {User: adm1}\n  s2: {User: bob}\n  condition: 1 of s*", "adm:L bob:L"},
		{"neither", "rules: any\n  s1: {User: adm1}\n  s2: {User: bob}\n  condition: not 1 of them", "adm:L bob:L"},
		{"exception", "rules: any\n  s1: {User|contains: b}\n  s2: {User: bob}\n  condition: s1 and not s2", "adm:W adm:L bob:W bob:L"},
		{"keep unless", "rules: any\n  s1: {User: bob}\n  s2: {Image: other}\n  condition: not s1 or s2", "adm:W adm:L bob:L"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := filtered
			if tt.filter != "" {
				text += head + tt.filter + "\n"
			}
			set := compiled(t, "rules.yml", []byte(text))
			m := set.Matcher()
			var hits []string
			for _, user := range []string{"adm1", "bob"} {
				for _, product := range []string{"windows", "linux"} {
					ev := &tocsin.Event{Sources: []tocsin.LogSource{{Product: product, Category: "process_creation"}},
						Fields: []tocsin.Field{{Name: "User", Value: user}, {Name: "Image", Value: `C:\cmd.exe`}}}
					m.Match(ev, func(int) { hits = append(hits, user[:3]+":"+strings.ToUpper(product[:1])) })
				}
			}
			if got := strings.Join(hits, " "); got != tt.hits {
				t.Errorf("got %q, want %q", got, tt.hits)
			}
		})
	}
}

// TestFilterFaults: a filter that names what it cannot reach says so, and reaches the rest all the same.
func TestFilterFaults(t *testing.T) {
	for _, tt := range []struct{ name, filter, want string }{
		{"unknown", "logsource: {product: windows}\nfilter:\n  rules: [gone, logon]\n  s: {User: x}\n  condition: s", `rules.yml:15: F: rule "gone": no such rule is loaded`},
		{"other log source", "logsource: {product: windows}\nfilter:\n  rules: [lin]\n  s: {User: x}\n  condition: s", "rule \"lin\" is for linux/process_creation, the filter for windows"},
		{"correlation", "logsource: {product: windows}\nfilter:\n  rules: [corr]\n  s: {User: x}\n  condition: s\n---\ntitle: corr\ncorrelation: {type: event_count, rules: [logon], timespan: 1m, condition: {gte: 2}}", "is no detection rule"},
		{"no rules", "logsource: {product: windows}\nfilter:\n  s: {User: x}\n  condition: s", "a filter without rules (list ids, names or titles, or write rules: any)"},
		{"no condition", "logsource: {product: windows}\nfilter:\n  rules: any\n  s: {User: x}", "no condition"},
		{"unknown search", "logsource: {product: windows}\nfilter:\n  rules: any\n  s: {User: x}\n  condition: t", `"t" is not defined`},
		{"rules a map", "logsource: {product: windows}\nfilter:\n  rules: {a: b}\n  s: {User: x}\n  condition: s", "rules is a map"},
		{"no log source", "filter:\n  rules: any\n  s: {User: x}\n  condition: s", "without a log source"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules, faults := sigma.Parse("rules.yml", []byte(filtered+"title: F\n"+tt.filter+"\n"))
			set, more := sigma.Compile(rules, sigma.Options{})
			faults = append(faults, more...)
			if len(faults) != 1 || !strings.Contains(faults[0].Error(), tt.want) {
				t.Errorf("faults %v, want %q", faults, tt.want)
			}
			if len(set.Rules()) < 2 {
				t.Errorf("%d rules left", len(set.Rules()))
			}
		})
	}
}
