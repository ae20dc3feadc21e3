package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of devices whose records are structured data.
var (
	junosFirewall = []tocsin.LogSource{{Product: "juniper", Category: "firewall", Service: "junos"}}
	junosIDS      = []tocsin.LogSource{{Product: "juniper", Category: "ids", Service: "junos"}, {Product: "juniper", Category: "firewall", Service: "junos"}}
	junosSources  = []tocsin.LogSource{{Product: "juniper", Service: "junos"}}
	junosLogin    = append(junosSources[:1:1], tocsin.LogSource{Product: "juniper", Category: "authentication"})
)

// deviceData makes ev the event of a record that is structured data: Check Point's Log Exporter's and Junos's.
func (d *lines) deviceData(b []byte, ev *tocsin.Event) bool {
	if checkPointMessage(d, b, ev) {
		return true
	}
	return bytes.HasPrefix(b, []byte("[junos@")) && junosData(d, text(d.head.msgID), b, ev)
}

// checkPointMessage reads what Check Point's Log Exporter sends as syslog: [action:"Drop"; src:"192.0.2.7"; …].
// https://support.checkpoint.com/results/sk/sk122323
func checkPointMessage(d *lines, b []byte, ev *tocsin.Event) bool {
	if len(b) < 16 || b[0] != '[' || !bytes.Contains(b[:min(len(b), 48)], []byte(`:"`)) {
		return false
	}
	from := len(ev.Fields)
	for rest := b[1:]; len(ev.Fields)-from < maxPairs; {
		rest = bytes.TrimLeft(rest, "; ")
		k := bytes.Index(rest, []byte(`:"`))
		if k < 1 || k > 64 {
			break
		}
		name := d.name(rest[:k])
		end := k + 2
		for end < len(rest) && (rest[end] != '"' || escapedAt(rest, end)) {
			end++
		}
		if end > k+2 {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: name, Value: d.unbackslash(rest[k+2 : end])})
		}
		rest = rest[min(end+1, len(rest)):]
	}
	var p pairRecord
	p.read(ev.Fields[from:])
	if p.value[pairCheck] == "" && p.value[pairSrc] == "" {
		ev.Fields = ev.Fields[:from]
		return false
	}
	if p.value[pairCheck] == "" {
		p.value[pairCheck] = "-"
		p.checkPoint()
	}
	if ev.Time.IsZero() {
		ev.Time = p.time(d)
	}
	p.finish(ev, d)
	return true
}

// checkPointFields reads the same with equals signs, as Check Point's own syslog has it: [Fields@1.3.6.1.4.1.2620 src="192.0.2.7" …].
func checkPointFields(d *lines, s string, ev *tocsin.Event) bool {
	_, pairs, ok := strings.Cut(s, "[Fields@1.3.6.1.4.1.2620 ")
	if !ok {
		return false
	}
	from := len(ev.Fields)
	d.pairs(view(strings.TrimSuffix(strings.TrimRight(pairs, " "), "]")), ev)
	for i := from; i < len(ev.Fields); i++ {
		if f := &ev.Fields[i]; f.Name == "Action" {
			f.Name = "action"
		}
	}
	var p pairRecord
	p.read(ev.Fields[from:])
	if p.value[pairCheck] = "-"; p.value[pairDstPort] == "" && isPort(p.value[pairService]) {
		p.value[pairDstPort] = p.value[pairService]
	}
	p.finish(ev, d)
	return true
}

// junosData reads the structured data of a message of Junos, [junos@2636.1.1.1.2.26 source-address="192.0.2.7" …], whose
// tag says what it is: RT_FLOW_SESSION_DENY, RT_SCREEN_TCP, IDP_ATTACK_LOG_EVENT.
// https://www.juniper.net/documentation/us/en/software/junos/network-mgmt/topics/topic-map/system-logging-for-a-security-device.html
func junosData(d *lines, tag string, b []byte, ev *tocsin.Event) bool {
	from := len(ev.Fields)
	if _, after, ok := bytes.Cut(b, []byte(" ")); ok {
		d.pairs(bytes.TrimSuffix(bytes.TrimRight(after, " "), []byte("]")), ev)
	}
	var p pairRecord
	p.read(ev.Fields[from:])
	p.addresses(ev)
	ev.Add("message_id", tag)
	junosTagged(ev, &p, tag)
	return true
}

// junosTagged says what a tag of Junos means.
func junosTagged(ev *tocsin.Event, p *pairRecord, tag string) {
	ev.Sources = junosSources
	is := untold
	switch {
	case strings.HasPrefix(tag, "RT_FLOW_SESSION_DENY"), strings.HasPrefix(tag, "APPTRACK_SESSION_DENY"):
		ev.Sources, is = junosFirewall, firewallDenied
	case strings.HasPrefix(tag, "RT_FLOW_SESSION_CREATE"):
		ev.Sources, is = junosFirewall, firewallAllowed
	case strings.HasPrefix(tag, "RT_FLOW"), strings.HasPrefix(tag, "APPTRACK"):
		ev.Sources = junosFirewall
	case strings.HasPrefix(tag, "RT_SCREEN"), strings.HasPrefix(tag, "IDP_"), strings.HasPrefix(tag, "RT_IDS"):
		ev.Sources, is = junosIDS, scanned
		ev.Add("alert.signature", ev.Text("attack-name"))
	case strings.HasSuffix(tag, "LOGIN_FAILED"), strings.HasSuffix(tag, "AUTH_FAILED"), strings.HasSuffix(tag, "PASSWD_FAILED"):
		ev.Sources, is = junosLogin, loginFailed
	case tag == "UI_LOGIN_EVENT", tag == "LOGIN_INFORMATION":
		ev.Sources, is = junosLogin, loginOK
	case tag == "UI_LOGOUT_EVENT":
		ev.Sources, is = junosLogin, logout
	case strings.HasPrefix(tag, "UI_CMDLINE"):
		is = ranCommand
	}
	happened(ev, outcomes[is].event, outcomes[is].outcome)
	if _, told := ev.Value("user"); !told {
		ev.Add("user", p.value[pairUser])
	}
}

// junosPhrases are the messages of Junos that are not structured.
var junosPhrases = []phrase{
	{"{tag!}: session denied {@ip}->{@to} {*}", firewallDenied, ""},
	{"{tag!}: session created {@ip}->{@to} {*}", firewallAllowed, ""},
	{"{tag!}: session closed {reason<}: {@ip}->{@to} {*}", untold, ""},
	{"{tag!}: {name<} source: {@ip}, destination: {@to}, {*}", scanned, ""},
	{"{tag!}: {name<} source: {@ip}, destination: {@to}", scanned, ""},
	{"LOGIN_FAILED: Login failed for user '{user<}' from host '{@}'", loginFailed, ""},
	{"LOGIN_FAILED: Login failed for user {user!} from host {@}", loginFailed, ""},
	{"SSHD_LOGIN_FAILED: Login failed for user '{user<}' from host '{@}'", loginFailed, ""},
	{"UI_LOGIN_EVENT: User '{user<}' login, class '{class<}' [{#}], ssh-connection '{@} {src_port#} {<}'{*}", loginOK, ""},
	{"UI_LOGIN_EVENT: User '{user<}' login, {*}", loginOK, ""},
	{"UI_LOGOUT_EVENT: User '{user<}' logout", logout, ""},
	{"UI_AUTH_EVENT: Authenticated user '{user<}' {*}", untold, ""},
	{"UI_CMDLINE_READ_LINE: User '{user<}', command '{command}' ", ranCommand, ""},
	{"UI_CMDLINE_READ_LINE: User '{user<}', command '{command}'", ranCommand, ""},
}

// junosMessage reads a message of Junos by its program or its tag.
func junosMessage(d *lines, program string, msg []byte, ev *tocsin.Event) bool {
	s := text(msg)
	tag := program
	if first, rest, ok := strings.Cut(s, " "); ok && strings.HasPrefix(rest, "[junos@") {
		return junosData(d, strings.TrimSuffix(first, ":"), view(rest), ev)
	} else if strings.HasPrefix(s, "[junos@") {
		return junosData(d, program, msg, ev)
	}
	if word, _, ok := strings.Cut(s, ": "); ok && junosTag(word) {
		tag = word
	} else if junosTag(program) {
		s = d.join(program, ": ", s)
	}
	if !junosTag(tag) {
		return false
	}
	from := len(ev.Fields)
	ev.Add("message", text(msg))
	if p := d.say.find(junosPhrases, s); p != nil {
		d.say.service = "junos"
		d.say.mean(ev, junosFamily, p.is, p.add)
	}
	ev.Fields = dropField(ev.Fields, from, "event_type", "outcome", "service", "tag")
	var p pairRecord
	ev.Add("message_id", tag)
	junosTagged(ev, &p, tag)
	return true
}

var junosFamily = &family{service: "junos", sources: junosSources, auth: junosLogin}

// dropField takes fields out again that stand behind a place.
func dropField(fields []tocsin.Field, from int, names ...string) []tocsin.Field {
	kept := fields[:from]
next:
	for _, f := range fields[from:] {
		for _, n := range names {
			if f.Name == n {
				continue next
			}
		}
		kept = append(kept, f)
	}
	return kept
}

// junosTag says that a word is the tag of one of Junos's messages.
func junosTag(s string) bool {
	for _, p := range [...]string{"RT_FLOW_", "RT_SCREEN_", "RT_IDS_", "RT_IDP_", "IDP_", "APPTRACK_", "UI_", "LOGIN_FAILED", "LOGIN_INFORMATION", "SSHD_LOGIN_", "AUTH_", "WEBFILTER_"} {
		if strings.HasPrefix(s, p) {
			return upper(strings.ReplaceAll(s, "_", ""))
		}
	}
	return false
}

// parseFirewallLog takes what Check Point's "fw log" prints: when, what was decided, by which gateway, at which interface, and
// pairs: "4Mar2026  5:06:07 drop   198.51.100.1 >eth0 src: 192.0.2.7; dst: 198.51.100.2; proto: tcp; …".
// https://sc1.checkpoint.com/documents/R81/WebAdminGuides/EN/CP_R81_CLI_ReferenceGuide/Topics-CLIG/FWG/fw-log.htm
func parseFirewallLog(d *lines, line []byte, ev *tocsin.Event) bool {
	n := digitsAt(line)
	if n < 1 || n > 2 || len(line) < 40 || line[n] < 'A' || line[n] > 'Z' || !bytes.Contains(line, []byte("; ")) && !bytes.Contains(line, []byte(": ")) {
		return false
	}
	t, k, f := d.clock.lead(line, d.rec.Ref)
	if f == noStamp || k >= len(line) {
		return false
	}
	action, rest, _ := strings.Cut(text(line[k:]), " ")
	origin, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	from := len(ev.Fields)
	if rest = strings.TrimLeft(rest, " "); rest != "" && (rest[0] == '>' || rest[0] == '<') {
		var at string
		at, rest, _ = strings.Cut(rest, " ")
		ev.Add("interface", at[1:])
	}
	pairs := 0
	for p := range strings.SplitSeq(rest, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(p), ": "); ok && strings.IndexByte(name, ' ') < 0 && pairs < maxPairs {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: d.name(view(name)), Value: value})
			pairs++
		}
	}
	if pairs < 2 {
		ev.Fields = ev.Fields[:from]
		return false
	}
	ev.Add("action", action)
	var p pairRecord
	p.read(ev.Fields[from:])
	p.value[pairCheck] = origin
	p.checkPoint()
	ev.Time, ev.Host = t, origin
	p.finish(ev, d)
	return true
}
