package action

import (
	"encoding/json"
	"hash/fnv"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A webCall is a request that an agent made of a web server, by a tool for it, a command or code.
type webCall struct {
	method, url, body, header, status, tried, missed string

	guess bool           // one of many logins of the call
	did   bool           // it attacks
	on    *tocsin.Entity // what it went to
	text  string
}

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
	uri = strings.ReplaceAll(uri, " ", "%20") // as a client sends it
	a.Verb, a.Log = "request", "session"
	a.Outcome = answered(q.status, a.Outcome)
	e, ok := targetOf("http://" + host) // an address may be longer than a name is
	is := r.asked(q.method, uri)
	attack := r.attack(q, uri, is)
	if !ok { // the machine itself, or a name that only exists there: its tests send what attacks too, but to another name seldom
		if e = bareTarget(host); e.Value == "" || attack.row == nil {
			return false
		}
	}
	r.target(e.Kind, e.Value)
	text := r.mask.uri(uri[:min(len(uri), 1024)])
	a.Text, r.masked = concat(q.method+" ", before(host, '@'), tocsin.Shorten(text, maxRequest)), true
	names, passwords := r.know.lists["default-names"], r.know.lists["default-passwords"]
	name, password := formLogin(q.body)
	switch refused := a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied; {
	case attack.row != nil:
		level := attack.row.level
		if attack.row.on != onSent {
			level = max(level, medium) // an agent sends what it was told to try
		}
		r.means(attack.row)
		a.Level = level
		r.mark("callback", attack.host)
		q.did, q.on, q.text = attack.row.verb == "probe", &e, a.Text
		a.Sent = q.sent()
	case q.guess:
		r.found(foundLoginsGuessed)
		a.Outcome, a.Sent = tocsin.Failed, q.sent() // of many at most one is right
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

// requests gives an action for each request of a call that means something, and for what came of it.
func (r *Reader) requests(ev *tocsin.Event, webs []webCall, who func(), outcome tocsin.Outcome, result string) {
	r.guesses(webs)
	shown := (*row)(nil)
	for i := range webs {
		r.begin(ev)
		who()
		r.act.Outcome = outcome
		if !r.webCall(&webs[i]) || r.act.Level <= informational {
			continue
		}
		if webs[i].did && shown == nil {
			if shown = r.know.folded(onAnswer, result[:min(len(result), maxAnswer)]); shown == nil {
				shown = &unknown
			}
		}
		r.out()
		r.follows(ev, &webs[i], shown, who, outcome)
	}
}

// maxAnswer bounds what is looked at of what came back, in bytes.
const maxAnswer = 16 << 10

// shown is what the result of a call shows whose first request attacks, or nil.
func (r *Reader) shown(webs []webCall, result string) *row {
	if len(webs) == 0 || !webs[0].did {
		return nil
	}
	return r.know.folded(onAnswer, result[:min(len(result), maxAnswer)])
}

// follows gives actions for what an attacking request is after, and for what its result shows to have been reached.
func (r *Reader) follows(ev *tocsin.Event, q *webCall, shown *row, who func(), outcome tocsin.Outcome) {
	if !q.did {
		return
	}
	var after *row
	for part := range sentParts(q) {
		if end := answered(q.status, tocsin.Unknown); end == tocsin.Failed || end == tocsin.Denied {
			break // it was not let
		}
		if after = r.know.folded(onReached, part); after != nil {
			break
		}
	}
	for _, is := range [...]*row{after, shown} {
		if is == nil || is.rule == nil {
			continue
		}
		r.begin(ev)
		who()
		r.means(is)
		r.act.Log, r.act.Text, r.masked = "session", q.text, true
		if r.act.Outcome = outcome; is == shown {
			r.act.Outcome = tocsin.Worked
		}
		r.target(q.on.Kind, q.on.Value)
		r.out()
	}
}

// guessesOf is how many passwords, more than there are names that they are sent for, are guesses: an account has one.
const guessesOf = 2

// guesses finds the logins of a call of which there are many: names with passwords that differ, or with one that a loop puts there.
func (r *Reader) guesses(webs []webCall) {
	login := func(q *webCall) (name, password string) {
		if r.know.logins.in(before(q.url, '?')) {
			if name, password = formLogin(q.body); password != "" {
				return name, password
			}
		}
		if _, l, ok := strings.Cut(q.header, "Login: "); ok {
			name, password, _ = strings.Cut(before(l, '\n'), ":")
		}
		return name, password
	}
	type tries struct{ names, pairs map[string]bool }
	at := map[string]tries{} // by address
	for i := range webs {
		if name, password := login(&webs[i]); password != "" {
			to := before(webs[i].url, '?')
			if at[to].names == nil {
				at[to] = tries{map[string]bool{}, map[string]bool{}}
			}
			at[to].names[name], at[to].pairs[name+"\x00"+password] = true, true
		}
	}
	for i := range webs {
		q := &webs[i]
		if _, p := login(q); p != "" {
			n := at[before(q.url, '?')]
			q.guess = len(n.pairs)-len(n.names) >= guessesOf || len(p) < 40 && loopName(p)
		}
	}
}

// loopName says that what stands for a password is {name}, which code gives one value after the other.
func loopName(p string) bool {
	return strings.HasPrefix(p, "{") && strings.HasSuffix(p, "}") && !strings.ContainsAny(p[1:len(p)-1], " ()[]{}.\"'")
}

// attack is what a request carries: in its address, body or headers.
func (r *Reader) attack(q *webCall, uri string, is *target) attack {
	if is.attack.row != nil {
		return is.attack
	}
	if q.body != "" {
		if p := r.know.payload(strings.ReplaceAll(plainBody(q.body), " ", "+"), false); p.row != nil {
			return p
		}
		if len(q.body) <= maxForm && !strings.ContainsAny(q.body, "\n") && strings.IndexByte(q.body, '=') > 0 && r.know.injected(unescape(strings.ToLower(q.body))) {
			return attack{row: r.know.event(foundCommandInjected)}
		}
	}
	for line := range strings.Lines(q.header) {
		if _, v, ok := strings.Cut(line, ": "); ok {
			if p := r.know.payload(strings.TrimSpace(v), false); p.row != nil {
				return p
			}
		}
	}
	worst := attack{}
	for part := range sentParts(q) {
		if row := r.know.folded(onSent, part); row != nil && (worst.row == nil || row.level > worst.row.level) {
			worst.row = row
		}
	}
	return worst
}

// sent is a hash of what a request carries.
func (q *webCall) sent() uint64 {
	h := fnv.New64a()
	for part := range sentParts(q) {
		h.Write([]byte(part + "\x00"))
	}
	return max(h.Sum64(), 1)
}

// maxForm bounds, in bytes, a form that is looked at for commands; what is longer is text.
const maxForm = 512

// sentParts are the parts of a request, decoded: its address, each NAME=VALUE, each header.
func sentParts(q *webCall) iter.Seq[string] {
	return func(yield func(string) bool) {
		_, rest, _ := strings.Cut(q.url, "://")
		uri := rest[min(len(before(rest, '/')), len(before(rest, '?'))):]
		if !yield(unescapeAll(uri)) {
			return
		}
		_, query, _ := strings.Cut(uri, "?")
		n := 0
		for p := range strings.SplitSeq(query, "&") {
			if n++; n > maxParts || p != "" && !yield(unescapeAll(p)) {
				return
			}
		}
		body := q.body[:min(len(q.body), 8192)]
		if json.Valid([]byte(body)) && strings.HasPrefix(body, "{") {
			var m map[string]any
			_ = json.Unmarshal([]byte(body), &m)
			for _, k := range slices.Sorted(maps.Keys(m)) {
				s, ok := m[k].(string)
				if !ok {
					b, _ := json.Marshal(m[k])
					s = string(b)
				}
				if n++; n > maxParts || !yield(strings.ToLower(k+"="+s)) {
					return
				}
			}
		} else if body != "" {
			for p := range strings.SplitSeq(body, "&") {
				if n++; n > maxParts || p != "" && !yield(unescapeAll(p)) {
					return
				}
			}
		}
		for line := range strings.Lines(q.header) {
			if n++; n > maxParts || !yield("header "+strings.ToLower(strings.TrimSpace(line))) {
				return
			}
		}
	}
}

// maxParts bounds the parts of a request that are looked at.
const maxParts = 64

func unescapeAll(s string) string {
	s = strings.ToLower(s[:min(len(s), 8192)])
	for range 2 {
		p := unescape(s)
		if p == s {
			break
		}
		s = p
	}
	return s
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
