package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of network devices.
var (
	ciscoSources    = []tocsin.LogSource{{Product: "cisco", Service: "syslog"}}
	ciscoAAA        = []tocsin.LogSource{{Product: "cisco", Service: "syslog"}, {Product: "cisco", Service: "aaa"}}
	ciscoLogin      = append(ciscoAAA[:2:2], tocsin.LogSource{Product: "cisco", Category: "authentication", Service: "aaa"})
	ciscoBGP        = []tocsin.LogSource{{Product: "cisco", Service: "syslog"}, {Product: "cisco", Service: "bgp"}}
	ciscoLDP        = []tocsin.LogSource{{Product: "cisco", Service: "syslog"}, {Product: "cisco", Service: "ldp"}}
	ciscoFirewall   = []tocsin.LogSource{{Product: "cisco", Category: "firewall", Service: "asa"}, {Product: "cisco", Service: "syslog"}}
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

// ciscoMessage reads a message of IOS, NX-OS or ASA: "%ASA-6-605004: Login denied from 192.0.2.7/4444 to …",
// "%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: ann] [Source: 192.0.2.7] …".
// https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/asa-syslog.html
func ciscoMessage(ev *tocsin.Event, s string) bool {
	i := strings.IndexByte(s, '%')
	if i < 0 || i > 96 {
		return false
	}
	id, msg, ok := strings.Cut(s[i+1:], ": ")
	if !ok || strings.IndexByte(id, ' ') >= 0 {
		return false
	}
	first, last := strings.IndexByte(id, '-'), strings.LastIndexByte(id, '-')
	if first < 1 || last <= first+1 || !isDigits(id[last-1:last]) || id[0] < 'A' || id[0] > 'Z' {
		return false
	}
	facility := id[:first]
	ev.Add("cisco.facility", facility)
	ev.Add("cisco.severity", id[last-1:last])
	ev.Add("cisco.mnemonic", id[last+1:])
	ev.Add("message_id", id)
	ev.Add("message", msg)
	ends := ciscoEnds(msg)
	event, result := "", ""
	lower := strings.ToLower(msg)
	switch {
	case strings.HasPrefix(msg, "Login denied"), strings.Contains(msg, "authentication Rejected"), strings.Contains(msg, "Login failed"),
		strings.Contains(lower, "authentication failed"), strings.Contains(lower, "authentication failure for"):
		event, result = "login_failed", "failure"
	case strings.HasPrefix(msg, "Login permitted"), strings.Contains(msg, "authentication Successful"), strings.HasPrefix(msg, "Login Success"):
		event, result = "login_ok", "success"
	case strings.HasPrefix(lower, "deny "), strings.HasPrefix(lower, "denied "), strings.Contains(lower, " denied "), strings.HasPrefix(lower, "inbound tcp connection denied"):
		event, result = "firewall_denied", "failure"
	case strings.HasPrefix(msg, "Built "), strings.Contains(lower, " permitted "):
		event, result = "firewall_allowed", "success"
	}
	if strings.HasPrefix(msg, "Built outbound") { // the outer end comes first
		ends[0], ends[1] = ends[1], ends[0]
	}
	ev.Sources = ciscoSources
	switch {
	case strings.HasPrefix(event, "login"):
		ev.Sources = ciscoLogin
	case event != "" || facility == "ASA" || facility == "FTD" || facility == "PIX" || facility == "FWSM":
		ev.Sources = ciscoFirewall
	case strings.Contains(facility, "AAA"), strings.Contains(id, "CFGLOG"), facility == "SYS" && strings.HasPrefix(msg, "Configured from"):
		ev.Sources = ciscoAAA
	case strings.Contains(facility, "BGP"):
		ev.Sources = ciscoBGP
	case strings.Contains(facility, "LDP"), strings.Contains(id, "MD5_AUTHEN_FAIL"):
		ev.Sources = ciscoLDP
	}
	ev.Add("event_type", event)
	ev.Add("outcome", result)
	ev.Add("src_ip", ends[0].ip)
	ev.Add("src_port", ends[0].port)
	ev.Add("dst_ip", ends[1].ip)
	ev.Add("dst_port", ends[1].port)
	if event == "firewall_denied" {
		ev.Add("action", "deny")
	} else if event == "firewall_allowed" {
		ev.Add("action", "allow")
	}
	for _, before := range [...]string{"[user: ", "user = ", "for user \"", "Username = ", "user '", "User '", "from console by ", "from memory by "} {
		if _, after, ok := strings.Cut(msg, before); ok {
			if j := strings.IndexAny(after, "]\"', :"); j > 0 {
				after = after[:j]
			}
			ev.Add("user", after)
			break
		}
	}
	if _, command, ok := strings.Cut(msg, "logged command:"); ok {
		ev.Add("command", strings.TrimPrefix(command, "!exec: "))
	}
	return true
}

type ciscoEnd struct{ ip, port string }

// ciscoEnds finds the first two addresses of a message, with the port in whichever way it is written.
func ciscoEnds(s string) (ends [2]ciscoEnd) {
	n := 0
	for i := 0; i < len(s) && n < 2; {
		if c := s[i]; c < '0' || c > '9' || i > 0 && !strings.ContainsRune(" :(=\"[", rune(s[i-1])) {
			i++
			continue
		}
		j := i
		for j < len(s) && (s[j] >= '0' && s[j] <= '9' || s[j] == '.') {
			j++
		}
		ip := strings.TrimRight(s[i:j], ".")
		j = i + len(ip)
		if !isAddress(ip) {
			i = max(j, i+1)
			continue
		}
		// The address in parentheses behind one is what it was translated to.
		if n > 0 && i > 0 && s[i-1] == '(' && i > 1 && s[i-2] == ' ' {
			i = j
			continue
		}
		ends[n].ip = ip
		if j+1 < len(s) && (s[j] == '/' || s[j] == '(' || s[j] == ':') {
			k := j + 1
			for k < len(s) && s[k] >= '0' && s[k] <= '9' {
				k++
			}
			if k > j+1 {
				ends[n].port = s[j+1 : k]
			} else if s[j] == '/' { // ASA knows some ports by name
				word := s[j+1:]
				if w := strings.IndexAny(word, " ,("); w >= 0 {
					word = word[:w]
				}
				ends[n].port = word
			}
			j = k
		}
		n++
		i = j
	}
	return ends
}

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
