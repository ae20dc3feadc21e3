package tocsin

import "strings"

// A Tactic is a column of MITRE ATT&CK's enterprise matrix: why an intruder does something.
type Tactic struct {
	ID   string // TA0002
	Slug string // as rule tags have it after "attack.": execution
	Name string // Execution
}

// tactics in the order of the matrix, ATT&CK v19: there TA0005 is Stealth, which until v18 was Defense Evasion and
// then included what is Defense Impairment now. https://attack.mitre.org/tactics/enterprise/
var tactics = [...]Tactic{
	{"TA0043", "reconnaissance", "Reconnaissance"},
	{"TA0042", "resource-development", "Resource Development"},
	{"TA0001", "initial-access", "Initial Access"},
	{"TA0002", "execution", "Execution"},
	{"TA0003", "persistence", "Persistence"},
	{"TA0004", "privilege-escalation", "Privilege Escalation"},
	{"TA0005", "stealth", "Stealth"},
	{"TA0112", "defense-impairment", "Defense Impairment"},
	{"TA0006", "credential-access", "Credential Access"},
	{"TA0007", "discovery", "Discovery"},
	{"TA0008", "lateral-movement", "Lateral Movement"},
	{"TA0009", "collection", "Collection"},
	{"TA0011", "command-and-control", "Command and Control"},
	{"TA0010", "exfiltration", "Exfiltration"},
	{"TA0040", "impact", "Impact"},
}

// Tactics returns the enterprise tactics in the order of the matrix.
func Tactics() []Tactic { return append([]Tactic(nil), tactics[:]...) }

// Tactics returns the ATT&CK tactics that the rule's tags name, in the order of the matrix. Tags are read as Sigma
// rules of any age write them: with - or _, as names or as attack.ta0002, and defense-evasion as TA0005.
func (r *Rule) Tactics() []Tactic {
	var has [len(tactics)]bool
	for _, tag := range r.Tags {
		if i := tacticIndex(tag); i >= 0 {
			has[i] = true
		}
	}
	var all []Tactic
	for i, yes := range has {
		if yes {
			all = append(all, tactics[i])
		}
	}
	return all
}

func tacticIndex(tag string) int {
	tag, ok := attackTag(tag)
	if !ok {
		return -1
	}
	tag = strings.ReplaceAll(tag, "_", "-")
	if tag == "defense-evasion" {
		tag = "stealth"
	}
	for i := range tactics {
		if tag == tactics[i].Slug || strings.EqualFold(tag, tactics[i].ID) {
			return i
		}
	}
	return -1
}

// Techniques returns the ids of the ATT&CK techniques that the rule's tags name, such as T1059.001, each once and in
// the order of the tags.
func (r *Rule) Techniques() []string {
	var all []string
tags:
	for _, tag := range r.Tags {
		tag, ok := attackTag(tag)
		if !ok || !isTechnique(tag) {
			continue
		}
		id := strings.ToUpper(tag)
		for _, have := range all {
			if have == id {
				continue tags
			}
		}
		all = append(all, id)
	}
	return all
}

// attackTag returns what follows "attack." in lower case.
func attackTag(tag string) (string, bool) {
	tag = strings.ToLower(strings.TrimSpace(tag))
	return strings.CutPrefix(tag, "attack.")
}

// revoked are ids of techniques that ATT&CK v19 took back, with those that stand for them in v19.2; .005 of T1562 has no
// successor of its own. https://attack.mitre.org/resources/updates/
var revoked = map[string]string{
	"T1562": "T1685", "T1562.001": "T1685", "T1562.006": "T1685", "T1562.002": "T1685.001", "T1562.003": "T1690", "T1562.004": "T1686",
	"T1562.007": "T1686.001", "T1562.008": "T1685.002", "T1562.009": "T1688", "T1562.010": "T1689", "T1562.011": "T1685.003",
	"T1562.012": "T1685.004", "T1562.013": "T1686.002", "T1070.001": "T1685.005", "T1070.002": "T1685.006",
	"T1656": "T1684.001", "T1672": "T1684.002",
}

// Technique returns the id by which ATT&CK v19.2 knows a technique: id itself in upper case, or what stands for one that was
// revoked. It says whether id has the form of one.
func Technique(id string) (string, bool) {
	if !isTechnique(strings.ToLower(id)) {
		return "", false
	}
	id = strings.ToUpper(id)
	if now, ok := revoked[id]; ok {
		return now, true
	}
	return id, true
}

// isTechnique tells t1059 and t1059.001 from all else.
func isTechnique(s string) bool {
	if len(s) != 5 && len(s) != 9 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch {
		case i == 0:
			if s[i] != 't' {
				return false
			}
		case i == 5:
			if s[i] != '.' {
				return false
			}
		case s[i] < '0' || s[i] > '9':
			return false
		}
	}
	return true
}
