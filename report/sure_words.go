package report

// sureWords are what a report says of how sure it is, in one language. {0}, {1} … are places for facts.
type sureWords struct {
	shares, none   string            // drivers with their shares, by {6} judged acts; of a judgement that names none
	sharesOfTwo    string            // as shares, where a script is not told from an agent; {4} judged acts
	notJudged      string            // {0} why
	noDoer, noActs string            // why: only machines are known; nothing that it typed or asked for
	acts           noun              // that are judged
	rather, but    string            // {0} one driver, {1} the other, {2} the reasons
	of, never      string            // {0} the share, {1} of how many; what follows a reason of pace
	plain          map[string]string // driver in a word
	than           map[string]string // the same after rather
	between        string            // reasons
	reasons        map[string]string // by feature, or feature/symbol; {0} is the share of how many
	joins          string            // title
	episode        string            // {0} a machine: what happened there
	happened       string            // the same before the machine
	join           string            // {0} one, {1} the other, {2} on what it rests
	share, no      string            // {0}
	sharesNone     string            // {0} kinds
	weight         string            // {0} odds, {1} weight
	or             string            // between the last two of which none holds
	about, over    string            // {0} odds
	rests          map[string]string // by kind of link; {0} is how far apart, {1} how many
	kinds          map[string]noun   // of what is shared
	apart, atOnce  string            // {0}
	judgedAs       string            // of an actor that was not judged
}

var sureIn = map[string]*sureWords{
	"en": {
		shares: "{0} {1}, {2} {3}, {4} {5}, by {6}", sharesOfTwo: "{0} {1}, {2} {3}, by {4}", none: "Whether a person, a script or an AI agent drove it is undecided ({0}).",
		notJudged: "What drove it was not judged: {0}.", noDoer: "no doer is known, only what happened on machines", noActs: "nothing that it typed or asked for was recorded",
		acts: noun{"judged act", "judged acts"}, rather: "{0} rather than {1}: {2}", but: "against that, for {0}: {2}",
		of: "{0} of its {1}", never: ", and it never paused for a minute",
		plain: map[string]string{"human": "human", "script": "script", "agent": "AI agent", "either": "script or AI agent"},
		than:  map[string]string{"human": "human", "script": "script", "agent": "AI agent", "either": "script or AI agent"}, between: "; ",
		judgedAs: "driver not judged",
		reasons: map[string]string{
			"session": "an agent's own harness kept its log", "even": "its commands come at an even pace, as of a program that sleeps between them",
			"gap/below 1 s": "{0} commands come within a second of the one before", "gap/1 s": "{0} commands come a second after the one before",
			"gap/2–4 s": "{0} commands come 2 to 4 s after the one before", "gap/5–14 s": "{0} commands come 5 to 14 s after the one before",
			"gap/15–59 s": "{0} commands come 15 to 59 s after the one before", "gap/1–4 min": "before {0} commands it paused for 1 to 4 minutes",
			"gap/5 min and more": "before {0} commands it paused for 5 minutes or more",
			"wait/below 1 s":     "{0} requests, logins and calls come within a second of the one before", "wait/1 s": "{0} requests, logins and calls come a second after the one before",
			"wait/2–4 s": "{0} requests, logins and calls come 2 to 4 s after the one before", "wait/5–14 s": "{0} requests, logins and calls come 5 to 14 s after the one before",
			"wait/15–59 s": "{0} requests, logins and calls come 15 to 59 s after the one before", "wait/1–4 min": "before {0} requests, logins and calls it paused for 1 to 4 minutes",
			"wait/5 min and more":        "before {0} requests, logins and calls it paused for 5 minutes or more",
			"rhythm/like the one before": "{0} pauses are as long as the one before", "rhythm/up to twice or half of it": "{0} pauses are about as long as the one before", "rhythm/unlike it": "{0} pauses are unlike the one before",
			"beat/like the one before": "{0} pauses between requests are as long as the one before", "beat/up to twice or half of it": "{0} pauses between requests are about as long as the one before", "beat/unlike it": "{0} pauses between requests are unlike the one before",
			"text/the one before again": "{0} commands repeat the one before", "text/an earlier one again": "{0} commands repeat an earlier one", "text/the one before changed a little": "{0} commands are the one before, changed a little",
			"text/an earlier one changed a little": "{0} commands are an earlier one, changed a little", "text/new": "{0} commands are new and repeat none before",
			"again/the one before again": "{0} requests, logins and calls repeat the one before", "again/an earlier one again": "{0} requests, logins and calls repeat an earlier one", "again/the one before changed a little": "{0} requests, logins and calls are the one before, changed a little",
			"again/an earlier one changed a little": "{0} requests, logins and calls are an earlier one, changed a little", "again/new": "{0} requests, logins and calls are new and repeat none before",
			"tool/the same as before": "{0} commands use the tool of the one before", "tool/one of the last": "{0} commands take up a tool used shortly before", "tool/new": "{0} commands use a tool not used before",
			"batch/alone": "{0} commands come alone", "batch/one of 2 or 3 within 1 s of each other": "{0} commands are sent in twos or threes within a second", "batch/of 4 to 7": "{0} commands are sent in batches of 4 to 7",
			"batch/of 8 and more":        "{0} commands are sent in batches of 8 and more",
			"spread/of σ(ln) up to 0.15": "its {0} longer gaps are all but equal", "spread/up to 0.3": "its {0} longer gaps hardly differ", "spread/up to 0.45": "its {0} longer gaps differ little",
			"spread/up to 0.6": "its {0} longer gaps differ somewhat", "spread/up to 0.8": "its {0} longer gaps differ", "spread/up to 1.1": "its {0} longer gaps differ much", "spread/more": "its {0} longer gaps differ very much",
			"order/three in a row of the form of an earlier three": "{0} times three commands in a row have the form of an earlier three", "order/of a new form": "{0} times three commands in a row have a new form",
			"length/nothing new": "{0} new commands are put together of words just used", "length/up to 5 new bytes": "{0} new commands bring 5 new characters at most", "length/6–12": "{0} new commands bring 6 to 12 new characters",
			"length/13–25": "{0} new commands bring 13 to 25 new characters", "length/26–50": "{0} new commands bring 26 to 50 new characters", "length/51–100": "{0} new commands bring 51 to 100 new characters", "length/more": "{0} new commands bring more than 100 new characters",
			"speed/up to 1 new byte a second": "{0} new commands come as slowly as one new character a second, as typed in thought", "speed/up to 3": "{0} new commands come at 2 or 3 new characters a second", "speed/up to 8": "{0} new commands come at 4 to 8 new characters a second, which leaves no time to think",
			"speed/up to 20": "{0} new commands come at 9 to 20 new characters a second, faster than people type", "speed/up to 60": "{0} new commands come at 21 to 60 new characters a second, which nobody types", "speed/more": "{0} new commands come at more than 60 new characters a second, which nobody types",
			"joined/one word": "{0} new commands are a single word", "joined/simple": "{0} new commands are simple ones", "joined/one or two operators": "{0} new commands join two or three by operators", "joined/three and more": "{0} new commands join four and more by operators",
		},
		joins: "How sure the joins are, the weakest first", episode: "what happened on {0}", happened: "what happened on", join: "{0} and {1}: joined {2}.",
		share: "They share {0}", no: ", but no {0}", sharesNone: "These two share no {0}.",
		weight: "That is {0} times likelier of one intruder than by chance (weight {1}, where 3 is enough).", or: " or ", about: "about {0}", over: "more than {0}",
		apart: " ({0} apart)", atOnce: " (within a second)",
		rests: map[string]string{
			"time": "because both did what is seldom in one organisation close in time{0}", "host": "because both did what is seldom on one machine close in time{0}",
			"pivot": "because one acted from a machine that the other had got into{0}", "mark": "by a text that few write", "credential": "by a secret that both used",
			"callback": "by a host that one names and the other went to", "account": "because a mail went to the account that then acted", "effect": "by what came of an attempt on the machine",
			"together": "by {1} links between what belongs to the one and what belongs to the other, each too weak by itself",
		},
		kinds: map[string]noun{"account": {"account", "accounts"}, "address": {"address", "addresses"}, "tool": {"tool", "tools"}, "host": {"host", "hosts"}, "key": {"secret", "secrets"}, "string": {"text", "texts"}},
	},
	"fr": {
		shares: "{0} {1}, {2} {3}, {4} {5}, sur {6}", sharesOfTwo: "{0} {1}, {2} {3}, sur {4}", none: "On ne peut trancher entre une personne, un script et un agent d'IA ({0}).",
		notJudged: "L'opérateur n'a pas été jugé : {0}.", noDoer: "aucun auteur n'est connu, seulement des faits survenus sur des machines", noActs: "rien de ce qu'il a saisi ou demandé n'a été enregistré",
		acts: noun{"acte jugé", "actes jugés"}, rather: "{0} plutôt {1} : {2}", but: "en sens contraire, pour {0} : {2}",
		of: "{0} de ses {1}", never: ", et jamais il n'a marqué de pause d'une minute",
		plain: map[string]string{"human": "humain", "script": "script", "agent": "agent d'IA", "either": "script ou agent d'IA"},
		than:  map[string]string{"human": "qu'humain", "script": "que script", "agent": "qu'agent d'IA", "either": "que script ou agent d'IA"}, between: " ; ",
		judgedAs: "opérateur non jugé",
		reasons: map[string]string{
			"session": "le journal est tenu par le logiciel même d'un agent", "even": "ses commandes se suivent à un rythme égal, comme d'un programme qui attend entre elles",
			"gap/below 1 s": "{0} commandes suivent la précédente en moins d'une seconde", "gap/1 s": "{0} commandes suivent la précédente à une seconde",
			"gap/2–4 s": "{0} commandes suivent la précédente de 2 à 4 s", "gap/5–14 s": "{0} commandes suivent la précédente de 5 à 14 s",
			"gap/15–59 s": "{0} commandes suivent la précédente de 15 à 59 s", "gap/1–4 min": "une pause de 1 à 4 minutes précède {0} commandes",
			"gap/5 min and more": "une pause de 5 minutes ou plus précède {0} commandes",
			"wait/below 1 s":     "{0} requêtes, connexions et appels suivent le précédent en moins d'une seconde", "wait/1 s": "{0} requêtes, connexions et appels suivent le précédent à une seconde",
			"wait/2–4 s": "{0} requêtes, connexions et appels suivent le précédent de 2 à 4 s", "wait/5–14 s": "{0} requêtes, connexions et appels suivent le précédent de 5 à 14 s",
			"wait/15–59 s": "{0} requêtes, connexions et appels suivent le précédent de 15 à 59 s", "wait/1–4 min": "une pause de 1 à 4 minutes précède {0} requêtes, connexions et appels",
			"wait/5 min and more":        "une pause de 5 minutes ou plus précède {0} requêtes, connexions et appels",
			"rhythm/like the one before": "{0} pauses durent autant que la précédente", "rhythm/up to twice or half of it": "{0} pauses durent à peu près autant que la précédente", "rhythm/unlike it": "{0} pauses diffèrent de la précédente",
			"beat/like the one before": "{0} pauses entre requêtes durent autant que la précédente", "beat/up to twice or half of it": "{0} pauses entre requêtes durent à peu près autant que la précédente", "beat/unlike it": "{0} pauses entre requêtes diffèrent de la précédente",
			"text/the one before again": "{0} commandes répètent la précédente", "text/an earlier one again": "{0} commandes répètent une commande antérieure", "text/the one before changed a little": "{0} commandes sont la précédente, un peu modifiée",
			"text/an earlier one changed a little": "{0} commandes en reprennent une antérieure, un peu modifiée", "text/new": "{0} commandes sont nouvelles",
			"again/the one before again": "{0} requêtes, connexions et appels répètent le précédent", "again/an earlier one again": "{0} requêtes, connexions et appels en répètent un antérieur", "again/the one before changed a little": "{0} requêtes, connexions et appels sont le précédent, un peu modifié",
			"again/an earlier one changed a little": "{0} requêtes, connexions et appels en reprennent un antérieur, un peu modifié", "again/new": "{0} requêtes, connexions et appels sont nouveaux",
			"tool/the same as before": "{0} commandes emploient l'outil de la précédente", "tool/one of the last": "{0} commandes reprennent un outil employé peu avant", "tool/new": "{0} commandes emploient un outil nouveau",
			"batch/alone": "{0} commandes viennent seules", "batch/one of 2 or 3 within 1 s of each other": "{0} commandes sont envoyées par deux ou trois en moins d'une seconde", "batch/of 4 to 7": "{0} commandes sont envoyées par lots de 4 à 7",
			"batch/of 8 and more":        "{0} commandes sont envoyées par lots de 8 ou plus",
			"spread/of σ(ln) up to 0.15": "{0} intervalles longs sont presque égaux", "spread/up to 0.3": "{0} intervalles longs diffèrent à peine", "spread/up to 0.45": "{0} intervalles longs diffèrent peu",
			"spread/up to 0.6": "{0} intervalles longs diffèrent quelque peu", "spread/up to 0.8": "{0} intervalles longs diffèrent", "spread/up to 1.1": "{0} intervalles longs diffèrent beaucoup", "spread/more": "{0} intervalles longs diffèrent énormément",
			"order/three in a row of the form of an earlier three": "{0} fois, trois commandes de suite ont la forme de trois commandes antérieures", "order/of a new form": "{0} fois, trois commandes de suite ont une forme nouvelle",
			"length/nothing new": "{0} commandes nouvelles sont faites de mots qui viennent de servir", "length/up to 5 new bytes": "{0} commandes nouvelles apportent au plus 5 caractères nouveaux", "length/6–12": "{0} commandes nouvelles apportent 6 à 12 caractères nouveaux",
			"length/13–25": "{0} commandes nouvelles apportent 13 à 25 caractères nouveaux", "length/26–50": "{0} commandes nouvelles apportent 26 à 50 caractères nouveaux", "length/51–100": "{0} commandes nouvelles apportent 51 à 100 caractères nouveaux", "length/more": "{0} commandes nouvelles apportent plus de 100 caractères nouveaux",
			"speed/up to 1 new byte a second": "{0} commandes nouvelles viennent à un caractère nouveau par seconde au plus, comme tapées en réfléchissant", "speed/up to 3": "{0} commandes nouvelles viennent à 2 ou 3 caractères nouveaux par seconde", "speed/up to 8": "{0} commandes nouvelles viennent à 4 à 8 caractères nouveaux par seconde, sans laisser le temps de réfléchir",
			"speed/up to 20": "{0} commandes nouvelles viennent à 9 à 20 caractères nouveaux par seconde, plus vite qu'on ne tape", "speed/up to 60": "{0} commandes nouvelles viennent à 21 à 60 caractères nouveaux par seconde, ce que personne ne tape", "speed/more": "{0} commandes nouvelles viennent à plus de 60 caractères nouveaux par seconde, ce que personne ne tape",
			"joined/one word": "{0} commandes nouvelles tiennent en un mot", "joined/simple": "{0} commandes nouvelles sont simples", "joined/one or two operators": "{0} commandes nouvelles en joignent deux ou trois par des opérateurs", "joined/three and more": "{0} commandes nouvelles en joignent quatre et plus par des opérateurs",
		},
		joins: "Solidité des rapprochements, du plus faible au plus fort", episode: "les faits survenus sur {0}", happened: "les faits survenus sur", join: "{0} et {1} : rapprochés {2}.",
		share: "Éléments communs : {0}", no: ", mais aucun élément de type {0}", sharesNone: "Ces deux n'ont en commun aucun élément de type {0}.",
		weight: "C'est {0} fois plus probable d'un seul intrus que du hasard (poids {1} ; 3 suffit).", or: " ou ", about: "environ {0}", over: "plus de {0}",
		apart: " (à {0} d'intervalle)", atOnce: " (en moins d'une seconde)",
		rests: map[string]string{
			"time": "parce que tous deux ont fait, à peu de temps près, ce qui est rare dans une même organisation{0}", "host": "parce que tous deux ont fait, à peu de temps près, ce qui est rare sur une même machine{0}",
			"pivot": "parce que l'un a agi depuis une machine où l'autre était entré{0}", "mark": "par un texte que peu écrivent", "credential": "par un secret que tous deux ont employé",
			"callback": "par un hôte que l'un nomme et où l'autre est allé", "account": "parce qu'un courriel est allé au compte qui a agi ensuite", "effect": "par ce qu'une tentative a produit sur la machine",
			"together": "par {1} liens entre ce qui relève de l'un et ce qui relève de l'autre, chacun trop faible à lui seul",
		},
		kinds: map[string]noun{"account": {"compte", "comptes"}, "address": {"adresse", "adresses"}, "tool": {"outil", "outils"}, "host": {"machine", "machines"}, "key": {"secret", "secrets"}, "string": {"texte", "textes"}},
	},
}
