package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// noteWords makes words of the name of a Zeek notice.
var noteWords = strings.NewReplacer("::", " ", "_", " ")

// notice reads what a sensor's own scripts found worth telling.
func (r *Reader) notice(ev *tocsin.Event, n *netFacts) {
	if n.src == "" {
		n.src, n.dst = address(ev.Text("src")), address(ev.Text("dst"))
	}
	m := nameMeaning(noteWords.Replace(n.note))
	if strings.HasPrefix(n.note, "Scan::") {
		m = alertMeaning{"reconnaissance", "T1046", tocsin.Medium}
	}
	if strings.HasPrefix(n.note, "SSL::") || strings.HasPrefix(n.note, "CaptureLoss") || strings.HasPrefix(n.note, "PacketFilter") {
		m = alertMeaning{level: tocsin.Informational}
	}
	if m.level <= tocsin.Informational && len(r.held) == 0 {
		return
	}
	r.net(ev, n, "alert", m.tactic, m.technique, m.level)
	r.act.Text = n.note + ": " + n.message
	r.out()
}

// classes are Suricata's and Snort's classifications. https://docs.suricata.io/en/latest/rules/meta.html#classtype
var classes = []struct {
	words string
	alertMeaning
}{
	{"command and control|c2", alertMeaning{"command-and-control", "T1071", tocsin.High}},
	{"trojan|malware", alertMeaning{"command-and-control", "T1071", tocsin.High}},
	{"exploit kit", alertMeaning{"initial-access", "T1189", tocsin.Medium}},
	{"credential theft|phishing", alertMeaning{"initial-access", "T1566", tocsin.Medium}},
	{"administrator privilege gain|user privilege gain|executable code|shellcode", alertMeaning{"execution", "T1203", tocsin.Medium}},
	{"web application attack", alertMeaning{"initial-access", "T1190", tocsin.Medium}},
	{"information leak|scan|domain observed used for c2", alertMeaning{"reconnaissance", "T1595", tocsin.Low}},
	{"denial of service", alertMeaning{"impact", "T1499", tocsin.Low}},
	{"crypto currency|coin mining", alertMeaning{"impact", "T1496", tocsin.Medium}},
	{"potentially bad|suspicious", alertMeaning{"", "", tocsin.Low}},
}

// families are the groups of signatures that the rule sets of Emerging Threats say in their names.
// https://doc.emergingthreats.net/bin/view/Main/EmergingFAQ
var families = map[string]alertMeaning{
	"web_server":        {"initial-access", "T1190", tocsin.Medium},
	"web_specific_apps": {"initial-access", "T1190", tocsin.Medium},
	"exploit":           {"initial-access", "T1190", tocsin.Medium},
	"sql":               {"initial-access", "T1190", tocsin.Medium},
	"exploit_kit":       {"initial-access", "T1189", tocsin.Medium},
	"web_client":        {"initial-access", "T1189", tocsin.Low},
	"activex":           {"initial-access", "T1189", tocsin.Low},
	"phishing":          {"initial-access", "T1566", tocsin.Medium},
	"malware":           {"command-and-control", "T1071", tocsin.High},
	"trojan":            {"command-and-control", "T1071", tocsin.High},
	"cnc":               {"command-and-control", "T1071", tocsin.High},
	"mobile_malware":    {"command-and-control", "T1071", tocsin.High},
	"worm":              {"lateral-movement", "T1210", tocsin.High},
	"user_agents":       {"command-and-control", "T1071.001", tocsin.Low},
	"ja3":               {"command-and-control", "T1071.001", tocsin.Low},
	"coinminer":         {"impact", "T1496", tocsin.Medium},
	"attack_response":   {"execution", "T1059", tocsin.Medium},
	"tor":               {"command-and-control", "T1090.003", tocsin.Low},
	"adware_pup":        {"", "", tocsin.Low},
	"hunting":           {"", "", tocsin.Low},
	"info":              {"", "", tocsin.Low},
	"policy":            {"", "", tocsin.Informational},
	"chat":              {"", "", tocsin.Informational},
	"games":             {"", "", tocsin.Informational},
	"p2p":               {"", "", tocsin.Informational},
	"drop":              {"reconnaissance", "T1595", tocsin.Low},
	"cins":              {"reconnaissance", "T1595", tocsin.Low},
	"compromised":       {"reconnaissance", "T1595", tocsin.Low},
	"dshield":           {"reconnaissance", "T1595", tocsin.Low},
	"3coresec":          {"reconnaissance", "T1595", tocsin.Low},
}

// hedges are words by which the author of a signature says that it may be wrong.
var hedges = [...]string{"possible", "possibly", "potential", "likely", "often", "suspicious", "suspected"}

// signatureMeaning reads the name of a signature, then its category, then the words of its name.
func signatureMeaning(name, category string) alertMeaning {
	low := strings.ToLower(name[:min(len(name), 256)])
	switch {
	case strings.HasPrefix(low, "suricata http"), strings.HasPrefix(low, "suricata smb"), strings.HasPrefix(low, "suricata ssh"):
		return alertMeaning{level: tocsin.Low} // programs that are not what they say speak a protocol badly
	case strings.HasPrefix(low, "suricata "), strings.HasPrefix(low, "gpl "), strings.HasPrefix(low, "("):
		return alertMeaning{level: tocsin.Informational} // lost packets and old peers, and rules of before 2005
	}
	m, ok := alertMeaning{}, false
	if family, rest := "", ""; strings.HasPrefix(low, "et ") || strings.HasPrefix(low, "etpro ") {
		_, rest, _ = strings.Cut(low, " ")
		family, _, _ = strings.Cut(rest, " ")
		m, ok = families[family]
		if ok && m.level <= tocsin.Low && family != "user_agents" {
			return m
		}
	}
	words := nameMeaning(name)
	if ok && m.level < words.level && words.tactic != "" && words.technique != "T1204" {
		m = words // the name says more: a web shell, not only an attack on a web server
	}
	told := ok
	if !ok {
		category = strings.ToLower(category)
		for i := range classes {
			if anyWord(category, classes[i].words) {
				m, ok = classes[i].alertMeaning, true
				break
			}
		}
		switch {
		case !ok:
			m = words
		case m.tactic == "":
			m.tactic, m.technique, m.level = words.tactic, words.technique, min(words.level, tocsin.Medium)
		}
	}
	if m.level > tocsin.Low && anyWord(low, "adware|pup|toolbar|riskware") {
		m.level = tocsin.Low // unwanted, but nobody's intrusion
	}
	for _, h := range hedges {
		if (m.level > tocsin.Medium || m.level == tocsin.Medium && !told) && anyWord(low, h) {
			m.level--
			break
		}
	}
	return m
}

// signature reads an alert of a network sensor. Who acts is the one who opened the connection, whichever way the packet
// went that gave the alarm.
func (r *Reader) signature(ev *tocsin.Event, n *netFacts) {
	name := or(n.signature, n.message)
	if name == "" {
		return
	}
	rule, ok := r.alerts[name]
	if !ok {
		m := signatureMeaning(name, n.category)
		if n.technique != "" {
			m.technique = n.technique
		}
		rule = r.ruleOf(name, m)
	}
	m := r.meant[rule]
	switch {
	case address(n.opener) != "" && address(n.opener) == n.dst, n.opener == "" && n.direction == "to_client",
		n.opener == "" && n.direction == "" && serverPort(n.sport) && !serverPort(n.dport):
		n.src, n.dst = n.dst, n.src
	}
	if m.tactic == "command-and-control" && tocsin.Internet(n.src) && inner(n.dst) && m.technique == "T1090.003" {
		m.tactic, m.technique = "reconnaissance", "T1595" // a stranger who comes by way of Tor
	}
	r.net(ev, n, "alert", m.tactic, m.technique, rule.Level)
	a := &r.act
	a.Text = name
	switch n.action {
	case "blocked", "drop", "dropped", "reject", "deny", "denied":
		a.Outcome = tocsin.Denied
	}
	r.rules = append(append(r.rules[:0], a.Rules...), rule)
	a.Rules = r.rules
	if m.tactic == "command-and-control" && tocsin.Internet(n.dst) {
		r.mark("callback", n.dst)
	}
	r.out()
}

// serverPort says that a port is one at which services wait.
func serverPort(p string) bool {
	switch p {
	case "1433", "3306", "3389", "5432", "5985", "5986", "8000", "8080", "8443", "8888", "9200":
		return true
	}
	return len(p) > 0 && len(p) <= 3 || len(p) == 4 && p < "1024"
}
