package action

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A webCall is a request that an agent made of a web server, by a tool for it, a command or code.
type webCall struct{ method, url, body, status, tried, missed string }

// seriesOf is how many numbers of one kind of object, asked for one after the other, are a series.
const seriesOf = 8

// browsedOf is how many paths that are not there, asked of one server, are a search for what is there.
const browsedOf = 12

// webCall gives the action what a request means, as a web server's log would have told it, and says whether it means anything.
// Requests to the agent's own machine are tests of what is being built there.
func (r *Reader) webCall(q *webCall) bool {
	a := &r.act
	_, rest, ok := strings.Cut(q.url, "://")
	if !ok {
		return false
	}
	host, uri := rest, "/"
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, uri = rest[:i], rest[i:]
	}
	a.Verb, a.Log = "request", "session"
	a.Outcome = answered(q.status, a.Outcome)
	e, ok := targetOf(q.url)
	is := r.asked(q.method, uri)
	if !ok { // the machine itself, or a name that only exists there: its tests send what attacks too, but to another name seldom
		if e = bareTarget(host); e.Value == "" || is.attack.row == nil && (q.body == "" || r.know.payload(plainBody(q.body), false).row == nil) {
			return false
		}
	}
	r.target(e.Kind, e.Value)
	text := r.mask.uri(uri[:min(len(uri), 1024)])
	a.Text, r.masked = concat(q.method+" ", before(host, '@'), tocsin.Shorten(text, maxRequest)), true
	attack := is.attack
	if attack.row == nil && q.body != "" {
		attack = r.know.payload(plainBody(q.body), false)
	}
	names, passwords := r.know.lists["default-names"], r.know.lists["default-passwords"]
	name, password := formLogin(q.body)
	switch refused := a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied; {
	case attack.row != nil:
		level := max(attack.row.level, medium) // an agent sends what it was told to try
		r.means(attack.row)
		a.Level = level
		r.mark("callback", attack.host)
	case password != "" && names != nil && passwords != nil && r.know.listed("default-names", r.lower(name)) && r.know.listed("default-passwords", r.lower(password)):
		r.found(foundDefaultCredentials)
	case number(q.tried) >= seriesOf:
		r.found(foundObjectsTried)
	case is.login && refused:
		r.found(foundWebLoginFailed)
	case is.login:
		a.Verb = "login"
		if q.status != "" && a.Outcome == tocsin.Worked && q.status[0] == '3' {
			a.Outcome = tocsin.Unknown // a form sends on those that it lets in and those that it does not
		}
	case number(q.missed) >= browsedOf:
		r.found(foundPathsTried)
	case refused && !is.common:
		r.found(foundWebPathMissing)
	case is.sensitive != nil && a.Outcome == tocsin.Worked && q.status != "" && q.status[0] == '2':
		r.means(is.sensitive)
	}
	return a.Row != nil
}

// bareTarget is the machine of a URL that has a name of one label, as containers of one project know each other; none if it is
// the agent's own.
func bareTarget(host string) tocsin.Entity {
	if _, h, ok := cutLast(host, '@'); ok {
		host = h
	}
	name := strings.ToLower(before(host, ':'))
	if name == "" || name == "localhost" || strings.ContainsAny(name, ".[]{}$<>%* ") {
		return tocsin.Entity{}
	}
	return tocsin.Entity{Kind: "host", Value: name}
}

// answered is how a request ended by the status of its answer, as web logs are read; without one, as the call ended.
func answered(status string, call tocsin.Outcome) tocsin.Outcome {
	switch {
	case len(status) != 3:
		return call
	case status == "401" || status == "403" || status == "407" || status == "429":
		return tocsin.Denied
	case status[0] >= '4':
		return tocsin.Failed
	case status[0] >= '2':
		return tocsin.Worked
	}
	return call
}

// plainBody is a body as a query has it, so that what it carries is read alike: the values of JSON one behind the other.
func plainBody(body string) string {
	body = strings.TrimSpace(body[:min(len(body), 8192)])
	if !strings.HasPrefix(body, "{") {
		return body
	}
	var m map[string]any
	if json.Unmarshal([]byte(body), &m) != nil {
		return body
	}
	var b strings.Builder
	for _, v := range m {
		if s, ok := v.(string); ok {
			b.WriteString("&x=" + s)
		}
	}
	return b.String()
}

// formLogin is the name and password in a body: a form's, or JSON, as programs write it.
func formLogin(body string) (name, password string) {
	if body == "" || len(body) > 2048 {
		return "", ""
	}
	give := func(key, value string) {
		switch strings.ToLower(key) {
		case "user", "username", "user_name", "login", "name", "email", "log", "uname", "j_username", "account":
			set(&name, value)
		case "pass", "password", "passwd", "pwd", "user_password", "j_password", "passcode":
			set(&password, value)
		}
	}
	if body[0] == '{' {
		var m map[string]any
		if json.Unmarshal([]byte(body), &m) != nil && json.Unmarshal([]byte(strings.ReplaceAll(body, "'", `"`)), &m) != nil {
			return "", ""
		}
		for k, v := range m {
			if s, ok := v.(string); ok {
				give(k, s)
			}
		}
		return name, password
	}
	for p := range strings.SplitSeq(body, "&") {
		k, v, _ := strings.Cut(p, "=")
		if u, err := url.QueryUnescape(v); err == nil {
			v = u
		}
		give(strings.TrimSpace(k), v)
	}
	return name, password
}
