package campaign

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A server's answer does not say that an attack on it worked. What came of it does: the server speaks to a host that the
// request named, or a program runs below the server, where and when hardly anything of the kind happens otherwise.

const (
	// soon is how long after an attempt its effect is looked for, and early by how much clocks may differ.
	soon  = 10 * time.Minute
	early = time.Minute

	// proven is how unlikely it must be that an effect fell so near an attempt by chance, in nats.
	proven = 4.0

	// fewAttempts is how many attempts before an effect are looked at: the nearest.
	fewAttempts = 512

	// maxProved is how many machines of one deed are told apart on which something came of it: more than a deed has.
	maxProved = 64
)

// A trial is an attempt on a machine, or what may be its effect.
type trial struct {
	by   *tocsin.Actor
	d    *tocsin.Deed
	from time.Time
	to   time.Time
	as   string // the name by which the deed shows it, as Deed.At has it; empty where all its records do
}

// fruits looks for what shows that attempts worked, and makes those attempts and their effects telling by themselves: they are
// Shown. It changes deeds only so that doing it again changes nothing.
func (w *world) fruits(actors []*tocsin.Actor) {
	tries, runs := map[string][]trial{}, map[string][]trial{}    // by machine
	names, touches := map[string][]trial{}, map[spot][]trial{}   // by host that was named, and by the organisation of who went there
	backs, returns := map[string][]trial{}, map[spot][]trial{}   // by who tried, and who went there
	writes, served := map[string][]trial{}, map[string][]trial{} // by machine and name of a file
	for _, a := range actors {
		for i := range a.Deeds {
			d := &a.Deeds[i]
			letIn(d)
			if d.Time.IsZero() || !try(d) {
				continue
			}
			t := trial{by: a, d: d, from: d.Time, to: d.Last}
			if unproven(d) {
				for _, at := range w.spots(d, false) {
					tries[at] = append(tries[at], t)
					for _, name := range marked(d, "dropped:") {
						writes[at+"\x00"+name] = append(writes[at+"\x00"+name], t)
					}
				}
				if byAddress(d) && tocsin.Internet(d.Who[0].Value) {
					backs[d.Who[0].Value] = append(backs[d.Who[0].Value], t)
				}
			}
			for _, h := range callbacks(d) {
				if _, inner := w.machine[h]; !inner {
					names[h] = append(names[h], t)
				}
			}
		}
	}
	if len(tries) == 0 && len(names) == 0 {
		return
	}
	for _, a := range actors {
		outside := foreign(a)
		for i := range a.Deeds {
			d := &a.Deeds[i]
			if d.Time.IsZero() {
				continue
			}
			t := trial{by: a, d: d, from: d.Time, to: d.Last}
			for _, name := range marked(d, "served:") {
				for _, at := range w.spots(d, true) {
					if key := at + "\x00" + name; writes[key] != nil {
						served[key] = append(served[key], t)
					}
				}
			}
			if try(d) {
				continue
			}
			if ran(d) {
				for _, at := range w.spots(d, true) {
					runs[at] = append(runs[at], t)
				}
			}
			if outside && !ran(d) || d.Verb == "scan" || d.Verb == "alert" {
				continue
			}
			met := callbacks(d)
			for _, e := range d.On {
				if e.Kind == "address" || e.Kind == "domain" {
					met = include(met, e.Value, 64)
				}
			}
			for _, h := range met {
				at := spot{d.Org, h}
				if names[h] != nil {
					touches[at] = append(touches[at], t)
				}
				if backs[h] != nil && (d.Verb == "connect" || ran(d)) {
					returns[at] = append(returns[at], t)
				}
			}
		}
	}
	f := fruit{}
	for at, l := range touches {
		f.pick(w.of(names[at.name], at.org), l, at.name, another, func(x, y *trial) string {
			return fmt.Sprintf("%s, which it named, was then spoken to from there (%s)", clip(at.name), what(y.d))
		})
	}
	for at, l := range returns {
		f.pick(w.of(backs[at.name], at.org), l, at.name, w.fromTarget, func(x, y *trial) string {
			return fmt.Sprintf("%s, who tried, was then spoken to from there (%s)", clip(at.name), what(y.d))
		})
	}
	for at, l := range runs {
		f.pick(tries[at], l, "", w.oneOrg, func(x, y *trial) string {
			return fmt.Sprintf("a program then ran below the server (%s)", what(y.d))
		})
	}
	for at, l := range served {
		_, name, _ := strings.Cut(at, "\x00")
		f.pick(writes[at], l, "", afterwards, func(x, y *trial) string {
			return fmt.Sprintf("%s, which it was to write, was then asked for and given out", clip(name))
		})
	}
	for _, s := range f {
		w.shown = append(w.shown, s)
	}
	slices.SortFunc(w.shown, func(x, y shown) int {
		return cmp.Or(byPlace(x.x, y.x), cmp.Compare(y.weight, x.weight), byPlace(x.y, y.y), strings.Compare(x.text, y.text))
	})
	tell(w.shown)
	w.spoke()
}

// another says that an effect is not the doing of who tried: he may go himself to what he named.
func another(x, y *trial) bool { return x.by != y.by || ran(y.d) }

// afterwards says that an effect was still going on after the first attempt.
func afterwards(x, y *trial) bool { return y.to.After(x.from) }

// fromTarget says that an effect came from the machine that was tried, as far as both are known.
func (w *world) fromTarget(x, y *trial) bool {
	if !another(x, y) || len(y.d.Who) == 0 {
		return false
	}
	from := y.d.Host
	if from == "" {
		from = y.d.Who[0].Value
	}
	known := false
	for _, e := range x.d.On {
		if e.Kind == "address" {
			if known = true; w.named(e.Value) == w.named(from) {
				return true
			}
		}
	}
	return !known
}

// of are the attempts in an organisation, and those of which it is not known.
func (w *world) of(all []trial, org string) []trial {
	if org == "" {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(t trial) bool { return !w.ofOrg(t.d, org) })
}

// spoke says which machine an address is that a network's log saw speak to what was named to that machine alone, or that was
// tried before what came of it was seen on that machine alone.
func (w *world) spoke() {
	hosts := map[spot]map[string]bool{}
	for _, s := range w.shown {
		if a := tried(s.x.d); a != "" && s.y.d.Host != "" && address(s.y.d.Host) == "" {
			at := spot{s.x.d.Org, a}
			if hosts[at] == nil {
				hosts[at] = map[string]bool{}
			}
			hosts[at][strings.ToLower(s.y.d.Host)] = true
			continue
		}
		i := slices.IndexFunc(s.y.d.Who, func(e tocsin.Entity) bool { return e.Kind == "address" && !tocsin.Internet(e.Value) })
		if i < 0 || s.y.d.Host != "" || s.x.d.Host == "" {
			continue
		}
		at := spot{s.y.d.Org, s.y.d.Who[i].Value}
		if hosts[at] == nil {
			hosts[at] = map[string]bool{}
		}
		hosts[at][strings.ToLower(s.x.d.Host)] = true
	}
	for at, all := range hosts {
		for h := range all {
			if _, ok := w.entered[at]; !ok && len(all) == 1 {
				w.entered[at] = h
			}
		}
	}
}

// tried is the address that an attempt was on, of which no name is known; "" where it is not the only one.
func tried(d *tocsin.Deed) string {
	if d.Host != "" {
		return address(d.Host)
	}
	one := ""
	for _, e := range d.On {
		if e.Kind == "host" || e.Kind == "address" && one != "" && one != e.Value {
			return ""
		}
		if e.Kind == "address" {
			one = e.Value
		}
	}
	return one
}

// letIn says of a login whose record does not tell how it ended, but for which a rule held that compares it with the failures
// before it, that it worked.
func letIn(d *tocsin.Deed) {
	if d.Verb == "login" && d.Shown != "" && d.Tactic != "initial-access" { // it was answered otherwise
		d.Tactic, d.Technique, d.Level, d.Weight = "initial-access", "T1078", max(d.Level, tocsin.Medium), max(d.Weight, effectWeight)
	}
	if d.Verb == "probe" && d.Shown != "" && d.Tactic == "initial-access" && d.Level < tocsin.High {
		d.Level, d.Weight = tocsin.High, max(d.Weight, core)
	}
	if d.Verb != "login" || d.Outcome != tocsin.Unknown || d.Level < tocsin.Medium {
		return
	}
	for _, r := range d.Rules {
		if slices.Contains(r.Techniques(), "T1078") {
			d.Outcome, d.Shown, d.ShownAt = tocsin.Worked, "it was answered otherwise than the failures before it ("+r.Title+")", d.Place
			return
		}
	}
}

// try says that a deed is an attempt on a server: a request that carries one, that goes to a script which somebody may have put
// there, or of which another detector gave alarm.
func try(d *tocsin.Deed) bool {
	switch d.Verb {
	case "probe", "request", "write", "alert":
	default:
		return false
	}
	if d.Outcome == tocsin.Denied {
		return false
	}
	switch d.Technique {
	case "T1190":
		return d.Tactic == "initial-access"
	case "T1505.003":
		return d.Outcome != tocsin.Failed && (d.Verb != "write" || d.Host == "" || byAddress(d)) // the server's own writing is no attempt
	}
	return d.Verb == "probe" && d.Tactic == "initial-access" && d.Level >= tocsin.Medium
}

// byAddress says that an address did it.
func byAddress(d *tocsin.Deed) bool { return len(d.Who) > 0 && d.Who[0].Kind == "address" }

// unproven says that no record tells how an attempt ended: of a request for a script the server's answer does not.
func unproven(d *tocsin.Deed) bool {
	return d.Outcome == tocsin.Unknown || d.Shown != "" || d.Technique == "T1505.003" || d.Verb == "request" && d.Outcome == tocsin.Worked
}

// ran says that a deed is the work of a program below a server: execution that serves an attack on what is published.
func ran(d *tocsin.Deed) bool { return d.Tactic == "execution" && d.Technique == "T1190" }

// callbacks are the hosts that a deed would have a machine speak to.
func callbacks(d *tocsin.Deed) []string {
	all := marked(d, "callback:")
	for i := range all {
		all[i] = host(all[i])
	}
	return all
}

// marked are a deed's marks of a kind, which ends with a colon, in lower case.
func marked(d *tocsin.Deed, kind string) []string {
	var all []string
	for _, m := range d.Marks {
		if v, ok := strings.CutPrefix(m, kind); ok {
			all = append(all, strings.ToLower(v))
		}
	}
	return all
}

// nameOf is the mark or target of a deed that names a host; empty where there is none.
func nameOf(d *tocsin.Deed, called string) string {
	if called == "" {
		return ""
	}
	for _, m := range d.Marks {
		if h, ok := strings.CutPrefix(m, "callback:"); ok && host(strings.ToLower(h)) == called {
			return m
		}
	}
	for _, e := range d.On {
		if e.Value == called {
			return e.Kind + ":" + e.Value
		}
	}
	return ""
}

// onWire says that only sensors on the network told of a deed: what they call a machine is its address, or what it was asked for as.
func onWire(d *tocsin.Deed) bool {
	return len(d.Seen) > 0 && !slices.ContainsFunc(d.Seen, func(s tocsin.Sight) bool {
		return !strings.HasPrefix(s.Sensor, "zeek/") && !strings.HasPrefix(s.Sensor, "suricata/")
	})
}

// oneOrg says that two are of one organisation, as far as it is known.
func (w *world) oneOrg(x, y *trial) bool {
	return y.d.Org == "" || onWire(x.d) || w.ofOrg(x.d, y.d.Org)
}

// ofOrg says that an attempt was on an organisation, as far as it is known: where its log is of none, as an agent's own, by the names of
// the machines that it went to, unless all are in domains of others of whom there are logs.
func (w *world) ofOrg(d *tocsin.Deed, org string) bool {
	if d.Org != "" || !strings.Contains(org, ".") {
		return d.Org == "" || d.Org == org
	}
	machines, foreign := 0, 0
	for i := range d.On {
		if e := &d.On[i]; machine(e.Kind) {
			machines++
			if e.Kind == "host" && w.inAnother(strings.ToLower(e.Value), org) {
				foreign++
			}
		}
	}
	return foreign == 0 || foreign < machines
}

// inAnother says that a name is in a domain of machines of which there are logs, and not in the organisation's.
func (w *world) inAnother(name, org string) bool {
	if name == org || strings.HasSuffix(name, "."+org) {
		return false
	}
	for {
		if w.domains[name] {
			return true
		}
		var ok bool
		if _, name, ok = strings.Cut(name, "."); !ok {
			return false
		}
	}
}

// nameless is what an address and a machine have in common of neither of which the other is known.
const nameless = "nameless"

// spots are what a machine goes by on which something was tried, or came of it: its name. As logs in one folder are of one
// machine where they do not say, the folder goes for it where at least one of the two has no name. An address of which no record
// says whose it is may be any machine of which none says what address it has.
func (w *world) spots(d *tocsin.Deed, effect bool) []string {
	folder := path.Dir(d.Place.Source)
	unnamed, named := "unnamed in "+folder, "named in "+folder
	var all []string
	if d.Host != "" {
		all = append(all, w.named(d.Host))
	} else {
		for _, e := range d.On {
			if e.Kind == "host" || e.Kind == "address" {
				all = include(all, w.named(e.Value), 8)
			}
		}
	}
	if !effect && (d.Host == "" || onWire(d)) && !slices.ContainsFunc(all, func(m string) bool { return w.running[m] }) {
		all = append(all, nameless)
	}
	if d.Host != "" && effect && !w.addressed[strings.ToLower(d.Host)] {
		all = append(all, nameless)
	}
	switch {
	case len(all) == 0 && effect:
		return []string{unnamed, named}
	case len(all) == 0:
		return []string{unnamed}
	case effect:
		return append(all, unnamed)
	}
	return append(all, named)
}

// A fruit is effects, each with the attempt that it shows best.
type fruit map[*tocsin.Deed]shown

// A shown is an attempt with its effect.
type shown struct {
	x, y   trial
	weight float64
	text   string
}

// pick finds among the effects of one place those that fell near an attempt there and hardly by chance. If attempts take up a
// time A of a time T, and k like effects happened at other times, one falls near an attempt by chance with the probability
// (k+1)A/T.
// Of a host that was named and spoken to, called is its name.
// fits, if there is one, says of which attempt an effect can be at all.
func (f fruit) pick(tries, effects []trial, called string, fits func(x, y *trial) bool, say func(x, y *trial) string) {
	if len(tries) == 0 {
		return
	}
	slices.SortFunc(tries, byPlace)
	slices.SortFunc(effects, byPlace)
	taken, until := time.Duration(0), time.Time{}
	for i := range tries {
		from, to := later(until, tries[i].from), tries[i].to.Add(soon)
		if to.After(from) {
			taken += to.Sub(from)
		}
		until = later(until, to)
	}
	near := make([]*trial, len(effects))
	others := 0
	for i := range effects {
		y := &effects[i]
		n, _ := slices.BinarySearchFunc(tries, y.to.Add(early), func(t trial, at time.Time) int { return cmp.Or(t.from.Compare(at), -1) })
		for j := n - 1; j >= max(0, n-fewAttempts); j-- {
			if x := &tries[j]; x.d != y.d && !y.from.After(x.to.Add(soon)) && (fits == nil || fits(x, y)) {
				near[i] = x
				break
			}
		}
		if near[i] == nil {
			others++
		}
	}
	first, last := tries[0].from, until
	if effects[0].from.Before(first) {
		first = effects[0].from
	}
	length := later(last, effects[len(effects)-1].to).Sub(first) + priorSlots*slotLength
	weight := -math.Log(min(1, float64(others+1)*taken.Seconds()/length.Seconds()))
	if weight < proven {
		return
	}
	for i := range effects {
		x, y := near[i], &effects[i]
		if x == nil {
			continue
		}
		s := shown{*x, *y, weight, say(x, y)}
		s.x.as, s.y.as = nameOf(x.d, called), nameOf(y.d, called)
		if have, ok := f[y.d]; !ok || s.rather(&have) {
			f[y.d] = s
		}
	}
}

// byPlace is an order that does not depend on how deeds came: by time, then by who and where.
func byPlace(x, y trial) int {
	return cmp.Or(x.from.Compare(y.from), strings.Compare(x.by.ID, y.by.ID), x.d.Place.Compare(y.d.Place), strings.Compare(x.d.Verb, y.d.Verb),
		strings.Compare(x.d.Technique, y.d.Technique), strings.Compare(x.d.Tool, y.d.Tool), cmp.Compare(x.d.Outcome, y.d.Outcome))
}

// rather says that an attempt is to be told of an effect rather than another: the less likely by chance, then the first.
func (s *shown) rather(o *shown) bool {
	return cmp.Or(cmp.Compare(o.weight, s.weight), byPlace(s.x, o.x), strings.Compare(s.text, o.text)) < 0
}

// tell makes attempts and effects say so. Of the effects of one attempt the first is told, which is the least likely by chance.
func tell(all []shown) {
	for i := range all {
		d, e := all[i].x.d, all[i].y.d
		if i == 0 || all[i-1].x.d != d {
			d.Outcome, d.Level, d.Weight = tocsin.Worked, max(d.Level, tocsin.High), max(d.Weight, core)
			d.Shown, d.ShownAt = all[i].text, placed(e, all[i].y.as)
		}
		if len(marked(e, "served:")) > 0 {
			continue // that he asks for it is the server's answer, not a doing of the machine
		}
		if e.Tactic == "" {
			e.Tactic = "command-and-control"
		}
		e.Level, e.Weight = max(e.Level, tocsin.Medium), max(e.Weight, effectWeight)
	}
}

// effectWeight is how telling an effect is, in nats: as an action of level medium.
const effectWeight = 2.0

// provedOn are the machines on which something came of a deed that went to several, as far as they are named; none where it went to
// one, or nothing is known to have come of it.
func (w *world) provedOn(d *tocsin.Deed) []string {
	machines := 0
	for i := range d.On {
		if machine(d.On[i].Kind) {
			machines++
		}
	}
	if d.Shown == "" || machines < 2 {
		return nil
	}
	if w.effects == nil {
		w.effects = map[*tocsin.Deed][]*tocsin.Deed{}
		for i := range w.shown {
			w.effects[w.shown[i].x.d] = append(w.effects[w.shown[i].x.d], w.shown[i].y.d)
		}
	}
	var all []string
	for _, y := range w.effects[d] {
		if _, name := w.machineOf(y.Host, y); name != "" {
			all = include(all, name, maxProved)
		}
		for _, e := range y.Who {
			if machine(e.Kind) {
				all = include(all, w.named(e.Value), maxProved)
			}
		}
	}
	return all
}

// shownBonds joins who tried with whom what came of it is of.
func (w *world) shownBonds(k *knot) {
	of := map[*tocsin.Actor]*member{}
	for _, m := range w.all {
		of[m.Actor] = m
	}
	for _, s := range w.shown {
		if x, y := of[s.x.by], of[s.y.by]; x != nil && y != nil {
			k.add(reason{kind: "effect", weight: s.weight, x: x, y: y, from: s.x.d, to: s.y.d, fromAs: s.x.as, toAs: s.y.as, text: s.text})
		}
	}
}
