package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// PackOptions say how a report pack is written; the zero value is Markdown in English, with deadlines blank.
type PackOptions struct {
	Moments
	Format  string    // markdown, html or json
	Lang    string    // en or fr
	Now     time.Time // deadlines are passed or due at this moment; zero leaves that out
	Regimes *Regimes  // nil is OwnRegimes
}

// packFacts are the facts of a campaign that tell what a regime asks.
var packFacts = [...]string{"suspected", "organisations", "severity", "victims", "indicators", "phases", "nature", "first", "data"}

// Pack writes what one has to hand when an incident has to be reported, for one campaign (nil: the hunt's first): the deadlines of
// each regime, what each asks with what the logs tell of it, and the facts. What they cannot show is a marked blank, as in
// [Notification]; judgements are called so. A pack is a draft for a person, in no authority's form.
func Pack(w io.Writer, h *Hunt, c *tocsin.Campaign, o PackOptions) error {
	t, err := tongue(o.Lang)
	if err != nil {
		return err
	}
	if c == nil {
		all := h.campaigns()
		if len(all) == 0 {
			return ErrNoCampaign
		}
		c = all[0]
	}
	if o.Regimes == nil {
		if o.Regimes, err = OwnRegimes(); err != nil {
			return err
		}
	}
	for k := range o.Sent {
		if !o.Regimes.has(k) {
			return fmt.Errorf("sent %q: the table of regimes has no such report; write REGIME.REPORT, such as nis2.notification", k)
		}
	}
	p := &reportPack{dossier: dossier{w: t, h: h, document: document{lang: t.lang}}, p: packIn[t.lang], c: only(c), o: &o}
	p.due = o.Regimes.Deadlines(&o.Moments)
	switch o.Format {
	case "", "markdown":
		p.write()
		return p.markdown(w)
	case "html":
		p.write()
		return p.page(w)
	case "json":
		return p.json(w)
	}
	return fmt.Errorf("pack as %q: there are markdown, html and json", o.Format)
}

// has says whether a report, REGIME.CLOCK, is one of the table.
func (t *Regimes) has(report string) bool {
	for i := range t.Regimes {
		for k := range t.Regimes[i].Clocks {
			if t.Regimes[i].ID+"."+t.Regimes[i].Clocks[k].ID == report {
				return true
			}
		}
	}
	return false
}

// A reportPack is one being written.
type reportPack struct {
	dossier
	p   *packWords
	c   *tocsin.Campaign
	o   *PackOptions
	due []Deadline
}

func (p *reportPack) write() {
	w, n := p.w, &p.w.notice
	p.title = p.p.title
	p.note(p.p.draft)
	if w.quotedNote != "" {
		p.note(w.quotedNote)
	}
	p.table([]string{"", ""}, [][]text{
		{say(n.entity), say(p.todo(n.entityBlank))}, {say(n.contact), say(p.todo(n.contactBlank))}, {say(w.idLabel), say(val(p.c.ID))},
	})
	p.heading(2, p.p.moments)
	var rows [][]text
	for _, m := range p.moments() {
		rows = append(rows, []text{say(m.label), m.said})
	}
	p.table([]string{"", ""}, rows)
	p.heading(2, p.p.clocks)
	p.deadlines()
	p.heading(2, p.p.duties)
	for i := range p.o.Regimes.Regimes {
		p.duty(&p.o.Regimes.Regimes[i])
	}
	p.heading(2, n.nature)
	p.nature(p.c)
	p.keyEvents(p.c)
	p.heading(3, w.victims)
	p.victims(p.c)
	p.heading(3, w.data)
	p.texts("data", p.c.Data, w.noData)
	p.heading(3, n.iocs)
	p.marks(p.c)
	p.heading(3, n.services)
	p.para(p.todo(n.affected))
	p.heading(3, n.measures)
	p.para(p.todo(n.measuresBlank))
	p.counter(p.c)
	p.heading(2, p.p.unsure)
	p.para(w.verdict(p.c))
	p.joins(p.c)
	p.heading(3, w.openQuestions)
	p.texts("open", p.c.Open, w.noOpen)
	if len(p.c.Missing) > 0 {
		p.para(w.missing)
		p.texts("missing", p.c.Missing, "")
	}
	p.heading(2, n.sources)
	p.covered()
	p.para(w.cautions)
}

// A moment is a row of moments.
type moment struct {
	id, label string
	at        time.Time
	said      text
}

func (p *reportPack) moments() []moment {
	m := &p.o.Moments
	all := []moment{
		{"first", p.p.momentFirst, p.c.First, nil}, {"last", p.p.momentLast, p.c.Last, nil}, {"told", p.p.momentTold, time.Time{}, say(p.todo(p.p.toldBlank))},
		{"aware", p.p.momentAware, m.Aware, say(p.todo(p.w.notice.awareBlank))}, {"classified", p.p.momentClassified, m.Classified, say(p.todo(p.p.classifiedBlank))},
		{"fixed", p.p.momentFixed, m.Fixed, say(p.todo(p.p.fixedBlank))},
	}
	for i := range all {
		x := &all[i]
		if x.at = m.local(x.at); !x.at.IsZero() {
			x.said = say(p.zoned(x.at))
		} else if x.said == nil {
			x.said = say(p.w.noTime)
		}
	}
	return all
}

// zoned is a time with its day of the week and its zone: "Tuesday, 1 December 2026, 14:05 (UTC)".
func (p *reportPack) zoned(t time.Time) string {
	day := p.p.weekdays[t.Weekday()]
	if p.w.lang == "fr" {
		day += " "
	} else {
		day += ", "
	}
	zone := "UTC"
	if name := t.Location().String(); name != "UTC" {
		zone = "UTC" + t.Format("-07:00")
		if strings.Contains(name, "/") {
			zone = name + ", " + zone
		}
	}
	return day + fill(p.w.dayAt, p.w.date(t), t.Format(p.w.clockForm)).plain() + " (" + zone + ")"
}

// deadlines is the table of what falls due.
func (p *reportPack) deadlines() {
	var rows [][]text
	for i := range p.due {
		d := &p.due[i]
		due := say(p.todo(p.p.from[d.Needs]))
		if !d.Due.IsZero() {
			due = say(bold(p.zoned(d.Due)))
		}
		rows = append(rows, []text{say(d.Regime.Name.in(p.w.lang)), say(d.Clock.Name.in(p.w.lang)), due, p.basis(d), say(p.state(d))})
	}
	p.table([]string{p.p.regimeHead, p.p.reportHead, p.p.dueHead, p.p.fromHead, p.p.stateHead}, rows)
	p.note(p.p.strict)
	p.para(fill(p.p.asks, p.o.Regimes.AsOf), " ", p.o.Regimes.Note.in(p.w.lang))
}

// basis is what a deadline is counted from, and how sure that is.
func (p *reportPack) basis(d *Deadline) text {
	from, given := d.Clock.From, d.Clock.After
	if d.Bound {
		from, given = d.Clock.AtMost.From, d.Clock.AtMost.After
	}
	what := say(p.p.from[from])
	for i := range p.due {
		if x := &p.due[i]; x.Regime == d.Regime && x.Clock.ID == from {
			what = say(x.Clock.Name.in(p.w.lang))
			if !x.Sent.IsZero() {
				what = fill(p.p.sentAt, what, p.zoned(x.Sent))
			}
		}
	}
	t := fill(p.p.counted, what, p.lapse(given))
	switch {
	case d.Latest:
		return fill(p.p.latest, t)
	case d.Bound && !datable(p.o.Classified):
		return fill(p.p.bound, t)
	}
	return t
}

// lapse is a length of time of a law in the language.
func (p *reportPack) lapse(given string) string {
	n, unit, err := lapse(given)
	if err != nil || p.w.lang == "en" {
		return given
	}
	return p.w.several(n, lapses[unit])
}

// state says whether a deadline is passed, or in how long it is due.
func (p *reportPack) state(d *Deadline) string {
	switch left := d.Due.Sub(p.o.Now); {
	case !d.Sent.IsZero():
		return fill(p.p.sent, p.zoned(d.Sent)).plain()
	case d.Due.IsZero():
		return p.p.unknown
	case p.o.Now.IsZero():
		return "–"
	case left < 0:
		return fill(p.p.passed, p.w.lasting((-left).Round(time.Minute))).plain()
	default:
		return fill(p.p.dueIn, p.w.lasting(left.Round(time.Minute))).plain()
	}
}

// duty is what a regime asks, with what the logs tell of it.
func (p *reportPack) duty(g *Regime) {
	lang := p.w.lang
	p.heading(3, g.Name.in(lang))
	p.table([]string{"", ""}, [][]text{
		{say(p.p.who), say(g.Who.in(lang), " ", p.todo(p.p.applies))}, {say(p.p.to), say(g.To.in(lang))}, {say(p.p.law), say(g.Law.in(lang), " ", val(g.Source))},
	})
	if s := g.Caution.in(lang); s != "" {
		p.note(s)
	}
	var rows [][]text
	for i := range g.Asks {
		k := &g.Asks[i]
		fact, blank := p.fact(k.Fact), p.p.confirm
		if len(fact) == 0 {
			fact, blank = say(p.p.noFact), k.Text.in(lang)
		}
		rows = append(rows, []text{say(k.Text.in(lang)), fact, say(p.todo(blank))})
	}
	p.table([]string{p.p.askHead, p.p.factHead, p.p.blankHead}, rows)
}

// fact is what the logs tell of a thing that is asked; empty where they tell nothing.
func (p *reportPack) fact(name string) text {
	w, c := p.w, p.c
	switch name {
	case "suspected":
		if c.Level >= tocsin.Medium {
			return append(say(p.p.judged), w.levelWhy(c)...)
		}
		return fill(w.notice.suspectedNo, w.levelWhy(c))
	case "organisations":
		if n := len(c.Orgs); n > 0 {
			return fill(w.notice.crossBorderFacts, w.several(n, w.org), w.vals(c.Orgs, 20))
		}
	case "severity":
		return say(p.p.judged, w.colon, w.levels[min(c.Level, tocsin.Critical).String()], w.levelWhy(c))
	case "victims":
		if s := w.entered(c); s != "" {
			return fill(w.notice.impactFacts, s)
		}
	case "indicators":
		if n := len(c.Used) + max(0, c.Omitted["used"]); n > 0 {
			return fill(p.p.indicatorsOf, w.several(n, p.p.indicator))
		}
	case "phases":
		var names []string
		for _, slug := range tacticsInOrder(c) {
			names = append(names, w.tactic(slug))
		}
		if len(names) > 0 {
			return fill(w.order, quote(strings.Join(names, ", ")))
		}
	case "nature":
		return p.found(c)
	case "first":
		if at := p.o.local(c.First); !at.IsZero() {
			return say(p.zoned(at))
		}
	case "data":
		if len(c.Data) > 0 {
			return w.tells("data", c.Data, 3)
		}
	}
	return nil
}
