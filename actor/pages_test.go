package actor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func entity(kind, value string) tocsin.Entity { return tocsin.Entity{Kind: kind, Value: value} }

// act is an action of an address at a host.
func act(at time.Duration, who, host, verb, technique string, outcome tocsin.Outcome, level tocsin.Level, marks ...string) tocsin.Action {
	a := tocsin.Action{Time: day.Add(at), Host: host, Who: []tocsin.Entity{entity("address", who)}, On: []tocsin.Entity{entity("host", host)}, Verb: verb,
		Technique: technique, Outcome: outcome, Level: level, Marks: marks, Text: fmt.Sprintf("%s %s %d", verb, host, at)}
	if technique != "" {
		a.Tactic = "reconnaissance"
	}
	a.Place = tocsin.Place{Time: a.Time, Source: "log/" + host, Record: uint64(at / time.Millisecond)}
	return a
}

// story is actions of several doers at several hosts.
func story() []tocsin.Action {
	var all []tocsin.Action
	for i := range 400 {
		who := fmt.Sprintf("203.0.113.%d", 1+i%7)
		level := tocsin.Low
		if i%11 == 0 {
			level = tocsin.Medium
		}
		a := act(time.Duration(i)*17*time.Second, who, fmt.Sprintf("h%d", i%3), "scan", "T1595.003", tocsin.Failed, level, "agent:tool/"+fmt.Sprint(i%4))
		a.Credential = []string{"", "", "key:0123456789abcdef"}[i%3]
		a.Sensor = fmt.Sprint("sensor", i%9)
		all = append(all, a)
	}
	return all
}

func pagesOf(all []tocsin.Action) *Pages {
	s := NewPages(Key{1})
	for i := range all {
		s.Add(&all[i])
	}
	s.Whole()
	return s
}

// TestOrder holds that actions in any order, shared out among any number of pages, give the same actors.
func TestOrder(t *testing.T) {
	want := pagesOf(story()).Actors(0)
	if len(want) == 0 {
		t.Fatal("no actors")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		all := story()
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var parts []*Pages
		for range 1 + round {
			parts = append(parts, NewPages(Key{1}))
		}
		for i := range all {
			parts[rng.IntN(len(parts))].Add(&all[i])
		}
		for _, s := range parts[1:] {
			parts[0].Merge(s)
		}
		parts[0].Whole()
		got := parts[0].Actors(0)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("with %d parts: %s", len(parts), diff)
		}
		for i := range want {
			parts[0].Describe(got[i])
		}
	}
}

// handles are those of the actor that has the one given.
func handles(t *testing.T, all []tocsin.Action, of string) map[string]bool {
	t.Helper()
	actors := pagesOf(all).Actors(0)
	for _, a := range actors {
		has := map[string]bool{}
		for _, h := range a.Handles {
			has[h.Value] = true
		}
		if has[of] {
			return has
		}
	}
	t.Fatalf("no actor has %s", of)
	return nil
}

func TestJoinedByCredential(t *testing.T) {
	a := act(0, "203.0.113.1", "h1", "login", "T1110", tocsin.Failed, tocsin.Medium)
	b := act(time.Hour, "198.51.100.1", "h2", "login", "T1110", tocsin.Failed, tocsin.Medium)
	a.Credential, b.Credential = "key:0123456789abcdef", "key:0123456789abcdef"
	if has := handles(t, []tocsin.Action{a, b}, "203.0.113.1"); !has["198.51.100.1"] {
		t.Errorf("the same credential from two addresses: %v", has)
	}
	b.Credential = "key:aaaaaaaaaaaaaaaa"
	if has := handles(t, []tocsin.Action{a, b}, "203.0.113.1"); has["198.51.100.1"] {
		t.Errorf("other credentials: %v", has)
	}
}

// TestTakeover holds that who is stopped and goes on from another address is the same one, and that a stranger who only
// happens to come then is not.
func TestTakeover(t *testing.T) {
	var all []tocsin.Action
	for i := range 20 {
		all = append(all, act(time.Duration(i)*3*time.Second, "203.0.113.1", "h", "scan", "T1595.003", tocsin.Failed, tocsin.Low, "agent:tool/1"))
	}
	for i := range 4 {
		all = append(all, act(time.Minute+time.Duration(i)*3*time.Second, "203.0.113.1", "h", "scan", "T1595.003", tocsin.Denied, tocsin.Low, "agent:tool/1"))
	}
	benign := append([]tocsin.Action(nil), all...)
	for i := range 20 {
		all = append(all, act(2*time.Minute+time.Duration(i)*3*time.Second, "198.51.100.1", "h", "scan", "T1595.003", tocsin.Failed, tocsin.Low, "agent:tool/1"))
	}
	if has := handles(t, all, "203.0.113.1"); !has["198.51.100.1"] {
		t.Errorf("went on after a block: %v", has)
	}
	actors := pagesOf(all).Actors(0)
	if len(actors) != 1 || len(actors[0].Adaptations) != 1 || actors[0].Adaptations[0].After <= 0 {
		t.Errorf("adaptations of %+v", actors)
	}
	ran := act(2*time.Minute, "", "h", "run", "T1595.003", tocsin.Worked, tocsin.Low)
	ran.Who = []tocsin.Entity{entity("user", `h\www-data`)}
	if has := handles(t, append(benign[:len(benign):len(benign)], ran), "203.0.113.1"); has[`h\www-data`] {
		t.Errorf("what a server's account ran after a block: %v", has)
	}
	benign = append(benign, act(2*time.Minute, "198.51.100.1", "h", "scan", "T1595.003", tocsin.Failed, tocsin.Low))
	if has := handles(t, benign, "203.0.113.1"); has["198.51.100.1"] {
		t.Errorf("somebody who mistyped a path after a block: %v", has)
	}
}

// TestSilence holds that an address that an organisation gives out anew is another actor's after a night, and one of the
// internet is not.
func TestSilence(t *testing.T) {
	for address, want := range map[string]int{"10.0.0.5": 2, "203.0.113.5": 1} {
		all := []tocsin.Action{act(0, address, "h", "run", "T1046", tocsin.Worked, tocsin.Medium), act(30*time.Hour, address, "h", "run", "T1046", tocsin.Worked, tocsin.Medium)}
		if actors := pagesOf(all).Actors(0); len(actors) != want {
			t.Errorf("%s: %d actors, want %d", address, len(actors), want)
		}
	}
}

// TestLogin holds that what an account does after somebody logged in to it from elsewhere is put down to them.
func TestLogin(t *testing.T) {
	in := act(0, "203.0.113.9", "web1", "login", "", tocsin.Worked, tocsin.Informational)
	in.On = append(in.On, entity("user", `web1\deploy`))
	did := act(time.Minute, "", "web1", "read", "T1003", tocsin.Worked, tocsin.Medium)
	did.Who = []tocsin.Entity{entity("session", "web1/7"), entity("user", `web1\deploy`)}
	if has := handles(t, []tocsin.Action{in, did}, "203.0.113.9"); !has["web1/7"] {
		t.Errorf("%v", has)
	}
	did.Time = day.Add(48 * time.Hour)
	if has := handles(t, []tocsin.Action{in, did}, "web1/7"); has["203.0.113.9"] {
		t.Errorf("two days later: %v", has)
	}
}

// TestBecame holds that what a person's account does after a service's account became it is the service's; that of somebody
// whose account an administrator became is not.
func TestBecame(t *testing.T) {
	did := act(time.Minute, "", "web1", "run", "T1059", tocsin.Worked, tocsin.Medium)
	did.Who = []tocsin.Entity{entity("user", `web1\alice`)}
	for _, c := range []struct {
		tactic string
		level  tocsin.Level
		want   bool
	}{{"privilege-escalation", tocsin.Medium, true}, {"", tocsin.Informational, false}} {
		su := act(0, "", "web1", "login", "T1078.003", tocsin.Worked, c.level)
		su.Who = []tocsin.Entity{entity("user", `web1\www-data`)}
		su.Tactic, su.On = c.tactic, []tocsin.Entity{entity("host", "web1"), entity("user", `web1\alice`)}
		if c.tactic == "" {
			su.Technique = ""
		}
		if has := handles(t, []tocsin.Action{su, did}, `web1\alice`); has[`web1\www-data`] != c.want {
			t.Errorf("%q: %v", c.tactic, has)
		}
	}
}

// TestHostByFolder holds that a log that does not name its machine is of the machine whose name its folder bears.
func TestHostByFolder(t *testing.T) {
	a := act(0, "203.0.113.9", "web1.corp.example", "login", "T1110", tocsin.Failed, tocsin.Medium)
	b := act(time.Minute, "203.0.113.9", "", "probe", "T1190", tocsin.Worked, tocsin.Medium)
	b.Place.Source = "logs/web1.corp.example/access.log"
	actors := pagesOf([]tocsin.Action{a, b}).Actors(0)
	for _, d := range actors[0].Deeds {
		if d.Host != "web1.corp.example" {
			t.Errorf("%s at %q", d.Verb, d.Host)
		}
	}
}

func BenchmarkPages(b *testing.B) {
	all := story()
	b.ReportAllocs()
	for b.Loop() {
		if actors := pagesOf(all).Actors(0); len(actors) == 0 {
			b.Fatal("no actors")
		}
	}
}

// TestForgedOrganisation holds that a few records with a forged name do not say of which organisation a machine is.
func TestForgedOrganisation(t *testing.T) {
	fill := func(forged int) string {
		s := NewPages(Key{1})
		for i := range 40 {
			a := act(time.Duration(i)*10*time.Minute, "10.0.0.5", "web1", "run", "T1059", tocsin.Worked, tocsin.Medium)
			a.Place.Source = "case/web1/auth.log"
			s.Add(&a)
		}
		for i := range forged {
			a := act(time.Duration(i)*10*time.Minute, "198.51.100.7", fmt.Sprintf("h%d.forged.example", i), "login", "T1110", tocsin.Failed, tocsin.Low)
			a.Place.Source, a.Org = "case/web1/auth.log", "forged.example"
			s.Add(&a)
		}
		s.Whole()
		for _, a := range s.Actors(0) {
			if a.ID == "address:10.0.0.5" {
				return a.Deeds[0].Org
			}
		}
		return "no actor"
	}
	if org := fill(10); org != "" {
		t.Errorf("ten records of forty pages make it one of %q", org)
	}
	if org := fill(40); org != "forged.example" {
		t.Errorf("as many records as there are pages make it one of %q", org)
	}
}

// TestBulk holds that what is so frequent that it weighs nothing is still told of, once a kind and host.
func TestBulk(t *testing.T) {
	s := NewPages(Key{7})
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	add := func(n int, host, text string, level tocsin.Level) {
		for i := range n {
			a := tocsin.Action{Host: host, Verb: "alert", Text: text, Level: level, Time: at.Add(time.Duration(i) * 20 * time.Second)}
			a.Place = tocsin.Place{Time: a.Time, Source: "alerts", Record: uint64(i + 1)}
			s.Add(&a)
		}
	}
	add(5000, "dns1", "odd query", tocsin.Low)
	add(999, "dns2", "odd query", tocsin.Low)
	add(5000, "dns3", "query", tocsin.Informational)
	s.Whole()
	s.Actors(0.5)
	all := s.Bulk()
	if len(all) != 1 || all[0].N != 5000 || all[0].Host != "dns1" || all[0].Title != "odd query" || !all[0].Bulk || all[0].Last.Sub(all[0].First) != 4999*20*time.Second {
		t.Errorf("%+v", all)
	}
}
