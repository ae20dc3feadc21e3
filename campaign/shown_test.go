package campaign

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// effects are an attempt on a server, a command of its account, and a machine that goes to the host that was named.
const effects = `
0   address:203.0.113.9     web1.corp.example  probe    initial-access T1190 unknown 2 web1.corp.example
1   user:web1.corp.example/www web1.corp.example run    execution      T1190 worked 0.6 -
2   address:10.0.0.10       -                  connect  -              -     worked 0 203.0.113.77
`

// naming has the attempts of actors name a host, and makes what was connected to an address.
func naming(actors []*tocsin.Actor) []*tocsin.Actor {
	for _, a := range actors {
		for i := range a.Deeds {
			switch d := &a.Deeds[i]; d.Verb {
			case "probe":
				d.Marks = []string{"callback:203.0.113.77"}
			case "connect":
				d.On[0].Kind, d.Level = "address", tocsin.Informational
			}
		}
	}
	return actors
}

// TestShownDeeds holds that an attempt whose effect is seen worked and says so, with its place, in any order and however often
// it is built.
func TestShownDeeds(t *testing.T) {
	actors := naming(script(t, effects))
	want := build(actors)
	if len(want.Campaigns) != 1 || len(want.Campaigns[0].Actors) != 3 {
		t.Fatalf("%d campaigns of %v", len(want.Campaigns), want.Campaigns)
	}
	d := &actors[0].Deeds[0]
	if d.Outcome != tocsin.Worked || d.ShownAt.Source == "" || !inside(d) {
		t.Errorf("%s, shown %q at %s", d.Outcome, d.Shown, d.ShownAt)
	}
	for _, s := range want.Campaigns[0].Steps {
		if s.Tactic == "initial-access" && (s.Worked != 1 || len(s.Shown) != 1 || !strings.Contains(s.Summary, "and it worked: ")) {
			t.Errorf("%+v", s)
		}
	}
	if diff := cmp.Diff(want, build(actors)); diff != "" {
		t.Errorf("built again: %s", diff)
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 10 {
		actors := naming(script(t, effects))
		rng.Shuffle(len(actors), func(i, j int) { actors[i], actors[j] = actors[j], actors[i] })
		if diff := cmp.Diff(want, build(actors)); diff != "" {
			t.Fatal(diff)
		}
	}
	for name, lines := range map[string]string{
		"another machine": strings.Replace(effects, "www web1.corp", "www web2.corp", 1),
		"before it":       strings.NewReplacer("\n1 ", "\n-9 ", "\n2 ", "\n-9 ").Replace(effects),
		"refused":         strings.Replace(effects, "unknown", "denied", 1),
	} {
		actors := script(t, lines)
		build(actors)
		for _, a := range actors {
			for i := range a.Deeds {
				if s := a.Deeds[i].Shown; s != "" {
					t.Errorf("%s: %s", name, s)
				}
			}
		}
	}
}

// TestLetIn holds that a login whose record does not say how it ended worked only where a rule says what it differs in.
func TestLetIn(t *testing.T) {
	for tag, want := range map[string]tocsin.Outcome{"attack.t1078": tocsin.Worked, "attack.t1110.001": tocsin.Unknown} {
		d := tocsin.Deed{Action: tocsin.Action{Verb: "login", Tactic: "initial-access", Level: tocsin.Medium, Rules: []*tocsin.Rule{{Title: "Form guessed", Level: tocsin.Medium, Tags: []string{tag}}}}}
		if letIn(&d); d.Outcome != want || (d.Shown != "") != (want == tocsin.Worked) {
			t.Errorf("%s: %s, %q", tag, d.Outcome, d.Shown)
		}
	}
}

// TestShownWhere holds that what a machine of one organisation does shows nothing of an attempt on another's, and that the
// address that spoke to what was named is a name of the machine that was told to.
func TestShownWhere(t *testing.T) {
	actors := naming(script(t, `
0   address:203.0.113.9     web1.corp.example  probe    initial-access T1190 unknown 2 web1.corp.example
1   address:203.0.113.9     web1.town.example  probe    initial-access T1190 unknown 2 web1.town.example
2   address:10.0.0.10       -                  connect  -              -     worked 0 203.0.113.77
`))
	for _, a := range actors {
		if a.ID == "address:10.0.0.10" {
			a.Deeds[0].Org, a.Deeds[0].Who = "corp.example", []tocsin.Entity{{Kind: "address", Value: "10.0.0.10"}}
		}
	}
	r := build(actors)
	if corp, town := actors[0].Deeds[0].Outcome, actors[0].Deeds[1].Outcome; corp != tocsin.Worked || town != tocsin.Unknown {
		t.Errorf("corp %s, town %s", corp, town)
	}
	if len(r.Campaigns) != 1 {
		t.Fatalf("%d campaigns", len(r.Campaigns))
	}
	for _, v := range r.Campaigns[0].Victims {
		if v.Reached != (v.Value == "web1.corp.example") || v.Kind == "address" {
			t.Errorf("victim %+v", v)
		}
	}
}

// An attempt that an agent's own log tells, which is of no organisation, was on those whose machines it names.
func TestOfOrg(t *testing.T) {
	for _, c := range []struct {
		of, on, org string
		want        bool
	}{
		{"shop.example", "host:web1", "shop.example", true}, {"shop.example", "host:web1", "clinic.example", false},
		{"", "host:web1.shop.example", "shop.example", true}, {"", "host:web1.shop.example", "clinic.example", false},
		{"", "host:web1.shop.example host:web1.clinic.example", "clinic.example", true}, {"", "host:web1.shop.example address:192.0.2.7", "clinic.example", true},
		{"", "host:web1", "clinic.example", true}, {"", "", "clinic.example", true}, {"", "host:web1.shop.example", "aws:123456789012", true},
		{"", "host:shop.co.uk", "shop.co.uk", true}, {"", "host:www.brand.example", "shop.example", true}, {"", "host:shop.example", "clinic.example", false},
	} {
		d := &tocsin.Deed{}
		d.Org = c.of
		for on := range strings.FieldsSeq(c.on) {
			kind, value, _ := strings.Cut(on, ":")
			d.On = append(d.On, tocsin.Entity{Kind: kind, Value: value})
		}
		w := &world{domains: map[string]bool{"shop.example": true, "clinic.example": true, "shop.co.uk": true}}
		if w.ofOrg(d, c.org) != c.want {
			t.Errorf("of %q on %q: in %q %v", c.of, c.on, c.org, !c.want)
		}
	}
}
