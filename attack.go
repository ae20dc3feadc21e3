package tocsin

import (
	"slices"
	"strings"
)

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

// AttackVersion is the version of ATT&CK whose tactics and techniques are named.
const AttackVersion = "19.2"

// Tactics returns the enterprise tactics in the order of the matrix.
func Tactics() []Tactic { return append([]Tactic(nil), tactics[:]...) }

// Tactics returns the ATT&CK tactics that the rule's tags name, in the order of the matrix. Tags are read as Sigma
// rules of any age write them: with - or _, as names or as attack.ta0002. What is tagged defense-evasion is Defense Impairment
// as far as its techniques are, and Stealth as far as it names others than its other tactics account for.
func (r *Rule) Tactics() []Tactic {
	var has [len(tactics)]bool
	evasion, others := false, 0
	for _, tag := range r.Tags {
		if evades(tag) {
			evasion = true
		} else if i := tacticIndex(tag); i >= 0 && !has[i] {
			has[i] = true
			others++
		}
	}
	if evasion {
		impairs, rest := 0, 0
		for _, id := range r.Techniques() {
			if impairments[id[:5]] {
				impairs++
			} else {
				rest++
			}
		}
		has[tacticIndex("attack.defense-impairment")] = has[tacticIndex("attack.defense-impairment")] || impairs > 0
		has[tacticIndex("attack.stealth")] = has[tacticIndex("attack.stealth")] || impairs == 0 || rest > others
	}
	var all []Tactic
	for i, yes := range has {
		if yes {
			all = append(all, tactics[i])
		}
	}
	return all
}

// evades says that a tag names the tactic that v19 divided.
func evades(tag string) bool {
	tag, ok := attackTag(tag)
	return ok && strings.ReplaceAll(tag, "_", "-") == "defense-evasion"
}

// impairments are the techniques of Defense Impairment that stand for revoked ones.
var impairments = map[string]bool{"T1685": true, "T1686": true, "T1687": true, "T1688": true, "T1689": true, "T1690": true}

func tacticIndex(tag string) int {
	tag, ok := attackTag(tag)
	if !ok {
		return -1
	}
	tag = strings.ReplaceAll(tag, "_", "-")
	for i := range tactics {
		if tag == tactics[i].Slug || strings.EqualFold(tag, tactics[i].ID) {
			return i
		}
	}
	return -1
}

// Techniques returns the ids of the ATT&CK techniques that the rule's tags name, such as T1059.001, each once and in
// the order of the tags. Those that were revoked are given as what stands for them.
func (r *Rule) Techniques() []string {
	return r.techniques(func(id string) string { id, _ = Technique(id); return id })
}

// RevokedTechniques returns the ids among the rule's tags that ATT&CK took back, as they are written there.
func (r *Rule) RevokedTechniques() []string {
	return r.techniques(func(id string) string {
		if _, old := revoked[id]; old {
			return id
		}
		return ""
	})
}

// techniques returns what as makes of the ids that the tags name, each once and without empty ones.
func (r *Rule) techniques(as func(id string) string) []string {
	var all []string
	for _, tag := range r.Tags {
		tag, ok := attackTag(tag)
		if !ok || !isTechnique(tag) {
			continue
		}
		if id := as(strings.ToUpper(tag)); id != "" && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// FormerTechniques returns the revoked ids that a technique stands for, sorted.
func FormerTechniques(id string) []string {
	var all []string
	for was, now := range revoked {
		if now == id {
			all = append(all, was)
		}
	}
	slices.Sort(all)
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
