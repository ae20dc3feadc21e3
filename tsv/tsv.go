// Package tsv reads the tables of knowledge that are embedded in Tocsin: a row a line, columns set apart by tabs. Lines that
// are empty or begin with # are no rows.
//
// What it reads is part of the program, so that a fault in it is one of ours, and it panics.
package tsv

import (
	"fmt"
	"iter"
	"strings"
)

// Rows gives the rows of a table of so many columns, each with the number of its line, from 1. name is the table's, for faults.
func Rows(name, text string, columns int) iter.Seq2[int, []string] {
	return func(yield func(int, []string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimSuffix(line, "\n")
			if line == "" || line[0] == '#' {
				continue
			}
			c := strings.Split(line, "\t")
			if len(c) != columns {
				Fault(name, n, fmt.Sprintf("%d columns, not %d", len(c), columns))
			}
			if !yield(n, c) {
				return
			}
		}
	}
}

// Fault says what is wrong with a line of a table.
func Fault(name string, line int, what string) { panic(fmt.Sprintf("%s:%d: %s", name, line, what)) }
