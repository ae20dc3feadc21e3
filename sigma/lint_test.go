package sigma_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin/sigma"
)

// cleanRule is a rule in which Lint finds nothing; changed replaces its parts.
const cleanRule = `title: Suspicious Shell Started by Web Server
id: 9e2f9c4c-3f0e-4b8f-9d86-0a3f3b6d7c11
status: test
description: A web server started a shell, which it has no reason to.
references:
    - https://example.com/paper
author: Someone
date: 2024-01-02
modified: 2024-02-03
tags:
    - attack.execution
    - attack.t1059.004
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        Image|endswith: '\sh.exe'
        CommandLine|contains: ' -c '
    filter_main_known:
        ParentImage|endswith: '\known.exe'
    condition: selection and not 1 of filter_main_*
falsepositives:
    - Unknown
level: high
`

const cleanCorrelation = `title: Many Failed Logins
id: 4be1c8f3-5b5f-4f0e-8b38-3a6a7c1f2d22
status: test
description: Many failed logins from one address.
references:
    - https://example.com/paper
author: Someone
date: 2024-01-02
tags:
    - attack.credential-access
correlation:
    type: event_count
    rules:
        - failed_login
    group-by:
        - src_ip
    timespan: 5m
    condition:
        gte: 10
level: high
`

const cleanFilter = `title: Known Administrators
id: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33
description: Administrators who do this as their work.
logsource:
    product: windows
filter:
    rules:
        - 9e2f9c4c-3f0e-4b8f-9d86-0a3f3b6d7c11
    selection:
        User|startswith: adm_
    condition: not selection
`

// blocks cuts a document into its top-level keys and their text.
func blocks(doc string) (keys []string, text map[string]string) {
	text = map[string]string{}
	key := ""
	for _, line := range strings.SplitAfter(doc, "\n") {
		if line == "" {
			continue
		}
		if line[0] != ' ' && line[0] != '#' {
			key, _, _ = strings.Cut(line, ":")
			keys = append(keys, key)
		}
		text[key] += line
	}
	return keys, text
}

// changed replaces or adds the top-level keys of a document; "-key" takes one away.
func changed(doc, by string) string {
	keys, text := blocks(doc)
	more, with := blocks(by)
	for _, k := range more {
		if k[0] == '-' {
			delete(text, strings.TrimSpace(k[1:]))
			continue
		}
		if _, ok := text[k]; !ok {
			keys = append(keys, k)
		}
		text[k] = with[k]
	}
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(text[k])
	}
	return b.String()
}

// search is a detection of one search with these lines.
func search(lines string) string {
	return "detection:\n    selection:\n        " + strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\n        ") + "\n    condition: selection\n"
}

func condition(c string) string {
	return "detection:\n    selection_a:\n        a: 1\n    selection_b:\n        b: 1\n    condition: " + c + "\n"
}

func correlation(lines string) string {
	return "correlation:\n    " + strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\n    ") + "\n"
}

const counted = "type: event_count\nrules: [failed_login]\ngroup-by: [src_ip]\ntimespan: 5m\n"
const valued = "type: value_count\nrules: [a, b]\ngroup-by: [ip]\ntimespan: 5m\ncondition: {gte: 3, field: user}\n"

// lintCases has for each check what trips it, and nearly the same that does not.
var lintCases = []struct{ check, doc, bad, good string }{
	{"invisible-character", cleanRule, "author: Some\u200bone\n", "author: Someöne\n"},
	{"invisible-character", cleanRule, "author: Some\u00a0one\n", "author: 'Some one'\n"},
	{"missing-title", cleanRule, "title: ''\n", "title: X\n"},
	{"title-length", cleanRule, "title: " + strings.Repeat("Long ", 25) + "Title\n", "title: " + strings.Repeat("Long ", 20) + "Title\n"},
	{"title-space", cleanRule, "title: Two  Spaces\n", "title: One Space\n"},
	{"title-end", cleanRule, "title: A Title.\n", "title: Use of cmd.exe\n"},
	{"title-start", cleanRule, "title: Detects a Shell\n", "title: Detection of a Shell\n"},
	{"title-case", cleanRule, "title: Suspicious shell\n", "title: Use of the cmd.exe via a_b with /x or 7zip\n"},
	{"missing-id", cleanRule, "-id\n", "id: 9e2f9c4c-3f0e-4b8f-9d86-0a3f3b6d7c11\n"},
	{"invalid-id", cleanRule, "id: 9e2f9c4c-3f0e-4b8f-9d86\n", "id: 9E2F9C4C-3f0e-4b8f-9d86-0a3f3b6d7c11\n"},
	{"id-version", cleanRule, "id: 9e2f9c4c-3f0e-1b8f-9d86-0a3f3b6d7c11\n", "id: 9e2f9c4c-3f0e-4b8f-9d86-0a3f3b6d7c11\n"},
	{"missing-level", cleanRule, "-level\n", "level: low\n"},
	{"invalid-level", cleanRule, "level: hihg\n", "level: critical\n"},
	{"missing-status", cleanRule, "-status\n", "status: stable\n"},
	{"invalid-status", cleanRule, "status: testing\n", "status: experimental\n"},
	{"missing-description", cleanRule, "-description\n", "description: Sixteen letters and more\n"},
	{"short-description", cleanRule, "description: Short\n", "description: Sixteen letters and more\n"},
	{"long-description", cleanRule, "description: " + strings.Repeat("x", 65536) + "\n", "description: " + strings.Repeat("x", 65535) + "\n"},
	{"link-in-description", cleanRule, "-references\ndescription: See https://example.com/page for it\n", "description: See https://example.com/page for it\n"},
	{"missing-author", cleanRule, "-author\n", "author: X\n"},
	{"unknown-key", cleanRule, "falsepositive:\n    - X\n", "my_custom_key: 1\n"},
	{"unknown-key", cleanRule, "refernces:\n    - X\n", "date_of_review: 2024-01-01\n"},
	{"key-case", cleanRule, "Level: low\n", "level: low\n"},
	{"name-length", cleanRule, "name: " + strings.Repeat("n", 257) + "\n", "name: n\n"},
	{"missing-date", cleanRule, "-date\n-modified\n", "date: 2024-01-01\n"},
	{"invalid-date", cleanRule, "date: 2024/01/02\n", "date: 2024-01-02\n"},
	{"invalid-date", cleanRule, "modified: 2024-13-02\n", "modified: 2024-12-02\n"},
	{"modified-before-date", cleanRule, "modified: 2024-01-01\n", "modified: 2024-01-03\n"},
	{"modified-without-date", cleanRule, "-date\n", "modified: 2024-01-03\n"},
	{"modified-redundant", cleanRule, "modified: 2024-01-02\n", "modified: 2024-01-03\n"},
	{"references-list", cleanRule, "references: https://example.com/paper\n", "references:\n    - https://example.com/paper\n"},
	{"duplicate-reference", cleanRule, "references: [https://example.com/a, https://example.com/a]\n", "references: [https://example.com/a, https://example.com/A]\n"},
	{"attack-reference", cleanRule, "references: ['https://attack.mitre.org/techniques/T1059/']\n", "references: ['https://example.com/attack.mitre.org']\n"},
	{"branch-reference", cleanRule, "references: ['https://github.com/a/b/blob/master/c.md']\n", "references: ['https://github.com/a/b/blob/0123456789012345678901234567890123456789/c.md']\n"},
	{"short-falsepositive", cleanRule, "falsepositives: [x]\n", "falsepositives: [Unlikely]\n"},
	{"falsepositive-word", cleanRule, "falsepositives: [None so far]\n", "falsepositives: [Nonesuch]\n"},
	{"falsepositive-case", cleanRule, "falsepositives: [unknown]\n", "falsepositives: [Unknown]\n"},
	{"duplicate-field", cleanRule, "fields: [a, b, a]\n", "fields: [a, b]\n"},
	{"related-form", cleanRule, "related:\n    - id: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\n", "related:\n    - id: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\n      type: derived\n"},
	{"related-id", cleanRule, "related:\n    - id: other\n      type: derived\n", "related:\n    - id: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\n      type: derived\n"},
	{"related-type", cleanRule, "related:\n    - id: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\n      type: cousin\n", "related:\n    - id: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\n      type: similar\n"},
	{"related-self", cleanRule, "related:\n    - id: 9e2f9c4c-3f0e-4b8f-9d86-0a3f3b6d7c11\n      type: similar\n", "related:\n    - id: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\n      type: similar\n"},
	{"deprecated-alone", cleanRule, "status: deprecated\n", "status: deprecated\nrelated:\n    - id: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\n      type: obsolete\n"},

	{"missing-tags", cleanRule, "-tags\n", "tags: [attack.execution]\n"},
	{"tag-form", cleanRule, "tags: [execution]\n", "tags: [attack.execution]\n"},
	{"tag-form", cleanRule, "tags: [attack.T1059]\n", "tags: [attack.t1059, attack.execution]\n"},
	{"tag-namespace", cleanRule, "tags: [mittre.t1059]\n", "tags: [d3fend.d3-a]\n"},
	{"duplicate-tag", cleanRule, "tags: [attack.execution, attack.execution]\n", "tags: [attack.execution, attack.discovery]\n"},
	{"attack-tag", cleanRule, "tags: [attack.exekution]\n", "tags: [attack.g0007, attack.s0002, attack.ds0009, attack.lateral-movement, attack.defense_evasion]\n"},
	{"attack-tag", cleanRule, "tags: [attack.t105]\n", "tags: [attack.t1059.001, attack.execution]\n"},
	{"technique-alone", cleanRule, "tags: [attack.t1059]\n", "tags: [attack.t1059, attack.execution]\n"},
	{"tag-pattern", cleanRule, "tags: [cve.log4j]\n", "tags: [cve.2021-44228, car.2013-05-004, detection.dfir, stp.2a, tlp.green]\n"},
	{"tag-conflict", cleanRule, "tags: [tlp.green, tlp.red]\n", "tags: [tlp.green]\n"},

	{"logsource-empty", cleanRule, "logsource: {}\n", "logsource: {category: webserver}\n"},
	{"logsource-empty", cleanRule, "logsource: {product: ''}\n", "logsource: {definition: any log of logins}\n"},
	{"logsource-case", cleanRule, "logsource: {product: Windows, category: process_creation}\n", "logsource: {product: windows, category: process_creation}\n"},
	{"logsource-unknown", cleanRule, "logsource: {product: windows, category: proces_creation}\n", "logsource: {product: linux, service: anyprogram}\n"},
	{"logsource-unknown", cleanRule, "logsource: {product: windows, service: secruity}\n", "logsource: {product: windows, service: security}\n"},
	{"logsource-key", cleanRule, "logsource: {product: windows, categorie: process_creation}\n", "logsource: {product: windows, definition: x}\n"},
	{"category-event-id", cleanRule, search("EventID: 1\nImage: a"), "logsource: {product: windows, service: system}\n" + search("EventID: 1\nImage: a")},
	{"service-for-category", cleanRule, "logsource: {product: windows, service: sysmon}\n" + search("EventID: 1\nImage: a"), "logsource: {product: windows, service: sysmon}\n" + search("EventID: 254\nImage: a")},
	{"sysmon-event-id", cleanRule, "logsource: {product: windows, service: sysmon}\n" + search("Image: a"), "logsource: {product: windows, service: sysmon}\n" + search("EventID: 254\nImage: a")},

	{"unused-search", cleanRule, condition("selection_a"), condition("1 of selection_*")},
	{"of-them-single", cleanRule, "detection:\n    s:\n        a: 1\n    condition: 1 of them\n", condition("1 of them")},
	{"of-pattern-single", cleanRule, "detection:\n    s_x:\n        a: 1\n    condition: 1 of s_*\n", condition("1 of selection_*")},
	{"all-of-them", cleanRule, condition("all of them"), condition("all of selection_*")},
	{"condition-case", cleanRule, condition("selection_a AND selection_b"), condition("selection_a and selection_b")},
	{"condition-never", cleanRule, condition("selection_a and selection_b and not selection_a"), condition("selection_a and not selection_b")},
	{"condition-always", cleanRule, condition("selection_a or selection_b or not selection_a"), condition("selection_a or selection_b")},
	{"condition-negative", cleanRule, condition("not selection_a and not selection_b"), condition("not selection_a and selection_b")},
	{"condition-indifferent", cleanRule, condition("selection_a or (selection_a and selection_b)"), condition("selection_a or selection_b")},
	{"same-search", cleanRule, "detection:\n    s:\n        a: 1\n    t:\n        a: 1\n    condition: s or t\n", "detection:\n    s:\n        a: 1\n    t:\n        a: '1'\n    condition: s or t\n"},

	{"field-space", cleanRule, search("Process Name: a"), search("ProcessName: a")},
	{"modifier-case", cleanRule, search("a|Contains: xy"), search("a|contains: xy")},
	{"all-single", cleanRule, search("a|contains|all: xy"), search("a|contains|all: [xy, yz]")},
	{"all-without-contains", cleanRule, search("a|all: [xy, yz]"), search("a|contains|all: [xy, yz]")},
	{"all-without-contains", cleanRule, search("a|all: [xy, yz]"), search("a|all: ['*xy*', '*yz*']")},
	{"base64offset-contains", cleanRule, search("a|base64offset: text"), search("a|base64offset|contains: text")},
	{"windash-all", cleanRule, search("a|windash|contains|all: [' -x', ' -y']"), search("a|windash|contains: [' -x', ' -y']")},
	{"cased-without-letters", cleanRule, search("a|cased: '4.5'"), search("a|cased: 'x4'")},
	{"wildcard-for-contains", cleanRule, search("a: ['*xy*', '*yz*']"), search("a: ['*xy*', 'yz']")},
	{"wildcard-for-startswith", cleanRule, search("a: 'xy*'"), search("a: 'x?y*'")},
	{"wildcard-for-endswith", cleanRule, search("a: '*xy'"), search("a: '*x*y'")},
	{"wildcard-only", cleanRule, search("a: '*'"), search("a|exists: true")},
	{"wildcard-keyword", cleanRule, "detection:\n    k:\n        - '*word*'\n    condition: k\n", "detection:\n    k:\n        - 'word*other'\n    condition: k\n"},
	{"wildcard-double", cleanRule, search("a: 'x**y'"), search("a: 'x*y*'")},
	{"wildcard-redundant", cleanRule, search("a|contains: 'xy*'"), search("a|contains: 'x*y'")},
	{"wildcard-escaped", cleanRule, search(`a: 'x\*y'`), search(`a: 'x\\*y'`)},
	{"wildcard-network", cleanRule, search("ip: '192.0.2.*'"), search("ip|cidr: 192.0.2.0/24")},
	{"regex-needless", cleanRule, search("a|re: '^.*power'"), search("a|re|i: '^.*pow.r'")},
	{"regex-open", cleanRule, search("a|re|i: '.*x[0-9]'"), search("a|re|i: 'x.*[0-9]'")},
	{"regex-case", cleanRule, search("a|re: 'x[0-9]'"), search("a|re: '(?i)x[0-9]'")},
	{"number-as-text", cleanRule, search("EventCode: '4624'"), search("EventCode: '0x1'\nb: '007'\nc: 5")},
	{"null-in-list", cleanRule, search("a: [x, null]"), search("a: null")},
	{"duplicate-value", cleanRule, search("a: [xy, XY]"), search("a|cased: [xy, XY]")},
	{"covered-value", cleanRule, search("a|contains: [powershell, shell]"), search("a|startswith: [powershell, shell]")},
	{"short-value", cleanRule, search("a|contains: x"), search("a|contains: xy")},
	{"control-character", cleanRule, search(`a|contains: "C:\temp"`), search(`a|contains: 'C:\temp'`)},
	{"value-space", cleanRule, search("a|endswith: 'x '"), search("a|endswith: ' x'")},
	{"open-file-name", cleanRule, search("Image|endswith: cmd.exe"), search(`Image|endswith: '\cmd.exe'`)},
	{"hash-value", cleanRule, search("Hashes|contains: MD5=0123"), search("Hashes|contains: MD5=00000000000000000000000000000000")},
	{"local-user", cleanRule, search(`User: 'NT AUTHORITY\SYSTEM'`), search("User|contains: [AUTHORI, AUTORI]")},

	{"correlation-key", cleanCorrelation, correlation(counted + "condition: {gte: 9}\nwindow: tumbling"), correlation(counted + "condition: {gte: 9}\ngenerate: true")},
	{"correlation-repeat", cleanCorrelation, correlation("type: temporal\nrules: [a, b, a]\ngroup-by: [x]\ntimespan: 5m"), correlation("type: temporal_ordered\nrules: [a, b, a]\ngroup-by: [x]\ntimespan: 5m")},
	{"correlation-single", cleanCorrelation, correlation("type: temporal\nrules: [a]\ngroup-by: [x]\ntimespan: 5m"), correlation("type: temporal\nrules: [a, b]\ngroup-by: [x]\ntimespan: 5m")},
	{"correlation-no-group", cleanCorrelation, correlation("type: temporal\nrules: [a, b]\ntimespan: 5m"), correlation("type: temporal\nrules: [a, b]\ngroup-by: [x]\ntimespan: 5m")},
	{"correlation-trivial", cleanCorrelation, correlation(counted + "condition: {gte: 1}"), correlation(counted + "condition: {gt: 1}")},
	{"correlation-trivial", cleanCorrelation, correlation(counted + "condition: {gt: 0}"), correlation(counted + "condition: {eq: 1}")},
	{"correlation-fraction", cleanCorrelation, correlation(counted + "condition: {gte: 2.5}"), correlation(counted + "condition: {gte: 2}")},
	{"correlation-unnamed", cleanCorrelation, correlation("type: temporal\nrules: [a, b, c]\ngroup-by: [x]\ntimespan: 5m\ncondition: a and b"), correlation("type: temporal\nrules: [a, b, c]\ngroup-by: [x]\ntimespan: 5m\ncondition: a and b and not c")},
	{"correlation-percentile", cleanCorrelation, correlation("type: value_percentile\nrules: [a]\ngroup-by: [x]\ntimespan: 5m\ncondition: {field: y, gte: 5}"), correlation("type: value_percentile\nrules: [a]\ngroup-by: [x]\ntimespan: 5m\ncondition: {field: y, gte: 5, percentile: 95}")},
	{"correlation-field", cleanCorrelation, correlation(counted + "condition: {gte: 2, field: user}"), correlation(valued)},
	{"correlation-type", cleanCorrelation, correlation("type: ordered_temporal\nrules: [a, b]\ngroup-by: [x]\ntimespan: 5m"), correlation("type: temporal_ordered\nrules: [a, b]\ngroup-by: [x]\ntimespan: 5m")},
	{"alias-unused", cleanCorrelation, correlation(valued + "aliases: {addr: {a: x, b: y}}"), correlation(valued + "aliases: {ip: {a: x, b: y}, user: {a: u, b: v}}")},
	{"alias-rule", cleanCorrelation, correlation(valued + "aliases: {ip: {a: x, b: y, c: z}}"), correlation(valued + "aliases: {ip: {a: x, b: y}}")},
	{"alias-missing", cleanCorrelation, correlation(valued + "aliases: {ip: {a: x}}"), correlation(valued + "aliases: {ip: {a: x, b: y}}")},

	{"filter-inapplicable", cleanFilter, "level: low\n", "taxonomy: sigma\n"},
	{"filter-reading", cleanFilter, "filter:\n    rules: any\n    s: {User: x}\n    condition: s\n", "filter:\n    rules: any\n    s: {User: x}\n    condition: not s\n"},
	{"field-unknown", cleanRule, "detection:\n    s: {Imgae|endswith: '\\a.exe', User: x}\n    condition: s\n", "detection:\n    s: {Image|endswith: '\\a.exe', User: x}\n    condition: s\n"},
	{"field-unknown", cleanRule, "detection: # lint: allow missing-level\n    s: {OwnField: x}\n    condition: s\n", "detection: # lint: allow field-unknown\n    s: {OwnField: x}\n    condition: s\n"},
	{"field-unknown", cleanRule, "detection:\n    s: {Imgae: x, F|nosuch: y}\n    condition: s\n", "detection:\n    s: {Image: x, User|nosuch: y}\n    condition: s\n"},
	{"field-unknown", cleanCorrelation, "correlation: {type: event_count, rules: [failed_login], group-by: [Imgae], timespan: 5m, condition: {gte: 10}}\n", "correlation: {type: event_count, rules: [failed_login], group-by: [src_ip], timespan: 5m, condition: {gte: 10}}\n"},
	{"field-unknown", cleanFilter, "filter:\n    rules: [9e2f9c4c-3f0e-4b8f-9d86-0a3f3b6d7c11]\n    s: {Imgae: x}\n    condition: not s\n", "filter:\n    rules: [9e2f9c4c-3f0e-4b8f-9d86-0a3f3b6d7c11]\n    s: {User: x}\n    condition: not s\n"},
	{"filter-everything", cleanFilter, "logsource: {}\nfilter:\n    rules: any\n    s: {User: x}\n    condition: not s\n", "filter:\n    rules: any\n    s: {User: x}\n    condition: not s\n"},
}

// found says whether a check has a finding.
func found(fs []sigma.Finding, check string) *sigma.Finding {
	for i := range fs {
		if fs[i].Check == check {
			return &fs[i]
		}
	}
	return nil
}

func lint(files ...string) []sigma.Finding {
	var in []sigma.File
	for i, f := range files {
		in = append(in, sigma.File{Name: fmt.Sprintf("rules/proc_creation_%d.yml", i), Data: []byte(f)})
	}
	return sigma.Lint(in, func(name string) (string, bool) {
		if name == "Imgae" {
			return "Image", false
		}
		return "", slices.Contains([]string{"Image", "CommandLine", "ParentImage", "User", "src_ip"}, name)
	})
}

func TestLint(t *testing.T) {
	for _, doc := range []string{cleanRule, cleanCorrelation, cleanFilter} {
		for _, f := range lint(doc) {
			t.Errorf("clean: %s", f)
		}
	}
	tested := map[string]bool{}
	for _, tt := range lintCases {
		tested[tt.check] = true
		fs := lint(changed(tt.doc, tt.bad))
		for _, f := range fs {
			if !slices.ContainsFunc(sigma.Checks(), func(c sigma.Check) bool { return c.Name == f.Check }) {
				t.Errorf("check %s is not in the list", f.Check)
			}
		}
		f := found(fs, tt.check)
		if f == nil {
			t.Errorf("%s: not found in\n%.400s\nbut %v", tt.check, tt.bad, fs)
			continue
		}
		if f.Line == 0 || f.Text == "" || f.File == "" {
			t.Errorf("%s: %+v", tt.check, *f)
		}
		if f := found(lint(changed(tt.doc, tt.good)), tt.check); f != nil {
			t.Errorf("%s: found in\n%.400s\n%s", tt.check, tt.good, f)
		}
	}
	// What needs several files or names of files.
	other := changed(cleanRule, "title: Other Title\nid: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\nname: x\n")
	for _, tt := range []struct {
		check     string
		bad, good []sigma.File
	}{
		{"duplicate-id", files("long_name_a.yml", cleanRule, "long_name_b.yml", changed(cleanRule, "title: Other\n")), files("long_name_a.yml", cleanRule, "long_name_b.yml", other)},
		{"duplicate-title", files("long_name_a.yml", cleanRule, "long_name_b.yml", changed(other, "title: Suspicious Shell Started by Web Server\n")), files("long_name_a.yml", cleanRule, "long_name_b.yml", other)},
		{"duplicate-name", files("long_name_a.yml", other+"---\n"+changed(cleanRule, "name: x\n")), files("long_name_a.yml", other+"---\n"+changed(cleanRule, "name: y\n"))},
		{"duplicate-file-name", files("a/long_name_a.yml", cleanRule, "b/long_name_a.yml", other), files("a/long_name_a.yml", cleanRule+"---\n"+other)},
		{"file-name", files("Long-Name-A.yml", cleanRule), files("long_name_a.yml", cleanRule)},
		{"file-name", files("long_name_a.yaml", cleanRule), files("long_name_a.yml", cleanRule)},
		{"file-name-length", files("a.yml", cleanRule), files("long_name_a.yml", cleanRule)},
	} {
		tested[tt.check] = true
		if found(sigma.Lint(tt.bad, nil), tt.check) == nil {
			t.Errorf("%s: not found", tt.check)
		}
		if f := found(sigma.Lint(tt.good, nil), tt.check); f != nil {
			t.Errorf("%s: %s", tt.check, f)
		}
	}
	for _, c := range sigma.Checks() {
		if !tested[c.Name] {
			t.Errorf("check %s is not tested", c.Name)
		}
	}
	t.Logf("%d checks", len(sigma.Checks()))
}

func files(nameAndText ...string) []sigma.File {
	var out []sigma.File
	for i := 0; i < len(nameAndText); i += 2 {
		out = append(out, sigma.File{Name: nameAndText[i], Data: []byte(nameAndText[i+1])})
	}
	return out
}

// TestLintAllow: a comment turns a check off for its document only.
func TestLintAllow(t *testing.T) {
	bad := changed(cleanRule, "-level\n")
	two := "# lint: allow missing-level, title-case\n" + bad + "---\n" + changed(bad, "title: Other\nid: 5c3fbe0a-5f3c-44a0-a1f2-4b7b6f0e3d33\n")
	fs := lint(two)
	if len(fs) != 1 || fs[0].Check != "missing-level" || fs[0].Rule != "Other" {
		t.Errorf("%v", fs)
	}
}

func TestFindingString(t *testing.T) {
	fs := lint(changed(cleanRule, "level: hihg\n"))
	want := `rules/proc_creation_0.yml:25: error: the level "hihg" [invalid-level] (informational, low, medium, high or critical)`
	if len(fs) != 1 || fs[0].String() != want {
		t.Errorf("got %v, want %s", fs, want)
	}
}

// FuzzLint: whatever a file holds, Lint looks over it without panic and finds the same again.
func FuzzLint(f *testing.F) {
	for _, s := range []string{cleanRule, cleanCorrelation, cleanFilter, "a: &a [*a]", "{}", "detection: {s: [{a: b}, x], condition: s}\nlogsource: {}"} {
		f.Add([]byte(s))
	}
	for _, c := range lintCases {
		if len(c.bad) < 1000 {
			f.Add([]byte(changed(c.doc, c.bad)))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := []sigma.File{{Name: "a.yml", Data: data}}
		if a, b := fmt.Sprint(sigma.Lint(in, nil)), fmt.Sprint(sigma.Lint(in, nil)); a != b {
			t.Errorf("%s\nthen %s", a, b)
		}
	})
}
