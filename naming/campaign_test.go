package naming

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// TestName: a campaign's addresses are told as the machines that they were in its time; it is not changed itself.
func TestName(t *testing.T) {
	at := func(h float64) time.Time { return day.Add(time.Duration(h * float64(time.Hour))) }
	n := collect(t, []*tocsin.Event{lease(8, "10.0.0.5", "lap7"), lease(13, "10.0.0.5", "lap8"), lease(8, "10.0.0.6", "fs01"), lease(8, "10.0.0.7", "pc1"),
		claim(9, "10.0.0.9", "pc2"), claim(9, "10.0.0.9", "pc3")}).Names()
	victim := func(kind, value string, from, to float64) tocsin.Victim {
		return tocsin.Victim{Entity: tocsin.Entity{Kind: kind, Value: value}, First: at(from), Last: at(to)}
	}
	c := &tocsin.Campaign{Victims: []tocsin.Victim{victim("address", "10.0.0.5", 9, 10), victim("address", "10.0.0.9", 9, 9), victim("user", "10.0.0.7", 9, 9), victim("address", "10.0.0.5", 9, 10)},
		Steps:  []tocsin.Step{{Hosts: []string{"10.0.0.6", "web1"}, First: at(9), Last: at(9)}},
		Actors: []*tocsin.Actor{{Handles: []tocsin.Entity{{Kind: "address", Value: "10.0.0.5"}}, First: at(14), Last: at(15)}}}
	got := n.Name(c, nobody)
	var names []string
	for _, x := range got.Names {
		names = append(names, fmt.Sprint(x.Of.Value, " ", x.Name.Value, " ", x.From.Source, ":", x.From.Record))
	}
	if d := cmp.Diff([]string{"10.0.0.5 lap7 a.log:800", "10.0.0.5 lap8 a.log:1300", "10.0.0.6 fs01 a.log:800"}, names); d != "" {
		t.Error(d)
	}
	if c.Names != nil {
		t.Error("the campaign itself was changed")
	}
	if none := (&tocsin.Campaign{Victims: []tocsin.Victim{victim("address", "10.7.7.7", 1, 2)}}); n.Name(none, nobody) != none {
		t.Error("a campaign of which nothing is known is made anew")
	}
	many := &tocsin.Campaign{Omitted: map[string]int{"steps": 3}}
	f := New([16]byte{})
	for i := range mostNamed + 5 {
		a := fmt.Sprintf("10.1.%d.%d", i>>8, i&255)
		f.See(lease(8, a, fmt.Sprintf("h%d", i)))
		many.Victims = append(many.Victims, victim("address", a, 8, 8))
	}
	if got := f.Names().Name(many, nobody); len(got.Names) != mostNamed || got.Omitted["names"] != 5 || got.Omitted["steps"] != 3 || many.Omitted["names"] != 0 {
		t.Errorf("%d names, left out %v", len(got.Names), got.Omitted)
	}
}

// nobody acts.
func nobody(string) bool { return false }

// TestClaimedName: a machine that claims another's name does not get it, as long as both are seen to act; it gets it where
// its own record says so, or two kinds of record.
func TestClaimedName(t *testing.T) {
	all := func(string) bool { return true }
	c := &tocsin.Campaign{Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "host", Value: "mail1"}, Also: []tocsin.Entity{{Kind: "address", Value: "10.0.0.66"}}, First: day, Last: day}}}
	for name, x := range map[string]struct {
		events []*tocsin.Event
		acts   func(string) bool
		want   int
	}{
		"one claim":                {[]*tocsin.Event{claim(1, "10.0.0.66", "mail1"), claim(2, "10.0.0.66", "mail1")}, all, 0},
		"one claim, nobody acts":   {[]*tocsin.Event{claim(1, "10.0.0.66", "mail1")}, nobody, 1},
		"two kinds of record":      {[]*tocsin.Event{claim(1, "10.0.0.66", "mail1"), lease(1, "10.0.0.66", "mail1")}, all, 1},
		"the machine's own record": {[]*tocsin.Event{ownRecord(1, "10.0.0.66", "mail1")}, all, 1},
	} {
		n := collect(t, x.events).Names()
		if got := n.Name(c, x.acts); len(got.Names) != x.want {
			t.Errorf("%s: %d names, want %d", name, len(got.Names), x.want)
		}
		if host, sure := n.Host("10.0.0.66", day.Add(time.Hour)); host != "mail1" || sure != (name[0] == 't') {
			t.Errorf("%s: %q, sure %v", name, host, sure)
		}
	}
}

// TestOthers: the further names of machines and accounts, whichever is asked for.
func TestOthers(t *testing.T) {
	security := []tocsin.LogSource{{Product: "windows", Service: "security"}}
	n := collect(t, []*tocsin.Event{
		event(security, day, 1, "EventID", "4624", "TargetDomainName", "CORP", "TargetUserName", "ann", "TargetUserSid", "S-1-5-21-1-2-3-1104"),
		event(security, day, 2, "EventID", "4624", "TargetDomainName", "CORP", "TargetUserName", "FS01$", "TargetUserSid", "S-1-5-21-1-2-3-1001"),
	}).Names()
	for _, c := range [][3]string{{"user", `corp\ann`, "[S-1-5-21-1-2-3-1104]"}, {"user", "s-1-5-21-1-2-3-1104", `[corp\ann]`}, {"user", `CORP\Ann`, "[S-1-5-21-1-2-3-1104]"},
		{"host", "S-1-5-21-1-2-3-1001", "[fs01]"}, {"host", "fs02", "[]"}} {
		if got := fmt.Sprint(n.Others(c[0], c[1])); got != c[2] {
			t.Errorf("%s %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
