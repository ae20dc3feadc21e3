package report

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// laid is a way to come back in a few words: what it is, its name and where.
func (w *words) laid(f *tocsin.Foothold) text {
	x := w.front()
	name := f.Name
	if name == "" {
		name = concise(f.What, 100)
	}
	t := fill(x.laid, or(x.kinds[f.Kind], shorten(f.Kind, 40)), val(shorten(name, 160)))
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

// remaining are the ways to come back whose removal was not seen.
func remaining(c *tocsin.Campaign) []*tocsin.Foothold {
	var all []*tocsin.Foothold
	for i := range c.Laid {
		if f := &c.Laid[i]; !datable(f.Removed) {
			all = append(all, f)
		}
	}
	return all
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
		if datable(f.Used) {
			what = append(what, say("; ", fill(x.byUse, stampOf(f.Used)))...)
		}
		if f.Name != "" {
			what = append(what, say(w.colon, a.command(f.What))...)
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
