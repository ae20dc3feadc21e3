package campaign

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// maxAlso bounds the further names of a victim.
const maxAlso = 16

// victims are the machines and accounts that were aimed at, each once whatever it is called, those reached first.
func (s *story) victims() {
	v := &victims{s: s, own: map[string]bool{}, made: map[string]bool{}, at: map[string]*aimed{}}
	for _, d := range s.all {
		if name := s.account(d); makesAccount(d) && name != "" && s.happened(d) {
			v.made[strings.ToLower(plainAccount(name))] = true
		}
	}
	for _, m := range s.g { // what acts is a victim only if it was reached before
		for _, h := range m.Handles {
			if h.Kind == "address" {
				v.own[h.Value] = true
			}
		}
	}
	for _, m := range s.g {
		guessed := map[string]bool{}
		for i := range m.Deeds {
			v.deed(m, &m.Deeds[i], guessed)
		}
	}
	v.join()
	v.leaveOut()
	s.c.Victims = v.list()
	s.called = map[string]string{}
	for key, x := range v.at {
		if machine(x.kind) {
			s.called[strings.TrimPrefix(key, x.kind+":")] = x.root().name
		}
	}
}

// machine says that entities of a kind are machines; other victims are accounts.
func machine(kind string) bool { return kind == "host" || kind == "address" }

type victims struct {
	s     *story
	own   map[string]bool
	made  map[string]bool // accounts that were made, by their plain names in lower case: they are the intruder's
	at    map[string]*aimed
	order []*aimed
}

// An aimed is what deeds aimed at under one name, on its way to a victim.
type aimed struct {
	kind, name string // as it is told
	org        string
	account    account
	on         map[string]bool // machines on which an account without a scope was seen
	also       map[tocsin.Entity]bool
	hits       []hit
	up         *aimed // another name of the same
}

func (x *aimed) root() *aimed {
	for x.up != nil {
		x = x.up
	}
	return x
}

// A hit is one deed that aimed at it.
type hit struct {
	m        *member
	d        *tocsin.Deed
	as       string // the name by which the deed aimed at it, as Deed.At has it; empty where all its records do
	reached  bool
	answered bool // the record shows that there is such a machine
}

// deed adds the victims of a deed of a member; guessed are the machines at which it failed to log in.
func (v *victims) deed(m *member, d *tocsin.Deed, guessed map[string]bool) {
	if d.Verb == "login" && (d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied) {
		guessed[d.Host] = true
	}
	in := d.Outcome != tocsin.Failed && d.Outcome != tocsin.Denied && (inside(d) || d.Verb == "login" && d.Outcome == tocsin.Worked && (guessed[d.Host] || m.core()))
	if m.foreign && (d.Verb == "read" || d.Verb == "list" || d.Verb == "request") {
		in = false // what a server gives to strangers does not let them in
	}
	if d.Weight < 0.5 && !in {
		return
	}
	w, named := v.s.w, false
	proved := v.s.w.provedOn(d)
	_, here := w.machineOf(d.Host, d)
	for _, e := range d.On {
		switch e.Kind {
		case "host", "address":
			kind, name := w.machineOf(e.Value, d)
			if name == "" || v.own[e.Value] || d.Verb == "resolve" || w.external(name, e, d) {
				continue
			}
			if ofClient(d, e.Value) && w.outside(name) {
				for _, who := range d.Who {
					if kind, name := w.machineOf(who.Value, d); who.Kind == "address" && !tocsin.Internet(who.Value) && name != "" {
						v.add(kind, name, who, d.Org).hit(m, d, who.Kind+":"+who.Value, in, true)
						named = true
					}
				}
				continue
			}
			there := !typed(d) || name == here || d.Outcome == tocsin.Worked
			// who looks at a machine from another one has not entered it, nor who is not known to have had an answer
			reached := in && there && (d.Tactic != "discovery" || name == here) && (len(proved) == 0 || slices.Contains(proved, name))
			v.add(kind, name, e, d.Org).hit(m, d, e.Kind+":"+e.Value, reached, there)
			named = true
		case "user", "principal":
			if in && (d.Verb == "login" || d.Tactic == "credential-access" || d.Tactic == "persistence") {
				v.account(m, d, e, here)
			}
		}
	}
	if in && strings.HasPrefix(m.ID, "caller:") && m.core() && d.Outcome == tocsin.Worked {
		for _, e := range d.Who { // the account whose key or token was used
			if e.Kind == "principal" {
				v.account(m, d, e, here)
			}
		}
	}
	if in && d.Host == "" && (d.Tactic == "command-and-control" || d.Tactic == "execution" || d.Tactic == "exfiltration") {
		for _, e := range d.Who { // a machine of ours that speaks for the intruder
			if e.Kind == "address" && !tocsin.Internet(e.Value) {
				if kind, name := w.machineOf(e.Value, d); name != "" {
					v.add(kind, name, e, d.Org).hit(m, d, e.Kind+":"+e.Value, true, true)
					named = true
				}
			}
		}
	}
	if !named && ofSession(d) && d.Tactic != "" && d.Outcome != tocsin.Failed && d.Outcome != tocsin.Denied {
		for _, w := range machineWords(d.Text) { // a shell on another machine that was aimed at before
			for _, kind := range [...]string{"host:", "address:"} {
				if x := v.at[kind+w]; x != nil {
					x.hit(m, d, "", false, d.Outcome == tocsin.Worked)
				}
			}
		}
	}
	if here != "" && (!named || m.Local) && d.Verb != "connect" && d.Verb != "resolve" {
		kind, name := w.machineOf(d.Host, d)
		v.add(kind, name, tocsin.Entity{Kind: kind, Value: d.Host}, d.Org).hit(m, d, "", in, true)
	}
}

// account adds an account that was used or changed, unless the intruder made it: on is the machine.
func (v *victims) account(m *member, d *tocsin.Deed, e tocsin.Entity, on string) {
	a, ok := accountOf(e, d.Org)
	if !ok || v.made[strings.ToLower(plainAccount(e.Value))] || v.made[principalName(e.Value)] {
		return
	}
	x := v.add(e.Kind, a.key(), e, d.Org)
	x.account = a
	if a.scope == "" && on != "" {
		x.on[on] = true
	}
	x.hit(m, d, e.Kind+":"+e.Value, true, true)
}

// machineWords are the words of a command that may name a machine, at most 64, in lower case, each once.
func machineWords(text string) []string {
	var all []string
	for w := range strings.FieldsFuncSeq(strings.ToLower(clip(text)), func(r rune) bool { return strings.ContainsRune(" \t\n@:/'\"\\;|&=(),<>", r) }) {
		if len(w) > 2 {
			all = include(all, w, 64)
		}
	}
	return all
}

// principalName is the last part of a cloud identity's name, in lower case.
func principalName(name string) string {
	return strings.ToLower(name[strings.LastIndexAny(name, "/:")+1:])
}

// ofClient says that a sensor's alert is about what a machine within spoke to on the internet: the machine is what it is about,
// whichever way the rule that raised it counts.
func ofClient(d *tocsin.Deed, target string) bool {
	return d.Verb == "alert" && tocsin.Internet(target) && len(d.Who) > 0 && slices.ContainsFunc(d.Who, func(e tocsin.Entity) bool {
		return e.Kind == "address" && !tocsin.Internet(e.Value)
	})
}

// add is what goes by a name, made if it is new; e is how it was written.
func (v *victims) add(kind, name string, e tocsin.Entity, org string) *aimed {
	key := kind + ":" + name
	x := v.at[key]
	if x == nil {
		x = &aimed{kind: kind, name: name, also: map[tocsin.Entity]bool{}, on: map[string]bool{}}
		if !machine(kind) {
			x.name = e.Value
		}
		v.at[key] = x
		v.order = append(v.order, x)
	}
	if x.org == "" {
		x.org = org
	}
	if len(x.also) < maxAlso {
		if machine(kind) {
			if a := address(e.Value); a != "" {
				e.Kind, e.Value = "address", a
			} else {
				e.Kind, e.Value = "host", hostName(e.Value)
			}
		}
		x.also[tocsin.Entity{Kind: e.Kind, Value: e.Value}] = true
	}
	return x
}

func (x *aimed) hit(m *member, d *tocsin.Deed, as string, reached, answered bool) {
	x.hits = append(x.hits, hit{m, d, as, reached, answered})
}

// merge makes two names those of one, told by the better of them.
func (v *victims) merge(x, y *aimed) {
	x, y = x.root(), y.root()
	if x == y {
		return
	}
	if v.better(y, x) {
		x, y = y, x
	}
	y.up = x
	x.hits = append(x.hits, y.hits...)
	for e := range y.also {
		x.also[e] = true
	}
	for h := range y.on {
		x.on[h] = true
	}
	if x.org == "" {
		x.org = y.org
	}
}

// better says which of two names is to be told: a host's before an address, a full one before a short one.
func (v *victims) better(x, y *aimed) bool {
	rank := func(x *aimed) int {
		switch {
		case x.kind == "host" && strings.Contains(x.name, "."):
			return 3
		case x.kind == "address", !machine(x.kind) && x.account.scope == "":
			return 0
		case strings.HasPrefix(x.account.name, "s-1-5-"):
			return 1
		}
		return 2
	}
	if machine(x.kind) != machine(y.kind) {
		return machine(x.kind)
	}
	return cmp.Or(cmp.Compare(rank(y), rank(x)), cmp.Compare(len(y.hits), len(x.hits)), strings.Compare(x.name, y.name)) < 0
}

// join makes what goes by several names one.
func (v *victims) join() {
	byFirst := map[string][]*aimed{} // hosts by the first label of their names
	for _, x := range v.order {
		if x.kind == "host" {
			byFirst[netBIOS(first(x.name))] = append(byFirst[netBIOS(first(x.name))], x)
		}
	}
	for _, x := range v.order {
		if x.kind != "host" {
			continue
		}
		v.others("host", x)
		if strings.Contains(x.name, ".") {
			continue
		}
		var full []*aimed
		for _, y := range byFirst[netBIOS(x.name)] {
			short := len(x.name) >= 15 || first(y.name) == x.name
			if short && strings.Contains(y.name, ".") && (x.org == "" || y.org == "" || sameScope(strings.ToLower(x.org), strings.ToLower(y.org))) {
				full = append(full, y)
			}
		}
		if len(full) > 1 && x.org != "" {
			full = slices.DeleteFunc(full, func(y *aimed) bool { return !strings.HasSuffix(y.name, "."+strings.ToLower(x.org)) })
		}
		if len(full) == 1 {
			v.merge(x, full[0])
		}
	}
	v.joinAccounts()
}

// netBIOS is a name as NetBIOS cuts it.
func netBIOS(name string) string { return name[:min(len(name), 15)] }

// others merges what records say to be further names of something.
func (v *victims) others(kind string, x *aimed) {
	if v.s.w.names == nil {
		return
	}
	name := strings.ToLower(x.name)
	if strings.HasPrefix(name, "s-1-5-") {
		name = strings.ToUpper(name)
	}
	for _, o := range v.s.w.names.Others(kind, name) {
		key := kind + ":" + o
		if kind == "user" {
			a, ok := accountOf(tocsin.Entity{Kind: "user", Value: o}, "")
			if !ok {
				continue
			}
			key = kind + ":" + a.key()
		}
		if y := v.at[key]; y != nil {
			v.merge(x, y)
		}
	}
}

// joinAccounts joins the names of accounts. Each is held against the others of the same name only.
func (v *victims) joinAccounts() {
	byName := map[string][]*aimed{}
	for _, x := range v.order {
		if machine(x.kind) {
			continue
		}
		v.others("user", x)
		if c := x.account.computer(); c != "" { // the account of a machine is that machine
			for _, h := range []string{c + "." + x.account.scope, c} {
				if y := v.at["host:"+h]; y != nil {
					v.merge(y, x)
					break
				}
			}
			continue
		}
		byName[x.account.name] = append(byName[x.account.name], x)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all := byName[name]
		// only is the one root among those that fit, or nil.
		only := func(x *aimed, fits func(*aimed) bool) *aimed {
			var one *aimed
			for _, y := range all {
				if y.root() == x.root() || !fits(y) {
					continue
				}
				if one != nil && one != y.root() {
					return nil
				}
				one = y.root()
			}
			return one
		}
		for _, x := range all[:min(len(all), maxAccounts)] {
			if x.account.scope == "" {
				continue
			}
			if y := only(x, func(y *aimed) bool { return y.account.scope != "" && v.sameScope(x.account.scope, y.account.scope) }); y != nil {
				v.merge(x, y)
			}
		}
		for _, x := range all[:min(len(all), maxAccounts)] {
			if x.account.scope != "" {
				continue
			}
			y := only(x, func(y *aimed) bool {
				s := y.account.scope
				return s != "" && (!v.s.w.acting[s] || v.sameMachine(x.on, s))
			})
			if y == nil { // of several, the one of the machine on which it was seen
				y = only(x, func(y *aimed) bool { return v.s.w.acting[y.account.scope] && v.sameMachine(x.on, y.account.scope) })
			}
			if y != nil {
				v.merge(x, y)
			}
		}
	}
}

// maxAccounts bounds the accounts of one name that are held against each other.
const maxAccounts = 64

// sameScope says that two scopes are one domain or machine.
func (v *victims) sameScope(a, b string) bool {
	if sameScope(a, b) {
		return true
	}
	x, y := v.at["host:"+a], v.at["host:"+b]
	return x != nil && y != nil && x.root() == y.root()
}

// sameMachine says that a scope is one of some machines.
func (v *victims) sameMachine(on map[string]bool, scope string) bool {
	for h := range on {
		if v.sameScope(h, scope) {
			return true
		}
	}
	return false
}

// leaveOut takes out what is no machine after all: a domain, and what was only tried and never answered.
func (v *victims) leaveOut() {
	entered := func(x *aimed) bool { return slices.ContainsFunc(x.hits, func(h hit) bool { return h.reached }) }
	n := 0
	below := map[string]bool{} // domains of other machines
	for _, x := range v.order {
		if x.up != nil || !machine(x.kind) {
			continue
		}
		if entered(x) {
			n++
		}
		if x.kind == "host" {
			_, domain, _ := strings.Cut(x.name, ".")
			below[domain] = true
		}
	}
	w := v.s.w
	v.order = slices.DeleteFunc(v.order, func(x *aimed) bool {
		if x.up != nil {
			return true
		}
		if !machine(x.kind) || w.acting[x.name] {
			return false
		}
		in := entered(x)
		switch {
		case x.kind == "host" && (below[x.name] || w.domains[x.name]) && (!in || n > 1):
			if in {
				n--
			}
			return true
		case in || slices.ContainsFunc(x.hits, func(h hit) bool { return h.answered }):
			return false
		}
		return !slices.ContainsFunc(slices.Collect(maps.Keys(x.also)), func(e tocsin.Entity) bool { return w.acting[e.Value] || e.Value != x.name && e.Kind == "address" })
	})
}

// list tells the victims, those reached first.
func (v *victims) list() []tocsin.Victim {
	out := make([]tocsin.Victim, 0, len(v.order))
	for _, x := range v.order {
		out = append(out, x.victim(v.s.act))
	}
	slices.SortStableFunc(out, func(x, y tocsin.Victim) int {
		if x.Reached != y.Reached {
			if x.Reached {
				return -1
			}
			return 1
		}
		return cmp.Or(x.First.Compare(y.First), strings.Compare(x.Value, y.Value))
	})
	return out
}

// victim is what is told of one that was aimed at; of an act that several deeds tell of, one counts.
func (x *aimed) victim(acts map[*tocsin.Deed]*act) tocsin.Victim {
	out := tocsin.Victim{Entity: tocsin.Entity{Kind: x.kind, Role: "target", Value: x.name}, Org: x.org, Tie: tocsin.Weak}
	tactics := map[string]time.Time{}
	counted := map[*act]bool{} // a deed may name a machine in several ways
	var shows *hit             // the first of the most telling that entered, else of those that tried
	for i := range x.hits {
		h := &x.hits[i]
		if shows == nil || h.reached && !shows.reached || h.reached == shows.reached && cmp.Or(cmp.Compare(flag(h.m.core()), flag(shows.m.core())), cmp.Compare(h.d.Weight, shows.d.Weight), shows.d.Time.Compare(h.d.Time)) > 0 {
			shows = h
		}
	}
	if shows != nil {
		out.Why = done(shows.d, shows.d.N)
	}
	for _, h := range x.hits {
		d := h.d
		begun, last := d.Time, d.Last
		if h.as != "" {
			var at tocsin.Place
			at, last = d.At(h.as)
			begun = at.Time
		}
		if !begun.IsZero() && (out.First.IsZero() || begun.Before(out.First)) {
			out.First = begun
		}
		out.Last = later(out.Last, last)
		out.Reached = out.Reached || h.reached
		if one := acts[d]; !counted[one] {
			counted[one] = true
			out.Actions += one.n
		}
		if h.m.core() {
			out.Tie = tocsin.Core
		}
		if at, ok := tactics[d.Tactic]; d.Tactic != "" && (!ok || begun.Before(at)) {
			tactics[d.Tactic] = begun
		}
	}
	out.Tactics = slices.Collect(maps.Keys(tactics))
	slices.SortFunc(out.Tactics, func(a, b string) int { return cmp.Or(tactics[a].Compare(tactics[b]), strings.Compare(a, b)) })
	for e := range x.also {
		if !strings.EqualFold(e.Value, x.name) {
			out.Also = append(out.Also, e)
		}
	}
	slices.SortFunc(out.Also, func(a, b tocsin.Entity) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Value, b.Value))
	})
	out.Also = slices.CompactFunc(out.Also, func(a, b tocsin.Entity) bool { return a.Kind == b.Kind && strings.EqualFold(a.Value, b.Value) })
	out.Also = out.Also[:min(len(out.Also), maxAlso)]
	return out
}
