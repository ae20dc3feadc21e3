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
	if n := number(f.sent); n > 0 {
		a.Bytes = n
	}
	if p := q.attack; p.technique != "" {
		a.Verb, a.Technique, a.Level = "probe", p.technique, p.level
		a.Tactic = p.tactic
		if p.host != "" {
			r.mark("callback", p.host)
		}
		if p.technique == "T1505.003" && a.Outcome == tocsin.Worked {
			r.mark("token", before(f.uri, '?'))
		}
		if p.technique == "T1505.003" && a.Outcome != tocsin.Worked {
			a.Tactic, a.Technique, a.Level = "reconnaissance", "T1595.002", tocsin.Low // asked for one that is not there
		}
	} else if p := client.attack; p.technique != "" && p.technique != "T1505.003" {
		a.Verb, a.Tactic, a.Technique, a.Level = "probe", p.tactic, p.technique, p.level
		if p.host != "" {
			r.mark("callback", p.host)
		}
		r.mark("token", f.agent)
	} else {
		switch {
		case q.login:
			a.Verb, a.Tactic, a.Technique = "login", "credential-access", "T1110"
			if a.Outcome != tocsin.Failed && a.Outcome != tocsin.Denied {
				a.Tactic, a.Technique = "", ""
			} else {
				a.Level = tocsin.Low
			}
		case a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied:
			a.Verb, a.Tactic, a.Technique, a.Level = "scan", "reconnaissance", "T1595.003", tocsin.Low
			if q.common {
				a.Verb, a.Tactic, a.Technique, a.Level = "request", "", "", tocsin.Informational
			}
		case q.sensitive:
			a.Verb, a.Tactic, a.Technique, a.Level = "read", "credential-access", "T1552", tocsin.Medium
			if a.Outcome == tocsin.Unknown || status >= 300 {
				a.Verb, a.Tactic, a.Technique, a.Level = "scan", "reconnaissance", "T1595.003", tocsin.Low
			}
		}
		if client.scanner {
			a.Tactic, a.Technique, a.Level = "reconnaissance", "T1595.002", max(a.Level, tocsin.Medium)
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
	return r.joined(method, " ", text[:min(len(text), 200)])
}

// A target is what the method and target of a request tell, read once for those met often.
type target struct {
	text                     string
	attack                   attack
	login, common, sensitive bool
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
		text:   concat(method, " ", text[:min(len(text), 200)]),
		attack: payload(uri),
		login:  method == "POST" && loginPath(uri), common: common(uri), sensitive: sensitive(uri),
	}
	if len(key) <= maxNote {
		if r.targets == nil || len(r.targets) >= maxTargets {
			r.targets = map[string]*target{}
		}
		q.attack.host = strings.Clone(q.attack.host)
		r.targets[string(key)] = q
	}
	return q
}

// A client is what a user agent tells, read once for those met often.
type client struct {
	agent, tool      string
	attack           attack
	scanner, browser bool
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
	c := &client{agent, strings.ToLower(tool(agent)), payload(agent), scannerAgent(agent), browser(agent)}
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

// scannerAgent says that a user agent names itself a scanner.
func scannerAgent(agent string) bool {
	return scanners.in(agent)
}

var scanners = foldWords("sqlmap", "nikto", "nmap", "nuclei", "wpscan", "dirbuster", "gobuster", "feroxbuster", "ffuf", "masscan", "zgrab", "acunetix", "netsparker", "w3af", "nessus", "openvas", "arachni", "wfuzz", "whatweb", "zaproxy", "burpsuite", "dirsearch", "fuzz faster", "joomscan", "hydra")

// loginPath says that a path is one at which people log in.
func loginPath(uri string) bool {
	return logins.in(before(uri, '?'))
}

var logins = foldWords("login", "signin", "sign-in", "logon", "session", "oauth", "token", "auth")

// common says that a path is one that browsers and crawlers ask every server for.
func common(uri string) bool {
	path, _, _ := strings.Cut(uri, "?")
	switch path {
	case "/favicon.ico", "/robots.txt", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png", "/sitemap.xml", "/ads.txt":
		return true
	}
	for _, e := range [...]string{".png", ".jpg", ".jpeg", ".gif", ".css", ".js", ".woff", ".woff2", ".svg", ".map", ".ico", ".mp4"} {
		if strings.HasSuffix(path, e) {
			return true
		}
	}
	return false
}

// sensitive says that a path holds what should not be given to strangers.
func sensitive(uri string) bool {
	return kept.in(before(uri, '?'))
}

var kept = foldWords("/.env", "/.git/", "/.aws/", "/.ssh/", "/.svn/", "id_rsa", "wp-config", "web.config", ".htpasswd", "/actuator/env", "/actuator/heapdump", "/server-status", "/phpinfo", ".sql", ".bak", "backup.zip", "backup.tar", "/dump.", "config.json", "credentials", "/etc/passwd")

// An attack is what a request carries.
type attack struct {
	tactic, technique, host string
	level                   tocsin.Level
}

// attackSigns are what attacks on web applications cannot do without; the text is compared in lower case, as it stands
// and decoded. Sources: OWASP Core Rule Set's classes, https://coreruleset.org.
var attackSigns = []struct {
	words  []string // alternatives
	attack attack
}{
	{[]string{"${jndi:", "${${", "$%7bjndi", "%{(#", "${@", "#{7*", "{{7*", "<%=", "%24%7bjndi"}, attack{"initial-access", "T1190", "", tocsin.Medium}},
	{[]string{"../../", "..%2f", "..\\..", "%2e%2e/", "/etc/passwd", "/etc/shadow", "win.ini", "boot.ini", "/proc/self/", "php://filter", "file:///"}, attack{"initial-access", "T1190", "", tocsin.Medium}},
	{[]string{"union select", "union+select", "union/**/select", "' or '", "'or'1", " or 1=1", "+or+1=1", "sleep(", "waitfor delay", "benchmark(", "information_schema", "xp_cmdshell", "extractvalue(", "' and '", "order by 1", "/**/and"}, attack{"initial-access", "T1190", "", tocsin.Medium}},
	{[]string{"<script", "%3cscript", "onerror=", "javascript:", "alert(", "onload="}, attack{"initial-access", "T1189", "", tocsin.Low}},
	{[]string{"() { :", "() {:", ";wget ", ";curl ", "|sh", "|bash", "$(curl", "$(wget", "`curl", "`id`", "$(id)", ";id;", "|id", "&&id", ";cat ", "|cat ", ";ls", "/bin/sh", "/bin/bash", "cmd.exe", "powershell", "allow_url_include", "auto_prepend_file", "invokefunction", "runtime.getruntime", "processbuilder", "base64_decode(", "eval(", "system("}, attack{"initial-access", "T1190", "", tocsin.Medium}},
	{[]string{"169.254.169.254", "metadata.google", "url=http://127.", "url=http://localhost", "gopher://", "dict://"}, attack{"initial-access", "T1190", "", tocsin.Medium}},
}

// payload says whether a request carries an attack, and to which host it would make the server speak.
func payload(text string) attack {
	if len(text) < 4 {
		return attack{}
	}
	if len(text) > 8192 {
		text = text[:8192]
	}
	if !suspicious(text) {
		if strings.IndexByte(text, '=') > 0 {
			return webShell(text)
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
	for i := range attackSigns {
		for _, w := range attackSigns[i].words {
			if strings.Contains(plain, w) || strings.Contains(low, w) {
				a := attackSigns[i].attack
				a.host = callback(plain)
				return a
			}
		}
	}
	return webShell(plain)
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
func webShell(plain string) attack {
	path, query, ok := strings.Cut(plain, "?")
	if !ok {
		return attack{}
	}
	script := webScript(path)
	for p := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(p, "=")
		switch k {
		case "cmd", "exec", "command", "execute", "c", "shell", "run", "code", "do", "wp_meta":
		default:
			continue
		}
		first, _, _ := strings.Cut(strings.TrimSpace(v), " ")
		switch base(first) {
		case "id", "whoami", "ls", "cat", "uname", "pwd", "dir", "type", "net", "ipconfig", "ifconfig", "ip", "wget", "curl", "ps", "netstat", "ss", "bash", "sh", "nc", "python", "python3", "perl", "php", "find", "grep", "tasklist", "systeminfo", "hostname", "env", "echo":
			if script || len(v) > len(first) || k == "cmd" {
				return attack{"persistence", "T1505.003", "", tocsin.High}
			}
		}
		if script && len(v) > 60 && !strings.Contains(v, " ") && entropic(v) {
			return attack{"persistence", "T1505.003", "", tocsin.Medium}
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
