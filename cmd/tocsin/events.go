package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
)

// eventFormats are those in which events are written.
var eventFormats = []string{"text", "jsonl", "csv"}

// eventFlags say how to write events.
type eventFlags struct {
	Format  string   `short:"f" help:"text, jsonl or csv; otherwise told by the ending of --output." placeholder:"FORMAT"`
	Columns []string `help:"Write only these fields: as text apart by tabs, - where there is none. Names as for --field, and time, place, kind, details, raw." placeholder:"NAME,…"`
	Limit   int      `help:"Write the first so many events only; 0 is all." default:"0" placeholder:"N"`
	outputFlags
}

type timelineCmd struct {
	inputFlags
	queryFlags
	eventFlags
}

func (c *timelineCmd) Run(s std) error {
	return listEvents(s, &c.inputFlags, &c.queryFlags, &c.eventFlags)
}

type searchCmd struct {
	inputFlags
	queryFlags
	eventFlags
}

func (c *searchCmd) Run(s std) error {
	if c.queryFlags.empty() {
		return errors.New("say what to look for: --text TEXT, --field NAME=VALUE, --regex REGEX, --host HOST, --user USER, --address ADDRESS or --not …; \"tocsin timeline\" lists everything")
	}
	return listEvents(s, &c.inputFlags, &c.queryFlags, &c.eventFlags)
}

// An eventWriter writes events in some format.
type eventWriter interface {
	Write(*tocsin.Event) error
	Partial(why string) error // says that the run ended before all was read
	Flush() error             // hands on the head, and what is kept back
}

// writer makes one, for a file of its own if own is set.
func (f *eventFlags) writer(w io.Writer, format string, own bool) (eventWriter, error) {
	if len(f.Columns) > 0 {
		return newColumns(w, format, f.Columns, own), nil
	}
	if own && format == "text" { // the line by which the file is known for ours
		if _, err := io.WriteString(w, "#tocsin\ttime (UTC), host, what happened, [source:record]\n"); err != nil {
			return nil, err
		}
	}
	return report.NewTimeline(w, format)
}

// listEvents writes the events that are asked for, in order of time.
func listEvents(s std, in *inputFlags, q *queryFlags, f *eventFlags) error {
	format, err := reportFormat(f.Format, f.Output, "text", eventFormats)
	if err != nil {
		return err
	}
	if f.Limit < 0 {
		return fmt.Errorf("--limit %d: want a number of events, or 0 for all", f.Limit)
	}
	want, err := q.query()
	if err != nil {
		return err
	}
	for _, name := range f.Columns {
		want.asked.all = append(want.asked.all, wantField("--columns "+name, refTo(name)))
	}
	input, err := in.input(s)
	if err != nil {
		return err
	}
	sorter, err := engine.NewSorter()
	if err != nil {
		return err
	}
	defer sorter.Close()
	out, err := createOutput("--output", f.Output, s.out, in.guard(s, f.Force))
	if err != nil {
		return err
	}
	defer out.discard()
	missing := in.missing()
	var passed passedNames
	input.Source.Needs, input.Passed = want.needs, passed.add
	coverage, err := readNamed(s, input, in, want, q.Exact, func(worker int, wants func(*tocsin.Event) bool) engine.Desk {
		var line bytes.Buffer
		t, _ := f.writer(&line, format, false) // the format is known to be good, and a bytes.Buffer does not fail
		_ = t.Flush()
		asked := want.asked.watch(worker)
		part := sorter.Part()
		return engine.DeskFunc(func(ev *tocsin.Event) {
			asked.Event(ev)
			if wants(ev) {
				line.Reset() // of the head, too, which is written once for all
				_ = t.Write(ev)
				_ = t.Flush()
				part.Put(ev.Time, ev.Source, ev.Record, line.Bytes())
			}
		})
	})
	if coverage == nil || err != nil && coverage.Partial == "" {
		return err
	}
	if ev := passed.event(); len(ev.Fields) > 0 {
		want.asked.watch(0).Event(ev)
	}
	coverage.Unmet = append(want.asked.unmet(), in.unmet(coverage)...)
	w := bufio.NewWriterSize(out, 1<<18)
	head, err := f.writer(w, format, out.path != "")
	if err != nil {
		return err
	}
	if err := head.Flush(); err != nil {
		return err
	}
	n := sorter.Len()
	if _, err := sorter.WriteTo(&firstLines{w, f.Limit, f.Limit > 0}); err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if coverage.Partial != "" {
		if err := errors.Join(head.Partial(coverage.Partial), head.Flush()); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := out.keep(); err != nil {
		return err
	}
	if !in.Quiet {
		if more := n - f.Limit; f.Limit > 0 && more > 0 {
			fmt.Fprintf(s.err, "the first %d of %d that were asked for; %d more are beyond --limit\n", f.Limit, n, more)
		}
		fmt.Fprintf(s.err, "%d of %d events\n", n, coverage.Events)
		printCoverage(s.err, coverage)
	}
	return in.ended(s, coverage, missing)
}

// firstLines passes on so many writes, which are of one event each, and ends with errEnough.
type firstLines struct {
	io.Writer
	left  int
	bound bool
}

var errEnough = errors.New("enough")

func (f *firstLines) Write(p []byte) (int, error) {
	if f.bound {
		if f.left == 0 {
			return 0, errEnough
		}
		f.left--
	}
	return f.Writer.Write(p)
}

// printCoverage says what was not read, so that an empty answer is not taken for an empty log.
func printCoverage(w io.Writer, c *tocsin.Coverage) {
	read := 0
	for _, f := range c.Files {
		if f.Skipped == "" {
			read++
		}
	}
	fmt.Fprintf(w, "%d files read, %d not read, %d faults\n", read, len(c.Files)-read, c.FaultN)
	if c.Outside > 0 {
		fmt.Fprintf(w, "%d events outside the time range\n", c.Outside)
	}
	for _, u := range c.Unmet {
		fmt.Fprintf(w, "%s\n", report.Visible(u.Filter+": "+u.There))
	}
	if l := report.TimelessInWords(c); l != "" {
		fmt.Fprintf(w, "%s\n", report.Visible(l))
	}
	for _, l := range report.GuessesInWords(c) {
		fmt.Fprintf(w, "%s\n", l)
	}
	shown := 0
	for _, f := range c.Files {
		if f.Skipped != "" && f.Skipped != "empty" && shown < 10 {
			fmt.Fprintf(w, "not read: %s: %s\n", report.Visible(f.Path), report.Visible(f.Skipped))
			shown++
		}
	}
	for i, f := range c.Faults {
		if i == 10 {
			fmt.Fprintf(w, "and %d more faults\n", c.FaultN-10)
			break
		}
		fmt.Fprintf(w, "fault: %s\n", report.Visible(f.Error()))
	}
}
