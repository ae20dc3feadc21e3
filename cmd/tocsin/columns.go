package main

import (
	"io"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// columns writes chosen fields of events: as text apart by tabs, with - where an event has none; as JSONL and CSV with the
// place of the event before them. Several values of a field are apart by commas, or a list in JSONL.
type columns struct {
	w      io.Writer
	format string
	fields []*fieldRef
	b      []byte
}

func newColumns(w io.Writer, format string, names []string, own bool) *columns {
	c := &columns{w: w, format: format}
	for _, n := range names {
		c.fields = append(c.fields, refTo(n))
	}
	switch {
	case format == "csv":
		c.row("tocsin_place", names)
	case format == "text" && own:
		c.row("#tocsin", names)
	}
	return c
}

// Write keeps the row of one event until Flush.
func (c *columns) Write(ev *tocsin.Event) error {
	if c.format == "jsonl" {
		c.json(ev)
		return nil
	}
	cells := make([]string, len(c.fields))
	for i, f := range c.fields {
		cells[i] = strings.Join(f.values(ev), ",")
	}
	if c.format == "csv" {
		c.row(placeOf(ev), cells)
	} else {
		c.tabs(cells)
	}
	return nil
}

// row appends a row: of CSV, or the head of text.
func (c *columns) row(first string, cells []string) {
	if c.format == "csv" {
		c.b = report.AppendCSV(c.b, append([]string{first}, cells...)...)
		return
	}
	c.tabs(append([]string{first}, cells...))
}

func (c *columns) tabs(cells []string) {
	for i, v := range cells {
		if i > 0 {
			c.b = append(c.b, '\t')
		}
		if v == "" {
			v = "-"
		}
		c.b = append(c.b, report.Visible(v)...)
	}
	c.b = append(c.b, '\n')
}

func (c *columns) json(ev *tocsin.Event) {
	add := func(s string) { c.b = report.AppendJSON(c.b, s) }
	c.b = append(c.b, `{"kind":"columns","place":`...)
	add(placeOf(ev))
	c.b = append(c.b, `,"fields":{`...)
	for i, f := range c.fields {
		if i > 0 {
			c.b = append(c.b, ',')
		}
		add(f.name)
		c.b = append(c.b, ':')
		switch all := f.values(ev); len(all) {
		case 0:
			c.b = append(c.b, "null"...)
		case 1:
			add(all[0])
		default:
			for i, v := range all {
				c.b = append(c.b, "[,"[min(i, 1)])
				add(v)
			}
			c.b = append(c.b, ']')
		}
	}
	c.b = append(c.b, "}}\n"...)
}

// Partial says that the run ended before all was read, in a row of its own.
func (c *columns) Partial(why string) error {
	cells := make([]string, len(c.fields))
	cells[0] = partialLine(why)
	switch c.format {
	case "jsonl":
		c.b = report.AppendPartial(c.b, why)
	case "csv":
		c.row("partial", cells)
	default:
		c.row("#tocsin", cells[:1])
	}
	return nil
}

// Flush hands on what is kept.
func (c *columns) Flush() error {
	_, err := c.w.Write(c.b)
	c.b = c.b[:0]
	return err
}
