package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// keyWords are what a report says of key events and indicators in one language.
type keyWords struct {
	head, kindHead, whereHead, byHead, evidenceHead   string
	kinds                                             map[string]string // by KeyEvent.Kind
	unproven, shown, as, from, by, on, made           string            // of one event
	used, usedNone, usedPrivate, touched, touchedNote string
	note, attributed                                  string // in reports: what a judgement is
	roleHead, whyHead, seenHead                       string
	roles                                             map[string]string // by Indicator.Role
}

var englishKey = keyWords{
	head: "Key events", kindHead: "What it is", whereHead: "Where", byHead: "By", evidenceHead: "Evidence",
	kinds: map[string]string{"contact": "first contact", "sign": "first sign", "entry": "entry", "download": "tool or malware fetched", "control": "command and control", "callout": "perhaps command and control", "privilege": "first act with an administrator's rights",
		"secrets": "secrets read or searched for", "account": "new account", "key": "new key", "persistence": "way to come back", "impairment": "logging or protection impaired", "traces": "traces removed",
		"lateral": "first move to another machine", "collection": "data taken together", "upload": "command to send data out", "sent": "data sent out", "impact": "misuse or damage", "last": "last seen"},
	unproven: "that it worked is not recorded", shown: "it worked: {0}", as: "as {0}", from: "from {0}", by: "by the agent {0}", on: "to {0}", made: "account {0}",
	note: "What kind of event each is was judged from the logs; what is quoted stands in the records named.", attributed: "Judged by the logs to be the intruder's",
	used: "What the intruder used", usedNone: "The logs show no public name or address to be the intruder's, so there is none to block.", usedPrivate: " What private ones are is to be found out: see what to do.",
	touched:     "What was touched and is not shown to be the intruder's",
	touchedNote: "Not to be blocked on the strength of this report. Victims are listed above.",
	roleHead:    "Role", whyHead: "Why", seenHead: "First and last (UTC)",
	roles: map[string]string{"source": "came from there", "callback": "called back to", "download": "tools came from there", "drop": "data was sent or was to be", "tool": "file brought", "client": "rare client",
		"account": "account made or to be made", "key": "key added or to be added", "contacted": "spoken to", "mail": "mail server written to", "provider": "public service", "shared": "shared or usual address",
		"internal": "own or private", "near": "too loosely tied"},
}

var frenchKey = keyWords{
	head: "Faits marquants", kindHead: "Nature", whereHead: "Où", byHead: "Par", evidenceHead: "Preuves",
	kinds: map[string]string{"contact": "premier contact", "sign": "premier signe", "entry": "entrée", "download": "outil ou programme malveillant récupéré", "control": "commande et contrôle", "callout": "peut-être commande et contrôle", "privilege": "première action avec des droits d'administration",
		"secrets": "secrets lus ou recherchés", "account": "nouveau compte", "key": "nouvelle clé", "persistence": "moyen de revenir", "impairment": "journalisation ou protection affaiblie", "traces": "traces effacées",
		"lateral": "premier passage à une autre machine", "collection": "données rassemblées", "upload": "commande d'envoi de données", "sent": "données sorties", "impact": "détournement ou dommage", "last": "vu pour la dernière fois"},
	unproven: "sa réussite n'est pas journalisée", shown: "réussi : {0}", as: "en tant que {0}", from: "depuis {0}", by: "par l'agent {0}", on: "vers {0}", made: "compte {0}",
	note: "La nature de chaque fait est jugée d'après les journaux ; ce qui est cité figure dans les enregistrements indiqués.", attributed: "Jugé appartenir à l'intrus, d'après les journaux",
	used: "Ce que l'intrus a utilisé", usedNone: "Les journaux n'attribuent à l'intrus aucun nom ni aucune adresse publique : il n'y en a pas à bloquer.", usedPrivate: " Les adresses privées sont à identifier : voir les mesures.",
	touched:     "Ce qui a été touché, sans que rien ne montre que c'est à l'intrus",
	touchedNote: "À ne pas bloquer sur la foi de ce rapport. Les victimes sont citées plus haut.",
	roleHead:    "Rôle", whyHead: "Motif", seenHead: "Début et fin (UTC)",
	roles: map[string]string{"source": "origine", "callback": "hôte de rappel", "download": "origine d'outils", "drop": "destination de données", "tool": "fichier apporté", "client": "client rare",
		"account": "compte créé ou à créer", "key": "clé ajoutée ou à ajouter", "contacted": "contacté", "mail": "serveur de messagerie destinataire", "provider": "service public", "shared": "adresse partagée ou habituelle",
		"internal": "interne ou privé", "near": "lien trop faible"},
}

// keyKind is what a kind of key event is called; of one that is not known, what was given.
func (w *words) keyKind(kind string) string { return or(w.key.kinds[kind], shorten(kind, 40)) }

func (w *words) indicatorRole(role string) string { return or(w.key.roles[role], shorten(role, 40)) }

// act is what a key event was: as a log has it, or in the words of the catalogue.
func (w *words) act(what string) text {
	if w.catalogue != nil {
		return w.tell("key", what)
	}
	return say(val(what))
}

// doubtful says that nothing shows that an act worked, where that is of interest. A connection that was recorded was one.
func doubtful(e *tocsin.KeyEvent) bool {
	switch e.Kind {
	case "contact", "sign", "last", "callout":
		return false
	case "control":
		for _, on := range e.On {
			if _, host, _ := strings.Cut(on, ":"); strings.HasPrefix(e.What, host) {
				return false
			}
		}
	}
	return e.Outcome == tocsin.Unknown && e.Shown == ""
}

// about says where and by whom a key event was, and what it was done to: what its own text does not tell.
func (w *words) about(e *tocsin.KeyEvent) text {
	var parts []text
	add := func(sentence string, v ...string) {
		v = slices.DeleteFunc(v, func(s string) bool { return s == "" })
		if len(v) > 0 {
			parts = append(parts, fill(sentence, w.vals(v, 4)))
		}
	}
	add("{0}", e.Host)
	add(w.key.as, e.Account)
	add(w.key.from, e.From)
	add(w.key.by, e.Agent)
	var on []string
	for _, v := range e.On {
		if _, name, ok := strings.Cut(v, ":"); ok && name != e.Host {
			on = append(on, name)
		}
	}
	if e.Kind == "account" || e.Kind == "key" {
		add(w.key.made, on...)
	} else if e.Kind == "secrets" {
		add("{0}", on...)
	} else {
		add(w.key.on, on...)
	}
	if e.Shown != "" {
		parts = append(parts, fill(w.key.shown, w.tell("shown", e.Shown)))
	}
	if doubtful(e) {
		parts = append(parts, say(w.key.unproven))
	}
	var t text
	for i, p := range parts {
		if i > 0 {
			t = append(t, say(", ")...)
		}
		t = append(t, p...)
	}
	return t
}

// keyPriority says which key events are shown where there is not room for all.
var keyPriority = []string{"entry", "sent", "contact", "sign", "last", "lateral", "account", "upload", "impact", "privilege", "persistence", "key", "secrets", "control", "callout", "download", "impairment", "traces", "collection"}

// foremost are at most n key events, in their order.
func foremost(all []tocsin.KeyEvent, n int) []tocsin.KeyEvent {
	if len(all) <= n {
		return all
	}
	at := make([]int, len(all))
	for i := range at {
		at[i] = i
	}
	rank := func(i int) int {
		if k := slices.Index(keyPriority, all[i].Kind); k >= 0 {
			return k
		}
		return len(keyPriority)
	}
	slices.SortStableFunc(at, func(x, y int) int { return cmp.Compare(rank(x), rank(y)) })
	at = at[:max(n, 0)]
	slices.Sort(at)
	out := make([]tocsin.KeyEvent, 0, len(at))
	for _, i := range at {
		out = append(out, all[i])
	}
	return out
}

// keyLines are a campaign's key events, at most n, each in as many lines as it takes.
func (p *page) keyLines(c *tocsin.Campaign, n int) []string {
	w := &english
	list := foremost(c.Key, n)
	day := datable(c.First) && datable(c.Last) && c.First.UTC().Format(time.DateOnly) == c.Last.UTC().Format(time.DateOnly)
	var lines []string
	for i := range list {
		e := &list[i]
		when := stampOf(e.Time)
		if day && datable(e.Time) {
			when = when[11:]
		}
		what := e.What
		if !p.whole {
			what = tocsin.Shorten(what, 160)
		}
		s := when + "  " + w.keyKind(e.Kind) + ": " + visible(what)
		if about := w.about(e).plain(); about != "" {
			s += " (" + about + ")"
		}
		if len(e.Places) > 0 {
			s += " " + place(&e.Places[0])
		}
		if n := len(e.Places) - 1; n > 0 {
			s += " and " + several(n, "more place")
		}
		for k, l := range wrap(strings.SplitAfter(s, " "), "", "", p.wide-7-4) {
			if l = strings.TrimRight(l, " "); k > 0 {
				l = "    " + l
			}
			lines = append(lines, l)
		}
	}
	if more := len(c.Key) - len(list); more > 0 && n > 0 {
		lines = append(lines, "… and "+several(more, "more key event"))
	}
	return lines
}

// keyEvents is the section of an explanation.
func (e *explanation) keyEvents() {
	if len(e.c.Key) == 0 {
		return
	}
	w := &english
	e.section(w.key.head)
	for i := range e.c.Key[:min(len(e.c.Key), maxExplained)] {
		k := &e.c.Key[i]
		about := w.about(k).plain()
		if about != "" {
			about = " (" + about + ")"
		}
		e.para(2, stampOf(k.Time)+"  "+e.ink("1", w.keyKind(k.Kind))+weak(k.Tie)+": "+show(k.What)+about)
		e.places(5, k.Places)
	}
	e.unlisted("key_events")
}

// indicators are the sections of an explanation on what was used and what was touched.
func (e *explanation) indicators() {
	w := &english
	for _, s := range []struct {
		title, name string
		all         []tocsin.Indicator
	}{{w.key.used, "used", e.c.Used}, {w.key.touched, "touched", e.c.Touched}} {
		if len(s.all) == 0 {
			continue
		}
		e.section(s.title)
		for i := range s.all[:min(len(s.all), maxExplained)] {
			x := &s.all[i]
			when := ""
			if datable(x.First) && datable(x.Last) {
				when = "; " + spanText(x.First, x.Last)
			}
			e.para(2, w.indicatorRole(x.Role)+": "+show(x.Kind)+" "+show(x.Value)+when+". "+show(x.Why)+"  "+place(&x.Place))
		}
		e.rest(maxExplained, len(s.all))
		e.unlisted(s.name)
	}
	var accounts []string
	for i := range e.c.LoggedIn {
		accounts = append(accounts, e.c.LoggedIn[i].Value)
	}
	e.texts("Logged in as, by its commands", "", accounts)
	if len(e.c.Used)+len(e.c.Touched) == 0 {
		e.texts("Indicators", "indicators", e.c.Marks)
	}
}

// keyEvents is the table of an incident report.
func (a *dossier) keyEvents(c *tocsin.Campaign) {
	if len(c.Key) == 0 {
		return
	}
	w := a.w
	a.heading(3, w.key.head)
	a.note(w.key.note)
	var rows [][]text
	for _, g := range sameAct(c.Key[:min(len(c.Key), maxRows)]) {
		e := *g[0]
		var kinds []string
		var places []string
		for _, k := range g {
			kinds = append(kinds, w.keyKind(k.Kind))
			if doubtful(k) {
				e.Kind = k.Kind
			}
			if k.Tie == tocsin.Core {
				e.Tie = tocsin.Core
			}
			e.Shown = or(e.Shown, k.Shown)
			for _, on := range k.On {
				if !contains(e.On, on) {
					e.On = append(slices.Clone(e.On), on)
				}
			}
			for i := range k.Places {
				if p := k.Places[i].String(); !contains(places, p) {
					places = append(places, p)
				}
			}
		}
		rows = append(rows, []text{say(stampOf(e.Time)), append(say(bold(strings.Join(kinds, ", "))), a.weak(e.Tie)...), a.act(e.What), w.about(&e), w.vals(places, maxSights)})
	}
	a.table([]string{w.timeHead, w.key.kindHead, w.whatHead, w.key.whereHead, w.key.evidenceHead}, rows)
	a.unlisted(c, "key_events")
}

// sameAct puts together key events that one act is: the same words by the same doer in the same place, from the same record.
func sameAct(all []tocsin.KeyEvent) [][]*tocsin.KeyEvent {
	var groups [][]*tocsin.KeyEvent
	for i := range all {
		e := &all[i]
		at := slices.IndexFunc(groups, func(g []*tocsin.KeyEvent) bool {
			f := g[0]
			return f.What == e.What && f.Host == e.Host && f.Account == e.Account && f.Time.Equal(e.Time) && len(f.Places) > 0 && len(e.Places) > 0 && f.Places[0].Compare(e.Places[0]) == 0
		})
		if at < 0 {
			groups = append(groups, nil)
			at = len(groups) - 1
		}
		groups[at] = append(groups[at], e)
	}
	return groups
}

// usedNone says that there is nothing to block, and that private names are to be found out where there are any.
func (a *dossier) usedNone(c *tocsin.Campaign) text {
	t := say(a.w.key.usedNone)
	if within, _ := a.toFind(c, nil); len(within) > 0 {
		t = append(t, say(a.w.key.usedPrivate)...)
	}
	return t
}

// marks lists what the intruder used, and apart from it what was touched.
func (a *dossier) marks(c *tocsin.Campaign) {
	w := a.w
	if len(c.Used) == 0 {
		a.para(a.usedNone(c))
	} else {
		a.para(bold(w.key.attributed), strings.TrimRight(w.colon, " "))
		a.indicators(c.Used)
	}
	a.unlisted(c, "used")
	if len(c.Touched) > 0 {
		a.touched(c)
	}
}

func (a *dossier) indicators(all []tocsin.Indicator) {
	w := a.w
	var rows [][]text
	for i := range all[:min(len(all), maxRows)] {
		x := &all[i]
		when := stampOf(x.First)
		if datable(x.First) && datable(x.Last) && x.Last.After(x.First) {
			when = strings.TrimSuffix(spanText(x.First, x.Last), " UTC")
		}
		rows = append(rows, []text{say(w.indicatorRole(x.Role)), append(w.entity(x.Kind), say(" ", val(x.Value))...), a.reason(x.Why), say(when), say(val(x.Place.String()))})
	}
	a.table([]string{w.key.roleHead, w.nameHead, w.key.whyHead, w.key.seenHead, w.key.evidenceHead}, rows)
	a.beyond(len(all), maxRows)
}

// hostile are what the intruder used that can be blocked or looked for, and the accounts and keys that he made.
func hostile(c *tocsin.Campaign) (block, remove []string) {
	for i := range c.Used {
		switch x := &c.Used[i]; x.Role {
		case "source", "callback", "download", "drop", "tool":
			if !contains(block, x.Value) {
				block = append(block, x.Value)
			}
		case "account", "key":
			if !contains(remove, x.Value) {
				remove = append(remove, x.Value)
			}
		}
	}
	return block, remove
}
