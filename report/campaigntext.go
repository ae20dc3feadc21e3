package report

import (
	"io"
	"math"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// maxTextCampaigns bounds the campaigns that Text shows.
const maxTextCampaigns = 5

// maxTextKeys bounds the key events of each.
const maxTextKeys = 15

// campaignLines shows the campaigns within at most high lines, but at least a line of the first: as many as there is room
// for in full, the others up to five with a line each.
// Where nobody said how high the screen is, key events are shown whole, beyond that many lines.
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
	head := p.ink("1", several(len(all), "campaign"))
	show := min(len(all), maxTextCampaigns)
	var full [][]string
	for _, keys := range [...]int{maxTextKeys, 8, 5, 3, 0} { // as many of each as leave the first whole
		if p.long {
			keys = 0
		}
		full = full[:0]
		for _, c := range all[:show] {
			lines, _ := p.campaign(c, h.end(), keys)
			full = append(full, lines)
		}
		if show+len(full[0]) <= high {
			break
		}
	}
	for {
		more := 0
		if show < len(all) {
			more = 1
		}
		used := 1 + show + more
		whole := 0
		for whole < show && used+len(full[whole])-1 <= high {
			used += len(full[whole]) - 1
			whole++
		}
		if whole == 0 && show > 1 {
			show--
			continue
		}
		if whole == 0 { // as much of the first as there is room for
			full[0] = full[0][:min(len(full[0]), max(1, high-1-more))]
			whole = 1
		}
		lines := []string{head}
		for i := range show {
			if i < whole {
				if p.long && len(all[i].Key) > 0 {
					more, _ := p.campaign(all[i], h.end(), maxTextKeys)
					beyond += max(0, len(more)-len(full[i]))
					full[i] = more
				}
				lines = append(lines, full[i]...)
			} else {
				lines = append(lines, full[i][0])
			}
		}
		if more > 0 {
			lines = append(lines, "  … and "+count(len(all)-show)+" more")
		}
		return append(lines, besides...), beyond
	}
}

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
		lines = append(lines, clip("  Besides: "+strings.Join(parts, "; "), p.wide))
	}
	for i := range all[n:min(len(all), n+3)] {
		a := &all[n+i]
		lines = append(lines, clip("  Frequent, so that none tells by itself: "+count(a.N)+onHost(a.Host)+": "+visible(shorten(a.Title, 200)), p.wide))
	}
	if more := len(all) - n - 3; more > 0 {
		lines = append(lines, "  … and "+count(more)+" more so frequent")
	}
	return lines
}

// campaign is one campaign as a short block, and how many of its lines say what it is, what it may lack, when and against
// whom; end is when the logs end, zero where that is not known.
// It tells at most keys of its key events.
func (p *page) campaign(c *tocsin.Campaign, end time.Time, keys int) (lines []string, head int) {
	w := &english
	l := min(c.Level, tocsin.Critical)
	id := visible(shorten(c.ID, 40))
	if c.Lost != "" {
		id = "may lack some  " + id
	}
	title := p.wide - 2 - 5 - width(id) - 2
	lines = []string{"  " + p.ink(levelInk[l], pad(levelShort[l], 4)) + " " + pad(visible(shorten(or(c.Title, "untitled"), 300)), title) + "  " + p.ink("2", id)}
	add := func(s string) {
		if s != "" {
			lines = append(lines, clip("       "+s, p.wide))
		}
	}
	if c.Lost != "" {
		for _, s := range wrap(strings.SplitAfter("May lack some: "+visible(shorten(c.Lost, maxShown)), " "), "", "", p.wide-7) {
			add(strings.TrimRight(s, " "))
		}
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
		whom += " of " + several(n, "organisation") + " (" + visible(strings.Join(c.Orgs[:min(n, 6)], ", ")) + ")"
	}
	add(whom)
	if more := c.Omitted["victims"]; more > 0 {
		add("of those that are listed; " + several(more, "more target") + " not listed")
	}
	head = len(lines)
	for _, s := range p.keyLines(c, keys) {
		add(s)
	}
	add(p.operators(c))
	add(p.autonomy(c))
	if order := tacticsInOrder(c); len(order) > 0 {
		var names []string
		for _, slug := range order[:min(len(order), 20)] {
			names = append(names, visible(w.tactic(slug)))
		}
		add(strings.Join(names, " › "))
	}
	return lines, head
}

// stillShort is state in few words.
func (p *page) stillShort(c *tocsin.Campaign, end time.Time) string {
	silence := end.Sub(c.Last)
	switch {
	case silence <= quietAfter:
		return "still active when the logs end"
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
		if i == 3 {
			rest += len(actors) - i
			break
		}
		s := visible(shorten(actorName(a), 60))
		if n := len(a.Handles) - 1; n > 0 {
			s += " and " + several(n, "more name")
		}
		d := a.Driver.String()
		if share := english.shareOf(a, a.Driver); share != "" {
			d += " " + share
		}
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

func (p *page) autonomy(c *tocsin.Campaign) string {
	var parts []string
	if a := c.Autonomy; a != nil && !math.IsNaN(a.Value) {
		parts = append(parts, english.percent(a.Value)+" done without a person ("+english.percent(a.Low)+" to "+english.percent(a.High)+")")
	}
	if n := len(c.Gates); n > 0 {
		parts = append(parts, several(n, "point")+" at which one seems to have decided")
	}
	return strings.Join(parts, "; ")
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
		lines, head := e.campaign(c, time.Time{}, 0)
		for _, l := range lines[:head] {
			e.line(l)
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
	return &page{wide: max(o.Width, 60), color: o.Color}
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
	e.steps()
	for i, a := range actorsOf(c) {
		e.actor(i, a)
	}
	e.unlisted("actors")
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
