package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tocsin-ids/tocsin/report"
)

// A table is a view that was counted.
type table struct {
	*view
	rows   []row // in the order of the view
	more   int   // rows beyond those
	missed int64 // events that lack a column
	odd    int64 // values to be added up that are no numbers
	lost   lost
}

// A row is one line of a table.
type row struct {
	values []string
	*tally
}

// results are the tables, with the first so many rows of each; 0 is all.
func (d *desk) results(top int) (all []table) {
	one := d.ties.one()
	for i := range d.views {
		v, g := &d.views[i], d.tables[i]
		for k, c := range v.columns {
			if c.account {
				g.rename(k, c.only, one)
			}
		}
		t := table{view: v, missed: d.missed[i], odd: d.odd, lost: g.lost}
		for key, n := range g.tallies {
			t.rows = append(t.rows, row{valuesOf(key), n})
		}
		if v.name == namesView {
			t.rows = namesRows(d.facts)
			for _, l := range d.facts.LetGo() {
				t.lost.events += l.N
			}
		}
		slices.SortStableFunc(t.rows, func(a, b row) int {
			if v.name == namesView {
				return 0
			}
			if v.first {
				if c := cmp.Or(cmp.Compare(order(a.First), order(b.First)), slices.Compare(a.values, b.values)); c != 0 {
					return c
				}
			}
			if v.total {
				var x, y float64
				for i := range v.sums {
					x, y = x+a.Sums[i], y+b.Sums[i]
				}
				if c := cmp.Compare(y, x); c != 0 {
					return c
				}
			}
			for i := range v.sums {
				if c := cmp.Compare(b.Sums[i], a.Sums[i]); c != 0 {
					return c
				}
			}
			return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.values, b.values))
		})
		if top > 0 && len(t.rows) > top {
			t.more = len(t.rows) - top
			t.rows = t.rows[:top]
		}
		all = append(all, t)
	}
	return all
}

// order puts what has no time last.
func order(t time.Time) int64 {
	if t.IsZero() {
		return 1<<63 - 1
	}
	return t.Unix()
}

func writeTablesText(w io.Writer, tables []table) error {
	for i := range tables {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := tables[i].text(w); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) text(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	line := func(cells []string) { fmt.Fprintln(tw, strings.Join(cells, "\t")) }
	line(t.cells(t.noun, "WORKED", "FAILED", func(c column) string { return c.head }, nil, "FIRST", "LAST"))
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.UTC().Format("2006-01-02 15:04:05")
	}
	for _, r := range t.rows {
		cells := t.cells(strconv.FormatInt(r.Count, 10), strconv.FormatInt(r.Success, 10), strconv.FormatInt(r.Failure, 10), nil, &r, stamp(r.First), stamp(r.Last))
		for i, c := range cells {
			cells[i] = report.Visible(c)
			if c == "" {
				cells[i] = "-"
			}
		}
		line(cells)
	}
	return tw.Flush()
}

// cells are those of one line: what is counted, sums, outcome, the columns, first and last.
func (t *table) cells(count, worked, failed string, head func(column) string, r *row, first, last string) []string {
	cells := []string{count}
	for i, s := range t.sums {
		if r == nil {
			cells = append(cells, head(s))
		} else {
			cells = append(cells, number(r.Sums[i]))
		}
	}
	if t.outcome {
		cells = append(cells, worked, failed)
	}
	for i, c := range t.columns {
		if r == nil {
			cells = append(cells, head(c))
		} else {
			cells = append(cells, r.values[i])
		}
	}
	return append(cells, first, last)
}

// number writes a sum without an exponent, and a whole one without a fraction.
func number(n float64) string {
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(n, 'f', 6, 64), "0"), ".")
}

// csv writes the table; partial is why the run ended before all was read, which a last row then says in each of its cells but the
// first.
func (t *table) csv(w io.Writer, partial string) error {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	b := report.AppendCSV(nil, t.cells("tocsin_events", "worked", "failed", func(c column) string { return c.name }, nil, "first", "last")...)
	for _, r := range t.rows {
		b = report.AppendCSV(b, t.cells(strconv.FormatInt(r.Count, 10), strconv.FormatInt(r.Success, 10), strconv.FormatInt(r.Failure, 10), nil, &r, stamp(r.First), stamp(r.Last))...)
	}
	if partial != "" {
		said := partialLine(partial)
		b = report.AppendCSV(b, t.cells("", "", "", func(column) string { return said }, nil, "", "")...)
	}
	_, err := w.Write(b)
	return err
}

// partialLine says that the run ended before all was read.
func partialLine(why string) string { return "The run ended before all was read: " + why }

// writeTablesJSON writes one object with a list for each table, and why the run ended before all was read, if it did. Members may
// be added, never renamed or removed.
func writeTablesJSON(w io.Writer, tables []table, partial string) error {
	doc := ordered{{"kind", "metrics"}} // by which the file is known for ours
	if partial != "" {
		doc = append(doc, member{"partial", partial})
	}
	for i := range tables {
		t := &tables[i]
		list := []ordered{}
		for _, r := range t.rows {
			o := ordered{}
			for k, c := range t.columns {
				if r.values[k] != "" || !c.optional {
					o = append(o, member{c.name, r.values[k]})
				}
			}
			o = append(o, member{"count", r.Count})
			if t.outcome {
				o = append(o, member{"success", r.Success}, member{"failure", r.Failure})
			}
			if len(t.sums) > 0 {
				sums := ordered{}
				for k, s := range t.sums {
					sums = append(sums, member{s.name, json.Number(number(r.Sums[k]))})
				}
				o = append(o, member{"sums", sums})
			}
			for _, at := range []struct {
				name string
				t    time.Time
			}{{"first", r.First}, {"last", r.Last}} {
				if k := known(at.t); k != nil {
					o = append(o, member{at.name, k})
				}
			}
			list = append(list, o)
		}
		doc = append(doc, member{t.name, list})
		if t.more > 0 || t.missed > 0 || t.odd > 0 || t.lost.events > 0 {
			doc = append(doc, member{t.name + "_left_out", ordered{{"rows_beyond_top", t.more}, {"events_without_the_fields", t.missed},
				{"values_that_are_no_numbers", t.odd}, {"rare_groups_let_go", t.lost.groups}, {"events_of_these", t.lost.events}, {"counts_low_by_at_most", t.lost.low}}})
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

// An ordered is a JSON object whose members keep their order.
type ordered []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the object.
func (o ordered) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(report.AppendJSON(b, m.name), ':')
		if s, ok := m.value.(string); ok {
			b = report.AppendJSON(b, s)
			continue
		}
		v, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b = append(b, v...)
	}
	return append(b, '}'), nil
}

// notes say what of a table is not shown.
func (t *table) notes(w io.Writer) {
	if t.more > 0 {
		fmt.Fprintf(w, "%s: %d more rows are beyond --top\n", t.name, t.more)
	}
	if t.missed > 0 && t.name == "groups" {
		fmt.Fprintf(w, "%s: %d events do not have all of these fields\n", t.name, t.missed)
	}
	if t.odd > 0 && len(t.sums) > 0 {
		fmt.Fprintf(w, "%s: %d values are no numbers and not added up\n", t.name, t.odd)
	}
	if t.name == namesView && t.lost.events > 0 {
		fmt.Fprintf(w, "%s: %d records say more names of one name, or of one kind of record, than are kept\n", t.name, t.lost.events)
	}
	if t.lost.groups > 0 {
		fmt.Fprintf(w, "%s: %d rare groups with %d events were let go to save memory; no count is low by more than %d\n", t.name, t.lost.groups, t.lost.events, t.lost.low)
	}
}
