package campaign

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// A script makes actors of lines: minutes, actor, host, verb, tactic, technique, outcome, weight, target.
func script(t *testing.T, lines string) []*tocsin.Actor {
	t.Helper()
	by := map[string]*tocsin.Actor{}
	var all []*tocsin.Actor
	for n, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		var minutes int
		var who, host, verb, tactic, technique, outcome, on string
		var weight float64
		if strings.TrimSpace(line) == "" {
			continue
		}
		if _, err := fmt.Sscan(line, &minutes, &who, &host, &verb, &tactic, &technique, &outcome, &weight, &on); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		blank := func(s *string) {
			if *s == "-" {
				*s = ""
			}
		}
		for _, s := range []*string{&host, &tactic, &technique, &on} {
			blank(s)
		}
		a := by[who]
		if a == nil {
			kind, value, _ := strings.Cut(who, ":")
			a = &tocsin.Actor{ID: who, Handles: []tocsin.Entity{{Kind: kind, Value: value}}, Local: kind == "host"}
			by[who] = a
			all = append(all, a)
		}
		at := day.Add(time.Duration(minutes) * time.Minute)
		d := tocsin.Deed{N: 1, Last: at, Weight: weight}
		d.Time, d.Host, d.Verb, d.Tactic, d.Technique = at, host, verb, tactic, technique
		d.Outcome = map[string]tocsin.Outcome{"worked": tocsin.Worked, "failed": tocsin.Failed, "denied": tocsin.Denied, "unknown": tocsin.Unknown}[outcome]
		switch {
		case weight >= 4:
			d.Level = tocsin.High
		case weight >= 2:
			d.Level = tocsin.Medium
		default:
			d.Level = tocsin.Low
		}
		if on != "" {
			d.On = []tocsin.Entity{{Kind: "host", Value: on}}
		}
		if i := strings.LastIndexByte(host, '.'); i > 0 {
			d.Org = host[strings.IndexByte(host, '.')+1:]
		}
		d.Text = line
		d.Place = tocsin.Place{Time: at, Source: "log", Record: uint64(n + 1)}
		d.Spans = []tocsin.Span{{Source: "log", From: uint64(n + 1), To: uint64(n + 1)}}
		a.Deeds = append(a.Deeds, d)
		if a.First.IsZero() {
			a.First = at
		}
		a.Last = at
	}
	return all
}

// intrusion is a web server taken from outside, and from it an inner machine.
const intrusion = `
0   address:203.0.113.9  web1.corp.example  scan   reconnaissance      T1595.003 failed  2   -
4   address:203.0.113.9  web1.corp.example  probe  initial-access      T1190     failed  3   -
6   address:203.0.113.9  web1.corp.example  probe  persistence         T1505.003 worked  4   -
6   host:web1.corp.example web1.corp.example run   discovery           T1033     worked  1.2 -
7   host:web1.corp.example web1.corp.example read  credential-access   T1552     worked  2.5 -
9   host:web1.corp.example web1.corp.example run   execution           T1059     worked  3   -
12  address:10.0.0.10    db1.corp.example   login  credential-access   T1110     failed  2   db1.corp.example
14  session:db1.corp.example/7 db1.corp.example read collection        T1005     worked  2.5 -
15  session:db1.corp.example/7 db1.corp.example send exfiltration      T1048     worked  4   -
`

// bystanders are what is seen on any day.
const bystanders = `
3   address:198.51.100.7 www.other.example  scan   reconnaissance      T1595     failed  0.6 -
5   address:198.51.100.8 www.other.example  login  credential-access   T1110     failed  2   -
200 address:198.51.100.9 web1.corp.example  login  credential-access   T1110     failed  2   -
`

func TestIntrusion(t *testing.T) {
	r := build(script(t, intrusion+bystanders))
	if len(r.Campaigns) != 1 {
		for _, c := range r.Campaigns {
			t.Log(c.Title, c.Level, c.Why)
		}
		t.Fatalf("%d campaigns, want one", len(r.Campaigns))
	}
	c := r.Campaigns[0]
	if c.Level < tocsin.High {
		t.Errorf("level %s (%s), want high at least", c.Level, c.Why)
	}
	for _, h := range []string{"web1.corp.example", "db1.corp.example"} {
		if !slices.ContainsFunc(c.Victims, func(v tocsin.Victim) bool { return v.Value == h && v.Reached }) {
			t.Errorf("%s is not among the victims that were reached: %v", h, c.Victims)
		}
	}
	for _, a := range c.Actors {
		if strings.HasPrefix(a.ID, "address:198.51.100.") {
			t.Errorf("%s is in it", a.ID)
		}
	}
	if c.Alerts != 0 || c.Actions != 9 || len(c.Records) != 1 || c.Records[0] != (tocsin.Span{Source: "log", From: 1, To: 9}) {
		t.Errorf("%d actions, %d alerts, records %v", c.Actions, c.Alerts, c.Records)
	}
	var order []string
	for _, s := range c.Steps {
		order = append(order, s.Tactic)
	}
	if order[0] != "reconnaissance" || order[len(order)-1] != "exfiltration" {
		t.Errorf("tactics in the order %v", order)
	}
	if r.Attempts == 0 {
		t.Error("who only knocked is not counted")
	}
}

// TestBenign holds that a day's knocking and an administrator's work are no campaign.
func TestBenign(t *testing.T) {
	r := build(script(t, bystanders+`
10  address:10.0.0.50    web1.corp.example  run    discovery   T1057 worked 0.6 -
12  address:10.0.0.50    web1.corp.example  change persistence T1098 worked 0.6 -
`))
	for _, c := range r.Campaigns {
		t.Errorf("%s %s (%s)", c.Level, c.Title, c.Why)
	}
}

// TestOrder holds that actors in any order give the same campaigns.
func TestOrder(t *testing.T) {
	want := build(script(t, intrusion+bystanders))
	rng := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		actors := script(t, intrusion+bystanders)
		rng.Shuffle(len(actors), func(i, j int) { actors[i], actors[j] = actors[j], actors[i] })
		if diff := cmp.Diff(want, build(actors)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestApart holds that two intrusions that have nothing in common stay two: other organisations, or the same one days
// later.
func TestApart(t *testing.T) {
	other := strings.NewReplacer("corp.example", "else.example", "203.0.113.9", "198.51.100.99", "10.0.0.10", "10.9.0.10").Replace(intrusion)
	if r := build(script(t, intrusion+other)); len(r.Campaigns) != 2 {
		t.Errorf("two organisations: %d campaigns", len(r.Campaigns))
	}
	var later strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(strings.NewReplacer("203.0.113.9", "198.51.100.99", "10.0.0.10", "10.0.0.77", "db1.corp.example/7", "db1.corp.example/9", "host:web1", "host:WEB1").Replace(intrusion)), "\n") {
		m, rest, _ := strings.Cut(line, " ")
		var n int
		fmt.Sscan(m, &n)
		fmt.Fprintf(&later, "%d %s\n", n+6*24*60, rest)
	}
	if r := build(script(t, intrusion+later.String())); len(r.Campaigns) != 2 {
		t.Errorf("six days later: %d campaigns", len(r.Campaigns))
	}
}

// TestMark holds that what few others write joins organisations, and what everybody writes does not.
func TestMark(t *testing.T) {
	other := strings.NewReplacer("corp.example", "else.example", "203.0.113.9", "198.51.100.99", "10.0.0.10", "10.9.0.10").Replace(intrusion)
	actors := script(t, intrusion+other)
	for _, a := range actors {
		if strings.HasPrefix(a.ID, "address:203") || strings.HasPrefix(a.ID, "address:198") {
			a.Deeds[1].Marks = []string{"callback:x1.relay.example"}
		}
	}
	r := build(actors)
	if len(r.Campaigns) != 1 || len(r.Campaigns[0].Orgs) != 2 {
		t.Errorf("one callback host at two organisations: %d campaigns", len(r.Campaigns))
	}
	for _, l := range r.Campaigns[0].Links {
		if l.Evidence == "" || l.Weight <= 0 || l.From == "" || l.To == "" {
			t.Errorf("a link without evidence: %+v", l)
		}
	}
}

func TestNothing(t *testing.T) {
	if r := build(nil); len(r.Campaigns) != 0 || r.Attempts != 0 || r.Aside != nil {
		t.Errorf("%+v", r)
	}
	a := &tocsin.Actor{ID: "address:192.0.2.1", Handles: []tocsin.Entity{{Kind: "address", Value: "192.0.2.1"}}, Deeds: []tocsin.Deed{{Weight: 5}}}
	build([]*tocsin.Actor{a}) // without a time, host or target
}

func build(actors []*tocsin.Actor) Result { return (&Board{}).Build(actors) }
