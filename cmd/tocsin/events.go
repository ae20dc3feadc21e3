package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
)

// eventFlags say how to write events.
type eventFlags struct {
	Format string `short:"f" help:"text, jsonl or csv; otherwise told by the ending of --output." placeholder:"FORMAT"`
	outputFlags
}

type timelineCmd struct {
	inputFlags
	eventFlags
}

func (c *timelineCmd) Run(s std) error {
	return listEvents(s, &c.inputFlags, &c.eventFlags, func(*tocsin.Event) bool { return true })
}

type searchCmd struct {
	inputFlags
	eventFlags
	Text  []string `short:"t" help:"Events with this text in any field, upper or lower case alike; all of them if given more than once." placeholder:"TEXT" sep:"none"`
	Field []string `help:"Events whose field has this value: NAME=VALUE; * and ? stand for anything." placeholder:"NAME=VALUE" sep:"none"`
	Regex []string `short:"e" help:"Events with a field that this regular expression (RE2) matches." placeholder:"REGEX" sep:"none"`
}

func (c *searchCmd) Run(s std) error {
	if len(c.Text)+len(c.Field)+len(c.Regex) == 0 {
		return errors.New("say what to look for: --text TEXT, --field NAME=VALUE or --regex REGEX")
	}
	var tests []func(*tocsin.Event) bool
	for _, t := range c.Text {
		re := regexp.MustCompile("(?i)" + regexp.QuoteMeta(t))
		tests = append(tests, anywhere(re))
	}
	for _, r := range c.Regex {
		re, err := regexp.Compile(r)
		if err != nil {
			return fmt.Errorf("--regex: %w", err)
		}
		tests = append(tests, anywhere(re))
	}
	for _, f := range c.Field {
		name, value, ok := strings.Cut(f, "=")
		if !ok || name == "" {
			return fmt.Errorf("--field %s: want NAME=VALUE", f)
		}
		tests = append(tests, func(ev *tocsin.Event) bool { return hasLike(ev, name, value) })
	}
	return listEvents(s, &c.inputFlags, &c.eventFlags, func(ev *tocsin.Event) bool {
		for _, t := range tests {
			if !t(ev) {
				return false
			}
		}
		return true
	})
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

// listEvents writes the events that want takes, in order of time.
func listEvents(s std, in *inputFlags, f *eventFlags, want func(*tocsin.Event) bool) error {
	format, err := reportFormat(f.Format, f.Output, "text", []string{"text", "jsonl", "csv"})
	if err != nil {
		return err
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
	stop := showProgress(s.err, input.Progress, in.Quiet)
	coverage, err := engine.Read(s.ctx, input, func(int) engine.Desk {
		var line bytes.Buffer
		t, _ := report.NewTimeline(&line, format) // the format is known to be good, and a bytes.Buffer does not fail
		_ = t.Flush()
		return engine.DeskFunc(func(ev *tocsin.Event) {
			if want(ev) {
				line.Reset() // of the head, too, which is written once for all
				_ = t.Write(ev)
				_ = t.Flush()
				sorter.Put(ev.Time, ev.Source, ev.Record, line.Bytes())
			}
		})
	})
	stop()
	if err != nil {
		return err
	}
	coverage.Unmet = in.outOfRange(coverage)
	w := bufio.NewWriterSize(out, 1<<16)
	if format == "text" && out.path != "" {
		fmt.Fprint(w, "#tocsin\ttime (UTC), host, what happened, [source:record]\n") // by which the file is known for ours
	}
	head, err := report.NewTimeline(w, format)
	if err != nil {
		return err
	}
	if err := head.Flush(); err != nil {
		return err
	}
	if _, err := sorter.WriteTo(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := out.keep(); err != nil {
		return err
	}
	if !in.Quiet {
		fmt.Fprintf(s.err, "%d of %d events\n", sorter.Len(), coverage.Events)
		printCoverage(s.err, coverage)
	}
	return in.ended(coverage, missing)
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
