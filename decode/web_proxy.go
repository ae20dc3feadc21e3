package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of load balancers and of what else answers requests.
var (
	haproxySources = []tocsin.LogSource{{Product: "haproxy", Category: "webserver", Service: "haproxy"}}
	haproxyTCP     = []tocsin.LogSource{{Product: "haproxy", Category: "firewall", Service: "haproxy"}}
	haproxyOther   = []tocsin.LogSource{{Product: "haproxy", Service: "haproxy"}}
	albSources     = []tocsin.LogSource{{Product: "aws", Category: "webserver", Service: "elb"}}
	looseSources   = []tocsin.LogSource{{Category: "webserver", Service: "access"}}
)

// parseHAProxy takes HAProxy's HTTP, TCP and connection error lines, bare or as syslog's message:
//
//	192.0.2.7:10285 [04/Mar/2026:05:06:07.250] fe~ be/srv1 0/0/0/13/14 200 20602 - - ---- 19/19/3/4/0 0/0 {agent} "GET / HTTP/1.1"
//	192.0.2.7:10285 [04/Mar/2026:05:06:07.250] fe be/srv1 0/1/5007 212 -- 0/0/0/0/3 0/0
//	192.0.2.7:10285 [04/Mar/2026:05:06:07.250] fe/1: SSL handshake failure
//
// https://docs.haproxy.org/3.0/configuration.html#8.2
func parseHAProxy(d *lines, line []byte, ev *tocsin.Event) bool {
	client, rest := cutSpace(line)
	if len(rest) < 24 || rest[0] != '[' || len(client) > 64 {
		return false
	}
	at, rest, ok := d.clfTime(rest[1:])
	if !ok || len(rest) < 2 || rest[0] != ' ' {
		return false
	}
	rest = rest[1:]
	if rest[0] == '"' {
		return false
	}
	i := bytes.LastIndexByte(client, ':')
	if i < 1 || !isDigits(text(client[i+1:])) {
		return false
	}
	var r request
	r.client, r.port = text(bytes.Trim(client[:i], "[]")), text(client[i+1:])
	frontend, rest := cutSpace(rest)
	if n := len(frontend); n > 1 && frontend[n-1] == ':' {
		ev.Time, ev.Sources = at, haproxyTCP
		ev.Add("frontend", text(frontend[:n-1]))
		ev.Add("message", text(rest))
		ev.Add("event_type", "protocol_error")
		ev.Add("outcome", "failure")
		r.add(ev, &d.arena)
		return true
	}
	backend, rest := cutSpace(rest)
	backend, server, ok := bytes.Cut(backend, []byte("/"))
	timers, rest := cutSpace(rest)
	n := bytes.Count(timers, []byte("/"))
	if !ok || n < 2 || n > 5 {
		return false
	}
	taken := text(timers[bytes.LastIndexByte(timers, '/')+1:])
	r.taken = strings.TrimPrefix(taken, "+")
	ev.Time = at
	ev.Add("frontend", text(bytes.TrimSuffix(frontend, []byte("~"))))
	ev.Add("backend", text(backend))
	ev.Add("server", text(server))
	if n == 2 { // Tw/Tc/Tt: no request was looked at
		size, rest := cutSpace(rest)
		state, _ := cutSpace(rest)
		ev.Sources = haproxyTCP
		r.size = strings.TrimPrefix(text(size), "+")
		ev.Add("termination_state", text(state))
		r.add(ev, &d.arena)
		return true
	}
	ev.Sources = haproxySources
	status, rest := cutSpace(rest)
	size, rest := cutSpace(rest)
	r.status, r.size = text(status), strings.TrimPrefix(text(size), "+")
	_, rest = cutSpace(rest) // captured cookies
	_, rest = cutSpace(rest)
	state, rest := cutSpace(rest)
	ev.Add("termination_state", text(state))
	open := bytes.IndexByte(rest, '"')
	if open < 0 {
		r.add(ev, &d.arena)
		return true
	}
	if i := bytes.IndexByte(rest[:open], '{'); i >= 0 {
		ev.Add("captured", text(bytes.TrimSpace(rest[i:open])))
	}
	if first, _, ok := cutQuoted(rest[open:]); ok && len(first) > 0 {
		r.line = text(first)
	}
	r.escaped = false // HAProxy escapes as #XX, which is no URL's
	r.add(ev, &d.arena)
	return true
}

// haproxyMessage makes ev the event of any other message that HAProxy sends by syslog.
func haproxyMessage(ev *tocsin.Event, msg string) {
	ev.Sources = haproxyOther
	ev.Add("message", msg)
	if _, after, ok := strings.Cut(msg, "Connect from "); ok {
		word, _, _ := strings.Cut(after, " ")
		addr, port := cutAddrPort(word)
		ev.Add("src_ip", addr)
		ev.Add("src_port", port)
		ev.Add("event_type", "connection")
	}
}

// parseBalancer takes the access logs of Amazon's application and classic load balancers, in which everything up to
// the request stands at a fixed place:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
func parseBalancer(d *lines, line []byte, ev *tocsin.Event) bool {
	open := bytes.IndexByte(line, '"')
	if open < 60 || open > 512 || len(line) < 64 {
		return false
	}
	var words [13][]byte
	n := 0
	for b := line[:open]; len(b) > 0; n++ {
		if n == len(words) {
			return false
		}
		words[n], b = cutSpace(b)
	}
	w := words[:n]
	kind := ""
	if n == 12 { // the application balancer says the protocol first
		kind = text(w[0])
		w = w[1:]
	}
	if len(w) != 11 || len(w[0]) < 20 || w[0][10] != 'T' {
		return false
	}
	at, ok := parseTime(text(w[0]), d.opt)
	client, port := splitPort(text(w[2]))
	if !ok || !isAddress(client) {
		return false
	}
	r := request{client: client, port: port, status: text(w[7]), size: text(w[10])}
	first, rest, ok := cutQuoted(line[open:])
	if !ok {
		return false
	}
	r.line = text(first)
	if r.split() { // with the whole URL, though the client wrote the path
		r.line = ""
		r.path()
	} else if strings.Trim(r.line, " -") == "" || strings.HasPrefix(r.line, "- http") {
		r.line = "-"
	}
	ev.Time, ev.Sources = at, albSources
	ev.Add("type", kind)
	ev.Add("elb", text(w[1]))
	if t := text(w[3]); t != "-" {
		ev.Add("target", t)
	}
	if s := text(w[8]); s != "-" {
		ev.Add("target_status_code", s)
	}
	if agent, after, ok := cutQuoted(rest); ok {
		r.agent, rest = text(agent), after
	}
	for i := 0; ; i++ { // trace id, domain name, certificate …
		j := bytes.IndexByte(rest, '"')
		if j < 0 {
			break
		}
		value, after, ok := cutQuoted(rest[j:])
		if !ok {
			break
		}
		switch {
		case i == 1:
			r.host = text(value)
		case i == 3:
			ev.Add("actions_executed", text(value))
		}
		rest = after
	}
	r.add(ev, &d.arena)
	return true
}

// parseUWSGI takes the request log of uWSGI: "[pid: 7|app: 0|req: 1/1] 192.0.2.7 (ann) {40 vars in 512 bytes} [Wed Mar  4
// 05:06:07 2026] GET /a => generated 20 bytes in 3 msecs (HTTP/1.1 200) …".
// https://uwsgi-docs.readthedocs.io/en/latest/LogFormat.html
func parseUWSGI(d *lines, line []byte, ev *tocsin.Event) bool {
	i := bytes.Index(line[:min(len(line), 80)], []byte("[pid: "))
	if i < 0 {
		return false
	}
	_, s, ok := strings.Cut(text(line[i:]), "] ")
	if !ok {
		return false
	}
	var r request
	r.client, s, _ = strings.Cut(s, " ")
	if user, rest, ok := strings.Cut(strings.TrimPrefix(s, "("), ") {"); ok {
		r.user, s = user, rest
	}
	_, s, ok = strings.Cut(s, "} [")
	stamp, s, more := strings.Cut(s, "] ")
	asked, s, third := strings.Cut(s, " => generated ")
	if !ok || !more || !third || !isIP(r.client) {
		return false
	}
	at, ok := parseTime(stamp, d.opt)
	if !ok {
		return false
	}
	r.method, r.uri, _ = strings.Cut(asked, " ")
	r.size, s, _ = strings.Cut(s, " bytes in ")
	r.taken, s, _ = strings.Cut(s, " msecs (")
	if version, rest, ok := strings.Cut(s, " "); ok {
		r.version = version
		r.status, _, _ = strings.Cut(rest, ")")
	}
	ev.Time, ev.Sources = at, uwsgiSources
	r.add(ev, &d.arena)
	return true
}

var uwsgiSources = []tocsin.LogSource{{Product: "uwsgi", Category: "webserver", Service: "access"}}

// parseLoose takes the request lines of application frameworks (Gin, Uvicorn, Play, CouchDB, Zoraxy …), which agree on
// no format: a method and a path with an address before or behind, and a status. It takes no line that could be
// syslog's, where a message may hold all of these.
func parseLoose(d *lines, line []byte, ev *tocsin.Event) bool {
	b := bytes.TrimLeft(line, " ")
	if len(b) < 24 || len(b) > 16384 {
		return false
	}
	switch c := b[0]; {
	case c == '[', c >= '0' && c <= '9' && (b[10] != 'T' || bytes.Contains(b[:24], []byte(" |"))):
	case bytes.HasPrefix(b, []byte("INFO:")), bytes.HasPrefix(b, []byte("WARNING:")), bytes.HasPrefix(b, []byte("ERROR:")):
	default:
		return false
	}
	at := methodAt(b)
	if at < 0 {
		return false
	}
	var r request
	method, rest := cutSpace(b[at:])
	r.method = text(method)
	rest = bytes.TrimLeft(rest, ` "`)
	end := bytes.IndexAny(rest, ` "`)
	if end < 0 {
		end = len(rest)
	}
	r.uri = text(rest[:end])
	rest = rest[end:]
	if v, after := cutSpace(bytes.TrimLeft(rest, ` "`)); bytes.HasPrefix(v, []byte("HTTP/")) {
		r.version, rest = strings.TrimRight(text(v), `"`), after
	}
	for _, part := range [...][]byte{rest, b[:at]} {
		for len(part) > 0 && r.status == "" {
			var w []byte
			w, part = cutSpace(part)
			if len(w) == 3 && w[0] >= '1' && w[0] <= '5' && isDigits(text(w)) {
				r.status = text(w)
			}
		}
	}
	for part := b[:at]; len(part) > 0 && r.client == ""; {
		var w []byte
		w, part = cutSpace(part)
		addr, port := splitPort(strings.Trim(text(w), "[],|-\"'"))
		if isAddress(addr) {
			r.client, r.port = addr, port
		}
	}
	if r.status == "" || r.client == "" {
		return false
	}
	if i := bytes.Index(b[:at], []byte("[useragent: ")); i >= 0 {
		if j := bytes.LastIndexByte(b[i:at], ']'); j > 0 {
			r.agent = text(b[i+12 : i+j])
		}
	}
	ev.Time, ev.Sources = d.anyTime(b[:at]), looseSources
	ev.Add("extra", text(line))
	r.add(ev, &d.arena)
	return true
}

// methodAt finds a request method that is followed by a path.
func methodAt(b []byte) int {
	for i := 0; ; {
		j := bytes.IndexByte(b[i:], '/')
		if j < 0 {
			return -1
		}
		i += j
		k := i
		for k > 0 && (b[k-1] == ' ' || b[k-1] == '"') {
			k--
		}
		from := k
		for from > 0 && b[from-1] >= 'A' && b[from-1] <= 'Z' {
			from--
		}
		if k < i && (from == 0 || b[from-1] == ' ' || b[from-1] == '"') {
			switch string(b[from:k]) {
			case "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND":
				return from
			}
		}
		i++
	}
}

// anyTime finds the first stamp of ISO 8601's family in b, also as Gin writes it: 2006/01/02 - 15:04:05.
func (d *lines) anyTime(b []byte) (t time.Time) {
	for i := 0; i+19 <= len(b); i++ {
		if b[i] != '2' && b[i] != '1' {
			continue
		}
		if t, _, ok := isoTime(text(b[i:]), d.opt); ok {
			return t
		}
		if i+21 <= len(b) && string(b[i+10:i+13]) == " - " {
			var s [19]byte
			copy(s[:], b[i:i+10])
			s[10] = ' '
			copy(s[11:], b[i+13:i+21])
			if t, _, ok := isoTime(text(s[:]), d.opt); ok {
				return t
			}
		}
	}
	return t
}

// webMessage makes ev the event of a message that a web server or proxy sent through syslog or that a container wrote,
// and reports whether it is one. ev may have fields of the envelope already.
func webMessage(d *lines, program string, msg []byte, ev *tocsin.Event) bool {
	if len(msg) == 0 {
		return false
	}
	program = program[strings.LastIndexByte(program, '/')+1:]
	switch {
	case strings.HasPrefix(program, "haproxy"):
		if !parseHAProxy(d, msg, ev) && !parseAccess(d, msg, ev) {
			haproxyMessage(ev, text(msg))
		}
		return true
	case strings.HasPrefix(program, "nginx"), program == "openresty", program == "angie", program == "tengine":
		if i := bytes.Index(msg, []byte("nginx: ")); i >= 0 && i < 80 { // sent on by a second syslog
			msg = msg[i+len("nginx: "):]
		}
		if parseNginxError(d, msg, ev) {
			return true
		}
		if parseAccess(d, msg, ev) {
			if len(ev.Sources) > 1 {
				ev.Sources = nginxSources
			}
			return true
		}
	case strings.HasPrefix(program, "httpd"), strings.HasPrefix(program, "apache"), strings.HasPrefix(program, "backend"):
		if parseApacheError(d, msg, ev) || parseAccess(d, msg, ev) {
			return true
		}
		if level, rest, ok := cutBracket(msg); ok {
			if i := bytes.IndexByte(level, ':'); i >= 0 || string(level) == "error" || string(level) == "warn" || string(level) == "notice" {
				ev.Sources = apacheErrorSources
				ev.Add("module", text(level[:max(i, 0)]))
				ev.Add("severity", text(level[i+1:]))
				apacheMessage(ev, bytes.TrimLeft(rest, " "), &d.arena)
				return true
			}
		}
	case program == "suhosin":
		suhosinMessage(ev, text(msg))
		return true
	case program == "lighttpd":
		return lighttpdMessage(ev, text(msg)) || parseAccess(d, msg, ev)
	}
	if msg[0] == '{' {
		return d.nest.unwrap(d.rec, ev, text(msg))
	}
	return bytes.Contains(msg, []byte(`] "`)) && parseAccess(d, msg, ev)
}
