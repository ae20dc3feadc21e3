// Package shape changes what a report carries of matches before it is written, so that formats need not know of it: fewer
// fields, places of addresses; and it draws up what to search for elsewhere. It is pure.
package shape

import (
	"fmt"
	"iter"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Matches are the matches of a result, as package report takes them.
type Matches interface {
	Len() int
	All(held bool) iter.Seq[*tocsin.Match]
}

// changed are matches each of which is changed when it is told.
type changed struct {
	Matches
	held   bool // the change goes by what held
	change func(*tocsin.Match)
}

func (c changed) All(held bool) iter.Seq[*tocsin.Match] {
	return func(yield func(*tocsin.Match) bool) {
		for m := range c.Matches.All(held || c.held) {
			out := *m
			if m.Event != nil {
				ev := *m.Event
				out.Event = &ev
				c.change(&out)
			}
			if !held {
				out.Held = nil
			}
			if !yield(&out) {
				return
			}
		}
	}
}

// always are fields that say what kind of record an event is; every profile has them.
var always = []string{"EventID", "Channel", "Provider_Name", "event_type", "type", "eventName", "outcome", "tool"}

// standard are fields that say how it ended and what was said, beside those that name somebody or something.
var standard = []string{"status", "sc-status", "Status", "message", "result", "success", "error", "errorCode", "cs-method", "cs-uri", "cs-user-agent", "LogonType", "GrantedAccess",
	"TargetObject", "Details", "DestinationPort", "dest_port", "id.resp_p", "SourcePort", "src_port", "service", "program", "ProcessId", "ParentProcessId", "pid"}

// Choose tells of each match only some of its event's fields: a profile (minimal, standard or all), or names of fields, which
// may hold * and ?. Minimal is what made the rule hold, the kind of record and who took part; standard is also every field
// that names somebody or something, how it ended, and what the rule wants to be shown.
func Choose(all Matches, fields []string) (Matches, error) {
	var keep func(m *tocsin.Match) func(tocsin.Field) bool
	switch {
	case len(fields) == 1 && fields[0] == "all":
		return all, nil
	case len(fields) == 1 && fields[0] == "minimal":
		keep = func(m *tocsin.Match) func(tocsin.Field) bool {
			return profile(m, always, func(e tocsin.Entity) bool {
				return e.Kind == "address" || e.Kind == "user" || e.Kind == "host" || e.Kind == "principal"
			})
		}
	case len(fields) == 1 && fields[0] == "standard":
		keep = func(m *tocsin.Match) func(tocsin.Field) bool {
			names := slices.Concat(always, standard)
			if m.Rule != nil {
				names = append(names, m.Rule.Show...)
			}
			return profile(m, names, func(tocsin.Entity) bool { return true })
		}
	default:
		for _, f := range fields {
			if _, err := path.Match(f, ""); err != nil || f == "" {
				return nil, fmt.Errorf("%q is no name of a field; write minimal, standard, all, or names, which may hold * and ?", f)
			}
			if f == "minimal" || f == "standard" || f == "all" {
				return nil, fmt.Errorf("%s is a profile and stands alone", f)
			}
		}
		keep = func(*tocsin.Match) func(tocsin.Field) bool {
			return func(f tocsin.Field) bool {
				return slices.ContainsFunc(fields, func(p string) bool {
					ok, _ := path.Match(strings.ToLower(p), strings.ToLower(f.Name))
					return ok
				})
			}
		}
	}
	return changed{all, true, func(m *tocsin.Match) {
		if len(m.Event.Fields) == 0 {
			return // a record as text is all there is
		}
		wanted := keep(m)
		var some []tocsin.Field
		for _, f := range m.Event.Fields {
			if wanted(f) {
				some = append(some, f)
			}
		}
		m.Event.Fields, m.Event.Raw = some, ""
	}}, nil
}

// profile keeps fields by name, those that held, and those in which an entity of a kind stands.
func profile(m *tocsin.Match, names []string, kind func(tocsin.Entity) bool) func(tocsin.Field) bool {
	var values []string
	for _, e := range m.Event.Entities() {
		if kind(e) {
			values = append(values, e.Value)
		}
	}
	return func(f tocsin.Field) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, f.Name) }) || slices.Contains(values, f.Value) ||
			slices.ContainsFunc(m.Held, func(h tocsin.Field) bool { return h.Name == f.Name })
	}
}

// Place adds to each match what is known of where its addresses are: after a field that holds an address of the internet, the
// fields that lookup gives, their names below the field's.
func Place(all Matches, lookup func(netip.Addr) []tocsin.Field) Matches {
	return changed{all, false, func(m *tocsin.Match) {
		var out []tocsin.Field
		for i, f := range m.Event.Fields {
			more := placed(f.Value, lookup)
			if out == nil && len(more) > 0 {
				out = append(out, m.Event.Fields[:i]...)
			}
			if out == nil {
				continue
			}
			out = append(out, f)
			for _, x := range more {
				out = append(out, tocsin.Field{Name: f.Name + "." + x.Name, Value: x.Value})
			}
		}
		if out != nil {
			m.Event.Fields = out
		}
	}}
}

func placed(value string, lookup func(netip.Addr) []tocsin.Field) []tocsin.Field {
	if !strings.ContainsAny(value, ".:") || !tocsin.Internet(value) {
		return nil
	}
	a, err := netip.ParseAddr(value)
	if err != nil {
		return nil
	}
	return lookup(a.Unmap())
}
