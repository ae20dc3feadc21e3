package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/source"
)

// queryFlags say which events are wanted: those for which all flags hold; of several values of --host, --user and
// --address any.
type queryFlags struct {
	Host    []string `help:"Events of this host; web01 also takes web01.corp.example, and * and ? stand for anything. May be given more than once, as --user and --address." placeholder:"HOST"`
	User    []string `help:"Events that name this account, acting or acted on: ann, CORP\\ann, ann@corp.example or a SID; * and ? stand for anything." placeholder:"USER"`
	Address []string `help:"Events that name this address or one of this network: 192.0.2.7, 192.0.2.0/24." placeholder:"ADDRESS"`
	Exact   bool     `help:"Find hosts, accounts and addresses by the very name that was given, not by the other names that these logs tell of them."`
	Field   []string `help:"Events whose field has this value: NAME=VALUE; * and ? stand for anything. NAME may be Sigma's, ECS's or the log's own, or host, user, address." placeholder:"NAME=VALUE" sep:"none"`
	Text    []string `short:"t" help:"Events with this text in any field, upper or lower case alike; all of them if given more than once." placeholder:"TEXT" sep:"none"`
	Regex   []string `short:"e" help:"Events with a field that this regular expression (RE2) matches." placeholder:"REGEX" sep:"none"`
	Not     []string `help:"But not events whose field has this value (NAME=VALUE), or with this text." placeholder:"NAME=VALUE|TEXT" sep:"none"`
}

// A query is what queryFlags ask for.
type query struct {
	names []anyOf                    // one of each
	tests []func(*tocsin.Event) bool // and all of these
	asked askings
	named []*wanted  // hosts, accounts and addresses, which may have other names
	needs [][]string // of each, a value that some field must have, so that parts of an archive can be passed over
}

// anyOf are words of which one is enough.
type anyOf []*wanted

// empty says that everything is wanted.
func (q *queryFlags) empty() bool {
	return len(q.Host)+len(q.User)+len(q.Address)+len(q.Field)+len(q.Text)+len(q.Regex)+len(q.Not) == 0
}

// fieldName is what may stand before the = of NAME=VALUE.
var fieldName = regexp.MustCompile(`^[\p{L}_@][^\s=]*$`)

func (q *queryFlags) query() (*query, error) {
	out := &query{}
	add := func(all []wanted) {
		if len(all) == 0 {
			return
		}
		out.asked.all = append(out.asked.all, all...)
		var any anyOf
		for i := range all {
			any = append(any, &all[i])
			if all[i].named != nil {
				out.named = append(out.named, &all[i])
			}
		}
		out.names = append(out.names, any)
	}
	var hosts, users, addresses []wanted
	var faults []error
	for _, h := range q.Host {
		hosts = append(hosts, wantHost(h))
	}
	for _, u := range q.User {
		users = append(users, wantUser(u))
	}
	for _, a := range q.Address {
		n, ok := parseNetwork(a)
		if !ok {
			faults = append(faults, fmt.Errorf("--address %s: want an address or a network, such as 192.0.2.7 or 192.0.2.0/24", a))
			continue
		}
		addresses = append(addresses, wantAddress(n))
	}
	add(hosts)
	add(users)
	add(addresses)
	for _, t := range q.Text {
		out.tests = append(out.tests, anywhere(regexp.MustCompile("(?i)"+regexp.QuoteMeta(t))))
	}
	for _, r := range q.Regex {
		re, err := regexp.Compile(r)
		if err != nil {
			faults = append(faults, fmt.Errorf("--regex: %w", err))
			continue
		}
		out.tests = append(out.tests, anywhere(re))
	}
	for _, f := range q.Field {
		name, value, ok := strings.Cut(f, "=")
		if !ok || !fieldName.MatchString(name) {
			faults = append(faults, fmt.Errorf("--field %s: want NAME=VALUE", f))
			continue
		}
		test, ref := fieldTest(name, value)
		out.asked.all = append(out.asked.all, wantField("--field "+f, ref))
		if ref.only(value) {
			out.needs = append(out.needs, []string{value})
		}
		out.tests = append(out.tests, test)
	}
	for _, n := range q.Not {
		var test func(*tocsin.Event) bool
		if name, value, ok := strings.Cut(n, "="); ok && fieldName.MatchString(name) {
			var ref *fieldRef
			test, ref = fieldTest(name, value)
			out.asked.all = append(out.asked.all, wantField("--not "+n, ref))
		} else {
			test = anywhere(regexp.MustCompile("(?i)" + regexp.QuoteMeta(n)))
		}
		out.tests = append(out.tests, func(ev *tocsin.Event) bool { return !test(ev) })
	}
	if len(out.names) > 0 { // what is said of names that no event has is said of all events
		out.needs = nil
	}
	return out, errors.Join(faults...)
}

// only says that an event meets the reference with a value only if a field has that very value, but for upper and lower case.
func (r *fieldRef) only(value string) bool {
	if _, network := parseNetwork(value); network || strings.ContainsAny(value, "*?") {
		return false
	}
	return !slices.ContainsFunc(r.names, func(name string) bool { return derived[name] != nil })
}

// passedNames are the names of the fields of what was passed over, which are there all the same.
type passedNames struct {
	mu    sync.Mutex
	names map[string]bool
}

func (p *passedNames) add(passed source.Passed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.names == nil {
		p.names = map[string]bool{}
	}
	for _, n := range passed.Names {
		p.names[n] = true
	}
}

// event is one that has them.
func (p *passedNames) event() *tocsin.Event {
	ev := &tocsin.Event{}
	for _, n := range slices.Sorted(maps.Keys(p.names)) {
		ev.Fields = append(ev.Fields, tocsin.Field{Name: n})
	}
	return ev
}

// fieldTest tests a field for a value. Hosts, accounts and addresses are compared as --host, --user and --address do.
func fieldTest(name, value string) (func(*tocsin.Event) bool, *fieldRef) {
	ref := refTo(name)
	n, isNetwork := parseNetwork(value)
	return func(ev *tocsin.Event) bool {
		switch {
		case ref.has(ev, value):
			return true
		case name == "host":
			return hostIs(value, ev.Host)
		case name == "user":
			return namesAccount(ev, value)
		case isNetwork:
			found := false
			ref.each(ev, true, func(v string) { found = found || n.holds(v) })
			return found
		}
		return false
	}, ref
}

// wants says that an event is one of those asked for, by the very names that were given.
func (q *query) wants(ev *tocsin.Event) bool {
	for _, any := range q.names {
		if !slices.ContainsFunc(any, func(w *wanted) bool { return w.meets(ev) }) {
			return false
		}
	}
	return q.holds(ev)
}

// wantsOthers says that an event is one of those asked for by other names only, and counts it.
func (q *query) wantsOthers(ev *tocsin.Event) bool {
	if len(q.names) == 0 || q.wants(ev) {
		return false
	}
	for _, any := range q.names {
		if !slices.ContainsFunc(any, func(w *wanted) bool { return w.meets(ev) || w.others != nil && w.others.meets(ev) }) {
			return false
		}
	}
	if !q.holds(ev) {
		return false
	}
	for _, w := range q.named {
		if !w.meets(ev) && w.others.meets(ev) {
			w.others.found.Add(1)
		}
	}
	return true
}

// holds says that an event passes all tests that are about no names.
func (q *query) holds(ev *tocsin.Event) bool {
	for _, t := range q.tests {
		if !t(ev) {
			return false
		}
	}
	return true
}

// anywhere tests all that an event says: its fields, its host, and its text.
func anywhere(re *regexp.Regexp) func(*tocsin.Event) bool {
	return func(ev *tocsin.Event) bool {
		for i := range ev.Fields {
			if re.MatchString(ev.Fields[i].Value) {
				return true
			}
		}
		return re.MatchString(ev.Raw) || re.MatchString(ev.Host)
	}
}
