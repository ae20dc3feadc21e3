package report

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// laid is ways to come back by one name in a few words: what they are, the name and where.
func (w *words) laid(all ...*tocsin.Foothold) text {
	x, f := w.front(), all[0]
	var kinds []string
	for _, g := range all {
		if k := or(x.kinds[g.Kind], shorten(g.Kind, 40)); !contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	name := f.Name
	if name == "" {
		name = concise(f.What, 100)
	}
	t := fill(x.laid, quote(strings.Join(kinds, ", ")), val(shorten(name, 160)))
	if f.Host != "" && !strings.HasPrefix(name, f.Host+`\`) {
		t = append(t, fill(x.inHost, val(f.Host))...)
	}
	return t
}

// removal says whether a way to come back was taken away, as far as the campaign's acts show.
func (w *words) removal(f *tocsin.Foothold) text {
	if !datable(f.Removed) {
		return say(w.front().notRemoved)
	}
	return append(fill(w.front().removed, stampOf(f.Removed)), fill(w.front().seeAt, val(f.RemovedAt.String()))...)
}

// alikeLaid puts together ways to come back that go by one name on one machine and whose removal was seen, or was not.
func alikeLaid(c *tocsin.Campaign) [][]*tocsin.Foothold {
	var groups [][]*tocsin.Foothold
	for i := range c.Laid {
		f := &c.Laid[i]
		at := slices.IndexFunc(groups, func(g []*tocsin.Foothold) bool {
			return f.Name != "" && g[0].Name == f.Name && g[0].Host == f.Host && datable(g[0].Removed) == datable(f.Removed)
		})
		if at < 0 {
			groups = append(groups, nil)
			at = len(groups) - 1
		}
		groups[at] = append(groups[at], f)
	}
	return groups
}

// ways is the list of ways to come back, each once.
func (a *dossier) ways(c *tocsin.Campaign) {
	w, x := a.w, a.w.front()
	a.heading(3, x.back)
	if len(c.Laid) == 0 {
		a.para(x.backNone)
		return
	}
	var rows [][]text
	for i := range c.Laid[:min(len(c.Laid), maxRows)] {
		f := &c.Laid[i]
		what := append(w.laid(f), a.weak(f.Tie)...)
		if f.Name != "" {
			what = append(what, say(w.colon, a.command(f.What))...)
		}
		if datable(f.Used) {
			what = append(what, say(" (", fill(x.byUse, stampOf(f.Used)), ")")...)
		}
		k := f.KeyEvent
		k.Kind = "persistence"
		k.On = nil
		var places []string
		for i := range f.Places {
			places = append(places, f.Places[i].String())
		}
		rows = append(rows, []text{say(stampOf(f.Time)), what, w.about(&k), w.removal(f), w.vals(places, 3)})
	}
	a.table([]string{w.timeHead, x.backHead, w.key.whereHead, x.removalHead, w.key.evidenceHead}, rows)
	a.unlisted(c, "footholds")
}

// ways is the section of an explanation.
func (e *explanation) ways() {
	if len(e.c.Laid) == 0 {
		return
	}
	w := &english
	e.section(w.front().back)
	for i := range e.c.Laid[:min(len(e.c.Laid), maxExplained)] {
		f := &e.c.Laid[i]
		used := ""
		if datable(f.Used) {
			used = "; " + fill(w.front().byUse, stampOf(f.Used)).plain()
		}
		e.para(2, stampOf(f.Time)+"  "+w.laid(f).plain()+weak(f.Tie)+": "+show(f.What)+used+"; "+w.removal(f).plain())
		e.places(5, f.Places)
	}
	e.unlisted("footholds")
}
