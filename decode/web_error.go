package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of web servers' error logs, and of logins in them.
var (
	apacheErrorSources = []tocsin.LogSource{{Product: "apache", Category: "webserver", Service: "apache"}, {Product: "apache", Category: "webserver", Service: "error"}}
	apacheLoginSources = append(apacheErrorSources[:2:2], tocsin.LogSource{Product: "apache", Category: "authentication", Service: "apache"})
	nginxErrorSources  = []tocsin.LogSource{{Product: "nginx", Category: "webserver", Service: "nginx"}, {Product: "nginx", Category: "webserver", Service: "error"}}
	nginxLoginSources  = append(nginxErrorSources[:2:2], tocsin.LogSource{Product: "nginx", Category: "authentication", Service: "nginx"})
	suhosinSources     = []tocsin.LogSource{{Product: "php", Category: "webserver", Service: "suhosin"}}
	lighttpdSources    = []tocsin.LogSource{{Product: "lighttpd", Category: "webserver", Service: "error"}}
	lighttpdLogin      = append(lighttpdSources[:1:1], tocsin.LogSource{Product: "lighttpd", Category: "authentication", Service: "lighttpd"})
	litespeedSources   = []tocsin.LogSource{{Product: "litespeed", Category: "webserver", Service: "error"}}
	litespeedLogin     = append(litespeedSources[:1:1], tocsin.LogSource{Product: "litespeed", Category: "authentication", Service: "litespeed"})
)

// parseApacheError takes a line of Apache's error log, 2.2's and 2.4's:
//
//	[Wed Mar 04 05:06:07.250000 2026] [auth_basic:error] [pid 1:tid 2] [client 192.0.2.7:51386] AH01618: user ann not found: /
func parseApacheError(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 28 || line[0] != '[' {
		return false
	}
	at, rest, ok := d.apacheTime(line[1:])
	if !ok {
		return false
	}
	level, rest, ok := cutBracket(bytes.TrimLeft(rest, " "))
	if !ok {
		return false
	}
	module, severity, ok := bytes.Cut(level, []byte(":"))
	if !ok {
		module, severity = nil, level
	}
	switch string(severity) {
	case "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug":
	default:
		if !bytes.HasPrefix(severity, []byte("trace")) {
			return false
		}
	}
	ev.Time, ev.Sources = at, apacheErrorSources
	ev.Add("severity", text(severity))
	ev.Add("module", text(module))
	apacheMessage(ev, bytes.TrimLeft(rest, " "), &d.arena)
	d.serves(apacheErrorSources, at)
	return true
}

// apacheMessage reads what follows time and level.
func apacheMessage(ev *tocsin.Event, b []byte, arena *[]byte) {
	var r request
	for {
		in, rest, ok := cutBracket(b)
		if !ok {
			// "(70014)End of file found: [client …] …": the system's error stands before the client.
			if i := bytes.Index(b, []byte(": [client ")); i > 0 && b[0] == '(' && r.client == "" {
				ev.Add("error", text(b[:i]))
				b = b[i+2:]
				continue
			}
			break
		}
		name, value, _ := bytes.Cut(in, []byte(" "))
		switch string(name) {
		case "client":
			if in2, rest2, ok := cutAddress(b[len("[client "):]); ok {
				value, rest = in2, rest2
			}
			if r.client == "" {
				r.client, r.port = cutClient(text(value))
			}
		case "pid":
			pid, tid, _ := bytes.Cut(value, []byte(":tid "))
			ev.Add("pid", text(pid))
			ev.Add("tid", text(tid))
		case "remote":
			if r.client == "" {
				r.client, r.port = cutClient(text(value))
			}
		case "tid":
			ev.Add("tid", text(value))
		default:
			goto message
		}
		b = bytes.TrimLeft(rest, " ")
	}
message:
	if len(b) > 9 && b[0] == 'A' && b[1] == 'H' && b[7] == ':' && isDigits(text(b[2:7])) {
		ev.Add("error_code", text(b[:7]))
		b = bytes.TrimLeft(b[8:], " ")
	}
	msg := text(b)
	if i := strings.LastIndex(msg, ", referer: "); i >= 0 {
		r.referer = msg[i+len(", referer: "):]
		msg = msg[:i]
	}
	ev.Add("message", msg)
	if said(ev, "apache", msg, apacheSayings) || ev.Text("event_type") == "" && said(ev, "apache", msg, applicationSayings) {
		ev.Sources = apacheLoginSources
	} else if ev.Text("event_type") == "" {
		output(ev, msg)
	}
	switch {
	case strings.HasPrefix(msg, "Invalid URI in request "):
		r.line = msg[len("Invalid URI in request "):]
	case strings.HasPrefix(msg, "invalid URI path ("):
		r.uri = strings.TrimSuffix(msg[len("invalid URI path ("):], ")")
	case strings.HasPrefix(msg, "ModSecurity: "):
		r.uri = modSecurity(ev, msg)
	default:
		if i := strings.LastIndex(msg, ": /"); i >= 0 && ev.Text("outcome") == "failure" && !strings.Contains(msg, "server configuration") {
			r.uri = msg[i+2:]
		}
	}
	r.escaped = true
	r.add(ev, arena)
}

// cutAddress cuts "[2001:db8::1]:443] …" after the address and port of a client in brackets within brackets.
func cutAddress(b []byte) (value, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '[' {
		return nil, nil, false
	}
	i := bytes.IndexByte(b, ']')
	if i < 0 {
		return nil, nil, false
	}
	j := bytes.IndexByte(b[i+1:], ']')
	if j < 0 {
		return nil, nil, false
	}
	return b[:i+1+j], b[i+j+2:], true
}

// cutClient splits a client as Apache 2.4 writes it: with the port behind a colon for IPv6 too, without brackets.
func cutClient(s string) (addr, port string) {
	if addr, port = splitPort(s); port != "" || len(s) > 0 && s[0] == '[' {
		return addr, port
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 || len(s)-i-1 != 5 && !strings.Contains(s[:i], "::") && strings.Count(s, ":") != 8 || !isDigits(s[i+1:]) {
		return s, ""
	}
	// "::1:37752": a group has four digits at most; "2001:db8::80da:af6b:8b2c" has no port. What is left is an address
	// in its own right only if there is a port.
	if len(s)-i-1 == 5 || strings.Count(s, ":") == 8 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// apacheTime reads "Wed Mar 04 05:06:07.250000 2026]" at the start of b.
func (d *lines) apacheTime(b []byte) (at time.Time, rest []byte, ok bool) {
	if len(b) < 25 {
		return at, nil, false
	}
	if b[4] == '-' && b[10] == ' ' {
		at, left, ok := isoTime(text(b), d.opt)
		rest = b[len(b)-len(left):]
		if !ok || len(rest) == 0 || rest[0] != ']' {
			return at, nil, false
		}
		return at, rest[1:], true
	}
	mon := month(b[4:])
	day := two(b[8:])
	if b[8] == ' ' && b[9] >= '0' && b[9] <= '9' {
		day = int(b[9] - '0')
	}
	hour, min, sec := two(b[11:]), two(b[14:]), two(b[17:])
	if b[3] != ' ' || mon == 0 || day < 1 || day > 31 || hour < 0 || hour > 23 || min < 0 || min > 59 || sec < 0 || sec > 60 || b[13] != ':' || b[16] != ':' {
		return at, nil, false
	}
	i, nanos, unit := 19, 0, 100_000_000
	if b[i] == '.' {
		for i++; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
			nanos += int(b[i]-'0') * unit
			unit /= 10
		}
	}
	if i+6 > len(b) || b[i] != ' ' || b[i+5] != ']' {
		return at, nil, false
	}
	year := two(b[i+1:])*100 + two(b[i+3:])
	if year < 1970 {
		return at, nil, false
	}
	return d.opt.zoneless(year, mon, day, hour, min, sec, nanos), b[i+6:], true
}

// parseNginxError takes a line of nginx's error log:
//
//	2026/03/04 05:06:07 [error] 12#12: *66 user "ann": password mismatch, client: 192.0.2.7, server: shop.example, request: "GET / HTTP/1.1", host: "shop.example"
func parseNginxError(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 28 || line[4] != '/' || line[7] != '/' || line[10] != ' ' {
		return false
	}
	at, left, ok := isoTime(text(line), d.opt)
	if !ok {
		return false
	}
	rest := line[len(line)-len(left):]
	level, rest, ok := cutBracket(bytes.TrimLeft(rest, " "))
	if !ok {
		return false
	}
	rest = bytes.TrimLeft(rest, " ")
	pid, rest, ok := bytes.Cut(rest, []byte(": "))
	pid, tid, ok2 := bytes.Cut(pid, []byte("#"))
	if !ok || !ok2 || !isDigits(text(pid)) || !isDigits(text(tid)) {
		return false
	}
	ev.Time, ev.Sources = at, nginxErrorSources
	ev.Add("severity", text(level))
	ev.Add("pid", text(pid))
	ev.Add("tid", text(tid))
	if len(rest) > 0 && rest[0] == '*' {
		id, after := cutSpace(rest[1:])
		ev.Add("connection", text(id))
		rest = after
	}
	nginxMessage(ev, text(rest), &d.arena)
	d.serves(nginxErrorSources, at)
	return true
}

func nginxMessage(ev *tocsin.Event, s string, arena *[]byte) {
	var r request
	var a nginxAttributes
	msg := s
	// A user name or a request may hold text that looks like the attributes. The true ones begin where each is read
	// once to the line's end; where none are, whoever wrote quotes into a request stands behind the true client.
	first := -1
	for from := 0; ; {
		i := strings.Index(s[from:], ", client: ")
		if i < 0 {
			break
		}
		from += i
		if first < 0 {
			first = from
		}
		if a.read(s[from+2:]) {
			msg, first = s[:from], -1
			break
		}
		from += 2
	}
	if first >= 0 {
		a.read(s[first+2:])
		msg = s[:first]
	}
	if a.client == "" && strings.HasPrefix(msg, "client ") { // "client 192.0.2.7:53044 connected to 0.0.0.0:25"
		word, _, _ := strings.Cut(msg[len("client "):], " ")
		if addr, port := splitPort(word); isAddress(addr) {
			r.client, r.port = addr, port
		}
	} else {
		r.client, r.port = splitPort(a.client)
	}
	ev.Add("message", msg)
	ev.Add("server", a.server)
	ev.Add("upstream", a.upstream)
	if said(ev, "nginx", msg, nginxSayings) || ev.Text("event_type") == "" && said(ev, "nginx", msg, applicationSayings) {
		ev.Sources = nginxLoginSources
		if ev.Text("user") == "" {
			ev.Add("user", a.login)
		}
	} else if in, ok := strings.CutPrefix(msg, "FastCGI sent in stderr: \""); ok && ev.Text("event_type") == "" {
		output(ev, in)
	}
	if strings.HasPrefix(msg, "ModSecurity: ") {
		r.uri = modSecurity(ev, msg)
	}
	if a.request != "" {
		r.uri, r.line = "", a.request
	}
	r.host, r.referer, r.escaped = a.host, a.referrer, true
	r.add(ev, arena)
}

// nginxAttributes are what nginx appends to a message about a request.
type nginxAttributes struct {
	client, server, request, subrequest, upstream, host, referrer, login string
}

// read reads the attributes from s, which begins with the first, and reports whether there is nothing else in s, and
// nothing twice.
func (a *nginxAttributes) read(s string) bool {
	*a = nginxAttributes{}
	for s != "" {
		name, rest, ok := strings.Cut(s, ": ")
		p := a.field(name)
		if p == nil && strings.HasSuffix(s, ":") { // an empty last value
			return a.field(s[:len(s)-1]) != nil
		}
		if !ok || p == nil || *p != "" {
			return false
		}
		quoted := rest != "" && rest[0] == '"'
		end := -1
		for i := 0; i < len(rest); {
			j := strings.Index(rest[i:], ", ")
			if j < 0 {
				break
			}
			i += j
			next, _, _ := strings.Cut(rest[i+2:], ":")
			if a.field(next) != nil && (!quoted || i > 1 && rest[i-1] == '"') {
				end = i
				break
			}
			i += 2
		}
		value := rest
		if end >= 0 {
			value, s = rest[:end], rest[end+2:]
		} else {
			s = ""
		}
		if quoted {
			if len(value) < 2 || value[len(value)-1] != '"' {
				return false
			}
			value = value[1 : len(value)-1]
		} else if name == "client" {
			value, _, _ = strings.Cut(value, " ") // "using starttls"
		}
		*p = value
	}
	return true
}

func (a *nginxAttributes) field(name string) *string {
	switch name {
	case "client":
		return &a.client
	case "server":
		return &a.server
	case "request":
		return &a.request
	case "subrequest":
		return &a.subrequest
	case "upstream":
		return &a.upstream
	case "host":
		return &a.host
	case "referrer":
		return &a.referrer
	case "login":
		return &a.login
	}
	return nil
}

// parseLighttpdError takes a line of lighttpd's error log, "2026-03-04 05:06:07: (mod_auth.c.525) …", and of
// LiteSpeed's, "2026-03-04 05:06:07.250000 [NOTICE] [12] [192.0.2.7:45164:HTTP2-41#vhost] …".
func parseLighttpdError(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 24 || line[4] != '-' || line[10] != ' ' {
		return false
	}
	at, left, ok := isoTime(text(line), d.opt)
	if !ok || len(left) < 4 {
		return false
	}
	switch {
	case left[0] == ':' && left[1] == ' ':
		if !lighttpdMessage(ev, left[2:]) {
			return false
		}
	case left[0] == ' ' && left[1] == '[':
		if !litespeedMessage(ev, left[1:]) {
			return false
		}
	default:
		return false
	}
	ev.Time = at
	return true
}

func lighttpdMessage(ev *tocsin.Event, s string) bool {
	place, msg, ok := strings.Cut(s, ") ")
	if !ok || len(place) > 64 || !strings.Contains(place, ".c.") || strings.Contains(place, " ") {
		return false
	}
	ev.Add("module", strings.TrimPrefix(place, "("))
	ev.Add("message", msg)
	if i := strings.Index(msg, "FastCGI-stderr: ALERT - "); i >= 0 {
		suhosinMessage(ev, msg[i+len("FastCGI-stderr: "):])
		return true
	}
	if i := strings.LastIndex(msg, "IP: "); i >= 0 {
		addr, port := splitPort(msg[i+4:])
		ev.Add("src_ip", addr)
		ev.Add("src_port", port)
	}
	ev.Sources = lighttpdSources
	if said(ev, "lighttpd", msg, applicationSayings) {
		ev.Sources = lighttpdLogin
	}
	return true
}

func litespeedMessage(ev *tocsin.Event, s string) bool {
	level, rest, ok := strings.Cut(s[1:], "] [")
	if !ok {
		return false
	}
	switch level {
	case "ERROR", "WARN", "NOTICE", "INFO", "DEBUG":
	default:
		return false
	}
	pid, rest, ok := strings.Cut(rest, "] ")
	if !ok || !isDigits(pid) {
		return false
	}
	ev.Sources = litespeedSources
	ev.Add("severity", level)
	ev.Add("pid", pid)
	if strings.HasPrefix(rest, "[") {
		who, msg, ok := strings.Cut(rest[1:], "] ")
		if i := strings.IndexAny(who, "-#"); ok && i > 0 {
			who = strings.TrimSuffix(who[:i], ":HTTP2")
			addr, port := splitPort(who)
			if isAddress(addr) {
				ev.Add("src_ip", addr)
				ev.Add("src_port", port)
				rest = msg
			}
		}
	}
	ev.Add("message", rest)
	if said(ev, "litespeed", rest, applicationSayings) {
		ev.Sources = litespeedLogin
	}
	return true
}
