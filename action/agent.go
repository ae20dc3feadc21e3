package action

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// maxCall bounds how long a call can have taken, in milliseconds: what says more is no time.
const maxCall = 7 * 24 * 3600 * 1000

// agent reads a tool call of an AI agent: what it asked for, and what came of it as far as the log says.
func (r *Reader) agent(ev *tocsin.Event) {
	var agent, principal, run, parent, session, child, tool, command, result, failed, arguments, server, url, path string
	var took int64
	var webs []webCall // the requests of the call, in order
	web := &webCall{}
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch ev.Fields[i].Name {
		case "agent":
			agent = v
		case "principal":
			principal = v
		case "run":
			run = v
		case "parent_session":
			parent = v
		case "session":
			session = v
		case "child_session":
			child = v
		case "tool":
			tool = v
		case "command":
			command = v
		case "result":
			result = v
		case "is_error":
			failed = v
		case "arguments":
			arguments = v
		case "mcp_server":
			server = v
		case "http_url":
			web.url = v
		case "http_method":
			webs = append(webs, webCall{method: v})
			web = &webs[len(webs)-1]
		case "http_body":
			web.body = v
		case "http_header":
			web.header = v
		case "http_status":
			web.status = v
		case "ids_tried":
			web.tried = v
		case "paths_missed":
			web.missed = v
		case "duration_ms":
			took = number(v)
		case "arguments.url", "arguments.uri", "arguments.target":
			set(&url, v)
		case "arguments.file_path", "arguments.path", "arguments.filePath":
			set(&path, v)
		}
	}
	outcome := r.ended(result, failed)
	yielded := r.yielded(result)
	who := func() {
		// The widest name that stays one doer comes first.
		r.doer("agent", r.lower(principal))
		r.doer("agent", r.lower(run))
		for _, s := range [...]string{parent, session, child} {
			if s != "" {
				r.doer("agent", r.joined(or(agent, "session"), "/", s))
			}
		}
		if len(r.act.Who) == 0 {
			name := or(agent, "agent")
			if ev.Source != "" && !distinct(name) { // a role such as main or planner: many logs have one
				name = r.joined(name, "@", ev.Source)
			}
			r.doer("agent", name)
		}
		if took > 0 && !r.act.Time.IsZero() {
			r.act.End = r.act.Time.Add(time.Duration(min(took, maxCall)) * time.Millisecond)
		}
		r.act.Org, r.act.Gave = "", yielded
		for _, k := range yielded {
			if len(r.act.Marks) < cap(r.act.Marks) {
				r.act.Marks = append(r.act.Marks, k)
			}
		}
	}
	if command != "" {
		r.f = facts{}
		r.commands(ev, command, anyShell, who, outcome)
		r.requests(ev, webs, who, outcome, result)
		return
	}
	r.begin(ev)
	who()
	a := &r.act
	a.Verb, a.Level, a.Outcome, a.Tool, a.Log = "call", tocsin.Informational, outcome, r.lower(tool), "session"
	r.mask.json = true
	text, secrets := r.mask.line(arguments)
	r.mask.json = false
	a.Text, r.masked = tool+" "+text, true
	r.credentials(secrets)
	switch {
	case len(webs) > 0:
		r.guesses(webs)
		r.webCall(&webs[0])
	case url != "":
		a.Verb = "request"
		if e, ok := targetOf(url); ok {
			r.target(e.Kind, e.Value)
		}
		if p := r.know.payload(url, true); p.row != nil {
			r.means(p.row)
			a.Verb, a.Level = "probe", medium // an agent sends what it was told to try
			r.mark("callback", p.host)
		}
	case path != "":
		l := strings.ToLower(tool)
		a.Verb = "read"
		if strings.Contains(l, "write") || strings.Contains(l, "edit") || strings.Contains(l, "create") || strings.Contains(l, "patch") {
			a.Verb = "write"
		}
		r.target("file", path)
		a.Text = tool + " " + r.mask.text(path)
		if !strings.ContainsAny(path, "'\n\x00") { // as the same done by a command
			line := "cat '" + path + "'"
			if a.Verb == "write" {
				line = "echo x >> '" + path + "'"
			}
			all := r.command(line, posix).mean
			for i := range all {
				if m := &all[i]; m.Level > a.Level && m.Tactic != "" {
					a.Tactic, a.Technique, a.Level, a.Row = m.Tactic, m.Technique, m.Level, m.Row
				}
			}
		}
	}
	if server != "" && a.Verb == "call" {
		for w := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '"' || c == ' ' || c == ',' }) {
			if e, ok := targetOf(w); ok && e.Kind == "address" {
				r.target(e.Kind, e.Value)
			}
		}
	}
	shown := r.shown(webs, result)
	r.out()
	if len(webs) > 0 {
		r.follows(ev, &webs[0], shown, who, outcome)
		r.requests(ev, webs[1:], who, outcome, result)
	}
}

// distinct says that a name was made to be one of its kind: it has a long number or mixed code in it.
func distinct(name string) bool {
	n := 0
	for i := 0; i < len(name); i++ {
		if c := name[i]; c >= '0' && c <= '9' {
			n++
		}
	}
	return n >= 4
}

// refused and missed are words with which programs of all kinds end that were not let, or did not get there.
var (
	refused = [...]string{"permission denied", "access denied", "access is denied", "operation not permitted", "unauthorized", "forbidden", "status_logon_failure", "authentication failed", "authentication failure", "login failed", "invalid credentials"}
	missed  = [...]string{"no such file", "not found", "connection refused", "timed out", "traceback (most recent", "error:", "unable to", "no route to host", "could not", "usage:", "invalid option", "unrecognized"}
)

// ended says how a call ended: by what the log says, else by the words of its result. Of a long result only the end is
// its program's own word; what is before that is what it was asked for.
func (r *Reader) ended(result, failed string) tocsin.Outcome {
	const short, tail = 2000, 400
	own := result
	if failed == "false" && len(own) > tail {
		own = own[len(own)-tail:] // it went well as far as its exit code says: only its last word can say otherwise
	} else if len(own) > short {
		own = own[:short]
	}
	r.low = appendLower(r.low[:0], own)
	low := string(r.low)
	if strings.Contains(low, "[+] ") && (strings.Contains(low, "pwn3d!") || strings.Contains(low, `\`)) {
		return tocsin.Worked // of many tries one was good
	}
	for _, w := range refused {
		if strings.Contains(low, w) {
			return tocsin.Denied
		}
	}
	switch {
	case failed == "true":
		return tocsin.Failed
	case failed == "false":
		return tocsin.Worked
	}
	for _, w := range missed {
		if strings.Contains(low, w) {
			return tocsin.Failed
		}
	}
	if result != "" {
		return tocsin.Worked
	}
	return tocsin.Unknown
}

// secretNames are what stands before a secret in the output of programs.
var secretNames = [...]string{"password", "passwd", "pwd", "_pass", "secret", "api_key"}

// yielded are fingerprints of secrets that a result gave away: NT hashes of dumps, logins that a tool found good, and
// what stands behind the word password. When one of them is an argument later, harvest and use are one actor's.
func (r *Reader) yielded(result string) []string {
	if len(result) < 12 || strings.IndexByte(result, ':') < 0 && strings.IndexByte(result, '=') < 0 {
		return nil
	}
	const most = 6
	var out []string
	give := func(secret string) {
		if k := r.fingerprint(secret); k != "" && len(out) < most {
			for _, o := range out {
				if o == k {
					return
				}
			}
			out = append(out, k)
		}
	}
	for line := range strings.SplitSeq(result[:min(len(result), 8192)], "\n") {
		if len(out) == most {
			break
		}
		// user:rid:lmhash:nthash::: as dumps of Windows accounts have it
		if parts := strings.SplitN(line, ":", 5); len(parts) >= 4 && len(parts[2]) == 32 && isHash(parts[3]) {
			give(parts[3])
			continue
		}
		if _, good, ok := strings.Cut(line, "[+] "); ok { // DOMAIN\user:secret
			who := firstField(good)
			if i := strings.IndexByte(who, '\\'); i > 0 {
				if _, secret, ok := strings.Cut(who[i:], ":"); ok && likeSecret(secret) {
					give(secret)
				}
			}
			continue
		}
		r.low = appendLower(r.low[:0], line)
		for _, w := range secretNames {
			i := bytes.Index(r.low, []byte(w))
			if i < 0 {
				continue
			}
			rest := strings.TrimLeft(line[i+len(w):], `"' `)
			if rest == "" || rest[0] != ':' && rest[0] != '=' {
				continue
			}
			if v := strings.Trim(firstField(rest[1:]), "\"',;)}]"); likeSecret(v) {
				give(v)
			}
			break
		}
	}
	return out
}

// likeSecret says that a word is no word of a language or of code: one that somebody made up to be hard to guess.
func likeSecret(v string) bool {
	if len(v) < 6 || len(v) > 80 || strings.ContainsAny(v, "()[]{}<>$/\\") {
		return false
	}
	digit, letter, other := false, false, false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c >= '0' && c <= '9':
			digit = true
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
			letter = true
		case i < len(v)-1 && c != '-' && c != '_' && c != '.':
			other = true
		}
	}
	return letter && (digit || other)
}
