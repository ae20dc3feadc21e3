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
	got := n.Name(c)
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
	if none := (&tocsin.Campaign{Victims: []tocsin.Victim{victim("address", "10.7.7.7", 1, 2)}}); n.Name(none) != none {
		t.Error("a campaign of which nothing is known is made anew")
	}
	many := &tocsin.Campaign{Omitted: map[string]int{"steps": 3}}
	f := New([16]byte{})
	for i := range mostNamed + 5 {
		a := fmt.Sprintf("10.1.%d.%d", i>>8, i&255)
		f.See(lease(8, a, fmt.Sprintf("h%d", i)))
		many.Victims = append(many.Victims, victim("address", a, 8, 8))
	}
	if got := f.Names().Name(many); len(got.Names) != mostNamed || got.Omitted["names"] != 5 || got.Omitted["steps"] != 3 || many.Omitted["names"] != 0 {
		t.Errorf("%d names, left out %v", len(got.Names), got.Omitted)
	}
}
