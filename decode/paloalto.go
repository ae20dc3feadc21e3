package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of Palo Alto's firewalls.
var (
	paloTraffic = []tocsin.LogSource{{Product: "paloalto", Category: "firewall", Service: "traffic"}}
	paloThreat  = []tocsin.LogSource{{Product: "paloalto", Category: "ids", Service: "threat"}, {Product: "paloalto", Category: "firewall", Service: "threat"}}
	paloURL     = []tocsin.LogSource{{Product: "paloalto", Category: "proxy", Service: "url"}, {Product: "paloalto", Category: "firewall", Service: "threat"}}
	paloSystem  = []tocsin.LogSource{{Product: "paloalto", Category: "appliance", Service: "system"}}
	paloVPN     = []tocsin.LogSource{{Product: "paloalto", Category: "appliance", Service: "globalprotect"}}
	paloUser    = []tocsin.LogSource{{Product: "paloalto", Category: "appliance", Service: "userid"}}
	paloLogin   = append(paloSystem[:1:1], tocsin.LogSource{Product: "paloalto", Category: "authentication"})
)

// The columns that Palo Alto's comma-separated logs of a type have in common use, by their place:
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
	panUserID = []string{1: "receive_time", 2: "serial", 3: "type", 4: "subtype", 6: "time_generated", 7: "vsys", 8: "ip", 9: "srcuser", 10: "datasourcename",
		11: "eventid", 15: "datasource", 16: "datasourcetype"}
	panAuth = []string{1: "receive_time", 2: "serial", 3: "type", 4: "subtype", 6: "time_generated", 7: "vsys", 8: "ip", 9: "srcuser", 10: "normalizeuser", 11: "object",
		12: "authpolicy", 14: "authid", 15: "vendor", 18: "clienttype", 19: "event"}
)

// panKinds are the types of log, with their columns and log sources.
var panKinds = map[string]struct {
	columns []string
	sources []tocsin.LogSource
}{
	"TRAFFIC": {panTraffic, paloTraffic}, "THREAT": {panThreat, paloThreat}, "SYSTEM": {panSystem, paloSystem}, "CONFIG": {panConfig, paloSystem},
	"GLOBALPROTECT": {panGlobal, paloVPN}, "USERID": {panUserID, paloUser}, "AUTHENTICATION": {panAuth, paloSystem},
}

// panMessage reads a message of a Palo Alto firewall: "1,2026/03/04 05:06:07,0123,TRAFFIC,end,…". Its times are the
// firewall's own; since PAN-OS 10 one of the last columns is a stamp with the offset, which holds for them all.
func panMessage(d *lines, msg []byte, ev *tocsin.Event) bool {
	if len(msg) < 48 || bytes.Count(msg[:min(len(msg), 80)], []byte{','}) < 5 || !isDigits(text(csvColumn(msg, 0))) {
		return false
	}
	kind := text(csvColumn(msg, 3))
	k, ok := panKinds[kind]
	if !ok {
		return false
	}
	ev.Sources = k.sources
	if kind == "THREAT" && string(csvColumn(msg, 4)) == "url" {
		ev.Sources = paloURL
	}
	layout := w3cLayout{sep: ','}
	var p pairRecord
	said, generated := "", ""
	rest, more := msg, true
	for i := 0; more && i < 256; i++ {
		var b []byte
		b, rest, more = layout.cut(rest, &d.arena)
		v := text(b)
		if i >= len(k.columns) {
			if len(v) > 24 && v[10] == 'T' && zoned(v) {
				if t, left, ok := isoTime(v, d.opt); ok && left == "" {
					d.panOffset(ev, generated, v, t)
					break
				}
			}
			continue
		}
		name := k.columns[i]
		if name == "" || v == "" {
			continue
		}
		ev.Add(name, v)
		switch name {
		case "time_generated":
			generated = v
			if t, ok := parseTime(v, d.opt); ok {
				ev.Time = t
			}
		case "src", "public_ip", "host", "ip": // a change of the configuration has the administrator's host
			p.value[pairSrc] = v
		case "dst":
			p.value[pairDst] = v
		case "sport":
			p.value[pairSrcPort] = v
		case "dport":
			p.value[pairDstPort] = v
		case "action":
			p.value[pairAction] = v
		case "srcuser", "admin":
			p.value[pairUser] = v
		case "misc":
			p.value[pairURL] = v
		case "threatid":
			ev.Add("alert.signature", v)
		case "opaque", "eventid", "status", "event":
			said += " " + strings.ToLower(v)
		}
	}
	p.addresses(ev)
	user := p.value[pairUser]
	switch {
	case kind == "SYSTEM" || kind == "GLOBALPROTECT" || kind == "AUTHENTICATION":
		opaque := ev.Text("opaque")
		for _, mark := range [...]string{"From: ", "Login from: ", "from: "} { // "failed authentication for user 'ann'. … From: 192.0.2.7."
			if _, after, ok := strings.Cut(opaque, mark); ok {
				addr, _, _ := strings.Cut(after, ",")
				if addr = strings.TrimRight(addr, ". "); isIP(addr) {
					ev.Add("src_ip", addr)
					break
				}
			}
		}
		for _, m := range [...]struct{ mark, end string }{{"user '", "'"}, {"User name: ", ","}} {
			if _, after, ok := strings.Cut(opaque, m.mark); ok && user == "" {
				user, _, _ = strings.Cut(after, m.end)
			}
		}
		stage := strings.Contains(said, "auth") || strings.Contains(said, "login") || kind == "AUTHENTICATION"
		failed := strings.Contains(said, "auth-fail") || stage && strings.Contains(said, "fail")
		if failed || stage && (strings.Contains(said, "success") || strings.Contains(said, "authenticated for user")) {
			if kind != "GLOBALPROTECT" {
				ev.Sources = paloLogin
			}
			happened(ev, loginKind(!failed), outcome(!failed))
		} else if status := ev.Text("status"); status == "success" || status == "failure" {
			ev.Add("outcome", status)
		}
	case kind == "CONFIG":
		ev.Add("event_type", "configuration")
		ev.Add("outcome", outcome(!strings.EqualFold(ev.Text("result"), "failed") && !strings.EqualFold(ev.Text("result"), "unauthorized")))
		ev.Add("command", ev.Text("cmd"))
	case p.value[pairURL] != "" && strings.Contains(p.value[pairURL], "/") && ev.Text("subtype") == "url":
		r := request{uri: "http://" + p.value[pairURL]}
		r.addSeen(ev, p.value[pairDstPort], &d.arena)
	default:
		p.decision(ev)
	}
	if domain, name, ok := strings.Cut(user, `\`); ok {
		ev.Add("user_domain", domain)
		user = name
	}
	if user != "" && ev.Text("user") == "" {
		ev.Add("user", user)
	}
	return true
}

// panOffset moves the event's time by the offset that the stamp of high resolution has, if both tell the same time.
func (d *lines) panOffset(ev *tocsin.Event, generated, stamp string, at time.Time) {
	local, _, ok := isoTime(stamp[:19], Options{})
	if !ok || ev.Time.IsZero() {
		return
	}
	wall, ok := parseTime(generated, Options{})
	if !ok || wall.Sub(local).Abs() > 10*time.Minute {
		return
	}
	by := at.Truncate(time.Second).Sub(local)
	ev.Time = d.opt.basis.moved(ev.Time, wall.Add(by), 1<<GuessZone, offsetGuess(by))
}
