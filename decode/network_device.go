package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of network devices.
var (
	paloTraffic     = []tocsin.LogSource{{Product: "paloalto", Category: "firewall", Service: "traffic"}}
	paloThreat      = []tocsin.LogSource{{Product: "paloalto", Category: "ids", Service: "threat"}, {Product: "paloalto", Category: "firewall", Service: "threat"}}
	paloURL         = []tocsin.LogSource{{Product: "paloalto", Category: "proxy", Service: "url"}, {Product: "paloalto", Category: "firewall", Service: "threat"}}
	paloSystem      = []tocsin.LogSource{{Product: "paloalto", Category: "appliance", Service: "system"}}
	paloVPN         = []tocsin.LogSource{{Product: "paloalto", Category: "appliance", Service: "globalprotect"}}
	paloLogin       = append(paloSystem[:1:1], tocsin.LogSource{Product: "paloalto", Category: "authentication"})
	mikrotikWall    = []tocsin.LogSource{{Product: "mikrotik", Category: "firewall", Service: "firewall"}}
	mikrotikSources = []tocsin.LogSource{{Product: "mikrotik", Service: "system"}}
	mikrotikLogin   = append(mikrotikSources[:1:1], tocsin.LogSource{Product: "mikrotik", Category: "authentication"})
)

// panColumns are the columns that Palo Alto's comma-separated logs of a type have in common use, by their place:
// https://docs.paloaltonetworks.com/pan-os/11-0/pan-os-admin/monitoring/use-syslog-for-monitoring/syslog-field-descriptions
var (
	panTraffic = []string{1: "receive_time", 2: "serial", 3: "type", 4: "subtype", 6: "time_generated", 7: "src", 8: "dst", 9: "natsrc", 10: "natdst", 11: "rule",
		12: "srcuser", 13: "dstuser", 14: "app", 15: "vsys", 16: "from", 17: "to", 18: "inbound_if", 19: "outbound_if", 22: "sessionid", 23: "repeatcnt", 24: "sport",
		25: "dport", 26: "natsport", 27: "natdport", 28: "flags", 29: "proto", 30: "action", 31: "bytes", 32: "bytes_sent", 33: "bytes_received", 34: "packets",
		35: "start", 36: "elapsed", 37: "category"}
	panThreat = append(panTraffic[:31:31], "misc", "threatid", "category", "severity", "direction")
	panSystem = []string{1: "receive_time", 2: "serial", 3: "type", 4: "subtype", 6: "time_generated", 7: "vsys", 8: "eventid", 9: "object", 12: "module",
		13: "severity", 14: "opaque"}
	panConfig = []string{1: "receive_time", 2: "serial", 3: "type", 4: "subtype", 6: "time_generated", 7: "host", 8: "vsys", 9: "cmd", 10: "admin", 11: "client",
		12: "result", 13: "path"}
	panGlobal = []string{1: "receive_time", 2: "serial", 3: "type", 4: "subtype", 6: "time_generated", 7: "vsys", 8: "eventid", 9: "stage", 10: "auth_method",
		11: "tunnel_type", 12: "srcuser", 13: "srcregion", 14: "machinename", 15: "public_ip", 16: "public_ipv6", 17: "private_ip", 18: "private_ipv6", 19: "hostid",
		20: "serialnumber", 21: "client_ver", 22: "client_os", 23: "client_os_ver", 24: "repeatcnt", 25: "reason", 26: "error", 27: "opaque", 28: "status"}
)

// panMessage reads a message of a Palo Alto firewall: "1,2026/03/04 05:06:07,0123,TRAFFIC,end,…".
func panMessage(d *lines, msg []byte, ev *tocsin.Event) bool {
	if len(msg) < 48 || bytes.Count(msg[:min(len(msg), 80)], []byte{','}) < 5 || !isDigits(text(csvColumn(msg, 0))) {
		return false
	}
	var names []string
	kind := string(csvColumn(msg, 3))
	switch kind {
	case "TRAFFIC":
		names, ev.Sources = panTraffic, paloTraffic
	case "THREAT":
		names, ev.Sources = panThreat, paloThreat
		if string(csvColumn(msg, 4)) == "url" {
			ev.Sources = paloURL
		}
	case "SYSTEM":
		names, ev.Sources = panSystem, paloSystem
	case "CONFIG":
		names, ev.Sources = panConfig, paloSystem
	case "GLOBALPROTECT":
		names, ev.Sources = panGlobal, paloVPN
	default:
		return false
	}
	layout := w3cLayout{sep: ','}
	var p pairRecord
	rest, more := msg, true
	for i := 0; more && i < len(names); i++ {
		var b []byte
		b, rest, more = layout.cut(rest, &d.arena)
		if names[i] == "" || len(b) == 0 {
			continue
		}
		v := text(b)
		ev.Add(names[i], v)
		switch names[i] {
		case "time_generated":
			if t, ok := parseTime(v, d.opt); ok {
				ev.Time = t
			}
		case "src", "public_ip", "client":
			p.src = v
		case "dst":
			p.dst = v
		case "sport":
			p.srcPort = v
		case "dport":
			p.dstPort = v
		case "srcuser", "admin":
			p.user = v
		case "misc":
			p.url = v
		case "threatid":
			ev.Add("alert.signature", v)
		case "opaque", "eventid", "status":
			p.action += " " + strings.ToLower(v)
		}
	}
	action := p.action
	p.action = ""
	p.addresses(ev)
	switch {
	case kind == "SYSTEM" || kind == "GLOBALPROTECT":
		if _, after, ok := strings.Cut(ev.Text("opaque"), "From: "); ok { // "failed authentication for user 'ann'. … From: 192.0.2.7."
			ev.Add("src_ip", strings.TrimRight(after, "."))
		}
		failed := strings.Contains(action, "auth-fail") || strings.Contains(action, "failed authentication") || strings.Contains(action, "login") && strings.Contains(action, "fail")
		if failed || strings.Contains(action, "auth-success") || strings.Contains(action, "authenticated for user") {
			if kind == "SYSTEM" {
				ev.Sources = paloLogin
			}
			if _, after, ok := strings.Cut(ev.Text("opaque"), "user '"); ok && p.user == "" {
				p.user, _, _ = strings.Cut(after, "'")
			}
			p.addLogin(ev, !failed)
		}
	case p.url != "" && strings.Contains(p.url, "/") && ev.Text("subtype") == "url":
		r := request{uri: "http://" + p.url}
		r.addSeen(ev, p.dstPort, &d.arena)
	}
	return true
}

// mikrotikMessage reads RouterOS's messages, which name their topics first: "firewall,info drop input: in:ether1 …
// proto TCP (SYN), 192.0.2.7:4444->198.51.100.2:22, len 40", "system,error,critical login failure for user ann from
// 192.0.2.7 via ssh".
func mikrotikMessage(ev *tocsin.Event, s string) bool {
	topics, msg, ok := strings.Cut(s, " ")
	if strings.IndexByte(topics, ',') < 0 && len(topics) < 64 { // the device's name, which is like any word
		topics, msg, ok = strings.Cut(msg, " ")
	}
	if !ok || strings.IndexByte(topics, ',') < 1 || len(topics) > 48 {
		return false
	}
	for i := 0; i < len(topics); i++ {
		if c := topics[i]; (c < 'a' || c > 'z') && c != ',' && c != '-' && (c < '0' || c > '9') {
			return false
		}
	}
	first, level, _ := strings.Cut(topics, ",")
	switch {
	case first == "firewall":
		ev.Sources = mikrotikWall
		if i := strings.Index(msg, "->"); i > 0 {
			from := strings.LastIndexByte(msg[:i], ' ') + 1
			end := strings.IndexAny(msg[i:], ", ")
			if end < 0 {
				end = len(msg) - i
			}
			addr, port := splitPort(msg[from:i])
			ev.Add("src_ip", addr)
			ev.Add("src_port", port)
			addr, port = splitPort(msg[i+2 : i+end])
			ev.Add("dst_ip", addr)
			ev.Add("dst_port", port)
		}
		if _, after, ok := strings.Cut(msg, "proto "); ok {
			proto, _, _ := strings.Cut(after, " ")
			ev.Add("proto", strings.TrimRight(proto, ","))
		}
		prefix, _, _ := strings.Cut(msg, ": ")
		switch word := strings.ToLower(prefix); {
		case strings.Contains(word, "drop") || strings.Contains(word, "deny") || strings.Contains(word, "reject") || strings.Contains(word, "block"):
			ev.Add("event_type", "firewall_denied")
			ev.Add("outcome", "failure")
			ev.Add("action", "deny")
		case strings.Contains(word, "accept") || strings.Contains(word, "allow"):
			ev.Add("event_type", "firewall_allowed")
			ev.Add("outcome", "success")
			ev.Add("action", "allow")
		}
	case strings.HasPrefix(msg, "login failure for user "):
		ev.Sources = mikrotikLogin
		mikrotikUser(ev, msg[len("login failure for user "):], false)
	case strings.HasPrefix(msg, "user ") && strings.Contains(msg, " logged in from "):
		ev.Sources = mikrotikLogin
		mikrotikUser(ev, strings.Replace(msg[len("user "):], " logged in from ", " from ", 1), true)
	default:
		ev.Sources = mikrotikSources
	}
	ev.Add("topic", first)
	ev.Add("level", level)
	ev.Add("message", s)
	return true
}

// mikrotikUser reads "ann from 192.0.2.7 via ssh"; the name, which the client chose, may hold the same words.
func mikrotikUser(ev *tocsin.Event, s string, ok bool) {
	user, from := s, ""
	if i := strings.LastIndex(s, " from "); i >= 0 {
		user, from = s[:i], s[i+len(" from "):]
	}
	addr, via, _ := strings.Cut(from, " via ")
	login(ev, ok, "routeros", user)
	ev.Add("src_ip", addr)
	ev.Add("auth_method", via)
}

// foreign says that a program's messages have a form that is not syslog's own: networkMessage and webMessage are asked.
func foreign(program string) bool {
	switch program {
	case "named", "bind9", "nsd", "snort":
		return true
	}
	return familyOf(program) == unknownFamily
}

// networkMessage makes ev the event of a message that a network device, a name server or a sensor sent through syslog,
// and reports whether it is one. ev may have fields of the envelope already.
func networkMessage(d *lines, program string, msg []byte, ev *tocsin.Event) bool {
	s := text(msg)
	switch program = program[strings.LastIndexByte(program, '/')+1:]; program {
	case "named", "bind9", "security", "update-security", "queries":
		return namedMessage(ev, s)
	case "dnsmasq", "pihole-FTL", "dnsmasq-dns":
		return dnsmasqMessage(ev, s)
	case "unbound":
		return unboundMessage(ev, s)
	case "nsd":
		return nsdMessage(ev, s)
	case "suricata", "snort", "barnyard2":
		if strings.HasPrefix(s, "{") {
			return d.nest.unwrap(d.rec, ev, s)
		}
		return parseSnort(msg, "", ev)
	case "squid", "squid-1":
		return parseSquid(d, msg, ev)
	case "":
		return ciscoMessage(ev, s) || strings.Contains(s[:min(len(s), 40)], "client ") && namedMessage(ev, s) || panMessage(d, msg, ev) || mikrotikMessage(ev, s) || strings.IndexByte(s, '=') > 0 && parsePairs(d, msg, ev)
	}
	if len(program) > 1 && program[0] == '%' { // the parser of the head took "%ASA-6-605004:" for a program
		return ciscoMessage(ev, d.join(program, ": ", s))
	}
	return strings.Contains(s[:min(len(s), 64)], ": %") && ciscoMessage(ev, s)
}
