package report

import (
	"encoding/json"
	"io"
	"strings"
	"time"
)

// A packFile is a pack as JSON.
type packFile struct {
	Kind      string         `json:"kind"` // report_pack
	Version   int            `json:"version"`
	Lang      string         `json:"lang"`
	Campaign  string         `json:"campaign"`
	Made      *time.Time     `json:"made,omitempty"`
	Regimes   string         `json:"regimes_as_of"`
	Note      string         `json:"note"`
	Moments   []packMoment   `json:"moments"`
	Deadlines []packDeadline `json:"deadlines"`
	Duties    []packDuty     `json:"duties"`
	Facts     packFactsFile  `json:"facts"`
	Unsure    []string       `json:"how_sure"`
	Open      []string       `json:"open"`
	Cautions  string         `json:"cautions"`
}

type packMoment struct {
	ID    string     `json:"id"`
	Label string     `json:"label"`
	Time  *time.Time `json:"time"`            // null where it is not known
	Blank string     `json:"blank,omitempty"` // then: what is to be filled in
}

type packDeadline struct {
	Regime string     `json:"regime"`
	Report string     `json:"report"`
	Name   string     `json:"name"`
	Due    *time.Time `json:"due"` // null where the moment it is counted from is not known
	Zone   string     `json:"zone"`
	From   string     `json:"from"`
	Needs  string     `json:"needs,omitempty"`
	Latest bool       `json:"latest"`
	Sent   *time.Time `json:"sent,omitempty"`
	State  string     `json:"state"` // passed, due, sent or unknown; "" without a moment to compare with
}

type packDuty struct {
	Regime  string    `json:"regime"`
	Name    string    `json:"name"`
	Law     string    `json:"law"`
	Source  string    `json:"source"`
	Who     string    `json:"who"`
	To      string    `json:"to"`
	Caution string    `json:"caution,omitempty"`
	Asks    []packAsk `json:"asks"`
}

type packAsk struct {
	Asked string `json:"asked"`
	Fact  string `json:"fact,omitempty"`
	Blank string `json:"blank"`
}

type packFactsFile struct {
	Finding    string          `json:"finding"` // a judgement by the logs
	Level      string          `json:"level"`
	Why        string          `json:"why"`
	Summary    string          `json:"summary"`
	KeyEvents  []packEvent     `json:"key_events"`
	Victims    []packVictim    `json:"victims"`
	Data       []string        `json:"data"`
	Indicators []packIndicator `json:"indicators"`
	Lost       string          `json:"lost,omitempty"`
}

type packEvent struct {
	Time   *time.Time `json:"time"`
	Kind   string     `json:"kind"`
	What   string     `json:"what"`
	About  string     `json:"about,omitempty"`
	Places []string   `json:"places"`
}

type packIndicator struct {
	Role  string     `json:"role"`
	Kind  string     `json:"kind"` // as STIX and JSONL have it
	Value string     `json:"value"`
	Why   string     `json:"why"`
	First *time.Time `json:"first"`
	Last  *time.Time `json:"last"`
	Place string     `json:"place"`
}

type packVictim struct {
	Kind    string     `json:"kind"`
	Name    string     `json:"name"`
	Org     string     `json:"org,omitempty"`
	Reached bool       `json:"reached"` // by the logs
	First   *time.Time `json:"first"`
	Last    *time.Time `json:"last"`
}

func (p *reportPack) json(out io.Writer) error {
	w, c, lang := p.w, p.c, p.w.lang
	known := func(t time.Time) *time.Time {
		if t = p.o.local(t); t.IsZero() {
			return nil
		}
		return &t
	}
	plain := func(t text) string { return typeset(lang, t) }
	f := packFile{Kind: "report_pack", Version: 1, Lang: lang, Campaign: c.ID, Made: known(p.o.Now), Regimes: p.o.Regimes.AsOf, Note: p.p.draft,
		Moments: []packMoment{}, Deadlines: []packDeadline{}, Duties: []packDuty{}, Unsure: []string{}, Open: []string{}, Cautions: set(lang, w.cautions)}
	f.Note = set(lang, f.Note)
	for _, m := range p.moments() {
		x := packMoment{ID: m.id, Label: set(lang, m.label), Time: known(m.at)}
		if x.Time == nil {
			x.Blank = plain(m.said)
		}
		f.Moments = append(f.Moments, x)
	}
	zone := "UTC"
	if p.o.Zone != nil {
		zone = p.o.Zone.String()
	}
	for i := range p.due {
		d := &p.due[i]
		x := packDeadline{Regime: d.Regime.ID, Report: d.Clock.ID, Name: set(lang, d.Clock.Name.in(lang)), Due: known(d.Due), Zone: zone, From: plain(p.basis(d)), Needs: d.Needs, Latest: d.Latest, Sent: known(d.Sent), State: "unknown"}
		switch {
		case x.Sent != nil:
			x.State = "sent"
		case x.Due == nil:
		case p.o.Now.IsZero():
			x.State = ""
		case d.Due.Before(p.o.Now):
			x.State = "passed"
		default:
			x.State = "due"
		}
		f.Deadlines = append(f.Deadlines, x)
	}
	for i := range p.o.Regimes.Regimes {
		g := &p.o.Regimes.Regimes[i]
		x := packDuty{g.ID, set(lang, g.Name.in(lang)), set(lang, g.Law.in(lang)), g.Source, set(lang, g.Who.in(lang)), set(lang, g.To.in(lang)), set(lang, g.Caution.in(lang)), []packAsk{}}
		for k := range g.Asks {
			a := packAsk{Asked: set(lang, g.Asks[k].Text.in(lang)), Fact: plain(p.fact(g.Asks[k].Fact)), Blank: set(lang, p.todo(p.p.confirm).s)}
			if a.Fact == "" {
				a.Blank = set(lang, p.todo(g.Asks[k].Text.in(lang)).s)
			}
			x.Asks = append(x.Asks, a)
		}
		f.Duties = append(f.Duties, x)
	}
	f.Facts = packFactsFile{Finding: plain(p.found(c)), Level: c.Level.String(), Why: plain(w.tell("why", c.Why)), KeyEvents: []packEvent{}, Victims: []packVictim{}, Data: []string{}, Indicators: []packIndicator{}, Lost: plain(w.tell("lost", c.Lost))}
	for i := range c.Used {
		x := &c.Used[i]
		f.Facts.Indicators = append(f.Facts.Indicators, packIndicator{w.indicatorRole(x.Role), x.Kind, x.Value, plain(w.tell("indicator", x.Why)), known(x.First), known(x.Last), x.Place.String()})
	}
	f.Facts.Summary = plain(p.told(c))
	for i := range c.Key {
		e := &c.Key[i]
		x := packEvent{Time: known(e.Time), Kind: w.keyKind(e.Kind), What: plain(w.act(e.What)), About: plain(w.about(e)), Places: []string{}}
		for k := range e.Places {
			x.Places = append(x.Places, e.Places[k].String())
		}
		f.Facts.KeyEvents = append(f.Facts.KeyEvents, x)
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		f.Facts.Victims = append(f.Facts.Victims, packVictim{plain(w.kind(v.Kind)), victimName(c, v), v.Org, v.Reached, known(v.First), known(v.Last)})
	}
	for _, s := range c.Data {
		f.Facts.Data = append(f.Facts.Data, plain(w.tell("data", s)))
	}
	f.Unsure = append(f.Unsure, plain(w.verdict(c)))
	for _, j := range w.joins(c, maxRows) {
		f.Unsure = append(f.Unsure, plain(j))
	}
	for _, s := range c.Open {
		f.Open = append(f.Open, plain(w.tell("open", s)))
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(&f)
}

// typeset is a text as it reads, with the spaces and apostrophes of its language in what is said.
func typeset(lang string, t text) string {
	var b strings.Builder
	for _, r := range t {
		s := visible(r.s)
		if r.kind == said || r.kind == strong || r.kind == blank {
			s = set(lang, s)
		}
		b.WriteString(s)
	}
	return b.String()
}
