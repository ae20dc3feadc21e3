package report

import (
	"io"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// maxTextCampaigns bounds the campaigns that Text shows.
const maxTextCampaigns = 5

// maxTextKeys bounds the key events of each.
const maxTextKeys = 15

// campaignLines shows the campaigns within about high lines: all of level high and above, as many as there is room for in full,
// the others with their titles. Where no line is cut, key events are shown whole, beyond that many lines.
func (p *page) campaignLines(h *Hunt, high int) (lines []string, beyond int) {
	all := h.campaigns()
	besides := p.besides(h)
	if len(all) == 0 {
		if h.Campaigns != nil && h.matches().Len() > 0 {
			return append([]string{"No campaign."}, besides...), 0
		}
		return besides, 0
	}
	high -= len(besides)
	severe := 0
	for severe < len(all) && all[severe].Level >= tocsin.High {
		severe++
	}
	least := max(severe, min(len(all), 3))
	show := max(min(len(all), maxTextCampaigns), least)
	if p.full {
		show = len(all)
		least = show
	}
	var blocks []campaignBlock
	titles := func() int {
		n := 0
		for i := range blocks[:show] {
			n += blocks[i].title
		}
		return n
	}
	more := func() int { return min(1, len(all)-show) }
	for _, keys := range [...]int{maxTextKeys, 8, 5, 3, 0} { // as many as leave the first campaign whole
		blocks = blocks[:0]
		for _, c := range all[:show] {
			blocks = append(blocks, p.campaign(c, h.endOf(c), keys))
		}
		if p.whole || 1+titles()+blocks[0].beside()+more() <= high {
			break
		}
	}
	for show > least && 1+titles()+blocks[0].beside()+more() > high {
		show--
	}
	used := 1 + titles()
	lines = []string{p.ink("1", several(len(all), "campaign"))}
	for i := range show {
		b := &blocks[i]
		if i == 0 || p.full || used+b.beside()+more() <= high {
			used += b.beside()
			beyond += len(b.lines) - b.title - b.beside()
			lines = append(lines, b.lines...)
		} else {
			lines = append(lines, b.lines[:b.title]...)
			high = 0 // what follows is in brief as well
		}
	}
	if n := len(all) - show; n > 0 {
		lines = append(lines, "  … and "+count(n)+" more, none of them high or critical")
	}
	return append(lines, besides...), beyond
}

// A campaignBlock is a campaign as lines.
type campaignBlock struct {
	lines []string
	title int // how many are its title with its id
	head  int // how many say what it is, what it may lack, when and against whom
	keys  int // how many tell key events, where these are beyond what is counted
}

// beside is how many lines are counted beside the title.
func (b *campaignBlock) beside() int { return len(b.lines) - b.title - b.keys }

// besides counts what is in no campaign.
func (p *page) besides(h *Hunt) []string {
	var parts []string
	if h.Attempts > 0 {
		parts = append(parts, several(h.Attempts, "actor")+" tried something and got nowhere that is known")
	}
	all, n := h.asides(), h.tellingAside()
	if n > 0 {
		parts = append(parts, several(n, "telling thing")+" in no campaign, the first: "+visible(shorten(all[0].Title, 200))+onHost(all[0].Host))
	}
	var lines []string
	if len(parts) > 0 {
		lines = append(lines, p.indented(2, "Besides: "+strings.Join(parts, "; "))...)
	}
	for i := range all[n:min(len(all), n+3)] {
		a := &all[n+i]
		lines = append(lines, p.indented(2, "Frequent, so that none tells by itself: "+count(a.N)+onHost(a.Host)+": "+visible(shorten(a.Title, 200)))...)
	}
	if more := len(all) - n - 3; more > 0 {
		lines = append(lines, "  … and "+count(more)+" more so frequent")
	}
	return lines
}

// campaign is one campaign as a short block, with at most keys of its key events. end is when the logs end, zero where that is
// not known.
func (p *page) campaign(c *tocsin.Campaign, end time.Time, keys int) (b campaignBlock) {
	var lines []string
	const indent = 7
	w := &english
	l := min(c.Level, tocsin.Critical)
	id := clip(visible(c.ID), 24)
	if c.Lost != "" {
		id = "may lack some  " + id
	}
	room := p.wide - indent - width(id) - 2
	for i, s := range p.fold(visible(shorten(or(c.Title, "untitled"), 300)), room) {
		if i == 0 {
			lines = append(lines, "  "+p.ink(levelInk[l], pad(levelShort[l], 4))+" "+pad(s, room)+"  "+p.ink("2", id))
			continue
		}
		lines = append(lines, strings.Repeat(" ", indent)+s)
	}
	b.title = len(lines)
	add := func(s string) {
		if s != "" {
			lines = append(lines, p.indented(indent, s)...)
		}
	}
	if c.Lost != "" {
		add("May lack some: " + visible(shorten(c.Lost, maxShown)))
	}
	when := "time unknown"
	if datable(c.First) && datable(c.Last) {
		when = p.minutes(c.First, c.Last)
	}
	if s := w.state(c, end); len(s) > 0 {
		when += "; " + p.stillShort(c, end)
	}
	add(when)
	whom := "nobody named that it was aimed at"
	if len(c.Victims) > 0 {
		whom = "entered " + w.entered(c)
	}
	if n := len(c.Orgs); n > 0 {
		whom += " of " + several(n, "organisation") + " (" + names(c.Orgs, p.most(6)) + ")"
	}
	add(whom)
	if more := c.Omitted["victims"]; more > 0 {
		add("of those that are listed; " + several(more, "more target") + " not listed")
	}
	b.head = len(lines)
	for _, s := range p.keyLines(c, keys) {
		add(s)
	}
	if p.whole {
		b.keys = len(lines) - b.head
	}
	add(p.operators(c))
	add(w.verdict(c).plain())
	if s := w.joins(c, 1); len(s) > 0 {
		add("Weakest join: " + s[0].plain())
	}
	if order := tacticsInOrder(c); len(order) > 0 {
		var names []string
		for _, slug := range order {
			names = append(names, visible(w.tactic(slug)))
		}
		add(strings.Join(names, " › "))
	}
	b.lines = lines
	return b
}

// stillShort is state in few words.
func (p *page) stillShort(c *tocsin.Campaign, end time.Time) string {
	silence := end.Sub(c.Last)
	switch {
	case silence < time.Second:
		return "goes on until the logs end"
	case silence <= quietAfter:
		return "last seen " + lasting(silence) + " before the logs end; it may have gone on"
	case silence <= longestQuiet(c):
		return "quiet for " + lasting(silence) + " when the logs end, but longer before"
	}
	return "last seen " + lasting(silence) + " before the logs end"
}

// operators names the actors with what drives them.
func (p *page) operators(c *tocsin.Campaign) string {
	actors := actorsOf(c)
	if len(actors) == 0 {
		return several(c.Actions, "action") + ", " + several(c.Alerts, "alert")
	}
	var parts []string
	rest := max(0, c.Omitted["actors"])
	for i, a := range actors {
		if i == p.most(3) {
			rest += len(actors) - i
			break
		}
		s := visible(shorten(actorName(a), 100))
		if a.Local {
			s = fill(english.sure().episode, s).plain()
		}
		if n := len(a.Handles) - 1; n > 0 {
			s += " and " + several(n, "more name")
		}
		d := english.drivenAs(a)
		if a.Tie == tocsin.Weak {
			d += ", " + english.weak
		}
		parts = append(parts, s+" ("+d+")")
	}
	if rest > 0 {
		parts = append(parts, "and "+count(rest)+" more")
	}
	return several(c.Actions, "action") + ", " + several(c.Alerts, "alert") + " by " + strings.Join(parts, "; ")
}

// actorName is what an actor is called: the value of its first handle.
func actorName(a *tocsin.Actor) string {
	if len(a.Handles) > 0 && a.Handles[0].Value != "" {
		if h := a.Handles[0]; h.Kind == "caller" { // whence and by what; the rest tells callers apart
			name, _, _ := strings.Cut(h.Value, ",")
			return name
		}
		return a.Handles[0].Value
	}
	return or(a.ID, "unnamed")
}

// minutes is from when to when, to the minute.
func (p *page) minutes(first, last time.Time) string {
	a, b := first.UTC().Format("2006-01-02 15:04"), last.UTC().Format("2006-01-02 15:04")
	switch {
	case a == b:
		return a + " UTC"
	case a[:10] == b[:10]:
		b = b[11:]
	}
	return a + " – " + b + " UTC"
}

// ExplainList lists the hunt's campaigns with level, id, title, when and against whom, and what the run did not keep.
func ExplainList(w io.Writer, h *Hunt, o TextOptions) error {
	e := explanation{page: explaining(o), h: h}
	for _, c := range h.campaigns() {
		b := e.campaign(c, time.Time{}, 0)
		for _, l := range b.lines[:b.head] {
			e.b.WriteString(l + "\n")
		}
	}
	e.letGo()
	_, err := io.WriteString(w, e.b.String())
	return err
}

func explaining(o TextOptions) *page {
	if o.Width <= 0 {
		o.Width = 100
	}
	return &page{wide: max(o.Width, 60), color: o.Color, whole: o.Whole || o.Full, full: o.Full}
}

// Explain writes the chain of evidence of one campaign of the hunt: what it is and why it is rated so, what it may lack,
// its key events and its steps in order with their places, why its actors are one each and belong together, what drives them, with weights
// that add up to what is said, their tempo, where a person decided, how they adapted, the victims, what is open, and what
// the run did not keep. Places are SOURCE:RECORD, as --explain of hunt takes them.
func Explain(w io.Writer, h *Hunt, c *tocsin.Campaign, o TextOptions) error {
	c = only(c)
	e := explanation{page: explaining(o), h: h, c: c}
	e.head()
	e.lost()
	e.keyEvents()
	e.ways()
	e.steps()
	for i, a := range actorsOf(c) {
		e.actor(i, a)
	}
	e.unlisted("actors")
	e.joins()
	e.links("Why these actors are one campaign", c.Links)
	e.gates()
	e.victims()
	e.indicators()
	e.texts("Data touched", "data", c.Data)
	e.texts("Rules and alerts", "rules", c.Rules)
	e.texts("To look for next", "open", c.Open)
	e.leads()
	e.texts("Telemetry that would tell more", "missing", c.Missing)
	e.records()
	e.letGo()
	_, err := io.WriteString(w, e.b.String())
	return err
}

// place is where something can be read again.
func place(x *tocsin.Place) string {
	return visible(x.String())
}
