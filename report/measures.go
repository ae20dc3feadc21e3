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
	maxMeasures = 9   // countermeasures of an incident
	maxNamed    = 100 // bytes of a command that one names
	maxTaken    = 10  // ways to come back that one names
)

// controllers are the parts of a machine's name by which domain controllers are called: the heavy price of isolating one is said.
var controllers = []string{"dc", "pdc", "bdc", "rodc", "adc"}

// lastPart is an account's name without its domain, machine or path.
func lastPart(account string) string { return account[strings.LastIndexAny(account, `\/`)+1:] }

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
	for i := range c.LoggedIn {
		if v := c.LoggedIn[i].Value; !slices.ContainsFunc(n.accounts, func(s string) bool { return lastPart(s) == v }) {
			n.accounts = append(n.accounts, v)
		}
	}
	if e := keyEvent(c, "entry"); e != nil && e.RanByServer() { // a service's account has nothing to log in with
		n.accounts = slices.DeleteFunc(n.accounts, func(s string) bool { return s == e.Account })
	}
	n.block, n.made = hostile(c)
	laid := slices.Clone(n.made)
	for i := range c.Laid {
		if c.Laid[i].Kind == "account" {
			laid = append(laid, c.Laid[i].Name)
		}
	}
	n.accounts = slices.DeleteFunc(n.accounts, func(s string) bool { // what the intruder made is taken away, not renewed
		return slices.ContainsFunc(laid, func(made string) bool { return s == made || lastPart(s) == made || s == lastPart(made) })
	})
	n.weak = slices.DeleteFunc(n.weak, func(s string) bool { // a further name of a machine that is named
		return slices.ContainsFunc(c.Victims, func(v tocsin.Victim) bool {
			return v.Named(s) && v.Value != s && (contains(n.hosts, v.Value) || contains(n.weakHosts, v.Value))
		})
	})
	n.weak = slices.DeleteFunc(n.weak, func(s string) bool {
		return contains(n.hosts, s) || contains(n.accounts, s) || contains(n.agents, s) || contains(n.block, s) || contains(laid, s)
	})
	return n
}

// measures are what to do against a campaign, from what was seen and with the names it was seen with, in the order in which it is
// to be done: what stops it and takes away what it laid, then the way in, then what was lost, then what is not known.
func (a *dossier) measures(c *tocsin.Campaign) []text {
	w, x := a.w, a.w.front()
	n := actedOnIn(c)
	var all []text
	add := func(cost string, t text) {
		all = append(all, append(t, say(" ("+x.cost[cost]+").")...))
	}
	done := func(e *tocsin.KeyEvent) text { // what was done, and where
		what := say(val(concise(e.What, maxNamed)))
		if names := filesOf(e); len(names) > 0 {
			what = append(what, say(" (", w.vals(names, 4), ")")...)
		}
		if e.Host != "" {
			what = append(what, fill(x.inHost, val(e.Host))...)
		}
		return what
	}
	if len(n.agents) > 0 {
		add("halt", fill(x.halt, w.vals(n.agents, 8)))
	}
	switch {
	case len(n.hosts) > 0 && c.Level < tocsin.High:
		add("examine", fill(x.examine, w.vals(n.hosts, 5)))
	case len(n.hosts) > 0:
		all = append(all, a.isolation(c, n.hosts))
	case len(n.weakHosts) > 0:
		add("examine", fill(x.examine, w.vals(n.weakHosts, 5)))
	}
	if len(n.block) > 0 {
		add("stop", fill(x.stop, w.vals(n.block, 8)))
	}
	if slices.ContainsFunc(c.Data, func(s string) bool { return strings.HasPrefix(s, mailed) }) {
		add("port", fill(x.port, w.vals(append(slices.Clone(n.hosts), n.weakHosts...), 5)))
	}
	if ways := a.toRemove(c, n.made); len(ways) > 0 {
		add("take", fill(x.take, joinTexts(ways, w.sure().between)))
	}
	if len(n.accounts) > 0 {
		add("lock", fill(x.lock, w.vals(n.accounts, 8)))
	}
	impact := keyEvent(c, "impact")
	if impact != nil && impact.Tie == tocsin.Weak {
		impact = nil
	}
	if impact != nil && contains(misused, impact.Technique[:min(len(impact.Technique), 5)]) {
		who := n.accounts
		if impact.Account != "" {
			who = []string{impact.Account}
		}
		add("misuse", fill(x.misuse, val(concise(impact.What, maxNamed)), w.vals(who, 8)))
		impact = nil
	}
	if e := keyEvent(c, "entry"); e != nil && e.Host != "" && e.Tie != tocsin.Weak && e.Published() {
		sentence := x.closeWay
		if e.RanByServer() {
			sentence = x.closeServer
		}
		add("close", fill(sentence, val(e.Host), val(concise(e.What, maxNamed)), a.service(e)))
	}
	if secrets := keyEvents(c, "secrets"); len(secrets) > 0 {
		var what []text
		for _, e := range secrets {
			what = append(what, done(e))
		}
		add("renew", fill(x.renew, joinTexts(what, w.sure().between)))
	}
	if impact != nil {
		add("restore", fill(x.restore, done(impact)))
	}
	if e := keyEvent(c, "sent", "upload"); e != nil && e.Tie != tocsin.Weak {
		var to []string
		for _, on := range e.On {
			if _, name, ok := strings.Cut(on, ":"); ok && !contains(n.block, name) { // the intruder's own would be warned
				to = append(to, name)
			}
		}
		if len(to) > 0 {
			add("recall", fill(x.recall, w.vals(to, 4)))
		}
	}
	if e := keyEvent(c, "impairment"); e != nil && e.Tie != tocsin.Weak {
		add("on", fill(x.turnOn, done(e)))
	}
	within, outside := a.toFind(c, n.block)
	if len(within) > 0 {
		add("find", fill(x.find, w.vals(within, 4)))
	}
	if len(outside) > 0 {
		add("find", fill(x.findOut, w.vals(outside, 4)))
	}
	if keyEvent(c, "entry") == nil && len(c.Open) > 0 { // which begins with the way in
		all = append(all, a.finding("open", c.Open[0]))
	}
	return all[:min(len(all), maxMeasures)]
}

// filesOf are the things by name that a key event reached.
func filesOf(e *tocsin.KeyEvent) (all []string) {
	for _, on := range e.On {
		if name, ok := strings.CutPrefix(on, "file:"); ok {
			all = append(all, name)
		}
	}
	return all
}

// toFind are the hosts that machines which were entered spoke to and that nobody is told to block: private ones and others. Those that
// are told of as victims are left out.
func (a *dossier) toFind(c *tocsin.Campaign, block []string) (within, outside []string) {
	e := keyEvent(c, "control", "callout")
	if e == nil {
		return nil, nil
	}
	for _, on := range e.On {
		_, name, _ := strings.Cut(on, ":")
		ip, err := netip.ParseAddr(name)
		switch {
		case contains(block, name) || contains(within, name) || contains(outside, name) || slices.ContainsFunc(c.Victims, func(v tocsin.Victim) bool { return v.Named(name) }):
		case err == nil && ip.IsPrivate():
			within = append(within, name)
		default:
			outside = append(outside, name)
		}
	}
	return within, outside
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
