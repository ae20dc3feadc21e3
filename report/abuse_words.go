package report

import "github.com/tocsin-ids/tocsin"

// abuseWords are what a report about a principal says in one language, beside words.
type abuseWords struct {
	title, draft, caution                              string
	blanks                                             [][2]string // what to fill in: its name, and what is asked for
	who, principal, agents, sessions, calls            string
	first, last, targets, campaigns, own               string
	by                                                 map[string]string
	facts, factsNote, call, target, quote, ids         string
	withheld                                           string
	assessment, judgement, alert, weights, weight, sum string
	record, at, phases                                 string
	verdicts, verdictNames                             [tocsin.Turned + 1]string
	against, nothingAgainst, scope, ask                string
	lookUp, lookUpNote                                 string
	techniques, techniquesNote, noTechniques           string
	taxonomy, id, reported, reportedNote               string
	unknown                                            string
	sight                                              map[string]string
	unknowns                                           []string
}

func abuseTongue(lang string) *abuseWords {
	if lang == "fr" {
		return &abuseFrench
	}
	return &abuseEnglish
}

var abuseEnglish = abuseWords{
	title: "Suspected abuse of an AI agent – report",
	draft: "Draft, made by a program from recorded tool calls. It keeps apart what the records show and what is judged of it. A person has to check it, fill in the blanks and decide whether to send it.",
	blanks: [][2]string{{"Recipient", "abuse desk of the provider, or the authority"}, {"Reported by", "name, organisation, contact"}, {"Relation to the principal", "operator, victim, provider, third party"},
		{"What is asked for", "preserve logs, look into it, suspend, inform the targets"}, {"Targets informed", "who, when"}},
	who: "Who and when", principal: "Principal, as the logs name it", agents: "Agents, as the logs name them", sessions: "Sessions", calls: "Tool calls", first: "First call", last: "Last call",
	targets: "Named as targets of calls", campaigns: "The same sessions are part of the campaign {0} in the same result.", own: "the agent’s own machine",
	by:    map[string]string{"account": "named by an account", "repository": "named by a repository and an operating-system user", "run": "named by a run", "session": "named by a session; no account is recorded"},
	facts: "What the records show", factsNote: "Calls that agents are recorded to have asked for, secrets masked: those that the assessment rests on. A call says what was asked for; that it ran, and what came of it, only its result and the target’s own logs can show. Prompts, answers and file contents are not quoted.",
	call: "Call", target: "Target", quote: "Call as recorded", ids: "Session / call id", withheld: "withheld",
	assessment: "Assessment", judgement: "This is a judgement by rules and weights over the calls above. It is not a finding of fact, establishes no intent, and names no person: an account may be stolen, shared, or used by an agent that was misled.",
	alert: "By these rules it became suspicious with call {0} of {1}; nothing later was used for that.", weights: "Weights are log-odds in nats; they add up to the score.", weight: "Weight", sum: "in sum", record: "Record",
	at: "At {0}: {1}", phases: "Phases, in the order in which they were first met, as the rules assign them: {0}.",
	verdicts:     [...]string{"The recorded calls look like ordinary work.", "The recorded calls look like security work.", "The recorded calls are suspicious: more of what intruders do than ordinary work has.", "The recorded calls are consistent with an intrusion run with the help of an agent.", "The recorded calls are consistent with an agent that acted against its own principal, who would then be the victim."},
	verdictNames: [...]string{"ordinary", "security work", "suspicious", "consistent with an intrusion", "consistent with a turned agent"},
	against:      "What speaks against it", nothingAgainst: "Nothing that was read speaks for authorised or honest work. That no authorisation was read is no evidence against the principal.",
	scope: "Scope record {0} grants {1} further acts, which are not counted above.", ask: "A permission, contract or scope record that covers the targets, the kinds of act and the time would change the assessment; it is to be asked for before a measure is taken that cannot be undone.",
	lookUp: "To look up in your own logs", lookUpNote: "Ids of sessions as the logs name them; ids of calls and their times (UTC) are in the table of calls.",
	techniques: "Techniques", techniquesNote: "Assigned by rules to calls that are part of the evidence; with the version of each taxonomy.", noTechniques: "No technique is assigned.",
	taxonomy: "Taxonomy", id: "Id", reported: "reported", reportedNote: "“Reported”: the id was read in copies of the taxonomy, not in its publisher’s own file.",
	unknown: "What is not known", sight: map[string]string{"full": "The records hold arguments and results of calls", "degraded": "The records are incomplete", "blind": "The records lack arguments or results of calls"},
	unknowns: []string{"Who is behind the account, and what was intended.", "Whether the targets agreed to it.", "What the agent did that was not recorded, and what became of calls on machines whose logs were not read."},
	caution:  "Times are as the logs state them, in UTC.",
}

var abuseFrench = abuseWords{
	title: "Usage suspect d'un agent d'IA – signalement",
	draft: "Projet, établi par un programme à partir d'appels d'outils enregistrés. Il sépare ce que montrent les enregistrements et ce qui en est jugé. Une personne doit le vérifier, compléter les blancs et décider de l'envoyer.",
	blanks: [][2]string{{"Destinataire", "service abus du fournisseur, ou autorité"}, {"Signalé par", "nom, organisation, contact"}, {"Lien avec le mandant", "exploitant, victime, fournisseur, tiers"},
		{"Ce qui est demandé", "conserver les journaux, enquêter, suspendre, informer les cibles"}, {"Cibles informées", "qui, quand"}},
	who: "Qui et quand", principal: "Mandant, tel que les journaux le nomment", agents: "Agents, tels que les journaux les nomment", sessions: "Sessions", calls: "Appels d'outils", first: "Premier appel", last: "Dernier appel",
	targets: "Nommés comme cibles d'appels", campaigns: "Les mêmes sessions font partie de la campagne {0} du même résultat.", own: "la machine de l'agent",
	by:    map[string]string{"account": "nommé par un compte", "repository": "nommé par un dépôt et un utilisateur du système", "run": "nommé par une exécution", "session": "nommé par une session ; aucun compte n'est enregistré"},
	facts: "Ce que montrent les enregistrements", factsNote: "Appels que des agents ont demandés d'après les enregistrements, secrets masqués : ceux sur lesquels repose l'appréciation. Un appel dit ce qui a été demandé ; qu'il ait été exécuté, et avec quel effet, seuls son résultat et les journaux de la cible peuvent le montrer. Les consignes, les réponses et le contenu des fichiers ne sont pas cités.",
	call: "Appel", target: "Cible", quote: "Appel tel qu'enregistré", ids: "Session / id de l'appel", withheld: "non communiqué",
	assessment: "Appréciation", judgement: "C'est un jugement par règles et pondérations sur les appels ci-dessus. Il ne constate aucun fait, n'établit aucune intention et ne désigne personne : un compte peut être volé, partagé, ou utilisé par un agent trompé.",
	alert: "Selon ces règles, c'est devenu suspect à l'appel {0} sur {1} ; rien de postérieur n'a servi à le dire.", weights: "Les poids sont des log-cotes en nats ; leur somme est le score.", weight: "Poids", sum: "au total", record: "Enregistrement",
	at: "{0} : {1}", phases: "Phases, dans l'ordre où elles ont été rencontrées, telles que les règles les attribuent : {0}.",
	verdicts:     [...]string{"Les appels enregistrés ressemblent à un travail ordinaire.", "Les appels enregistrés ressemblent à un travail de sécurité.", "Les appels enregistrés sont suspects : ils tiennent plus de l'intrusion que n'en a un travail ordinaire.", "Les appels enregistrés sont compatibles avec une intrusion menée à l'aide d'un agent.", "Les appels enregistrés sont compatibles avec un agent qui a agi contre son propre mandant, lequel serait alors la victime."},
	verdictNames: [...]string{"ordinaire", "travail de sécurité", "suspect", "compatible avec une intrusion", "compatible avec un agent retourné"},
	against:      "Ce qui parle contre", nothingAgainst: "Rien de ce qui a été lu ne parle pour un travail autorisé ou honnête. Qu'aucune autorisation n'ait été lue n'est pas un indice contre le mandant.",
	scope: "L'autorisation {0} couvre {1} autres actes, non comptés ci-dessus.", ask: "Une permission, un contrat ou une autorisation qui couvre les cibles, les types d'actes et la période changerait l'appréciation ; il faut les demander avant toute mesure irréversible.",
	lookUp: "À rechercher dans vos journaux", lookUpNote: "Identifiants de sessions tels que les journaux les nomment ; ceux des appels et leurs heures (UTC) sont dans le tableau des appels.",
	techniques: "Techniques", techniquesNote: "Attribuées par des règles aux appels qui font partie des indices ; avec la version de chaque taxonomie.", noTechniques: "Aucune technique n'est attribuée.",
	taxonomy: "Taxonomie", id: "Id", reported: "rapporté", reportedNote: "« Rapporté » : l'identifiant a été lu dans des copies de la taxonomie, non dans le fichier de son éditeur.",
	unknown: "Ce que l'on ignore", sight: map[string]string{"full": "Les enregistrements contiennent les arguments et les résultats des appels", "degraded": "Les enregistrements sont incomplets", "blind": "Les arguments ou les résultats des appels manquent dans les enregistrements"},
	unknowns: []string{"Qui est derrière le compte, et dans quelle intention.", "Si les cibles étaient d'accord.", "Ce que l'agent a fait sans que ce soit enregistré, et l'effet des appels sur des machines dont les journaux n'ont pas été lus."},
	caution:  "Les heures sont celles des journaux, en UTC.",
}
