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
	m := r.know.nameMeaning(noteWords.Replace(n.note))
	if strings.HasPrefix(n.note, "Scan::") {
		m = meaningOf(r.know.event(foundNoticeScan))
	}
	if strings.HasPrefix(n.note, "SSL::") || strings.HasPrefix(n.note, "CaptureLoss") || strings.HasPrefix(n.note, "PacketFilter") {
		m = alertMeaning{level: informational}
	}
	if m.level <= tocsin.Informational && len(r.held) == 0 {
		return
	}
	r.net(ev, n, "alert")
	r.alerted(m)
	r.act.Text = n.note + ": " + n.message
	r.out()
}

// signatureMeaning reads the name of a signature, then its category, then the words of its name.
func (k *Knowledge) signatureMeaning(name, category string) alertMeaning {
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
		if all := k.named[onFamily][family]; len(all) > 0 {
			m, ok = meaningOf(all[0]), true
		}
		if ok && m.level <= tocsin.Low && family != "user_agents" {
			return m
		}
	}
	words := k.nameMeaning(name)
	if ok && m.level < words.level && words.tactic != "" && words.technique != "T1204" {
		m = words // the name says more: a web shell, not only an attack on a web server
	}
	told := ok
	if !ok {
		category = strings.ToLower(category)
		if is := k.first(onClass, category); is != nil {
			m, ok = meaningOf(is), true
		}
		switch {
		case !ok:
			m = words
		case m.tactic == "":
			m.tactic, m.technique, m.level, m.row = words.tactic, words.technique, min(words.level, medium), words.row
		}
	}
	if m.level > tocsin.Low && k.namesWord("unwanted", low) {
		m.level = tocsin.Low // unwanted, but nobody's intrusion
	}
	if (m.level > medium || m.level == medium && !told) && k.namesWord("hedges", low) {
		m.level--
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
		m := r.know.signatureMeaning(name, n.category)
		if id, ok := tocsin.Technique(n.technique); ok {
			m.technique = id
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
		m = meaningOf(r.know.event(foundTorStranger)) // a stranger who comes by way of Tor
	}
	r.net(ev, n, "alert")
	r.alerted(m)
	a := &r.act
	a.Level = rule.Level
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
