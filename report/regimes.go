package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Regimes are laws that ask for an incident to be reported, with what they ask and by when.
type Regimes struct {
	AsOf    string    `json:"as_of"` // the date of the law that the table tells, YYYY-MM-DD
	Note    InTongues `json:"note,omitzero"`
	Regimes []Regime  `json:"regimes"`
}

// A Regime is one duty to report.
type Regime struct {
	ID      string    `json:"id"`
	Name    InTongues `json:"name"`
	Law     InTongues `json:"law"`
	Source  string    `json:"source"` // where the law is read
	Who     InTongues `json:"who"`    // has the duty, for what
	To      InTongues `json:"to"`     // whom it is reported
	Caution InTongues `json:"caution,omitzero"`
	Clocks  []Clock   `json:"clocks"`
	Asks    []Ask     `json:"asks,omitempty"`
}

// InTongues is a text in English and French.
type InTongues struct {
	En string `json:"en"`
	Fr string `json:"fr"`
}

func (t *InTongues) in(lang string) string {
	if lang == "fr" {
		return t.Fr
	}
	return t.En
}

// A Clock is a report that falls due.
type Clock struct {
	ID     string    `json:"id"`
	Name   InTongues `json:"name"`
	From   string    `json:"from"`  // aware, classified, fixed, or the id of a clock before it: from when that report was sent
	After  string    `json:"after"` // N hours, N days or N months
	AtMost *Bound    `json:"at_most,omitempty"`
}

// A Bound is a moment that a clock does not go beyond.
type Bound struct {
	From  string `json:"from"`
	After string `json:"after"`
}

// An Ask is a thing that a report has to tell, and which fact of a campaign it is told by: suspected, organisations, severity,
// victims, indicators, phases, nature, first or data; "" for what no log can show.
type Ask struct {
	Text InTongues `json:"text"`
	Fact string    `json:"fact,omitempty"`
}

//go:embed regimes.json
var ownRegimes []byte

// OwnRegimes is the table that comes with Tocsin: NIS 2, CRA, DORA and GDPR.
func OwnRegimes() (*Regimes, error) { return ReadRegimes(bytes.NewReader(ownRegimes)) }

// maxRegimes bounds what is read of a user's table, in bytes.
const maxRegimes = 1 << 20

// ReadRegimes reads a table of regimes as JSON, in the form of report/regimes.json. What it does not know, and a clock that cannot
// be counted, is an error that says which.
func ReadRegimes(r io.Reader) (*Regimes, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxRegimes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxRegimes {
		return nil, fmt.Errorf("more than %d bytes", maxRegimes)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	t := &Regimes{}
	if err := d.Decode(t); err != nil {
		return nil, fmt.Errorf("no table of regimes: %w", err)
	}
	if _, err := time.Parse(time.DateOnly, t.AsOf); err != nil {
		return nil, fmt.Errorf("as_of %q is no date: write it as 2026-11-28", t.AsOf)
	}
	if len(t.Regimes) == 0 {
		return nil, fmt.Errorf("regimes: there is none")
	}
	ids := map[string]bool{}
	for i := range t.Regimes {
		g := &t.Regimes[i]
		if g.ID == "" || ids[g.ID] || g.Name.En == "" || g.Name.Fr == "" || len(g.Clocks) == 0 {
			return nil, fmt.Errorf("regime %d (%q): want an id of its own, a name in en and fr, and clocks", i+1, g.ID)
		}
		ids[g.ID] = true
		known := map[string]bool{"aware": true, "classified": true, "fixed": true}
		for k := range g.Clocks {
			c := &g.Clocks[k]
			bounds := []Bound{{c.From, c.After}}
			if c.AtMost != nil {
				bounds = append(bounds, *c.AtMost)
			}
			for _, b := range bounds {
				if !known[b.From] {
					return nil, fmt.Errorf("%s: %s: from %q: want aware, classified, fixed or the id of a clock before it", g.ID, c.ID, b.From)
				}
				if _, _, err := lapse(b.After); err != nil {
					return nil, fmt.Errorf("%s: %s: %w", g.ID, c.ID, err)
				}
			}
			if c.ID == "" || known[c.ID] {
				return nil, fmt.Errorf("%s: clock %d (%q): want an id of its own", g.ID, k+1, c.ID)
			}
			known[c.ID] = true
		}
		for k := range g.Asks {
			if f := g.Asks[k].Fact; f != "" && !contains(packFacts[:], f) {
				return nil, fmt.Errorf("%s: fact %q: there are %s", g.ID, f, strings.Join(packFacts[:], ", "))
			}
		}
	}
	return t, nil
}

var lapseForm = regexp.MustCompile(`^([1-9][0-9]{0,3}) (hour|day|month)s?$`)

// lapse is a length of time that a law gives.
func lapse(s string) (n int, unit string, err error) {
	m := lapseForm.FindStringSubmatch(s)
	if m == nil {
		return 0, "", fmt.Errorf("after %q: write it as 72 hours, 14 days or 1 month", s)
	}
	n, err = strconv.Atoi(m[1])
	return n, m[2], err
}

// after is when a time given by a law is over, counted from t: hours by the clock, days and months by the calendar of t's zone, at
// the same time of day. A month ends on the day of the same number, or on the last of the month where it has none (Regulation (EEC,
// Euratom) 1182/71, Article 3(2)(c)). What that Regulation adds, to the end of the day and beyond weekends and holidays, is left
// out, so that it is never too late.
func after(t time.Time, given string) time.Time {
	n, unit, err := lapse(given)
	switch {
	case err != nil:
		return time.Time{}
	case unit == "hour":
		return t.Add(time.Duration(n) * time.Hour)
	case unit == "day":
		return t.AddDate(0, 0, n)
	}
	year, month, day := t.Date()
	last := time.Date(year, month+time.Month(n)+1, 0, 0, 0, 0, 0, t.Location()).Day()
	return time.Date(year, month+time.Month(n), min(day, last), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}

// A Deadline is when a report falls due.
type Deadline struct {
	Regime *Regime
	Clock  *Clock
	Due    time.Time // in the zone of the moments; zero where the moment it is counted from is not known
	Needs  string    // then: aware, classified or fixed
	Latest bool      // counted from a report whose sending is not known, as if it were sent when it falls due: sooner if it is sent sooner
	Bound  bool      // the bound of the clock, not the clock itself
	Sent   time.Time // zero where it is not known to have been sent
}

// Moments are what deadlines are counted from; zero what is not known.
type Moments struct {
	Aware      time.Time            // the entity became aware of the incident
	Classified time.Time            // it was classified as major
	Fixed      time.Time            // a corrective measure is available
	Sent       map[string]time.Time // reports that were sent, by REGIME.CLOCK
	Zone       *time.Location       // whose calendar and clock deadlines are in; nil is UTC
}

func (m *Moments) named(name string) time.Time {
	at := time.Time{}
	switch name {
	case "aware":
		at = m.Aware
	case "classified":
		at = m.Classified
	case "fixed":
		at = m.Fixed
	}
	return m.local(at)
}

func (m *Moments) local(t time.Time) time.Time {
	if !datable(t) {
		return time.Time{}
	}
	if m.Zone == nil {
		return t.UTC()
	}
	return t.In(m.Zone)
}

// Deadlines are those of all regimes, in the order of the table.
func (t *Regimes) Deadlines(m *Moments) (all []Deadline) {
	for i := range t.Regimes {
		g := &t.Regimes[i]
		before := map[string]Deadline{}
		for k := range g.Clocks {
			d := g.deadline(&g.Clocks[k], m, before)
			before[d.Clock.ID] = d
			all = append(all, d)
		}
	}
	return all
}

func (g *Regime) deadline(c *Clock, m *Moments, earlier map[string]Deadline) Deadline {
	d := Deadline{Regime: g, Clock: c, Sent: m.local(m.Sent[g.ID+"."+c.ID])}
	count := func(from, given string) {
		at := m.named(from)
		latest := false
		if before, ok := earlier[from]; ok {
			at, d.Needs = before.Sent, before.Needs
			if at.IsZero() {
				at, latest = before.Due, true
			}
		} else {
			d.Needs = from
		}
		if at.IsZero() {
			return
		}
		d.Due, d.Latest = after(at, given), latest
	}
	count(c.From, c.After)
	if b := c.AtMost; b != nil {
		own, needs := d, d.Needs
		d.Due, d.Bound = time.Time{}, true
		count(b.From, b.After)
		if d.Due.IsZero() || !own.Due.IsZero() && own.Due.Before(d.Due) {
			d = own
			d.Needs = needs
		}
	}
	if !d.Due.IsZero() {
		d.Needs = ""
	}
	return d
}
