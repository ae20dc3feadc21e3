package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Notice says which notification is drafted; the zero value is the early warning, in English.
type Notice struct {
	Stage string    // 24h, the early warning, or 72h, the incident notification
	Lang  string    // en or fr
	Aware time.Time // when the entity became aware of the significant incident; zero where that is not known
}

// ErrNoCampaign is returned by Notification for a hunt that found no campaign: there is nothing to notify.
var ErrNoCampaign = errors.New("no campaign was found, so there is nothing to notify")

// Notification drafts, as Markdown, what Directive (EU) 2022/2555 (NIS 2), Article 23(4)(a) and (b), asks an entity to
// submit within 24 and 72 hours of becoming aware of a significant incident, for one campaign (nil: the hunt's first).
//
// It fills in what the logs show. All that they cannot show (who the entity is, when it became aware, what the incident
// means for its services and users, what was done) is a marked blank, [TO BE FILLED IN: …] or [À COMPLÉTER : …].
// Deadlines are counted from Aware; without it they are blank but for what they would be if the entity became aware
// when the report was made. https://eur-lex.europa.eu/eli/dir/2022/2555/oj
func Notification(w io.Writer, h *Hunt, c *tocsin.Campaign, o Notice) error {
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
	c = only(c)
	n := &t.notice
	a := &dossier{w: t, h: h, document: document{lang: t.lang}}
	switch o.Stage {
	case "", "24h":
		a.title = n.title24
		a.head(c, o, n.basis24, false)
		a.suspicion(c)
		a.heading(2, n.nature)
		a.nature(c)
		a.ask()
	case "72h":
		a.title = n.title72
		a.head(c, o, n.basis72, true)
		a.heading(2, n.update)
		a.para(a.todo(n.updateBlank))
		a.suspicion(c)
		a.assessment(c)
		a.heading(2, n.iocs)
		a.marks(c)
		a.heading(2, n.measures)
		a.para(a.todo(n.measuresBlank))
		a.heading(3, t.countermeasures)
		a.counter(c)
		a.ask()
	default:
		return fmt.Errorf("notification %q: there are 24h and 72h", o.Stage)
	}
	a.heading(2, n.sources)
	a.attested()
	a.para(t.cautions)
	return a.markdown(w)
}

// todo is a blank for the reader to fill in.
func (a *dossier) todo(what string) run {
	return run{fill(a.w.notice.todo, what).plain(), blank}
}

func (a *dossier) head(c *tocsin.Campaign, o Notice, basis string, later bool) {
	n := &a.w.notice
	a.note(n.draft)
	a.para(basis)
	rows := [][]text{
		{say(n.recipient), say(a.todo(n.recipientBlank))},
		{say(n.entity), say(a.todo(n.entityBlank))},
		{say(n.sector), say(a.todo(n.sectorBlank))},
		{say(n.contact), say(a.todo(n.contactBlank))},
		{say(a.w.idLabel), say(val(c.ID))},
	}
	if later {
		rows = append(rows, []text{say(n.reference), say(a.todo(n.referenceBlank))})
	}
	a.table([]string{"", ""}, rows)
	a.heading(2, n.deadlines)
	aware := say(a.todo(n.awareBlank))
	if datable(o.Aware) {
		aware = say(a.w.moment(o.Aware))
	}
	rows = [][]text{{say(n.aware), aware}, {say(n.due24), a.due(o, 24*time.Hour)}, {say(n.due72), a.due(o, 72*time.Hour)}}
	a.table([]string{"", ""}, rows)
	a.para(n.final)
}

// due is a deadline: after the entity became aware, or what it would be after the report was made.
func (a *dossier) due(o Notice, after time.Duration) text {
	n := &a.w.notice
	switch {
	case datable(o.Aware):
		return say(a.w.moment(o.Aware.Add(after)))
	case datable(a.h.Made):
		return say(a.todo(n.aware), " ", fill(n.assumed, a.w.moment(a.h.Made.Add(after))))
	}
	return say(a.todo(n.aware))
}

// suspicion is what the early warning has to indicate: malicious acts, and an impact across borders.
func (a *dossier) suspicion(c *tocsin.Campaign) {
	n := &a.w.notice
	a.heading(2, n.suspected)
	template := n.suspectedNo
	if c.Level >= tocsin.Medium {
		template = n.suspectedYes
	}
	facts := a.w.levelWhy(c)
	for _, s := range a.w.drivenBy(c) {
		facts = append(append(facts, say(" ")...), s...)
	}
	a.para(fill(template, facts), " ", a.todo(n.suspectedBlank))
	a.heading(2, n.crossBorder)
	if k := len(c.Orgs); k > 0 {
		a.para(fill(n.crossBorderFacts, a.w.several(k, a.w.org), a.w.vals(c.Orgs, 20)))
	}
	a.para(a.todo(n.crossBorderBlank))
}

// nature is what is known so far: the story, and its finding in one line.
func (a *dossier) nature(c *tocsin.Campaign) {
	if a.w.quotedNote != "" {
		a.note(a.w.quotedNote)
	}
	a.para(a.found(c))
	a.was(c)
	a.summary(c)
	a.lost(c)
}

// assessment is the initial assessment that the incident notification has to hold: severity and impact.
func (a *dossier) assessment(c *tocsin.Campaign) {
	t, n := a.w, &a.w.notice
	a.heading(2, n.assessment)
	a.nature(c)
	a.keyEvents(c)
	a.heading(3, t.timeline)
	a.timeline(c)
	a.heading(3, n.severity)
	a.para(bold(t.rated+t.colon+t.levels[min(c.Level, tocsin.Critical).String()]), a.w.levelWhy(c), " ", a.todo(n.severityBlank))
	a.heading(3, n.impact)
	a.para(fill(n.impactFacts, or(t.entered(c), t.nobody)), " ", a.todo(n.impactBlank))
	a.victims(c)
	a.heading(3, t.data)
	a.texts("data", c.Data, t.noData)
	a.heading(3, n.services)
	a.para(a.todo(n.affected))
	a.heading(3, n.cause)
	order := tacticsInOrder(c)
	var names []string
	for _, slug := range order {
		names = append(names, t.tactic(slug))
	}
	if len(names) > 0 {
		a.para(fill(t.order, quote(strings.Join(names, ", "))), " ", a.todo(n.causeBlank))
	} else {
		a.para(a.todo(n.causeBlank))
	}
	a.heading(3, t.openQuestions)
	a.texts("open", c.Open, t.noOpen)
}

func (a *dossier) ask() {
	a.heading(2, a.w.notice.help)
	a.para(a.todo(a.w.notice.helpBlank))
}
