package report

import (
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// maxNear is how many rows of what is not to be blocked are listed one by one; of more, those with the same role and reason are
// one row.
const maxNear = 10

// appendix is what a reader looks up: the evidence of judgements and joins, what is not to be blocked, commands in full, and the
// digests of what was read.
func (a *dossier) appendix(all []*tocsin.Campaign) {
	w, x := a.w, a.w.front()
	a.heading(2, x.appendix)
	for i, c := range all {
		a.heading(3, fill(x.weighed, w.number(i+1)), ", ", val(c.ID))
		for k, y := range actorsOf(c) {
			if k == maxIncidents {
				a.note(fill(w.rest, w.number(len(actorsOf(c))-k)))
				break
			}
			a.weighed(c, y)
		}
		if len(c.Touched) > 0 {
			a.touched(c)
		}
	}
	a.wholeCommands()
	if c := a.h.covered(); c != nil {
		a.custody(c)
	}
}

// weighed is the evidence of an actor's judgement and of its joins.
func (a *dossier) weighed(c *tocsin.Campaign, x *tocsin.Actor) {
	w := a.w
	a.para(bold(w.upper(w.actor[0])), " ", val(or(x.ID, actorName(x))))
	var rows [][]text
	for _, e := range x.Evidence[:min(len(x.Evidence), maxRows)] {
		if len(x.Share) == 0 {
			break // why it was not judged is said above
		}
		rows = append(rows, []text{w.tell("feature", e.Feature), w.tell("measure", e.Seen), say(w.weight(e.Human) + " / " + w.weight(e.Script) + " / " + w.weight(e.Agent))})
	}
	a.table([]string{w.evidenceHead, w.seenHead, w.weights}, rows)
	if len(rows) > 0 {
		a.note(w.weightsNote)
	}
	links := slices.Clone(x.Links)
	for _, l := range c.Links {
		if l.From == x.ID {
			links = append(links, l)
		}
	}
	var items []text
	for _, l := range links[:min(len(links), maxRows)] {
		items = append(items, append(fill(w.linkRow, val(l.From), val(l.To), w.tell("link", l.Evidence), w.weight(l.Weight)), a.weak(l.Tie)...))
	}
	if len(items) > 0 {
		a.para(w.joined)
		a.list(items)
		a.beyond(len(links), maxRows)
	}
}

// used is what the intruder used.
func (a *dossier) used(c *tocsin.Campaign) {
	if len(c.Used) == 0 {
		a.para(a.usedNone(c))
	} else {
		a.indicators(c.Used)
	}
	a.unlisted(c, "used")
}

// touched is what is not to be blocked; of many, what has the same role and reason is one row.
func (a *dossier) touched(c *tocsin.Campaign) {
	w, x := a.w, a.w.front()
	a.para(bold(w.key.touched))
	a.note(w.key.touchedNote)
	if len(c.Touched) <= maxNear {
		a.indicators(c.Touched)
		a.unlisted(c, "touched")
		return
	}
	type group struct {
		role, why string
		of        []*tocsin.Indicator
	}
	var groups []*group
	for i := range c.Touched {
		t := &c.Touched[i]
		at := slices.IndexFunc(groups, func(g *group) bool { return g.role == t.Role && g.why == t.Why })
		if at < 0 {
			at = len(groups)
			groups = append(groups, &group{role: t.Role, why: t.Why})
		}
		groups[at].of = append(groups[at].of, t)
	}
	var rows [][]text
	for _, g := range groups[:min(len(groups), maxRows)] {
		var names []string
		first, last := g.of[0].First, g.of[0].Last
		for _, t := range g.of {
			names = append(names, t.Value)
			if datable(t.First) && t.First.Before(first) {
				first = t.First
			}
			if t.Last.After(last) {
				last = t.Last
			}
		}
		when := stampOf(first)
		if datable(first) && datable(last) && last.After(first) {
			when = spanText(first, last)
		}
		rows = append(rows, []text{say(w.indicatorRole(g.role)), w.vals(names, maxRows), a.reason(g.why), say(when), say(val(g.of[0].Place.String()))})
	}
	a.table([]string{w.key.roleHead, w.nameHead, w.key.whyHead, w.key.seenHead, w.key.evidenceHead}, rows)
	a.beyond(len(groups), maxRows)
	a.note(x.groupNote)
	a.unlisted(c, "touched")
}

// dataTouched is what was read, copied or sent out.
func (a *dossier) dataTouched(c *tocsin.Campaign) {
	if a.w.catalogue != nil {
		a.texts("data", c.Data, a.w.noData)
		return
	}
	var short []string
	for _, s := range c.Data {
		short = append(short, concise(s, maxCommand))
	}
	a.texts("data", short, a.w.noData)
}

// abridged is a finding that may hold a command: what this has in base64 is decoded where it is told first.
func (a *dossier) abridged(s string) text {
	short := concise(s, maxCommand)
	t := say(quote(short))
	if said, _, _ := decoded(s); said != "" && !a.shown(said) {
		t = append(t, fill(a.w.front().decoded, val(tocsin.Shorten(said, maxDecoded)))...)
	}
	return t
}

// finding is a finding in the report's language, of which the catalogue knows whole sentences.
func (a *dossier) finding(class, s string) text {
	if a.w.catalogue != nil {
		return a.w.tell(class, s)
	}
	return a.abridged(s)
}

// reason is why a thing is an indicator.
func (a *dossier) reason(why string) text {
	if a.w.catalogue != nil {
		return a.w.tell("indicator", why)
	}
	return say(quote(concise(why, maxCommand)))
}

// act is what was done in a key event.
func (a *dossier) act(what string) text {
	if a.w.catalogue != nil {
		return a.w.act(what)
	}
	return a.command(what)
}
