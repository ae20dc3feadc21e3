package channel

import (
	_ "embed"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// knowledge.tsv has a row for each kind of channel: what it is called and why it is told, and a description of what must be
// found and of a benign twin that must not, as the tests read them.
//
//go:embed knowledge.tsv
var knowledge string

// ordinary.tsv lists domains and ports whose lookups and connections look like channels and are none, with the reason.
//
//go:embed ordinary.tsv
var ordinary string

// correlation is what matches of these rows have for a correlation type.
const correlation = "channel"

// rows are what of knowledge.tsv is told, by name.
var rows = parseRows(knowledge)

type row struct {
	rule           *tocsin.Rule
	sample, benign string
}

func parseRows(text string) map[string]row {
	all := map[string]row{}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		c := strings.Split(line, "\t")
		if i == 0 || len(c) != 9 {
			continue
		}
		level, err := tocsin.ParseLevel(c[3])
		if err != nil {
			continue
		}
		all[c[0]] = row{&tocsin.Rule{ID: c[1], Name: "channel_" + c[0], Title: c[2], Level: level, Status: "test", Tags: strings.Fields(c[4]), Description: c[5],
			FalsePositives: []string{c[6]}, Author: "Tocsin", File: "builtin/channel/knowledge.tsv", Line: int64(i + 1), Correlation: correlation}, c[7], c[8]}
	}
	return all
}

// Rules are the rows, in their order, as rules. They are shared and never changed.
func Rules() []*tocsin.Rule {
	var all []*tocsin.Rule
	for _, line := range strings.Split(knowledge, "\n")[1:] {
		name, _, _ := strings.Cut(line, "\t")
		if r := rows[name].rule; r != nil {
			all = append(all, r)
		}
	}
	return all
}

// ordinaryPlaces are what ordinary.tsv lists.
var ordinaryPlaces = parseOrdinary(ordinary)

func parseOrdinary(text string) map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(text) {
		if what, _, ok := strings.Cut(line, "\t"); ok {
			all[what] = true
		}
	}
	return all
}

// isOrdinary says that a name, or a domain above it, is listed.
func isOrdinary(name string) bool {
	for {
		if ordinaryPlaces[name] {
			return true
		}
		_, above, ok := strings.Cut(name, ".")
		if !ok {
			return false
		}
		name = above
	}
}
