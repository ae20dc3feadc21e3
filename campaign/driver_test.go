package campaign

import (
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A campaign's driver and its share without a person are never told against each other.
func TestDriverAndShareAgree(t *testing.T) {
	for _, c := range []struct {
		sums  [tocsin.Agent + 1]float64
		want  tocsin.Driver
		share map[float64]bool // by share done without a person: whether it is told
	}{
		{[4]float64{0, 5, 5, 90}, tocsin.Agent, map[float64]bool{0.02: false, 0.9: true}},
		{[4]float64{0, 5, 80, 15}, tocsin.Script, map[float64]bool{0.02: false, 0.9: true}},
		{[4]float64{0, 90, 5, 5}, tocsin.Human, map[float64]bool{0.02: true, 0.9: false}},
		{[4]float64{0, 10, 45, 45}, tocsin.Undecided, map[float64]bool{0.02: false, 0.9: true}}, // a machine's, whichever
		{[4]float64{0, 50, 5, 45}, tocsin.Undecided, map[float64]bool{0.02: false, 0.9: false}},
		{[4]float64{}, tocsin.Undecided, map[float64]bool{0.02: false, 0.9: false}},
	} {
		d := driver(c.sums)
		if d != c.want {
			t.Errorf("%v is driven by %s, want %s", c.sums, d, c.want)
		}
		for value, told := range c.share {
			if agrees(&tocsin.Share{Value: value}, d, c.sums) != told {
				t.Errorf("%s of %v: a share of %v is told: %t", d, c.sums, value, !told)
			}
		}
	}
}

// A quiet between two actors is nobody's decision, and shares that tell no agent stay so.
func TestGatesAreOfOneActor(t *testing.T) {
	at := func(seconds ...int64) tocsin.Ticks {
		var all tocsin.Ticks
		for _, s := range seconds {
			all = append(all, tocsin.Tick{Time: s * 1e9})
		}
		return all
	}
	ann := &tocsin.Actor{ID: "user:ann", Ticks: []tocsin.Ticks{at(10, 20), at(900)}}
	bob := &tocsin.Actor{ID: "user:bob", Ticks: []tocsin.Ticks{at(950)}}
	c := &tocsin.Campaign{Actors: []*tocsin.Actor{ann, bob}}
	gate := func(quiet, then int64) *tocsin.Gate {
		return &tocsin.Gate{Quiet: time.Unix(quiet, 0), Time: time.Unix(then, 0)}
	}
	if !ofOne(c, gate(20, 900)) || ofOne(c, gate(20, 950)) || ofOne(c, gate(900, 950)) {
		t.Error("a quiet is taken for one actor's that is not, or the other way round")
	}
	for _, share := range []map[string]float64{{"human": 0.1, "script": 0.9}, {"human": 0.1, "script": 0.8, "agent": 0.1}} {
		one := &tocsin.Actor{ID: "user:ann", Driver: tocsin.Script, Share: share, Ticks: []tocsin.Ticks{{{Time: 1e9, Log: 1, Typed: true, Text: 1}}}}
		c := &tocsin.Campaign{Actors: []*tocsin.Actor{one}}
		judge(c)
		_, want := share["agent"]
		if _, got := c.Share["agent"]; got != want || c.Driver != tocsin.Script {
			t.Errorf("%v becomes %v, %s", share, c.Share, c.Driver)
		}
	}
}
