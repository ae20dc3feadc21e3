package campaign

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/prevalence"
)

const (
	// mostUses is how many members may share a string before it is none that few share.
	mostUses = 64
	// fewUses is how many pairs one string or account may make where each user of it is held against each.
	fewUses = 16
)

// A use is a member that has a string, and the first of its deeds that shows it, by a name as Deed.At has it.
type use struct {
	m  *member
	d  *tocsin.Deed
	as string
}

// uses are by string. A member is in each list once, and lists end just beyond mostUses.
type uses map[string][]use

func (u uses) add(s string, m *member, d *tocsin.Deed, as string) {
	if l := u[s]; len(l) <= mostUses && (len(l) == 0 || l[len(l)-1].m != m) {
		u[s] = append(l, use{m, d, as})
	}
}

// marks joins members by credentials and strings that few share, by places that one sends machines to and the other
// goes to, and by mails and the accounts that they went to.
func (w *world) marks(k *knot) {
	ours := map[string]bool{} // machines that logs are from
	for _, m := range w.all {
		for i := range m.Deeds {
			if h := m.Deeds[i].Host; h != "" {
				ours[strings.ToLower(h)] = true
			}
		}
	}
	theirs := w.aimed()
	shared, visits, accounts := uses{}, uses{}, uses{}
	for _, m := range w.all {
		for i := range m.Deeds {
			d := &m.Deeds[i]
			for _, s := range d.Marks {
				if kind, text, _ := strings.Cut(s, ":"); !theirs.has(kind, text) {
					shared.add(s, m, d, s)
				}
			}
			calls := d.Tactic == "command-and-control" || d.Tactic == "exfiltration"
			for _, e := range d.On {
				if calls && (e.Kind == "domain" || e.Kind == "host" || e.Kind == "address" && tocsin.Internet(e.Value)) && !ours[strings.ToLower(e.Value)] && !theirs.has("callback", e.Value) {
					shared.add("callback:"+e.Value, m, d, e.Kind+":"+e.Value)
				}
				if e.Kind == "user" && d.Verb == "login" && d.Outcome == tocsin.Worked {
					accounts.add(e.Value, m, d, e.Kind+":"+e.Value)
				}
				if e.Kind == "domain" || e.Kind == "address" || e.Kind == "host" {
					visits.add(e.Value, m, d, e.Kind+":"+e.Value)
				}
			}
		}
	}
	w.mails(k, accounts)
	var all []string
	for s := range shared {
		all = append(all, s)
	}
	slices.Sort(all)
	for _, s := range all {
		u := shared[s]
		kind, text, _ := strings.Cut(s, ":")
		if kind == "callback" {
			w.callbacks(k, text, u, visits[host(text)])
		}
		if len(u) < 2 || len(u) > mostUses {
			continue
		}
		weight, link := prevalence.Weight(s, len(u), len(w.all)), "mark"
		if kind == "key" {
			link = "credential"
		}
		for i := 1; i < len(u); i++ {
			p, q := u[i-1], u[i]
			weight := weight
			if kind == "key" && onePrincipal(p.m, q.m) {
				continue
			}
			if kind == "callback" && !tocsin.Internet(host(text)) { // an address that organisations give out anew
				weight -= math.Log(1 + max(0, q.d.Time.Sub(p.d.Last).Hours())/6)
			}
			k.add(reason{kind: link, weight: weight, x: p.m, y: q.m, from: p.d, to: q.d, fromAs: p.as, toAs: q.as, what: s, n: len(u), of: len(w.all)})
		}
	}
}

// onePrincipal says that two call a cloud's API by one principal, whose keys both have.
func onePrincipal(x, y *member) bool {
	if !strings.HasPrefix(x.ID, "caller:") || !strings.HasPrefix(y.ID, "caller:") {
		return false
	}
	return slices.ContainsFunc(x.Handles, func(h tocsin.Entity) bool { return h.Kind == "principal" && slices.Contains(y.Handles, h) })
}

// targets are the machines that somebody aimed at, and the words of their names.
type targets struct{ machines, words map[string]bool }

// aimed are the machines that the members looked at, tried to enter or entered.
func (w *world) aimed() targets {
	t := targets{map[string]bool{}, map[string]bool{}}
	add := func(machine string) {
		machine = strings.ToLower(machine)
		t.machines[machine] = true
		if _, err := netip.ParseAddr(machine); err == nil {
			return
		}
		for _, word := range prevalence.Telling(machine) {
			t.words[word] = true
		}
	}
	for _, m := range w.all {
		for _, d := range m.telling {
			switch d.Tactic {
			case "reconnaissance", "discovery", "initial-access", "credential-access", "lateral-movement":
			default:
				continue
			}
			if d.Host != "" {
				add(d.Host)
			}
			for _, e := range d.On {
				if e.Kind == "host" || e.Kind == "address" || e.Kind == "domain" {
					add(e.Value)
				}
			}
		}
	}
	return t
}

// has says that a string is the target's and not the doer's: an address of the network that somebody aimed at, or a list
// or file that is named after what was aimed at.
func (t targets) has(kind, text string) bool {
	switch kind {
	case "callback":
		h := strings.ToLower(host(text))
		return !tocsin.Internet(h) && t.machines[h]
	case "list", "dropped":
		words := prevalence.Telling(text)
		return len(words) > 0 && !slices.ContainsFunc(words, func(word string) bool { return !t.words[word] })
	}
	return false
}

// callbacks joins who names a host with who then goes there.
func (w *world) callbacks(k *knot, text string, named, to []use) {
	if len(to) > mostUses {
		return
	}
	weight := min(5, prevalence.Weight("callback:"+text, len(to), len(w.all)))
	for _, x := range named {
		n := 0
		for _, y := range to {
			if x.m == y.m || !timely(x.d, y.d) || y.d.Time.Sub(x.d.Time).Abs() > follows {
				continue
			}
			k.add(reason{kind: "callback", weight: weight, x: x.m, y: y.m, from: x.d, to: y.d, fromAs: x.as, toAs: y.as, what: text})
			if n++; n == fewUses {
				break
			}
		}
	}
}

// mails joins who sends a mail with who then uses the account that it went to.
func (w *world) mails(k *knot, accounts uses) {
	for _, m := range w.all {
		for _, d := range m.telling {
			if d.Verb != "mail" {
				continue
			}
			for _, e := range d.On {
				n := 0
				for _, y := range accounts[e.Value] {
					if !timely(d, y.d) {
						continue
					}
					if gap := y.m.Last.Sub(d.Time); gap < 0 || gap > 7*24*time.Hour {
						continue
					}
					k.add(reason{kind: "account", weight: 4 - math.Log(float64(len(accounts[e.Value]))), x: m, y: y.m, from: d, to: y.d, fromAs: e.Kind + ":" + e.Value, toAs: y.as, what: e.Value})
					if n++; n == fewUses {
						break
					}
				}
			}
		}
	}
}

// host is the host of a callback, which may have a port.
func host(text string) string {
	if h, port, ok := strings.Cut(text, ":"); ok && !strings.Contains(port, ":") {
		return h
	}
	return text
}
