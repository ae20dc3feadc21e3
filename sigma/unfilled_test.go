package sigma_test

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A placeholder without values costs a rule nothing where it only says what to leave out; elsewhere it costs the rule.
func TestUnfilled(t *testing.T) {
	head := "title: R\nlogsource: {product: windows}\ndetection:\n  sel: {Image|endswith: '\\a.exe'}\n"
	for _, tt := range []struct {
		name, rest string
		hits       string // of the users ann and bob
		notes      int
		rejected   bool
	}{
		{"a filter", "  filter_main_x: {User|expand: '%admins%'}\n  condition: sel and not 1 of filter_main_*", "ann bob", 1, false},
		{"a filter of two searches", "  filter_x: {User|expand: '%admins%'}\n  filter_y: {User: bob}\n  condition: sel and not 1 of filter_*", "ann", 1, false},
		{"one value of a list", "  filter: {User|expand: ['%admins%', bob]}\n  condition: sel and not filter", "ann", 1, false},
		{"all of a list", "  filter: {User|contains|all|expand: ['%admins%', b]}\n  condition: sel and not filter", "ann bob", 1, false},
		{"in a map with others", "  filter: {User: bob, Host|expand: '%dcs%'}\n  condition: sel and not filter", "ann bob", 1, false},
		{"in a list of maps", "  filter:\n    - User: bob\n    - Host|expand: '%dcs%'\n  condition: sel and not filter", "ann", 1, false},
		{"neq in a filter", "  filter: {User|neq|expand: '%admins%'}\n  condition: sel and not filter", "ann bob", 1, false},
		{"a regular expression", "  filter: {User|re|expand: '^%admins%$'}\n  condition: sel and not filter", "ann bob", 1, false},
		{"asked for", "  want: {User|expand: '%admins%'}\n  condition: sel and want", "", 0, true},
		{"asked for by what is not left out", "  want: {User|expand: '%admins%'}\n  other: {User: x}\n  condition: sel and not (other and not want)", "", 0, true},
		{"asked for and left out", "  x: {User|expand: '%admins%'}\n  condition:\n    - sel and x\n    - sel and not x", "", 0, true},
		{"another fault in a filter", "  filter: {User|re: '('}\n  condition: sel and not filter", "", 0, true},
		{"a Sigma filter", "  condition: sel\n---\ntitle: F\nlogsource: {product: windows}\nfilter:\n  rules: any\n  s: {User|expand: '%admins%'}\n  t: {User: bob}\n  condition: s or t", "ann", 1, false},
		{"a Sigma filter as pySigma writes it", "  condition: sel\n---\ntitle: F\nlogsource: {product: windows}\nfilter:\n  rules: any\n  s: {User|expand: '%admins%'}\n  condition: not s", "ann bob", 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules, faults := sigma.Parse("r.yml", []byte(head+tt.rest+"\n"))
			set, more := sigma.Compile(rules, sigma.Options{})
			faults = append(faults, more...)
			if (len(faults) > 0) != tt.rejected {
				t.Fatalf("faults %v", faults)
			}
			if n := len(set.Notes()); n != tt.notes {
				t.Errorf("notes %v, want %d", set.Notes(), tt.notes)
			}
			for _, n := range set.Notes() {
				if s := n.Error(); !strings.HasPrefix(s, "r.yml:") || !strings.Contains(s, "has no values: the filter leaves out nothing by it") {
					t.Errorf("note %q", s)
				}
			}
			m := set.Matcher()
			var hits []string
			for _, user := range []string{"ann", "bob"} {
				ev := &tocsin.Event{Sources: []tocsin.LogSource{{Product: "windows"}}, Fields: []tocsin.Field{{Name: "Image", Value: `C:\a.exe`}, {Name: "User", Value: user}, {Name: "Host", Value: "dc1"}}}
				m.Match(ev, func(int) { hits = append(hits, user) })
			}
			if got := strings.Join(hits, " "); got != tt.hits {
				t.Errorf("hits %q, want %q", got, tt.hits)
			}
		})
	}
	rules, _ := sigma.Parse("r.yml", []byte(head+"  filter: {User|expand: '%admins%'}\n  condition: sel and not filter\n"))
	if set, faults := sigma.Compile(rules, sigma.Options{Expand: map[string][]string{"admins": {"ann"}}}); len(faults) > 0 || len(set.Notes()) > 0 {
		t.Errorf("with values: %v, %v", faults, set.Notes())
	}
}
