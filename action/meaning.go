package action

import (
	"encoding/base64"
	"strings"
)

// understand fills in what a simple command does: by its name where that is known, then by its arguments, then by their
// shape, which a renamed tool keeps. What is told of it is taken from the masked words.
func (k *Knowledge) understand(m *meaning, words, masked, files []string) {
	if r := k.plainly(m.Tool); r != nil {
		m.set(r)
	}
	args := words[min(1, len(words)):]
	a := argsOf(args, masked[min(1, len(masked)):])
	if unixShell(m.Tool) {
		a.flags = shellFlags(args)
	}
	m.On = append(m.On, a.targets...)
	for _, w := range a.lists {
		m.Marks = append(m.Marks, "list:"+w)
	}
	if r := k.plainly(m.Tool); r != nil {
		m.leads(r, args, &a)
	}
	for _, f := range files {
		for _, r := range k.of[onOutput] {
			if r.holds(f) {
				m.say(r)
				m.leads(r, nil, &arguments{joined: f})
			}
		}
	}
	did, b := args, a
	if left, hid := k.acted(m.Tool, args, masked[min(1, len(masked)):]); len(left) != len(args) || k.listed("database-clients", m.Tool) {
		did, b = left, argsOf(left, hid)
	}
	k.inArguments(m, onArgument, did, &b)
	if k.listed("fetchers", m.Tool) {
		k.fetches(m, &a)
	}
	k.use(m, args, &a)
	if key, value := keyOf(m.Tool, masked[min(1, len(masked)):]); key != "" {
		if r := k.setting(key, value); r != nil {
			m.say(r)
		}
	}
	if interpreter(m.Tool) {
		// What matters is the script's name: a renamed interpreter is read by shape all the same.
		for _, w := range args {
			if r := k.plain[base(w)]; r != nil && !strings.HasPrefix(w, "-") && r.level >= medium {
				m.Tool = base(w)
				m.say(r)
				break
			}
		}
	}
	k.inArguments(m, onShape, did, &b)
	if len(a.targets) > 0 {
		m.logsIn(a.account)
	}
	if m.Level <= informational && (m.Tool == "sh" || m.Tool == "bash" || m.Tool == "dash" || m.Tool == "zsh" || strings.HasPrefix(m.Tool, "python") || m.Tool == "perl" || m.Tool == "php") {
		m.fed = len(args) == 0 || args[0] == "-" || args[0] == "-s" // a pipe may feed it; joinPipes tells
	}
}

// logsIn notes the account that a telling command names to log in as.
func (m *meaning) logsIn(account string) {
	if account != "" && m.Tactic != "" {
		m.Marks = append(m.Marks, "account:"+account)
	}
}

// plainly is the row of what a program is for, or nil.
func (k *Knowledge) plainly(tool string) *row {
	if r := k.plain[tool]; r != nil {
		return r
	}
	return k.plain[strings.TrimSuffix(tool, ".ps1")]
}

// inArguments says what arguments tell whatever the program is.
func (k *Knowledge) inArguments(m *meaning, on kind, args []string, a *arguments) {
	if a.joined == "" {
		return
	}
	maybe := k.index[on].in(a.joined)
	for i, r := range k.of[on] {
		if maybe.has(i) && r.fits(m.Tool, "", args, a) {
			m.say(r)
			m.leads(r, args, a)
		}
	}
}

// use says what a program of many uses does: the first row that holds is meant.
func (k *Knowledge) use(m *meaning, args []string, a *arguments) {
	name := m.Tool
	if strings.HasPrefix(name, "python") {
		name = "python"
	}
	rows := k.uses[name]
	if len(rows) == 0 {
		return
	}
	first := ""
	for _, w := range args {
		if !strings.HasPrefix(w, "-") {
			first = strings.ToLower(w)
			break
		}
	}
	for _, r := range rows {
		if !r.fits(m.Tool, first, args, a) {
			continue
		}
		if plain := k.plainly(m.Tool); r.instead || plain != nil && m.Row == plain.rule && r.level >= m.Level {
			m.set(r) // says more than the name
		} else {
			m.say(r)
		}
		m.leads(r, args, a)
		return
	}
}

// fetches says what the requests of a program that makes some carry.
func (k *Knowledge) fetches(m *meaning, a *arguments) {
	for _, r := range k.of[onArgument] {
		if r.mark != "" && r.holds(a.joined) {
			m.leads(r, nil, a) // what is sent may call back
		}
	}
	for _, w := range a.urls {
		if strings.Contains(w, "://169.254.169.254") {
			continue // asked by who runs it, not through a server
		}
		if p := k.payload(w, true); p.row != nil {
			worse := *p.row
			worse.level = max(worse.level, medium)
			m.say(&worse)
			if p.host != "" {
				m.Marks = append(m.Marks, "callback:"+p.host)
			}
		}
	}
}

// say gives a meaning unless there is a more telling one.
func (m *meaning) say(r *row) {
	if r.level < m.Level || r.level == m.Level && m.Tactic != "" {
		return
	}
	m.set(r)
}

func (m *meaning) set(r *row) {
	if r.verb != "" {
		m.Verb = r.verb
	}
	m.Tactic, m.Technique, m.Level, m.Row = r.tactic, r.technique, r.level, r.rule
}

// leads notes what of a command leads to the next place, as far as a row asks for it.
func (m *meaning) leads(r *row, args []string, a *arguments) {
	switch r.mark {
	case "callback":
		if r.on == onOutput { // /dev/tcp/HOST/PORT
			to := strings.TrimPrefix(strings.TrimPrefix(a.joined, "/dev/tcp/"), "/dev/udp/")
			m.Marks = append(m.Marks, "callback:"+strings.ReplaceAll(to, "/", ":"))
		} else if h := callback(a.joined); h != "" {
			m.Marks = append(m.Marks, "callback:"+h)
		}
	case "targets":
		for _, t := range a.targets {
			m.Marks = append(m.Marks, "callback:"+t.Value)
		}
	case "lhost":
		if _, v, ok := strings.Cut(a.joined, "lhost="); ok {
			m.Marks = append(m.Marks, "callback:"+before(v, ' '))
		}
	case "dropped":
		if out := savedAs(args); len(out) < 128 && dropPlace(out) {
			m.Marks = append(m.Marks, "dropped:"+out)
		}
	}
}

func (m *meaning) addTarget(v string) {
	if e, ok := targetOf(v); ok {
		m.On = append(m.On, e)
	}
}

// interpreter says that a program runs scripts.
func interpreter(tool string) bool {
	switch tool {
	case "perl", "ruby", "php", "node", "java":
		return true
	}
	return strings.HasPrefix(tool, "python")
}

// remote says that a word is a place on another machine, as scp and rsync write it.
func remote(w string) bool {
	h, _, ok := strings.Cut(w, ":")
	return ok && len(h) > 1 && !strings.Contains(h, "/") && !strings.Contains(w, "://")
}

// embedded decodes base64 of a text that a word holds, or "".
func embedded(w string) string {
	if len(w) < 16 || len(w) > 32<<10 {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(w)
	if err != nil {
		return ""
	}
	return plainText(string(b))
}
