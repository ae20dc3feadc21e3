package sigma_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin/sigma"
)

// All that is wrong with a file is told at once, each with its line, and nothing of what is not.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string // line, part of the text
	}{
		{"nothing", cleanRule + "---\n" + cleanFilter, nil},
		{"a detection", `title: A
detection:
  s:
    Image|foo: x
    CommandLine|re: '('
  t:
    - IP|cidr: 300.1.1.1/99
    - User: [a, {b: c}]
  unused: {F|nosuch: x}
  timeframe: 5m
  condition:
    - s and gone
    - t or s
`, []string{"1 no logsource", "10 timeframe", `12 search "gone"`, `4 unknown modifier "foo"`, `5 regular expression`, "7 no network", "8 a map where a value", `9 unknown modifier "nosuch"`}},
		{"a search that nothing uses", "title: A\nlogsource: {}\ndetection:\n  s: {F: x}\n  unused: {F|nosuch: x}\n  condition: s\n", nil},
		{"placeholders", "title: A\nlogsource: {}\ndetection:\n  s: {F|expand: '%a%'}\n  t: {F|expand: '%b%'}\n  u: {F|expand: '%c%'}\n  condition: s and t and not u\n", []string{"4 %a%", "5 %b%"}},
		{"a correlation", `title: A
correlation:
  type: event_cuont
  rules: [gone, away]
  group-by: {a: b}
  timespan: 5x
  aliases: {a: b}
  condition: {gte: many, mor: 3}
`, []string{"8 no number", `8 unknown condition "mor"`, "5 group-by is a map", "6 no unit", "7 alias a is text", `3 unknown type of correlation "event_cuont"`, `3 rule "gone"`, `3 rule "away"`}},
		{"a correlation without parts", "title: A\ncorrelation:\n  type: value_count\n", []string{"3 without a timespan", "3 without rules", "3 without a bound", "3 without a field"}},
		{"a filter", "title: A\nfilter:\n  s: {F|bar: x}\n  condition: t\n", []string{"3 without a log source", "3 without rules", `4 search "t"`, `3 unknown modifier "bar"`}},
		{"a filter of rules that are not there", "title: A\nlogsource: {}\nfilter:\n  rules: [gone, away]\n  s: {F: x}\n  condition: s\n", []string{`4 rule "gone"`, `4 rule "away"`}},
		{"several documents", "title: A\n---\ntitle: B\nlogsource: {}\ndetection: {s: {F|x: y}, condition: s}\n---\n- a\n", []string{"1 neither detection", `5 unknown modifier "x"`, "7 a list, not a map"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules, _ := sigma.Parse("f.yml", []byte(c.in))
			got := sigma.Faults("f.yml", []byte(c.in), rules, sigma.Options{})
			var said []string
			for _, f := range got {
				said = append(said, fmt.Sprint(f.Line, " ", f.Error()))
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d faults, want %d:\n%s", len(got), len(c.want), strings.Join(said, "\n"))
			}
			for i, w := range c.want {
				line, text, _ := strings.Cut(w, " ")
				if !strings.HasPrefix(said[i], line+" ") || !strings.Contains(said[i], text) {
					t.Errorf("%q, want %q", said[i], w)
				}
			}
		})
	}
	many := "title: A\nlogsource: {}\ndetection:\n  condition: s\n  s:\n" + strings.Repeat("    - F|nosuch: x\n", 5000)
	if n := len(sigma.Faults("f.yml", []byte(many), nil, sigma.Options{})); n == 0 || n > 200 {
		t.Errorf("%d faults of one document", n)
	}
}
