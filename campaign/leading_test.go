package campaign

import (
	"strings"
	"testing"
)

// TestLeading holds that a title names who got in, gained rights or took something, and not who knocked most often.
func TestLeading(t *testing.T) {
	const knocks = `
0   address:203.0.113.9     web1.corp.example  probe    initial-access T1190 unknown 2 web1.corp.example
1   user:web1.corp.example/www web1.corp.example run    execution      T1190 worked 0.6 -
2   address:10.0.0.10       -                  connect  -              -     worked 0 203.0.113.77
`
	actors := naming(script(t, knocks+strings.Repeat("3   user:web1.corp.example/www web1.corp.example list discovery T1083 worked 1.3 -\n", 9)))
	r := build(actors)
	if len(r.Campaigns) != 1 || !strings.Contains(r.Campaigns[0].Title, " by 203.0.113.9:") {
		t.Errorf("%d campaigns, %q", len(r.Campaigns), r.Campaigns[0].Title)
	}
	if c := r.Campaigns[0]; c.Actors[0].ID != "address:203.0.113.9" {
		t.Errorf("%q comes first", c.Actors[0].ID)
	}
}
