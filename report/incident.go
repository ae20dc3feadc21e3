package report

import (
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of an incident report, which people read; what is beyond is counted and said.
const (
	maxIncidents = 10 // campaigns told in full
	maxRows      = 60 // of each list and table
	maxHandles   = 12 // that an actor goes by
)

// Incident writes an incident report on the hunt's campaigns as Markdown, in lang, en or fr: a first page for who responds
// (how incidents relate, what was not seen, each in six lines with what to do first), then each incident with its summary, key
// events, ways to come back, victims, data touched, indicators, suggested countermeasures, open questions, timeline and actors;
// what was read and was not; and an appendix with what is looked up only. It says what the logs show and invents nothing. An unknown language is an error.
func Incident(w io.Writer, h *Hunt, lang string) error {
	d, err := incident(h, lang)
	if err != nil {
		return err
	}
	return d.markdown(w)
}

// IncidentHTML writes what Incident does as one page that loads nothing and is ready to be printed.
func IncidentHTML(w io.Writer, h *Hunt, lang string) error {
	d, err := incident(h, lang)
	if err != nil {
		return err
	}
	return d.page(w)
}

// A dossier is a report about campaigns being written.
type dossier struct {
	document
	w *words
	h *Hunt

	whole   map[string]int  // commands that were shown shortened, by their number in the appendix
	lines   []string        // the same in order
	carried map[string]bool // texts in base64 that were shown decoded
}

func incident(h *Hunt, lang string) (*dossier, error) {
	w, err := tongue(lang)
	if err != nil {
		return nil, err
	}
	a := &dossier{w: w, h: h, document: document{title: w.incident, lang: w.lang}}
	if h.Title != "" {
		a.title += " – " + h.Title
	}
	all := h.campaigns()
	if datable(h.Made) {
		a.para(w.made+" ", w.moment(h.Made), ".")
	}
	a.front(all)
	if w.quotedNote != "" && len(all) > 0 {
		a.note(w.quotedNote)
	}
	for _, c := range all[:min(len(all), maxIncidents)] {
		a.campaign(c)
	}
	if len(all) > maxIncidents {
		a.heading(2, w.others)
		var rows []text
		for _, c := range all[maxIncidents:min(len(all), maxIncidents+maxRows)] {
			rows = append(rows, say(val(c.ID), " ", w.tell("title", c.Title)))
		}
		a.list(rows)
		a.beyond(len(all)-maxIncidents, maxRows)
	}
	a.heading(2, w.coverage+w.and+strings.ToLower(w.limits))
	a.covered()
	a.para(w.cautions)
	a.appendix(all[:min(len(all), maxIncidents)])
	a.seal = w.seal
	return a, nil
}

func (a *dossier) beyond(n, most int) {
	if n > most {
		a.note(fill(a.w.rest, a.w.number(n-most)))
	}
}

func (a *dossier) campaign(c *tocsin.Campaign) {
	w := a.w
	a.heading(2, w.idLabel+" ", val(c.ID))
	a.para(a.found(c))
	a.para(bold(w.rated+w.colon+w.levels[min(c.Level, tocsin.Critical).String()]), w.levelWhy(c))
	a.was(c)
	a.lost(c)
	a.heading(3, w.summary)
	a.summary(c)
	a.keyEvents(c)
	a.ways(c)
	a.heading(3, w.victims)
	a.victims(c)
	a.heading(3, w.data)
	a.dataTouched(c)
	a.heading(3, w.indicators)
	a.used(c)
	a.heading(3, w.countermeasures)
	a.counter(c)
	a.heading(3, w.openQuestions)
	a.texts("open", c.Open, w.noOpen)
	a.leads(c)
	if len(c.Missing) > 0 {
		a.para(w.missing)
		a.texts("missing", c.Missing, "")
	}
	a.heading(3, w.timeline)
	a.timeline(c)
	a.heading(3, w.actors)
	for i, x := range actorsOf(c) {
		if i == maxIncidents {
			a.note(fill(w.rest, w.number(len(actorsOf(c))-i)))
			break
		}
		a.actor(c, x)
	}
	a.unlisted(c, "actors")
	a.joins(c)
	a.unlisted(c, "links")
}

// joins says how sure each join is, the weakest first.
func (a *dossier) joins(c *tocsin.Campaign) {
	if len(c.Joins) == 0 {
		return
	}
	a.heading(3, a.w.sure().joins)
	items := a.w.joins(c, maxRows)
	for i := range items {
		items[i] = append(items[i], a.weak(c.Joins[i].Tie)...)
	}
	a.list(items)
	a.beyond(len(c.Joins), maxRows)
	a.unlisted(c, "joins")
}

// found is the title of a campaign, as the judgement by the logs that it is.
func (a *dossier) found(c *tocsin.Campaign) text {
	return say(bold(a.w.finding), a.w.colon, a.w.tell("title", or(c.Title, "?")), ".")
}

// levelWhy is why the level is as it is.
func (w *words) levelWhy(c *tocsin.Campaign) text {
	if c.Why == "" {
		return say(".")
	}
	return say(" (", w.tell("why", c.Why), ").")
}

func (a *dossier) summary(c *tocsin.Campaign) {
	a.para(a.told(c))
}

// told is the story of a campaign, as what the logs show and what is judged from them.
func (a *dossier) told(c *tocsin.Campaign) text {
	t := say(a.w.byLogs)
	for _, s := range a.w.story(c, a.h.endOf(c)) {
		t = append(append(t, say(" ")...), s...)
	}
	return t
}

// timeline is the steps, decisions and adaptations in one order of time.
func (a *dossier) timeline(c *tocsin.Campaign) {
	w := a.w
	type entry struct {
		at  int64
		row []text
	}
	var all []entry
	for i := range c.Gates {
		g := &c.Gates[i]
		quiet := "?"
		if datable(g.Time) && datable(g.Quiet) {
			quiet = w.lasting(g.Time.Sub(g.Quiet))
		}
		all = append(all, entry{order(g.Time), []text{say(stampOf(g.Time)), say(bold(w.person)), fill(w.gateRow, quiet, w.tell("change", g.Change)), nil, nil}})
	}
	for i := range c.Steps {
		s := &c.Steps[i]
		when := stampOf(s.First)
		if datable(s.Last) && datable(s.First) && s.Last.After(s.First) {
			when = strings.TrimSuffix(spanText(s.First, s.Last), " UTC")
		}
		what := a.finding("step", s.Summary)
		if len(s.Techniques) > 0 {
			what = append(what, say(" (", w.vals(s.Techniques, 6), ")")...)
		}
		if places := w.sightings(s); len(places) > 0 {
			what = append(what, say(". ", fill(w.places, w.vals(places, maxSights)))...)
			if n := max(len(s.Acts), len(s.Places)) - maxActsShown; n > 0 {
				what = append(what, say(" ("+w.more(n)+")")...)
			}
		}
		all = append(all, entry{order(s.First), []text{say(when), say(w.phase(s.Tactic)), what, w.vals(s.Hosts, 4), say(w.number(s.Worked) + " / " + w.number(s.Failed))}})
	}
	for _, x := range actorsOf(c) {
		for i := range x.Adaptations {
			d := &x.Adaptations[i]
			all = append(all, entry{order(d.Blocked), []text{say(stampOf(d.Blocked)), nil, fill(w.adaptRow, val(d.From), w.lasting(d.After), val(d.To), w.changesOf(d)), nil, nil}})
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return int(min(max(a.at-b.at, -1), 1)) })
	var rows [][]text
	for _, e := range all[:min(len(all), maxRows)] {
		rows = append(rows, e.row)
	}
	a.table([]string{w.timeHead, w.phaseHead, w.whatHead, w.whereHead, w.resultHead}, rows)
	a.beyond(len(all), maxRows)
	a.unlisted(c, "steps")
}

func (a *dossier) actor(c *tocsin.Campaign, x *tocsin.Actor) {
	w := a.w
	var names []text
	for i := range x.Handles {
		if i == maxHandles {
			names = append(names, say(w.more(len(x.Handles)-i)))
			break
		}
		names = append(names, w.handle(x.Handles[i]))
	}
	if x.Local { // no doer is known: what happened on a machine has no tempo and no driver
		a.para(bold(w.upper(w.sure().happened)), " ", val(strings.TrimPrefix(x.ID, "host:")), a.weak(x.Tie), ".")
	} else {
		a.para(bold(w.upper(w.actor[0])), " ", val(or(x.ID, actorName(x))), a.weak(x.Tie), ". ", fill(w.handles, joinTexts(names, ", ")))
	}
	judged := say(bold(w.drivenAs(x)))
	if len(x.Share) > 0 {
		switch {
		case either(x.Share):
			judged = append(judged, say(" (", w.sure().plain["human"]+" ", a.share(x, "human"), ", "+w.sure().plain["either"]+" ", a.share(x, "script"), ")")...)
		default:
			judged = append(judged, say(" (", fill(w.shares, a.share(x, "human"), a.share(x, "script"), a.share(x, "agent")), ")")...)
		}
	}
	if len(x.Share) == 0 {
		judged = append(judged, say(" (", w.actorNotJudged(x), ")")...)
	}
	if !x.Local {
		a.para(fill(w.judged, judged), " ", w.tempoOf(x))
	}
	a.list(w.reasons(x, maxRows))
}

func (a *dossier) share(x *tocsin.Actor, d string) string {
	v, ok := x.Share[d]
	if !ok {
		return "?"
	}
	return a.w.percent(v)
}

// tempoOf is the tempo of an actor in a sentence.
func (w *words) tempoOf(x *tocsin.Actor) text {
	t := &x.Tempo
	if len(t.Gaps) < 2 {
		return fill(w.tempoNone, w.several(t.Actions, w.action))
	}
	if t.Gaps[1] < time.Millisecond {
		return fill(w.tempoFine, w.several(t.Actions, w.action), w.number(t.Peak1s), w.number(t.Peak60s))
	}
	return fill(w.tempo, w.several(t.Actions, w.action), w.number(t.Peak1s), w.number(t.Peak60s), w.lasting(t.Gaps[1]))
}

// weight is a weight as the language writes it.
func (w *words) weight(f float64) string {
	s := strings.TrimSpace(signed(f))
	if w.lang == "fr" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return strings.Replace(s, "-", "−", 1)
}

// upper begins a word with a capital; the words are ASCII there.
func (w *words) upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (a *dossier) victims(c *tocsin.Campaign) {
	w := a.w
	list := slices.Clone(c.Victims)
	slices.SortStableFunc(list, func(x, y tocsin.Victim) int { return entered(&y) - entered(&x) })
	var rows [][]text
	for i := range list[:min(len(list), maxRows)] {
		v := &list[i]
		state := say(w.tried)
		if v.Reached {
			state = say(bold(w.reached))
		}
		var phases []string
		for _, t := range v.Tactics {
			phases = append(phases, w.tactic(t))
		}
		state = append(state, a.weak(v.Tie)...)
		rows = append(rows, []text{state, say(val(victimName(c, v)), " (", w.kind(v.Kind), ")"), say(quote(v.Org)), say(stampOf(v.First)), say(stampOf(v.Last)), say(w.number(v.Actions)), say(quote(strings.Join(phases[:min(len(phases), 15)], ", "))), w.tell("step", v.Why)})
	}
	a.table([]string{w.stateHead, w.nameHead, w.orgHead, w.firstHead, w.lastHead, w.count, w.tacticsHead, w.key.whyHead}, rows)
	a.beyond(len(list), maxRows)
	a.unlisted(c, "victims")
	if weakly(c) {
		a.note(w.weakNote)
	}
	if len(rows) == 0 {
		a.para(w.upper(w.nobody) + ".")
	}
}

// was says under which ids the campaign was told before.
func (a *dossier) was(c *tocsin.Campaign) {
	if len(c.Was) > 0 {
		a.para(fill(a.w.was, a.w.vals(c.Was, 20)))
	}
}

// lost says what the campaign may lack.
func (a *dossier) lost(c *tocsin.Campaign) {
	if c.Lost != "" {
		a.heading(3, a.w.lost)
		a.para(a.w.tell("lost", c.Lost))
	}
}

// weak marks what belongs to the campaign weakly.
func (a *dossier) weak(t tocsin.Tie) text {
	if t == tocsin.Weak {
		return say(" (" + a.w.weak + ")")
	}
	return nil
}

// unlisted says what lists of the campaign leave out.
func (a *dossier) unlisted(c *tocsin.Campaign, names ...string) {
	for _, name := range names {
		if s := a.w.unlisted(c, name); s != "" {
			a.note(s)
		}
	}
}

// phase is a tactic's name in bold; of one that ATT&CK does not have, what was given.
func (w *words) phase(slug string) run {
	if s, ok := w.tactics[slug]; ok {
		return bold(s)
	}
	return quote(slug)
}

// kind is what a victim is, in a word.
func (w *words) kind(kind string) text {
	switch kind {
	case "host", "address":
		return say(w.machine[0])
	case "user", "principal", "agent":
		return say(w.account[0])
	}
	return w.entity(kind)
}

// handle is what an actor goes by, with what kind of thing that is.
func (w *words) handle(h tocsin.Entity) text {
	t := append(w.entity(h.Kind), say(" ")...)
	if w.catalogue != nil && h.Kind == "caller" {
		return append(t, w.tell("caller", h.Value)...)
	}
	return append(t, val(h.Value))
}

// changesOf lists what an actor changed when it was blocked.
func (w *words) changesOf(d *tocsin.Adaptation) text {
	var all []string
	for _, s := range d.Changed[:min(len(d.Changed), 8)] {
		all = append(all, or(w.changes[s], s))
	}
	return say(quote(strings.Join(all, ", ")))
}

// leads lists what was unusual at the time and too weak to be joined.
func (a *dossier) leads(c *tocsin.Campaign) {
	if len(c.Leads) == 0 {
		return
	}
	a.para(a.w.leads)
	var items []text
	for i := range c.Leads[:min(len(c.Leads), maxRows)] {
		l := &c.Leads[i]
		items = append(items, fill(a.w.leadRow, a.w.tell("lead", l.Title), onHostOf(a.w, l.Host), a.w.times(l.N), stampOf(l.First), val(place(&l.Place))))
	}
	a.list(items)
	a.beyond(len(c.Leads), maxRows)
}

func entered(v *tocsin.Victim) int {
	if v.Reached {
		return 1
	}
	return 0
}

func (a *dossier) texts(class string, all []string, none string) {
	if len(all) == 0 && none != "" {
		a.para(none)
	}
	var items []text
	for _, s := range all[:min(len(all), maxRows)] {
		items = append(items, a.w.tell(class, s))
	}
	a.list(items)
	a.beyond(len(all), maxRows)
}

// covered says what was read and what was not, and what was not kept.
func (a *dossier) covered() {
	w, c := a.w, a.h.covered()
	if n := a.h.Attempts; n > 0 {
		a.para(fill(w.attempts, w.several(n, w.actor)))
	}
	if n := a.h.tellingAside(); n > 0 {
		a.para(fill(w.asides, w.number(n)))
	}
	if c == nil {
		a.para(w.noCoverage)
		return
	}
	if c.Partial != "" {
		a.para(fill(w.partial, w.tell("partial", c.Partial)))
	}
	if c.Pseudonyms {
		a.para(bold(w.pseudonyms))
	}
	if c.Bare > 0 {
		a.para(fill(w.bare, w.long(c.Bare)))
	}
	for _, u := range c.Unmet {
		a.para(fill(w.unmet, w.tell("unmet", u.Filter+": "+u.There)))
	}
	items := []text{fill(w.read, w.long(c.FilesRead), w.counted(c.FilesRead+c.FilesSkipped, w.file), w.counted(c.Events, w.event))}
	if datable(c.First) && datable(c.Last) {
		items = append(items, fill(w.spanRead, w.moment(c.First), w.moment(c.Last)))
	}
	if c.FilesSkipped > 0 {
		items = append(items, fill(w.notRead, w.counted(c.FilesSkipped, w.file)))
	}
	if c.FaultN > 0 {
		items = append(items, fill(w.faults, w.long(c.FaultN)))
	}
	if c.Timeless > 0 {
		items = append(items, fill(w.timeless, w.long(c.Timeless)))
	}
	if c.Doubted > 0 {
		items = append(items, fill(w.struck, w.long(c.Doubted)))
	}
	if len(c.Strays) > 0 {
		items = append(items, w.straysOf(c.Strays))
	}
	a.list(items)
	if len(c.Guessed) > 0 {
		a.para(bold(w.guessed))
		items = nil
		for i := range c.Guessed[:min(len(c.Guessed), maxRows)] {
			items = append(items, w.guessedOf(&c.Guessed[i]))
		}
		a.list(items)
	}
	if len(c.LetGo) == 0 {
		return
	}
	a.para(bold(w.letGoIntro))
	items = nil
	for i := range c.LetGo[:min(len(c.LetGo), maxRows)] {
		items = append(items, w.letGoOf(&c.LetGo[i]))
	}
	a.list(items)
	a.beyond(len(c.LetGo), maxRows)
}

// attested is what was covered, and the digests of what that rests on.
func (a *dossier) attested() {
	a.covered()
	if c := a.h.covered(); c != nil {
		a.custody(c)
	}
	a.seal = a.w.seal
}

// order is a time by which entries are sorted: those without one come last.
func order(t time.Time) int64 {
	if !datable(t) {
		return math.MaxInt64
	}
	return t.Unix()
}

// onHostOf says on which machine, empty where none is named.
func onHostOf(w *words, host string) text {
	if host == "" {
		return nil
	}
	return fill(w.leadOn, val(host))
}
