package sigma_test

import (
	"slices"
	"testing"

	"github.com/tocsin-ids/tocsin"
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

// The matcher and the naive evaluator agree event for event.
func TestAttackSamplesNaively(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	compare(t, hq(t, nil), attackSamples(t))
}
