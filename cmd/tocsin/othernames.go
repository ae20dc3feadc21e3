package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/naming"
	"github.com/tocsin-ids/tocsin/report"
)

// others are the other names of what was asked for, as the logs tell them. The zero value has none.
type others struct {
	names []other
	more  int          // that are not followed
	found atomic.Int64 // events that were found by them alone
}

// An other is one more name, for a stretch of time; zero bounds are open.
type other struct {
	tocsin.Entity
	fact   *naming.Known // what says so; in a chain, the last
	places []wanted      // how events are found that have it
}

// mostOthers bounds the other names of one word: a machine has few.
const mostOthers = 64

// meets says that the event has one of the names while it is one.
func (o *others) meets(ev *tocsin.Event) bool {
	at := timeOf(ev)
	for i := range o.names {
		n := &o.names[i]
		if !n.fact.At(at) {
			continue
		}
		for k := range n.places {
			if n.places[k].meets(ev) {
				return true
			}
		}
	}
	return false
}

// add adds a name that a fact tells, unless it is there for that time or is what was asked for.
func (o *others) add(e tocsin.Entity, fact *naming.Known) {
	e.Role = ""
	for i := range o.names {
		have := &o.names[i]
		if have.Entity == e && (have.fact.Since.IsZero() && have.fact.Until.IsZero() || have.fact.Since.Equal(fact.Since) && have.fact.Until.Equal(fact.Until)) {
			return
		}
	}
	if len(o.names) == mostOthers {
		o.more++
		return
	}
	n := other{Entity: e, fact: fact}
	switch e.Kind {
	case "address":
		if a, ok := parseNetwork(e.Value); ok {
			n.places = []wanted{wantAddress(a), wantHostNamed(e.Value)}
		}
	case "host":
		n.places = []wanted{wantHostNamed(e.Value)}
	case "user":
		n.places = []wanted{wantUser(e.Value)}
	}
	o.names = append(o.names, n)
}

// wantHostNamed is for a name that a fact tells: it is no pattern of the user's.
func wantHostNamed(name string) wanted {
	return wanted{meets: func(ev *tocsin.Event) bool {
		return ev.Host != "" && strings.EqualFold(strings.TrimSuffix(ev.Host, "."), name)
	}}
}

// follow finds the other names of what was asked for. Names of a machine lead to its addresses, and an address to the machine
// that it was; they lead no further, since an address may be another machine's next.
func (w *wanted) follow(names *naming.Names) {
	all := names.All()
	is := func(e tocsin.Entity) bool { return e.Kind == w.kind && w.named(e.Value) }
	switch w.kind {
	case "host":
		hosts := map[string]bool{}
		for i := range all {
			n := &all[i]
			if n.Doubt != "" {
				continue
			}
			for _, e := range []tocsin.Entity{n.Of, n.Name} {
				if e.Kind == "host" && is(e) {
					hosts[e.Value] = true
				}
			}
		}
		for i := range all {
			n := &all[i]
			if n.Doubt == "" && (n.Kind == "alias" || n.Kind == "sid") && hosts[n.Of.Value] != hosts[n.Name.Value] {
				e := n.Name
				if hosts[n.Name.Value] {
					e = n.Of
				}
				w.others.add(e, n)
			}
		}
		for _, o := range w.others.names {
			hosts[o.Value] = true
		}
		for i := range all {
			if n := &all[i]; n.Doubt == "" && n.Kind == "machine" && hosts[n.Name.Value] {
				w.others.add(n.Of, n)
			}
		}
	case "address":
		for i := range all {
			if n := &all[i]; n.Doubt == "" && n.Kind == "machine" && is(n.Of) {
				w.others.add(n.Name, n)
			}
		}
	case "user":
		known := map[string]bool{}
		for i := range all {
			if n := &all[i]; n.Doubt == "" && (n.Kind == "account" || n.Kind == "mailbox") {
				known[n.Of.Value] = known[n.Of.Value] || is(n.Of)
				known[n.Name.Value] = known[n.Name.Value] || is(n.Name)
			}
		}
		for range 2 { // a SID leads from one name of an account to another
			var next []string
			for i := range all {
				n := &all[i]
				if n.Doubt != "" || n.Kind != "account" && n.Kind != "mailbox" || known[n.Of.Value] == known[n.Name.Value] {
					continue
				}
				e := n.Name
				if known[n.Name.Value] {
					e = n.Of
				}
				w.others.add(e, n)
				next = append(next, e.Value)
			}
			for _, v := range next {
				known[v] = true
			}
		}
	}
}

// say tells which names were used.
func (w *wanted) say(out io.Writer) {
	const shown = 8
	if len(w.others.names) == 0 {
		return
	}
	var all []string
	for _, o := range w.others.names[:min(len(w.others.names), shown)] {
		s := o.Value
		if !o.fact.Since.IsZero() || !o.fact.Until.IsZero() {
			s += " from " + minute(o.fact.Since) + " to " + minute(o.fact.Until)
		}
		by := o.fact.By[0]
		all = append(all, fmt.Sprintf("%s (%s, %s)", s, by, o.fact.From.String()))
	}
	if more := len(w.others.names) - len(all) + w.others.more; more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	events := "events"
	if w.others.found.Load() == 1 {
		events = "event"
	}
	fmt.Fprintf(out, "%s\n", report.Visible(fmt.Sprintf("%s: %d %s more by its other names: %s; --exact leaves them out", w.filter, w.others.found.Load(), events, strings.Join(all, ", "))))
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// readNamed reads input for events that are asked for. Those that have the very names of --host, --user and --address go to
// their desk while it is read for the first time; where the logs tell of other names, it is read once more for those that
// have these alone.
func readNamed(s std, in engine.Input, f *inputFlags, q *query, exact bool, desk func(worker int, wants func(*tocsin.Event) bool) engine.Desk) (*tocsin.Coverage, error) {
	var facts []*naming.Facts
	fresh := newFacts()
	if !exact && len(q.named) > 0 {
		in.Facts = func(int) engine.Desk {
			own := fresh()
			facts = append(facts, own)
			return engine.DeskFunc(own.See)
		}
	}
	stop := showProgress(s.err, in.Progress, f.Quiet)
	coverage, err := engine.Read(s.ctx, in, func(worker int) engine.Desk { return desk(worker, q.wants) })
	stop()
	if err != nil || len(facts) == 0 {
		return coverage, err
	}
	for _, o := range facts[1:] {
		facts[0].Merge(o)
	}
	names, more := facts[0].Names(), false
	for _, w := range q.named {
		w.follow(names)
		more = more || len(w.others.names) > 0
	}
	if !more {
		return coverage, nil
	}
	if slices.Contains(in.Paths, "-") {
		if !f.Quiet {
			fmt.Fprintln(s.err, "what was asked for has other names in these logs, but standard input cannot be read twice: name files to find events by those too")
		}
		return coverage, nil
	}
	in.Facts, in.Progress = nil, &engine.Progress{}
	stop = showProgress(s.err, in.Progress, f.Quiet)
	again, err := engine.Read(s.ctx, in, func(worker int) engine.Desk { return desk(worker, q.wantsOthers) })
	stop()
	if again != nil {
		coverage.Partial = again.Partial
	}
	if !f.Quiet {
		for _, w := range q.named {
			w.say(s.err)
		}
	}
	return coverage, err
}
