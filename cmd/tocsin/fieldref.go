package main

import (
	_ "embed"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

//go:embed aliases.txt
var aliasesText string

// aliases gives for each name the line of aliases.txt that it is on.
var aliases = func() map[string][]string {
	all := map[string][]string{}
	for line := range strings.Lines(aliasesText) {
		if line[0] == '#' {
			continue
		}
		names := strings.Fields(line)
		for _, n := range names {
			all[n] = names
		}
	}
	return all
}()

// derived are names of what an event says otherwise than in a field. Each gives its values to yield.
var derived = map[string]func(ev *tocsin.Event, yield func(string)){
	"host":       func(ev *tocsin.Event, yield func(string)) { yieldSome(yield, ev.Host) },
	"time":       func(ev *tocsin.Event, yield func(string)) { yieldTime(yield, ev, "2006-01-02T15:04:05.000Z") },
	"day":        func(ev *tocsin.Event, yield func(string)) { yieldTime(yield, ev, "2006-01-02") },
	"hour":       func(ev *tocsin.Event, yield func(string)) { yieldTime(yield, ev, "2006-01-02 15:00") },
	"minute":     func(ev *tocsin.Event, yield func(string)) { yieldTime(yield, ev, "2006-01-02 15:04") },
	"user":       func(ev *tocsin.Event, yield func(string)) { eachAccount(ev, func(a account) { yield(a.String()) }) },
	"address":    func(ev *tocsin.Event, yield func(string)) { eachAddress(ev, "source", yield) },
	"source":     func(ev *tocsin.Event, yield func(string)) { yield(ev.Source) },
	"record":     func(ev *tocsin.Event, yield func(string)) { yield(ev.Place().Number()) },
	"place":      func(ev *tocsin.Event, yield func(string)) { yield(placeOf(ev)) },
	"format":     func(ev *tocsin.Event, yield func(string)) { yieldSome(yield, ev.Format) },
	"log_source": func(ev *tocsin.Event, yield func(string)) { yieldSome(yield, logSourceOf(ev)) },
	"kind":       func(ev *tocsin.Event, yield func(string)) { yieldSome(yield, kindOf(ev)) },
	"details":    func(ev *tocsin.Event, yield func(string)) { yieldSome(yield, report.Details(ev)) },
	"raw":        func(ev *tocsin.Event, yield func(string)) { yieldSome(yield, ev.Raw) },
}

func yieldSome(yield func(string), s string) {
	if s != "" {
		yield(s)
	}
}

func yieldTime(yield func(string), ev *tocsin.Event, layout string) {
	if at := timeOf(ev); !at.IsZero() && at.Year() >= 0 && at.Year() <= 9999 {
		yield(at.UTC().Format(layout))
	}
}

// timeOf is when an event happened, or failing that when it was written down.
func timeOf(ev *tocsin.Event) time.Time {
	if ev.Time.IsZero() {
		return ev.Sensor
	}
	return ev.Time
}

// placeOf is where an event is found again: SOURCE:RECORD.
func placeOf(ev *tocsin.Event) string { return ev.Place().String() }

func logSourceOf(ev *tocsin.Event) string {
	if len(ev.Sources) == 0 {
		return ""
	}
	return ev.Sources[0].String()
}

func kindOf(ev *tocsin.Event) string {
	id, under := report.KindOf(ev)
	return strings.TrimSpace(id + " " + under)
}

// A fieldRef is a field by whatever name the user calls it.
type fieldRef struct {
	name  string
	names []string       // under which events may have it, the best first
	rank  map[string]int // of each of them
}

// refTo makes one. What Winlogbeat nests is found under its own name.
func refTo(name string) *fieldRef {
	r := &fieldRef{name: name, names: []string{name}, rank: map[string]int{}}
	bare := strings.TrimPrefix(strings.TrimPrefix(name, "winlog.event_data."), "Event.EventData.")
	for _, n := range append([]string{bare}, aliases[bare]...) {
		if !slices.Contains(r.names, n) {
			r.names = append(r.names, n)
		}
	}
	for i, n := range r.names {
		r.rank[n] = i
	}
	return r
}

// each gives all values that the event has of the field, under the best of its names or, with every, under all.
func (r *fieldRef) each(ev *tocsin.Event, every bool, yield func(string)) {
	best := len(r.names)
	for i := range ev.Fields {
		if k, ok := r.rank[ev.Fields[i].Name]; ok && k < best {
			best = k
		}
	}
	for k, n := range r.names {
		get := derived[n]
		if get == nil || k > best && !every {
			continue
		}
		some := false
		get(ev, func(v string) { some = true; yield(v) })
		if some && !every {
			return
		}
	}
	for i := range ev.Fields {
		f := &ev.Fields[i]
		if k, ok := r.rank[f.Name]; ok && (k == best || every) {
			yield(f.Value)
		}
	}
}

// values are those of each, in order and without repeats.
func (r *fieldRef) values(ev *tocsin.Event) (all []string) {
	r.each(ev, false, func(v string) {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	})
	return all
}

// has says that the event has a value of the field that is like a pattern: of the field of this very name if there is
// one, else of any of its names.
func (r *fieldRef) has(ev *tocsin.Event, pattern string) bool {
	_, own := ev.Value(r.name)
	found := false
	r.each(ev, !own, func(v string) { found = found || like(pattern, v) })
	if own && !found && derived[r.name] != nil {
		derived[r.name](ev, func(v string) { found = found || like(pattern, v) })
	}
	return found
}

// there says that the event has the field at all.
func (r *fieldRef) there(ev *tocsin.Event) bool {
	found := false
	r.each(ev, false, func(string) { found = true })
	return found
}
