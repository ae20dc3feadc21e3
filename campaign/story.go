package campaign

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A story is what a group of members did, on its way to a campaign.
type story struct {
	w   *world
	g   []*member
	all []*tocsin.Deed // in order of time
	by  map[*tocsin.Deed]*member
	act map[*tocsin.Deed]*act
	at  map[standing]*tocsin.Deed // the counted ones; see story.counted
	c   *tocsin.Campaign

	keys   numbering
	since  time.Time         // of the first contact or sign
	called map[string]string // what machines that deeds name are told as
}

// campaign tells what a group of members did. If it came to something, they are described. Drivers are judged later.
func (w *world) campaign(g []*member, describe func(*tocsin.Actor)) *tocsin.Campaign {
	s := &story{w: w, g: g, by: map[*tocsin.Deed]*member{}, c: &tocsin.Campaign{}}
	c := s.c
	orgs := map[string]bool{}
	for _, m := range g {
		for i := range m.Deeds {
			d := &m.Deeds[i]
			s.by[d] = m
			s.all = append(s.all, d)
			if d.Org != "" && d.Weight > 0 {
				orgs[d.Org] = true
			}
			c.Sparse = c.Sparse || d.Sparse
		}
	}
	slices.SortStableFunc(s.all, func(x, y *tocsin.Deed) int {
		if x.Time.IsZero() && y.Time.IsZero() {
			return x.Place.Compare(y.Place) // the order of their log is all that is known
		}
		return x.Time.Compare(y.Time)
	})
	s.acts()
	for _, d := range s.all {
		if a := s.act[d]; a.lead == d {
			c.Actions += a.n
			if a.alert {
				c.Alerts += max(a.n, 1) // what a correlation says of an event is one more alert about an action that is counted
			}
		}
		if !d.Time.IsZero() && (c.First.IsZero() || d.Time.Before(c.First)) {
			c.First = d.Time
		}
		c.Last = later(c.Last, d.Last)
	}
	c.Alerts = min(c.Alerts, c.Actions)
	s.victims()
	c.Level, c.Why = severity(s.all, c, func(d *tocsin.Deed) tocsin.Outcome { return s.act[d].outcome() })
	if c.Level < tocsin.Medium {
		return c // which nobody is told of
	}
	if describe != nil {
		for _, m := range g {
			describe(m.Actor)
		}
	}
	s.keys = number(s.all)
	s.actors()
	c.Orgs = organisations(orgs)
	s.steps()
	s.finish()
	s.keyEvents()
	s.begin()
	s.footholds()
	s.indicators()
	c.Data = s.data()
	c.LoggedIn = s.loggedIn()
	c.Rules = rules(s.all)
	c.Records = records(s.all)
	s.open()
	s.cut()
	c.Title = Title(c)
	s.names()
	return c
}

// organisations are those of some names that are known to be of one each, in order: domains, or where there are more of them,
// accounts and projects of clouds. Whose an account is that is met beside domains is not known: it is likely to be of one of them.
func organisations(all map[string]bool) []string {
	var domains, accounts []string
	for o := range all {
		if strings.Contains(o, ".") && !strings.Contains(o, ":") {
			domains = append(domains, o)
		} else {
			accounts = append(accounts, o)
		}
	}
	if len(accounts) > len(domains) {
		domains = accounts
	}
	slices.Sort(domains)
	return domains
}

// begin makes a campaign begin with the first act of it that is told: what its actors did before is ordinary use.
func (s *story) begin() {
	c := s.c
	if s.since.IsZero() || !s.since.After(c.First) {
		return
	}
	first := s.since
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	for i := range c.Steps {
		sooner(c.Steps[i].First)
	}
	for i := range c.Victims {
		sooner(c.Victims[i].First)
	}
	c.First = first
}

// ebb is how long after something telling ordinary acts of the same actors are taken for its end: half an hour is the quiet that ends
// a busy stretch.
const ebb = 30 * time.Minute

// finish makes a campaign end with the last stretch of it that has something telling: what its actors do long after that, a job that
// runs every hour as an account that was taken, is ordinary use.
func (s *story) finish() {
	c := s.c
	var end time.Time
	for _, d := range s.all {
		if stepped(d) || d.Weight > 0 || !end.IsZero() && d.Time.Sub(end) <= ebb {
			end = later(end, d.Last)
		}
	}
	for i := range c.Steps {
		end = later(end, c.Steps[i].Last)
	}
	for i := range c.Victims {
		end = later(end, c.Victims[i].Last)
	}
	if !end.IsZero() {
		c.Last = end
	}
}

// actors lists who it was, who acted most first, and what joins them.
func (s *story) actors() {
	c := s.c
	members := slices.Clone(s.g)
	acts := map[*member]int{}
	var reasons []reason
	for _, m := range members {
		for i := range m.Deeds {
			acts[m] += m.Deeds[i].N
		}
		m.Tie = m.tie()
		reasons = append(reasons, m.links...)
	}
	first := s.leading()
	slices.SortStableFunc(members, func(x, y *member) int {
		switch first {
		case x:
			return -1
		case y:
			return 1
		}
		return cmp.Compare(acts[y], acts[x])
	})
	for _, m := range members[:min(len(members), maxActors)] {
		s.keys.actor(m.Actor)
		c.Actors = append(c.Actors, m.Actor)
	}
	s.omit("actors", len(members)-len(c.Actors))
	s.joins(reasons)
	slices.SortStableFunc(reasons, func(x, y reason) int { return cmp.Compare(y.weight, x.weight) })
	s.omit("links", len(reasons)-maxLinks)
	for i := range reasons[:min(len(reasons), maxLinks)] {
		reasons[i].what = s.keys.text(reasons[i].what)
		c.Links = append(c.Links, reasons[i].link())
	}
	slices.SortStableFunc(c.Links, func(x, y tocsin.Link) int {
		return cmp.Or(x.Time.Compare(y.Time), strings.Compare(x.From, y.From), strings.Compare(x.To, y.To), strings.Compare(x.Kind, y.Kind))
	})
}

// name is what a machine is told as.
func (s *story) name(machine string, d *tocsin.Deed) string {
	_, name := s.w.machineOf(machine, d)
	if told, ok := s.called[name]; ok {
		return told
	}
	return name
}

// omit says that n entries of a list are left out.
func (s *story) omit(list string, n int) {
	if n <= 0 {
		return
	}
	if s.c.Omitted == nil {
		s.c.Omitted = map[string]int{}
	}
	s.c.Omitted[list] += n
}

// pause is how long a tactic may rest before what follows is another step.
const pause = 30 * time.Minute

// stepped says that a deed is part of a step.
func stepped(d *tocsin.Deed) bool {
	return d.Tactic != "" && (d.Weight >= Least || d.Level >= tocsin.Low)
}

// A step is one being told.
type step struct {
	tocsin.Step
	deeds []*tocsin.Deed
}

// tally counts an act as n, by how it ended.
func (st *step) tally(a *act, n int) {
	st.Actions += n
	switch a.outcome() {
	case tocsin.Worked:
		st.Worked += n
	case tocsin.Failed, tocsin.Denied:
		st.Failed += n
	}
}

// steps are the stretches that serve one tactic, in the order they began.
func (s *story) steps() {
	var steps []*step
	now := map[string]*step{}
	for _, d := range s.all {
		if !stepped(d) {
			continue
		}
		st := now[d.Tactic]
		if st == nil || d.Time.Sub(st.Last) > pause {
			st = &step{Step: tocsin.Step{Tactic: d.Tactic, First: d.Time, Last: d.Last}}
			now[d.Tactic] = st
			steps = append(steps, st)
		}
		st.Last = later(st.Last, d.Last)
		one := s.act[d]
		if one.lead == d {
			st.tally(one, one.n)
		}
		st.Techniques = include(st.Techniques, d.Technique, 12)
		st.Actors = include(st.Actors, s.by[d].ID, 12)
		if st.Hosts = include(st.Hosts, s.name(d.Host, d), 24); d.Host == "" {
			for _, e := range d.On {
				if machine(e.Kind) {
					if _, name := s.w.machineOf(e.Value, d); name != "" && !s.w.external(name, e, d) {
						st.Hosts = include(st.Hosts, s.name(e.Value, d), 24)
					}
				}
			}
		}
		st.deeds = append(st.deeds, d)
	}
	for _, st := range steps {
		counted, worked := st.Actions > 0, st.Worked > 0
		for _, d := range st.deeds { // what only correlations say, of acts that serve no tactic by themselves
			if one := s.act[d]; one.lead == d && one.n == 0 && (!counted || !worked && one.outcome() == tocsin.Worked) {
				st.tally(one, 1)
			}
		}
		slices.SortStableFunc(st.deeds, func(x, y *tocsin.Deed) int { return cmp.Compare(y.Weight, x.Weight) })
		for i, d := range st.deeds {
			one := s.act[d]
			if i == 0 {
				st.Summary = done(d, one.n)
				if d.Shown != "" {
					st.Summary += ", and it worked: " + d.Shown
				}
			}
			if d.Shown != "" {
				st.Shown = include(st.Shown, d.Shown+" ("+d.ShownAt.String()+")", 8)
			}
			if one.lead != d {
				continue
			}
			if len(st.Places) < 8 {
				st.Places = append(st.Places, d.Place)
				if one.n > 0 || st.Actions == 0 { // what a correlation says is of acts that are listed
					st.Acts = append(st.Acts, one.told())
				}
			}
			if d.Text != "" {
				st.Commands = include(st.Commands, d.Text, 8)
			}
		}
		slices.Sort(st.Techniques)
		s.c.Steps = append(s.c.Steps, st.Step)
	}
	if len(steps) <= maxSteps {
		return
	}
	// The first and the last ones stay, and of the others the most telling.
	const ends = maxSteps / 4
	middle := steps[ends : len(steps)-ends]
	worst := slices.Clone(middle)
	slices.SortStableFunc(worst, func(x, y *step) int { return cmp.Compare(y.deeds[0].Weight, x.deeds[0].Weight) })
	stays := map[*step]bool{}
	for _, st := range worst[:maxSteps-2*ends] {
		stays[st] = true
	}
	out := make([]tocsin.Step, 0, maxSteps)
	for i, st := range steps {
		if i < ends || i >= len(steps)-ends || stays[st] {
			out = append(out, s.c.Steps[i])
		}
	}
	s.omit("steps", len(s.c.Steps)-len(out))
	s.c.Steps = out
}

// rules are the titles of what held, most frequent first.
func rules(all []*tocsin.Deed) []string {
	n := map[string]int{}
	var names []string
	for _, d := range all {
		for _, r := range d.Rules {
			if n[r.Title] == 0 {
				names = append(names, r.Title)
			}
			n[r.Title] += max(d.N, 1)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(n[y], n[x]), strings.Compare(x, y)) })
	return names[:min(len(names), 40)]
}

// records are the places of all deeds, each once.
func records(all []*tocsin.Deed) []tocsin.Span {
	var out []tocsin.Span
	for _, d := range all {
		out = append(out, d.Spans...)
	}
	slices.SortFunc(out, func(x, y tocsin.Span) int {
		return cmp.Or(strings.Compare(x.Source, y.Source), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
	n := 0
	for _, s := range out {
		if n > 0 && out[n-1].Source == s.Source && s.From <= out[n-1].To+1 {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out[n] = s
		n++
	}
	return out[:n]
}

// open says what to look for next, and which logs would tell more.
func (s *story) open() {
	c := s.c
	worked := map[string]bool{}
	runs, nets := map[string]bool{}, false
	for _, d := range s.all {
		if inside(d) {
			worked[d.Tactic] = true
		}
		switch d.Verb {
		case "run":
			runs[s.name(d.Host, d)] = true
		case "connect", "resolve":
			nets = true
		}
	}
	next := func(text string) { c.Open = append(c.Open, text) }
	s.wayIn(worked["initial-access"], next)
	if worked["credential-access"] {
		next("Credentials were taken or guessed: look for their use elsewhere, and renew them.")
	}
	if worked["persistence"] {
		next("Ways to come back were laid: check accounts, keys, services, tasks and web folders on each victim.")
	}
	if worked["collection"] && !worked["exfiltration"] {
		next("Data was collected, but its way out is not shown: look for large or slow uploads and for names resolved only by the victims.")
	}
	if worked["command-and-control"] {
		next("Look for other machines that speak to the same hosts.")
	}
	var silent []string
	for _, v := range c.Victims {
		if v.Kind == "host" && v.Reached && !runs[v.Value] {
			silent = include(silent, v.Value, 8)
		}
	}
	if len(silent) > 0 {
		c.Missing = append(c.Missing, "Process creation logs of "+strings.Join(silent, ", "))
	}
	if !nets {
		c.Missing = append(c.Missing, "Network flows or DNS queries of the victims, to see where they spoke to")
	}
	if len(worked) > 0 && len(c.Steps) > 0 {
		last := &c.Steps[0]
		for i := range c.Steps {
			if !c.Steps[i].Last.Before(last.Last) { // of several the last to begin
				last = &c.Steps[i]
			}
		}
		if seen := s.lastSeen(); !seen.IsZero() && seen.Truncate(time.Second).After(last.Last) && !last.Last.IsZero() {
			next(fmt.Sprintf("The last step seen is %s, until %s, the last act of all at %s: see what the same actors did afterwards.", tacticName(last.Tactic), second(last.Last), second(seen)))
		} else if last.Last.IsZero() {
			last = &c.Steps[len(c.Steps)-1]
			next(fmt.Sprintf("The last step to begin is %s; no time is known: see what the same actors did afterwards.", tacticName(last.Tactic)))
		} else {
			next(fmt.Sprintf("The last step seen is %s, at %s: see what the same actors did afterwards.", tacticName(last.Tactic), second(last.Last)))
		}
	}
}

// lastSeen is when the key event of that kind was.
func (s *story) lastSeen() time.Time {
	for i := range s.c.Key {
		if s.c.Key[i].Kind == "last" {
			return s.c.Key[i].Time
		}
	}
	return time.Time{}
}

// second is a time to the second, as key events have it.
func second(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// clock is a time in words, or what stands for one that is not known.
func clock(t time.Time, unknown string) string {
	if t.IsZero() {
		return unknown
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

func tacticName(slug string) string {
	for _, t := range tocsin.Tactics() {
		if t.Slug == slug {
			return t.Name
		}
	}
	return slug
}

// names gives the campaign its id, which is made of its first core and of what that did first, and the anchors by which it
// is known again when more of it is seen.
func (s *story) names() {
	first := s.g[0]
	for _, m := range s.g {
		if m.core() {
			first = m
			break
		}
	}
	var at time.Time
	if len(first.telling) > 0 {
		at = first.telling[0].Time
	}
	s.c.ID = id(first.ID, at.UTC().Format(time.RFC3339Nano))
	var telling, low []*tocsin.Deed
	for _, d := range s.all {
		switch {
		case !s.by[d].core() && s.by[d] != first: // which may turn out another's
		case d.Level >= tocsin.Medium:
			telling = append(telling, d)
		case d.Level == tocsin.Low && d.Tactic != "":
			low = append(low, d)
		}
	}
	for _, d := range append(ends(telling, tocsin.MaxAnchors*3/4), ends(low, tocsin.MaxAnchors/4)...) {
		h := fnv.New64a()
		fmt.Fprint(h, d.Place.Time.UnixNano(), "\x00", d.Place.Record, "\x00", d.Host, "\x00", d.Verb, "\x00", d.Technique)
		s.c.Anchors = append(s.c.Anchors, h.Sum64())
	}
}

// ends are the first and the last of what is in order of time.
func ends(all []*tocsin.Deed, most int) []*tocsin.Deed {
	if n := len(all); n > most {
		return slices.Concat(all[:most/2], all[n-most/2:])
	}
	return all
}

// cut leaves out of lists what is beyond their bounds.
func (s *story) cut() {
	v := s.c.Victims
	if n := len(v) - maxVictims; n > 0 { // those reached stand first, in order of time; the last ones stay as well
		s.c.Victims = append(v[:maxVictims*3/4:maxVictims*3/4], v[len(v)-maxVictims/4:]...)
		s.omit("victims", n)
	}
}
