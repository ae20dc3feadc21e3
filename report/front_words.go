package report

// frontWords are what the first page of an incident report says in one language, and what its countermeasures and its list of
// ways to come back say. {0}, {1} … are places for facts.
type frontWords struct {
	head, limits                                          string
	incidents                                             noun
	sameAddress, sameNet, sameHost, sameAccount, sameName string // {0} the numbers of incidents, {1} what they share
	sameAfter, nothing                                    string // nothing: {1} is incident or incidents
	who, in, done, taken, still, sure, next               string // labels
	unknownDoer, throughDoer, serverDoer, behind          string
	inServer, inService                                   string // {0} what was run, {1} by which server
	inAt, inHost, inFrom, inUnsure, inTried, inObtained   string
	inShort, inBefore, noWhence, onBehalf                 string
	notShown, firstSign, maybeIn                          string
	doneOpen, triedOnly                                   string
	sent, sending, packed, secrets, noneTaken             string // {0} what, {1} where to or where
	mailTaken                                             string
	laid, laidNone, laidControl, laidTold, laidUsed       string
	removed, notRemoved                                   string
	weakest, alone, aloneLocal, aloneLinked               string
	weakly, thin                                          string
	degrees                                               [3]string // by degree
	tactics                                               noun
	sureNone, sureShown, sureWeak, sureUnusual            string // {0} of {1} tactics
	nothingNext                                           string
	decoded, inFull, whole, number                        string
	back, backHead, backNone, removalHead, byUse, seeAt   string
	unread, bareWindows, cut, guessed, faulty, tries      string
	aside, old                                            string // {0} alerts; {0} when the logs end, {1} how long ago
	appendix, weighed, groupNote                          string
	kinds                                                 map[string]string // of footholds
	lock, halt, take, stop, find, closeWay, isolate       string
	closeServer, serviceOf                                string // {2} the service, with the space before it
	examine, port, findOut                                string
	controller, pod, moved                                string
	renew, restore, turnOn, recall, misuse                string
	cost                                                  map[string]string
}

func (w *words) front() *frontWords { return frontIn[w.lang] }

var frontIn = map[string]*frontWords{
	"en": {
		head: "At a glance", limits: "What this report does not see:", incidents: noun{"incident", "incidents"},
		sameAddress: "Incidents {0} have an address in common: {1}.", sameNet: "Incidents {0} come from neighbouring addresses, in {1}.",
		sameHost: "Incidents {0} have a machine in common: {1}.", sameAccount: "Incidents {0} have an account in common: {1}.", sameName: "Incidents {0} have accounts of the same name: {1}.",
		sameAfter: "What is shared does not show that they are one: it was too little to join them.", nothing: "Nothing in common with any other (address, neighbouring address, machine, account): {1} {0}.",
		who: "Who", in: "How in", done: "Done", taken: "Taken", still: "Still there", sure: "How sure", next: "Next",
		unknownDoer: "not known; only what happened on {0}", throughDoer: "not known; it was done from what was entered: {0}", serverDoer: "not known; it was done as {0}, the account of the service that was entered", behind: "What was entered was made to contact, or fetched from: {0}", inServer: "the service {1} was made to run {0}", inService: "a service was made to run {0}", inAt: "{0} UTC: {1}", inHost: ", on {0}", inFrom: ", from {0}", inUnsure: "; that it worked is not recorded", inTried: "; passwords had been tried before", inObtained: "; how that access was obtained is not shown", inBefore: "; before it, at {1} UTC: {0}, and how the intruder got there is not shown", onBehalf: "AI agents in it work for: {0}", noWhence: "by its agents' own log, which does not say on which machine they ran", inShort: "In short:",
		notShown: "not shown", firstSign: "; the first sign is at {0} UTC: {1}", maybeIn: "; what was tried may be it, from {0} UTC on: {1}.",
		doneOpen: "that it worked is not recorded: {0}", triedOnly: "tried, and failed: {0}",
		sent: "data was sent out{1}: {0}", sending: "a command to send data out{1} was given: {0}; that data left is not shown", packed: "data was taken together: {0}", secrets: "secrets were read, taken or searched for: {0}",
		noneTaken: "no access to data was seen, which is no proof that there was none", mailTaken: "what the mail that was sent carried is not recorded",
		laid: "{0} {1}", laidNone: "no way to come back was seen.", laidControl: "nothing was seen to be laid; what was entered spoke to {0}, and may be steered from there.", laidTold: "nothing was seen to be laid; what was entered was told to speak to {0}, and would be steered from there if it did.", laidUsed: " (last used {0} UTC)", removed: "removed {0} UTC", notRemoved: "removal not seen",
		weakest: "Weakest join: ", alone: "One actor did all of it, so that nothing had to be joined.", aloneLocal: "All of it happened on one machine, so that nothing had to be joined.", aloneLinked: "One actor did all of it, under several names; why they are one stands in the appendix.", weakly: "{0} of {1} victims are told of only because of what happened near them.",
		degrees: [...]string{"Open", "Firm in part", "Firm"}, tactics: noun{"tactic", "tactics"}, sureNone: "Nothing shows that any of it worked.", sureShown: "Of {0} of {1} a record, or what came of it, shows that it worked.", sureWeak: "No act of it is telling by itself: it is told because several come together.", sureUnusual: "Whether it is an intrusion is for you to find out.", thin: "What was not read limits all of this: see above.",
		nothingNext: "nothing is sure enough to act on; look into the incident itself first.",
		decoded:     " (decoded: {0})", inFull: " [more: {0}]", whole: "Commands, more of them (the records have them whole)", number: "No.",
		back: "Ways to come back", backHead: "What was laid", backNone: "None was seen. That is no proof that there is none.", removalHead: "Removal", byUse: "last used {0} UTC", seeAt: ", {0}",
		unread: "Files not read: {0} ({1}{2}).", bareWindows: "Of {1} events, {0} are of Windows logs that were read without a rule collection: what only such rules see is missing.", cut: "The run ended before all was read: {0}.", guessed: "{0} events have times that rest on a guess: {1}.",
		faulty: "Records or files that could not be read as they stand: {0}.", aside: "In no incident, for nothing ties it to one, but of level high or above: {0}. Look at whom these are about.", old: "The logs end at {0} UTC, {1} before this report: what is so now, they cannot say.", tries: "{0} tried something and are not known to have got anywhere, so that they are in no incident{1}.",
		appendix: "Appendix", weighed: "Evidence of incident {0}, weighed", groupNote: "Rows with the same role and reason are one.",
		kinds: map[string]string{"account": "account", "key": "key for logging in", "credential": "access key or password", "policy": "rights or role", "changed": "changed account", "cron": "cron entry", "task": "scheduled task", "timer": "systemd timer", "job": "cluster job", "service": "service", "workload": "workload put into the cluster",
			"webshell": "web shell or server component", "autostart": "autostart", "trigger": "event trigger", "login": "change of how logins are checked", "hijack": "hijacked program", "image": "changed image", "remote": "remote access", "other": "other way back"},
		lock: "Lock {0}: end sessions, renew passwords and keys", find: "Find out which machine had {0}, to which another was made to call back: examine it as entered too, or as one that does not belong there", halt: "End the agents' sessions of {0}, and hold the accounts and keys by which they ask their model", examine: "Examine first, and isolate if it is borne out: {0}", take: "Take away, after a copy as evidence: {0}", stop: "Block, and search all logs for: {0}",
		closeWay: "Patch or take off the internet the service on {0} that was entered by: {1}", closeServer: "Patch or take off the internet the service{2} on {0}, which was made to run {1}", serviceOf: " that runs as {0},", isolate: "Isolate, after securing memory and disks: {0}",
		controller: "{0} looks like a domain controller: isolating it stops logins for all; watch it, and rebuild the domain in order if what was done there is borne out", pod: "{0} is in a cluster: keep a copy of the pod, then delete it and cordon its node; the address is reused", moved: "find out which machine had {0} at the time: addresses move",
		renew: "Renew the secrets that were read by: {0}", restore: "Restore what was damaged from copies out of reach, and rebuild: {0}", turnOn: "Check that logging and protection run, and look for gaps in what they kept; this was to impair them: {0}",
		port: "Let only your mail servers send mail to the internet (TCP port 25), and not {0}", findOut: "Find out what {0} is, which a machine that was entered speaks to; block it if nobody knows it",
		recall: "Ask who runs {0} to preserve and then delete what was sent there", misuse: "Stop the use at your cost: deny {0} to {1}, and look at quota and bill",
		cost: map[string]string{"port": "cost: hardly any", "find": "cost: time", "halt": "cost: their other work stops", "examine": "cost: time", "lock": "cost: what runs as these stops until it has the new ones", "take": "cost: hardly any", "stop": "cost: hardly any; a provider's address may serve others", "close": "cost: the service is away meanwhile", "isolate": "cost: what these machines serve stops", "renew": "cost: all that uses them must be given the new ones", "restore": "cost: what changed since the last copy", "on": "cost: hardly any", "recall": "cost: hardly any", "misuse": "cost: who uses these accounts honestly waits"},
	},
	"fr": {
		head: "L'essentiel", limits: "Ce que ce rapport ne voit pas :", incidents: noun{"incident", "incidents"},
		sameAddress: "Les incidents {0} ont une adresse en commun : {1}.", sameNet: "Les incidents {0} viennent d'adresses voisines, dans {1}.",
		sameHost: "Les incidents {0} ont une machine en commun : {1}.", sameAccount: "Les incidents {0} ont un compte en commun : {1}.", sameName: "Les incidents {0} ont des comptes du même nom : {1}.",
		sameAfter: "Ce qu'ils partagent ne montre pas qu'ils ne font qu'un : c'était trop peu pour les rapprocher.", nothing: "Rien en commun avec un autre (adresse, adresse voisine, machine, compte) : {1} {0}.",
		who: "Qui", in: "Entrée", done: "Actes", taken: "Pris", still: "Encore en place", sure: "Certitude", next: "À faire",
		unknownDoer: "inconnu ; seuls sont connus des faits survenus sur {0}", throughDoer: "inconnu ; agissait depuis ce qui a été atteint : {0}", serverDoer: "inconnu ; agissait sous {0}, le compte du service par lequel l'entrée s'est faite", behind: "Ce qui a été atteint a été amené à contacter, ou à télécharger depuis : {0}", inServer: "le service {1} a été amené à exécuter {0}", inService: "un service a été amené à exécuter {0}", inAt: "{0} UTC : {1}", inHost: ", sur {0}", inFrom: ", depuis {0}", inUnsure: " ; sa réussite n'est pas journalisée", inTried: " ; des mots de passe avaient été essayés auparavant", inObtained: " ; rien ne montre comment cet accès a été obtenu", inBefore: " ; plus tôt, le {1} UTC : {0}, sans que rien ne montre comment l'intrus y était parvenu", onBehalf: "Des agents d'IA y travaillent pour : {0}", noWhence: "d'après le journal de ses agents, qui ne dit pas sur quelle machine ils tournaient", inShort: "En bref :",
		notShown: "pas montrée", firstSign: " ; le premier signe est à {0} UTC : {1}", maybeIn: " ; peut-être ce qui a été tenté à partir de {0} UTC : {1}.",
		doneOpen: "réussite non journalisée : {0}", triedOnly: "tentés, en échec : {0}",
		sent: "des données sont sorties{1} : {0}", sending: "une commande d'envoi de données{1} a été donnée : {0} ; rien ne montre que des données sont parties", packed: "des données ont été rassemblées : {0}", secrets: "des secrets ont été lus, pris ou recherchés : {0}",
		noneTaken: "aucun accès à des données n'a été observé, ce qui ne prouve pas qu'il n'y en a pas eu", mailTaken: "ce que portait le courrier envoyé n'est pas journalisé",
		laid: "{0} {1}", laidNone: "aucun moyen de revenir n'a été observé.", laidControl: "rien n'a été posé, à ce que l'on voit ; ce qui a été atteint a communiqué avec {0} et peut être piloté de là.", laidTold: "rien n'a été posé, à ce que l'on voit ; ce qui a été atteint devait communiquer avec {0} et serait alors piloté de là.", laidUsed: " (dernier usage : {0} UTC)", removed: "retrait le {0} UTC", notRemoved: "retrait non observé",
		weakest: "Rapprochement le plus faible : ", alone: "Un seul acteur a tout fait : il n'y avait rien à rapprocher.", aloneLocal: "Tout est survenu sur une seule machine : il n'y avait rien à rapprocher.", aloneLinked: "Un seul acteur a tout fait, sous plusieurs noms ; l'annexe dit pourquoi ils sont tenus pour le même.", weakly: "{0} victimes sur {1} ne sont citées qu'en raison de ce qui s'est passé autour d'elles.",
		degrees: [...]string{"Ouvert", "Établi en partie", "Établi"}, tactics: noun{"tactique", "tactiques"}, sureNone: "Rien ne montre que quoi que ce soit ait réussi.", sureShown: "Pour {0} sur {1}, un enregistrement ou ce qui s'en est suivi montre la réussite.", sureWeak: "Aucun acte n'est parlant par lui-même : c'est leur réunion qui l'est.", sureUnusual: "Que ce soit une intrusion reste à établir.", thin: "Ce qui n'a pas été lu limite tout cela : voir plus haut.",
		nothingNext: "rien n'est assez sûr pour agir ; examiner d'abord l'incident lui-même.",
		decoded:     " (décodé : {0})", inFull: " [suite : {0}]", whole: "Commandes, texte plus long (les enregistrements les ont en entier)", number: "N°",
		back: "Moyens de revenir", backHead: "Ce qui a été posé", backNone: "Aucun n'a été observé. Cela ne prouve pas qu'il n'y en a pas.", removalHead: "Retrait", byUse: "dernier usage : {0} UTC", seeAt: ", {0}",
		unread: "Fichiers non lus : {0} ({1}{2}).", bareWindows: "Sur {1} événements, {0} viennent de journaux Windows lus sans collection de règles : des actes que seules de telles règles voient ont pu échapper à ce rapport.", cut: "La lecture s'est arrêtée avant la fin : {0}.", guessed: "{0} événements ont une heure qui repose sur une supposition : {1}.",
		faulty: "Enregistrements ou fichiers illisibles tels quels : {0}.", aside: "Dans aucun incident, faute de lien, mais de niveau élevé ou plus : {0}. Voir qui cela concerne.", old: "Les journaux s'arrêtent le {0} UTC, {1} avant ce rapport : ils ne disent rien de l'état actuel.", tries: "{0} ont tenté quelque chose sans résultat connu et ne sont dans aucun incident{1}.",
		appendix: "Annexe", weighed: "Indices de l'incident {0}, pondérés", groupNote: "Les lignes de même rôle et de même motif n'en font qu'une.",
		kinds: map[string]string{"account": "compte", "key": "clé de connexion", "credential": "clé d'accès ou mot de passe", "policy": "droits ou rôle", "changed": "compte modifié", "cron": "entrée cron", "task": "tâche planifiée", "timer": "minuterie systemd", "job": "tâche de grappe", "service": "service", "workload": "charge de travail déployée dans la grappe",
			"webshell": "porte dérobée web ou composant de serveur", "autostart": "démarrage automatique", "trigger": "déclencheur", "login": "contrôle des connexions modifié", "hijack": "programme détourné", "image": "image modifiée", "remote": "accès distant", "other": "autre moyen de revenir"},
		lock: "Verrouiller {0} : fermer les sessions, renouveler mots de passe et clés", find: "Établir quelle machine avait {0}, qu'une autre a été amenée à rappeler : l'examiner : elle est soit atteinte elle aussi, soit étrangère au réseau", halt: "Mettre fin aux sessions d'agent de {0}, et suspendre les comptes et clés par lesquels le modèle est interrogé", examine: "Examiner d'abord, et isoler si cela se confirme : {0}", take: "Retirer, après copie comme preuve : {0}", stop: "Bloquer et rechercher dans tous les journaux : {0}",
		closeWay: "Corriger ou retirer d'Internet le service de {0} par lequel l'entrée s'est faite : {1}", closeServer: "Corriger ou retirer d'Internet le service{2} de {0}, qui a été amené à exécuter {1}", serviceOf: " qui tourne sous {0},", isolate: "Isoler, après copie de la mémoire et des disques : {0}",
		controller: "{0} paraît être un contrôleur de domaine : l'isoler arrête les connexions de tous ; le surveiller, et reconstruire le domaine en ordre si ce qui y a été fait se confirme", pod: "{0} est dans une grappe : copier le pod, puis le supprimer et fermer son nœud ; l'adresse resservira", moved: "établir quelle machine avait {0} à ce moment : les adresses changent de machine",
		renew: "Renouveler les secrets lus par : {0}", restore: "Restaurer ce qui a été abîmé depuis des copies hors d'atteinte et reconstruire : {0}", turnOn: "Vérifier que la journalisation et la protection fonctionnent et rechercher les lacunes ; ceci visait à les affaiblir : {0}",
		port: "Ne laisser sortir le courrier (port TCP 25) que par vos serveurs de messagerie, et non depuis {0}", findOut: "Établir ce qu'est {0}, avec qui communique une machine atteinte ; le bloquer si personne ne le connaît",
		recall: "Demander à qui exploite {0} de préserver puis d'effacer ce qui y est allé", misuse: "Arrêter l'usage à vos frais : refuser {0} à {1}, puis contrôler quota et facture",
		cost: map[string]string{"port": "coût : presque aucun", "find": "coût : du temps", "halt": "coût : ses autres travaux s'arrêtent", "examine": "coût : du temps", "lock": "coût : ce qui tourne sous ces comptes s'arrête en attendant", "take": "coût : presque aucun", "stop": "coût : presque aucun ; l'adresse d'un fournisseur peut servir à d'autres", "close": "coût : le service est absent en attendant", "isolate": "coût : ce que servent ces machines s'arrête", "renew": "coût : tout ce qui s'en sert doit recevoir les nouveaux", "restore": "coût : ce qui a changé depuis la dernière copie", "on": "coût : presque aucun", "recall": "coût : presque aucun", "misuse": "coût : les usagers légitimes de ces comptes attendent"},
	},
}
