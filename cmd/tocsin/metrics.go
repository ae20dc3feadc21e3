package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/naming"
	"github.com/tocsin-ids/tocsin/report"
)

type metricsCmd struct {
	inputFlags
	queryFlags
	outputFlags
	Format string   `short:"f" help:"text, json or csv (of one table); otherwise told by the ending of --output." placeholder:"FORMAT"`
	View   []string `help:"Tables to show: events, logons, hosts, talkers (who sent how much to whom), processes (by host), seen (hosts, accounts and addresses, first seen first), names (which host an address is, other names of hosts and accounts, whose they are, and which records say so)." default:"events,logons,hosts" placeholder:"VIEW,…"`
	By     []string `help:"Count events by these fields instead: names as for --field, and day, hour, minute, kind, log_source." placeholder:"NAME,…"`
	Sum    []string `help:"With --by: add up these fields too, and show the largest sums first." placeholder:"NAME,…"`
	Top    int      `help:"How many rows of each table to show; 0 is all." default:"30"`
}

// metricsFormats are those in which tables are written.
var metricsFormats = []string{"text", "json", "csv"}

// A view is a table that metrics can show.
type view struct {
	name    string
	noun    string   // of what is counted, as the head of the first column
	columns []column // what tells the rows apart
	sums    []column // what is added up
	outcome bool     // how many worked and how many failed is counted too
	total   bool     // the sums are of one kind, and the largest total comes first
	first   bool     // what was first seen comes first
	rows    func(d *desk, table int, ev *tocsin.Event)
}

// A column is one of a table.
type column struct {
	name, head string
	account    bool      // its values are accounts …
	only       string    // … where the first column has this value; empty is always
	ref        *fieldRef // what it is filled from where the view has no rows of its own
	optional   bool      // an event without it is counted all the same
}

// Views of metrics, by name.
var views = []view{
	{name: "events", noun: "EVENTS", columns: []column{{name: "source", head: "SOURCE"}, {name: "id", head: "ID"}, {name: "name", head: "WHAT"}},
		rows: func(d *desk, table int, ev *tocsin.Event) {
			id, name := report.KindOf(ev)
			d.row(table, ev, false, d.logSource(ev), id, name)
		}},
	{name: "logons", noun: "LOGONS", outcome: true,
		columns: []column{{name: "user", head: "ACCOUNT", account: true}, {name: "address", head: "ADDRESS"}, {name: "host", head: "HOST"}, {name: "type", head: "TYPE"}},
		rows: func(d *desk, table int, ev *tocsin.Event) {
			if l, ok := report.LogonOf(ev); ok {
				d.row(table, ev, l.Worked, accountOf(ev, l.User).String(), l.Address, ev.Host, logonType(ev))
			}
		}},
	{name: "hosts", noun: "EVENTS", columns: []column{{name: "host", head: "HOST"}},
		rows: func(d *desk, table int, ev *tocsin.Event) {
			if ev.Host != "" {
				d.row(table, ev, false, ev.Host)
			}
		}},
	{name: "talkers", noun: "EVENTS", total: true,
		columns: []column{{name: "source", head: "FROM", ref: refTo("source.ip")}, {name: "destination", head: "TO", ref: refTo("destination.ip"), optional: true}},
		sums:    []column{{name: "bytes_out", head: "SENT", ref: refTo("source.bytes")}, {name: "bytes_in", head: "RECEIVED", ref: refTo("destination.bytes")}}},
	{name: "processes", noun: "EVENTS",
		columns: []column{{name: "host", head: "HOST", ref: refTo("host"), optional: true}, {name: "process", head: "PROCESS", ref: refTo("process.executable")},
			{name: "parent", head: "PARENT", ref: refTo("process.parent.executable"), optional: true}}},
	{name: "seen", noun: "EVENTS", first: true, columns: []column{{name: "kind", head: "KIND"}, {name: "value", head: "NAME", account: true, only: "account"}},
		rows: func(d *desk, table int, ev *tocsin.Event) {
			if ev.Host != "" {
				d.row(table, ev, false, "host", ev.Host)
			}
			eachAccount(ev, func(a account) { d.row(table, ev, false, "account", a.String()) })
			eachAddress(ev, "", func(a string) { d.row(table, ev, false, "address", a) })
		}},
	{name: namesView, noun: "RECORDS", rows: func(*desk, int, *tocsin.Event) {}, // see desk.facts
		columns: []column{{name: "kind", head: "KIND"}, {name: "of", head: "OF"}, {name: "name", head: "NAME"}, {name: "grade", head: "GRADE"}, {name: "by", head: "BY"},
			{name: "from", head: "FROM"}, {name: "to", head: "TO"}, {name: "doubt", head: "DOUBT", optional: true}}},
}

// logonTypes are Windows' types of logon in words.
// https://learn.microsoft.com/windows/security/threat-protection/auditing/event-4624
var logonTypes = map[string]string{"0": "system", "2": "interactive", "3": "network", "4": "batch", "5": "service", "7": "unlock", "8": "network cleartext",
	"9": "new credentials", "10": "remote interactive", "11": "cached interactive", "12": "cached remote interactive", "13": "cached unlock"}

// logonType says how somebody logged on, as far as the event does.
func logonType(ev *tocsin.Event) string {
	if t, ok := ev.Value("LogonType"); ok {
		if words := logonTypes[t]; words != "" {
			return t + " " + words
		}
		return t
	}
	if t := ev.Text("auth_method"); t != "" {
		return t
	}
	return ev.Text("method")
}

// A desk counts one worker's events into tables.
type desk struct {
	wants  func(*tocsin.Event) bool
	asked  engine.Desk
	views  []view
	tables []*groups
	missed []int64 // events that lack a column
	odd    int64   // values to be added up that are no numbers
	ties   *ties
	facts  *naming.Facts // nil unless the table of names is shown

	accounts []bool // whether a table has a column of accounts
	named    bool   // the event at hand was counted in one

	first  *tocsin.LogSource // of the event before, and how it is written
	source string
}

// logSource writes the first log source of an event; events that follow one another mostly share theirs.
func (d *desk) logSource(ev *tocsin.Event) string {
	if len(ev.Sources) == 0 {
		return "*"
	}
	if first := &ev.Sources[0]; first != d.first {
		d.first, d.source = first, first.String()
	}
	return d.source
}

// row counts an event in a row of a table.
func (d *desk) row(table int, ev *tocsin.Event, worked bool, values ...string) {
	d.count(ev, table, worked, values)
}

func newDesk(q *query, wants func(*tocsin.Event) bool, views []view, worker int, facts func() *naming.Facts) *desk {
	d := &desk{wants: wants, asked: q.asked.watch(worker), views: views, missed: make([]int64, len(views)), ties: newTies()}
	for _, v := range views {
		d.tables = append(d.tables, newGroups())
		if v.name == namesView {
			d.facts = facts()
		}
		d.accounts = append(d.accounts, slices.ContainsFunc(v.columns, func(c column) bool { return c.account }))
	}
	return d
}

// Event counts one event.
func (d *desk) Event(ev *tocsin.Event) {
	d.asked.Event(ev)
	if !d.wants(ev) {
		return
	}
	if d.facts != nil {
		d.facts.See(ev)
	}
	d.named = false
	for i := range d.views {
		v := &d.views[i]
		if v.rows == nil {
			d.fill(ev, i)
			continue
		}
		v.rows(d, i, ev)
	}
	if d.named {
		eachAccount(ev, d.ties.note)
	}
}

// mostRows bounds the rows that one event with several values of a field is counted in.
const mostRows = 64

// fill counts an event in a table whose columns are fields: once for each combination of their values.
func (d *desk) fill(ev *tocsin.Event, table int) {
	v := &d.views[table]
	rows := [][]string{nil}
	for _, c := range v.columns {
		values := c.ref.values(ev)
		if len(values) == 0 {
			if !c.optional {
				d.missed[table]++
				return
			}
			values = []string{""}
		}
		var next [][]string
		for _, r := range rows {
			for _, value := range values {
				if len(next) < mostRows {
					next = append(next, append(slices.Clip(r), value))
				}
			}
		}
		rows = next
	}
	for _, r := range rows {
		d.count(ev, table, false, r)
	}
}

// count counts an event in one row.
func (d *desk) count(ev *tocsin.Event, table int, worked bool, values []string) {
	v, g := &d.views[table], d.tables[table]
	g.begin()
	for _, value := range values {
		g.value(value)
	}
	d.named = d.named || d.accounts[table]
	t := g.at()
	t.Count++
	at := timeOf(ev)
	t.span(at, at)
	if v.outcome && worked {
		t.Success++
	} else if v.outcome {
		t.Failure++
	}
	if len(v.sums) > 0 && t.Sums == nil {
		t.Sums = make([]float64, len(v.sums))
	}
	for i, s := range v.sums {
		s.ref.each(ev, false, func(value string) {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil || n != n || n > 1e300 || n < -1e300 {
				if value != "-" {
					d.odd++
				}
				return
			}
			t.Sums[i] += n
		})
	}
}

// tables are those that the flags ask for.
func (c *metricsCmd) tables(q *query) ([]view, error) {
	if len(c.By) > 0 {
		v := view{name: "groups", noun: "EVENTS"}
		for _, name := range c.By {
			r := refTo(name)
			v.columns = append(v.columns, column{name: name, head: strings.ToUpper(name), ref: r, account: slices.Contains(r.names, "user")})
			q.asked.all = append(q.asked.all, wantField("--by "+name, r))
		}
		for _, name := range c.Sum {
			r := refTo(name)
			v.sums = append(v.sums, column{name: name, head: "SUM(" + strings.ToUpper(name) + ")", ref: r})
			q.asked.all = append(q.asked.all, wantField("--sum "+name, r))
		}
		return []view{v}, nil
	}
	if len(c.Sum) > 0 {
		return nil, errors.New("--sum goes with --by: say by which fields to add up")
	}
	var out []view
	for _, name := range c.View {
		i := slices.IndexFunc(views, func(v view) bool { return v.name == name })
		if i < 0 {
			var names []string
			for _, v := range views {
				names = append(names, v.name)
			}
			return nil, fmt.Errorf("--view %s: no such table; there are: %s; or count by any field with --by", name, strings.Join(names, " "))
		}
		out = append(out, views[i])
	}
	return out, nil
}

func (c *metricsCmd) Run(s std) error {
	var err error
	if c.Format, err = reportFormat(c.Format, c.Output, "text", metricsFormats); err != nil {
		return err
	}
	q, err := c.query()
	if err != nil {
		return err
	}
	shown, err := c.tables(q)
	if err != nil {
		return err
	}
	if c.Format == "csv" && len(shown) > 1 {
		return errors.New("csv holds one table: name it with --view, or say --by which fields to count")
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
	var desks []*desk
	facts := newFacts()
	coverage, err := readNamed(s, in, &c.inputFlags, q, c.Exact, func(worker int, wants func(*tocsin.Event) bool) engine.Desk {
		d := newDesk(q, wants, shown, worker, facts)
		desks = append(desks, d)
		return d
	})
	if coverage == nil || err != nil && coverage.Partial == "" {
		return err
	}
	coverage.Unmet = append(q.asked.unmet(), c.unmet(coverage)...)
	all := desks[0]
	for _, d := range desks[1:] {
		all.join(d)
	}
	tables := all.results(c.Top)
	switch c.Format {
	case "json":
		err = writeTablesJSON(out, tables, coverage.Partial)
	case "csv":
		err = tables[0].csv(out, coverage.Partial)
	default:
		if err = writeTablesText(out, tables); err == nil && coverage.Partial != "" {
			_, err = fmt.Fprintf(out, "\n%s\n", report.Visible(partialLine(coverage.Partial)))
		}
	}
	if err == nil {
		err = out.keep()
	}
	if err != nil {
		return err
	}
	if !c.Quiet {
		for i := range tables {
			tables[i].notes(s.err)
		}
		printCoverage(s.err, coverage)
	}
	return c.ended(s, coverage, missing)
}

// join adds another worker's share.
func (d *desk) join(o *desk) {
	for i, g := range d.tables {
		g.join(o.tables[i])
		d.missed[i] += o.missed[i]
	}
	d.odd += o.odd
	d.ties.join(o.ties)
	if d.facts != nil {
		d.facts.Merge(o.facts)
	}
}
