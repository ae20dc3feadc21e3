package report

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of what is suggested.
const (
	maxMeasures = 5   // countermeasures of an incident
	maxNamed    = 100 // bytes of a command that one names
	maxTaken    = 10  // ways to come back that one names
)

// controllers are the parts of a machine's name by which domain controllers are called: the heavy price of isolating one is said.
var controllers = []string{"dc", "pdc", "bdc", "rodc", "adc"}

// controller says that a machine's name is one of a domain controller.
func controller(host string) bool {
	label, _, _ := strings.Cut(strings.ToLower(host), ".")
	for _, part := range strings.FieldsFunc(label, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if contains(controllers, part) {
			return true
		}
	}
	return false
}

// misused are techniques of impact by which another pays, and does not lose: they are stopped, not restored.
var misused = []string{"T1496", "T1499", "T1498"}

// actedOn is the names that measures are about. Names that belong to the campaign weakly are not among those to act on.
type actedOn struct{ hosts, accounts, agents, weak, weakHosts, block, made []string }

func actedOnIn(c *tocsin.Campaign) (n actedOn) {
	same := map[string]bool{} // further names of machines that were reached
	for i := range c.Victims {
		v := &c.Victims[i]
		if !v.Reached {
			continue
		}
		for _, e := range v.Also {
			same[e.Value] = true
		}
		if v.Tie == tocsin.Weak {
			n.weak = append(n.weak, v.Value)
			if v.Kind == "host" || v.Kind == "address" {
				n.weakHosts = append(n.weakHosts, v.Value)
			}
			continue
		}
		switch v.Kind {
		case "host", "address":
			n.hosts = append(n.hosts, v.Value)
		case "user", "principal":
			n.accounts = append(n.accounts, v.Value)
		}
	}
	for _, x := range actorsOf(c) {
		for _, h := range x.Handles {
			if x.Tie == tocsin.Weak {
				if !contains(n.weak, h.Value) {
					n.weak = append(n.weak, h.Value)
				}
				continue
			}
			switch h.Kind {
			case "agent":
				if !contains(n.agents, h.Value) {
					n.agents = append(n.agents, h.Value)
				}
			case "user", "principal":
				if !same[h.Value] && !contains(n.accounts, h.Value) {
					n.accounts = append(n.accounts, h.Value)
				}
			}
		}
	}
	n.block, n.made = hostile(c)
	laid := slices.Clone(n.made)
	for i := range c.Laid {
		if c.Laid[i].Kind == "account" {
			laid = append(laid, c.Laid[i].Name)
		}
	}
	n.accounts = slices.DeleteFunc(n.accounts, func(s string) bool { return contains(laid, s) })
	n.weak = slices.DeleteFunc(n.weak, func(s string) bool {
		return contains(n.hosts, s) || contains(n.accounts, s) || contains(n.agents, s) || contains(n.block, s) || contains(laid, s)
	})
	return n
}

// measures are what to do against a campaign, from what was seen and with the names it was seen with, in the order in which it is
// to be done: what costs little first.
func (a *dossier) measures(c *tocsin.Campaign) []text {
	w, x := a.w, a.w.front()
	n := actedOnIn(c)
	var all []text
	add := func(cost string, t text) {
		all = append(all, append(t, say(" ("+x.cost[cost]+").")...))
	}
	if len(n.agents) > 0 {
		add("halt", fill(x.halt, w.vals(n.agents, 8)))
	}
	if len(n.accounts) > 0 {
		add("lock", fill(x.lock, w.vals(n.accounts, 8)))
	}
	if ways := a.toRemove(c, n.made); len(ways) > 0 {
		add("take", fill(x.take, joinTexts(ways, w.sure().between)))
	}
	if len(n.block) > 0 {
		add("stop", fill(x.stop, w.vals(n.block, 8)))
	}
	if e := keyEvent(c, "impact"); e != nil && e.Tie != tocsin.Weak {
		if contains(misused, e.Technique[:min(len(e.Technique), 5)]) {
			add("misuse", fill(x.misuse, val(concise(e.What, maxNamed))))
		} else {
			what := say(val(concise(e.What, maxNamed)))
			if e.Host != "" {
				what = append(what, fill(x.inHost, val(e.Host))...)
			}
			add("restore", fill(x.restore, what))
		}
	}
	if e := keyEvent(c, "entry"); e != nil && e.Host != "" && e.Tie != tocsin.Weak && published(e) {
		sentence := x.closeWay
		if ranByServer(e) {
			sentence = x.closeServer
		}
		add("close", fill(sentence, val(e.Host), val(concise(e.What, maxNamed)), a.service(e)))
	}
	switch {
	case len(n.hosts) > 0:
		all = append(all, a.isolation(c, n.hosts))
	case len(n.weakHosts) > 0:
		add("examine", fill(x.examine, w.vals(n.weakHosts, 5)))
	}
	within := slices.DeleteFunc(privateOf(keyEvent(c, "control")), func(s string) bool {
		return slices.ContainsFunc(c.Victims, func(v tocsin.Victim) bool { return v.Named(s) })
	})
	if len(within) > 0 {
		add("find", fill(x.find, w.vals(within, 4)))
	}
	if e := keyEvent(c, "secrets"); e != nil && e.Tie != tocsin.Weak {
		what := say(val(concise(e.What, maxNamed)))
		if e.Host != "" {
			what = append(what, fill(x.inHost, val(e.Host))...)
		}
		add("renew", fill(x.renew, what))
	}
	if e := keyEvent(c, "sent", "upload"); e != nil && e.Tie != tocsin.Weak {
		var to []string
		for _, on := range e.On {
			if _, name, ok := strings.Cut(on, ":"); ok {
				to = append(to, name)
			}
		}
		if len(to) > 0 {
			add("recall", fill(x.recall, w.vals(to, 4)))
		}
	}
	if e := keyEvent(c, "impairment"); e != nil && e.Tie != tocsin.Weak {
		what := say(val(concise(e.What, maxNamed)))
		if e.Host != "" {
			what = append(what, fill(x.inHost, val(e.Host))...)
		}
		add("on", fill(x.turnOn, what))
	}
	return all[:min(len(all), maxMeasures)]
}

// service names the service that was entered, as far as it is known: its program, or the account that it runs as.
func (a *dossier) service(e *tocsin.KeyEvent) text {
	x := a.w.front()
	switch {
	case e.Server != "":
		return append(say(" "), val(e.Server))
	case e.Account != "":
		return fill(x.serviceOf, val(e.Account))
	}
	return nil
}

// privateOf are the addresses that a key event reached that are private: nothing to block, but somebody's machine.
func privateOf(e *tocsin.KeyEvent) (all []string) {
	if e == nil || e.Tie == tocsin.Weak {
		return nil
	}
	for _, on := range e.On {
		_, name, _ := strings.Cut(on, ":")
		if ip, err := netip.ParseAddr(name); err == nil && ip.IsPrivate() && !contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// toRemove are the ways to come back that were not seen removed, and the accounts and keys that were made and are none of them.
func (a *dossier) toRemove(c *tocsin.Campaign, made []string) []text {
	var all []text
	told := map[string]bool{}
	for _, g := range alikeLaid(c) {
		for _, f := range g {
			told[f.Name] = true
			for _, on := range f.On {
				if _, name, ok := strings.Cut(on, ":"); ok {
					told[name] = true
				}
			}
		}
		if !datable(g[0].Removed) && g[0].Tie != tocsin.Weak && len(all) < maxTaken {
			all = append(all, a.w.laid(g...))
		}
	}
	for _, name := range made {
		if !told[name] && len(all) < maxTaken {
			all = append(all, say(val(concise(name, 120))))
		}
	}
	return all
}

// isolation names the machines to isolate, and what to do with those that are not simply cut off.
func (a *dossier) isolation(c *tocsin.Campaign, hosts []string) text {
	x := a.w.front()
	cluster := false
	for _, y := range actorsOf(c) {
		for _, h := range y.Handles {
			cluster = cluster || strings.HasPrefix(h.Value, "system:serviceaccount:") || strings.HasPrefix(h.Value, "system:node:")
		}
	}
	var plain []string
	var notes []text
	for _, h := range hosts {
		ip, err := netip.ParseAddr(h)
		switch {
		case err == nil && cluster && ip.IsPrivate():
			notes = append(notes, fill(x.pod, val(h)))
		case controller(calledIn(c, h)):
			notes = append(notes, fill(x.controller, val(h)))
		case err == nil && ip.IsPrivate():
			plain = append(plain, h)
			notes = append(notes, fill(x.moved, val(h)))
		default:
			plain = append(plain, h)
		}
	}
	var t text
	if len(plain) > 0 {
		t = append(fill(x.isolate, a.w.vals(plain, 10)), say(" ("+x.cost["isolate"]+")")...)
	}
	for i, s := range notes[:min(len(notes), 4)] {
		if i > 0 || len(t) > 0 {
			t = append(t, say(a.w.sure().between)...)
		}
		t = append(t, s...)
	}
	return append(t, say(".")...)
}

// counter lists the countermeasures, and the names that are left out of them.
func (a *dossier) counter(c *tocsin.Campaign) {
	w := a.w
	all := a.measures(c)
	if len(all) == 0 {
		a.para(w.counterNone)
	} else {
		a.note(w.countermeasuresNote)
		a.steps(all)
	}
	n := actedOnIn(c)
	if len(n.hosts) == 0 { // which are to be examined
		n.weak = slices.DeleteFunc(n.weak, func(s string) bool { return contains(n.weakHosts, s) })
	}
	if len(n.weak) > 0 {
		a.para(fill(w.weakLeftOut, w.vals(n.weak, 30)))
	}
}
