package sigma_test

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// rewritten parses rules and pipelines (documents of their own) and rewrites the rules; the faults are the rules'.
func rewritten(t *testing.T, rules string, pipelines ...string) ([]*sigma.Rule, []*tocsin.Fault) {
	t.Helper()
	parsed, faults := sigma.Parse("r.yml", []byte(rules))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var all []*sigma.Pipeline
	for _, text := range pipelines {
		p, faults := sigma.ParsePipeline("p.yml", []byte(text))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		all = append(all, p)
	}
	return sigma.Rewrite(parsed, all)
}

// steps is a pipeline of these transformations.
func steps(list string) string { return "name: test\ntransformations:\n" + list }

// TestPipeline: each transformation and condition, by what the rewritten rule says of events: NAME=VALUE,… -> yes or no.
func TestPipeline(t *testing.T) {
	const starts = "title: T\nlevel: high\nstatus: test\ntags: [attack.t1059]\nlogsource: {product: windows, category: process_creation}\ndetection:\n"
	for _, tt := range []struct {
		name, rule, pipeline string
		events               string
	}{
		{"mapping", "  s: {CommandLine|contains: whoami}\n  condition: s", "  - {type: field_name_mapping, mapping: {CommandLine: process.command_line}}",
			`process.command_line=x WHOAMI -> yes; CommandLine=whoami -> no`},
		{"one to several", "  s: {CommandLine|contains: whoami, User: root}\n  condition: s", "  - {type: field_name_mapping, mapping: {CommandLine: [cmd, command]}}",
			`cmd=whoami,User=root -> yes; command=whoami,User=root -> yes; cmd=whoami -> no; User=root -> no`},
		{"two to several each", "  s: {A: 1, B: 2}\n  condition: s", "  - {type: field_name_mapping, mapping: {A: [a, x], B: [b, y]}}",
			`a=1,b=2 -> yes; x=1,b=2 -> yes; a=1,y=2 -> yes; x=1,y=2 -> yes; a=1,x=1 -> no`},
		{"in lists of maps", "  s: [{A: 1}, {B: 2}]\n  condition: s", "  - {type: field_name_mapping, mapping: {A: a}}", `a=1 -> yes; A=1 -> no; B=2 -> yes`},
		{"not a mapped field", "  s: {A: 1}\n  f: {B: 1}\n  condition: s and not f", "  - {type: field_name_mapping, mapping: {B: b}}", `A=1 -> yes; A=1,b=1 -> no; A=1,B=1 -> yes`},
		{"values of fieldref", "  s: {A|fieldref: B}\n  condition: s", "  - {type: field_name_mapping, mapping: {B: b}}", `A=1,b=1 -> yes; A=1,B=1 -> no`},
		{"prefix", "  s: {A: 1}\n  condition: s", "  - {type: field_name_prefix, prefix: win.}", `win.A=1 -> yes; A=1 -> no`},
		{"suffix", "  s: {A: 1}\n  condition: s", "  - {type: field_name_suffix, suffix: .keyword}", `A.keyword=1 -> yes; A=1 -> no`},
		{"prefix mapping", "  s: {win.A: 1, other: 2}\n  condition: s", "  - {type: field_name_prefix_mapping, mapping: {win.: [w_, v_]}}", `w_A=1,other=2 -> yes; v_A=1,other=2 -> yes; win.A=1,other=2 -> no`},
		{"order", "  s: {A: 1}\n  condition: s", "  - {type: field_name_mapping, mapping: {A: B}}\n  - {type: field_name_mapping, mapping: {B: C}}", `C=1 -> yes; B=1 -> no`},
		{"keywords stay", "  s: [needle]\n  condition: s", "  - {type: field_name_prefix, prefix: x.}", `A=a needle in it -> yes; A=b -> no`},

		{"drop an item", "  s: {A: 1, B: 2}\n  condition: s", "  - {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [B]}]}", `A=1 -> yes; B=2 -> no`},
		{"drop a search", "  s: {A: 1}\n  f: {B: 2}\n  condition: s and not f", "  - {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [B]}]}", `A=1,B=2 -> yes`},
		{"drop an alternative", "  s: [{A: 1}, {B: 2}]\n  condition: 1 of s*", "  - {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: ['A.*', B.], mode: re}]}", `A=1 -> no; B=2 -> yes`},
		{"drop by value", "  s: {A: [x, null], B: 2}\n  condition: s", "  - {type: drop_detection_item, detection_item_conditions: [{type: is_null}]}", `B=2 -> yes`},
		{"drop by all values", "  s: {A: [x, 3], B: 2}\n  condition: s", "  - {type: drop_detection_item, detection_item_conditions: [{type: match_string, pattern: x, cond: all}]}", `B=2 -> no; A=3,B=2 -> yes`},
		{"an expression is no text", "  s: {A|re: '.*x'}\n  condition: s", "  - {type: field_name_prefix, prefix: p., detection_item_conditions: [{type: match_string, pattern: '.*x'}]}\n  - {type: drop_detection_item, detection_item_conditions: [{type: contains_wildcard}]}", `A=yx -> yes; p.A=yx -> no`},
		{"drop by wildcard", "  s: {A|endswith: x, B: 2}\n  condition: s", "  - {type: drop_detection_item, detection_item_conditions: [{type: contains_wildcard}]}", `B=2 -> yes`},

		{"add", "  s: {A: 1}\n  s2: {A: 2}\n  condition: [s, s2]", "  - {type: add_condition, conditions: {EventID: 1, site: [a, b]}}", `A=1,EventID=1,site=b -> yes; A=2,EventID=1,site=a -> yes; A=1 -> no; A=1,EventID=1 -> no`},
		{"add to all of them", "  s: {A: 1}\n  condition: all of them", "  - {type: add_condition, conditions: {B: 2}, negated: true}", `A=1 -> yes; A=1,B=2 -> no`},
		{"add a template", "  s: {A: 1}\n  condition: s", "  - {type: add_condition, conditions: {index: '$product-${category}'}, template: true}", `A=1,index=windows-process_creation -> yes; A=1,index=linux -> no`},
		{"add twice", "  s: {A: 1}\n  condition: s", "  - {type: add_condition, conditions: {B: 2}}\n  - {type: add_condition, conditions: {C: 3}}", `A=1,B=2,C=3 -> yes; A=1,B=2 -> no`},

		{"replace", `  s: {Image|endswith: \cmd.exe}` + "\n  condition: s", "  - {type: replace_string, regex: '^\\*\\\\([^\\\\]+)$', replacement: '\\1'}", `Image=cmd.exe -> yes; Image=C:\cmd.exe -> no`},
		{"replace backslashes", `  s: {A|contains: \Users\}` + "\n  condition: s", `  - {type: replace_string, regex: '\\', replacement: '/'}`, `A=C:/Users/x -> yes; A=C:\Users\x -> no`},
		{"replace nothing", `  s: {A|startswith: '\\srv\'}` + "\n  condition: s", `  - {type: replace_string, regex: zzz, replacement: y}`, `A=\srv\x -> yes`},
		{"replace a part", `  s: {A|contains: 'a\*b\\'}` + "\n  condition: s", `  - {type: replace_string, regex: b, replacement: c$}`, `A=xa*c$\x -> yes; A=aXc$\ -> no; A=a*b\ -> no`},
		{"replace text only", `  s: {A: '*a*'}` + "\n  condition: s", `  - {type: replace_string, regex: '[*]|a', replacement: '*', skip_special: true}`, `A=x*y -> yes; A=xay -> no`},
		{"replace and interpret", `  s: {A: 'a?c'}` + "\n  condition: s", `  - {type: replace_string, regex: c, replacement: '*', skip_special: true, interpret_special: true}`, `A=abcd -> yes; A=xbc -> no`},
		{"replace numbers", `  s: {A: 10}` + "\n  condition: s", `  - {type: replace_string, regex: ^1, replacement: 'x'}`, `A=x0 -> yes; A=10 -> no`},
		{"replace no expressions", `  s: {A|re: ^a}` + "\n  condition: s", `  - {type: replace_string, regex: a, replacement: b}`, `A=ab -> yes`},

		{"log source", "  s: {A: 1}\n  condition: s", "  - {type: change_logsource, product: windows, service: sysmon}", `A=1 -> no; @windows//sysmon,A=1 -> yes`},
		{"placeholders", "  s: {A|contains|expand: '%host%.local'}\n  condition: s", "  - {type: value_placeholders}\nvars: {host: ['a*', b]}", `A=axx.local -> yes; A=b.local -> yes; A=c.local -> no`},
		{"shown fields", "  s: {A: 1}\n  condition: s", "  - {type: set_field, fields: [A]}\n  - {type: add_field, field: [B, C]}\n  - {type: remove_field, field: B}", `A=1 -> yes`},

		{"log source condition", "  s: {A: 1}\n  condition: s", "  - {type: field_name_prefix, prefix: l., rule_conditions: [{type: logsource, product: linux}]}\n  - {type: field_name_prefix, prefix: w., rule_conditions: [{type: logsource, product: Windows}]}", `w.A=1 -> yes; A=1 -> no; l.A=1 -> no`},
		{"any of conditions, not", "  s: {A: 1}\n  condition: s", "  - {type: field_name_prefix, prefix: x., rule_cond_op: or, rule_conditions: [{type: tag, tag: attack.t1}, {type: tag, tag: attack.t1059}]}\n  - {type: field_name_prefix, prefix: y., rule_cond_not: true, rule_conditions: [{type: is_sigma_rule}]}", `x.A=1 -> yes; y.x.A=1 -> no`},
		{"expression of conditions", "  s: {A: 1}\n  condition: s", "  - {type: field_name_prefix, prefix: x., rule_cond_expr: 'a and not (b or c)', rule_conditions: {a: {type: contains_field, field: A}, b: {type: contains_field, field: B}, c: {type: contains_detection_item, field: A, value: 2}}}", `x.A=1 -> yes`},
		{"applied", "  s: {A: 1}\n  condition: s", "  - {id: one, type: field_name_mapping, mapping: {A: B}}\n  - {type: field_name_prefix, prefix: x., rule_conditions: [{type: processing_item_applied, processing_item_id: one}]}\n  - {type: field_name_suffix, suffix: .y, detection_item_conditions: [{type: processing_item_applied, processing_item_id: two}]}", `x.B=1 -> yes`},
		{"item applied", "  s: {A: 1, C: 2}\n  condition: s", "  - {id: one, type: field_name_mapping, mapping: {A: B}}\n  - {type: field_name_suffix, suffix: .y, detection_item_conditions: [{type: processing_item_applied, processing_item_id: one}]}\n  - {type: field_name_suffix, suffix: .z, field_name_conditions: [{type: processing_item_applied, processing_item_id: one}]}", `B.y.z=1,C=2 -> yes`},
		{"state", "  s: {A: 1}\n  condition: s", "  - {type: set_state, key: k, val: 10}\n  - {type: field_name_prefix, prefix: x., rule_conditions: [{type: processing_state, key: k, val: 9, op: gt}]}\n  - {type: field_name_prefix, prefix: y., field_name_conditions: [{type: processing_state, key: other, val: 9}]}", `x.A=1 -> yes`},
		{"attributes", "  s: {A: 1}\n  condition: s", "  - {type: field_name_prefix, prefix: x., rule_conditions: [{type: rule_attribute, attribute: level, value: medium, op: gte}, {type: rule_attribute, attribute: tags, value: attack.t1059, op: in}, {type: rule_attribute, attribute: status, value: stable, op: lt}, {type: rule_attribute, attribute: title, value: T}]}", `x.A=1 -> yes`},
		{"excluded fields", "  s: {A: 1, B: 2}\n  condition: s", "  - {type: field_name_prefix, prefix: x., field_name_conditions: [{type: exclude_fields, fields: [A]}]}", `A=1,x.B=2 -> yes`},
		{"value condition", "  s: {A: 1, B: 2}\n  condition: s", "  - {type: field_name_prefix, prefix: x., detection_item_conditions: [{type: match_value, value: 2}]}", `A=1,x.B=2 -> yes`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules, faults := rewritten(t, starts+tt.rule+"\n", steps(tt.pipeline+"\n"))
			set, more := sigma.Compile(rules, sigma.Options{})
			if len(faults)+len(more) > 0 || len(set.Rules()) != 1 {
				t.Fatal(faults, more)
			}
			m := set.Matcher()
			n := 0
			for _, e := range strings.Split(tt.events, ";") {
				text, want, ok := strings.Cut(strings.TrimSpace(e), " -> ")
				if !ok {
					t.Fatalf("no event: %q", e)
				}
				ev := &tocsin.Event{Sources: []tocsin.LogSource{{Product: "windows", Category: "process_creation"}}}
				for _, f := range strings.Split(text, ",") {
					if f == "@windows//sysmon" {
						ev.Sources = []tocsin.LogSource{{Product: "windows", Service: "sysmon"}}
						continue
					}
					name, value, _ := strings.Cut(f, "=")
					ev.Fields = append(ev.Fields, tocsin.Field{Name: name, Value: value})
				}
				hit := false
				m.Match(ev, func(int) { hit = true })
				if hit != (want == "yes") {
					t.Errorf("%s: matched %v", text, hit)
				}
				n++
			}
			if n == 0 {
				t.Error("no events")
			}
		})
	}
}

// TestPipelineLeavesRules: rewriting changes nothing of the rules that it is given.
func TestPipelineLeavesRules(t *testing.T) {
	const text = "title: T\nfields: [A]\nlogsource: {product: windows}\ndetection:\n  s: {A|contains: [x, y], B|fieldref: A}\n  condition: s\n"
	parsed, _ := sigma.Parse("r.yml", []byte(text))
	p, faults := sigma.ParsePipeline("p.yml", []byte(steps("  - {type: field_name_prefix, prefix: p.}\n  - {type: replace_string, regex: x, replacement: z}\n  - {type: add_condition, conditions: {C: 1}}\n  - {type: change_logsource, product: linux}\n")))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	again, faults := sigma.Rewrite(parsed, []*sigma.Pipeline{p})
	if len(faults) > 0 || len(again) != 1 {
		t.Fatal(faults)
	}
	if r := parsed[0]; r.Source.Product != "windows" || r.Show[0] != "A" || len(r.Detection.Searches) != 1 || r.Detection.Conditions[0] != "s" ||
		r.Detection.Searches[0].Value.Keys[0].Name != "A|contains" || r.Detection.Searches[0].Value.Items[0].Items[0].Text != "x" || r.Detection.Searches[0].Value.Items[1].Text != "A" {
		t.Errorf("changed: %+v", r)
	}
	if r := again[0]; r.Source.Product != "linux" || r.Show[0] != "p.A" || len(r.Detection.Searches) != 2 || r.Detection.Searches[0].Value.Items[1].Text != "p.A" {
		t.Errorf("not rewritten: %+v", r)
	}
}

// TestPipelineCorrelation: what a correlation groups and counts by is renamed, its aliases' fields too, and filters are
// rewritten like rules.
func TestPipelineCorrelation(t *testing.T) {
	rules := `title: base
name: base
logsource: {product: linux}
detection: {s: {A: 1}, condition: s}
---
title: many
correlation:
  type: value_count
  rules: [base]
  aliases: {who: {base: User}}
  group-by: [who, Src]
  timespan: 1m
  condition: {gte: 2, field: Dst}
---
title: known
logsource: {product: linux}
filter: {rules: any, s: {A: 2, User: me}, condition: s}
`
	mapped, faults := rewritten(t, rules, steps("  - {type: field_name_mapping, mapping: {User: user.name, Src: [s1, s2], Dst: d}, rule_conditions: [{type: logsource, product: linux}]}\n  - {type: rule_failure, message: no, rule_conditions: [{type: contains_field, field: user.name}]}\n"))
	if len(faults) > 0 || len(mapped) != 3 {
		t.Fatal(faults)
	}
	c := mapped[1].Correlation
	if c.Aliases["who"]["base"] != "user.name" || strings.Join(c.GroupBy, " ") != "who s1 s2" || strings.Join(c.Fields, " ") != "d" {
		t.Errorf("correlation %+v", c)
	}
	if got := mapped[2].Filter.Detection.Searches[0].Value.Keys[1].Name; got != "user.name" {
		t.Errorf("the filter asks for %s", got)
	}
	_, faults = rewritten(t, rules, steps("  - {type: field_name_mapping, mapping: {Dst: [a, b]}}\n"))
	if len(faults) != 1 || !strings.Contains(faults[0].Error(), "cannot count or alias the field Dst, which becomes 2 fields") {
		t.Errorf("faults %v", faults)
	}
}

// TestPipelinePriority: pipelines of lower priority come first, whatever the order in which they are given.
func TestPipelinePriority(t *testing.T) {
	late := "priority: 20\ntransformations: [{type: field_name_mapping, mapping: {B: C}}]\n"
	early := "priority: 10\ntransformations: [{type: field_name_mapping, mapping: {A: B}}]\n"
	rules, faults := rewritten(t, "title: T\nlogsource: {}\ndetection: {s: {A: 1}, condition: s}\n", late, early)
	if len(faults) > 0 || rules[0].Detection.Searches[0].Value.Keys[0].Name != "C" {
		t.Error(faults, rules[0].Detection.Searches[0].Value.Keys)
	}
	p, _ := sigma.ParsePipeline("p.yml", []byte(late))
	q, _ := sigma.ParsePipeline("q.yml", []byte(early))
	if got := strings.Join(sigma.Renamed("A", []*sigma.Pipeline{q, p}), " "); got != "A B C" {
		t.Errorf("renamed: %s", got)
	}
}

// TestPipelineRefusals: rules that a pipeline refuses, or of which it leaves nothing, are faults; the others stay.
func TestPipelineRefusals(t *testing.T) {
	const rules = "title: Mine\nlogsource: {}\ndetection:\n  s: {A: 1, B: 2}\n  condition: s\n---\ntitle: Other\nlogsource: {}\ndetection: {s: {C: 1}, condition: s}\n"
	for _, tt := range []struct{ pipeline, want string }{
		{"  - {type: rule_failure, message: no such logs, rule_conditions: [{type: contains_field, field: A}]}", "r.yml:1: Mine: p.yml:3: rule_failure: refused: no such logs"},
		{"  - {type: detection_item_failure, message: no field B, field_name_conditions: [{type: include_fields, fields: [B]}]}", "r.yml:4: Mine: p.yml:3: detection_item_failure: B: refused: no field B"},
		{"  - {type: drop_detection_item, rule_conditions: [{type: contains_field, field: A}]}", "nothing is left of it"},
		{"  - {type: add_condition, name: s, conditions: {X: 1}, rule_conditions: [{type: contains_field, field: A}]}", "the rule has a search s already"},
		{"  - {type: field_name_mapping, mapping: {A: [" + strings.Repeat("a, ", 100) + "a], B: [" + strings.Repeat("b, ", 100) + "b]}}", "more than 4096 alternatives"},
	} {
		kept, faults := rewritten(t, rules, steps(tt.pipeline+"\n"))
		set, more := sigma.Compile(kept, sigma.Options{})
		faults = append(faults, more...)
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), tt.want) || len(set.Rules()) != 1 || set.Rules()[0].Title != "Other" {
			t.Errorf("%s\nfaults %v, want %q; %d rules", tt.pipeline, faults, tt.want, len(set.Rules()))
		}
	}
}

// TestPipelineFaults: what a pipeline has that is not supported, or is wrong, is a fault with its line and what to do.
func TestPipelineFaults(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"a: [", "p.yml:1: YAML"},
		{"- a\n", "is a list, not a map"},
		{"a: 1\n---\nb: 2\n", "one YAML document, not 2"},
		{"name: x\n", "without a list of transformations"},
		{"name: x\npriority: high\ntransformations: []\n", "p.yml:2: x: priority: \"high\" is no whole number"},
		{"transformations: []\npostprocessing: []\n", "p.yml:2: postprocessing: not supported in a pipeline (it is about queries"},
		{"transformations: []\nwhatever: 1\n", "whatever: not supported"},
		{"vars: {a: }\ntransformations: []\n", "a has no values"},
		{steps("  - {type: nest, items: []}\n"), "p.yml:3: test: transformation \"nest\" is not supported (Tocsin knows add_condition, add_field,"},
		{steps("  - text\n"), "a transformation is text, not a map"},
		{steps("  - type: field_name_mapping\n    mapping: {A: B}\n    extra: 1\n"), "p.yml:5: test: field_name_mapping: the parameter extra is not supported"},
		{steps("  - {type: field_name_mapping}\n"), "field_name_mapping without mapping"},
		{steps("  - {type: field_name_mapping, mapping: [A]}\n"), "mapping is a list"},
		{steps("  - {type: field_name_mapping, mapping: {A: {b: c}}}\n"), "mapping of A is a map"},
		{steps("  - {type: field_name_mapping, mapping: {null: c}}\n"), "mapping of keywords is not supported"},
		{steps("  - {type: replace_string, regex: '(?<=a)b', replacement: c}\n"), "regular expression"},
		{steps("  - {type: add_condition, conditions: [a]}\n"), "conditions is a list"},
		{steps("  - {type: value_placeholders, include: [a], exclude: [b]}\n"), "include and exclude"},
		{steps("  - {type: value_placeholders, field_name_conditions: [{type: include_fields, fields: [a]}]}\n"), "field_name_conditions of value_placeholders"},
		{steps("  - {type: drop_detection_item, rule_conditions: [{type: moon}]}\n"), "rule condition \"moon\" is not supported (Tocsin knows contains_detection_item"},
		{steps("  - {type: drop_detection_item, rule_conditions: [{type: logsource, produkt: x}]}\n"), "logsource: the parameter produkt"},
		{steps("  - {type: drop_detection_item, rule_cond_op: xor, rule_conditions: [{type: is_sigma_rule}]}\n"), "rule_cond_op: \"xor\""},
		{steps("  - {type: drop_detection_item, rule_cond_expr: a and c, rule_conditions: {a: {type: is_sigma_rule}}}\n"), "\"c\" is not defined"},
		{steps("  - {type: drop_detection_item, rule_cond_expr: a, rule_conditions: [{type: is_sigma_rule}]}\n"), "asks for conditions with names"},
		{steps("  - {type: drop_detection_item, rule_conditions: [{type: rule_attribute, attribute: colour, value: red}]}\n"), "the attribute \"colour\" is not supported"},
		{steps("  - {type: drop_detection_item, rule_conditions: [{type: rule_attribute, attribute: level, value: red}]}\n"), "\"red\" is no level"},
		{steps("  - {type: drop_detection_item, detection_item_conditions: [{type: match_string, pattern: '('}]}\n"), "pattern: regular expression"},
	} {
		_, faults := sigma.ParsePipeline("p.yml", []byte(tt.text))
		if len(faults) == 0 || !strings.Contains(faults[0].Error(), tt.want) {
			t.Errorf("%s\nfaults %v, want %q", tt.text, faults, tt.want)
		}
	}
}

func FuzzPipeline(f *testing.F) {
	f.Add([]byte(steps("  - {id: a, type: field_name_mapping, mapping: {A: [b, c]}}\n  - {type: replace_string, regex: '(.)x', replacement: '\\1*'}\n  - {type: drop_detection_item, detection_item_conditions: [{type: is_null}]}\n")),
		[]byte("title: T\nlogsource: {}\ndetection: {s: [{A: 1, B|contains: x}, k], condition: s}\n"))
	f.Fuzz(func(t *testing.T, pipeline, rules []byte) {
		p, faults := sigma.ParsePipeline("p.yml", pipeline)
		if len(faults) > 0 {
			return
		}
		parsed, _ := sigma.Parse("r.yml", rules)
		all, refused := sigma.Rewrite(parsed, []*sigma.Pipeline{p})
		if len(all)+len(refused) != len(parsed) {
			t.Errorf("%d rules became %d, %d refused", len(parsed), len(all), len(refused))
		}
		sigma.Compile(all, sigma.Options{})
	})
}
