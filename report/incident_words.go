package report

import (
	"fmt"
	"strings"
)

// A noun is a word in the singular and the plural.
type noun [2]string

// words are all that a report about a campaign says in one language. {0}, {1} … are places for facts.
type words struct {
	lang                     string
	gap, thousands, and      string // between number and unit, between thousands, before the last of a list
	zeroIsOne                bool   // none takes the singular
	months                   [12]string
	firstDay                 string // after the 1 of a first of a month
	clockForm                string
	dayAt, onDayAt, onDay    string
	fromTo, noTime, noSpan   string
	andMore, once, colon     string
	actor, org, target       noun
	machine, account, time   noun
	point, action, alert     noun
	hours                    noun
	driverIs, driver, levels map[string]string
	tactics                  map[string]string

	// The story.
	acted, actedOne, inOrgs, nobody                               string
	file, event                                                   noun
	reachedNone, reachedAll, reachedSome, order                   string
	enteredOf                                                     string // {0} of {1}, or {2} and {3}: reached, all with the noun, reached with the noun, all
	driven, sureOf, autonomy, decided                             string
	adapted, dataTouched, active, activeLast, paused, silent, why string

	// The incident report.
	finding, byLogs, incident, rated, made, idLabel, noCampaigns, others   string
	summary, timeline, actors, victims, data, indicators                   string
	countermeasures, openQuestions, coverage, limits                       string
	timeHead, phaseHead, whatHead, whereHead, resultHead                   string
	worked, failed, person, change, gateRow, adaptRow                      string
	kindHead, nameHead, orgHead, stateHead, tacticsHead, count             string
	firstHead, lastHead, reached, tried, handles, judged                   string
	shares, evidenceHead, seenHead, weights, weightsNote                   string
	tempo, tempoFine, tempoNone, joined, linkRow, noData, noMarks, noOpen  string
	countermeasuresNote, counterNone                                       string
	read, notRead, faults, timeless, struck, spanRead, noCoverage, missing string
	cautions, quotedNote, rest, commands, places                           string
	changes                                                                map[string]string
	leads, leadRow, leadOn, attempts, asides                               string

	// What is not there, and what is there weakly.
	lost, was, weak, weakNote, weakLeftOut         string
	partial, bare, unmet, letGoIntro, letGoRow     string
	custody, bytesHead, unhashed, seal, pseudonyms string
	digestKinds                                    map[string]string // by Digest.Kind, of those that no flag names
	guessRow, guessFiles, guessMostly              string
	guessed, strayRow                              string
	guessKinds                                     map[string]string // by Guess.Kind
	reachedListed, andTargets, andWeak             string
	unlistedTarget                                 noun
	letGoKinds, omitted                            map[string]noun // by LetGo.Kind; by the list's name, "" for all others

	notice noticeWords
	key    keyWords

	catalogue    catalogue // of the sentences of findings; nil where they are in the language
	untranslated string    // {0} a sentence that the catalogue has not
}

// tongue is the words of a language: en (also where none is named) or fr.
func tongue(lang string) (*words, error) {
	switch lang {
	case "", "en":
		w := english
		return &w, nil
	case "fr":
		w := french
		var err error
		if w.catalogue, err = compileCatalogue(frenchTable); err != nil {
			return nil, fmt.Errorf("french.tsv: %w", err)
		}
		return &w, nil
	}
	return nil, fmt.Errorf("language %q: there are en and fr", lang)
}

// frenchSpaces puts in the spaces and apostrophes of French typography: none of them breaks a line.
var frenchSpaces = strings.NewReplacer(" :", "\u00a0:", "« ", "«\u00a0", " »", "\u00a0»", " ;", "\u202f;", " ?", "\u202f?", " !", "\u202f!", " %", "\u202f%", "'", "’")

// set typesets what Tocsin itself says.
func set(lang, s string) string {
	if lang == "fr" {
		return frenchSpaces.Replace(s)
	}
	return s
}

var english = words{
	lang: "en", colon: ": ", gap: " ", thousands: ",", and: " and ",
	months:    [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	clockForm: "15:04", dayAt: "{0}, {1}", onDayAt: "On {0} at {1} (UTC)", onDay: "On {0}, from {1} to {2} (UTC)", fromTo: "From {0} to {1} (UTC, {2})",
	noTime: "time unknown", noSpan: "At times that the logs do not say", andMore: "and {0} more",
	file: noun{"file", "files"}, event: noun{"event", "events"}, actor: noun{"actor", "actors"}, org: noun{"organisation", "organisations"}, target: noun{"target", "targets"}, machine: noun{"machine", "machines"},
	account: noun{"account", "accounts"}, once: "once", time: noun{"time", "times"}, point: noun{"point", "points"}, action: noun{"action", "actions"}, alert: noun{"alert", "alerts"},
	hours:    noun{"hour", "hours"},
	driverIs: map[string]string{"human": "a person", "script": "a script", "agent": "an AI agent", "either": "a script or an AI agent (the logs cannot tell which)"},
	driver:   map[string]string{"undecided": "undecided", "human": "human", "script": "script", "agent": "AI agent", "either": "script or AI agent"},
	levels:   map[string]string{"": "not rated", "informational": "informational", "low": "low", "medium": "medium", "high": "high", "critical": "critical"},
	tactics: map[string]string{"reconnaissance": "reconnaissance", "resource-development": "resource development", "initial-access": "initial access", "execution": "execution", "persistence": "persistence",
		"privilege-escalation": "privilege escalation", "stealth": "stealth", "defense-impairment": "defense impairment", "credential-access": "credential access", "discovery": "discovery",
		"lateral-movement": "lateral movement", "collection": "collection", "command-and-control": "command and control", "exfiltration": "exfiltration", "impact": "impact"},

	acted: "{0}, {1} acted against {2}.", actedOne: "{0}, {1} acted against {2}.", inOrgs: " of {0} ({1})", nobody: "targets that the logs do not name",
	reachedNone: "As far as the logs show, none of these was entered.", reachedAll: "All of these were entered.", reachedSome: "Entered: {0}.", enteredOf: "{0} of {1}",
	order: "In order: {0}.", driven: "The evidence points to {0} at the controls{1}.", sureOf: " ({0})",
	autonomy: "By estimate {0} of the actions (90 % interval: {1} to {2}) were done without a person.", decided: "Between these, at {0} a person may have decided how to go on: a quiet, then a change.",
	adapted: "After being blocked it went on another way {0}, at the fastest within {1}.", dataTouched: "Data touched: {0}.", active: "Its last act was at {2} UTC; its logs end {1} later, at {0} UTC: it may have gone on.", activeLast: "It acted until its logs end, at {0} UTC: it may have gone on.",
	paused: "It had been quiet for {0} when the logs end, but went on after {1} of quiet before.", silent: "Its last action is {0} before the logs end; that it is over, the logs cannot say.",
	why: "Rated {0}: {1}.",

	finding: "Finding, a judgement by the logs", byLogs: "As the logs show it, and as judged from them:", incident: "Incident report", rated: "Severity", made: "Made", idLabel: "Campaign", noCampaigns: "No campaign was found. What was not read could hide one: see the coverage.", others: "Further campaigns",
	summary: "Summary", timeline: "Timeline", actors: "Actors and what drives them", victims: "Victims", data: "Data touched", indicators: "Indicators",
	countermeasures: "Suggested countermeasures", openQuestions: "Open questions", coverage: "Coverage", limits: "Limits",
	timeHead: "Time (UTC)", phaseHead: "Phase", whatHead: "What happened", whereHead: "Where", resultHead: "Worked / failed",
	worked: "worked", failed: "failed", person: "decision", change: "{0}", gateRow: "Quiet for {0}, then a change: {1}", adaptRow: "Blocked as {0}; went on {1} later as {2} (changed: {3})",
	kindHead: "Kind", nameHead: "Name", orgHead: "Organisation", stateHead: "State, by the logs", tacticsHead: "Phases", count: "Actions",
	firstHead: "First", lastHead: "Last", reached: "entered", tried: "tried", handles: "Known as: {0}.", judged: "Driver, as judged: {0}.",
	shares: "human {0}, script {1}, AI agent {2}", evidenceHead: "Evidence", seenHead: "What was measured", weights: "Human / script / agent",
	weightsNote: "Weights are log-likelihoods; their sums, made into shares, are the judgement.",
	tempo:       "Tempo: {0}; at most {1} in a second and {2} in a minute; half of the pauses between them are shorter than {3}.", tempoNone: "Tempo: {0}.",
	tempoFine: "Tempo: {0}; at most {1} in a second and {2} in a minute; half of the gaps are too short for the times in the logs.",
	joined:    "Joined because:", linkRow: "{0} – {1}: {2} (weight {3})", noData: "No access to data was seen. That is no proof that there was none.", noMarks: "None that would tell this intruder from others.",
	noOpen:              "None noted.",
	countermeasuresNote: "Derived from what was seen; check each before it is carried out, and keep evidence first.",
	counterNone:         "None follows from what was seen.",
	read:                "Read: {0} of {1}, {2}.", notRead: "Not read: {0}, whose contents are not in this report.", faults: "Records or files that could not be read as they stand: {0}.", timeless: "Events without a time: {0}.", struck: "Stamps that were not believed: {0}.",
	spanRead: "The logs span {0} to {1}.", noCoverage: "What was read is not known to this report.", missing: "Telemetry that would tell more:",
	rest: "Not shown here: {0} more; the JSONL has all.", commands: "Commands and requests:", places: "Evidence: {0}",
	cautions:   "This report is made by a program from logs. It shows what the logs show: what was not logged, not read or deleted is missing. Actors are joined by weighted evidence and may be wrong; the driver is a judgement, not a proof, and names no person or group. Times are as the logs state them.",
	quotedNote: "",
	changes:    map[string]string{"address": "address", "user_agent": "user agent", "tool": "tool", "account": "account", "pace": "pace"},
	leads:      "Unusual in the same organisations, too weak to be joined:", leadRow: "{0}{1}, {2}, {3} ({4})", leadOn: " on {0}",
	attempts: "Besides, {0} tried something and are not known to have got anywhere.", asides: "In no campaign, but telling: {0} kinds of things on single machines.",
	lost: "What this campaign may lack", was: "Earlier told as {0}.", weak: "weak",
	weakNote:    "What is marked weak is told of because of its company, not by itself: nothing should be decided by it alone.",
	weakLeftOut: "Left out of these lists, because they belong to the campaign only weakly; before acting on one, check it: {0}.",
	bare:        "Events of Windows logs that were read without a rule collection: {0}. What only such rules see is not in this report.",
	custody:     "Chain of custody", bytesHead: "Bytes", unhashed: "{0} files that were read have no SHA-256: it was not asked for, or they were not read whole or changed meanwhile.",
	pseudonyms: "Hosts, accounts and addresses are pseudonyms: the same name has the same pseudonym wherever it stands; public addresses are ones for documentation.",
	seal:       "SHA-256 of everything in this file before this paragraph:", digestKinds: map[string]string{"input": "input", "rules": "rules"},
	unmet: "A filter of the run met nothing: {0}.", partial: "The run ended before all was read: {0}.", letGoIntro: "Met and not kept, so that whatever is told may lack it:", letGoRow: "{0} {1}, {2}: {3}",
	andTargets: " and {0}", andWeak: ", and perhaps {0} more", reachedListed: "Entered, of those that are listed: {0}.", unlistedTarget: noun{"target that is not listed", "targets that are not listed"},
	guessed:  "Times rest on what the records do not say:",
	guessRow: "{0} of {1} events of {2}: {3}, taken to be {4} because {5}", guessFiles: "{0} files (most of {1})", guessMostly: "mostly {0}",
	strayRow:   "{0} events of {1} are a year and more from all others and left out of the span: {2}",
	guessKinds: map[string]string{"year": "year not written", "zone": "zone not written", "date": "date not written", "stamp": "time not written", "offset": "zone of the local time not written", "order": "day and month in either order"},
	letGoKinds: map[string]noun{"quiet actions": {"quiet action", "quiet actions"}, "telling actions": {"telling action", "telling actions"}, "tempo": {"time by which tempo is told", "times by which tempo is told"},
		"places": {"place where an action can be read again", "places where actions can be read again"}, "correlation hits": {"hit that a correlation counts", "hits that correlations count"},
		"hits of other rules": {"hit of a rule that was changed", "hits of rules that were changed"}, "pieces of what was known": {"piece of what an earlier run knew", "pieces of what an earlier run knew"}, "old names": {"name that was not seen for long", "names that were not seen for long"},
		"connections": {"connection", "connections"}, "connections without a time": {"connection without a time", "connections without a time"}, "names": {"name", "names"},
		"late": {"event that came too late", "events that came too late"}, "old": {"event older than the horizon", "events older than the horizon"}},
	omitted: map[string]noun{"steps": {"1 further step in the middle is not listed.", "{0} further steps in the middle are not listed."}, "victims": {"1 further victim is not listed.", "{0} further victims are not listed."},
		"links": {"1 further link is not listed.", "{0} further links are not listed."}, "key_events": {"1 further key event is not listed.", "{0} further key events are not listed."}, "used": {"1 further thing that was used is not listed.", "{0} further things that were used are not listed."}, "touched": {"1 further thing that was touched is not listed.", "{0} further things that were touched are not listed."},
		"indicators": {"1 further indicator is not listed.", "{0} further indicators are not listed."},
		"actors":     {"1 further actor is not listed.", "{0} further actors are not listed."}, "joins": {"1 further join is not listed.", "{0} further joins are not listed."}, "": {"1 further entry is not listed.", "{0} further entries are not listed."}},
	notice: englishNotice,
	key:    englishKey,
}

var french = words{
	lang: "fr", colon: " : ", gap: "\u00a0", thousands: "\u202f", and: " et ", zeroIsOne: true,
	months:   [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	firstDay: "er", clockForm: "15\u00a0h\u00a004", dayAt: "{0} à {1}", onDayAt: "Le {0} à {1} (UTC)", onDay: "Le {0}, de {1} à {2} (UTC)", fromTo: "Du {0} au {1} (UTC, {2})",
	noTime: "heure inconnue", noSpan: "À des heures que les journaux n'indiquent pas", andMore: "et {0} de plus",
	file: noun{"fichier", "fichiers"}, event: noun{"événement", "événements"}, actor: noun{"acteur", "acteurs"}, org: noun{"organisation", "organisations"}, target: noun{"cible", "cibles"}, machine: noun{"machine", "machines"},
	account: noun{"compte", "comptes"}, once: "une fois", time: noun{"fois", "fois"}, point: noun{"moment", "moments"}, action: noun{"action", "actions"}, alert: noun{"alerte", "alertes"},
	hours:    noun{"heure", "heures"},
	driverIs: map[string]string{"human": "une personne", "script": "un script", "agent": "un agent d'IA", "either": "un script ou un agent d'IA (les journaux ne permettent pas de trancher)"},
	driver:   map[string]string{"undecided": "indéterminé", "human": "humain", "script": "script", "agent": "agent d'IA", "either": "script ou agent d'IA"},
	levels:   map[string]string{"": "non évaluée", "informational": "information", "low": "faible", "medium": "moyenne", "high": "élevée", "critical": "critique"},
	tactics: map[string]string{"reconnaissance": "reconnaissance", "resource-development": "préparation des ressources", "initial-access": "accès initial", "execution": "exécution", "persistence": "persistance",
		"privilege-escalation": "élévation de privilèges", "stealth": "dissimulation", "defense-impairment": "neutralisation des défenses", "credential-access": "accès aux identifiants", "discovery": "découverte",
		"lateral-movement": "déplacement latéral", "collection": "collecte", "command-and-control": "commande et contrôle", "exfiltration": "exfiltration", "impact": "impact"},

	acted: "{0}, {1} s'en sont pris à {2}.", actedOne: "{0}, {1} s'en est pris à {2}.", inOrgs: " dans {0} ({1})", nobody: "des cibles que les journaux ne nomment pas",
	reachedNone: "D'après les journaux, aucune de ces cibles n'a été atteinte.", reachedAll: "Toutes ces cibles ont été atteintes.", reachedSome: "L'intrus a atteint {0}.", enteredOf: "{2} sur {3}",
	order: "Dans l'ordre : {0}.", driven: "Les indices désignent comme opérateur {0}{1}.", sureOf: " ({0})",
	autonomy: "Selon l'estimation, {0} des actions (intervalle à 90 % : de {1} à {2}) ont été menées sans intervention humaine.", decided: "Entre celles-ci, à {0}, une personne a pu décider de la suite : un silence, puis un changement.",
	adapted: "Bloqué, l'intrus a continué autrement {0}, au plus vite en {1}.", dataTouched: "Données concernées : {0}.", active: "La dernière action de l'intrusion est du {2} UTC ; ses journaux s'arrêtent {1} plus tard, le {0} UTC : elle a pu se poursuivre.", activeLast: "L'intrusion était encore active à la fin de ses journaux, le {0} UTC, et a pu se poursuivre.",
	paused: "La campagne était silencieuse depuis {0} à la fin des journaux, mais avait déjà repris après {1} de silence.", silent: "Sa dernière action précède de {0} la fin des journaux ; ceux-ci ne permettent pas de dire qu'elle est terminée.",
	why: "Gravité {0} : {1}.",

	finding: "Appréciation fondée sur les journaux", byLogs: "D'après les journaux et le jugement qui en est tiré :", incident: "Rapport d'incident", rated: "Gravité", made: "Établi le", idLabel: "Campagne", noCampaigns: "Aucune campagne n'a été trouvée. Ce qui n'a pas été lu pourrait en cacher une : voir la couverture.", others: "Autres campagnes",
	summary: "Synthèse", timeline: "Chronologie", actors: "Acteurs et opérateurs", victims: "Victimes", data: "Données concernées", indicators: "Indicateurs",
	countermeasures: "Mesures proposées", openQuestions: "Questions ouvertes", coverage: "Couverture", limits: "Limites",
	timeHead: "Heure (UTC)", phaseHead: "Phase", whatHead: "Faits", whereHead: "Où", resultHead: "Réussies / échouées",
	worked: "réussies", failed: "échouées", person: "décision", change: "{0}", gateRow: "Silence de {0}, puis un changement : {1}", adaptRow: "Bloqué en tant que {0} ; reprise {1} plus tard en tant que {2} (changement : {3})",
	kindHead: "Nature", nameHead: "Nom", orgHead: "Organisation", stateHead: "État, d'après les journaux", tacticsHead: "Phases", count: "Actions",
	firstHead: "Début", lastHead: "Fin", reached: "atteinte", tried: "visée", handles: "Connu sous : {0}.", judged: "Opérateur, selon le jugement porté : {0}.",
	shares: "humain {0}, script {1}, agent d'IA {2}", evidenceHead: "Indice", seenHead: "Mesure", weights: "Humain / script / agent",
	weightsNote: "Les poids sont des log-vraisemblances ; leurs sommes, ramenées à des parts, forment le jugement.",
	tempo:       "Rythme : {0} ; au plus {1} en une seconde et {2} en une minute ; la moitié des pauses entre elles durent moins de {3}.", tempoNone: "Rythme : {0}.",
	tempoFine: "Rythme : {0} ; au plus {1} en une seconde et {2} en une minute ; la moitié des intervalles sont trop courts pour les heures des journaux.",
	joined:    "Rapprochements :", linkRow: "{0} – {1} : {2} (poids {3})", noData: "Aucun accès à des données n'a été observé. Cela ne prouve pas qu'il n'y en a pas eu.", noMarks: "Aucun qui distingue cet intrus d'un autre.",
	noOpen:              "Aucune n'a été relevée.",
	countermeasuresNote: "Déduites de ce qui a été observé ; à vérifier avant toute exécution, après avoir préservé les preuves.",
	counterNone:         "Aucune ne découle de ce qui a été observé.",
	read:                "Lus : {0} sur {1}, {2}.", notRead: "Non lus : {0}, dont le contenu n'est pas dans ce rapport.", faults: "Enregistrements ou fichiers qui n'ont pas pu être lus tels quels : {0}.", timeless: "Événements sans heure : {0}.", struck: "Horodatages qui n'ont pas été crus : {0}.",
	spanRead: "Les journaux vont du {0} au {1}.", noCoverage: "Ce rapport ne sait pas ce qui a été lu.", missing: "Télémétrie qui en dirait davantage :",
	rest: "{0} de plus ne sont pas montrés ici ; le fichier JSONL contient tout.", commands: "Commandes et requêtes :", places: "Preuves : {0}",
	cautions:   "Ce rapport est établi par un programme à partir de journaux. Il montre ce que les journaux montrent : ce qui n'a pas été journalisé, pas été lu ou a été effacé n'y figure pas. Les acteurs sont rapprochés par des indices pondérés et le rapprochement peut être erroné ; la nature de l'opérateur est un jugement, non une preuve, et ne désigne ni personne ni groupe. Les heures sont celles des journaux.",
	quotedNote: "Les commandes, les noms et les textes des journaux sont cités tels quels, de même que les titres de règles et d'alertes, qui sont des noms propres : ils restent en anglais, entre guillemets.", untranslated: "« {0} » (en anglais)",
	changes: map[string]string{"address": "adresse", "user_agent": "agent utilisateur", "tool": "outil", "account": "compte", "pace": "rythme"},
	leads:   "Inhabituel dans les mêmes organisations, trop faible pour être rattaché :", leadRow: "{0}{1}, {2}, {3} ({4})", leadOn: " sur {0}",
	attempts: "Par ailleurs, {0} ont tenté quelque chose sans que l'on sache s'ils sont arrivés à quoi que ce soit.", asides: "Hors de toute campagne, mais parlants : {0} types de faits sur des machines isolées.",
	lost: "Ce qui peut manquer à cette campagne", was: "Rapportée auparavant sous {0}.", weak: "faible",
	weakNote:    "Ce qui est marqué « faible » n'est rapporté qu'en raison de son entourage : rien ne devrait être décidé sur cette seule base.",
	weakLeftOut: "Absents de ces listes, car rattachés trop faiblement à la campagne ; à vérifier avant d'agir : {0}.",
	bare:        "Événements de journaux Windows lus sans collection de règles : {0}. Ce que seules de telles règles voient n'est pas dans ce rapport.",
	custody:     "Chaîne de conservation", bytesHead: "Octets", unhashed: "{0} fichiers lus sont sans SHA-256 : il n'a pas été demandé, ou ils n'ont pas été lus en entier ou ont changé entre-temps.",
	pseudonyms: "Les machines, comptes et adresses sont des pseudonymes : le même nom a partout le même pseudonyme ; les adresses publiques sont des adresses de documentation.",
	seal:       "SHA-256 de tout ce qui précède ce paragraphe dans ce fichier :", digestKinds: map[string]string{"input": "entrée", "rules": "règles"},
	unmet: "Un filtre n'a rien trouvé : {0}.", partial: "La lecture s'est arrêtée avant la fin : {0}.", letGoIntro: "Rencontrés mais non conservés, si bien que ce rapport peut être incomplet :", letGoRow: "{0} {1}, {2} : {3}",
	andTargets: " ainsi qu'à {0}", andWeak: ", et peut-être à {0} de plus", reachedListed: "Cibles citées que l'intrus a atteintes : {0}.", unlistedTarget: noun{"cible qui n'est pas citée", "cibles qui ne sont pas citées"},
	guessed:  "Des heures reposent sur ce que les enregistrements ne disent pas :",
	guessRow: "{0} événements sur {1} de {2} : {3}, pris pour {4} ; motif : {5}", guessFiles: "{0} fichiers (la plupart de {1})", guessMostly: "le plus souvent {0}",
	strayRow:   "{0} événements de {1} sont à un an et plus de tous les autres et ne comptent pas dans la période : {2}",
	guessKinds: map[string]string{"year": "année non écrite", "zone": "fuseau non écrit", "date": "date non écrite", "stamp": "heure non écrite", "offset": "fuseau de l'heure locale non écrit", "order": "jour et mois dans un ordre ou l'autre"},
	letGoKinds: map[string]noun{"quiet actions": {"action discrète", "actions discrètes"}, "telling actions": {"action parlante", "actions parlantes"}, "tempo": {"instant servant à mesurer le rythme", "instants servant à mesurer le rythme"},
		"places": {"endroit où relire une action", "endroits où relire des actions"}, "correlation hits": {"occurrence comptée par une corrélation", "occurrences comptées par des corrélations"},
		"hits of other rules": {"occurrence d'une règle modifiée", "occurrences de règles modifiées"}, "pieces of what was known": {"élément de ce que savait une exécution antérieure", "éléments de ce que savait une exécution antérieure"}, "old names": {"nom qui n'a pas été vu depuis longtemps", "noms qui n'ont pas été vus depuis longtemps"},
		"connections": {"connexion", "connexions"}, "connections without a time": {"connexion sans heure", "connexions sans heure"}, "names": {"nom", "noms"},
		"late": {"événement arrivé trop tard", "événements arrivés trop tard"}, "old": {"événement antérieur à l'horizon", "événements antérieurs à l'horizon"}},
	omitted: map[string]noun{"steps": {"1 autre étape, au milieu, n'est pas citée.", "{0} autres étapes, au milieu, ne sont pas citées."}, "victims": {"1 autre victime n'est pas citée.", "{0} autres victimes ne sont pas citées."},
		"links": {"1 autre lien n'est pas cité.", "{0} autres liens ne sont pas cités."}, "key_events": {"1 autre fait marquant n'est pas cité.", "{0} autres faits marquants ne sont pas cités."}, "used": {"1 autre élément utilisé n'est pas cité.", "{0} autres éléments utilisés ne sont pas cités."}, "touched": {"1 autre élément touché n'est pas cité.", "{0} autres éléments touchés ne sont pas cités."},
		"indicators": {"1 autre indicateur n'est pas cité.", "{0} autres indicateurs ne sont pas cités."},
		"actors":     {"1 autre acteur n'est pas cité.", "{0} autres acteurs ne sont pas cités."}, "joins": {"1 autre rapprochement n'est pas cité.", "{0} autres rapprochements ne sont pas cités."}, "": {"1 autre élément n'est pas cité.", "{0} autres éléments ne sont pas cités."}},
	notice: frenchNotice,
	key:    frenchKey,
}
