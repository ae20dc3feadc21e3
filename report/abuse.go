package report

import (
	"io"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Abuse writes a report about one principal, as Markdown and in lang, en or fr, for those who run or serve the agents that
// worked for it, and for authorities: what the records show, and apart from that what is judged of it and why; the ids and
// times by which a provider finds it in its own logs; techniques of ATT&CK, ATLAS and OWASP with their versions; what speaks
// against the judgement; what the records do not show. What only a person can know is a marked blank. An unknown language
// is an error.
func Abuse(w io.Writer, h *Hunt, x *tocsin.Principal, lang string) error {
	t, err := tongue(lang)
	if err != nil {
		return err
	}
	a := abuseReport{dossier{w: t, h: h, document: document{title: abuseTongue(t.lang).title, lang: t.lang}}, abuseTongue(t.lang), x}
	a.note(a.a.draft)
	if t.quotedNote != "" {
		a.note(t.quotedNote)
	}
	if datable(h.Made) {
		a.para(t.made+" ", t.moment(h.Made), ".")
	}
	a.filled()
	a.about()
	a.shown()
	a.judged()
	a.against()
	a.lookUp()
	a.techniques()
	a.unknown()
	a.para(a.a.caution)
	return a.markdown(w)
}

type abuseReport struct {
	dossier
	a *abuseWords
	x *tocsin.Principal
}

// filled is what the reader has to fill in.
func (a *abuseReport) filled() {
	rows := [][]text{}
	for _, b := range a.a.blanks {
		rows = append(rows, []text{say(b[0]), say(a.todo(b[1]))})
	}
	a.table([]string{"", ""}, rows)
}

// utc is a time with its zone.
func utc(s string) string {
	if s == "–" {
		return s
	}
	return s + " UTC"
}

func (a *abuseReport) about() {
	x, w := a.x, a.a
	a.heading(2, w.who)
	a.table([]string{"", ""}, [][]text{
		{say(w.principal), say(val(x.Name), " (", quote(or(w.by[x.By], x.By)), ")")},
		{say(w.agents), a.w.vals(x.Agents, 16)},
		{say(w.sessions), say(a.w.number(len(x.Sessions)))},
		{say(w.calls), say(a.w.number(x.Calls))},
		{say(w.first), say(utc(stampOf(x.First)))},
		{say(w.last), say(utc(stampOf(x.Last)))},
		{say(w.targets), a.w.vals(x.Targets, 40)},
	})
	var in []string
	for _, c := range a.h.campaigns() {
		if slices.Contains(c.Principals, x.Name) {
			in = append(in, c.ID)
		}
	}
	if len(in) > 0 {
		a.para(fill(w.campaigns, a.w.vals(in, 20)))
	}
}

// shown is what the records hold: the calls of the course of each target and those that completed evidence, once each, in
// their order.
func (a *abuseReport) shown() {
	a.heading(2, a.a.facts)
	a.para(a.a.factsNote)
	type told struct {
		g      *tocsin.Ground
		target string
	}
	var all []told
	seen := map[int]bool{}
	add := func(grounds []tocsin.Ground, target string) {
		for i := range grounds {
			if g := &grounds[i]; !seen[g.Call] {
				seen[g.Call] = true
				all = append(all, told{g, target})
			}
		}
	}
	for i := range a.x.ByTarget {
		t := &a.x.ByTarget[i]
		name := or(t.Target, a.a.own)
		add(t.Course, name)
		add(t.Evidence, name)
	}
	add(a.x.Evidence, "")
	slices.SortStableFunc(all, func(p, q told) int { return p.g.Call - q.g.Call })
	var rows [][]text
	for _, t := range all[:min(len(all), maxRows)] {
		quoted := text{val(t.g.Quote)}
		if t.g.Quote == "" {
			quoted = say(a.a.withheld)
		}
		id := text{val(t.g.Session)}
		if t.g.Request != "" {
			id = append(id, say(" / ", val(t.g.Request))...)
		}
		rows = append(rows, []text{say(utc(stampOf(t.g.Place.Time))), say(a.w.number(t.g.Call)), say(val(t.target)), quoted, id})
	}
	a.table([]string{a.w.timeHead, a.a.call, a.a.target, a.a.quote, a.a.ids}, rows)
	a.beyond(len(all), maxRows)
}

func (a *abuseReport) judged() {
	x, w := a.x, a.a
	a.heading(2, w.assessment)
	a.para(bold(w.verdicts[verdictOf(x.Verdict)]), " ", w.judgement)
	if x.FirstAlert > 0 {
		a.para(fill(w.alert, a.w.number(x.FirstAlert), a.w.number(x.Calls)))
	}
	grounds := func(all []tocsin.Ground, score float64) {
		var rows [][]text
		for i := range all[:min(len(all), maxRows)] {
			g := &all[i]
			rows = append(rows, []text{say(a.w.weight(g.Weight)), a.w.tell("ground", g.Sentence), say(a.w.number(g.Call)), say(val(g.Place.String()))})
		}
		if len(rows) > 0 {
			rows = append(rows, []text{say(bold(a.w.weight(score))), say(w.sum)})
		}
		a.table([]string{w.weight, a.w.evidenceHead, w.call, w.record}, rows)
		a.beyond(len(all), maxRows)
	}
	a.para(w.weights)
	grounds(x.Evidence, x.Score)
	for i := range x.ByTarget[:min(len(x.ByTarget), maxIncidents)] {
		t := &x.ByTarget[i]
		a.heading(3, fill(w.at, val(or(t.Target, w.own)), w.verdictNames[verdictOf(t.Verdict)]))
		if len(t.Phases) > 0 {
			a.para(fill(w.phases, quote(a.w.phasesOf(t.Phases, 15))))
		}
		grounds(t.Evidence, t.Score)
	}
	a.beyond(len(x.ByTarget), maxIncidents)
}

func (a *abuseReport) against() {
	a.heading(2, a.a.against)
	var clear []text
	for _, s := range a.x.Cleared[:min(len(a.x.Cleared), maxRows)] {
		clear = append(clear, say(a.w.tell("cleared", strings.TrimSuffix(s, ".")), "."))
	}
	if a.list(clear); len(clear) == 0 {
		a.para(a.a.nothingAgainst)
	}
	var items []text
	for _, s := range a.x.Scope {
		items = append(items, fill(a.a.scope, val(s.ID), a.w.number(s.Acts)))
	}
	a.list(items)
	a.para(a.a.ask)
}

func (a *abuseReport) lookUp() {
	a.heading(2, a.a.lookUp)
	a.para(a.a.lookUpNote)
	var items []text
	for _, s := range a.x.Sessions[:min(len(a.x.Sessions), 4*maxRows)] {
		items = append(items, say(val(s)))
	}
	a.list(items)
	a.beyond(len(a.x.Sessions), 4*maxRows)
}

func (a *abuseReport) techniques() {
	a.heading(2, a.a.techniques)
	var rows [][]text
	for _, t := range techniquesOf(a.x) {
		rows = append(rows, []text{say("MITRE ATT&CK " + attackVersion), say(val(t)), nil})
	}
	reported := false
	for _, t := range agenticOf(a.x) {
		row := []text{say(t.taxonomy + " " + t.version), say(val(t.id)), say(t.name)}
		if t.reported {
			reported = true
			row[2] = append(row[2], say(" ("+a.a.reported+")")...)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		a.para(a.a.noTechniques)
		return
	}
	a.para(a.a.techniquesNote)
	a.table([]string{a.a.taxonomy, a.a.id, a.w.nameHead}, rows)
	if reported {
		a.note(a.a.reportedNote)
	}
}

func (a *abuseReport) unknown() {
	w, x := a.a, a.x
	a.heading(2, w.unknown)
	s := say(w.sight[or(x.Sight.State, "full")])
	if x.Sight.Why != "" {
		s = append(s, say(" (", a.w.tell("blind", x.Sight.Why), ")")...)
	}
	items := []text{append(s, say(".")...)}
	for _, u := range w.unknowns {
		items = append(items, say(u))
	}
	a.list(items)
	a.heading(3, a.w.coverage)
	a.covered()
}
