package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
)

type metricsCmd struct {
	inputFlags
	outputFlags
	Format string `short:"f" help:"text or json; otherwise told by the ending of --output." placeholder:"FORMAT"`
	Top    int    `help:"How many rows of each table to show; 0 is all." default:"30"`
}

// A tally counts what has one key, and says when it was first and last seen.
type tally struct {
	Count   int64     `json:"count"`
	Success int64     `json:"success"`
	Failure int64     `json:"failure"`
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
}

func (t *tally) add(at time.Time) {
	t.Count++
	t.span(at, at)
}

func (t *tally) span(first, last time.Time) {
	if !first.IsZero() && (t.First.IsZero() || first.Before(t.First)) {
		t.First = first
	}
	if last.After(t.Last) {
		t.Last = last
	}
}

// kind is what distinguishes events in the table of kinds: the log source, and the number or name that its log gives.
type kind struct{ source, id, name string }

// logon is who came from where.
type logon struct{ user, address, host string }

// counts is a worker's share of the metrics.
type counts struct {
	kinds  map[kind]*tally
	logons map[logon]*tally
	hosts  map[string]*tally
}

func newCounts() *counts {
	return &counts{kinds: map[kind]*tally{}, logons: map[logon]*tally{}, hosts: map[string]*tally{}}
}

func at[K comparable](m map[K]*tally, k K) *tally {
	t := m[k]
	if t == nil {
		t = &tally{}
		m[k] = t
	}
	return t
}

// Event counts one event.
func (c *counts) Event(ev *tocsin.Event) {
	id, name := report.KindOf(ev)
	source := "*"
	if len(ev.Sources) > 0 {
		source = ev.Sources[0].String()
	}
	key := kind{source, id, name}
	t, ok := c.kinds[key]
	if !ok {
		t = at(c.kinds, kind{source, clone(id), clone(name)})
	}
	t.add(ev.Time)
	if ev.Host != "" {
		h, ok := c.hosts[ev.Host]
		if !ok {
			h = at(c.hosts, clone(ev.Host))
		}
		h.add(ev.Time)
	}
	if l, ok := report.LogonOf(ev); ok {
		k := logon{l.User, l.Address, ev.Host}
		t, ok := c.logons[k]
		if !ok {
			t = at(c.logons, logon{clone(l.User), clone(l.Address), clone(ev.Host)})
		}
		t.add(ev.Time)
		if l.Worked {
			t.Success++
		} else {
			t.Failure++
		}
	}
}

// clone copies a part of an event so that it may be kept.
func clone(s string) string { return string([]byte(s)) }

func merge[K comparable](to, from map[K]*tally) {
	for k, f := range from {
		t := at(to, k)
		t.Count += f.Count
		t.Success += f.Success
		t.Failure += f.Failure
		t.span(f.First, f.Last)
	}
}

func (c *metricsCmd) Run(s std) error {
	var err error
	if c.Format, err = reportFormat(c.Format, c.Output, "text", []string{"text", "json"}); err != nil {
		return err
	}
	in, err := c.input(s)
	if err != nil {
		return err
	}
	out, err := createOutput("--output", c.Output, s.out, c.guard(s, c.Force))
	if err != nil {
		return err
	}
	defer out.discard()
	missing := c.missing()
	var desks []*counts
	stop := showProgress(s.err, in.Progress, c.Quiet)
	coverage, err := engine.Read(s.ctx, in, func(int) engine.Desk {
		d := newCounts()
		desks = append(desks, d)
		return d
	})
	stop()
	if err != nil {
		return err
	}
	coverage.Unmet = c.outOfRange(coverage)
	all := newCounts()
	for _, d := range desks {
		merge(all.kinds, d.kinds)
		merge(all.logons, d.logons)
		merge(all.hosts, d.hosts)
	}
	if c.Format == "json" {
		err = all.json(out, c.Top)
	} else {
		err = all.text(out, c.Top)
	}
	if err == nil {
		err = out.keep()
	}
	if err == nil && !c.Quiet {
		printCoverage(s.err, coverage)
	}
	if err == nil {
		err = c.ended(coverage, missing)
	}
	return err
}

// A row is one line of a table.
type row[K any] struct {
	key K
	*tally
}

// rows are a table's lines, most first; less orders equals.
func rows[K comparable](m map[K]*tally, top int, less func(a, b K) int) []row[K] {
	var out []row[K]
	for _, k := range slices.Collect(maps.Keys(m)) {
		out = append(out, row[K]{k, m[k]})
	}
	slices.SortFunc(out, func(a, b row[K]) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), less(a.key, b.key))
	})
	if top > 0 {
		out = out[:min(top, len(out))]
	}
	return out
}

func byKind(a, b kind) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.id, b.id), cmp.Compare(a.name, b.name))
}

func byLogon(a, b logon) int {
	return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.address, b.address), cmp.Compare(a.host, b.host))
}

func (c *counts) text(w *output, top int) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Format("2006-01-02 15:04:05")
	}
	fmt.Fprintf(t, "EVENTS\tSOURCE\tID\tWHAT\tFIRST\tLAST\n")
	for _, r := range rows(c.kinds, top, byKind) {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\n", r.Count, report.Visible(r.key.source), report.Visible(r.key.id), report.Visible(r.key.name), stamp(r.First), stamp(r.Last))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(t, "\nLOGONS\tWORKED\tFAILED\tACCOUNT\tADDRESS\tHOST\tFIRST\tLAST\n")
	for _, r := range rows(c.logons, top, byLogon) {
		fmt.Fprintf(t, "%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", r.Count, r.Success, r.Failure, report.Visible(r.key.user), report.Visible(r.key.address), report.Visible(r.key.host), stamp(r.First), stamp(r.Last))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(t, "\nEVENTS\tHOST\tFIRST\tLAST\n")
	for _, r := range rows(c.hosts, top, cmp.Compare[string]) {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\n", r.Count, report.Visible(r.key), stamp(r.First), stamp(r.Last))
	}
	return t.Flush()
}

func (c *counts) json(w *output, top int) error {
	type kindRow struct {
		Source string `json:"source"`
		ID     string `json:"id,omitempty"`
		Name   string `json:"name,omitempty"`
		*tally
	}
	type logonRow struct {
		User    string `json:"user"`
		Address string `json:"address"`
		Host    string `json:"host"`
		*tally
	}
	type hostRow struct {
		Host string `json:"host"`
		*tally
	}
	var doc struct {
		Kind   string     `json:"kind"` // by which the file is known for ours
		Events []kindRow  `json:"events"`
		Logons []logonRow `json:"logons"`
		Hosts  []hostRow  `json:"hosts"`
	}
	doc.Kind = "metrics"
	for _, r := range rows(c.kinds, top, byKind) {
		doc.Events = append(doc.Events, kindRow{r.key.source, r.key.id, r.key.name, r.tally})
	}
	for _, r := range rows(c.logons, top, byLogon) {
		doc.Logons = append(doc.Logons, logonRow{r.key.user, r.key.address, r.key.host, r.tally})
	}
	for _, r := range rows(c.hosts, top, cmp.Compare[string]) {
		doc.Hosts = append(doc.Hosts, hostRow{r.key, r.tally})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}
