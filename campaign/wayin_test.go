package campaign

import (
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// An entry that is told and the question how the intruder got in never contradict each other.
func TestWayIn(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		want, not   string
	}{
		{"a service that was made to run a program", `
0 user:web1.corp.example/www web1.corp.example run execution T1190 worked 6 -
2 user:web1.corp.example/www web1.corp.example read credential-access T1003 worked 3 -
3 user:web1.corp.example/www web1.corp.example list discovery T1083 worked 2 -`,
			"(T1190) on web1.corp.example", "is not shown"},
		{"nothing", `
0 session:web1.corp.example/1 web1.corp.example run execution T1059 worked 6 -
2 session:web1.corp.example/1 web1.corp.example read credential-access T1003 worked 3 -
3 session:web1.corp.example/1 web1.corp.example list discovery T1083 worked 2 -`,
			"How the intruder got in is not shown", "(T1190)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := build(naming(script(t, c.lines)))
			if len(r.Campaigns) != 1 {
				t.Fatalf("%d campaigns", len(r.Campaigns))
			}
			said := strings.Join(r.Campaigns[0].Open, "\n")
			if !strings.Contains(said, c.want) || strings.Contains(said, c.not) {
				t.Errorf("%s", said)
			}
			entry := slices.ContainsFunc(r.Campaigns[0].Key, func(e tocsin.KeyEvent) bool { return e.Kind == "entry" })
			if entry && strings.Contains(said, "How the intruder got in is") {
				t.Errorf("there is an entry, and %s", said)
			}
			for _, v := range r.Campaigns[0].Victims {
				if v.Why == "" {
					t.Errorf("%s: no reason", v.Value)
				}
			}
		})
	}
}

// What an alert says of a machine within and a host outside is of the machine within.
func TestAlertOfClient(t *testing.T) {
	d := func(verb, who, on string) *tocsin.Deed {
		x := &tocsin.Deed{}
		x.Verb, x.Who, x.On = verb, []tocsin.Entity{{Kind: "address", Value: who}}, []tocsin.Entity{{Kind: "address", Value: on}}
		return x
	}
	for _, c := range []struct {
		verb, who, on string
		want          bool
	}{
		{"alert", "10.0.0.7", "203.0.113.9", true},
		{"alert", "203.0.113.9", "10.0.0.7", false},
		{"alert", "10.0.0.7", "10.0.0.8", false},
		{"connect", "10.0.0.7", "203.0.113.9", false},
	} {
		if got := ofClient(d(c.verb, c.who, c.on), c.on); got != c.want {
			t.Errorf("%s of %s to %s: %t", c.verb, c.who, c.on, got)
		}
	}
}
