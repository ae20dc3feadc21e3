package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/shape"
)

// together refuses what would tell what pseudonyms hide, and fields that are none.
func (c *huntCmd) together() error {
	switch {
	case c.Pseudonymise && len(c.Geo) > 0:
		return errors.New("--geo tells where the addresses are that --pseudonymise hides; give one of them")
	case c.Pseudonymise && c.Pivot != "":
		return errors.New("--pivot lists the names that --pseudonymise hides; give one of them")
	}
	if _, err := shape.Choose(report.List(nil), c.Fields); err != nil {
		return fmt.Errorf("--fields: %w", err)
	}
	return nil
}

// shape changes what matches carry, as the flags ask: the formats do not know of it.
func (c *huntCmd) shape(h *report.Hunt, p *places) (err error) {
	if h.Matches, err = shape.Choose(h.Matches, c.Fields); err != nil {
		return fmt.Errorf("--fields: %w", err)
	}
	if !slices.Equal(c.Fields, []string{"all"}) {
		h.Coverage.Fields = strings.Join(c.Fields, ", ")
	}
	if p != nil {
		h.Matches = shape.Place(h.Matches, p.of)
		h.Coverage.Digests = slices.Concat(h.Coverage.Digests, p.digests)
	}
	return nil
}

// writePivots writes what to search for elsewhere: values, one a line, or a table.
func writePivots(to *output, path string, found *engine.Findings, s std) error {
	if path == "" {
		return nil
	}
	all, left := shape.Pivots(found, found.Campaigns)
	table := strings.HasSuffix(strings.ToLower(path), ".csv")
	var b []byte
	if table {
		b = append(report.AppendCSV(b, "tocsin_pivot", "value", "findings", "level", "first", "last"), '\n')
	}
	seen := map[string]bool{}
	for _, p := range all {
		switch {
		case table:
			b = append(report.AppendCSV(b, p.Kind, p.Value, fmt.Sprint(p.N), p.Level.String(), stampOf(p.First), stampOf(p.Last)), '\n')
		case !seen[p.Value]:
			seen[p.Value] = true
			b = append(append(b, p.Value...), '\n')
		}
	}
	if _, err := to.Write(b); err != nil {
		return err
	}
	if left > 0 {
		fmt.Fprintf(s.err, "--pivot %s: %d names left out, which grep cannot be given: shorter than three characters, or of several lines\n", report.Visible(path), left)
	}
	return to.keep()
}

// stampOf is a time as a table has it, empty where it is not known.
func stampOf(t time.Time) string {
	if known(t) == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
