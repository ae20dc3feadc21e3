package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// web reads a request of a web server or proxy.
func (r *Reader) web(ev *tocsin.Event) {
	f := &r.f
	r.begin(ev)
	a := &r.act
	r.doer("address", f.src)
	if len(a.Who) == 0 && len(r.held) == 0 {
		return
	}
	host := a.Host
	if host == "" && f.vhost != "" {
		host, _, _ = strings.Cut(r.lower(f.vhost), ":")
		a.Host = host
		a.Org = orgOf(host)
	}
	r.target("host", host)
	a.Verb, a.Level, a.Log = "request", tocsin.Informational, "request"
	status := 0
	if len(f.status) == 3 {
		status = int(f.status[0]-'0')*100 + int(f.status[1]-'0')*10 + int(f.status[2]-'0')
	}
	switch {
	case status == 401 || status == 403 || status == 407 || status == 429:
		a.Outcome = tocsin.Denied
	case status >= 400 || f.kind == "not_found":
		a.Outcome = tocsin.Failed
	case status >= 200:
		a.Outcome = tocsin.Worked
	}
	client := r.client(f.agent)
	a.Tool = client.tool
	q := r.asked(f.method, f.uri)
	a.Text, r.masked = q.text, true
	given := status >= 200 && status < 300
	if given {
		r.mark("served", q.file)
		a.Answer = number(f.answer)
	}
	if n := number(f.sent); n > 0 {
		a.Bytes = n
	}
	if p := q.attack; p.row != nil {
		r.means(p.row)
		r.mark("callback", p.host)
		r.mark("dropped", p.writes)
		switch {
		case !p.shell && a.Outcome == tocsin.Worked:
			a.Outcome = tocsin.Unknown // that the server answered does not say that it gave in; package campaign looks for what followed
		case !p.shell:
		case a.Outcome == tocsin.Worked:
			r.mark("token", before(f.uri, '?'))
		default:
			r.found(foundWebShellMissing)
		}
	} else if p := client.attack; p.row != nil && !p.shell {
		r.means(p.row)
		r.mark("callback", p.host)
		r.mark("token", f.agent)
		if a.Outcome == tocsin.Worked {
			a.Outcome = tocsin.Unknown
		}
	} else {
		switch refused := a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied; {
		case status == 201 && q.file != "" && r.know.listed("putting-methods", r.lower(f.method)):
			r.found(foundScriptPut)
			r.mark("dropped", q.file)
		case q.login && refused:
			r.found(foundWebLoginFailed)
		case q.login:
			a.Verb = "login"
			if a.Outcome == tocsin.Worked {
				a.Outcome = tocsin.Unknown // forms answer a wrong password with a page, or send to one, as they do a right one
			}
		case refused:
			if !q.common {
				r.found(foundWebPathMissing)
			}
		case q.sensitive != nil && (a.Outcome == tocsin.Unknown || status >= 300):
			r.found(foundWebPathMissing)
		case q.sensitive != nil:
			r.means(q.sensitive)
		}
		if client.scanner != nil {
			verb, level := a.Verb, a.Level
			r.means(client.scanner)
			a.Verb, a.Level = verb, max(a.Level, level)
		}
	}
	if !client.browser && len(f.agent) > 3 && a.Level >= tocsin.Low {
		r.mark("agent", f.agent)
	}
	r.out()
}

// request is a request in a few words, made once for those met often.
func (r *Reader) request(method, uri string) string {
	if method == "" {
		method = "GET"
	}
	text := r.mask.uri(uri[:min(len(uri), 1024)])
	r.masked = true
	return r.joined(method, " ", tocsin.Shorten(text, maxRequest))
}

// A target is what the method and target of a request tell, read once for those met often.
type target struct {
	text          string
	file          string // a file that servers run or give out as it is, by its name; "" where it is none
	attack        attack
	login, common bool
	sensitive     *row // of a path that should not be given to strangers
}

// maxTargets bounds the requests that a reader remembers.
const maxTargets = 1 << 13

func (r *Reader) asked(method, uri string) *target {
	var buf [256]byte
	key := append(append(append(buf[:0], method...), ' '), uri...)
	if q, ok := r.targets[string(key)]; ok {
		return q
	}
	if method == "" {
		method = "GET"
	}
	text := r.mask.uri(uri[:min(len(uri), 1024)])
	q := &target{
		text:   concat(method, " ", tocsin.Shorten(text, maxRequest)),
		file:   r.know.webFile(before(uri, '?')),
		attack: r.know.payload(uri, true),
		login:  method == "POST" && r.know.logins.in(before(uri, '?')), common: r.know.common(uri), sensitive: r.know.folded(onPath, before(uri, '?')),
	}
	if len(key) <= maxNote {
		if r.targets == nil || len(r.targets) >= maxTargets {
			r.targets = map[string]*target{}
		}
		q.attack.host, q.attack.writes = strings.Clone(q.attack.host), strings.Clone(q.attack.writes)
		r.targets[string(key)] = q
	}
	return q
}

// A client is what a user agent tells, read once for those met often.
type client struct {
	agent, tool string
	attack      attack
	scanner     *row // of one that names itself a scanner
	browser     bool
}

func (r *Reader) client(agent string) *client {
	if r.lastClient != nil && agent == r.lastClient.agent {
		return r.lastClient
	}
	if c, ok := r.clients[agent]; ok {
		r.lastClient = c
		return c
	}
	if len(r.clients) >= 1<<12 || r.clients == nil {
		r.clients = map[string]*client{}
	}
	agent = strings.Clone(agent)
	c := &client{agent, strings.ToLower(tool(agent)), r.know.payload(agent, false), r.know.folded(onClient, agent), browser(agent)}
	r.clients[agent] = c
	r.lastClient = c
	return c
}

// tool is the first product of a user agent.
func tool(agent string) string {
	if i := strings.IndexAny(agent, "/ ("); i > 0 {
		return agent[:min(i, 40)]
	}
	return agent[:min(len(agent), 40)]
}

// browser says that a user agent is written as browsers write theirs, which tells nobody from anybody.
func browser(agent string) bool {
	return strings.HasPrefix(agent, "Mozilla/") || strings.HasPrefix(agent, "Opera/")
}

// common says that a path is one that browsers and crawlers ask every server for.
func (k *Knowledge) common(uri string) bool {
	path := before(uri, '?')
	return k.listed("common-paths", path) || k.inList("common-paths", path)
}

// An attack is what a request carries; one without a row is none.
type attack struct {
	row    *row
	host   string // to which it would make the server speak
	writes string // the name of a file that it would have the server write and give out
	shell  bool   // it runs a command through a script that lies there
}

// payload says whether a text carries an attack, and to which host it would make the server speak. In a request's path and query
// a command may stand behind any end of another; user agents and prose have such words as well.
func (k *Knowledge) payload(text string, request bool) attack {
	if len(text) < 4 {
		return attack{}
	}
	if len(text) > 8192 {
		text = text[:8192]
	}
	if !suspicious(text) {
		if strings.IndexByte(text, '=') > 0 {
			return k.webShell(text)
		}
		return attack{}
	}
	low := strings.ToLower(text)
	plain := low
	for range 2 {
		if p := unescape(plain); p != plain {
			plain = p
		} else {
			break
		}
	}
	for _, r := range k.of[onRequest] {
		if r.holds(plain) || r.holds(low) {
			return attack{row: r, host: callback(plain), writes: k.writes(plain)}
		}
	}
	if request && k.injected(plain) {
		return attack{row: k.event(foundCommandInjected), host: callback(plain), writes: k.writes(plain)}
	}
	return k.webShell(plain)
}

// injected says that a command stands in a request where a shell would begin one: behind what ends the command before it.
func (k *Knowledge) injected(plain string) bool {
	const most = 64 // places looked at
	rest := plain
	for range most {
		i := strings.IndexAny(rest, ";|`$&\n")
		if i < 0 {
			return false
		}
		c := rest[i]
		rest = rest[i+1:]
		switch {
		case (c == '$' || c == '&') && rest == "", c == '$' && rest[0] != '(', c == '&' && rest[0] != '&':
			continue
		case c == '$' || c == '&':
			rest = rest[1:]
		}
		word := strings.TrimLeft(rest, " |")
		if end := strings.IndexAny(word, " ;|`)&>\t\n$"); end >= 0 {
			word = word[:end]
		}
		if k.listed("injected-commands", word[strings.LastIndexByte(word, '/')+1:]) {
			return true
		}
	}
	return false
}

// suspicious is a quick look: most requests hold nothing that an attack needs.
func suspicious(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '%', '\'', '"', '<', '`', '$', ';', '|', '(', '{', '\\':
			return true
		case '.':
			if i+1 < len(s) && s[i+1] == '.' {
				return true
			}
		case ':':
			if i+2 < len(s) && s[i+1] == '/' && s[i+2] == '/' && i > 0 {
				return true
			}
		case '+':
			return true
		case '/':
			if i+5 < len(s) && (s[i+1:i+5] == "etc/" || s[i+1] == '.' || s[i+1:i+5] == "bin/") {
				return true
			}
		}
	}
	return false
}

// unescape undoes percent-encoding as far as it is well-formed, and + for a blank.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			b = append(b, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return strings.ToLower(string(b))
}

// callback is the host that a payload would make the server speak to.
func callback(plain string) string {
	for _, scheme := range [...]string{"jndi:ldap://", "jndi:ldaps://", "jndi:rmi://", "jndi:dns://", "http://", "https://", "ftp://", "/dev/tcp/"} {
		i := strings.LastIndex(plain, scheme)
		if i < 0 {
			continue
		}
		rest := plain[i+len(scheme):]
		end := strings.IndexAny(rest, "/ }\"'&?#;|)\\")
		if end < 0 {
			end = len(rest)
		}
		host := rest[:end]
		if h, _, ok := strings.Cut(host, "@"); ok && h != "" {
			host = host[len(h)+1:]
		}
		if h, _, ok := strings.Cut(host, ":"); ok {
			host = h
		}
		if len(host) > 3 && len(host) < 128 && strings.Contains(host, ".") && !strings.ContainsAny(host, "${}<>") && host != "127.0.0.1" {
			return host
		}
	}
	return ""
}

// webShell says that a request runs a command through a script: a parameter named for it whose value reads as one.
func (k *Knowledge) webShell(plain string) attack {
	path, query, ok := strings.Cut(plain, "?")
	if !ok {
		return attack{}
	}
	script := webScript(path)
	for p := range strings.SplitSeq(query, "&") {
		name, v, _ := strings.Cut(p, "=")
		if !k.listed("shell-parameters", name) {
			continue
		}
		first, _, _ := strings.Cut(strings.TrimSpace(v), " ")
		if k.listed("shell-commands", base(first)) && (script || len(v) > len(first) || name == "cmd") {
			return attack{row: k.event(foundWebShell), shell: true}
		}
		if script && len(v) > 60 && !strings.Contains(v, " ") && entropic(v) {
			return attack{row: k.event(foundWebShellEncoded), shell: true}
		}
	}
	return attack{}
}

// entropic says that a text is long and mixed as encoded ones are.
func entropic(s string) bool {
	var seen [256]bool
	kinds := 0
	for i := 0; i < len(s) && i < 256; i++ {
		if !seen[s[i]] {
			seen[s[i]] = true
			kinds++
		}
	}
	return kinds > 24
}
