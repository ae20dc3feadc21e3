package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A platform is a service whose audit log is JSON, one record an event. All its names stay as the service has them;
// beside them stand the few names that are the same for every log (event_type, outcome, user, src_ip …) and those that
// Sigma rules for the service use where they differ.
type platform struct {
	name    string
	source  tocsin.LogSource
	also    []tocsin.LogSource
	is      func(o *object) bool
	needs   []string // see jsonKind
	time    []string // leaves that may hold the time, the host …; the first that does is taken
	sensor  []string
	host    []string
	user    []string
	address []string
	agent   []string // the client program
	alias   []alias
	more    func(o *object, ev *tocsin.Event) // whatever else there is to say
}

// An alias is a second name of a leaf.
type alias struct{ name, of string }

// kind makes a platform a kind of JSON record. A record that tells of a login is one of category authentication, too.
func (p platform) kind() jsonKind {
	sources := append([]tocsin.LogSource{p.source}, p.also...)
	login := append(sources[:len(sources):len(sources)], tocsin.LogSource{Product: p.source.Product, Category: "authentication", Service: p.source.Service})
	return jsonKind{name: p.name, is: p.is, needs: p.needs, fill: func(o *object, ev *tocsin.Event) {
		ev.Time, ev.Sensor = o.time(p.time...), o.time(p.sensor...)
		ev.Host = o.first(p.host...)
		ev.Sources = sources
		for _, a := range p.alias {
			for i := range o.fields {
				if o.fields[i].Name == a.of {
					ev.Fields = append(ev.Fields, tocsin.Field{Name: a.name, Value: o.fields[i].Value})
				}
			}
		}
		own(o, ev, "user", o.first(p.user...))
		own(o, ev, "src_ip", hostOf(o.first(p.address...)))
		own(o, ev, "user_agent", o.first(p.agent...))
		if p.more != nil {
			p.more(o, ev)
		}
		if tellsLogin(ev) && len(ev.Sources) == len(sources) {
			ev.Sources = login
		}
	}}
}

// tellsLogin says that the event is an attempt to log in.
func tellsLogin(ev *tocsin.Event) bool {
	for i := len(ev.Fields) - 1; i >= 0; i-- {
		if ev.Fields[i].Name == "event_type" {
			switch ev.Fields[i].Value {
			case "login_failed", "login_ok", "invalid_user":
				return true
			}
		}
	}
	return false
}

// own adds a field unless the record has one of that name itself.
func own(o *object, ev *tocsin.Event, name, value string) {
	if value != "" && !o.has(name) {
		ev.Add(name, value)
	}
}

// happened adds what kind of event it is and how it ended.
func happened(ev *tocsin.Event, kind, outcome string) {
	ev.Add("event_type", kind)
	ev.Add("outcome", outcome)
}

// outcome words a truth.
func outcome(ok bool) string {
	if ok {
		return "success"
	}
	return "failure"
}

// loginKind words a login that worked or did not.
func loginKind(ok bool) string {
	if ok {
		return "login_ok"
	}
	return "login_failed"
}

// hostOf takes the port and brackets off an address: 192.0.2.1:443, [2001:db8::1]:443. Of a list of proxies it takes
// the first, the client.
func hostOf(s string) string {
	if i := strings.IndexByte(s, ','); i >= 0 {
		s = s[:i]
	}
	s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(s), "ip/"), "/") // Java writes a slash before an address
	if strings.HasPrefix(s, "[") {
		if i := strings.IndexByte(s, ']'); i > 0 {
			return s[1:i]
		}
		return s
	}
	if i := strings.IndexByte(s, ':'); i >= 0 && i == strings.LastIndexByte(s, ':') {
		return s[:i]
	}
	return s
}

// pairs adds the elements of an array of name and value objects as fields of their own: PREFIX.name=value and, where
// the record has no such leaf itself, name=value.
func (o *object) pairs(ev *tocsin.Event, list raw, prefix string, name, value []string) {
	node := o.flat.kid(o.flat.root, view(prefix))
	n := 0
	for e := range list.items() {
		m := e.members()
		key := m.str(name...)
		if key == "" || n >= 256 {
			continue
		}
		n++
		full, bare := o.flat.kid(node, view(key)).path, o.flat.kid(o.flat.root, view(key)).path
		add := func(v raw) {
			ev.Add(full, v.text())
			own(o, ev, bare, v.text())
		}
		if v := m.first(value...); len(v) > 0 && v[0] == '[' {
			for x := range v.items() {
				add(x)
			}
		} else {
			add(v)
		}
	}
}

// cloudFormats lists the formats that files of this family are recognised as.
func cloudFormats() []Format { return nil }

// cloudJSON lists the kinds of JSON record of this family.
func cloudJSON() []jsonKind {
	var all []jsonKind
	for _, list := range [...][]platform{amazon(), microsoft(), google(), identity(), kubernetes(), elastic()} {
		for _, p := range list {
			all = append(all, p.kind())
		}
	}
	return append(all, signInKind(), emailKind(), huntingKind(), securityLogKind(), macKind(), jsonKind{name: "rails", is: isRails, fill: fillRails})
}

// cloudLines lists the kinds of text line of this family.
func cloudLines() []lineKind {
	return []lineKind{jsonLine(), logfmtLine(), keycloakLine(), flowLine(), publicDNSLine()}
}
