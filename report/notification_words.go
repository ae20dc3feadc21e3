package report

// noticeWords are what a notification says beyond the words of the incident report.
type noticeWords struct {
	title24, title72, draft, basis24, basis72, todo              string
	deadlines, aware, awareBlank, due24, due72, final            string
	assumed, awareGiven, recipient, recipientBlank               string
	entity, entityBlank, sector, sectorBlank, contact            string
	contactBlank, reference, referenceBlank                      string
	suspected, suspectedYes, suspectedNo, suspectedBlank         string
	crossBorder, crossBorderFacts, crossBorderBlank              string
	nature, update, updateBlank, assessment, severity            string
	severityBlank, impact, impactFacts, impactBlank, iocs        string
	measures, measuresBlank, help, helpBlank, services, affected string
	cause, causeBlank, sources                                   string
}

var englishNotice = noticeWords{
	title24: "Early warning (24 hours) – draft", title72: "Incident notification (72 hours) – draft",
	draft:   "A draft made from logs. Facts are those that the logs show; what only the entity can know is marked and left blank. Nothing has been sent to anyone.",
	basis24: "Basis: Directive (EU) 2022/2555 (NIS 2), Article 23(4)(a), as transposed into national law.", basis72: "Basis: Directive (EU) 2022/2555 (NIS 2), Article 23(4)(b), as transposed into national law.",
	todo: "[TO BE FILLED IN: {0}]", deadlines: "Deadlines", aware: "Became aware of the significant incident", awareBlank: "date and time (UTC) at which the entity became aware that the incident is significant",
	due24: "Early warning due at the latest (aware + 24 h)", due72: "Incident notification due at the latest (aware + 72 h; trust service providers: + 24 h)", final: "Final report due: one month after the incident notification (Article 23(4)(d)).",
	assumed: "{0}, if the entity became aware when this report was made", awareGiven: "{0}", recipient: "To", recipientBlank: "CSIRT or competent authority", entity: "Entity", entityBlank: "name, registration, address",
	sector: "Sector and type of entity (Annex I or II)", sectorBlank: "sector, essential or important entity", contact: "Contact", contactBlank: "name, telephone, e-mail, reachable at night",
	reference: "Reference", referenceBlank: "reference that the CSIRT gave to the early warning",
	suspected: "Suspected of being caused by unlawful or malicious acts", suspectedYes: "By the logs, probably{0}", suspectedNo: "The logs do not decide it{0}", suspectedBlank: "confirm or change",
	crossBorder: "Could it have a cross-border impact", crossBorderFacts: "The logs name {0}: {1}. In which Member States they are, the logs do not say.", crossBorderBlank: "yes or no; which Member States; which services there",
	nature: "What is known", update: "Update of the early warning", updateBlank: "what has changed since the early warning, or: nothing", assessment: "Initial assessment", severity: "Severity", severityBlank: "severity by the entity's own criteria and those of national law",
	impact: "Impact", impactFacts: "Entered, by the logs: {0}.", impactBlank: "users affected, duration and extent of disruption, financial loss, harm to persons",
	iocs: "Indicators of compromise", measures: "Measures taken and under way", measuresBlank: "what was done, when, with which effect", help: "Help asked for", helpBlank: "guidance or operational advice from the CSIRT; report to law enforcement: yes or no",
	services: "Services affected", affected: "services of the entity that run on these machines, and whether they are disrupted", cause: "Probable cause or kind of threat", causeBlank: "confirm by investigation",
	sources: "Source of these facts",
}

var frenchNotice = noticeWords{
	title24: "Alerte précoce (24 heures) – projet", title72: "Notification d'incident (72 heures) – projet",
	draft:   "Projet établi à partir de journaux. Les faits sont ceux que les journaux montrent ; ce que seule l'entité peut savoir est signalé et laissé en blanc. Rien n'a été envoyé à quiconque.",
	basis24: "Fondement : directive (UE) 2022/2555 (NIS 2), article 23, paragraphe 4, point a), telle que transposée en droit national.", basis72: "Fondement : directive (UE) 2022/2555 (NIS 2), article 23, paragraphe 4, point b), telle que transposée en droit national.",
	todo: "[À COMPLÉTER : {0}]", deadlines: "Échéances", aware: "Connaissance de l'incident important", awareBlank: "date et heure (UTC) auxquelles l'entité a eu connaissance du caractère important de l'incident",
	due24: "Alerte précoce, au plus tard (connaissance + 24 h)", due72: "Notification d'incident, au plus tard (connaissance + 72 h ; prestataires de services de confiance : + 24 h)", final: "Rapport final : un mois au plus tard après la notification d'incident (article 23, paragraphe 4, point d)).",
	assumed: "{0}, si l'entité en a eu connaissance au moment où ce rapport a été établi", awareGiven: "{0}", recipient: "Destinataire", recipientBlank: "CSIRT ou autorité compétente", entity: "Entité", entityBlank: "nom, immatriculation, adresse",
	sector: "Secteur et type d'entité (annexe I ou II)", sectorBlank: "secteur, entité essentielle ou importante", contact: "Contact", contactBlank: "nom, téléphone, courriel, joignable la nuit",
	reference: "Référence", referenceBlank: "référence donnée par le CSIRT à l'alerte précoce",
	suspected: "Soupçon d'actes illicites ou malveillants", suspectedYes: "D'après les journaux, probablement{0}", suspectedNo: "Les journaux ne permettent pas de trancher{0}", suspectedBlank: "confirmer ou modifier",
	crossBorder: "Impact transfrontière possible", crossBorderFacts: "Les journaux nomment {0} : {1}. Ils n'indiquent pas dans quels États membres elles se trouvent.", crossBorderBlank: "oui ou non ; quels États membres ; quels services",
	nature: "Ce que l'on sait", update: "Mise à jour de l'alerte précoce", updateBlank: "ce qui a changé depuis l'alerte précoce, ou : rien", assessment: "Évaluation initiale", severity: "Gravité", severityBlank: "gravité selon les critères de l'entité et du droit national",
	impact: "Impact", impactFacts: "Atteints, d'après les journaux : {0}.", impactBlank: "utilisateurs touchés, durée et étendue de la perturbation, pertes financières, dommages aux personnes",
	iocs: "Indicateurs de compromission", measures: "Mesures prises et en cours", measuresBlank: "ce qui a été fait, quand et avec quel effet", help: "Aide demandée", helpBlank: "orientations ou conseils opérationnels du CSIRT ; plainte déposée : oui ou non",
	services: "Services touchés", affected: "services de l'entité assurés par ces machines, et s'ils sont perturbés", cause: "Cause probable ou type de menace", causeBlank: "à confirmer par l'enquête",
	sources: "Source de ces faits",
}
