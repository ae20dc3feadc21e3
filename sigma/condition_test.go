package sigma_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// Searches a, b and c, x_1, x_2, x_3 and _u hold when the event's field of that name is 1.
const searches = `  a: {a: 1}
  b: {b: 1}
  c: {c: 1}
  x_1: {x_1: 1}
  x_2: {x_2: 1}
  x_3: {x_3: 1}
  pre_x_post: {pre: 1}
  _u: {_u: 1}
`

func TestConditions(t *testing.T) {
	for _, tt := range []struct {
		condition string
		yes, no   []string // the searches that hold
	}{
		{"a", []string{"a", "a b"}, []string{"", "b"}},
		{"a and b", []string{"a b"}, []string{"a", "b"}},
		{"a or b", []string{"a", "b", "a b"}, []string{"c"}},
		{"a or b and c", []string{"a", "b c"}, []string{"b", "c"}},
		{"a and b or c", []string{"a b", "c"}, []string{"a", "b"}},
		{"(a or b) and c", []string{"a c", "b c"}, []string{"a", "b", "c", "a b"}},
		{"not a", []string{"", "b"}, []string{"a"}},
		{"not a and b", []string{"b"}, []string{"", "a b", "a"}},
		{"not (a and b)", []string{"a", "b", ""}, []string{"a b"}},
		{"not a or b", []string{"", "b", "a b"}, []string{"a"}},
		{"not not a", []string{"a"}, []string{""}},
		{"a AND NOT b", []string{"a"}, []string{"a b"}},
		{"a Or b", []string{"b"}, []string{"c"}},
		{"a and not 1 of x_*", []string{"a"}, []string{"a x_2"}},
		{"1 of x_*", []string{"x_1", "x_3"}, []string{"a", "_u"}},
		{"any of x_*", []string{"x_2"}, []string{"a"}},
		{"ANY OF x_*", []string{"x_2"}, []string{"a"}},
		{"all of x_*", []string{"x_1 x_2 x_3"}, []string{"x_1 x_2", ""}},
		{"2 of x_*", []string{"x_1 x_2", "x_2 x_3", "x_1 x_2 x_3"}, []string{"x_1", ""}},
		{"3 of x_*", []string{"x_1 x_2 x_3"}, []string{"x_1 x_2"}},
		{"not 2 of x_*", []string{"x_1", ""}, []string{"x_1 x_3"}},
		{"1 of them", []string{"a", "pre"}, []string{"", "_u"}},
		{"all of them", []string{"a b c x_1 x_2 x_3 pre"}, []string{"a b c x_1 x_2 x_3", "a"}},
		{"1 of _*", []string{"_u"}, []string{"a"}},
		{"_u", []string{"_u"}, []string{"a"}},
		{"1 of *", []string{"a"}, []string{"_u"}},
		{"1 of *_1", []string{"x_1"}, []string{"x_2"}},
		{"1 of *x*", []string{"x_2", "pre"}, []string{"a"}},
		{"1 of pre*post", []string{"pre"}, []string{"x_1"}},
		{"1 of x_1", []string{"x_1"}, []string{"x_2"}},
		{"all of x_* and not a or b", []string{"x_1 x_2 x_3", "b"}, []string{"a x_1 x_2 x_3"}},
		{"((a))", []string{"a"}, []string{""}},
		{"(a)and(b)", []string{"a b"}, []string{"a"}},
		{"[a, b and c]", []string{"a", "b c"}, []string{"b"}},
		{"['1 of x_*', 'not a']", []string{"", "a x_1"}, []string{"a"}},
	} {
		t.Run(tt.condition, func(t *testing.T) {
			s := compileOne(t, rule(searches+"  condition: "+tt.condition+"\n"), sigma.Options{})
			check := func(held string, want bool) {
				t.Helper()
				ev := &tocsin.Event{}
				for _, f := range strings.Fields(held) {
					ev.Add(f, "1")
				}
				if got := matches(t, s, ev, newNaive()); got != want {
					t.Errorf("%q: %v", held, got)
				}
			}
			for _, h := range tt.yes {
				check(h, true)
			}
			for _, h := range tt.no {
				check(h, false)
			}
		})
	}
}

func TestRefusedConditions(t *testing.T) {
	for _, tt := range []struct{ condition, want string }{
		{"nothing", `search "nothing" is not defined`},
		{"A", `search "A" is not defined`},
		{"a and", "ends where a search is expected"},
		{"a b", `unexpected "b"`},
		{"and a", `unexpected "and"`},
		{"(a", "not closed"},
		{"a)", `unexpected ")"`},
		{"()", `unexpected ")"`},
		{"not", "ends where"},
		{"1 of", "of what"},
		{"1 of (a)", "of what"},
		{"1 of y_*", "no search has such a name"},
		{"4 of x_*", "only 3 searches"},
		{"0 of x_*", "quantifier"},
		{"some of x_*", "quantifier"},
		{"x_*", "without a quantifier"},
		{"a | count() by b > 5", "write a correlation rule"},
		{"a | near b", "write a correlation rule"},
		{"a near b", `unexpected "near"`},
		{"{a: b}", "a map, not text"},
		{"[]", "list of conditions is empty"},
		{"''", "ends where"},
		{strings.Repeat("(", 300) + "a" + strings.Repeat(")", 300), "nested more than"},
		{strings.Repeat("not ", 300) + "a", "nested more than"},
		{strings.Repeat("1 of * or ", 2000) + "a", "quantifiers over more than"},
		{strings.Repeat("a or ", 20000) + "a", "condition of more than"},
	} {
		refused(t, rule(searches+"  condition: "+tt.condition+"\n"), tt.want, 12)
	}
}

func TestRefusedRules(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		line       int64
	}{
		{rule("  s: {F: a}\n"), "no condition", 4},
		{rule("  condition: s\n"), "no search", 4},
		{rule("  s:\n  condition: s\n"), "null as a keyword", 0},
		{rule("  s: {}\n  condition: s\n"), "the search is empty", 4},
		{rule("  s: []\n  condition: s\n"), "the search is empty", 4},
		{rule("  s: {F: a}\n  timeframe: 5m\n  condition: s\n"), "write a correlation rule", 5},
		{"title: t\ndetection: {s: {F: a}, condition: s}\n", "no logsource", 1},
		{"title: t\nlogsource: linux\ndetection: {s: {F: a}, condition: s}\n", "logsource is text", 2},
		{"title: t\nlogsource: {}\ndetection: x\n", "detection is text", 3},
		{"title: t\n", "neither detection, correlation nor filter", 1},
		{"- a\n- b\n", "a list, not a map", 1},
		{"just text\n", "text, not a map", 1},
		{"action: global\ntitle: t\nlogsource: {}\n", "collections", 1},
		{"title: t\nlogsource: {}\ndetection: {s: {F: a}, condition: s}\nfilter: {}\n", "more than one of", 1},
		{"title: [\n", "YAML", 0},
		{"title: a\ntitle: b\n", "title", 2},
		{"a: *b\n", "anchor", 1},
		{"a: &b [*b]\n", "contains itself", 1},
		{"a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), "deep", 1},
		{strings.Repeat("[", 100_000), "deep", 1},
		{strings.Repeat("- ", 100_000), "deep", 1},
	} {
		refused(t, tt.text, tt.want, tt.line)
	}
}

// A bad document costs only itself, and lines count from the start of the file.
func TestDocuments(t *testing.T) {
	good := rule("  s: {F: a}\n  condition: s\n")
	file := "# a comment\n---\n" + good + "---\ntitle: [\n---\n" + good + "---\n---\n" + strings.Replace(good, "condition: s", "condition: z", 1) + "...\n"
	rules, faults := sigma.Parse("dir/f.yml", []byte(file))
	if len(rules) != 3 || len(faults) != 1 || faults[0].Line < 9 || faults[0].Line > 10 {
		t.Fatalf("%d rules, faults %v", len(rules), faults)
	}
	if rules[0].Line != 3 || rules[1].Line != 11 || rules[0].File != "dir/f.yml" {
		t.Errorf("lines %d, %d, file %s", rules[0].Line, rules[1].Line, rules[0].File)
	}
	s, faults := sigma.Compile(rules, sigma.Options{})
	if len(s.Rules()) != 2 || len(faults) != 1 || faults[0].Line != 22 {
		t.Errorf("%d rules, faults %v", len(s.Rules()), faults)
	}
}

func TestRuleFields(t *testing.T) {
	rules, faults := sigma.Parse("f.yml", []byte("\xef\xbb\xbf"+`title: A title
id: 0d894093-71bc-43c3-8c4d-ecfc28dcf5d9
name: a_name
status: Test
level: High
description: |
  two
  lines
author: [A, B]
license: DRL-1.1
date: 2024-01-02
modified: 2024-02-03
tags: [attack.execution, attack.t1059.001]
references: ["https://www.example/"]
falsepositives: none
fields: [CommandLine]
related:
  - {id: 11111111-1111-4111-8111-111111111111, type: derived}
custom: {key: [1, 2]}
logsource: {product: Windows, category: process_creation, definition: text, custom: 1}
detection:
  s: &s {F: a}
  t: *s
  condition: s and t
`))
	if len(faults) > 0 || len(rules) != 1 {
		t.Fatal(faults)
	}
	r := rules[0]
	got := fmt.Sprintf("%s|%s|%s|%s|%s|%q|%s|%s|%s|%s|%v|%v|%v|%v|%v|%v", r.Title, r.ID, r.Name, r.Status, r.Level, r.Description, r.Author,
		r.License, r.Date, r.Modified, r.Tags, r.References, r.FalsePositives, r.Show, r.Related, r.Source)
	want := "A title|0d894093-71bc-43c3-8c4d-ecfc28dcf5d9|a_name|test|high|\"two\\nlines\\n\"|A, B|DRL-1.1|2024-01-02|2024-02-03|" +
		"[attack.execution attack.t1059.001]|[https://www.example/]|[none]|[CommandLine]|[11111111-1111-4111-8111-111111111111]|windows/process_creation"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A rule applies to events of a log source that says at least what the rule's does.
func TestLogSource(t *testing.T) {
	sysmon := []tocsin.LogSource{{Product: "windows", Category: "registry_set", Service: "sysmon"}, {Product: "windows", Category: "registry_event", Service: "sysmon"}}
	for source, want := range map[string]bool{
		"{}": true, "": true, "{product: windows}": true, "{category: registry_event}": true, "{product: windows, category: registry_set}": true,
		"{service: sysmon, definition: x}": true, "{product: linux}": false, "{product: windows, category: dns_query}": false,
		"{product: windows, category: registry_event, service: security}": false,
	} {
		s := compileOne(t, "title: t\nlogsource: "+source+"\ndetection: {s: {F: a}, condition: s}\n", sigma.Options{})
		if got := s.Applies(0, sysmon); got != want {
			t.Errorf("%s applies: %v", source, got)
		}
		if got := matches(t, s, &tocsin.Event{Sources: sysmon, Fields: fields("F=a")}, newNaive()); got != want {
			t.Errorf("%s matches: %v", source, got)
		}
		if s.Applies(0, nil) != (source == "{}" || source == "") {
			t.Errorf("%s applies to an event of no source: %v", source, s.Applies(0, nil))
		}
	}
}
