package action

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// agent reads a tool call of an AI agent: what it asked for, and what came of it as far as the log says.
func (r *Reader) agent(ev *tocsin.Event) {
	var agent, principal, session, tool, command, result, failed, arguments, server, url, path string
	var took int64
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch ev.Fields[i].Name {
		case "agent":
			agent = v
		case "principal":
			principal = v
		case "session":
			session = v
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
		case "duration_ms":
			took = number(v)
		case "arguments.url", "arguments.uri", "arguments.target":
			set(&url, v)
		case "arguments.file_path", "arguments.path", "arguments.filePath":
			set(&path, v)
		}
	}
	outcome := ended(result, failed)
	who := func() {
		if principal != "" {
			r.doer("agent", r.lower(principal))
		}
		if session != "" {
			r.doer("agent", r.joined(or(agent, "session"), "/", session))
		}
		if len(r.act.Who) == 0 {
			r.doer("agent", or(agent, "agent"))
		}
		if took > 0 {
			r.act.End = r.act.Time.Add(time.Duration(took) * time.Millisecond)
		}
		r.act.Org = ""
		for _, k := range r.yielded(result) {
			if len(r.act.Marks) < cap(r.act.Marks) {
				r.act.Marks = append(r.act.Marks, k)
			}
		}
	}
	if command != "" {
		r.f = facts{}
		r.commands(ev, command, anyShell, who, outcome)
		return
	}
	r.begin(ev)
	who()
	a := &r.act
	a.Verb, a.Level, a.Outcome, a.Tool = "call", tocsin.Informational, outcome, r.lower(tool)
	a.Text = tool + " " + arguments
	switch {
	case url != "":
		a.Verb = "request"
		if e, ok := targetOf(url); ok {
			r.target(e.Kind, e.Value)
		}
		if p := payload(url); p.technique != "" {
			a.Verb, a.Tactic, a.Technique, a.Level = "probe", p.tactic, p.technique, tocsin.Medium
			if p.host != "" {
				r.mark("callback", p.host)
			}
		}
	case path != "":
		l := strings.ToLower(tool)
		a.Verb = "read"
		if strings.Contains(l, "write") || strings.Contains(l, "edit") || strings.Contains(l, "create") || strings.Contains(l, "patch") {
			a.Verb = "write"
		}
		r.target("file", path)
		a.Text = tool + " " + path
	}
	if server != "" && a.Verb == "call" {
		for w := range strings.FieldsFuncSeq(arguments, func(c rune) bool { return c == '"' || c == ' ' || c == ',' }) {
			if e, ok := targetOf(w); ok && e.Kind == "address" {
				r.target(e.Kind, e.Value)
			}
		}
	}
	r.out()
}

// ended says how a call ended: by what the log says, else by words of its result that programs of all kinds end with.
func ended(result, failed string) tocsin.Outcome {
	head := result[:min(len(result), 2000)]
	for _, w := range [...]string{"permission denied", "access denied", "access is denied", "operation not permitted", "unauthorized", "forbidden", "status_logon_failure", "authentication failed", "login failed", "invalid credentials"} {
		if foldContains(head, w) {
			return tocsin.Denied
		}
	}
	if failed == "true" {
		return tocsin.Failed
	}
	for _, w := range [...]string{"no such file", "not found", "connection refused", "timed out", "traceback (most recent", "error:", "unable to", "no route to host", "could not", "usage:", "invalid option", "unrecognized"} {
		if foldContains(head, w) {
			return tocsin.Failed
		}
	}
	if result != "" || failed == "false" {
		return tocsin.Worked
	}
	return tocsin.Unknown
}

// yielded are fingerprints of secrets that a result gave away: NT hashes of dumps and password:value pairs. When one of
// them is an argument later, harvest and use are one actor's.
func (r *Reader) yielded(result string) []string {
	if len(result) < 40 || !strings.Contains(result, ":") {
		return nil
	}
	const most = 6
	var out []string
	for line := range strings.SplitSeq(result[:min(len(result), 8192)], "\n") {
		if len(out) >= most {
			break
		}
		// user:rid:lmhash:nthash::: as dumps of Windows accounts have it
		if parts := strings.SplitN(line, ":", 5); len(parts) >= 4 && len(parts[2]) == 32 && isHash(parts[3]) {
			if k := r.fingerprint(parts[3]); k != "" {
				out = append(out, k)
			}
			continue
		}
		low := strings.ToLower(line)
		for _, w := range [...]string{"password:", "password =", "password=", "passwd:", "pwd=", "secret:", "api_key="} {
			if i := strings.Index(low, w); i >= 0 && i+len(w) <= len(line) {
				v := strings.Trim(firstField(line[i+len(w):]), `"',;`)
				if len(v) >= 6 && len(v) < 80 {
					if k := r.fingerprint(v); k != "" {
						out = append(out, k)
					}
				}
				break
			}
		}
	}
	return out
}

func firstField(s string) string {
	if f := strings.Fields(s[:min(len(s), 200)]); len(f) > 0 {
		return f[0]
	}
	return ""
}
