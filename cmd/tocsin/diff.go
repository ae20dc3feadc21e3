package main

import (
	"fmt"
	"io"
	"os"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

type diffCmd struct {
	outputFlags
	Format    string `short:"f" help:"text or jsonl; otherwise told by the ending of --output." placeholder:"FORMAT"`
	FailLevel string `help:"Exit with 1 if something of this level or above is new or worse." placeholder:"LEVEL"`
	Before    string `arg:"" help:"What an earlier \"tocsin hunt --format jsonl\" wrote; - is standard input." placeholder:"BEFORE.jsonl"`
	After     string `arg:"" help:"What a later one wrote." placeholder:"AFTER.jsonl"`
}

func (c *diffCmd) Run(s std) error {
	format, err := reportFormat(c.Format, c.Output, "text", []string{"text", "jsonl"})
	if err != nil {
		return err
	}
	failLevel, err := tocsin.ParseLevel(c.FailLevel)
	if err != nil {
		return fmt.Errorf("--fail-level: %w", err)
	}
	if c.Before == "-" && c.After == "-" {
		return fmt.Errorf("both results are standard input; name a file for one of them")
	}
	out, err := createOutput("--output", c.Output, s.out, &guard{reads: []string{c.Before, c.After}, stdin: s.in, force: c.Force})
	if err != nil {
		return err
	}
	defer out.discard()
	before, err := readResult(c.Before, s)
	if err != nil {
		return err
	}
	after, err := readResult(c.After, s)
	if err != nil {
		return err
	}
	d := report.Diff(before, after)
	if format == "jsonl" {
		err = d.JSONL(out)
	} else {
		options := report.TextOptions{Width: 100}
		if c.Output == "" {
			options = report.TextOptions{Width: width(s.out), Color: color(s.out)}
		}
		err = d.Text(out, options)
	}
	if err != nil {
		return err
	}
	if err := out.keep(); err != nil {
		return err
	}
	if failLevel != tocsin.Unrated && d.Worst() >= failLevel {
		return errFound
	}
	return nil
}

// readResult reads what hunt wrote as JSONL.
func readResult(path string, s std) (*report.Result, error) {
	var in io.Reader = s.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	r, err := report.ReadResult(path, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; want the file that \"tocsin hunt --format jsonl\" wrote", path, err)
	}
	if r.Empty() {
		return nil, fmt.Errorf("%s: holds no line of a result; \"tocsin hunt --format jsonl -o RESULT.jsonl PATH\" writes one", path)
	}
	return r, nil
}
