package sigma_test

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// All live rules load but those whose placeholders have no values, and each of those is named.
func TestLiveRules(t *testing.T) {
	var rules []*sigma.Rule
	files := liveRules(t)
	for _, m := range files {
		rs, faults := sigma.Parse(m.name, m.data)
		for _, f := range faults {
			t.Error(f)
		}
		rules = append(rules, rs...)
	}
	s, faults := sigma.Compile(rules, sigma.Options{})
	for _, f := range faults {
		if !strings.Contains(f.Error(), "placeholder %") {
			t.Error(f)
		}
	}
	t.Logf("%d files, %d rules, %d without the values of their placeholders", len(files), len(s.Rules()), len(faults))
	if len(files) < 3780 || len(s.Rules())+len(faults) != len(rules) || len(s.Rules()) < 3755 {
		t.Errorf("%d files, %d rules read, %d loaded", len(files), len(rules), len(s.Rules()))
	}
}

// The quick reader reads SigmaHQ's rules as the YAML parser does, and leaves few of them to it.
func TestLiveYAML(t *testing.T) {
	left := 0
	files := untar(t, data(t, "sigma/sigmahq.tar.gz"), func(n string) bool { return strings.HasSuffix(n, ".yml") })
	for _, m := range files {
		for _, doc := range strings.Split(string(m.data), "\n---") {
			if !sigma.SameTree(t, doc) {
				left++
			}
		}
	}
	t.Logf("%d files, %d documents left to the parser", len(files), left)
	if left > len(files)/20 {
		t.Errorf("%d of %d documents left to the parser", left, len(files))
	}
}

// The recordings of EVTX-ATTACK-SAMPLES must give what the reference found in them.
func TestAttackSamples(t *testing.T) {
	s := hq(t, windowsRule)
	m := s.Matcher()
	pairs := 0
	distinct := map[int]bool{}
	events := attackSamples(t)
	for _, e := range events {
		m.Match(e, func(r int) { pairs++; distinct[r] = true })
	}
	t.Logf("%d events, %d pairs, %d distinct rules", len(events), pairs, len(distinct))
	if len(events) != 8248 || pairs < 1547 || len(distinct) < 384 {
		t.Errorf("%d events, %d pairs, %d distinct rules; want 8248, 1547, 384", len(events), pairs, len(distinct))
	}
}

// Each of SigmaHQ's own recordings fires the rule it was made for at least as often as it says, which is how SigmaHQ's
// own runner counts: four of them hold more matching events than they say.
func TestRegression(t *testing.T) {
	s := hq(t, nil)
	byID := map[string]int{}
	for i, r := range s.Rules() {
		byID[r.ID] = i
	}
	files := map[string][]byte{}
	var cases []member
	for _, m := range untar(t, data(t, "windows/sigma-regression.tar.gz"), func(string) bool { return true }) {
		m.name = strings.TrimPrefix(m.name, "./")
		files[m.name] = m.data
		if strings.HasSuffix(m.name, "info.yml") {
			cases = append(cases, m)
		}
	}
	m := s.Matcher()
	passed, all := 0, 0
	for _, c := range cases {
		info := sigma.ParseYAML(t, c.data)
		for _, test := range info.At("regression_tests_info").Elements() {
			all++
			want := 1
			if n := test.At("match_count"); n != nil {
				want = atoi(n.Text)
			}
			id := info.At("rule_metadata").Elements()[0].At("id").Scalar()
			rule, ok := byID[id]
			if !ok {
				t.Errorf("%s: no rule %s", c.name, id)
				continue
			}
			got := 0
			decodeAll(t, c.name, files[test.At("path").Scalar()], func(e *tocsin.Event) {
				m.Match(e, func(r int) {
					if r == rule {
						got++
					}
				})
			})
			if got < want {
				t.Errorf("%s: %s matches %d events, want %d", c.name, s.Rules()[rule].Title, got, want)
				continue
			}
			passed++
		}
	}
	t.Logf("%d of %d", passed, all)
	if passed < 202 {
		t.Errorf("%d of 202", passed)
	}
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}
