package report

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestDegrees(t *testing.T) {
	actor := func(id string, tie tocsin.Tie) *tocsin.Actor {
		return &tocsin.Actor{ID: id, Handles: []tocsin.Entity{{Kind: "address", Value: id}}, Tie: tie}
	}
	step := func(tactic, by string, worked, failed int) tocsin.Step {
		return tocsin.Step{Tactic: tactic, Actions: 3, Worked: worked, Failed: failed, Actors: []string{by}}
	}
	onTime := tocsin.Join{From: "a", To: "b", Weight: 4, Rests: []string{"together"}, Lacks: []string{"account", "address", "tool", "host"}, Apart: 60e9}
	shares := tocsin.Join{From: "a", To: "b", Weight: 4, Rests: []string{"address"}, Shared: []string{"account:x"}, Lacks: []string{"address", "tool", "host"}}
	for _, c := range []struct {
		name           string
		c              tocsin.Campaign
		want           degree
		tactics, shown int
		says           string
	}{
		{"nothing is shown", tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{actor("a", tocsin.Core)}, Steps: []tocsin.Step{step("execution", "a", 0, 1)}}, degreeOpen, 1, 0, "Nothing shows that any of it worked"},
		{"all failed", tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{actor("a", tocsin.Core)}, Steps: []tocsin.Step{step("execution", "a", 0, 3)}}, degreeOpen, 0, 0, "Nothing shows"},
		{"all are weak", tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{actor("a", tocsin.Weak)}, Steps: []tocsin.Step{step("execution", "a", 2, 0)}}, degreeOpen, 1, 1, "No act of it is telling by itself"},
		{"time alone", tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{actor("a", tocsin.Core), actor("b", tocsin.Core)}, Steps: []tocsin.Step{step("execution", "a", 2, 0)}, Joins: []tocsin.Join{onTime}}, degreePart, 1, 1, "Weakest join: a and b"},
		{"a weak victim", tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{actor("a", tocsin.Core)}, Steps: []tocsin.Step{step("execution", "a", 2, 0)}, Victims: []tocsin.Victim{{Tie: tocsin.Weak}}}, degreePart, 1, 1, "1 of 1 victims"},
		{"unusual activity", tocsin.Campaign{Level: tocsin.Medium, Actors: []*tocsin.Actor{actor("a", tocsin.Core)}, Steps: []tocsin.Step{step("execution", "a", 2, 0)}}, degreeOpen, 1, 1, "Whether it is an intrusion is for you to find out"},
		{"less than half", tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{actor("a", tocsin.Core)}, Steps: []tocsin.Step{step("execution", "a", 2, 0), step("discovery", "a", 0, 1), step("impact", "a", 0, 1)}}, degreePart, 3, 1, "Of 1 of 3 tactics"},
		{"firm", tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{actor("a", tocsin.Core), actor("b", tocsin.Weak)}, Steps: []tocsin.Step{step("execution", "a", 2, 0), step("discovery", "a", 0, 1), step("impact", "b", 1, 0)}, Joins: []tocsin.Join{shares}}, degreeFirm, 2, 1, "Of 1 of 2 tactics a record"},
	} {
		got, tactics, shown := degreeOf(&c.c)
		if got != c.want || tactics != c.tactics || shown != c.shown {
			t.Errorf("%s: %d, %d tactics, %d shown", c.name, got, tactics, shown)
		}
		for _, w := range []*words{&english, &french} {
			a := dossier{w: w, h: &Hunt{}}
			said := a.frontSure(&c.c).plain()
			if !strings.HasPrefix(said, w.front().degrees[c.want]+". ") || w == &english && !strings.Contains(said, c.says) {
				t.Errorf("%s: %s", c.name, said)
			}
		}
	}
}

// Files that are no logs hide nothing.
func TestUnread(t *testing.T) {
	c := &Covered{FilesSkipped: 3, Skipped: []Reason{{Why: "text, but no log of a known format", N: 2}, {Why: "empty", N: 1}}}
	if unread(c) {
		t.Error("what is no log may hide something")
	}
	c.FilesSkipped = 4
	if !unread(c) {
		t.Error("a file whose reason is not listed hides nothing")
	}
}

// What machines spoke to is to be found out where nobody is told to block it, and it is none of the victims.
func TestToFind(t *testing.T) {
	c := &tocsin.Campaign{Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "host", Value: "web1"}, Reached: true}},
		Key: []tocsin.KeyEvent{{Kind: "control", On: []string{"address:10.1.2.3", "address:203.0.113.9", "address:198.51.100.7", "host:web1"}}}}
	a := dossier{w: &english, h: &Hunt{}}
	within, outside := a.toFind(c, []string{"203.0.113.9"})
	if strings.Join(within, " ") != "10.1.2.3" || strings.Join(outside, " ") != "198.51.100.7" {
		t.Errorf("%v, %v", within, outside)
	}
}

// Accounts that the intruder made are taken away, whatever their domain is called: they get no new password.
func TestMadeIsNotRenewed(t *testing.T) {
	c := &tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{{ID: "a", Tie: tocsin.Core, Handles: []tocsin.Entity{{Kind: "principal", Value: "arn:aws:iam::111122223333:user/metrics"}, {Kind: "principal", Value: "arn:aws:iam::111122223333:user/ci"}}}},
		Laid: []tocsin.Foothold{{KeyEvent: tocsin.KeyEvent{Kind: "account"}, Name: "metrics"}}}
	if got := strings.Join(actedOnIn(c).accounts, " "); got != "arn:aws:iam::111122223333:user/ci" {
		t.Errorf("locked: %s", got)
	}
}
