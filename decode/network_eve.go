package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// isEVE says that o is a record of Suricata's EVE log: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
func isEVE(o *object) bool {
	if !o.has("event_type", "timestamp") {
		return false
	}
	kind := o.get("event_type")
	return eveSources[kind] != nil && (o.has("src_ip") || o.has("flow_id") || kind == "stats" || kind == "engine" || o.has("ether.src_mac"))
}

var eveSources = eveSourceTable()

func eveSourceTable() map[string][]tocsin.LogSource {
	m := map[string][]tocsin.LogSource{
		"alert":   {{Product: "suricata", Category: "ids", Service: "alert"}},
		"drop":    {{Product: "suricata", Category: "firewall", Service: "drop"}},
		"flow":    {{Product: "suricata", Category: "firewall", Service: "flow"}},
		"netflow": {{Product: "suricata", Category: "firewall", Service: "netflow"}},
		"dns":     {{Product: "suricata", Category: "dns", Service: "dns"}},
		"http":    {{Product: "suricata", Category: "proxy", Service: "http"}, {Product: "suricata", Category: "webserver", Service: "http"}},
		"http2":   {{Product: "suricata", Category: "proxy", Service: "http"}, {Product: "suricata", Category: "webserver", Service: "http"}},
	}
	for _, k := range [...]string{"anomaly", "arp", "bittorrent-dht", "bittorrent_dht", "dcerpc", "dhcp", "dnp3", "doh2",
		"engine", "enip", "fileinfo", "frame", "ftp", "ftp_data", "ike", "ikev2", "krb5", "ldap", "lua", "mdns", "metadata", "modbus",
		"mqtt", "nfs", "packetinfo", "pgsql", "pop3", "quic", "rdp", "rfb", "sip", "smb", "smtp", "snmp", "ssh", "stats",
		"telnet", "template", "tftp", "tls", "tls_log", "websocket"} {
		m[k] = []tocsin.LogSource{{Product: "suricata", Service: k}}
	}
	return m
}

// fillEVE adds to a record, which has its own fields already, the names of Sigma's dns, proxy, webserver and
// firewall categories. A record with a part of another protocol (an alert with its http) has that part's names too.
func fillEVE(o *object, ev *tocsin.Event) {
	ev.Time, _ = parseTime(o.get("timestamp"), o.opt)
	ev.Host = o.get("host")
	kind := o.get("event_type")
	ev.Sources = eveSources[kind]
	if ev.Sources == nil { // forced by --input-format
		ev.Sources = eveAny
	}
	var r request
	web := false
	port := ""
	f := ev.Fields
	for _, old := range o.fields {
		name := ""
		switch old.Name {
		case "dest_ip":
			name = "dst_ip"
		case "dest_port":
			name, port = "dst_port", old.Value
		case "alert.action":
			name = "action"
		case "dns.rrname", "dns.query.rrname", "dns.queries.rrname":
			name = "query"
		case "dns.rrtype", "dns.query.rrtype", "dns.queries.rrtype":
			name = "record_type"
		case "dns.rdata", "dns.answers.rdata", "dns.answer.rdata":
			name = "answer"
		case "http.hostname":
			r.host, web = old.Value, true
		case "http.url":
			r.uri, web = old.Value, true
		case "http.http_method":
			r.method = old.Value
		case "http.http_user_agent":
			r.agent = old.Value
		case "http.http_refer":
			r.referer = old.Value
		case "http.protocol":
			r.version = old.Value
		case "http.status":
			r.status = old.Value
		case "http.length":
			r.size = old.Value
		case "http.xff", "xff":
			r.forwarded = old.Value
		}
		if name != "" {
			f = append(f, tocsin.Field{Name: name, Value: old.Value})
		}
	}
	ev.Fields = f
	if web {
		if strings.HasPrefix(kind, "http") && outward(o.get("src_ip"), o.get("dest_ip")) {
			ev.Sources = eveOutward
		}
		r.addSeen(ev, port, &o.flat.arena)
		ev.Add("x-forwarded-for", r.forwarded)
	}
	switch kind {
	case "krb5":
		if code := o.get("krb5.error_code"); code == "KDC_ERR_PREAUTH_FAILED" || code == "KDC_ERR_CLIENT_REVOKED" {
			login(ev, false, "kerberos", o.get("krb5.cname"))
		} else if o.get("krb5.msg_type") == "KRB_AS_REP" {
			login(ev, true, "kerberos", o.get("krb5.cname"))
		}
	case "smb":
		if o.get("smb.command") == "SMB2_COMMAND_SESSION_SETUP" {
			switch o.get("smb.status") {
			case "STATUS_LOGON_FAILURE", "STATUS_ACCOUNT_LOCKED_OUT", "STATUS_PASSWORD_EXPIRED", "STATUS_ACCOUNT_DISABLED":
				login(ev, false, "smb", o.get("smb.ntlmssp.user"))
			case "STATUS_SUCCESS":
				if user := o.get("smb.ntlmssp.user"); user != "" {
					login(ev, true, "smb", user)
				}
			}
		}
	case "ftp":
		switch o.get("ftp.completion_code") {
		case "230":
			login(ev, true, "ftp", "")
		case "530":
			login(ev, false, "ftp", "")
		}
	}
}

var (
	eveAny     = []tocsin.LogSource{{Product: "suricata"}}
	eveOutward = []tocsin.LogSource{{Product: "suricata", Category: "proxy", Service: "http"}}
)

var fastSources = []tocsin.LogSource{{Product: "suricata", Category: "ids", Service: "alert"}, {Product: "snort", Category: "ids", Service: "alert"}}

// parseFast takes a line of Suricata's fast.log or Snort's alert_fast:
//
//	03/04/2026-05:06:07.000001  [**] [1:2001219:20] A signature [**] [Classification: A kind] [Priority: 2] {TCP} 192.0.2.1:4444 -> 198.51.100.2:22
//
// Snort leaves the year out where it is not told to write it (-y), and writes it with two digits where it is.
func parseFast(d *lines, line []byte, ev *tocsin.Event) bool {
	at, rest, ok := d.fastTime(line)
	if !ok {
		return false
	}
	action := ""
	if rest = bytes.TrimLeft(rest, " "); bytes.HasPrefix(rest, []byte("[Drop]")) || bytes.HasPrefix(rest, []byte("[wDrop]")) {
		action, rest = "drop", rest[bytes.IndexByte(rest, ']')+1:]
	}
	if !parseSnort(bytes.TrimLeft(rest, " "), action, ev) {
		return false
	}
	ev.Time = at
	return true
}

// parseSnort takes what follows the time in such a line; Snort sends the same by syslog, without the "[**]".
func parseSnort(b []byte, action string, ev *tocsin.Event) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("[**]")), " ")
	ids, rest, ok := cutBracket(b)
	if !ok {
		return false
	}
	gid, sid, ok := bytes.Cut(ids, []byte(":"))
	sid, rev, ok2 := bytes.Cut(sid, []byte(":"))
	if !ok || !ok2 || !isDigits(text(gid)) || !isDigits(text(sid)) || !isDigits(text(rev)) {
		return false
	}
	open := bytes.LastIndexByte(rest, '{')
	if open < 0 {
		return false
	}
	proto, flow, ok := bytes.Cut(rest[open+1:], []byte("} "))
	if !ok {
		return false
	}
	from, to, ok := bytes.Cut(flow, []byte(" -> "))
	if !ok {
		return false
	}
	rest = rest[:open]
	sig := rest
	for _, stop := range [...]string{" [**]", " [Classification:", " [Priority:"} {
		if i := bytes.Index(sig, []byte(stop)); i >= 0 {
			sig = sig[:i]
		}
	}
	ev.Sources = fastSources
	ev.Add("alert.signature", text(bytes.Trim(sig, ` "`)))
	ev.Add("alert.gid", text(gid))
	ev.Add("alert.signature_id", text(sid))
	ev.Add("alert.rev", text(rev))
	ev.Add("alert.category", text(labelled(rest, "[Classification: ")))
	ev.Add("alert.severity", text(labelled(rest, "[Priority: ")))
	ev.Add("alert.action", action)
	ev.Add("action", action)
	ev.Add("proto", text(proto))
	for i, end := range [...][]byte{from, to} {
		addr, port := cutAddrPort(text(bytes.TrimSpace(end)))
		if i == 0 {
			ev.Add("src_ip", addr)
			ev.Add("src_port", port)
		} else {
			ev.Add("dest_ip", addr)
			ev.Add("dst_ip", addr)
			ev.Add("dest_port", port)
			ev.Add("dst_port", port)
		}
	}
	return true
}

// cutAddrPort splits "addr:port" also where addr is a bare IPv6 address, as Snort writes it: eight groups and a port.
func cutAddrPort(s string) (addr, port string) {
	addr, port = splitPort(s)
	if port != "" {
		return addr, port
	}
	colons, last := 0, -1
	for i := 0; i < len(s); i++ {
		if s[i] == ':' {
			colons, last = colons+1, i
		}
	}
	if colons == 8 && isDigits(s[last+1:]) {
		return s[:last], s[last+1:]
	}
	return addr, port
}

// cutBracket cuts "[…]" off the start of b.
func cutBracket(b []byte) (in, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '[' {
		return nil, b, false
	}
	i := bytes.IndexByte(b, ']')
	if i < 0 {
		return nil, b, false
	}
	return b[1:i], b[i+1:], true
}

// labelled returns what stands between label and the next closing bracket, or nil.
func labelled(b []byte, label string) []byte {
	i := bytes.Index(b, []byte(label))
	if i < 0 {
		return nil
	}
	b = b[i+len(label):]
	if i = bytes.IndexByte(b, ']'); i < 0 {
		return nil
	}
	return b[:i]
}

// fastTime reads "01/02[/2006]-15:04:05.000000" at the start of b.
func (d *lines) fastTime(b []byte) (at time.Time, rest []byte, ok bool) {
	if len(b) < 16 || b[2] != '/' {
		return at, nil, false
	}
	mon, day := two(b), two(b[3:])
	year, i := 0, 5
	if b[5] == '/' {
		if b[8] == '-' {
			year, i = 2000+two(b[6:]), 8
		} else {
			year, i = two(b[6:])*100+two(b[8:]), 10
		}
	}
	if i+9 > len(b) || b[i] != '-' || b[i+3] != ':' || b[i+6] != ':' {
		return at, nil, false
	}
	hour, min, sec := two(b[i+1:]), two(b[i+4:]), two(b[i+7:])
	if mon < 1 || mon > 12 || day < 1 || day > 31 || hour < 0 || min < 0 || sec < 0 || year < 0 || hour > 23 || min > 59 || sec > 60 {
		return at, nil, false
	}
	nanos, unit := 0, 100_000_000
	if i += 9; i < len(b) && b[i] == '.' {
		for i++; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
			nanos += int(b[i]-'0') * unit
			unit /= 10
		}
	}
	d.opt.basis.begin()
	if year == 0 {
		year = d.opt.year(d.rec.Ref, time.Month(mon), day, hour, min, sec)
	}
	return d.opt.zoneless(year, time.Month(mon), day, hour, min, sec, nanos), b[i:], true
}
