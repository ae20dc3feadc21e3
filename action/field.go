package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A layout remembers which fields of events of one kind are read, by their places: events of a log source have the same
// fields in the same order, so that a name is looked up once and then only compared.
type layout struct {
	names []string
	slots []uint8
}

// maxShapes is how many layouts a plan has: events of one log source have different numbers of fields.
const maxShapes = 32

// maxLayout bounds the fields that a layout remembers.
const maxLayout = 128

// slot is the number that of gives the name of the ith field, 0 for one that is not read.
func (l *layout) slot(i int, name string, of map[string]uint8) uint8 {
	if i < len(l.names) && l.names[i] == name {
		return l.slots[i]
	}
	slot := of[name]
	if i < maxLayout && i <= len(l.names) {
		name = strings.Clone(name)
		if i == len(l.names) {
			l.names, l.slots = append(l.names, name), append(l.slots, slot)
		} else {
			l.names[i], l.slots[i] = name, slot
		}
	}
	return slot
}

// A plan is how events of a log source are read. Events of different numbers of fields have layouts of their own.
type plan struct {
	by     way
	shared [maxShapes]layout // of facts, by the number of fields
	own    [maxShapes]layout // of the facts of its way of reading
}

// layout is the one for events with as many fields as ev.
func (p *plan) layout(ev *tocsin.Event) *layout { return &p.own[len(ev.Fields)%maxShapes] }

// A way is one of the ways to read an event.
type way uint8

const (
	asHost way = iota
	asAlert
	asAgent
	asWindows
	asNetwork
	asCloud
	asWeb
)

// wayOf decides by the first of an event's log sources.
func wayOf(s *tocsin.LogSource) way {
	switch s.Product {
	case "alert":
		return asAlert
	case "ai_agent":
		return asAgent
	case "windows":
		if s.Category != "webserver" && s.Category != "firewall" {
			return asWindows
		}
	case "zeek", "suricata", "snort":
		if s.Category != "webserver" {
			return asNetwork
		}
	case "aws", "azure", "gcp", "m365", "okta", "github", "gitlab", "kubernetes", "google_workspace", "duo", "onelogin", "auth0", "vault":
		if s.Category == "" || s.Category == "application" || s.Category == "authentication" {
			return asCloud
		}
	}
	switch s.Category {
	case "webserver", "proxy":
		return asWeb
	case "firewall", "dns", "ids":
		return asNetwork
	}
	return asHost
}

// maxPlans bounds the log sources that a reader remembers.
const maxPlans = 512

// planOf finds the plan for an event's log sources, which are shared between events: where they stand tells them.
func (r *Reader) planOf(ev *tocsin.Event) *plan {
	s := &ev.Sources[0]
	if s == r.planned {
		return r.plan
	}
	p := r.plans[s]
	if p == nil {
		if r.plans == nil || len(r.plans) >= maxPlans {
			r.plans = map[*tocsin.LogSource]*plan{}
		}
		p = &plan{by: wayOf(s)}
		r.plans[s] = p
	}
	r.planned, r.plan = s, p
	return p
}

// A foldSet finds any of some words in a text in one pass, whatever the case of its letters.
type foldSet [256][]string

// foldWords makes a foldSet of words in lower case.
func foldWords(words ...string) *foldSet {
	var s foldSet
	for _, w := range words {
		s[w[0]] = append(s[w[0]], w)
		if w[0] >= 'a' && w[0] <= 'z' {
			s[w[0]&^0x20] = append(s[w[0]&^0x20], w)
		}
	}
	return &s
}

func (f *foldSet) in(s string) bool {
	for i := 0; i < len(s); i++ {
	next:
		for _, w := range f[s[i]] {
			if len(s)-i < len(w) {
				continue
			}
			for k := 1; k < len(w); k++ {
				c := s[i+k]
				if c >= 'A' && c <= 'Z' {
					c |= 0x20
				}
				if c != w[k] {
					continue next
				}
			}
			return true
		}
	}
	return false
}
