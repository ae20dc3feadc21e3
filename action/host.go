package action

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// host reads what machines and their services say of logins, accounts, commands and files.
func (r *Reader) host(ev *tocsin.Event) {
	f := &r.f
	switch f.kind {
	case "login_failed", "invalid_user", "login_interrupted", "pam_failed":
		r.login(ev, tocsin.Failed)
		return
	case "login_ok":
		r.login(ev, tocsin.Worked)
		return
	case "login":
		r.login(ev, f.outcome)
		return
	case "denied", "banned", "forbidden":
		r.begin(ev)
		r.local(ev)
		r.found(foundServiceRefused)
		r.act.Outcome = tocsin.Denied
		r.target("host", r.act.Host)
		r.act.Text = f.message
		r.out()
		return
	case "scan", "probe", "protocol_error", "connection_reset":
		r.begin(ev)
		r.local(ev)
		r.found(foundServiceProbed)
		r.target("host", r.act.Host)
		r.act.Text = f.message
		r.out()
		return
	case "user_added":
		r.account1(ev, foundAccountMade)
		return
	case "user_deleted", "password_changed", "group_changed":
		r.account1(ev, foundAccountChanged)
		return
	case "session_opened":
		if f.service == "sudo" || f.service == "su" {
			return // told by the command, or by the login of su
		}
		return
	case "upload", "file_download":
		r.fetched(ev)
		return
	case "program_output":
		r.printed(ev)
		return
	case "tunnel", "forward", "direct_tcpip":
		r.begin(ev)
		r.local(ev)
		r.found(foundConnectionForwarded)
		r.target("address", f.dst)
		r.act.Text = clip(f.dst + ":" + f.dport)
		r.out()
		return
	}
	if ev.Sources[0].Category == "honeypot" {
		switch {
		case f.kind == "download": // what a visitor has it fetch; of a server of files it would be what somebody reads
			r.fetched(ev)
			return
		case f.kind == "connection" && f.dst != "": // forwarded through it
			r.begin(ev)
			r.local(ev)
			r.found(foundConnectionForwarded)
			r.target("address", f.dst)
			r.act.Text = clip(f.dst + ":" + f.dport)
			r.out()
			return
		case f.command != "" && len(ev.Sources) == 1:
			return // told when it was typed
		}
	}
	if f.command != "" {
		r.ran(ev)
		return
	}
	if f.file != "" && len(ev.Sources) > 1 && (ev.Sources[1].Category == "file_event" || ev.Sources[0].Category == "file_event") {
		r.wrote(ev)
		return
	}
	r.generic(ev)
}

// fetched reads that a file came to a machine, as honeypots and servers of files tell it.
func (r *Reader) fetched(ev *tocsin.Event) {
	f := &r.f
	r.begin(ev)
	r.local(ev)
	r.found(foundFileFetched)
	url := ev.Text("url")
	r.act.Text, r.act.Outcome = or(f.uri, or(url, f.message)), f.outcome
	r.target("host", r.act.Host)
	r.mark("callback", callback(strings.ToLower(url)))
	r.mark("hash", r.lower(ev.Text("shasum")))
	r.out()
}

// login reads an attempt to get in. A success is ordinary by itself: what it means is told by what came before.
func (r *Reader) login(ev *tocsin.Event, outcome tocsin.Outcome) {
	f := &r.f
	r.begin(ev)
	a := &r.act
	r.doer("address", f.src)
	if f.session != "" && a.Host != "" && outcome == tocsin.Worked {
		r.doer("session", r.joined(a.Host, "/", f.session))
	}
	user := r.account(f.user)
	if len(a.Who) == 0 {
		r.doer("user", user)
	}
	r.target("host", a.Host)
	r.target("user", user)
	a.Verb, a.Outcome, a.Tool, a.Log = "login", outcome, f.service, "login"
	switch outcome {
	case tocsin.Worked:
		a.Level = informational
		if f.service == "su" && r.know.listed("service-accounts", strings.ToLower(f.user)) {
			r.found(foundServiceAsPerson)
			r.target("user", r.account(ev.Text("target")))
		}
	case tocsin.Failed, tocsin.Denied:
		r.found(foundLoginFailed)
	}
	a.Text = "login"
	if f.user != "" {
		a.Text = r.joined("login as ", f.user[:min(len(f.user), 100)], "")
	}
	if f.authMethod == "publickey" {
		if _, print, ok := strings.Cut(f.message, "SHA256:"); ok {
			print, _, _ = strings.Cut(print, " ")
			a.Credential = r.keyID(print)
		}
	}
	r.out()
}

// account1 reads a change of an account.
func (r *Reader) account1(ev *tocsin.Event, what finding) {
	f := &r.f
	r.begin(ev)
	a := &r.act
	r.doer("address", f.src)
	if f.session != "" && a.Host != "" {
		r.doer("session", r.joined(a.Host, "/", f.session))
	}
	user := f.user
	if by := ev.Text("AUID"); by != "" { // the audit daemon names who was logged in apart from whose account it is
		user = ev.Text("user")
		r.doer("user", r.account(by))
	}
	r.target("user", r.account(user))
	r.target("host", a.Host)
	r.found(what)
	a.Outcome = f.outcome
	a.Text = or(f.message, strings.TrimSpace(a.Verb+" account "+user))
	r.out()
}

// ran reads a command that was run.
func (r *Reader) ran(ev *tocsin.Event) {
	f := &r.f
	sh := posix
	if ev.Sources[0].Product == "windows" {
		sh = anyShell
	}
	r.commands(ev, f.command, sh, func() {
		r.local(ev)
	}, f.outcome)
}

// commands gives an action for each telling part of a command line, at least one; who fills in the doer.
func (r *Reader) commands(ev *tocsin.Event, line string, sh shell, who func(), outcome tocsin.Outcome) {
	const most = 4
	is := r.command(line, sh)
	all, best, text, secrets := is.mean, is.best, is.text, is.secrets
	parent := r.f.parent
	log := commandLog(ev)
	start := r.started(parent, r.f.image)
	if is := r.know.event(foundProgramRenamed); r.f.renamed != "" && (start == nil || start.level < is.level) {
		start = is
	}
	set := log != "line" && log != "session" && r.setOff(parent, r.f.image)
	given := 0
	var byServer *tocsin.Rule // what says a second time of a command that a server's account ran it
	give := func(m *meaning) {
		r.begin(ev)
		who()
		a := &r.act
		a.Verb, a.Tactic, a.Technique, a.Tool, a.Level, a.Row, a.Outcome, a.Text = m.Verb, m.Tactic, m.Technique, m.Tool, m.Level, m.Row, outcome, text
		a.Via = m.via
		a.Log, a.Set, a.Again = log, set, byServer != nil && m.Row == byServer
		if within(a.Tool, secrets, text) {
			a.Tool = "" // a script that begins with a secret
		}
		for _, e := range m.On {
			if !within(e.Value, secrets, text) {
				r.target(e.Kind, e.Value)
			}
		}
		if len(a.On) == 0 {
			r.target("host", a.Host)
		}
		r.masked = true
		r.credentials(m.Secrets)
		if given == 0 {
			r.credentials(secrets) // those that stand outside of what was understood
		}
		for _, s := range m.Marks {
			if _, v, _ := strings.Cut(s, ":"); len(a.Marks) < cap(a.Marks) && !within(v, secrets, text) {
				a.Marks = append(a.Marks, s)
			}
		}
		if given == 0 && parent != "" && r.know.serves(parent) && (isShell(m.Tool) || isShell(r.base(r.f.image)) || m.Level >= low) {
			level := a.Level
			r.found(foundStartedByServer)
			r.madeToRun()
			a.Level = max(a.Level, level)
			r.mark("server", base(parent))
		}
		if given == 0 && r.act.Level < medium && r.asOther() && r.know.inList("upload-folders", strings.ToLower(r.f.cwd)) {
			r.found(foundRootInUploads)
		}
		if given == 0 && start != nil && start.level > a.Level {
			r.means(start)
		}
		if m.Technique == "T1190" && m.Tactic == "execution" {
			r.madeToRun()
		}
		given++
		r.out()
	}
	if len(all) == 0 {
		give(&meaning{Verb: "run", Tool: r.base(r.f.image), Level: tocsin.Informational})
		return
	}
	give(&all[best])
	if what, ok := r.below(); ok && r.act.Technique != r.know.event(foundStartedByServer).technique && r.know.shellCommand(all[best].Tool, line) {
		is := r.know.event(what)
		byServer = is.rule
		give(&meaning{Verb: is.verb, Tactic: is.tactic, Technique: is.technique, Level: is.level, Row: is.rule, Tool: all[best].Tool, Marks: all[best].Marks})
	}
	for i := range all {
		m := &all[i]
		if i == best || given >= most || m.Level < tocsin.Low || m.Tactic == "" || m.Tactic == all[best].Tactic && m.Technique == all[best].Technique {
			continue
		}
		give(m)
	}
}

// madeToRun notes that a server was made to run something: that it did is what the record says.
func (r *Reader) madeToRun() {
	if r.act.Outcome == tocsin.Unknown {
		r.act.Outcome = tocsin.Worked
	}
}

// below says whether the action is of a program that a server or another service started, and which of the two.
func (r *Reader) below() (finding, bool) {
	if r.know.byServer(r.act.Who) {
		return foundRunByServer, true
	}
	if !r.f.unasked {
		return 0, false
	}
	for i := range r.act.Who {
		if r.act.Who[i].Kind == "user" {
			v := r.act.Who[i].Value
			v = v[strings.LastIndexByte(v, '\\')+1:]
			return foundRunByService, v != "root" && v != "0"
		}
	}
	return 0, false
}

// byServer says that one of those who did it is an account as which a web server runs.
func (k *Knowledge) byServer(who []tocsin.Entity) bool {
	for i := range who {
		if who[i].Kind != "user" {
			continue
		}
		if v := who[i].Value; k.listed("server-accounts", v[strings.LastIndexByte(v, '\\')+1:]) || k.inList("server-accounts", v) {
			return true
		}
	}
	return false
}

// shellCommand says that a line runs a shell, or what somebody who got one runs. An interpreter that runs a file is at the
// application's own work.
func (k *Knowledge) shellCommand(tool, line string) bool {
	if k.listed("interpreters", tool) {
		_, args, _ := strings.Cut(line, " ")
		return k.listed("inline-flags", before(strings.TrimLeft(args, " "), ' '))
	}
	return isShell(tool) || k.listed("shell-commands", tool)
}

// printed reads what a program below a web server printed into its error log.
func (r *Reader) printed(ev *tocsin.Event) {
	r.begin(ev)
	r.doer("address", r.f.src)
	if len(r.act.Who) == 0 {
		r.doer("user", r.account(ev.Sources[0].Product)) // as which the server runs, by what it is
	}
	r.found(foundServerPrinted)
	a := &r.act
	if ev.Text("time_of") != "" {
		a.Technique = "" // what is of a time that is not known well shows of no attack that it worked
	}
	a.Tool, a.Text, a.Outcome = ev.Text("program"), r.f.message, tocsin.Worked
	r.target("host", a.Host)
	to := r.f.dst
	if url := strings.ToLower(ev.Text("url")); url != "" {
		to = or(callback(url), to)
	}
	kind := "domain"
	if address(to) != "" {
		kind = "address"
	}
	r.target(kind, to)
	r.out()
}

// A readLine is what a command line means, read once for those met often.
type readLine struct {
	mean    []meaning
	best    int // the most telling of them
	text    string
	secrets []string
}

type lineKey struct {
	text string
	sh   shell
}

// Bounds of the command lines that a reader remembers: the bytes of one, and of all.
const (
	maxReadLine = 16 << 10
	maxRead     = 4 << 20
)

// command reads a command line.
func (r *Reader) command(line string, sh shell) *readLine {
	if is, ok := r.lines[lineKey{line, sh}]; ok {
		return is
	}
	short := len(line) <= maxReadLine
	if short {
		line = strings.Clone(line) // what is remembered is made of parts of it
	}
	is := &readLine{mean: readCommand(line, sh, nil, &r.mask)}
	for i := range is.mean {
		if weight(&is.mean[i]) > weight(&is.mean[is.best]) {
			is.best = i
		}
	}
	is.text, is.secrets = r.mask.line(line)
	for i := range is.mean {
		is.secrets = append(is.secrets, is.mean[i].Secrets...)
	}
	if short {
		if r.linesSize += len(line) + 64; r.lines == nil || r.linesSize > maxRead {
			r.lines, r.linesSize = map[lineKey]*readLine{}, len(line)+64
		}
		r.lines[lineKey{line, sh}] = is
	}
	return is
}

// commandText gives the action the text of what is a command line, masked, with what stands before it.
func (r *Reader) commandText(head, line string) {
	text, secrets := r.mask.line(line)
	r.act.Text, r.masked = head+text, true
	r.credentials(secrets)
}

// credentials notes the fingerprints of secrets: the first is the action's credential, others are marks.
func (r *Reader) credentials(secrets []string) {
	a := &r.act
	for _, s := range secrets {
		k := r.fingerprint(s)
		switch {
		case k == "" || k == a.Credential:
		case a.Credential == "":
			a.Credential = k
		case len(a.Marks) < cap(a.Marks) && !slices.Contains(a.Marks, k):
			a.Marks = append(a.Marks, k)
		}
	}
}

func weight(m *meaning) int {
	w := int(m.Level) * 4
	if m.Tactic != "" {
		w += 2
	}
	if len(m.Secrets) > 0 {
		w++
	}
	return w
}

// started is the row for a program that another starts, or nil.
func (r *Reader) started(parent, image string) *row {
	if parent == "" || image == "" {
		return nil
	}
	return r.know.folded(onStart, r.joined(parent, " > ", image))
}

// serves says that a program answers strangers: a shell that it starts was started by a stranger.
func (k *Knowledge) serves(parent string) bool {
	list := k.lists["servers"]
	if list == nil {
		return false
	}
	p := base(parent)
	for _, s := range list.names {
		if p == s || strings.HasPrefix(p, s) && len(p) <= len(s)+4 {
			return true
		}
	}
	return false
}

// asOther says that the event is of sudo: a command run with the rights of another account.
func (r *Reader) asOther() bool { return r.f.service == "sudo" || base(r.f.image) == "sudo" }

func isShell(tool string) bool {
	switch tool {
	case "sh", "bash", "dash", "zsh", "ksh", "cmd", "powershell", "pwsh", "cscript", "wscript", "python", "python3", "perl":
		return true
	}
	return false
}

// wrote reads a change of a file that a log of files tells: only of files that give lasting access or hold secrets.
func (r *Reader) wrote(ev *tocsin.Event) {
	f := &r.f
	is := r.know.folded(onFile, f.file)
	if is == nil && len(r.held) == 0 {
		return
	}
	r.begin(ev)
	r.local(ev)
	a := &r.act
	a.Verb, a.Level, a.Tool, a.Text = "write", informational, r.base(f.image), f.file
	if is != nil {
		r.means(is)
	}
	r.target("file", f.file)
	r.target("host", a.Host)
	r.out()
}

// webScript says that a file is one that a web server would run.
func webScript(path string) bool {
	for _, e := range []string{".php", ".jsp", ".jspx", ".asp", ".aspx", ".ashx", ".phtml", ".war", ".cfm"} {
		if len(path) > len(e) && strings.EqualFold(path[len(path)-len(e):], e) {
			return true
		}
	}
	return false
}
