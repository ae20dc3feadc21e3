package main

import (
	"crypto/rand"
	"strings"

	"github.com/tocsin-ids/tocsin/naming"
)

// namesView is the table of what records say about names.
const namesView = "names"

// newFacts makes the collectors of a run's workers, which must have one key.
func newFacts() func() *naming.Facts {
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	return func() *naming.Facts { return naming.New(key) }
}

// namesRows are the facts as rows of a table: those that are gone by first.
func namesRows(f *naming.Facts) []row {
	var sure, doubted []row
	all := f.Names().All()
	for i := range all {
		n := &all[i]
		r := row{[]string{n.Kind, n.Of.Value, n.Name.Value, n.Grade, strings.Join(n.By, ","), n.From.String(), n.To.String(), n.Doubt},
			&tally{Count: n.N, First: n.First, Last: n.Last}}
		if n.Doubt == "" {
			sure = append(sure, r)
		} else {
			doubted = append(doubted, r)
		}
	}
	return append(sure, doubted...)
}
