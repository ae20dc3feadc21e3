package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
)

// A wanted is something that the user asked for by a name, which may be of nothing that there is.
type wanted struct {
	filter string                                 // as the user gave it: "--host web1"
	name   string                                 // what of it is the name
	noun   string                                 // of what there is in its place: "hosts"
	none   string                                 // what is said if it is met nowhere
	meets  func(ev *tocsin.Event) bool            //
	there  func(ev *tocsin.Event, y func(string)) // names of its kind that an event has; nil where they are not told

	kind   string            // of what may have other names: host, user, address
	named  func(string) bool // whether a name of that kind is one that was asked for; nil where no others are looked for
	others *others
}

// wantHost and the like make one.
func wantHost(word string) wanted {
	return wanted{filter: "--host " + word, name: word, noun: "hosts", none: "no event is of this host",
		meets: func(ev *tocsin.Event) bool { return ev.Host != "" && hostIs(word, ev.Host) }, there: derived["host"],
		kind: "host", named: func(host string) bool { return hostIs(word, host) }, others: &others{}}
}

func wantUser(word string) wanted {
	return wanted{filter: "--user " + word, name: word, noun: "accounts", none: "no event names this account",
		meets: func(ev *tocsin.Event) bool { return namesAccount(ev, word) }, there: derived["user"],
		kind: "user", named: func(user string) bool { return strings.EqualFold(word, user) || parseAccount(user, "").is(word) }, others: &others{}}
}

func wantAddress(n network) wanted {
	w := wanted{filter: "--address " + n.word, name: n.word, noun: "addresses", none: "no event names such an address",
		meets: func(ev *tocsin.Event) bool { return namesAddress(ev, n) }, kind: "address"}
	if n.prefix.IsSingleIP() { // the machines of a whole network were not asked for
		w.named, w.others = n.holds, &others{}
	}
	return w
}

func wantField(flag string, r *fieldRef) wanted {
	return wanted{filter: flag, name: r.name, noun: "fields", none: "no event has a field " + r.name, meets: r.there,
		there: func(ev *tocsin.Event, yield func(string)) {
			for i := range ev.Fields {
				yield(ev.Fields[i].Name)
			}
		}}
}

func namesAccount(ev *tocsin.Event, word string) bool {
	found := false
	eachAccount(ev, func(a account) { found = found || a.is(word) })
	return found
}

func namesAddress(ev *tocsin.Event, n network) bool {
	found := false
	eachAddress(ev, "", func(a string) { found = found || n.holds(a) })
	return found
}

// mostNames bounds the names of a kind that are kept to be offered in the place of one that is not there.
const mostNames = 10_000

// counts count texts. They are pointers because a map that is assigned to takes over the new key too, which may be a part
// of an event.
type counts map[string]*int64

// mostName bounds the bytes of a text that is counted.
const mostName = 256

// add counts a text, unless there are most others already.
func (c counts) add(s string, most int) bool {
	if len(s) > mostName {
		s = strings.ToValidUTF8(s[:mostName], "") + "…"
	}
	if n := c[s]; n != nil {
		*n++
		return true
	}
	if len(c) >= most {
		return false
	}
	n := int64(1)
	c[strings.Clone(s)] = &n
	return true
}

// join adds those of another.
func (c counts) join(o counts) {
	for s, n := range o {
		if own := c[s]; own != nil {
			*own += *n
		} else {
			c[s] = n
		}
	}
}

// often are the texts, the most frequent first.
func (c counts) often() []string {
	return slices.SortedFunc(maps.Keys(c), func(a, b string) int { return cmp.Or(cmp.Compare(*c[b], *c[a]), strings.Compare(a, b)) })
}

// An asking is what of all that was asked for a worker has met. It costs nothing once it has met all.
type asking struct {
	all   []wanted
	met   []bool
	left  int
	names map[string]counts // by noun: how many events have each
	more  map[string]bool   // there were more than mostNames
}

// Event looks at one event.
func (a *asking) Event(ev *tocsin.Event) {
	if a.left == 0 {
		return
	}
	for i := range a.all {
		if a.met[i] {
			continue
		}
		w := &a.all[i]
		if w.meets(ev) {
			a.met[i] = true
			a.left--
			continue
		}
		if w.there == nil || i > 0 && slices.ContainsFunc(a.all[:i], func(o wanted) bool { return o.noun == w.noun && !a.metAt(o) }) {
			continue // told for one before it of its kind
		}
		names := a.names[w.noun]
		if names == nil {
			names = counts{}
			a.names[w.noun] = names
		}
		w.there(ev, func(name string) {
			if !names.add(name, mostNames) {
				a.more[w.noun] = true
			}
		})
	}
}

func (a *asking) metAt(o wanted) bool {
	i := slices.IndexFunc(a.all, func(w wanted) bool { return w.filter == o.filter })
	return a.met[i]
}

// An askings is those of all workers.
type askings struct {
	all     []wanted
	workers []*asking
}

// watch gives a worker its own.
func (a *askings) watch(int) engine.Desk {
	own := &asking{all: a.all, met: make([]bool, len(a.all)), left: len(a.all), names: map[string]counts{}, more: map[string]bool{}}
	a.workers = append(a.workers, own)
	return own
}

// unmet says what no event met, and what there is.
func (a *askings) unmet() (all []tocsin.Unmet) {
	for i, w := range a.all {
		names, more, met := counts{}, false, len(a.workers) == 0 || w.others != nil && w.others.found.Load() > 0
		for _, one := range a.workers {
			met = met || one.met[i]
			more = more || one.more[w.noun]
			names.join(one.names[w.noun])
		}
		if met {
			continue
		}
		there := w.none
		if w.there != nil {
			all := names.often()
			others := all
			if w.noun == "fields" { // names for what these logs may call otherwise
				others = slices.Concat(all, slices.Sorted(maps.Keys(derived)), slices.Sorted(maps.Keys(aliases)))
			}
			if n := near(w.name, others); len(n) > 0 {
				all = n
			}
			if len(all) == 0 {
				there += "; these logs name no " + w.noun
			} else {
				there += "; " + meant(w.name, all, w.noun)
			}
			if more {
				there += fmt.Sprintf(" (of the first %d names)", mostNames)
			}
		}
		all = append(all, tocsin.Unmet{Filter: w.filter, There: there})
	}
	return all
}
