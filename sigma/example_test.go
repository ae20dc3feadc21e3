package sigma_test

import (
	"fmt"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// The way from a rule's text to what it holds for: parse, compile, match.
func Example() {
	rules, faults := sigma.Parse("shadow.yml", []byte(`
title: Password hashes read
id: 5a3c6b0e-9d6f-4a53-9c1a-3a1f6a6f2f10
level: high
logsource: {product: linux, category: process_creation}
detection:
  reads:
    Image|endswith: ['/cat', '/less']
    CommandLine|contains: /etc/shadow
  condition: reads
`))
	for _, f := range faults {
		fmt.Println(f)
	}
	set, faults := sigma.Compile(rules, sigma.Options{})
	for _, f := range faults {
		fmt.Println(f)
	}
	ev := &tocsin.Event{
		Time: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC), Sources: []tocsin.LogSource{{Product: "linux", Category: "process_creation"}},
		Fields: []tocsin.Field{{Name: "Image", Value: "/usr/bin/cat"}, {Name: "CommandLine", Value: "cat /etc/shadow"}},
	}
	m := set.Matcher()
	m.Match(ev, func(rule int) {
		fmt.Println(set.Rules()[rule].Level, set.Rules()[rule].Title)
		for _, f := range m.Held(ev, rule) {
			fmt.Println(f.Name, "=", f.Value)
		}
	})
	// Output:
	// high Password hashes read
	// Image = /usr/bin/cat
	// CommandLine = cat /etc/shadow
}

// A mistake in a rule is told with its file, its line and what to do.
func ExampleParse() {
	rules, faults := sigma.Parse("wrong.yml", []byte(`
title: Wrong
logsource: {product: linux}
detection:
  s:
    CommandLine|contians: x
  condition: s
`))
	_, more := sigma.Compile(rules, sigma.Options{})
	for _, f := range append(faults, more...) {
		fmt.Println(f)
	}
	// Output:
	// wrong.yml:6: Wrong: s: CommandLine|contians: unknown modifier "contians" (modifiers are named in the Sigma specification, appendix modifiers)
}
