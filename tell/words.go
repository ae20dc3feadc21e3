package tell

import (
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// words are what alerts say in one language. {0}, {1} … are places for facts.
type words struct {
	levels                          [tocsin.Critical + 1]string
	kinds                           map[Kind]string
	fresh, rose, more, goesOn, over string // reasons
	principal                       [tocsin.Turned + 1]string
	also, and, colon                string
	stages                          map[string]string // after also
	summary, summaryWhy, others     string
	trial, trialWhy                 string
	why, when, hosts, actors        string // labels
	targets                         string
	driver, events, open, tenant    string
	fromTo, footer, folded          string
}

var wordsIn = map[string]*words{
	"en": {
		levels:  [...]string{"not rated", "informational", "low", "medium", "high", "critical"},
		kinds:   map[Kind]string{New: "new", Worse: "worse", Update: "goes on", Over: "part of another", Summary: "summary", Trial: "test"},
		fresh:   "it is told for the first time, at level {0}: {1}.",
		rose:    "its level rose from {0} to {1}: {2}.",
		more:    "it went further: {0}.",
		goesOn:  "it goes on: {0} more actions since it was told last, the latest at {1}.",
		over:    "it turned out to be part of {0}, under which it is told from now on.",
		also:    " (also: {0})",
		and:     ", ",
		colon:   ": ",
		stages:  map[string]string{"sent": "data sent out", "impact": "misuse or damage", "upload": "data being sent out", "machines": "more machines", "agent": "an AI agent at the controls", "secrets": "secrets read", "impairment": "logging or protection impaired", "privilege": "an administrator's rights", "account": "a new account", "key": "a new key", "persistence": "a way to come back", "control": "command and control", "entry": "a way in"},
		summary: "{0} more alerts, the worst {1}", summaryWhy: "they came faster than this channel takes; the most severe are listed, the console has all.", others: "and {0} more",
		trial: "Test alert of Tocsin", trialWhy: "somebody asked to try this channel; nothing happened.",
		principal: [...]string{"{0}.", "{0}.", "its agents do more of what intruders do than ordinary work has: {0}.", "its agents' calls are consistent with an intrusion: {0}.", "its agent seems to have turned against it: {0}."},
		why:       "Why now", when: "When", hosts: "Machines and accounts", targets: "Targets", actors: "Actors", driver: "What drives it", events: "Key events", open: "Open in the console", tenant: "Tenant",
		fromTo: "{0} to {1} (UTC)", footer: "Names, commands and addresses come from logs, which an intruder may have written. Links in them are defused.", folded: "Alerts",
	},
	"fr": {
		levels:  [...]string{"non évalué", "informatif", "faible", "moyen", "élevé", "critique"},
		kinds:   map[Kind]string{New: "nouveau", Worse: "aggravation", Update: "suite", Over: "partie d'une autre", Summary: "résumé", Trial: "essai"},
		fresh:   "elle est signalée pour la première fois, au niveau {0} : {1}.",
		rose:    "son niveau est passé de {0} à {1} : {2}.",
		more:    "elle s'est étendue : {0}.",
		goesOn:  "elle continue : {0} actions de plus depuis le dernier signalement, la dernière à {1}.",
		over:    "elle fait en réalité partie de {0}, sous laquelle elle est signalée désormais.",
		also:    " (et aussi : {0})",
		and:     ", ",
		colon:   " : ",
		stages:  map[string]string{"sent": "données sorties", "impact": "détournement ou dommage", "upload": "envoi de données en cours", "machines": "d'autres machines", "agent": "un agent d'IA aux commandes", "secrets": "secrets lus", "impairment": "journalisation ou protection affaiblie", "privilege": "droits d'administration", "account": "nouveau compte", "key": "nouvelle clé", "persistence": "moyen de revenir", "control": "commande et contrôle", "entry": "entrée"},
		summary: "{0} autres alertes, au pire de niveau {1}", summaryWhy: "elles sont arrivées plus vite que ce canal ne les accepte ; les plus graves sont citées, la console les a toutes.", others: "et {0} autres",
		trial: "Alerte d'essai de Tocsin", trialWhy: "quelqu'un a demandé à essayer ce canal ; il ne s'est rien passé.",
		principal: [...]string{"{0}.", "{0}.", "ses agents tiennent plus de l'intrusion que n'en a un travail ordinaire : {0}.", "les appels de ses agents sont compatibles avec une intrusion : {0}.", "son agent semble s'être retourné contre lui : {0}."},
		why:       "Pourquoi maintenant", when: "Quand", hosts: "Machines et comptes", targets: "Cibles", actors: "Acteurs", driver: "Aux commandes", events: "Faits marquants", open: "Ouvrir dans la console", tenant: "Organisation",
		fromTo: "du {0} au {1} (UTC)", footer: "Les noms, commandes et adresses viennent de journaux qu'un intrus a pu écrire. Les liens qu'ils contiennent sont neutralisés.", folded: "Alertes",
	},
}

// in are the words of a language, English where it is not known.
func in(lang string) *words {
	if w := wordsIn[lang]; w != nil {
		return w
	}
	return wordsIn["en"]
}

// fillSentence puts facts at the places of a sentence of this package; only the sentence is typeset, and facts are not read again.
func fillSentence(lang, sentence string, facts ...string) string {
	at := map[string]string{}
	for i, f := range facts {
		at[strconv.Itoa(i)] = f
	}
	return upper(fill(report.Typeset(lang, sentence), at))
}

func upper(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

// reason is the sentence that says why a campaign is told now; why is what its level rests on.
func (p *Policy) reason(was *Known, now *tocsin.Campaign, n *news, why string, at time.Time) string {
	lang := p.lang()
	w := in(lang)
	because := ""
	if len(n.facts) > 0 {
		because = n.facts[0].say(lang, at)
		var rest []string
		for _, f := range n.facts[1:] {
			rest = append(rest, report.Typeset(lang, w.stages[f.name]))
		}
		if len(rest) > 0 {
			because += fill(report.Typeset(lang, w.also), map[string]string{"0": strings.Join(rest, w.and)})
		}
	} else {
		because = bounded(strings.TrimSuffix(why, "."), maxLine)
	}
	if because == "" {
		because = bounded(now.Title, maxTitle)
	}
	level := w.levels[min(now.Level, tocsin.Critical)]
	switch {
	case n.kind == New:
		return fillSentence(lang, w.fresh, level, because)
	case n.kind == Over:
		return fillSentence(lang, w.over, now.ID)
	case n.kind == Update:
		f := fact{stage: &stage{sentence: map[string]string{lang: "{time}"}}, time: now.Last}
		return fillSentence(lang, w.goesOn, strconv.Itoa(max(0, now.Actions-was.Actions)), f.say(lang, at))
	case n.rose:
		return fillSentence(lang, w.rose, w.levels[min(was.Level, tocsin.Critical)], level, because)
	}
	return fillSentence(lang, w.more, because)
}
