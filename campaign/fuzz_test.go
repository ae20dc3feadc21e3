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

// actorsOf makes actors of bytes, eight for a deed: few names and places, so that there is much to join. of takes the first
// deeds only; less than all makes what was known earlier.
func actorsOf(b []byte, of int) []*tocsin.Actor {
	by := map[string]*tocsin.Actor{}
	var all []*tocsin.Actor
	tactics := []string{"", "reconnaissance", "initial-access", "execution", "persistence", "credential-access", "discovery", "lateral-movement", "collection", "command-and-control", "exfiltration", "impact"}
	gaps := []time.Duration{0, time.Second, time.Minute, 9 * time.Minute, 40 * time.Minute, 3 * time.Hour, 20 * time.Hour, 50 * time.Hour}
	weights := []float64{0, 0.4, 0.6, 1.2, 2, 2.5, 4, 6}
	at := day
	for n := 0; len(b) >= 8 && n < min(of, 300); n++ {
		x := b[:8]
		b = b[8:]
		at = at.Add(gaps[x[0]&7])
		host := fmt.Sprintf("h%d.%s.example", (x[0]>>3)&7, []string{"corp", "other"}[x[0]>>7])
		who := []string{"address:203.0.113.1", "address:198.51.100.7", "address:10.0.0.1", "session:" + host + "/7", "session:" + host + "/8", "user:corp\\eve", "host:" + host, "agent:bot"}[x[1]&7]
		a := by[who]
		if a == nil {
			kind, value, _ := strings.Cut(who, ":")
			a = &tocsin.Actor{ID: who, Handles: []tocsin.Entity{{Kind: kind, Value: value}}, Local: kind == "host", First: at}
			if x[1]&0x80 != 0 && !a.Local {
				a.Handles = append(a.Handles, tocsin.Entity{Kind: "address", Value: fmt.Sprintf("10.0.0.%d", x[1]>>3)})
				a.Links = []tocsin.Link{{From: who, To: "address:" + a.Handles[1].Value, Kind: "credential", Weight: 5, Time: at, Evidence: fmt.Sprintf("both use the same credential \"%016x\", as 2 of %d do", x[7]&7, of)}}
			}
			by[who] = a
			all = append(all, a)
		}
		w := weights[x[2]&7]
		d := tocsin.Deed{N: 1 + int(x[3]>>6), Last: at.Add(time.Duration(x[3]&7) * time.Second), Weight: w}
		d.Time, d.Host, d.Org = at, host, host[3:]
		d.Verb = tocsin.Verbs[int(x[4])%len(tocsin.Verbs)]
		d.Tactic = tactics[int(x[3]>>2)%len(tactics)]
		if d.Tactic != "" {
			d.Technique = fmt.Sprintf("T10%d", x[4]>>6)
		}
		d.Outcome = tocsin.Outcome((x[2] >> 3) & 3)
		switch {
		case w >= 4:
			d.Level = tocsin.High
		case w >= 2:
			d.Level = tocsin.Medium
		case w > 0:
			d.Level = tocsin.Low
		}
		switch x[5] & 7 {
		case 0, 1:
			d.On = []tocsin.Entity{{Kind: "host", Value: fmt.Sprintf("h%d.corp.example", x[5]>>5)}}
		case 2:
			d.On = []tocsin.Entity{{Kind: "address", Value: fmt.Sprintf("10.0.0.%d", x[5]>>3)}, {Kind: "host", Value: host}}
		case 3:
			d.On = []tocsin.Entity{{Kind: "user", Value: fmt.Sprintf("corp\\u%d", x[5]>>5)}}
		case 4:
			d.On = []tocsin.Entity{{Kind: "domain", Value: fmt.Sprintf("x%d.relay.example", x[5]>>6)}}
		}
		switch x[6] & 7 {
		case 0:
			d.Marks = []string{fmt.Sprintf("callback:x%d.relay.example", x[6]>>6)}
		case 1:
			d.Credential = fmt.Sprintf("key:%016x", x[7]&7)
			d.Marks = []string{d.Credential}
		case 2:
			d.Marks = []string{fmt.Sprintf("agent:ua%d", x[6]>>5)}
		}
		if x[7]&8 != 0 {
			d.Rules = []*tocsin.Rule{{Title: fmt.Sprint("rule ", x[7]>>6), Level: d.Level}}
		}
		if x[7] == 0xf0 {
			d.N = 0
		}
		d.Who = a.Handles[:1]
		d.Text = fmt.Sprint("text ", x[6])
		d.Bytes = int64(x[7])
		d.Place = tocsin.Place{Time: at, Source: "log", Record: uint64(n + 1)}
		d.Spans = []tocsin.Span{{Source: "log", From: uint64(n + 1), To: uint64(n + 1)}}
		a.Deeds = append(a.Deeds, d)
		a.Last = later(a.Last, d.Last)
	}
	return all
}

// check fails if a campaign does not agree with itself.
func check(t *testing.T, c *tocsin.Campaign) {
	t.Helper()
	in := map[string]bool{}
	for _, a := range c.Actors {
		if in[a.ID] {
			t.Errorf("%s is in it twice", a.ID)
		}
		in[a.ID] = true
	}
	sums := map[[2]string]float64{}
	near := map[string]string{}
	var root func(string) string
	root = func(s string) string {
		if up, ok := near[s]; ok {
			return root(up)
		}
		return s
	}
	for _, l := range c.Links {
		if !in[l.From] || !in[l.To] || l.From == l.To {
			t.Errorf("a link from %q to %q, which are not two of its actors", l.From, l.To)
		}
		if l.Weight <= 0 || l.Evidence == "" || l.Tie == "" || len(l.Places) == 0 || len(l.Places) > 4 {
			t.Errorf("%+v", l)
		}
		sums[[2]string{l.From, l.To}] += l.Weight
		if x, y := root(l.From), root(l.To); x != y {
			near[x] = y
		}
	}
	for p, s := range sums {
		if s < joined-1e-9 && c.Omitted["links"] == 0 {
			t.Errorf("%v are joined by %.3f", p, s)
		}
	}
	roots := map[string]bool{}
	for id := range in {
		roots[root(id)] = true
	}
	if len(roots) != 1 && c.Omitted["links"]+c.Omitted["actors"] == 0 {
		t.Errorf("its actors are in %d parts that no link joins", len(roots))
	}
	if c.Alerts > c.Actions || c.Alerts < 0 {
		t.Errorf("%d alerts of %d actions", c.Alerts, c.Actions)
	}
	if c.Level < tocsin.Medium || c.Why == "" || c.Title == "" || c.ID == "" {
		t.Errorf("%s %q %q %q", c.Level, c.Why, c.Title, c.ID)
	}
	victims := map[string]bool{}
	for i := range c.Victims {
		v := &c.Victims[i]
		k := v.Kind + ":" + v.Value
		if victims[k] {
			t.Errorf("victim %s twice", k)
		}
		victims[k] = true
		if v.First.Before(c.First) || v.Last.After(c.Last) || v.Last.Before(v.First) || v.Actions > c.Actions {
			t.Errorf("victim %s of %s to %s, %d actions, in a campaign of %s to %s, %d actions", k, v.First, v.Last, v.Actions, c.First, c.Last, c.Actions)
		}
	}
	acts := 0
	for i := range c.Steps {
		s := &c.Steps[i]
		if s.First.Before(c.First) || s.Last.After(c.Last) || s.Last.Before(s.First) || i > 0 && s.First.Before(c.Steps[i-1].First) {
			t.Errorf("step %d of %s to %s in a campaign of %s to %s", i, s.First, s.Last, c.First, c.Last)
		}
		if s.Worked+s.Failed > s.Actions || len(s.Places) == 0 || len(s.Places) > 8 || len(s.Commands) > 8 || s.Summary == "" {
			t.Errorf("step %+v", s)
		}
		for _, a := range s.Actors {
			if !in[a] && c.Omitted["actors"] == 0 {
				t.Errorf("step %d is of %s, who is not in it", i, a)
			}
		}
		acts += s.Actions
	}
	if acts > c.Actions {
		t.Errorf("the steps have %d actions of %d", acts, c.Actions)
	}
	for list, most := range map[string][2]int{"steps": {maxSteps, len(c.Steps)}, "victims": {maxVictims, len(c.Victims)}, "links": {maxLinks, len(c.Links)}, "actors": {maxActors, len(c.Actors)}} {
		if n := c.Omitted[list]; n < 0 || most[1] > most[0] || n > 0 && most[1] != most[0] {
			t.Errorf("%d %s are left out of %d, the bound is %d", n, list, most[1], most[0])
		}
	}
	for i, s := range c.Records {
		if s.From > s.To || i > 0 && s.Source == c.Records[i-1].Source && s.From <= c.Records[i-1].To {
			t.Errorf("records %v", c.Records)
		}
	}
	if !slices.IsSorted(c.Orgs) || len(c.Anchors) > tocsin.MaxAnchors || len(c.Anchors) == 0 || len(c.Rules) > 40 || len(c.Leads) > 40 {
		t.Errorf("organisations %v, %d anchors, %d rules, %d leads", c.Orgs, len(c.Anchors), len(c.Rules), len(c.Leads))
	}
}

// FuzzCampaigns holds that actors in any order give the same campaigns, that a Board that has built before builds what a new
// one does, and that each campaign agrees with itself.
func FuzzCampaigns(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 5))
	for n := range 40 {
		b := make([]byte, 8*(4+n*3))
		for i := range b {
			b[i] = byte(rng.Uint32())
			if i%8 == 0 && n%2 == 0 {
				b[i] &= 0x83
			}
		}
		f.Add(b, uint64(n))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		actors := actorsOf(b, 300)
		all := 0
		ids := map[string]bool{}
		for _, a := range actors {
			all += len(a.Deeds)
		}
		want := build(actors)
		n := 0
		for _, c := range want.Campaigns {
			check(t, c)
			n += c.Actions
			if ids[c.ID] {
				t.Errorf("two campaigns are %s", c.ID)
			}
			ids[c.ID] = true
		}
		rng := rand.New(rand.NewPCG(seed, 3))
		board := &Board{}
		for _, of := range []int{all * 1 / 3, all * 2 / 3, all - 1, all, all} {
			known := actorsOf(b, of)
			rng.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
			got := board.Build(known)
			fresh := build(actorsOf(b, of))
			if d := cmp.Diff(fresh, got); d != "" {
				t.Fatalf("of %d deeds: %s", of, d)
			}
		}
	})
}
