package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// syslogKind takes lines with a syslog head.
func syslogKind() lineKind {
	return lineKind{name: "syslog", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		if at := ciscoTag(line); at >= 0 && d.ciscoLine(line, at, ev) {
			return true
		}
		h := &d.head
		if !h.parse(&d.clock, line, d.rec.Ref) {
			return false
		}
		d.tell(ev)
		return true
	}}
}

// tell makes ev the event of the syslog head that was read last.
func (d *lines) tell(ev *tocsin.Event) {
	h := &d.head
	ev.Time, ev.Host = h.time, text(h.host)
	ev.Add("hostname", ev.Host)
	program := text(h.program)
	ev.Add("program", program)
	ev.Add("pid", text(h.pid))
	if h.pri >= 0 {
		ev.Add("facility", facilityNames[h.pri>>3])
		ev.Add("severity", severityNames[h.pri&7])
	} else {
		ev.Add("facility", text(h.facility))
		ev.Add("severity", text(h.level))
	}
	ev.Add("msgid", text(h.msgID))
	ev.Add("module", text(h.module))
	if h.data != nil {
		d.structured(h.data, ev)
	}
	if d.auditMessage(ev, program) || d.wrapped(ev) {
		return
	}
	strange := foreign(program)
	if strange && len(h.message) > 64 && (bytes.Contains(h.message[:64], []byte("WinEvtLog")) || bytes.Contains(h.message, []byte(" Name:"))) && d.windowsOneLine(text(h.message), ev) {
		return
	}
	if h.data != nil && d.deviceData(h.data, ev) {
		return
	}
	if strange && (deviceMessage(d, program, h.message, ev) || webMessage(d, program, h.message, ev) || networkMessage(d, program, h.message, ev)) {
		return
	}
	d.say.message(ev, program, text(h.module), trimMessage(text(h.message)))
}

// wrapped takes messages that are records of another kind, whoever sent them: JSON, CEF, LEEF and XML events. Their
// own fields stand first.
func (d *lines) wrapped(ev *tocsin.Event) bool {
	msg := text(d.head.message)
	if after, ok := strings.CutPrefix(msg, "@cee:"); ok {
		msg = strings.TrimLeft(after, " ")
	} else if inner, ok := channelled(msg); ok {
		msg = inner
	} else if !containsPrefix(msg, "{", "CEF:", "LEEF:", "<Event") {
		return false
	}
	raw := ev.Raw
	if !d.nest.unwrap(d.rec, ev, msg) {
		return false
	}
	ev.Raw = raw
	return true
}

// channelled takes off a message that is a JSON object what Monolog puts around it: "channel.LEVEL: {…} [] []".
// https://github.com/Seldaek/monolog/blob/main/src/Monolog/Formatter/LineFormatter.php
func channelled(msg string) (string, bool) {
	head, rest, ok := strings.Cut(msg, ": ")
	if !ok || len(head) > 80 || strings.IndexByte(head, '.') < 1 || strings.IndexByte(head, ' ') >= 0 {
		return "", false
	}
	rest = strings.TrimSpace(rest)
	for strings.HasSuffix(rest, " []") {
		rest = strings.TrimRight(rest[:len(rest)-3], " ")
	}
	return rest, strings.HasPrefix(rest, "{") && strings.HasSuffix(rest, "}")
}

func containsPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// auditMessage takes the messages that bring audit records: the kernel's and the dispatcher's, which hold whole records,
// and those that journald wrote without stamp and serial number ("audit[1]: SERVICE_START pid=1 …").
func (d *lines) auditMessage(ev *tocsin.Event, program string) bool {
	switch program {
	case "kernel", "audispd", "audisp-syslog", "audisp-remote", "auditd", "audit", "auoms", "audisp":
	default:
		return false
	}
	var h auditHead
	msg := text(d.head.message)
	whole := h.parse(d.head.message, nil)
	kind, body, _ := strings.Cut(msg, " ")
	if !whole && (program != "audit" || !upper(strings.ReplaceAll(kind, "_", "")) && !strings.HasPrefix(kind, "UNKNOWN[")) {
		return false
	}
	if d.audit == nil {
		d.audit = &auditReader{opt: d.opt}
	}
	raw := ev.Raw
	if whole {
		d.audit.event(ev, d.head.message, h.time, ev.Host)
	} else {
		d.audit.alone(ev, kind, body)
	}
	ev.Raw, ev.Format = raw, "auditd"
	return true
}

// trimMessage drops what stands before and behind a message without being part of it: the kernel's clock, Solaris's
// "[ID 800047 auth.info] ", white space.
func trimMessage(s string) string {
	s = strings.TrimRight(s, " \t")
	if strings.HasPrefix(s, "kernel:") {
		if t := strings.TrimLeft(s[7:], " "); strings.HasPrefix(t, "[") {
			s = t
		}
	}
	if strings.HasPrefix(s, "[") {
		e := strings.IndexByte(s, ']')
		if e < 0 || e > 40 {
			return s
		}
		in := strings.TrimLeft(s[1:e], " ")
		n := 0
		for n < len(in) && (in[n] >= '0' && in[n] <= '9' || in[n] == '.') {
			n++
		}
		if strings.HasPrefix(in, "ID ") || n > 7 && n == len(in) && strings.IndexByte(in, '.') > 0 {
			s = strings.TrimLeft(strings.TrimPrefix(s[e+1:], ":"), " ")
		}
	}
	return s
}

// message adds what a program said: the message itself, what it means, and who it is about. It sets Sources.
func (m *matcher) message(ev *tocsin.Event, program, module, msg string) {
	ev.Add("message", msg)
	f := familyOf(program)
	if f == unknownFamily && program == "" && ev.Host == "" {
		f = strangerFamily
	}
	if f == dovecotAuth && !dovecotSays(msg) { // a switch that logs under the facility's name
		f = unknownFamily
	}
	if f == unknownFamily || f == strangerFamily {
		if _, _, ok := postgresHead(msg); ok {
			f = postgresFamily
		}
	}
	if m.service = f.service; m.service == "" {
		m.service = baseName(program)
	}
	if times, inner, ok := repeated(msg); ok {
		ev.Add("repeated", times)
		msg = inner
	}
	body := msg
	if f.prepare != nil {
		body = f.prepare(ev, msg)
	}
	if m.told(ev, f, body) {
		return
	}
	if strings.HasPrefix(module, "pam_") || strings.Contains(body[:min(len(body), 12)], "pam_") || strings.HasPrefix(body, "PAM ") {
		if p := m.pam(body); p != nil {
			v := p.is
			if v == loginFailed && (f == sshdFamily || f == unknownFamily && strings.HasPrefix(module, "pam_")) {
				v = pamFailed // the program's own message follows; PAM before 0.99 wrote in the name of any
			}
			m.mean(ev, f, v, p.add)
			m.pamNames(ev, body)
			return
		}
	}
	if (f == unknownFamily || f == strangerFamily) && (nextIP(msg, 0).ip != "" || strings.Contains(msg, "'@'")) {
		for _, g := range ownLogs {
			if g == deviceFamily && !containsAny(msg, deviceWords) {
				continue
			}
			body := msg
			if g.prepare != nil {
				if body = g.prepare(ev, msg); body == msg {
					continue
				}
			}
			named := m.service
			if named == "" {
				m.service = g.service
			}
			if m.told(ev, g, body) {
				return
			}
			m.service = named
		}
	}
	if !f.closed {
		if v := m.authFailure(body); v != untold {
			m.mean(ev, f, v, "")
			return
		}
	}
	m.n = 0
	m.mean(ev, f, untold, "")
}

// repeated opens rsyslog's "message repeated 5 times: [ … ]".
func repeated(msg string) (times, inner string, ok bool) {
	if times, ok = strings.CutPrefix(msg, "message repeated "); !ok {
		return "", "", false
	}
	if times, inner, ok = strings.Cut(times, " times: ["); !ok {
		return "", "", false
	}
	if inner, ok = strings.CutSuffix(inner, "]"); !ok || digitsAt(view(times)) != len(times) {
		return "", "", false
	}
	return times, strings.TrimSpace(inner), true
}

// told adds what a message means to the programs of a family, and reports whether it means anything.
func (m *matcher) told(ev *tocsin.Event, f *family, body string) bool {
	if f.read != nil && f.read(m, ev, f, body) {
		return true
	}
	p := m.find(f.phrases, body)
	if p != nil {
		m.mean(ev, f, p.is, p.add)
	}
	return p != nil
}

// mean adds what a phrase means and the texts it caught.
func (m *matcher) mean(ev *tocsin.Event, f *family, v verdict, add string) {
	ev.Sources = f.sources
	if v.authentic() {
		ev.Sources = f.auth
	}
	service := m.service
	if service == "" && v != untold {
		service = fileService(ev.Source)
	}
	ev.Add("service", service)
	ev.Add("event_type", outcomes[v].event)
	ev.Add("outcome", outcomes[v].outcome)
	for _, c := range m.got[:m.n] {
		if f.who != nil && c.Name == "user" {
			c.Value = f.who(c.Value)
		}
		ev.Add(c.Name, c.Value)
		if c.Name == "rhost" { // as written
			if p, ok := peerAt(c.Value, false); ok {
				ev.Add("src_ip", p.ip)
				ev.Add("src_host", p.host)
				ev.Add("src_port", p.port)
			}
		}
	}
	if add != "" {
		name, value, _ := strings.Cut(add, "=")
		ev.Add(name, value)
	}
}

// fileService guesses, from the name of its file, the service whose log says nothing else of it: "vaultwarden" of
// vaultwarden.log.1, nothing of error.log.
func fileService(path string) string {
	name := baseName(path)
	n := 0
	for n < len(name) && hostByte(name[n]) && name[n] != '.' && (name[n] < '0' || name[n] > '9') {
		n++
	}
	name = strings.TrimRight(name[:n], "-_")
	switch strings.ToLower(name) {
	case "", "log", "logs", "error", "errors", "access", "syslog", "messages", "auth", "secure", "debug", "output", "out", "app", "application",
		"server", "service", "daemon", "stdin", "stdout", "stderr", "test", "console", "main", "default", "audit", "data", "x":
		return ""
	}
	return name
}

// pamNames adds what is found under the names that pam logs have elsewhere.
func (m *matcher) pamNames(ev *tocsin.Event, body string) {
	if strings.Contains(body, "authentication failure;") {
		ev.Add("pam_message", "authentication failure")
	}
	for _, c := range m.got[:m.n] {
		switch c.Name {
		case "user":
			ev.Add("pam_user", c.Value)
		case "src_ip", "src_host":
			ev.Add("pam_rhost", c.Value)
		}
	}
}

// baseName is the last part of a path.
func baseName(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
