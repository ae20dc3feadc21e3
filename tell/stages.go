package tell

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/tsv"
)

//go:embed stages.tsv
var stageTable string

// A stage is a row of stages.tsv.
type stage struct {
	name, shown string
	worked      bool
	sentence    map[string]string // by language
}

// The stages that no key event shows.
const (
	byMachines = "machines"
	byDriver   = "driver"
)

// stages are the rows of the table, the gravest first.
var stages = mustStages(stageTable)

func mustStages(table string) (all []stage) {
	for _, c := range tsv.Rows("stages.tsv", table, 5) {
		all = append(all, stage{name: c[0], shown: c[1], worked: c[2] == "worked", sentence: map[string]string{"en": c[3], "fr": c[4]}})
	}
	return all
}

// ladder are the numbers of machines got into that are news each: with each machine told, an intruder could flood whoever is told.
var ladder = []int{2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000}

// rung is the highest number of the ladder that n reaches, 0 for none.
func rung(n int) int {
	at, exact := slices.BinarySearch(ladder, n)
	switch {
	case exact:
		return n
	case at == 0:
		return 0
	}
	return ladder[at-1]
}

// A fact is a stage that a campaign has reached, with what its sentence needs.
type fact struct {
	*stage
	host, from, account, on string
	time                    time.Time
	n                       int
}

// facts are the stages that a campaign has reached, the gravest first. What belongs to it weakly reaches none.
func facts(c *tocsin.Campaign) (all []fact) {
	for i := range stages {
		s := &stages[i]
		switch s.shown {
		case byMachines:
			if f, ok := furthest(c); ok {
				f.stage = s
				all = append(all, f)
			}
			continue
		case byDriver:
			if c.Driver == tocsin.Agent {
				all = append(all, fact{stage: s})
			}
			continue
		}
		for k := range c.Key {
			if e := &c.Key[k]; e.Kind == s.shown && s.reached(e) {
				f := fact{stage: s, host: e.Host, from: e.From, account: e.Account, time: e.Time}
				if len(e.On) > 0 {
					_, f.on, _ = strings.Cut(e.On[0], ":")
				}
				if f.on == f.host {
					f.on = ""
				}
				all = append(all, f)
				break
			}
		}
	}
	return all
}

func (s *stage) reached(e *tocsin.KeyEvent) bool {
	switch {
	case e.Tie == tocsin.Weak || e.Outcome == tocsin.Failed || e.Outcome == tocsin.Denied:
		return false
	case s.worked:
		return e.Outcome == tocsin.Worked || e.Shown != ""
	}
	return true
}

// furthest is the machine that a campaign got into last, and how many it got into by now; ok is false below two.
func furthest(c *tocsin.Campaign) (f fact, ok bool) {
	machines, _, _ := c.Aimed(true)
	machines = slices.DeleteFunc(machines, func(v *tocsin.Victim) bool { return v.Tie == tocsin.Weak })
	if len(machines) < 2 {
		return fact{}, false
	}
	last := slices.MaxFunc(machines, func(x, y *tocsin.Victim) int { return x.First.Compare(y.First) })
	f = fact{host: last.Value, time: last.First, n: len(machines)}
	for i := range c.Key {
		if e := &c.Key[i]; (e.Kind == "lateral" || e.Kind == "entry") && e.Host == last.Value {
			f.from, f.time = e.From, e.Time
		}
	}
	return f, true
}

// say is the sentence of a fact, without a full stop. Times are told by their clock on the day of at, else with their date.
func (f *fact) say(lang string, at time.Time) string {
	when := ""
	if t := f.time.UTC(); !f.time.IsZero() {
		when = t.Format("15:04") + " UTC"
		if t.Format(time.DateOnly) != at.UTC().Format(time.DateOnly) {
			when = t.Format("2006-01-02 15:04") + " UTC"
		}
	}
	host := f.host
	if host == "" && !strings.Contains(f.sentence[lang], "[ {host}") {
		host = map[string]string{"en": "a machine", "fr": "une machine"}[lang]
	}
	return fill(report.Typeset(lang, f.sentence[lang]), map[string]string{"host": short(host), "from": short(f.from), "account": short(f.account), "on": short(f.on),
		"time": when, "n": fmt.Sprint(f.n)})
}

// fill puts facts into a sentence. What is in [ ] is left out where a fact in it is not known. Facts are never read as sentences.
func fill(sentence string, facts map[string]string) string {
	var b strings.Builder
	for sentence != "" {
		at := strings.IndexAny(sentence, "[{")
		if at < 0 {
			break
		}
		b.WriteString(sentence[:at])
		end := strings.IndexByte(sentence[at:], map[byte]byte{'[': ']', '{': '}'}[sentence[at]]) + at
		inside := sentence[at+1 : end]
		switch {
		case sentence[at] == '{':
			b.WriteString(facts[inside])
		case known(inside, facts):
			b.WriteString(fill(inside, facts))
		}
		sentence = sentence[end+1:]
	}
	return b.String() + sentence
}

func known(part string, facts map[string]string) bool {
	for {
		_, rest, ok := strings.Cut(part, "{")
		if !ok {
			return true
		}
		name, after, _ := strings.Cut(rest, "}")
		if facts[name] == "" {
			return false
		}
		part = after
	}
}

// Bounds of what an alert shows, in bytes.
const (
	maxName  = 120
	maxLine  = 400
	maxTitle = 300
)

func short(s string) string { return bounded(s, maxName) }

// bounded is a log's text made visible, in at most n bytes.
func bounded(s string, n int) string {
	return tocsin.Shorten(report.Visible(tocsin.Shorten(s, n)), n)
}
