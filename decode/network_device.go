package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of network devices.
var (
	mikrotikWall    = []tocsin.LogSource{{Product: "mikrotik", Category: "firewall", Service: "firewall"}}
	mikrotikSources = []tocsin.LogSource{{Product: "mikrotik", Service: "system"}}
	mikrotikLogin   = append(mikrotikSources[:1:1], tocsin.LogSource{Product: "mikrotik", Category: "authentication"})
)

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
	return strings.Contains(s[:min(len(s), 64)], ": %") && ciscoMessage(ev, s) || deviceBody(msg) && msg[0] != '{' && d.connectionPairs(msg, ev)
}
