package sigma

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Correlation is a rule about series of events that other rules match, after
// https://sigmahq.io/sigma-specification/specification/sigma-correlation-rules-specification.html and pySigma. What
// the specification leaves open is decided so:
//
//   - Windows slide over event time, exactly: an event and all that happened up to a whole timespan before it,
//     that instant included. How events arrive does not matter. Events without any time take no part and are counted.
//   - An event without one of the group-by fields takes no part, as in pySigma's SQL. Values are grouped and counted
//     without regard to case, as Sigma compares them. An event with several values of a field is in each of their
//     groups. A field named host, hostname, Computer or ComputerName that an event lacks is its Host.
//   - An event that several of the rules match counts once.
//   - One match a burst: a window that holds makes a match only if it shares no event with an earlier window of its
//     group that held. The match is of that first window: its event is the window's last, with the group-by values
//     under their names, and what held is these values and the "count" or "value" measured. Where the burst went on,
//     "events" says how many it had and "until" the time of the last.
//   - Bounds that only ask for more (gt, gte) are judged at every event. For counts and sums, a bound from above (lt,
//     lte, eq, neq, ranges) can only be judged when it is known that no more will come: when a whole timespan, or the
//     input, has ended without a further event. It is held against the highest value that any window of that run
//     of events reached. Averages, medians, percentiles and shares are judged at every event whatever the bound.
//   - temporal_ordered needs different events in the order of the rules, others in between allowed. Events of the same
//     time are in the order of their records in one source, and in any order in different ones.
//   - "not" in an expression: for temporal, no event of that rule may lie in any window that holds the others; for
//     temporal_ordered, none within a timespan after the first of them. The end of the input counts as silence.
//   - value_percentile with a percentile is the n-th percentile (linearly interpolated). Without one it is, as in the
//     specification's example, the share in percent that the event's value has of all values in the window.
//   - A correlation over correlations sees each of them as an event of the time of its last event, with its group-by
//     values, and for other fields with each of its events. Temporal kinds see it for as long as it holds; the others
//     count its matches.
type Correlation struct {
	Type      string                       // event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile, value_median …
	Rules     []string                     // ids, names or titles of the rules, as written; of an expression alone: its names
	Aliases   map[string]map[string]string // alias → rule → field
	GroupBy   []string
	Timespan  time.Duration
	Generate  bool     // the referenced rules alert on their own too
	Fields    []string // of condition.field
	Condition Condition
	Line      int64
}

// A Condition bounds a correlation's count or value; bounds that are not said are nil. A temporal correlation may
// instead have an Expression over its rules.
type Condition struct {
	Gt, Gte, Lt, Lte, Eq, Neq *float64
	Percentile                *float64 // which percentile of value_percentile
	Expression                string
}

// holds says whether v is within the bounds.
func (c *Condition) holds(v float64) bool {
	return (c.Gt == nil || v > *c.Gt) && (c.Gte == nil || v >= *c.Gte) &&
		(c.Lt == nil || v < *c.Lt) && (c.Lte == nil || v <= *c.Lte) &&
		(c.Eq == nil || v == *c.Eq) && (c.Neq == nil || v != *c.Neq)
}

// fromAbove says whether there is a bound that a growing value can break.
func (c *Condition) fromAbove() bool {
	return c.Lt != nil || c.Lte != nil || c.Eq != nil || c.Neq != nil
}

// exceeded says whether no value of v or more is within the bounds.
func (c *Condition) exceeded(v float64) bool {
	return c.Lt != nil && v >= *c.Lt || c.Lte != nil && v > *c.Lte || c.Eq != nil && v > *c.Eq
}

// bounded says whether there is any bound.
func (c *Condition) bounded() bool { return c.fromAbove() || c.Gt != nil || c.Gte != nil }

// A measure is what a correlation measures of a window.
type measure uint8

const (
	countEvents measure = iota
	countValues
	countRules
	countOrdered
	sumValues
	avgValues
	rankValues  // percentile, median
	shareValues // the specification's percentile
	expression
)

// numeric says whether the measure reads its field as a number.
func (m measure) numeric() bool { return m == sumValues || m == avgValues || m == rankValues }

// distinct says whether the measure is about different values of its field.
func (m measure) distinct() bool { return m == countValues || m == shareValues }

// counts says whether the measure only grows while a window fills.
func (m measure) counts() bool { return m <= sumValues }

// temporal says whether the measure is about which rules matched.
func (m measure) temporal() bool { return m == countRules || m == countOrdered || m == expression }

// measureOf names the measure of a correlation's type; ordered is about temporal types.
func (c *Correlation) measureOf() (m measure, ordered, ok bool) {
	switch c.Type {
	case "event_count":
		return countEvents, false, true
	case "value_count":
		return countValues, false, true
	case "temporal", "temporal_extended":
		m = countRules
	case "temporal_ordered", "temporal_ordered_extended", "ordered_temporal": // the last as Sigma's website has it
		m, ordered = countOrdered, true
	case "value_sum":
		return sumValues, false, true
	case "value_avg":
		return avgValues, false, true
	case "value_median":
		return rankValues, false, true
	case "value_percentile":
		if c.Condition.Percentile == nil {
			return shareValues, false, true
		}
		return rankValues, false, true
	default:
		return 0, false, false
	}
	if c.Condition.Expression != "" {
		m = expression
	}
	return m, ordered, true
}

// percentile is the fraction that rankValues looks for.
func (c *Correlation) percentile() float64 {
	if c.Type == "value_percentile" && c.Condition.Percentile != nil {
		return *c.Condition.Percentile / 100
	}
	return 0.5
}

// parseCorrelation reads a correlation section.
func parseCorrelation(n *Node, bad *flaws) *Correlation {
	if n.Kind != Map {
		bad.add(flawf(n.Line, "correlation is %s, not a map", n.Kind))
		return nil
	}
	c := &Correlation{Line: n.Line, Type: strings.ToLower(n.At("type").Scalar())}
	before := len(*bad)
	c.parseCondition(n, bad)
	bounded := len(*bad) == before // or what is said of the bounds is not understood
	c.parseParts(n, bad)
	m, _, ok := c.measureOf()
	switch {
	case c.Type == "":
		bad.add(flawf(n.Line, "a correlation without a type").hinted("for example type: event_count"))
	case !ok:
		bad.add(flawf(n.At("type").Line, "unknown type of correlation %q", clip(c.Type, 60)).
			hinted("event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile or value_median"))
	case c.Condition.Expression != "" && m != expression:
		bad.add(flawf(n.At("condition").Line, "a condition over rules in a correlation of type %s", c.Type).
			hinted("only temporal and temporal_ordered take one; others take a bound such as gte: 10"))
	}
	if r := n.At("rules"); len(c.Rules) == 0 && (r == nil || r.Kind != Map) {
		bad.add(flawf(n.Line, "a correlation without rules").hinted("list the ids or names of the rules under rules:"))
	}
	if ok && bounded && c.Condition.Expression == "" {
		if !m.temporal() && !c.Condition.bounded() {
			bad.add(flawf(n.Line, "a correlation of type %s without a bound", c.Type).hinted("for example condition: {gte: 10}"))
		}
		if (m.distinct() || m.numeric()) && len(c.Fields) == 0 {
			line := n.Line
			if d := n.At("condition"); d != nil {
				line = d.Line
			}
			bad.add(flawf(line, "a correlation of type %s without a field", c.Type).
				hinted("name it under condition: field:"))
		}
	}
	return c
}

// parseParts reads all of a correlation but its type and condition.
func (c *Correlation) parseParts(n *Node, bad *flaws) {
	if r := n.At("rules"); r != nil {
		if r.Kind == Map {
			bad.add(flawf(r.Line, "rules is %s, not a list", r.Kind))
		}
		c.Rules = r.Strings()
		if r.Kind == List && len(c.Rules) != len(r.Items) {
			bad.add(flawf(r.Line, "rules holds something else than ids and names"))
		}
	}
	if c.Condition.Expression != "" {
		c.Rules = appendNames(c.Rules, c.Condition.Expression)
	}
	if g := n.At("group-by"); g != nil {
		if g.Kind == Map {
			bad.add(flawf(g.Line, "group-by is %s, not a list of fields", g.Kind))
		}
		c.GroupBy = g.Strings()
	}
	if g := n.At("generate"); g != nil {
		if g.Kind != Bool {
			bad.add(flawf(g.Line, "generate is %s, not true or false", g.Kind))
		}
		c.Generate = g.Text == "true"
	}
	if t := n.At("timespan"); t == nil || t.Kind == Null {
		hint := "for example timespan: 5m"
		if n.At("timeframe") != nil {
			hint = "timeframe is called timespan in correlations"
		}
		bad.add(flawf(n.Line, "a correlation without a timespan").hinted(hint))
	} else {
		var err error
		if c.Timespan, err = parseTimespan(t.Scalar()); err != nil {
			bad.add(flawf(t.Line, "timespan: %w", err).hinted("a number and s, m, h, d, w, M or y, for example 90m"))
		}
	}
	a := n.At("aliases")
	if a == nil || a.Kind == Null {
		return
	}
	if a.Kind != Map {
		bad.add(flawf(a.Line, "aliases is %s, not a map", a.Kind))
		return
	}
	c.Aliases = map[string]map[string]string{}
	for i, k := range a.Keys {
		m := a.Items[i]
		if m.Kind != Map {
			bad.add(flawf(m.Line, "alias %s is %s, not a map from rules to fields", clip(k.Name, 60), m.Kind))
			continue
		}
		of := map[string]string{}
		for j, rule := range m.Keys {
			if of[rule.Name] = m.Items[j].Scalar(); of[rule.Name] == "" {
				bad.add(flawf(rule.Line, "alias %s names no field for rule %s", clip(k.Name, 60), clip(rule.Name, 60)))
			}
		}
		c.Aliases[k.Name] = of
	}
}

// parseCondition reads bounds, field and percentile, or an expression over rules.
func (c *Correlation) parseCondition(n *Node, bad *flaws) {
	d := n.At("condition")
	switch {
	case d == nil || d.Kind == Null:
		return
	case d.Kind == Text:
		if c.Condition.Expression = strings.TrimSpace(d.Text); c.Condition.Expression == "" {
			bad.add(flawf(d.Line, "an empty condition"))
		}
		return
	case d.Kind != Map:
		bad.add(flawf(d.Line, "condition is %s, not a map of bounds", d.Kind).hinted("for example condition: {gte: 10}"))
		return
	}
	b := &c.Condition
	for i, k := range d.Keys {
		v := d.Items[i]
		var to **float64
		switch k.Name {
		case "gt":
			to = &b.Gt
		case "gte":
			to = &b.Gte
		case "lt":
			to = &b.Lt
		case "lte":
			to = &b.Lte
		case "eq":
			to = &b.Eq
		case "neq":
			to = &b.Neq
		case "percentile":
			to = &b.Percentile
		case "field":
			if c.Fields = v.Strings(); len(c.Fields) == 0 {
				bad.add(flawf(v.Line, "field is %s, not the name of a field", v.Kind))
			}
			continue
		default:
			bad.add(flawf(k.Line, "unknown condition %q", clip(k.Name, 60)).hinted("gt, gte, lt, lte, eq, neq, field or percentile"))
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(v.Scalar()), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(v.Scalar(), "xXpP_") {
			bad.add(flawf(v.Line, "%s: %q is no number", k.Name, clip(v.Scalar(), 60)))
			continue
		}
		*to = &f
	}
	if b.Percentile != nil && (*b.Percentile < 0 || *b.Percentile > 100) {
		bad.add(flawf(d.Line, "percentile %v is not between 0 and 100", *b.Percentile))
	}
}

// parseTimespan reads a number and a unit, as pySigma does: months and years are of mean length.
func parseTimespan(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, fmt.Errorf("nothing given")
	}
	var unit time.Duration
	switch s[len(s)-1] {
	case 's':
		unit = time.Second
	case 'm':
		unit = time.Minute
	case 'h':
		unit = time.Hour
	case 'd':
		unit = 24 * time.Hour
	case 'w':
		unit = 7 * 24 * time.Hour
	case 'M':
		unit = 2629746 * time.Second
	case 'y':
		unit = 31556952 * time.Second
	default:
		return 0, fmt.Errorf("%q has no unit", clip(s, 40))
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no number and unit", clip(s, 40))
	case n == 0:
		return 0, fmt.Errorf("%q is no time at all", s)
	case n > uint64(maxTimespan/unit):
		return 0, fmt.Errorf("%q is longer than a hundred years", clip(s, 40))
	}
	return time.Duration(n) * unit, nil
}

const maxTimespan = 100 * 31556952 * time.Second

// appendNames appends the rules that an expression names and that are not there yet.
func appendNames(names []string, expr string) []string {
words:
	for _, w := range conditionWords(expr) {
		switch strings.ToLower(w) {
		case "and", "or", "not", "(", ")":
			continue
		}
		for _, n := range names {
			if n == w {
				continue words
			}
		}
		names = append(names, w)
	}
	return names
}
