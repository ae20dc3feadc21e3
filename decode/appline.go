package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// logfmtLine takes lines of key=value pairs as Go programs write them (Grafana, Authelia, Docker's daemon, Prometheus):
// time or level, a message, and whatever else. https://brandur.org/logfmt
func logfmtLine() lineKind {
	return lineKind{name: "logfmt", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		s := text(line)
		if eq := strings.IndexByte(s, '='); eq < 1 || eq > 40 || strings.IndexByte(s[:eq], ' ') >= 0 {
			return false
		}
		keep := len(ev.Fields)
		head, level, said := false, false, false
		for s != "" {
			key, value, rest, ok := d.pair(s)
			if !ok {
				break
			}
			switch key {
			case "time", "t", "ts", "timestamp":
				head = true
			case "level", "lvl", "severity":
				level = true
			case "msg", "message", "event":
				said = true
			}
			ev.Fields = append(ev.Fields, tocsin.Field{Name: key, Value: value})
			s = rest
			if len(ev.Fields)-keep >= maxFields {
				break
			}
		}
		if !(head && (level || said) || level && said) {
			ev.Fields = ev.Fields[:keep]
			return false
		}
		o := object{fields: ev.Fields, opt: d.opt, rec: d.rec}
		ev.Time = o.time("time", "timestamp", "ts", "t")
		appRecord(&o, ev)
		if ev.Sources == nil {
			ev.Sources = appSources
		}
		return true
	}}
}

// appSources is the log source of applications that are known no closer.
var appSources = []tocsin.LogSource{{Category: "application"}}

// pair cuts the next key=value or key="quoted value" off s; a word without a value is a key that is true.
func (d *lines) pair(s string) (key, value, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t")
	n := 0
	for n < len(s) && s[n] > ' ' && s[n] != '=' && s[n] != '"' {
		n++
	}
	if n == 0 {
		return "", "", s, false
	}
	if n == len(s) || s[n] != '=' {
		return s[:n], "true", s[n:], n == len(s) || s[n] != '"'
	}
	key, s = s[:n], s[n+1:]
	if s == "" || s[0] != '"' {
		n := strings.IndexAny(s, " \t")
		if n < 0 {
			n = len(s)
		}
		return key, s[:n], s[n:], true
	}
	end, _ := stringEnd(view(s), 0)
	if v := s[1:max(1, end-1)]; strings.IndexByte(v, '\\') < 0 {
		return key, v, s[end:], true
	}
	return key, raw(s[:end]).str(), s[end:], true
}

// keycloakLine takes the lines in which Keycloak's server log tells of events: a logger's head, then
// type=LOGIN_ERROR, realmId=…, ipAddress=…
func keycloakLine() lineKind {
	return lineKind{name: "keycloak-log", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		s := text(line)
		at := strings.Index(s, "type=")
		if at < 20 || at > 200 || !strings.Contains(s[:at], "[org.key") {
			return false
		}
		t, _, ok := isoTime(s, d.opt)
		if !ok {
			return false
		}
		ev.Time = t
		keycloakPairs(ev, s[at:])
		return true
	}}
}

// keycloakPairs reads what Keycloak's event listener writes to a log: names and values, quoted since version 22.
func keycloakPairs(ev *tocsin.Event, s string) {
	for p := range strings.SplitSeq(s, ", ") {
		if name, value, ok := strings.Cut(p, "="); ok && len(ev.Fields) < maxFields {
			if value = strings.Trim(value, `"'`); value != "null" {
				ev.Add(name, value)
			}
		}
	}
	ev.Add("src_ip", ev.Text("ipAddress"))
	ev.Add("user", ev.Text("username"))
	keycloakEvent(ev, ev.Text("type"), ev.Text("error"))
	ev.Sources = keycloakSources
}

var keycloakSources = []tocsin.LogSource{{Product: "keycloak", Service: "events"}, {Product: "keycloak", Category: "authentication", Service: "events"}}

// jsonLine takes lines that are JSON in a file that is otherwise text, with or without words before the object, as
// loggers write it that put a stamp in front of everything.
func jsonLine() lineKind {
	return lineKind{name: "json-line", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		if len(line) == 0 || line[0] != '{' || line[len(line)-1] != '}' {
			return false
		}
		in := d.nest.decode(d.rec, ev.Record, text(line))
		if in == nil {
			return false
		}
		fields := append(ev.Fields, in.Fields...)
		*ev = *in
		ev.Raw, ev.Fields = text(line), fields
		return true
	}}
}
