package report

// packWords are what a report pack says beyond the words of notifications, in one language.
type packWords struct {
	title, draft, clocks, regimeHead, reportHead, dueHead, fromHead, stateHead  string
	moments, momentFirst, momentLast, momentTold, momentAware, momentClassified string
	momentFixed, toldBlank, classifiedBlank, fixedBlank                         string
	from                                                                        map[string]string // by moment
	sentAt, latest, bound, counted, passed, dueIn, sent, strict, unknown        string
	duties, applies, who, to, law, asks, askHead, factHead, blankHead           string
	noFact, confirm, judged, unsure, indicatorsOf                               string
	weekdays                                                                    [7]string
	indicator                                                                   noun
}

var packIn = map[string]*packWords{
	"en": {
		title: "Report pack – draft", draft: "A draft made from logs. Facts are those that the logs show, judgements are called so; what only the entity can know is marked and left blank. Nothing has been sent to anyone.",
		clocks: "Deadlines", regimeHead: "Regime", reportHead: "Report", dueHead: "Due", fromHead: "Counted from", stateHead: "State",
		moments: "Moments", momentFirst: "First act, as the logs show it", momentLast: "Last act, as the logs show it", momentTold: "First told to a person", momentAware: "Became aware of the incident",
		momentClassified: "Classified as major (DORA)", momentFixed: "Corrective measure available (CRA)",
		toldBlank: "date, time and zone at which a person was first told", classifiedBlank: "date and time of the classification, if DORA applies", fixedBlank: "date and time, if the CRA applies",
		from:   map[string]string{"aware": "awareness", "classified": "classification", "fixed": "a corrective measure"},
		sentAt: "{0}, sent {1}", latest: "{0}, if that is sent when it falls due: sooner if it is sent sooner", bound: "{0}, the bound: sooner once it is classified", counted: "{0} + {1}",
		passed: "passed {0} ago", dueIn: "due in {0}", sent: "sent {0}", unknown: "not known",
		strict: "Hours run by the clock; days and months by the calendar of the zone shown, to the same time of day, and a month ends on its last day where it lacks the number. Extensions to the end of a day and beyond weekends and holidays are left out, so that no date shown is too late for that.",
		duties: "What each regime asks", applies: "does it apply: yes or no, and why", who: "Who", to: "To", law: "Law", asks: "The table of regimes is as of {0}.", askHead: "Asked", factHead: "From the logs", blankHead: "To be filled in",
		noFact: "the logs cannot show it", confirm: "confirm or change", judged: "By the logs, probably", unsure: "How sure this is", indicatorsOf: "{0}, listed below",
		weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}, indicator: noun{"indicator", "indicators"},
	},
	"fr": {
		title: "Dossier de déclaration – projet", draft: "Projet établi à partir de journaux. Les faits sont ceux que les journaux montrent, les jugements sont désignés comme tels ; ce que seule l'entité peut savoir est signalé et laissé en blanc. Rien n'a été envoyé à quiconque.",
		clocks: "Échéances", regimeHead: "Régime", reportHead: "Déclaration", dueHead: "Échéance", fromHead: "Point de départ", stateHead: "État",
		moments: "Moments", momentFirst: "Premier acte, d'après les journaux", momentLast: "Dernier acte, d'après les journaux", momentTold: "Première personne avertie", momentAware: "Connaissance de l'incident",
		momentClassified: "Classification comme majeur (DORA)", momentFixed: "Mesure corrective disponible (CRA)",
		toldBlank: "date, heure et fuseau auxquels une personne a été avertie pour la première fois", classifiedBlank: "date et heure de la classification, si DORA s'applique", fixedBlank: "date et heure, si le CRA s'applique",
		from:   map[string]string{"aware": "connaissance", "classified": "classification", "fixed": "mesure corrective"},
		sentAt: "{0}, envoi le {1}", latest: "{0}, si l'envoi a lieu à l'échéance : plus tôt si l'envoi est plus précoce", bound: "{0}, au plus tard : plus tôt dès la classification", counted: "{0} + {1}",
		passed: "dépassée depuis {0}", dueIn: "dans {0}", sent: "envoi le {0}", unknown: "inconnue",
		strict: "Les heures courent sans interruption ; les jours et les mois suivent le calendrier du fuseau indiqué, jusqu'à la même heure, et un mois s'achève à son dernier jour s'il n'a pas le même quantième. Les prolongations jusqu'à la fin du jour et au-delà des fins de semaine et jours fériés ne sont pas comptées : aucune date indiquée n'est trop tardive de ce fait.",
		duties: "Ce que demande chaque régime", applies: "s'applique-t-il : oui ou non, et pourquoi", who: "Qui", to: "Destinataire", law: "Texte", asks: "La table des régimes est à jour au {0}.", askHead: "Élément demandé", factHead: "D'après les journaux", blankHead: "À compléter",
		noFact: "les journaux ne peuvent pas le montrer", confirm: "confirmer ou modifier", judged: "D'après les journaux, probablement", unsure: "Degré de certitude", indicatorsOf: "{0}, dont la liste suit",
		weekdays: [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}, indicator: noun{"indicateur", "indicateurs"},
	},
}

// lapses are units of time that laws count in, in French.
var lapses = map[string]noun{"hour": {"heure", "heures"}, "day": {"jour", "jours"}, "month": {"mois", "mois"}}
