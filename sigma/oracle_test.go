package sigma_test

import (
	"context"
	"slices"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/sigma"
)

// compare runs the matcher and the naive evaluator over events and reports every event whose matches differ. It
// returns the number of (event, rule) pairs.
func compare(t *testing.T, s *sigma.Set, events []*tocsin.Event) int {
	t.Helper()
	o := newNaive()
	m := s.Matcher()
	pairs, bad := 0, 0
	for _, ev := range events {
		var got, want []int
		m.Match(ev, func(r int) { got = append(got, r) })
		for i, r := range s.Rules() {
			if o.applies(r, ev) && o.holds(r, ev) {
				want = append(want, i)
			}
		}
		pairs += len(want)
		if !slices.Equal(got, want) {
			if bad++; bad <= 10 {
				t.Errorf("%s %d: matcher %v, naive evaluator %v", ev.Source, ev.Record, titles(s, got), titles(s, want))
			}
		}
	}
	return pairs
}

func titles(s *sigma.Set, rules []int) []string {
	var all []string
	for _, r := range rules {
		all = append(all, s.Rules()[r].Title)
	}
	return all
}

// An event that no rule holds for costs no allocation, whatever is looked up in it.
func TestNoAllocation(t *testing.T) {
	s := compileOne(t, rule("  s:\n    F|contains: [needle, straw]\n    G|endswith: '\\x.exe'\n    H|re: 'a+b.*needle'\n  k: [keyword]\n  condition: s or k\n"), sigma.Options{})
	ev := &tocsin.Event{Fields: fields("F=Some STRAW and Ähnliches", `G=C:\X.EXE`, "H=aab needles", "other=x"), Raw: "a line of text"}
	ev.Fields[2].Value = "aab needl needle"[:9]
	m := s.Matcher()
	n := testing.AllocsPerRun(100, func() { m.Match(ev, func(int) { t.Fatal("matched") }) })
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The matcher and the naive evaluator agree event for event.
func TestAttackSamplesNaively(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	compare(t, hq(t, nil), attackSamples(t))
}

// A checker holds events as they are decoded against the naive evaluator: every match, and of every so many'th event,
// matched or not, all rules. A kind of event, of one format and log source, is looked at more often while it is new.
type checker struct {
	t             *testing.T
	s             *sigma.Set
	m             *sigma.Matcher
	o             *naive
	events, pairs int
	checked       int
	seen          map[string]int
}

func (c *checker) Event(ev *tocsin.Event) {
	c.events++
	var got []int
	c.m.Match(ev, func(r int) { got = append(got, r) })
	c.pairs += len(got)
	kind := ev.Format
	if len(ev.Sources) > 0 {
		kind += ev.Sources[0].String()
	}
	c.seen[kind]++
	all := c.seen[kind] <= 20 || c.events%500 == 0
	for i, r := range c.s.Rules() {
		held := slices.Contains(got, i)
		if !held && !all {
			continue
		}
		if want := c.o.applies(r, ev) && c.o.holds(r, ev); held != want {
			c.t.Errorf("%s %d: %s: matcher %v, naive evaluator %v", ev.Source, ev.Record, r.Title, held, want)
		}
	}
	if all {
		c.checked++
	}
}

// Over all recordings, whatever their format, the matcher agrees with the naive evaluator.
func TestRecordingsNaively(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	s := hq(t, nil)
	c := &checker{t: t, s: s, m: s.Matcher(), o: newNaive(), seen: map[string]int{}}
	in := engine.Input{Workers: 1}
	for _, d := range []string{"windows/otrf-atomic", "windows/deepblue-yamato.tar.gz", "windows/benign-evtx-omer.tar.gz", "linux", "web", "network", "cloud", "agents/native", "campaign"} {
		in.Paths = append(in.Paths, data(t, d))
	}
	if _, err := engine.Read(context.Background(), in, func(int) engine.Desk { return c }); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events of %d kinds, %d matches, %d events checked against all rules", c.events, len(c.seen), c.pairs, c.checked)
}
