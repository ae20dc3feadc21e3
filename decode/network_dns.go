package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of name servers and proxies.
var (
	bindSources    = []tocsin.LogSource{{Product: "bind", Category: "dns", Service: "named"}}
	dnsmasqSources = []tocsin.LogSource{{Product: "dnsmasq", Category: "dns", Service: "dnsmasq"}}
	unboundSources = []tocsin.LogSource{{Product: "unbound", Category: "dns", Service: "unbound"}}
	nsdSources     = []tocsin.LogSource{{Product: "nsd", Category: "dns", Service: "nsd"}}
	corednsSources = []tocsin.LogSource{{Product: "coredns", Category: "dns", Service: "coredns"}}
	adguardSources = []tocsin.LogSource{{Product: "adguard", Category: "dns", Service: "querylog"}}
	squidSources   = []tocsin.LogSource{{Product: "squid", Category: "proxy", Service: "access"}}
)

// A lookup is a name that was asked for.
type lookup struct{ query, kind, class, answer, client, port string }

func (l *lookup) add(ev *tocsin.Event) {
	ev.Add("query", strings.TrimSuffix(l.query, "."))
	ev.Add("record_type", l.kind)
	ev.Add("class", l.class)
	ev.Add("answer", l.answer)
	ev.Add("src_ip", l.client)
	ev.Add("src_port", l.port)
}

// parseNamed takes a line of BIND's own log files, "04-Mar-2026 05:06:07.250 queries: info: client …", with or without
// the time.
func parseNamed(d *lines, line []byte, ev *tocsin.Event) bool {
	if bytes.HasPrefix(line, []byte("client ")) || bytes.Contains(line[:min(len(line), 32)], []byte(": client ")) {
		return namedMessage(ev, text(line))
	}
	if len(line) < 32 || line[2] != '-' || line[6] != '-' || line[11] != ' ' || line[14] != ':' || !bytes.Contains(line[:min(len(line), 96)], []byte("client ")) {
		return false
	}
	var stamp [26]byte // as an access log has it
	n := copy(stamp[:], line[:20])
	stamp[2], stamp[6], stamp[11] = '/', '/', ':'
	i := 20
	if i < len(line) && line[i] == '.' {
		for i < len(line) && n < len(stamp)-1 && line[i] != ' ' {
			stamp[n] = line[i]
			n++
			i++
		}
	}
	stamp[n] = ']'
	at, _, ok := d.clfTime(stamp[:n+1])
	if !ok || !namedMessage(ev, text(bytes.TrimLeft(line[i:], " "))) {
		return false
	}
	ev.Time = at
	return true
}

// namedMessage reads what BIND says of a client's request:
//
//	queries: info: client @0x7f 192.0.2.7#53000 (a.example): query: a.example IN A +E(0)K (198.51.100.2)
//	client 192.0.2.7#3076 (a.example): query (cache) 'a.example/ANY/IN' denied
func namedMessage(ev *tocsin.Event, s string) bool {
	head, rest, ok := strings.Cut(s, "client ")
	if !ok || len(head) > 64 {
		return false
	}
	who, said, ok := strings.Cut(rest, ": ")
	if !ok {
		return false
	}
	if strings.HasPrefix(who, "@") {
		_, who, _ = strings.Cut(who, " ")
	}
	who, name, _ := strings.Cut(who, " ")
	var l lookup
	if l.client, l.port, ok = strings.Cut(who, "#"); !ok || !isAddress(l.client) {
		return false
	}
	l.port = strings.TrimSuffix(l.port, ":")
	l.query = strings.Trim(name, "()")
	if strings.HasPrefix(said, "view ") {
		_, said, _ = strings.Cut(said, ": ")
	}
	event := ""
	switch {
	case strings.HasPrefix(said, "query: "):
		w := strings.SplitN(said[len("query: "):], " ", 4)
		if len(w) >= 3 {
			l.query, l.class, l.kind = w[0], w[1], w[2]
		}
	case strings.Contains(said, "denied") || strings.Contains(said, "refused") || strings.Contains(said, "NOTAUTH"):
		event = "denied"
		if _, q, ok := strings.Cut(said, "'"); ok {
			q, _, _ = strings.Cut(q, "'")
			parts := strings.Split(q, "/")
			l.query = parts[0]
			if len(parts) > 2 {
				l.kind, l.class = parts[1], parts[2]
			}
		}
	}
	ev.Sources = bindSources
	l.add(ev)
	ev.Add("message", s)
	if event != "" {
		ev.Add("event_type", event)
		ev.Add("outcome", "failure")
		ev.Add("service", "named")
	}
	return true
}

// dnsmasqMessage reads a query or an answer of dnsmasq or Pi-hole:
// "query[A] a.example from 192.0.2.7", "reply a.example is 198.51.100.2", "gravity blocked a.example is 0.0.0.0".
func dnsmasqMessage(ev *tocsin.Event, s string) bool {
	if i := strings.IndexByte(s, ' '); i > 0 && isDigits(s[:i]) { // log-queries=extra: serial and client first
		s = s[i+1:]
		if who, rest, ok := strings.Cut(s, " "); ok && strings.Contains(who, "/") {
			s = rest
		}
	}
	w := strings.Fields(s)
	if len(w) < 4 {
		return false
	}
	var l lookup
	blocked := false
	switch first := w[0]; {
	case strings.HasPrefix(first, "query[") && w[2] == "from":
		l.kind, l.query, l.client = strings.Trim(first[5:], "[]"), w[1], w[3]
	case w[2] == "is" && (first == "reply" || first == "cached" || first == "config" || strings.HasPrefix(first, "/")):
		l.query, l.answer = w[1], w[3]
	case len(w) > 4 && w[3] == "is" && (w[1] == "blocked" || w[1] == "denied"):
		l.query, l.answer, blocked = w[2], w[4], true
	case w[2] == "to" && first == "forwarded":
		l.query = w[1]
		ev.Add("dst_ip", w[3])
	default:
		return false
	}
	ev.Sources = dnsmasqSources
	l.add(ev)
	ev.Add("message", s)
	if blocked {
		ev.Add("action", "blocked")
	}
	return true
}

// unboundMessage reads "info: 192.0.2.7 a.example. A IN" and, with replies logged, "… NOERROR 0.000 1 56" behind it.
func unboundMessage(ev *tocsin.Event, s string) bool {
	w := strings.Fields(strings.TrimPrefix(s[strings.LastIndexByte(s[:min(len(s), 24)], ']')+1:], " info: "))
	if len(w) > 0 && w[0] == "info:" {
		w = w[1:]
	}
	if len(w) < 4 || !isAddress(w[0]) || w[3] != "IN" && w[3] != "CH" {
		return false
	}
	l := lookup{client: w[0], query: w[1], kind: w[2], class: w[3]}
	ev.Sources = unboundSources
	l.add(ev)
	ev.Add("message", s)
	return true
}

// nsdMessage reads the refusals of NSD.
func nsdMessage(ev *tocsin.Event, s string) bool {
	if !strings.Contains(s, "refused") && !strings.Contains(s, "ratelimit block") {
		return false
	}
	ev.Sources = nsdSources
	for _, before := range [...]string{" from client ", " from ", " query "} {
		if _, after, ok := strings.Cut(s, before); ok {
			if word, _, _ := strings.Cut(after, " "); isAddress(word) {
				ev.Add("src_ip", word)
				break
			}
		}
	}
	ev.Add("message", s)
	ev.Add("event_type", "denied")
	ev.Add("outcome", "failure")
	ev.Add("service", "nsd")
	return true
}

// parseNSD takes NSD's own log lines: "[1772600767] nsd[12]: info: …".
func parseNSD(d *lines, line []byte, ev *tocsin.Event) bool {
	stamp, rest, ok := cutBracket(line)
	if !ok || !bytes.HasPrefix(rest, []byte(" nsd[")) {
		return false
	}
	at, ok := parseTime(text(stamp), d.opt)
	_, msg, ok2 := bytes.Cut(rest, []byte("]: "))
	if !ok || !ok2 || !nsdMessage(ev, text(msg)) {
		return false
	}
	ev.Time = at
	return true
}

// parseCoreDNS takes a line of CoreDNS's log plugin: [INFO] 192.0.2.7:53000 - 12 "A IN a.example. udp 40 false 512" NOERROR …
func parseCoreDNS(_ *lines, line []byte, ev *tocsin.Event) bool {
	_, rest, ok := cutBracket(line)
	if !ok || len(rest) < 2 || rest[0] != ' ' || len(line)-len(rest) > 8 {
		return false
	}
	who, rest := cutSpace(rest[1:])
	var l lookup
	if l.client, l.port = splitPort(text(who)); l.port == "" || !isAddress(l.client) || !bytes.HasPrefix(rest, []byte("- ")) {
		return false
	}
	i := bytes.IndexByte(rest, '"')
	if i < 0 {
		return false
	}
	asked, rest, _ := cutQuoted(rest[i:])
	w := strings.Fields(text(asked))
	if len(w) < 4 {
		return false
	}
	l.kind, l.class, l.query = w[0], w[1], w[2]
	ev.Sources = corednsSources
	l.add(ev)
	ev.Add("proto", w[3])
	code, _ := cutSpace(bytes.TrimLeft(rest, " "))
	ev.Add("rcode", text(code))
	return true
}

// isAdGuard says that o is of AdGuard Home's query log.
func isAdGuard(o *object) bool { return o.has("T", "QH", "QT", "IP") }

func fillAdGuard(o *object, ev *tocsin.Event) {
	ev.Time, _ = parseTime(o.get("T"), o.opt)
	ev.Sources = adguardSources
	l := lookup{query: o.get("QH"), kind: o.get("QT"), class: o.get("QC"), client: o.get("IP")}
	l.add(ev)
	if o.get("Result.IsFiltered") == "true" {
		ev.Add("action", "blocked")
	}
}

// parseSquid takes a line of Squid's native access log: https://wiki.squid-cache.org/Features/LogFormat
//
//	1772600767.250    131 192.0.2.7 TCP_MISS/200 4099 GET http://shop.example/a - HIER_DIRECT/198.51.100.2 text/html
func parseSquid(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 40 || line[0] < '0' || line[0] > '9' || line[10] != '.' {
		return false
	}
	var words [10][]byte
	n := 0
	for b := line; len(b) > 0 && n < len(words); {
		var w []byte
		if w, b = cutSpace(b); len(w) > 0 {
			words[n] = w
			n++
		}
	}
	if n < 9 {
		return false
	}
	at, ok := parseTime(text(words[0]), d.opt)
	result, status, ok2 := bytes.Cut(words[3], []byte("/"))
	if !ok || !ok2 || !isDigits(text(words[1])) || !isDigits(text(status)) {
		return false
	}
	ev.Time, ev.Sources = at, squidSources
	r := request{status: text(status), size: text(words[4]), method: text(words[5]), uri: text(words[6]), user: strings.Trim(text(words[7]), `"`)}
	ev.Add("c-ip", text(words[2]))
	ev.Add("src_ip", text(words[2]))
	ev.Add("action", text(result))
	ev.Add("time-taken", text(words[1]))
	if _, peer, ok := bytes.Cut(words[8], []byte("/")); ok && isIP(text(peer)) {
		ev.Add("dst_ip", text(peer))
	} else if ok && string(peer) != "-" {
		ev.Add("dst_host", text(peer))
	}
	if n > 9 && string(words[9]) != "-" {
		ev.Add("content-type", text(words[9]))
	}
	r.addSeen(ev, "", &d.arena)
	refused(ev, "", text(result), r.status)
	return true
}

// refused adds to a proxy's request that it was refused, by what the filter or the cache says. 407 asks for a name only.
func refused(ev *tocsin.Event, filter, cache, status string) {
	if status != "407" && (filter == "DENIED" || cache == "TCP_DENIED" || cache == "DENIED" || cache == "TCP_DENIED_ABORTED") {
		happened(ev, outcomes[denied].event, outcomes[denied].outcome)
	}
}
