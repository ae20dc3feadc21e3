package campaign

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// TestLastSteps holds that of a long campaign the last steps are told, and that what is left out in the middle is counted.
func TestLastSteps(t *testing.T) {
	var b strings.Builder
	b.WriteString(intrusion)
	for i := range 3 * maxSteps {
		fmt.Fprintf(&b, "%d  session:db1.corp.example/7 db1.corp.example run discovery T1033 worked 1.2 -\n", 60+i*40)
	}
	fmt.Fprintf(&b, "%d  session:db1.corp.example/7 db1.corp.example delete impact T1486 worked 6 -\n", 60+(3*maxSteps+1)*40)
	c := build(script(t, b.String())).Campaigns[0]
	check(t, c)
	last := c.Steps[len(c.Steps)-1]
	if last.Tactic != "impact" || last.Last != c.Last {
		t.Errorf("the ransom at %s is not the last step: %s at %s", c.Last, last.Tactic, last.Last)
	}
	if c.Steps[0].Tactic != "reconnaissance" || len(c.Steps) != maxSteps || c.Omitted["steps"] < 2*maxSteps {
		t.Errorf("%d steps, the first %s; %v are left out", len(c.Steps), c.Steps[0].Tactic, c.Omitted)
	}
	if !strings.Contains(c.Title, "impact") || !strings.Contains(strings.Join(c.Open, "\n"), "The last step seen is Impact, at "+c.Last.Format("2006-01-02 15:04")) {
		t.Errorf("%q, %q", c.Title, c.Open)
	}
}

// TestManyVictims holds that victims beyond the bound are counted, and that the first and the last ones stay.
func TestManyVictims(t *testing.T) {
	for _, n := range []int{900, maxVictims + 500} {
		var b strings.Builder
		b.WriteString(intrusion)
		for i := range n {
			fmt.Fprintf(&b, "%d  session:db1.corp.example/7 db1.corp.example delete impact T1486 worked 6 pc%d.corp.example\n", 20+i/60, i)
		}
		c := build(script(t, b.String())).Campaigns[0]
		check(t, c)
		if got := len(c.Victims) + c.Omitted["victims"]; got < n || got > n+3 {
			t.Errorf("%d victims are told and %d counted of %d", len(c.Victims), c.Omitted["victims"], n)
		}
		if len(c.Victims) > maxVictims {
			t.Errorf("%d victims", len(c.Victims))
		}
		has := map[string]bool{}
		for i := range c.Victims {
			has[c.Victims[i].Value] = true
		}
		for _, v := range []string{"web1.corp.example", "pc0.corp.example", fmt.Sprintf("pc%d.corp.example", n-1)} {
			if !has[v] {
				t.Errorf("of %d, %s is not told", n, v)
			}
		}
	}
}

// busy makes n actors that all do something telling: at one machine, in one organisation, with one mark, against one account, or
// each named by the others.
func busy(n int, where string) []*tocsin.Actor {
	var actors []*tocsin.Actor
	for i := range n {
		at := day.Add(time.Duration(i) * 5 * time.Second)
		host := fmt.Sprintf("h%d.corp.example", i)
		if where == "machine" {
			host = "bastion"
		}
		d := tocsin.Deed{N: 1, Weight: 6, Last: at}
		d.Time, d.Host, d.Verb, d.Tactic, d.Technique, d.Outcome, d.Level = at, host, "run", "execution", "T1059", tocsin.Worked, tocsin.Medium
		d.Place = tocsin.Place{Time: at, Source: "l", Record: uint64(i)}
		id := tocsin.Entity{Kind: "session", Value: fmt.Sprintf("%s/%d", host, i)}
		a := &tocsin.Actor{ID: "session:" + id.Value, Handles: []tocsin.Entity{id}, First: at, Last: at}
		switch where {
		case "organisation":
			d.Org = "corp.example"
		case "mark":
			d.Marks = []string{"token:a", fmt.Sprint("token:", i/2), "callback:x.relay.example"}
		case "account":
			d.On = []tocsin.Entity{{Kind: "user", Value: "root"}}
			a.Deeds = append(a.Deeds, d)
			d.Verb, d.On = "mail", []tocsin.Entity{{Kind: "user", Value: "root"}}
			a.Deeds = append(a.Deeds, d)
			d.Verb = "login"
		case "each other":
			d.On = []tocsin.Entity{{Kind: "host", Value: fmt.Sprintf("h%d.corp.example", (i+1)%n)}, {Kind: "host", Value: fmt.Sprintf("h%d.corp.example", i/2)}}
		}
		a.Deeds = append(a.Deeds, d)
		d.Verb, d.Tactic, d.Technique, d.Level = "create", "persistence", "T1543.003", tocsin.High
		a.Deeds = append(a.Deeds, d)
		actors = append(actors, a)
	}
	return actors
}

// TestWork holds that the pairs that are weighed grow with the deeds, whatever the deeds have in common.
func TestWork(t *testing.T) {
	for _, where := range []string{"machine", "organisation", "mark", "account", "each other"} {
		count := func(n int) (pairs, deeds int) {
			actors := busy(n, where)
			w := newWorld(actors, nil, nil)
			k := &knot{at: map[pair]int32{}}
			w.pivots(k)
			w.marks(k)
			w.coincidences(k)
			for _, a := range actors {
				deeds += len(a.Deeds)
			}
			return len(k.bonds), deeds
		}
		for _, n := range []int{500, 4000} {
			if pairs, deeds := count(n); pairs > 64*deeds {
				t.Errorf("%s: %d pairs of %d deeds", where, pairs, deeds)
			}
		}
		small, _ := count(500)
		if large, _ := count(4000); large > 10*small+100 {
			t.Errorf("%s: eight times the actors make %d pairs, before %d", where, large, small)
		}
	}
}

// TestManyActors holds that a campaign of more actors than are told agrees with itself in any order.
func TestManyActors(t *testing.T) {
	if testing.Short() {
		t.Skip("a few seconds")
	}
	for _, where := range []string{"machine", "each other"} {
		n := maxActors + 1000
		want := build(busy(n, where))
		if len(want.Campaigns) == 0 {
			t.Fatalf("%s: no campaign", where)
		}
		most := 0
		for _, c := range want.Campaigns {
			check(t, c)
			most = max(most, len(c.Actors)+c.Omitted["actors"])
		}
		t.Logf("%s: %d campaigns, the largest of %d actors", where, len(want.Campaigns), most)
		actors := busy(n, where)
		rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { actors[i], actors[j] = actors[j], actors[i] })
		got := build(actors)
		if len(got.Campaigns) != len(want.Campaigns) {
			t.Fatalf("%s: %d campaigns, in another order %d", where, len(want.Campaigns), len(got.Campaigns))
		}
		for i, c := range want.Campaigns {
			x := got.Campaigns[i]
			if x.ID != c.ID || x.Title != c.Title || cmp.Diff(x.Omitted, c.Omitted) != "" || cmp.Diff(x.Links, c.Links) != "" || cmp.Diff(x.Steps, c.Steps) != "" || len(x.Actors) != len(c.Actors) {
				t.Fatalf("%s: %s and %s", where, c.Title, x.Title)
			}
			for k := range c.Actors {
				if c.Actors[k].ID != x.Actors[k].ID {
					t.Fatalf("%s: actor %d is %s and %s", where, k, c.Actors[k].ID, x.Actors[k].ID)
				}
			}
		}
	}
}

// BenchmarkBuild says what a build costs for each actor, whatever they have in common.
func BenchmarkBuild(b *testing.B) {
	for _, where := range []string{"machine", "organisation", "mark", "account", "each other"} {
		for _, n := range []int{1000, 8000} {
			actors := busy(n, where)
			b.Run(fmt.Sprintf("%s-%d", strings.ReplaceAll(where, " ", "-"), n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					build(actors)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/actor")
			})
		}
	}
}
