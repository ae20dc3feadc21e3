package actor

import (
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// session is a session's calls: dated, or with only their order known.
func session(source string, from uint64, n int, at time.Time) (all []*tocsin.Action) {
	for i := range n {
		a := &tocsin.Action{Verb: "scan", Tactic: "discovery", Technique: "T1046", Tool: "nmap", Level: tocsin.Medium, Outcome: tocsin.Worked, Log: "session",
			Text: fmt.Sprintf("nmap -sV -p %d,%d --open 192.0.2.%d", i*7+1, i*13+5, i+1), Who: []tocsin.Entity{{Kind: "agent", Value: "p-1"}},
			Place: tocsin.Place{Source: source, Record: tocsin.Nth(from, int64(i+1))}}
		if !at.IsZero() {
			a.Time = at.Add(time.Duration(i) * time.Minute)
			a.Place.Time = a.Time
		}
		all = append(all, a)
	}
	return all
}

// TestOrderWithoutTimes holds that calls without times are judged in the order of their log, whatever the order in which they
// come, and that no time is made up for them.
func TestOrderWithoutTimes(t *testing.T) {
	undated := session("a.jsonl", 7, 12, time.Time{})
	tell := func(order func(i int) int) *tocsin.Actor {
		s := NewPages(Key{1})
		for i := range undated {
			s.Add(undated[order(i)])
		}
		all := s.Actors(0.1)
		if len(all) != 1 {
			t.Fatalf("%d actors", len(all))
		}
		s.Describe(all[0])
		return all[0]
	}
	a, b := tell(func(i int) int { return i }), tell(func(i int) int { return len(undated) - 1 - i })
	if len(a.Ticks) != 1 || len(a.Ticks[0]) != 12 || a.Driver != tocsin.Agent || b.Driver != a.Driver || fmt.Sprint(a.Evidence) != fmt.Sprint(b.Evidence) {
		t.Errorf("%v %v, %v", a.Driver, a.Evidence, b.Driver)
	}
	for i, k := range a.Ticks[0] {
		if k.Dated() || k.End != 0 || i > 0 && k.Time <= a.Ticks[0][i-1].Time {
			t.Errorf("tick %d: %+v", i, k)
		}
	}
	if !a.First.IsZero() || !a.Last.IsZero() || a.Tempo.Actions != 0 || len(a.Tempo.Gaps) != 0 {
		t.Errorf("times are made up: %v to %v, %+v", a.First, a.Last, a.Tempo)
	}
}

// TestOrderOfOtherLogs holds that only a session's log is taken for a list of what was done in order, and that undated calls
// show no gaps beside dated ones.
func TestOrderOfOtherLogs(t *testing.T) {
	if k := TickOf(&tocsin.Action{Log: "program", Place: tocsin.Place{Record: 9}}); k.Time != 0 {
		t.Errorf("%+v", k)
	}
	var ticks tocsin.Ticks
	for _, a := range append(session("a.jsonl", 1, 12, time.Time{}), session("b.jsonl", 1, 12, time.Unix(1772445600, 0))...) {
		ticks = append(ticks, TickOf(a))
	}
	ticks.Sort()
	var c counts
	c.count(ticks.Acts())
	if c.all[famText] != 24 || c.all[famGap] != 11 {
		t.Errorf("%d texts, %d gaps", c.all[famText], c.all[famGap])
	}
	if n := len(ticks.Events()); n != 12 {
		t.Errorf("%d events with times", n)
	}
}
