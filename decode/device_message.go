package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// deviceMessage makes ev the event of a message of a device that is known by how it writes, and reports whether it is
// one. ev may have fields of the envelope already.
func deviceMessage(d *lines, program string, msg []byte, ev *tocsin.Event) bool {
	if len(msg) < 8 {
		return false
	}
	s := text(msg)
	if strings.Contains(s, "] (from client ") && radiusMessage(d, s, ev) {
		return true
	}
	if strings.HasPrefix(s, "Oracle ") { // its program's name has a space
		if _, body, ok := strings.Cut(s, "]: "); ok && oracleAudit(ev, body) {
			return true
		}
	}
	if program == "" && (s[0] >= '0' && s[0] <= '9' || s[0] == '<') {
		if collected(d, s, ev) {
			return true
		}
	}
	switch program {
	case "Accesslogs", "accesslogs", "squid_logs", "access_logs": // the name of the log subscription
		return wsaMessage(d, msg, ev)
	}
	if merakiKinds[program] && merakiMessage(d, program, s, ev) {
		return true
	}
	if program != "" && bytes.IndexByte(msg, '[') < 0 && bytes.IndexByte(msg, '"') < 0 && program[0] >= 'a' && !strings.Contains(s, "_") && !strings.Contains(s, "PPE") {
		return false // what programs say mostly
	}
	return junosMessage(d, program, msg, ev) || strings.HasPrefix(program, "CISE_") && iseMessage(d, program, s, ev) || program == "" && strings.HasPrefix(s, "CISE_") && iseMessage(d, "", s, ev) ||
		netscalerMessage(d, program, s, ev) || watchguardMessage(d, program, s, ev) || msg[0] == '[' && checkPointMessage(d, msg, ev) || checkPointFields(d, s, ev)
}

// The log sources of devices that are known by how they write.
var (
	netscalerSources = []tocsin.LogSource{{Product: "citrix", Service: "netscaler"}}
	netscalerLogin   = append(netscalerSources[:1:1], tocsin.LogSource{Product: "citrix", Category: "authentication", Service: "netscaler"})
	netscalerFlow    = []tocsin.LogSource{{Product: "citrix", Category: "firewall", Service: "netscaler"}, {Product: "citrix", Service: "netscaler"}}
	iseSources       = []tocsin.LogSource{{Product: "cisco", Service: "ise"}, {Product: "cisco", Service: "aaa"}}
	iseLogin         = append(iseSources[:2:2], tocsin.LogSource{Product: "cisco", Category: "authentication", Service: "aaa"})
	merakiFirewall   = []tocsin.LogSource{{Product: "meraki", Category: "firewall"}}
	merakiIDS        = []tocsin.LogSource{{Product: "meraki", Category: "ids"}, {Product: "meraki", Category: "firewall"}}
	merakiProxy      = []tocsin.LogSource{{Product: "meraki", Category: "proxy"}}
	merakiSources    = []tocsin.LogSource{{Product: "meraki", Service: "event"}}
	merakiLogin      = append(merakiSources[:1:1], tocsin.LogSource{Product: "meraki", Category: "authentication"})
	watchguardWall   = []tocsin.LogSource{{Product: "watchguard", Category: "firewall"}}
	radiusSources    = []tocsin.LogSource{{Product: "freeradius", Service: "radius"}}
	radiusLogin      = append(radiusSources[:1:1], tocsin.LogSource{Product: "freeradius", Category: "authentication", Service: "radius"})
)

// netscalerMessage reads a message of Citrix's NetScaler: "0-PPE-0 : default SSLVPN LOGIN 1234 0 : Context ann@192.0.2.7 -
// SessionId: 12 - User ann - Client_ip 192.0.2.7 - Vserver 198.51.100.2:443 - …".
// https://developer-docs.netscaler.com/en-us/netscaler-syslog-message-reference/current-release.html
func netscalerMessage(d *lines, program, s string, ev *tocsin.Event) bool {
	at := time.Time{}
	host := ""
	if program == "" && len(s) > 24 && s[0] >= '0' && s[0] <= '9' { // behind a collector's head
		if t, n, f := d.clock.lead(view(s), d.rec.Ref); f != noStamp {
			at = t
			host, s, _ = strings.Cut(s[n:], " ")
		}
	}
	head, body, ok := strings.Cut(s, " : ")
	if !ok {
		return false
	}
	if !strings.Contains(head, "PPE") && !strings.Contains(program, "PPE") { // the partition comes first where the engine is not named
		if program != "" || len(head) > 80 {
			return false
		}
	} else if strings.Contains(head, "PPE") && !strings.Contains(head, " ") {
		if head, body, ok = strings.Cut(body, " : "); !ok {
			return false
		}
	}
	w := strings.Fields(head)
	if len(w) > 0 && strings.Contains(w[0], "PPE") {
		w = w[1:]
	}
	if len(w) < 4 || len(w) > 6 || !upper(strings.ReplaceAll(w[1], "_", "")) || !isDigits(w[len(w)-1]) || !isDigits(w[len(w)-2]) {
		return false
	}
	feature, event := w[1], w[2]
	if !at.IsZero() {
		ev.Time = at
		if isHost(view(host)) {
			ev.Host = host
		}
	}
	ev.Add("feature", feature)
	ev.Add("event", event)
	ev.Add("message", body)
	ev.Sources = netscalerSources
	user, command := "", ""
	var src, dst string
	for part := range strings.SplitSeq(body, " - ") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), " ")
		if !ok {
			continue
		}
		value = strings.Trim(value, `" `)
		switch name = strings.TrimSuffix(name, ":"); name {
		case "Client_ip", "ClientIP", "Remote_ip", "Source":
			src = value
		case "Context": // user@client
			if at := strings.LastIndexByte(value, '@'); at > 0 && src == "" {
				user, src = value[:at], value[at+1:]
			}
		case "User", "UserName", "Username":
			user = value
		case "Vserver", "VserverServiceIP", "Destination":
			if dst == "" || name == "Destination" {
				dst = value
			}
		case "Command":
			command = value
		case "ClientPort":
			ev.Add("src_port", value)
		case "VserverServicePort":
			ev.Add("dst_port", value)
		case "Group(s)", "Status", "Failure_reason", "Browser_type", "SSLVPN_client_type", "Nat_ip", "Duration", "LogoutMethod":
			ev.Add(name, value)
		}
	}
	low := strings.ToLower(body)
	if src == "" || !isIP(hostOf(src)) {
		if first := nextIP(body, 0); first.ip != "" {
			if c := client(body, low, first); clientRank(strings.TrimRight(low[max(0, c.start-24):c.start], "\"'<([{ ")) > 0 || feature == "APPFW" {
				src = c.ip
			}
		}
	}
	is := untold
	switch {
	case strings.HasPrefix(event, "LOGIN_FAILED"), strings.Contains(low, "authentication is rejected"), strings.Contains(low, "authentication failed"), event == "AUTHENTICATION_FAILED":
		is = loginFailed
	case event == "LOGIN" || event == "EXTRACTED_GROUPS" && feature == "AAA":
		is = loginOK
	case strings.HasPrefix(event, "LOGOUT"):
		is = logout
	case event == "CMD_EXECUTED":
		is = ranCommand
		ok := ev.Text("Status") == "" || ev.Text("Status") == "Success"
		switch word, _, _ := strings.Cut(command, " "); {
		case word == "login" && ok:
			is = loginOK
		case word == "login":
			is = loginFailed
		case !ok:
			is = commandDenied
		}
	case feature == "APPFW" && strings.Contains(low, "<blocked>"):
		is = denied
	case feature == "TCP" || feature == "UDP" || event == "TCPCONNSTAT":
		ev.Sources = netscalerFlow
	}
	if user == "" && is == loginFailed {
		user = namedUser(body, low)
	}
	if is.authentic() && is != denied {
		ev.Sources = netscalerLogin
	}
	happened(ev, outcomes[is].event, outcomes[is].outcome)
	ev.Add("command", command)
	if !isNobody(user) {
		ev.Add("user", user)
	}
	addr, port := pairEnd(src)
	ev.Add("src_ip", addr)
	ev.Add("src_port", port)
	addr, port = pairEnd(dst)
	ev.Add("dst_ip", addr)
	ev.Add("dst_port", port)
	return true
}

// iseMessage reads a message of Cisco's Identity Services Engine: which of how many parts it is, its own stamp with zone,
// a number, what happened as a code, a severity and words, then pairs with commas between.
// https://www.cisco.com/c/en/us/td/docs/security/ise/syslog/Cisco_ISE_Syslogs.html
func iseMessage(d *lines, program, s string, ev *tocsin.Event) bool {
	if program == "" {
		if rest, ok := strings.CutPrefix(s, "CISE_"); ok {
			program, s, _ = strings.Cut(rest, " ")
		}
	}
	for range 3 { // id, parts, part
		w, rest, ok := strings.Cut(s, " ")
		if !ok || !isDigits(w) || len(w) > 12 {
			return false
		}
		s = rest
	}
	at, s, ok := isoTime(s, d.opt)
	if !ok {
		return false
	}
	w := strings.SplitN(strings.TrimSpace(s), " ", 4)
	if len(w) < 4 || !isDigits(w[0]) || !isDigits(w[1]) {
		return false
	}
	ev.Time = at
	ev.Add("message_id", w[1])
	ev.Add("severity", w[2])
	said, rest, _ := strings.Cut(w[3], ",")
	ev.Add("category", strings.TrimPrefix(program, "CISE_"))
	ev.Add("message", said)
	src, user := "", ""
	for n := 0; rest != "" && n < maxPairs; n++ {
		var pair string
		pair, rest = cutEscaped(rest)
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || value == "" {
			continue
		}
		ev.Add(name, value)
		switch name {
		case "UserName", "AdminName", "User-Name", "User":
			if (user == "" || name == "UserName") && !isNobody(value) {
				user = strings.ReplaceAll(value, `\\`, `\`) // ISE escapes
			}
		case "Calling-Station-ID", "AdminIPAddress", "Remote-Address", "Framed-IP-Address":
			if isIP(value) && (src == "" || name != "Framed-IP-Address") {
				src = value
			}
		}
	}
	low := strings.ToLower(said)
	is := untold
	switch {
	case strings.HasPrefix(low, "failed-attempt"), strings.Contains(low, "authentication failed"), strings.Contains(low, "login failed"):
		is = loginFailed
	case strings.HasPrefix(low, "passed-authentication"), strings.Contains(low, "authentication succeeded"), strings.Contains(low, "login succeeded"):
		is = loginOK
	case strings.Contains(low, "logged out"), strings.Contains(low, "logged off"):
		is = logout
	}
	if ev.Sources = iseSources; is.authentic() {
		ev.Sources = iseLogin
	}
	happened(ev, outcomes[is].event, outcomes[is].outcome)
	ev.Add("user", user)
	ev.Add("src_ip", src)
	return true
}

// cutEscaped cuts the text before a comma that no backslash stands before.
func cutEscaped(s string) (first, rest string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ',':
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// parseISE takes a record of ISE without a syslog head.
func parseISE(d *lines, line []byte, ev *tocsin.Event) bool {
	return len(line) > 48 && (line[0] >= '0' && line[0] <= '9' || bytes.HasPrefix(line, []byte("CISE_"))) && iseMessage(d, "", text(line), ev)
}

// radiusMessage reads FreeRADIUS's "(12) Login incorrect (mschap: …): [ann] (from client WLAN port 9 cli 192.0.2.7)"; the
// client between the parentheses is the gateway that asked, cli the one who came. What stands in brackets is the
// client's, and may have the password behind a slash.
func radiusMessage(d *lines, s string, ev *tocsin.Event) bool {
	is := untold
	switch {
	case strings.Contains(s, "Login incorrect"), strings.Contains(s, "Invalid user"), strings.Contains(s, "Rejected in"):
		is = loginFailed
	case strings.Contains(s, "Login OK"):
		is = loginOK
	}
	from := strings.LastIndex(s, "] (from client ")
	open := strings.Index(s, ": [")
	if is == untold || open < 0 || from < open {
		return false
	}
	user := s[open+3 : from]
	if name, _, ok := strings.Cut(user, "/"); ok {
		user = name
	}
	tail := s[from+len("] (from client "):]
	nas, tail, _ := strings.Cut(tail, " ")
	ev.Add("message", s)
	ev.Add("service", "radius")
	ev.Add("nas", nas)
	if _, cli, ok := strings.Cut(tail, "cli "); ok {
		if e := strings.IndexAny(cli, " )"); e >= 0 {
			cli = cli[:e]
		}
		if isIP(cli) {
			ev.Add("src_ip", cli)
		} else {
			ev.Add("calling_station", cli)
		}
	}
	ev.Sources = radiusLogin
	happened(ev, outcomes[is].event, outcomes[is].outcome)
	if !isNobody(user) {
		ev.Add("user", user)
	}
	return true
}

// wsaMessage reads the access log of Cisco's Secure Web Appliance, Squid's behind a level.
func wsaMessage(d *lines, msg []byte, ev *tocsin.Event) bool {
	if i := bytes.Index(msg[:min(len(msg), 24)], []byte(": ")); i > 0 {
		msg = msg[i+2:]
	}
	return parseSquid(d, msg, ev)
}

// merakiMessage reads what Meraki's devices send: a kind, then pairs, what the rule said or was asked for at their end.
// https://documentation.meraki.com/General_Administration/Monitoring_and_Reporting/Syslog_Event_Types_and_Log_Samples
func merakiMessage(d *lines, kind, s string, ev *tocsin.Event) bool {
	from := len(ev.Fields)
	d.pairs(view(s), ev)
	var p pairRecord
	p.read(ev.Fields[from:])
	if p.value[pairSrc] == "" && kind != "events" && kind != "airmarshal_events" {
		ev.Fields = ev.Fields[:from]
		return false
	}
	p.addresses(ev)
	ev.Sources = merakiFirewall
	_, pattern, ruled := strings.Cut(s, "pattern: ")
	switch {
	case kind == "urls":
		ev.Sources = merakiProxy
		if _, asked, ok := strings.Cut(s, "request: "); ok {
			r := p.request()
			r.method, r.uri, _ = strings.Cut(asked, " ")
			r.addSeen(ev, p.value[pairDstPort], &d.arena)
		}
	case kind == "security_event" || kind == "ids-alerts":
		ev.Sources = merakiIDS
		if _, m, ok := strings.Cut(s, "message: "); ok {
			ev.Add("alert.signature", m)
		}
		if d := ev.Text("decision"); d != "" {
			p.value[pairAction] = d
		}
	case ev.Text("decision") != "":
		p.value[pairAction] = ev.Text("decision")
	case ruled && strings.HasPrefix(pattern, "deny"):
		p.value[pairAction] = "deny"
	case ruled && strings.HasPrefix(pattern, "allow"):
		p.value[pairAction] = "allow"
	case kind == "events":
		ev.Sources = merakiSources
		ev.Add("message", s)
		switch {
		case strings.Contains(s, "auth_fail"), strings.Contains(s, "8021x_eap_failure"), strings.Contains(s, "splash_auth_fail"):
			ev.Sources = merakiLogin
			happened(ev, "login_failed", "failure")
		case strings.Contains(s, "8021x_eap_success"), strings.Contains(s, "8021x_auth "), strings.Contains(s, "splash_auth "), strings.HasPrefix(s, "client_vpn_connect"):
			if _, peer, ok := strings.Cut(s, "connected from "); ok {
				addr, _, _ := strings.Cut(peer, " ")
				ev.Add("src_ip", addr)
			}
			ev.Sources = merakiLogin
			happened(ev, "login_ok", "success")
		}
		user := ev.Text("identity")
		if _, after, ok := strings.Cut(s, "user id '"); ok && user == "" {
			user, _, _ = strings.Cut(after, "'")
		}
		if user == "" {
			user = namedUser(s, strings.ToLower(s))
		}
		if _, given := ev.Value("user"); !given && !isNobody(user) {
			ev.Add("user", strings.Trim(user, `'"`))
		}
		return true
	}
	p.decision(ev)
	return true
}

// collected reads a message of Meraki's devices that a collector put a head of its own before: the version, when, the
// device's name, and the kind: "1 1772600767.250 MX84 flows src=…".
func collected(d *lines, s string, ev *tocsin.Event) bool {
	if s[0] == '<' {
		_, s, _ = strings.Cut(s, ">")
	}
	s = strings.TrimPrefix(s, "1 ")
	stamp, rest, _ := strings.Cut(s, " ")
	if len(stamp) < 12 || digitsAt(view(stamp)) != 10 || stamp[10] != '.' {
		return false
	}
	name, rest, _ := strings.Cut(rest, " ")
	kind, rest, _ := strings.Cut(rest, " ")
	t, ok := unixTime(stamp)
	if !ok || !merakiKinds[kind] || !merakiMessage(d, kind, rest, ev) {
		return false
	}
	ev.Time, ev.Sensor, ev.Host = t, ev.Time, name
	return true
}

// merakiKinds are the kinds of their messages.
var merakiKinds = wordSet("security_event flows urls events firewall ip_flow_start ip_flow_end l7_firewall vpn_firewall cellular_firewall bridge_anyconnect_client_vpn_firewall airmarshal_events ids-alerts")

// watchguardStamp takes off a message of Fireware's the stamp that stands in parentheses before it, behind a serial number
// perhaps: it has the year, which the head of syslog has not.
func watchguardStamp(d *lines, s string, ev *tocsin.Event) {
	open := strings.IndexByte(s[:min(len(s), 24)], '(')
	if open < 0 || len(s) < open+21 || s[open+20] != ')' {
		return
	}
	if t, ok := parseTime(s[open+1:open+20], d.opt); ok {
		ev.Time, ev.Sensor = t, ev.Time
	}
}

// watchguardMessage reads a message of WatchGuard's Fireware: what was decided, the two interfaces, the protocol, the two
// ends and their ports, and more.
// https://www.watchguard.com/help/docs/fireware/12/en-US/log_catalog/Log-Catalog_v12_10.pdf
func watchguardMessage(d *lines, program, s string, ev *tocsin.Event) bool {
	_, after, ok := strings.Cut(s[:min(len(s), 120)], `msg_id="`)
	if !ok {
		return false
	}
	id, _, _ := strings.Cut(after, `"`)
	_, body, ok := strings.Cut(s, `msg_id="`+id+`" `)
	if !ok {
		return false
	}
	watchguardStamp(d, s, ev)
	action, rest, _ := strings.Cut(body, " ")
	is := decisions[strings.ToLower(action)]
	if is == untold {
		return false
	}
	ev.Add("message_id", id)
	ev.Add("message", body)
	ev.Add("action", strings.ToLower(action))
	var w [24]string
	n := words(rest, w[:])
	var ends []string
	i := 0
	for ; i < n && len(ends) < 2; i++ {
		switch {
		case isIP(w[i]):
			ends = append(ends, w[i])
		case w[i] == "tcp" || w[i] == "udp" || w[i] == "icmp" || strings.HasSuffix(w[i], "/tcp") || strings.HasSuffix(w[i], "/udp"):
			ev.Add("proto", w[i])
		}
	}
	if len(ends) < 2 {
		return false
	}
	ev.Add("src_ip", ends[0])
	ev.Add("dst_ip", ends[1])
	if i+1 < n && isPort(w[i]) && isPort(w[i+1]) {
		ev.Add("src_port", w[i])
		ev.Add("dst_port", w[i+1])
	}
	if open := strings.LastIndexByte(s, '('); open > 0 && strings.HasSuffix(s, ")") {
		ev.Add("rule", s[open+1:len(s)-1])
	}
	if _, user, ok := strings.Cut(s, `src_user="`); ok {
		user, _, _ = strings.Cut(user, `"`)
		ev.Add("user", user)
	}
	ev.Sources = watchguardWall
	happened(ev, outcomes[is].event, outcomes[is].outcome)
	return true
}
