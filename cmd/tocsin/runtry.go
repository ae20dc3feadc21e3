package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
)

// Bounds of trying rules, of all workers together.
const (
	tryHits  = 100_000  // events that correlations count
	tryBytes = 64 << 20 // of these
	tryHosts = 10_000   // that are told apart
	tryShown = 50       // hosts
	maxFits  = 1_000
)

// errTryFull ends a trial whose correlations count more than is kept.
var errTryFull = errors.New("correlations count more events than a trial keeps")

// Try holds rules that are not in use against what is kept. One trial goes on at a time, on half of the processors, so that the
// run has the others.
func (v *service) Try(ctx context.Context, t console.Trial) (*console.Tried, error) {
	if v.archive == nil {
		return nil, errNoEvents
	}
	if !v.trying.TryLock() {
		return nil, console.Refused("another rule is being tried; try again when it is done")
	}
	defer v.trying.Unlock()
	set, out := triedRules(t.Rules)
	if len(out.Faults) > 0 {
		return out, nil
	}
	if len(set.Rules()) == 0 {
		return nil, console.Refused("there is no rule")
	}
	defer v.archive.Hold()()
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	workers := max(1, runtime.GOMAXPROCS(0)/2)
	full := func() { stop(errTryFull) }
	all := []*trial{newTrial(set, t.Limit, workers, full)} // to which the others are added
	err := v.kept(reading, engine.Input{From: t.From, To: t.To, Workers: workers}, t.Tenant, func(int) engine.Desk {
		all = append(all, newTrial(set, t.Limit, workers, full))
		return all[len(all)-1]
	})
	switch why := context.Cause(reading); {
	case errors.Is(why, errTryFull):
		out.More = "count"
	case err == nil:
	case errors.Is(why, context.DeadlineExceeded):
		out.More = "time"
	default:
		return nil, err
	}
	out.First = v.hidden(joinTrials(all, out), t.Tenant)
	return out, nil
}

// triedRules are rules ready for use, and what is wrong with them.
func triedRules(text string) (*sigma.Set, *console.Tried) {
	r := ruleset{files: []rules.File{{Path: "rule", Data: []byte(text)}}}
	parsed, faults := parseRules(r.files)
	r.rejected = faults
	r.set, faults = sigma.Compile(parsed, r.options)
	r.rejected = append(r.rejected, faults...)
	out := &console.Tried{}
	of := func(all []*tocsin.Fault) (told []console.RuleFault) {
		for _, f := range all {
			told = append(told, console.RuleFault{Line: f.Line, Rule: f.Rule, What: f.Err.Error(), Hint: f.Hint})
		}
		slices.SortStableFunc(told, func(a, b console.RuleFault) int { return cmp.Compare(a.Line, b.Line) })
		return told
	}
	out.Faults, out.Notes = of(r.allFaults()), of(r.set.Notes())
	for _, f := range sigma.Lint(r.lint(), r.knownField()) {
		if f.Severity >= sigma.Warning {
			out.Notes = append(out.Notes, console.RuleFault{Line: f.Line, Rule: f.Rule, What: f.Text, Hint: f.Hint})
		}
	}
	return r.set, out
}

// A trial is one worker's part of trying rules.
type trial struct {
	set     *sigma.Set
	matcher *sigma.Matcher
	shelf   *tocsin.Shelf
	series  *sigma.Correlator
	held    []int
	fits    map[*tocsin.LogSource]bool // whether a rule is for events of these log sources, which events share
	limit   int                        // matches that are shown
	share   int64                      // of how many trials this is one
	full    func()

	events, fitting, matches int64
	hosts                    map[string]*int64
	first                    []*tocsin.Match // in order
}

func newTrial(set *sigma.Set, limit, workers int, full func()) *trial {
	d := &trial{set: set, matcher: set.Matcher(), shelf: &tocsin.Shelf{}, fits: map[*tocsin.LogSource]bool{}, limit: limit, share: int64(workers), full: full, hosts: map[string]*int64{}}
	d.series = set.Correlator(d.shelf)
	return d
}

// Event holds the rules against one event.
func (d *trial) Event(ev *tocsin.Event) {
	d.events++
	if d.fit(ev.Sources) {
		d.fitting++
	}
	d.held = d.held[:0]
	d.matcher.Match(ev, func(rule int) { d.held = append(d.held, rule) })
	if slices.ContainsFunc(d.held, d.set.Correlated) {
		if d.series.Stats().Hits >= tryHits/d.share || d.shelf.Bytes() >= tryBytes/d.share {
			d.full()
			return
		}
		d.series.Add(ev, d.shelf.Put(ev), d.held...)
	}
	for _, rule := range d.held {
		if d.set.Alerts(rule) {
			d.found(&tocsin.Match{Time: ev.Time, Rule: &d.set.Rules()[rule].Rule, Event: ev}, func() []tocsin.Field { return d.matcher.Held(ev, rule) })
		}
	}
}

// fit says that a rule is for events of these log sources.
func (d *trial) fit(sources []tocsin.LogSource) bool {
	of := func() bool {
		for i, r := range d.set.Rules() {
			if r.Detection != nil && d.set.Applies(i, sources) {
				return true
			}
		}
		return false
	}
	if len(sources) == 0 {
		return of()
	}
	fits, ok := d.fits[&sources[0]]
	if !ok {
		if fits = of(); len(d.fits) == maxFits {
			clear(d.fits)
		}
		d.fits[&sources[0]] = fits
	}
	return fits
}

// matchOrder is the order in which matches are shown.
func matchOrder(a, b *tocsin.Match) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Event.Source, b.Event.Source), cmp.Compare(a.Event.Record, b.Event.Record), strings.Compare(a.Rule.Title, b.Rule.Title))
}

// found counts a match, and keeps it where it is one of the first. held is asked then for the fields that made it hold.
func (d *trial) found(m *tocsin.Match, held func() []tocsin.Field) {
	d.matches++
	if n := d.hosts[m.Event.Host]; n != nil {
		*n++
	} else if len(d.hosts) < tryHosts {
		d.hosts[strings.Clone(m.Event.Host)] = new(int64(1))
	}
	if len(d.first) == d.limit && matchOrder(m, d.first[d.limit-1]) >= 0 {
		return
	}
	if held != nil {
		for _, f := range held() {
			m.Held = append(m.Held, tocsin.Field{Name: strings.Clone(f.Name), Value: strings.Clone(f.Value)})
		}
	}
	m.Event = m.Event.Clone()
	at, _ := slices.BinarySearchFunc(d.first, m, matchOrder)
	d.first = slices.Insert(d.first, at, m)
	d.first = d.first[:min(len(d.first), d.limit)]
}

// joinTrials adds up what came of the parts of a trial in the first of them, and gives the first matches.
func joinTrials(all []*trial, out *console.Tried) []*tocsin.Match {
	sum := all[0]
	for _, d := range all[1:] {
		sum.series.Merge(d.series)
	}
	sum.series.Finish(func(m *tocsin.Match) {
		c := *m
		sum.found(&c, nil)
	})
	for _, d := range all[1:] {
		sum.events, sum.fitting, sum.matches = sum.events+d.events, sum.fitting+d.fitting, sum.matches+d.matches
		for host, n := range d.hosts {
			if to := sum.hosts[host]; to != nil {
				*to += *n
			} else {
				sum.hosts[host] = n
			}
		}
		sum.first = append(sum.first, d.first...)
	}
	slices.SortFunc(sum.first, matchOrder)
	out.Events, out.Fitting, out.Matches = sum.events, sum.fitting, sum.matches
	for _, host := range slices.Sorted(maps.Keys(sum.hosts)) {
		out.Hosts = append(out.Hosts, console.HostMatches{Host: host, Matches: *sum.hosts[host]})
	}
	slices.SortStableFunc(out.Hosts, func(a, b console.HostMatches) int { return cmp.Compare(b.Matches, a.Matches) })
	out.MoreHosts = max(0, len(out.Hosts)-tryShown)
	out.Hosts = out.Hosts[:len(out.Hosts)-out.MoreHosts]
	return sum.first[:min(len(sum.first), sum.limit)]
}
