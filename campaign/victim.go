package campaign

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// victims are the machines and accounts that were aimed at, those reached first.
func (s *story) victims() {
	v := &victims{s: s, own: map[string]bool{}, at: map[string]*tocsin.Victim{}, tactics: map[string]map[string]time.Time{}, counted: map[string]*tocsin.Deed{}}
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
	s.c.Victims = v.list()
}

type victims struct {
	s       *story
	own     map[string]bool
	at      map[string]*tocsin.Victim
	tactics map[string]map[string]time.Time
	order   []string
	counted map[string]*tocsin.Deed // the last that was counted of each: a deed may name a machine in several ways
}

// deed adds the victims of a deed of a member; guessed are the machines at which it failed to log in.
func (v *victims) deed(m *member, d *tocsin.Deed, guessed map[string]bool) {
	if d.Verb == "login" && (d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied) {
		guessed[d.Host] = true
	}
	hit := d.Outcome != tocsin.Failed && d.Outcome != tocsin.Denied && (inside(d) || d.Verb == "login" && d.Outcome == tocsin.Worked && (guessed[d.Host] || m.core()))
	if m.foreign && (d.Verb == "read" || d.Verb == "list" || d.Verb == "request") {
		hit = false // what a server gives to strangers does not let them in
	}
	if d.Weight < 0.5 && !hit {
		return
	}
	w, named := v.s.w, false
	for _, e := range d.On {
		switch e.Kind {
		case "host", "address":
			if name := w.named(e.Value); !v.own[e.Value] && d.Verb != "resolve" && !strings.Contains(e.Value, "/") && !external(e, d) {
				kind := e.Kind
				if name != strings.ToLower(e.Value) {
					kind = "host"
				}
				// who looks at a machine from another one has not entered it
				v.add(m, kind, name, d, hit && (d.Tactic != "discovery" || name == w.named(d.Host)))
				named = true
			}
		case "user", "principal":
			if hit && !role(e.Value) && (d.Verb == "login" || d.Tactic == "credential-access" || d.Tactic == "persistence") {
				v.add(m, e.Kind, e.Value, d, hit)
			}
		}
	}
	if hit && d.Host == "" && (d.Tactic == "command-and-control" || d.Tactic == "execution" || d.Tactic == "exfiltration") {
		for _, e := range d.Who { // a machine of ours that speaks for the intruder
			if e.Kind == "address" && !tocsin.Internet(e.Value) {
				v.add(m, "address", e.Value, d, true)
				named = true
			}
		}
	}
	if d.Host != "" && (!named || m.Local) && d.Verb != "connect" && d.Verb != "resolve" {
		v.add(m, "host", strings.ToLower(d.Host), d, hit)
	}
}

// role says that a principal is a role or a service of a cloud, which others act as: it is nobody's that could be a victim.
func role(principal string) bool {
	return strings.Contains(principal, ":role/") || strings.Contains(principal, ":assumed-role/") || strings.HasSuffix(principal, ".amazonaws.com")
}

func (v *victims) add(m *member, kind, value string, d *tocsin.Deed, hit bool) {
	if value == "" {
		return
	}
	key := kind + ":" + value
	x := v.at[key]
	if x == nil {
		x = &tocsin.Victim{Entity: tocsin.Entity{Kind: kind, Role: "target", Value: value}, Org: d.Org, First: d.Time, Last: d.Last, Tie: tocsin.Weak}
		v.at[key], v.tactics[key] = x, map[string]time.Time{}
		v.order = append(v.order, key)
	}
	if d.Time.Before(x.First) {
		x.First = d.Time
	}
	x.Last = later(x.Last, d.Last)
	x.Reached = x.Reached || hit
	if v.counted[key] != d {
		v.counted[key] = d
		x.Actions += d.N
	}
	if x.Org == "" {
		x.Org = d.Org
	}
	if m.core() {
		x.Tie = tocsin.Core
	}
	if _, ok := v.tactics[key][d.Tactic]; !ok && d.Tactic != "" {
		v.tactics[key][d.Tactic] = d.Time
	}
}

func (v *victims) list() []tocsin.Victim {
	out := make([]tocsin.Victim, 0, len(v.order))
	for _, k := range v.order {
		x, tactics := v.at[k], v.tactics[k]
		for t := range tactics {
			x.Tactics = append(x.Tactics, t)
		}
		slices.SortFunc(x.Tactics, func(a, b string) int { return cmp.Or(tactics[a].Compare(tactics[b]), strings.Compare(a, b)) })
		out = append(out, *x)
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
