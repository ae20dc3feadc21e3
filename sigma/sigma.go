// Package sigma reads, checks and runs Sigma rules: specification 2.1.0 with detection, correlation and filter rules,
// and what pySigma adds to it. https://sigmahq.io/sigma-specification/
//
// The way is Parse (a file's documents), Compile (rules that belong together, checked against each other) and then
// one Matcher a goroutine, which tells the rules that hold for an event, and one Correlator, which tells the series
// of events that hold together. A rule that cannot be used is a Fault that says why; it is never quietly left out.
//
// Matching is exact: an index decides which rules are looked at, never whether they hold. Logic is two-valued: a test
// on a field that an event does not have is false, and its negation true. A field with several values holds if any of
// them does.
package sigma

import "github.com/tocsin-ids/tocsin"

// A Rule is one document of a rule file: exactly one of Detection, Correlation and Filter is set.
type Rule struct {
	tocsin.Rule
	Related     []string // ids of related rules, as written
	Detection   *Detection
	Correlation *Correlation
	Filter      *Filter

	placeholders map[string][]string // values that a pipeline gives; they come before those of Options
}

// A Detection is the named searches of a rule and the conditions over them; several conditions are alternatives.
type Detection struct {
	Searches   []Search // as written, in order
	Conditions []string
	Line       int64 // 1-based line of the condition
}

// A Search is one named part of a detection.
type Search struct {
	Name  string
	Line  int64 // 1-based line of its name
	Value *Node // a map of items, a list of maps or keywords, or one keyword; nil if a pipeline dropped all of it
}

// Search returns the value of the named search, or nil.
func (d *Detection) Search(name string) *Node {
	for i := range d.Searches {
		if d.Searches[i].Name == name {
			return d.Searches[i].Value
		}
	}
	return nil
}
