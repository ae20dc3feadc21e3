package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of the first page.
const (
	maxRelations = 8
	maxFrontWays = 6
	maxFrontName = 3
	maxTried     = 5 // names of who got nowhere
	maxShort     = 8 // key events
)

// front is the first page: how many incidents there are and how they relate, what was not seen, and each in six lines.
func (a *dossier) front(all []*tocsin.Campaign) {
	w, x := a.w, a.w.front()
	a.heading(2, x.head)
	if len(all) == 0 {
		a.para(w.noCampaigns)
	} else {
		a.para(bold(w.several(len(all), x.incidents)+"."), " ", a.relations(all[:min(len(all), maxIncidents)]))
	}
	if limits := a.limits(); len(limits) > 0 {
		a.para(bold(x.limits))
		a.list(limits)
	}
	if beside := a.beside(); len(beside) > 0 {
		a.para(fill(x.aside, joinTexts(beside, ", ")))
	}
	for i, c := range all[:min(len(all), maxIncidents)] {
		a.heading(3, fmt.Sprintf("%d. ", i+1), a.found(c))
		a.para(bold(w.rated+w.colon+w.levels[min(c.Level, tocsin.Critical).String()]), w.levelWhy(c), " ", w.idLabel+" ", val(c.ID), ". ", w.span(c.First, c.Last), ".")
		line := func(label string, t text) text {
			return append(say(bold(strings.TrimRight(label+w.colon, " ")), " "), t...)
		}
		items := []text{line(x.who, a.frontWho(c)), line(x.in, a.frontIn(c)), line(x.done, a.frontDone(c)), line(x.taken, a.frontTaken(c)), line(x.still, a.frontStill(c)), line(x.sure, a.frontSure(c))}
		a.list(items)
		a.para(bold(strings.TrimRight(x.next+w.colon, " ")))
		if first := a.measures(c); len(first) > 0 {
			a.steps(first)
		} else {
			a.list([]text{say(x.nothingNext)})
		}
	}
}

// beside are the gravest things that are in no incident.
func (a *dossier) beside() []text {
	var all []text
	told := map[string]bool{}
	more := 0
	for _, x := range a.h.asides() {
		switch {
		case x.Level < tocsin.High || told[x.Title]:
		case len(all) == maxTried:
			more++
		default:
			t := say(val(x.Title), " (")
			if datable(x.First) {
				t = append(t, say(stampOf(x.First)+" UTC, ")...)
			}
			t = append(t, say(val(x.Place.String()), ")")...)
			all = append(all, t)
		}
		told[x.Title] = true
	}
	if more > 0 {
		all = append(all, say(a.w.more(more)))
	}
	return all
}

// stale is how long before a report its logs must end for that to be said.
const stale = 24 * time.Hour

// limits are what was not read or rests on a guess, where that may change what is told.
func (a *dossier) limits() []text {
	w, x, c := a.w, a.w.front(), a.h.covered()
	var all []text
	if n := a.h.Attempts; n > 0 {
		var who text
		if len(a.h.Tried) > 0 {
			var names []string
			told := map[string]bool{} // who is in an incident, as another actor of the same name
			for _, c := range a.h.campaigns() {
				for _, y := range actorsOf(c) {
					for i := range y.Handles {
						told[y.Handles[i].Value] = true
					}
				}
			}
			for _, e := range a.h.Tried {
				if !told[e.Value] && len(names) < maxTried {
					names = append(names, e.Value)
				}
			}
			if len(names) > 0 {
				who = append(say(w.colon), w.vals(names, maxTried)...)
			}
			if n > len(names) && len(names) > 0 {
				who = append(who, say(" "+w.more(n-len(names)))...)
			}
		}
		all = append(all, fill(x.tries, w.several(n, w.actor), who))
	}
	if c == nil {
		return append(all, say(w.noCoverage))
	}
	if c.Partial != "" {
		all = append(all, fill(x.cut, quote(c.Partial)))
	}
	if c.Bare > 0 {
		all = append(all, fill(x.bareWindows, w.long(c.Bare), w.long(c.Events)))
	}
	if c.FilesSkipped > 0 {
		var why []text
		for i := range c.Skipped[:min(len(c.Skipped), 4)] {
			why = append(why, append(say(val(shorten(c.Skipped[i].Path, 160))), say(": ", w.skipped(c.Skipped[i].Why))...))
		}
		all = append(all, fill(x.unread, w.long(c.FilesSkipped), joinTexts(why, w.sure().between), moreOf(w, int(c.FilesSkipped)-len(why))))
	}
	if age := a.h.Made.Sub(c.Last); datable(a.h.Made) && datable(c.Last) && age > stale {
		all = append(all, fill(x.old, stampOf(c.Last), w.lasting(age)))
	}
	if c.FaultN > 0 {
		all = append(all, fill(x.faulty, w.long(c.FaultN)))
	}
	for i := range c.Guessed {
		g := &c.Guessed[i]
		what := say(w.guessKinds[g.Kind])
		if w.guessKinds[g.Kind] == "" {
			what = say(quote(g.Kind))
		}
		all = append(all, fill(x.guessed, w.long(g.N), append(what, say(", ", val(shorten(g.Path, 160)))...)))
	}
	return all
}

// moreOf is how many more there are than were listed, empty for none.
func moreOf(w *words, n int) string {
	if n <= 0 {
		return ""
	}
	return " " + w.more(n)
}

// traits are what incidents are compared by.
type traits struct{ addresses, hosts, accounts, names map[string]bool }

// everywhere are accounts that many machines have: that they are called alike says nothing.
var everywhere = []string{"root", "administrator", "administrateur", "admin", "system", "ubuntu", "ec2-user", "user", "guest", "test"}

func traitsOf(c *tocsin.Campaign) traits {
	t := traits{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	add := func(kind, value string) {
		switch kind {
		case "address":
			t.addresses[value] = true
		case "host":
			t.hosts[value] = true
		case "user", "principal", "agent":
			t.accounts[value] = true
			if name := strings.ToLower(lastPart(value)); kind == "user" && !contains(everywhere, name) {
				t.names[name] = true
			}
		}
	}
	for _, x := range actorsOf(c) {
		for _, h := range x.Handles {
			add(h.Kind, h.Value)
		}
	}
	for i := range c.Used {
		add(c.Used[i].Kind, c.Used[i].Value)
	}
	for i := range c.LoggedIn {
		if name := strings.ToLower(c.LoggedIn[i].Value); !contains(everywhere, name) { // on which machine is not known
			t.names[name] = true
		}
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		add(v.Kind, v.Value)
		for _, e := range v.Also {
			if v.Kind != "host" || e.Kind != "address" { // a machine in common is said by its name
				add(e.Kind, e.Value)
			}
		}
	}
	return t
}

// nets are the networks that addresses lie in: of 256 addresses, or /64 of IPv6. Private ones tell nothing.
func (t *traits) nets() map[string]bool {
	all := map[string]bool{}
	for s := range t.addresses {
		ip, err := netip.ParseAddr(s)
		if err != nil || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		bits := 24
		if ip.Is6() && !ip.Is4In6() {
			bits = 64
		}
		if p, err := ip.Unmap().Prefix(bits); err == nil {
			all[p.String()] = true
		}
	}
	return all
}

// relations says what incidents have in common, and which have nothing in common with any other.
func (a *dossier) relations(all []*tocsin.Campaign) text {
	x := a.w.front()
	if len(all) < 2 {
		return nil
	}
	of := make([]traits, len(all))
	for i, c := range all {
		of[i] = traitsOf(c)
	}
	related := make([]bool, len(all))
	told := map[string]bool{}
	shared := map[string]bool{} // accounts, by their names alone
	var out []text
	for _, k := range []struct {
		sentence string
		names    func(*traits) map[string]bool
	}{{x.sameAddress, func(t *traits) map[string]bool { return t.addresses }}, {x.sameNet, (*traits).nets}, {x.sameHost, func(t *traits) map[string]bool { return t.hosts }}, {x.sameAccount, func(t *traits) map[string]bool { return t.accounts }},
		{x.sameName, func(t *traits) map[string]bool { return t.names }}} {
		by := map[string][]string{} // by incidents: what these have in common
		who := map[string][]int{}
		names := map[string][]int{}
		for i := range of {
			for _, name := range sortedKeys(k.names(&of[i])) {
				names[name] = append(names[name], i)
			}
		}
		for _, name := range sortedKeys(names) {
			if len(names[name]) < 2 {
				continue
			}
			key := a.numbers(names[name])
			if k.sentence == x.sameNet && told[key] || k.sentence == x.sameName && shared[name] {
				continue // an address or an account in common is said
			}
			if k.sentence == x.sameAccount {
				shared[strings.ToLower(lastPart(name))] = true
			}
			by[key], who[key] = append(by[key], name), names[name]
		}
		for _, key := range sortedKeys(by) {
			told[key] = true
			for _, i := range who[key] {
				related[i] = true
			}
			if len(out) < maxRelations {
				out = append(out, fill(k.sentence, key, a.w.vals(by[key], maxFrontName)))
			}
		}
	}
	if len(out) > 0 {
		out = append(out, say(x.sameAfter))
	}
	var alone []int
	for i, r := range related {
		if !r {
			alone = append(alone, i)
		}
	}
	if len(alone) > 0 {
		out = append(out, fill(x.nothing, a.numbers(alone), a.w.plural(int64(len(alone)), x.incidents)))
	}
	return joinTexts(out, " ")
}

// numbers lists incidents by their numbers, which begin with 1.
func (a *dossier) numbers(all []int) string {
	var s []string
	for _, i := range all {
		s = append(s, a.w.number(i+1))
	}
	return a.w.listed(s)
}

func (a *dossier) frontWho(c *tocsin.Campaign) text {
	w := a.w
	var names, hosts, through []string
	every := allWeak(c)
	for _, x := range actorsOf(c) {
		if x.Tie == tocsin.Weak && !every {
			continue
		}
		if x.Local {
			if h := strings.TrimPrefix(x.ID, "host:"); !contains(hosts, h) {
				hosts = append(hosts, h)
			}
		} else if from := c.Through(x); from != "" {
			if !contains(through, from) {
				through = append(through, from)
			}
		} else {
			names = append(names, actorName(x))
		}
	}
	t := a.actors(names)
	switch entry := keyEvent(c, "entry"); {
	case len(names) > 0 && entry != nil && entry.RanByServer() && slices.Equal(names, []string{entry.Account}):
		t = fill(w.front().serverDoer, w.vals(names, 1))
	case len(names) > 0:
	case len(through) > 0:
		t = fill(w.front().throughDoer, w.vals(through, maxFrontName))
	default:
		t = fill(w.front().unknownDoer, w.vals(hosts, maxFrontName))
	}
	if from := keyEvent(c, "contact", "sign"); len(names) > 0 && from != nil && from.From == "" && len(c.Actors) == 1 && slices.ContainsFunc(c.Actors[0].Handles, func(h tocsin.Entity) bool { return h.Kind == "agent" }) {
		t = append(t, say(" (", w.front().noWhence, ")")...)
	}
	if len(c.Principals) > 0 {
		t = append(t, say(". ")...)
		t = append(t, fill(w.front().onBehalf, w.vals(c.Principals, maxFrontName))...)
	}
	if behind := a.behind(c); len(behind) > 0 {
		t = append(t, say(". ")...)
		t = append(t, fill(w.front().behind, w.vals(behind, maxFrontName))...)
	}
	t = append(t, say(". ")...)
	return append(t, w.drivenBy(c)[0]...)
}

// actors lists who acted, callers in the words of the language.
func (a *dossier) actors(names []string) text {
	var all []text
	for _, n := range names[:min(len(names), maxFrontName)] {
		if a.w.catalogue != nil && strings.Contains(n, " with ") {
			all = append(all, a.w.tell("caller", n))
		} else {
			all = append(all, say(val(n)))
		}
	}
	t := joinTexts(all, ", ")
	if n := len(names) - len(all); n > 0 {
		t = append(t, say(" "+a.w.more(n))...)
	}
	return t
}

// behind are the hosts that machines which were entered were made to speak to, or fetched from: where somebody stands of whom no
// more is known. Names of who is told of already are left out.
func (a *dossier) behind(c *tocsin.Campaign) []string {
	var all []string
	for _, kind := range [...]string{"control", "callout", "download"} {
		e := keyEvent(c, kind)
		if e == nil {
			continue
		}
		for _, on := range e.On {
			kind, name, _ := strings.Cut(on, ":")
			if kind == "url" || contains(all, name) || slices.ContainsFunc(c.Victims, func(v tocsin.Victim) bool { return v.Named(name) }) ||
				slices.ContainsFunc(actorsOf(c), func(x *tocsin.Actor) bool {
					return slices.ContainsFunc(x.Handles, func(h tocsin.Entity) bool { return h.Value == name })
				}) {
				continue
			}
			all = append(all, name)
		}
	}
	return all
}

// keyEvents are those of a kind that do not belong to the campaign weakly.
func keyEvents(c *tocsin.Campaign, kind string) []*tocsin.KeyEvent {
	var all []*tocsin.KeyEvent
	for i := range c.Key {
		if e := &c.Key[i]; e.Kind == kind && e.Tie != tocsin.Weak {
			all = append(all, e)
		}
	}
	return all
}

// keyEvent is the first key event of a kind, nil where there is none.
func keyEvent(c *tocsin.Campaign, kinds ...string) *tocsin.KeyEvent {
	for _, k := range kinds {
		for i := range c.Key {
			if c.Key[i].Kind == k {
				return &c.Key[i]
			}
		}
	}
	return nil
}

func (a *dossier) frontIn(c *tocsin.Campaign) text {
	x := a.w.front()
	if e := keyEvent(c, "entry"); e != nil {
		what := a.command(e.What)
		switch {
		case e.RanByServer() && e.Server != "":
			what = fill(x.inServer, what, val(e.Server))
		case e.RanByServer():
			what = fill(x.inService, what)
		}
		t := fill(x.inAt, stampOf(e.Time), what)
		if e.Host != "" {
			t = append(t, fill(x.inHost, val(e.Host))...)
		}
		if e.From != "" {
			t = append(t, fill(x.inFrom, val(e.From))...)
		}
		if e.Account != "" {
			t = append(t, say(", ", fill(a.w.key.as, val(e.Account)))...)
		}
		if doubtful(e) {
			t = append(t, say(x.inUnsure)...)
		}
		if b := actBefore(c, e); b != nil {
			t = append(t, fill(x.inBefore, a.act(b.What), stampOf(b.Time))...)
		}
		switch {
		case e.Published():
		case c.TriedBefore(e):
			t = append(t, say(x.inTried)...)
		default:
			t = append(t, say(x.inObtained)...)
		}
		return append(t, say(".")...)
	}
	t := say(x.notShown)
	if e := keyEvent(c, "contact", "sign"); e != nil {
		t = append(t, fill(x.firstSign, stampOf(e.Time), a.command(e.What))...)
	}
	for i := range c.Steps {
		if s := &c.Steps[i]; s.Tactic == "initial-access" && s.Actions > s.Failed && datable(s.First) {
			return append(t, fill(x.maybeIn, stampOf(s.First), a.finding("step", s.Summary))...)
		}
	}
	return append(t, say(".")...)
}

// actBefore is the first key event before an entry that only one who is in can do, nil where there is none.
func actBefore(c *tocsin.Campaign, entry *tocsin.KeyEvent) *tocsin.KeyEvent {
	for i := range c.Key {
		if e := &c.Key[i]; !contains(noAct, e.Kind) && e.Tie != tocsin.Weak && datable(e.Time) && e.Time.Before(entry.Time) {
			return e
		}
	}
	return nil
}

// frontDone is the phases that were reached, those of which it is not recorded, and those that failed.
func (a *dossier) frontDone(c *tocsin.Campaign) text {
	x := a.w.front()
	var worked, open, failed []string
	for _, slug := range tacticsInOrder(c) {
		into := &failed
		for i := range c.Steps {
			switch s := &c.Steps[i]; {
			case s.Tactic != slug || c.Loose(s):
			case s.Worked > 0:
				into = &worked
			case s.Actions > s.Failed && into == &failed:
				into = &open
			}
		}
		*into = append(*into, a.w.tactic(slug))
	}
	var parts []text
	for _, k := range []struct {
		sentence string
		tactics  []string
	}{{"{0}", worked}, {x.doneOpen, open}, {x.triedOnly, failed}} {
		if len(k.tactics) > 0 {
			parts = append(parts, fill(k.sentence, quote(strings.Join(k.tactics, ", "))))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, say("–"))
	}
	t := append(joinTexts(parts, a.w.sure().between), say(".")...)
	if acts := a.inShort(c); len(acts) > 0 {
		t = append(append(t, say(" ", x.inShort, " ")...), append(joinTexts(acts, a.w.sure().between), say(".")...)...)
	}
	return t
}

// inShort are the key events that are acts, and the mail that was sent. One command that is several of them is told once.
func (a *dossier) inShort(c *tocsin.Campaign) []text {
	var all []text
	last := ""
	for i := range c.Key {
		switch e := &c.Key[i]; {
		case contains(noAct, e.Kind):
		case len(all) > 0 && e.What == last:
			all[len(all)-1] = append(say(a.w.keyKind(e.Kind), ", "), all[len(all)-1]...)
		case len(all) < maxShort:
			t := say(a.w.keyKind(e.Kind), a.w.colon, val(concise(e.What, maxNamed)))
			if doubtful(e) {
				t = append(t, say(" (", a.w.key.unproven, ")")...)
			}
			all, last = append(all, t), e.What
		}
	}
	for _, s := range c.Data {
		if strings.HasPrefix(s, mailed) {
			all = append(all, a.finding("data", s))
		}
	}
	return all
}

// noAct are kinds of key events that say where an act stands in the campaign, or that the first page tells apart.
var noAct = []string{"contact", "sign", "entry", "last"}

// mailed begins what a campaign says of mail among the data that was touched.
const mailed = "mailed: "

func (a *dossier) frontTaken(c *tocsin.Campaign) text {
	w, x := a.w, a.w.front()
	var parts []text
	for _, k := range []struct{ kind, sentence string }{{"sent", x.sent}, {"upload", x.sending}, {"collection", x.packed}, {"secrets", x.secrets}} {
		e := keyEvent(c, k.kind)
		if e == nil {
			continue
		}
		var to []string
		for _, on := range e.On {
			if _, name, ok := strings.Cut(on, ":"); ok {
				to = append(to, name)
			}
		}
		var where text
		if len(to) > 0 {
			where = append(say(" "), fill(w.key.on, w.vals(to, maxFrontName))...)
		}
		what := a.act(e.What)
		if names := filesOf(e); len(names) > 0 {
			what = append(what, say(" (", w.vals(names, maxFrontName), ")")...)
		}
		if doubtful(e) && k.kind != "upload" {
			what = append(what, say(" (", w.key.unproven, ")")...)
		}
		if k.kind == "secrets" {
			n := -1 // beside the one that is named
			for _, s := range c.Data {
				if strings.HasPrefix(s, "secrets") {
					n++
				}
			}
			if n > 0 {
				what = append(what, say(" "+w.more(n))...)
			}
		}
		parts = append(parts, fill(k.sentence, what, where))
	}
	if len(parts) == 0 {
		data := slices.DeleteFunc(slices.Clone(c.Data), func(s string) bool { return strings.HasPrefix(s, mailed) })
		if len(data) > 0 {
			var said []text
			for _, s := range data[:min(len(data), 2)] {
				said = append(said, a.finding("data", s))
			}
			return append(joinTexts(said, w.sure().between), say(".")...)
		}
		parts = append(parts, say(x.noneTaken))
	}
	for _, s := range c.Data {
		if strings.HasPrefix(s, mailed) {
			parts = append(parts, say(x.mailTaken))
		}
	}
	return append(joinTexts(parts, w.sure().between), say(".")...)
}

func (a *dossier) frontStill(c *tocsin.Campaign) text {
	w, x := a.w, a.w.front()
	var parts []text
	groups := alikeLaid(c)
	for _, g := range groups[:min(len(groups), maxFrontWays)] {
		f := g[0]
		t := w.laid(g...)
		if doubtful(&f.KeyEvent) && !datable(f.Used) {
			t = append(t, say(" (", w.key.unproven, ")")...)
		}
		if datable(f.Used) {
			t = append(t, fill(x.laidUsed, stampOf(f.Used))...)
		}
		if datable(f.Removed) {
			t = append(t, say(" (", fill(x.removed, stampOf(f.Removed)), ")")...)
		} else {
			t = append(t, say(" ("+x.notRemoved+")")...)
		}
		parts = append(parts, t)
	}
	t := say(x.laidNone)
	if e := keyEvent(c, "control", "callout"); e != nil && len(e.On) > 0 {
		_, to, _ := strings.Cut(e.On[0], ":")
		if strings.HasPrefix(e.What, to) { // a connection was recorded
			t = fill(x.laidControl, val(to))
		} else {
			t = fill(x.laidTold, val(to))
		}
	}
	if len(parts) > 0 {
		t = joinTexts(parts, w.sure().between)
		if n := len(groups) - len(parts) + c.Omitted["footholds"]; n > 0 {
			t = append(t, say(" "+w.more(n))...)
		}
		t = append(t, say(".")...)
	}
	for _, s := range w.state(c, a.h.endOf(c)) {
		t = append(append(t, say(" ")...), s...)
	}
	return t
}

// steps is a list in the order in which it is to be done.
func (a *dossier) steps(items []text) {
	numbered := slices.Clone(items)
	for i := range numbered {
		numbered[i] = append(say(bold(fmt.Sprintf("%d.", i+1)), " "), numbered[i]...)
	}
	a.list(numbered)
}
