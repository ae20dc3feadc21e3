package sigma_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// words decodes "source key=value …" lines.
func words(name string, data []byte, emit func(*tocsin.Event)) error {
	if strings.HasSuffix(name, ".bad") {
		return errors.New("bad sample")
	}
	for i, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		f := strings.Fields(string(line))
		if len(f) == 0 {
			continue
		}
		at := tocsin.Event{Record: uint64(i + 1), Sources: []tocsin.LogSource{{Category: f[0]}}}
		at.Time = at.Time.AddDate(2000, 0, i)
		for _, kv := range f[1:] {
			k, v, _ := strings.Cut(kv, "=")
			at.Add(k, v)
		}
		if f[0] == "broken" {
			at.Fault = &tocsin.Fault{Err: errors.New("broken line")}
		}
		emit(&at)
	}
	return nil
}

func TestRuleCases(t *testing.T) {
	rules, faults := sigma.Parse("rules/login.yml", []byte(`title: Login
name: login
logsource: {category: auth}
detection: {s: {user: root}, condition: s}
---
title: Two logins
correlation: {type: event_count, rules: [login], timespan: 7d, condition: {gte: 2}}
`))
	more, f2 := sigma.Parse("rules/other.yml", []byte("title: Other\nlogsource: {category: auth}\ndetection: {s: {user: bob}, condition: s}\n"))
	set, f3 := sigma.Compile(append(rules, more...), sigma.Options{})
	if n := len(faults) + len(f2) + len(f3); n > 0 {
		t.Fatal(n, "faults")
	}
	cases, faults := sigma.ParseCases("rules/login.txtar", []byte(`Comment.
-- match/twice.log --
auth user=root
auth user=bob
auth user=root
-- match/exactly.log 1 --
auth user=root
auth user=root
auth user=root
-- match/too-many.log 2 --
auth user=root
auth user=root
-- match/once.log --
auth user=root
-- quiet/once.log --
auth user=root
-- quiet/twice.log --
auth user=root
auth user=root
-- quiet/empty.log --
-- quiet/other.log --
web user=root
-- quiet/broken.log --
broken user=x
-- quiet/x.bad --
x
`))
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	gone, _ := sigma.ParseCases("rules/gone.txtar", []byte("-- quiet/a.log --\nauth user=x\n"))
	r := sigma.TestRules(set, append(cases, gone...), words)
	var got []string
	for _, f := range r.Failures {
		got = append(got, f.Error())
	}
	want := []string{
		"rules/login.txtar:10: match/too-many.log: 1 matches, want 2",
		"rules/login.txtar:13: match/once.log: 0 matches, want at least 1",
		"rules/login.txtar:17: quiet/twice.log: 1 matches, want 0",
		"rules/login.txtar:20: quiet/empty.log: the sample holds no event",
		"rules/login.txtar:21: quiet/other.log: none of the 1 events is of the rule's log source (is it of the format that the rule is for?)",
		"rules/login.txtar:23: quiet/broken.log: the sample cannot be decoded: broken line",
		"rules/login.txtar:25: quiet/x.bad: the sample cannot be read: bad sample",
		"rules/gone.txtar:1: quiet/a.log: no rule is loaded from rules/gone.yml (a rule and its cases have the same name but for the extension)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("failures (-want +got):\n%s", d)
	}
	if got := r.String(); got != "3 passed, 8 failed" {
		t.Error(got)
	}
	if len(r.Untested) != 1 || r.Untested[0].Title != "Other" {
		t.Errorf("untested: %v", r.Untested)
	}
}

func TestParseCasesFaults(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"no sections", "no cases"},
		{"-- ssh.log --\n", "neither match nor quiet"},
		{"-- match/ --\n", "neither match nor quiet"},
		{"-- quiet/a 2 --\n", "neither match nor quiet"},
		{"-- match/a 0 --\n", "is no count"},
		{"-- match/a many --\n", "is no count"},
		{"-- maybe/a --\n", "neither match nor quiet"},
	} {
		cases, faults := sigma.ParseCases("x.txtar", []byte(tt.text))
		if len(cases) != 0 || len(faults) != 1 || !strings.Contains(faults[0].Error(), tt.want) {
			t.Errorf("%q: %v, %v", tt.text, cases, faults)
		}
	}
}

func FuzzParseCases(f *testing.F) {
	f.Add([]byte("c\n-- match/a 2 --\nx\n-- quiet/b --\r\ny"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cases, faults := sigma.ParseCases("x", data)
		if len(cases)+len(faults) == 0 && len(data) > 0 {
			t.Error("neither cases nor faults")
		}
	})
}
