package sigma

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Parse reads all YAML documents of a rule file: detection, correlation and filter rules in any mixture. A document
// that cannot be used costs only itself: it is a Fault with its line, of the first thing that is wrong with it; Faults
// tells the others. Keys that the specification does not know are
// accepted.
func Parse(file string, data []byte) ([]*Rule, []*tocsin.Fault) {
	docs, faults := documents(file, data)
	var rules []*Rule
	for _, n := range docs {
		r, wrong := ruleOf(file, n)
		if len(wrong) > 0 {
			faults = append(faults, wrong[0])
			continue
		}
		rules = append(rules, r)
	}
	return rules, faults
}

// A flaw is why a rule cannot be used: the error, its line where known, and what to do about it.
type flaw struct {
	line int64
	err  error
	hint string
}

func (f *flaw) Error() string { return f.err.Error() }
func (f *flaw) Unwrap() error { return f.err }

// flawf makes a flaw of a line without a hint.
func flawf(line int64, format string, args ...any) *flaw {
	return &flaw{line: line, err: fmt.Errorf(format, args...)}
}

// hinted adds what to do.
func (f *flaw) hinted(hint string) *flaw {
	f.hint = hint
	return f
}

// flaws are why a rule cannot be used, as many as are found; so that all can be found, reading goes on behind them.
type flaws []error

// mostFlaws bounds what is told of one document.
const mostFlaws = 100

func (f *flaws) add(err error) {
	if err != nil && len(*f) < mostFlaws {
		*f = append(*f, err)
	}
}

// faultOf makes the Fault of a rule that cannot be used.
func faultOf(r *tocsin.Rule, err error) *tocsin.Fault {
	ft := &tocsin.Fault{Source: r.File, Line: r.Line, Rule: ruleLabel(r), Err: err}
	var f *flaw
	if errors.As(err, &f) {
		ft.Hint = f.hint
		if f.line > 0 {
			ft.Line = f.line
		}
	}
	return ft
}

// ruleLabel is how a message calls a rule.
func ruleLabel(r *tocsin.Rule) string {
	switch {
	case r.Title != "":
		return r.Title
	case r.Name != "":
		return r.Name
	}
	return r.ID
}

var errNoRule = errors.New("no Sigma rule: neither detection, correlation nor filter")

// ruleOf makes a rule of one document. With faults, of which the first is why it cannot be used, the rule has what could be
// read of it.
func ruleOf(file string, n *Node) (*Rule, []*tocsin.Fault) {
	r := &Rule{Rule: tocsin.Rule{File: file, Line: n.Line}}
	if n.Kind != Map {
		return r, []*tocsin.Fault{faultOf(&r.Rule, flawf(n.Line, "no Sigma rule: the document is %s, not a map", n.Kind))}
	}
	r.Title = n.At("title").Scalar()
	r.ID = n.At("id").Scalar()
	r.Name = n.At("name").Scalar()
	r.Level, _ = tocsin.ParseLevel(strings.ToLower(n.At("level").Scalar()))
	r.Status = strings.ToLower(n.At("status").Scalar())
	r.Description = n.At("description").Scalar()
	r.Author = strings.Join(n.At("author").Strings(), ", ")
	r.License = n.At("license").Scalar()
	r.Date = n.At("date").Scalar()
	r.Modified = n.At("modified").Scalar()
	r.Tags = n.At("tags").Strings()
	r.References = n.At("references").Strings()
	r.FalsePositives = n.At("falsepositives").Strings()
	r.Show = n.At("fields").Strings()
	if rel := n.At("related"); rel != nil {
		for _, e := range rel.Items {
			if id := e.At("id").Scalar(); id != "" {
				r.Related = append(r.Related, id)
			}
		}
	}
	if r.Title == "" && r.Name == "" && r.ID == "" {
		r.Title = file
	}
	var bad flaws
	fillRule(r, n, &bad)
	var faults []*tocsin.Fault
	for _, err := range bad {
		faults = append(faults, faultOf(&r.Rule, err))
	}
	return r, faults
}

// fillRule reads what makes the document a rule of its kind.
func fillRule(r *Rule, n *Node, bad *flaws) {
	if a := n.At("action"); a != nil && n.At("detection") == nil {
		bad.add(flawf(a.Line, "rule collections (action: %s) were removed from Sigma", a.Text).
			hinted("repeat the shared parts in each document"))
		return
	}
	l := n.At("logsource")
	if l != nil {
		if l.Kind != Map && l.Kind != Null {
			bad.add(flawf(l.Line, "logsource is %s, not a map", l.Kind))
		}
		part := func(key string) string { return strings.ToLower(l.At(key).Scalar()) }
		r.Source = tocsin.LogSource{Product: part("product"), Category: part("category"), Service: part("service")}
	}
	detection, correlation, filter := n.At("detection"), n.At("correlation"), n.At("filter")
	kinds := 0
	for _, k := range [...]*Node{detection, correlation, filter} {
		if k != nil {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		bad.add(&flaw{line: n.Line, err: errNoRule})
	case kinds > 1:
		bad.add(flawf(n.Line, "more than one of detection, correlation and filter in a document").
			hinted("separate the documents with a line ---"))
	case correlation != nil:
		if r.Correlation = parseCorrelation(correlation, bad); r.Correlation == nil {
			return
		}
		if g := n.At("generate"); g != nil {
			r.Correlation.Generate = g.Text == "true"
		}
		r.Rule.Correlation = r.Correlation.Type
	case filter != nil:
		if l == nil {
			bad.add(flawf(filter.Line, "a filter without a log source").hinted("a filter for every kind of log says so: logsource: {}"))
		}
		r.Filter = parseFilter(filter, bad)
	default:
		if l == nil {
			bad.add(flawf(n.Line, "no logsource").hinted("a rule for every kind of log says so: logsource: {}"))
		}
		if detection.Kind != Map {
			bad.add(flawf(detection.Line, "detection is %s, not a map", detection.Kind))
			return
		}
		r.Detection = parseSearches(detection, bad, "condition", "timeframe")
	}
}

// at gives an error a line unless it has one, and keeps its hint.
func at(err error, line int64) error {
	f := &flaw{line: line, err: err}
	var in *flaw
	if errors.As(err, &in) {
		f.hint = in.hint
		if in.line > 0 {
			f.line = in.line
		}
	}
	return f
}

// parseSearches reads the condition and takes all other keys but those named for searches.
func parseSearches(n *Node, bad *flaws, others ...string) *Detection {
	d := &Detection{Line: n.Line}
	if t := n.At("timeframe"); t != nil {
		bad.add(flawf(t.Line, "timeframe belongs to the aggregations that were removed from Sigma").
			hinted("write a correlation rule"))
	}
	switch c := n.At("condition"); {
	case c == nil || c.Kind == Null:
		bad.add(flawf(n.Line, "no condition"))
	case c.Kind == Map:
		bad.add(flawf(c.Line, "condition is %s, not text", c.Kind))
	default:
		d.Line = c.Line
		if d.Conditions = c.Strings(); len(d.Conditions) == 0 {
			bad.add(flawf(c.Line, "the list of conditions is empty"))
		}
	}
keys:
	for i, k := range n.Keys {
		for _, o := range others {
			if k.Name == o {
				continue keys
			}
		}
		d.Searches = append(d.Searches, Search{Name: k.Name, Line: k.Line, Value: n.Items[i].alone()})
	}
	if len(d.Searches) == 0 {
		bad.add(flawf(n.Line, "a condition but no search"))
	}
	return d
}
