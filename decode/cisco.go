package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of Cisco's devices.
var (
	ciscoSources  = []tocsin.LogSource{{Product: "cisco", Service: "syslog"}}
	ciscoAAA      = []tocsin.LogSource{{Product: "cisco", Service: "syslog"}, {Product: "cisco", Service: "aaa"}}
	ciscoLogin    = append(ciscoAAA[:2:2], tocsin.LogSource{Product: "cisco", Category: "authentication", Service: "aaa"})
	ciscoBGP      = []tocsin.LogSource{{Product: "cisco", Service: "syslog"}, {Product: "cisco", Service: "bgp"}}
	ciscoLDP      = []tocsin.LogSource{{Product: "cisco", Service: "syslog"}, {Product: "cisco", Service: "ldp"}}
	ciscoFirewall = []tocsin.LogSource{{Product: "cisco", Category: "firewall", Service: "asa"}, {Product: "cisco", Service: "syslog"}}
	ciscoIDS      = []tocsin.LogSource{{Product: "cisco", Category: "ids", Service: "ftd"}, {Product: "cisco", Category: "firewall", Service: "asa"}, {Product: "cisco", Service: "syslog"}}
)

// ciscoTag finds the "%FACILITY-SEVERITY-MNEMONIC: " by which every message of Cisco's devices is known, in the beginning
// of a line; -1 where there is none.
func ciscoTag(b []byte) int {
	b = b[:min(len(b), 200)]
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], '%')
		if i < 0 {
			return -1
		}
		at += i
		if at > 0 && b[at-1] != ' ' && b[at-1] != ':' && b[at-1] != '>' {
			continue
		}
		i = at + 1
		if i >= len(b) || b[i] < 'A' || b[i] > 'Z' {
			continue
		}
		severity := false
		for i < len(b) && (hostByte(b[i]) && b[i] != '.') {
			severity = severity || b[i] >= '0' && b[i] <= '7' && b[i-1] == '-' && i+1 < len(b) && b[i+1] == '-'
			i++
		}
		if severity && i < len(b) && b[i] == ':' {
			return at
		}
	}
}

// ciscoLine reads a line whose tag is at a place. Before it may stand, in any order that IOS, IOS XE, NX-OS, UCS, ASA and
// the collectors in between write: a priority, a sequence number, the stamp and name of the collector, the origin, and the
// device's own stamp, with an asterisk or full stop where its clock is not set.
// https://www.cisco.com/c/en/us/td/docs/routers/access/wireless/software/guide/SysMsgLogging.html
func (d *lines) ciscoLine(line []byte, at int, ev *tocsin.Event) bool {
	h := &d.head
	*h = syslogHead{pri: -1}
	b := line[:at]
	if len(b) > 2 && b[0] == '<' {
		n := digitsAt(b[1:])
		if n == 0 || n > 3 || n+1 >= len(b) || b[n+1] != '>' {
			return false
		}
		pri := 0
		for _, c := range b[1 : n+1] {
			pri = pri*10 + int(c-'0')
		}
		if pri > 191 {
			return false
		}
		h.pri = pri
		b = b[n+2:]
	}
	c := d.clock
	c.opt, c.whenless = d.opt, true
	var own, named bool
	for tokens := 0; ; tokens++ {
		b = b[spacesAnd(b, " :-"):]
		if len(b) == 0 {
			break
		}
		if tokens == 12 {
			return false
		}
		unset := b[0] == '*' || b[0] == '.'
		if unset {
			b = b[1:]
		}
		if t, n, f := c.stamp(b, d.rec.Ref); f != noStamp {
			if n < len(b) && b[n] != ' ' && b[n] != ':' && b[n] != ']' {
				return false
			}
			if !unset || h.time.IsZero() {
				h.time = t
			}
			own = true
			b = b[n:]
			continue
		}
		n := 0
		for n < len(b) && b[n] != ' ' && !(b[n] == ':' && (n+1 == len(b) || b[n+1] == ' ')) {
			n++
		}
		w := b[:n]
		b = b[n:]
		switch {
		case digitsAt(w) == len(w), uptime(w): // a sequence number
		case bytes.IndexByte(w, '[') > 0: // CiscoASA[12]
		case !isHost(w):
			return false
		case h.host == nil, !named && !isIP(text(w)):
			h.host, named = w, !isIP(text(w))
		}
	}
	if !own {
		h.time = time.Time{}
	}
	ev.Time, ev.Host = h.time, text(h.host)
	ev.Add("hostname", ev.Host)
	if h.pri >= 0 {
		ev.Add("facility", facilityNames[h.pri>>3])
		ev.Add("severity", severityNames[h.pri&7])
	}
	return ciscoMessage(ev, text(line[at:]))
}

// uptime says that a word, or a time of day that is no stamp, tells how long a device has been up: 1d02h, 3w4d, 00:00:46.
func uptime(b []byte) bool {
	if n := digitsAt(b); n == 0 || n == len(b) {
		return false
	}
	for _, c := range b {
		if c >= '0' && c <= '9' || c == 'y' || c == 'w' || c == 'd' || c == 'h' || c == ':' {
			continue
		}
		return false
	}
	return true
}

// ciscoSayings are what messages of Cisco's devices mean, by words of theirs in small letters; the first that is in a
// message counts. https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/asa-syslog.html
var ciscoSayings = []struct {
	words   string
	is      verdict
	prefix  bool // the message begins with the words
	without string
}{
	{words: "teardown ", is: untold, prefix: true},
	{words: "built ", is: firewallAllowed, prefix: true, without: "translation"},
	{words: "deny ", is: firewallDenied, prefix: true},
	{words: "login denied", is: loginFailed},
	{words: "authentication rejected", is: loginFailed},
	{words: "authentication: rejected", is: loginFailed},
	{words: "credentials rejected", is: loginFailed},
	{words: "login failed", is: loginFailed},
	{words: "authentication failed", is: loginFailed},
	{words: "authentication failure for", is: loginFailed},
	{words: "login authentication failed", is: loginFailed},
	{words: "password incorrect", is: loginFailed},
	{words: "locked out", is: accountLocked},
	{words: "authentication for ssh2 session from", is: loginFailed, without: "succeeded"},
	{words: "authentication for ssh2 session from", is: loginOK},
	{words: "login permitted", is: loginOK},
	{words: "login success", is: loginOK},
	{words: "authentication successful", is: loginOK},
	{words: "authentication: successful", is: loginOK},
	{words: "authentication succeeded", is: loginOK},
	{words: "transaction status accept", is: loginOK},
	{words: " logged in from ", is: loginOK},
	{words: "session started", is: sessionOpened},
	{words: "svc connection established", is: sessionOpened},
	{words: "assigned to session", is: sessionOpened},
	{words: "session terminated", is: sessionClosed},
	{words: "session disconnected", is: sessionClosed},
	{words: "has exited tty session", is: logout},
	{words: "user logged out", is: logout},
	{words: "new user added to local dbase", is: userAdded},
	{words: "user deleted from local dbase", is: userDeleted},
	{words: "user priv level changed", is: userChanged},
	{words: "executed the '", is: ranCommand},
	{words: "executed cmd:", is: ranCommand},
	{words: "executed '", is: ranCommand},
	{words: "logged command:", is: ranCommand},
	{words: "denied ", is: firewallDenied, prefix: true},
	{words: "dropped ", is: firewallDenied, prefix: true},
	{words: "connection denied", is: firewallDenied},
	{words: "access denied by acl", is: firewallDenied},
	{words: "request discarded", is: firewallDenied},
	{words: "no matching connection for icmp error", is: firewallDenied},
	{words: " denied ", is: firewallDenied},
	{words: " deny ", is: firewallDenied},
	{words: "access permitted", is: firewallAllowed},
	{words: " permitted ", is: firewallAllowed},
	{words: "ips:", is: scanned, prefix: true},
}

// ciscoMessage reads a message of IOS, NX-OS, UCS, ASA or FTD: "%ASA-6-605004: Login denied from 192.0.2.7/4444 to …",
// "%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: ann] [Source: 192.0.2.7] …".
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
	facility, mnemonic := id[:first], id[last+1:]
	firewall := facility == "ASA" || facility == "FTD" || facility == "PIX" || facility == "FWSM" || facility == "NGIPS"
	ev.Add("cisco.facility", facility)
	ev.Add("cisco.severity", id[last-1:last])
	ev.Add("cisco.mnemonic", mnemonic)
	ev.Add("message_id", id)
	ev.Add("message", msg)
	if firewall && strings.HasPrefix(mnemonic, "43000") {
		ftdMessage(ev, msg, mnemonic)
		return true
	}
	is := untold
	low := strings.ToLower(msg)
	for i := range ciscoSayings {
		say := &ciscoSayings[i]
		if (say.prefix && strings.HasPrefix(low, say.words) || !say.prefix && strings.Contains(low, say.words)) && (say.without == "" || !strings.Contains(low, say.without)) {
			is = say.is
			break
		}
	}
	ends := ciscoEnds(msg, low)
	if strings.HasPrefix(msg, "Built outbound") || strings.HasPrefix(msg, "Teardown") && strings.Contains(msg, " for outside:") && strings.Contains(msg, "(outbound)") { // the outer end comes first
		ends[0], ends[1] = ends[1], ends[0]
	}
	ev.Sources = ciscoSources
	switch {
	case is.authentic():
		ev.Sources = ciscoLogin
	case is == firewallDenied || is == firewallAllowed || firewall:
		ev.Sources = ciscoFirewall
	case strings.Contains(facility, "AAA"), strings.Contains(id, "CFGLOG"), facility == "SYS" && strings.HasPrefix(msg, "Configured from"):
		ev.Sources = ciscoAAA
	case strings.Contains(facility, "BGP"):
		ev.Sources = ciscoBGP
	case strings.Contains(facility, "LDP"), strings.Contains(id, "MD5_AUTHEN_FAIL"):
		ev.Sources = ciscoLDP
	}
	happened(ev, outcomes[is].event, outcomes[is].outcome)
	ev.Add("src_ip", ends[0].ip)
	ev.Add("src_port", ciscoPort(ends[0].port))
	ev.Add("dst_ip", ends[1].ip)
	ev.Add("dst_port", ciscoPort(ends[1].port))
	switch is {
	case firewallDenied:
		ev.Add("action", "deny")
	case firewallAllowed:
		ev.Add("action", "allow")
	}
	if containsAnyOf(low, "user", "uname", "from console by", "from memory by") {
		ev.Add("user", ciscoUser(msg))
	}
	if _, command, ok := strings.Cut(msg, "logged command:"); ok {
		ev.Add("command", strings.TrimPrefix(command, "!exec: "))
	} else if is == ranCommand {
		for _, before := range [...]string{"executed the '", "executed cmd: ", "executed '"} {
			if _, command, ok := strings.Cut(msg, before); ok {
				ev.Add("command", strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(command, "."), " command"), "'"))
				break
			}
		}
	}
	return true
}

// containsAnyOf says that one of some words is in s.
func containsAnyOf(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// ciscoUser finds the user that a message names.
func ciscoUser(msg string) string {
	for _, mark := range [...]string{"[user: ", "Uname: ", "Username = ", "Username: ", "Username:", "User <", "user = ", "for user \"", "for user '", "user '", "User '",
		"User: ", "User:", "from console by ", "from memory by ", "for illegal user ", "for user ", "remote user ", "local user ", "admin user ", "DAP: User ", "User "} {
		_, after, ok := strings.Cut(msg, mark)
		if !ok {
			continue
		}
		closing := " ]\"',:;>"
		if mark == "User <" {
			closing = ">"
		}
		if j := strings.IndexAny(after, closing); j >= 0 {
			after = after[:j]
		}
		if isName(after) && !isIP(after) && !ciscoTerminal(after) {
			return after
		}
	}
	return ""
}

// ciscoTerminal says that a word is the line somebody sits at: vty0, con0, tty2, console.
func ciscoTerminal(s string) bool {
	for _, p := range [...]string{"vty", "con", "tty", "aux"} {
		if rest, ok := strings.CutPrefix(s, p); ok && isDigits(rest) {
			return true
		}
	}
	return s == "console"
}

type ciscoEnd struct{ ip, port string }

// ciscoMarks are the words before an address that say which end it is: who came, where to, or, with neither, a server
// asked on the way or an address given out.
var ciscoMarks = []struct {
	words string
	end   int
}{
	{"user ip =", 0}, {"from ip", 0}, {"from", 0}, {"src", 0}, {"[source:", 0}, {"addr", 0}, {", ip =", 0}, {" ip", 0}, {"faddr", 0}, {"client", 0}, {"peer", 0}, {"remote:", 0}, {"rhost=", 0},
	{"ip address:", 0}, {"dst", 1}, {"to", 1}, {"->", 1}, {"laddr", 1},
	{"server =", -1}, {"server", -1}, {"gaddr", -1}, {"local:", -1}, {"assigned private ip address", -1}, {"ipv4 address", -1}, {"ipv6 address", -1}, {"assigned ip", -1}, {"ip address =", -1}, {"nas", -1},
}

// ciscoEnds finds who a message, given in small letters too, is about and whom they turned to, with the ports in whichever way they are written.
func ciscoEnds(s, low string) (ends [2]ciscoEnd) {
	n := 0
	spare := ciscoEnd{}
	if len(low) != len(s) {
		low = s
	}
	for i := 0; i < len(s) && n < 12; {
		if i > 0 && strings.IndexByte(" :(=\"[</,", s[i-1]) < 0 {
			i++
			continue
		}
		if c := s[i]; !(c >= '0' && c <= '9' || (c|0x20 >= 'a' && c|0x20 <= 'f' || c == ':') && strings.Count(s[i:min(len(s), i+12)], ":") > 1) {
			i++
			continue
		}
		ip, end := ipAt(s[i:])
		if ip == "" {
			for i++; i < len(s) && (hostByte(s[i]) || s[i] == '/'); i++ {
				if s[i] == '/' { // inside/192.0.2.7(4711)
					break
				}
			}
			continue
		}
		from := i
		j := i + end
		i = j
		// The address in parentheses behind one is what it was translated to.
		if from > 1 && s[from-1] == '(' && s[from-2] == ' ' && n > 0 {
			continue
		}
		n++
		e := ciscoEnd{ip: ip}
		if j+1 < len(s) && (s[j] == '/' || s[j] == '(' || s[j] == ':') {
			k := j + 1
			for k < len(s) && s[k] >= '0' && s[k] <= '9' {
				k++
			}
			if k > j+1 && (k == len(s) || !hostByte(s[k])) {
				e.port = s[j+1 : k]
			} else if s[j] == '/' { // ASA knows some ports by name
				word := s[j+1:]
				if w := strings.IndexAny(word, " ,("); w >= 0 {
					word = word[:w]
				}
				e.port = word
			}
			i = k
		}
		switch at := ciscoMark(low[:from]); {
		case at == -1:
		case at >= 0 && ends[at].ip == "":
			ends[at] = e
		case ends[0].ip == "" && at < -1:
			ends[0] = e
		case ends[1].ip == "" && ends[0].ip != "":
			ends[1] = e
		case spare.ip == "":
			spare = e
		}
	}
	if ends[0].ip == "" && ends[1].ip != "" && spare.ip != "" {
		ends[0] = spare
	}
	return ends
}

// ciscoMark tells by the text before an address which end it is: 0 or 1, -1 for neither, -2 where it does not say. The
// name of an interface may stand between.
func ciscoMark(before string) int {
	before = strings.TrimRight(before, " <([\"")
	if n := len(before); n > 0 && (before[n-1] == ':' || before[n-1] == '/') && n > 1 && hostByte(before[n-2]) {
		w := strings.LastIndexByte(before, ' ') + 1
		if word := before[w : n-1]; word != "source" && word != "remote" && word != "local" && word != "address" {
			before = strings.TrimRight(before[:w], " ")
		}
	}
	best, at := 0, -2
	for i := range ciscoMarks {
		m := &ciscoMarks[i]
		if strings.HasSuffix(before, m.words) && len(m.words) > best && (!alnumBefore(before, len(m.words)) || m.words[0] == ' ') {
			best, at = len(m.words), m.end
		}
	}
	return at
}

// ftdMessage reads the events of Firepower: pairs with colons between commas.
// https://www.cisco.com/c/en/us/td/docs/security/firepower/Syslogs/b_fptd_syslog_guide/security-event-syslog-messages.html
func ftdMessage(ev *tocsin.Event, msg, id string) {
	ev.Sources = ciscoFirewall
	if id == "430001" || id == "430004" || id == "430005" {
		ev.Sources = ciscoIDS
	}
	from := len(ev.Fields)
	for rest := msg; rest != "" && len(ev.Fields)-from < maxPairs; {
		name, after, ok := strings.Cut(rest, ": ")
		if !ok || strings.IndexByte(name, ' ') >= 0 {
			break
		}
		// A value ends where a comma and the next name begin; it may hold commas itself.
		end, next := len(after), len(after)
		for k := 0; k < len(after); {
			c := strings.Index(after[k:], ", ")
			if c < 0 {
				break
			}
			c += k
			word := after[c+2:]
			if e := strings.Index(word, ": "); e > 0 && isWord(strings.ReplaceAll(word[:e], "_", "")) {
				end, next = c, c+2
				break
			}
			k = c + 2
		}
		ev.Add(name, strings.Trim(after[:end], `"`))
		rest = after[next:]
	}
	for _, a := range [...]alias{{"src_ip", "SrcIP"}, {"dst_ip", "DstIP"}, {"src_port", "SrcPort"}, {"dst_port", "DstPort"}, {"proto", "Protocol"}, {"alert.signature", "Message"},
		{"alert.signature", "ThreatName"}, {"user_agent", "UserAgent"}} {
		ev.Add(a.name, ev.Text(a.of))
	}
	if ev.Time.IsZero() { // without a head
		ev.Time, _, _ = isoTime(ev.Text("FirstPacketSecond"), Options{})
	}
	if u := ev.Text("User"); isName(u) && !strings.HasPrefix(u, "No Authentication") {
		ev.Add("user", u)
	}
	action := ev.Text("AccessControlRuleAction")
	if action == "" {
		action = ev.Text("InlineResult") + ev.Text("FileAction")
	}
	ev.Add("action", action)
	switch low := strings.ToLower(action); {
	case strings.Contains(low, "block"), strings.Contains(low, "drop"), strings.Contains(low, "reset"):
		happened(ev, "firewall_denied", "failure")
	case id == "430002" || id == "430003":
		happened(ev, "firewall_allowed", "success")
	case id == "430005":
		happened(ev, outcomes[malwareFound].event, "")
	}
}

// ciscoPorts are ports that ASA writes by name: Cisco ASA general operations configuration guide, "Addresses, Protocols,
// and Ports", table "TCP and UDP Ports".
var ciscoPorts = map[string]string{
	"ftp-data": "20", "ftp": "21", "ssh": "22", "telnet": "23", "smtp": "25", "tacacs": "49", "domain": "53", "bootps": "67", "bootpc": "68", "tftp": "69",
	"www": "80", "http": "80", "pop3": "110", "sunrpc": "111", "ident": "113", "ntp": "123", "netbios-ns": "137", "netbios-dgm": "138", "netbios-ssn": "139",
	"imap4": "143", "snmp": "161", "snmptrap": "162", "bgp": "179", "ldap": "389", "https": "443", "isakmp": "500", "syslog": "514", "ldaps": "636",
	"sqlnet": "1521", "pptp": "1723", "sip": "5060",
}

func ciscoPort(name string) string {
	if port := ciscoPorts[name]; port != "" {
		return port
	}
	return name
}
