package action

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A shell is the language a command line is written in.
type shell uint8

const (
	posix shell = iota
	cmdexe
	powershell
	anyShell  // told by its content
	startLine // none: what a program of Windows was started with
)

// A meaning is what one simple command of a command line does.
type meaning struct {
	Tactic, Technique, Verb, Tool string
	Level                         tocsin.Level
	On                            []tocsin.Entity // targets that its arguments name
	Secrets                       []string        // passwords, hashes, keys that stand in its arguments
	Marks                         []string        // as tocsin.Action has them
	Row                           *tocsin.Rule    // that says so
	via                           bool            // ssh runs it on its target
	fed                           bool            // a shell or interpreter that a pipe may feed
}

// Bounds of the reading of one command line.
const (
	maxLine     = 64 << 10
	maxNested   = 6
	maxLines    = 48
	maxCommands = 32
	maxScript   = 96 // commands of one script of PowerShell
)

// readCommand appends the meanings of the simple commands in a line, in order.
func readCommand(text string, sh shell, out []meaning, mask *masker) []meaning {
	p := lineReader{out: out, most: len(out) + maxCommands, mask: mask, know: mask.know}
	p.line(text[:min(len(text), maxLine)], sh, 0)
	return p.out
}

// A lineReader takes a line apart.
type lineReader struct {
	out   []meaning
	most  int
	lines int // read so far, nested ones with them
	mask  *masker
	know  *Knowledge
}

// line reads a whole line of a shell.
func (p *lineReader) line(text string, sh shell, depth int) {
	text = strings.TrimSpace(text)
	if p.lines++; text == "" || depth > maxNested || len(p.out) >= p.most || p.lines > maxLines {
		return
	}
	if sh == anyShell || sh == cmdexe {
		sh = told(text, sh)
	}
	// {echo,TEXT}|{base64,-d}|{bash,-i} is how a command gets through what splits at blanks.
	if _, rest, ok := strings.Cut(text, "{echo,"); ok {
		code, _, _ := strings.Cut(rest, "}")
		if inner := embedded(strings.Trim(code, `'"`)); inner != "" {
			m := meaning{Tool: "bash"}
			m.set(p.know.event(foundEncodedEcho))
			p.out = append(p.out, m)
			p.line(inner, posix, depth+1)
			return
		}
	}
	if sh != posix {
		text = p.know.variables(text)
	}
	var commands []simple
	switch sh {
	case startLine:
		commands = []simple{{words: splitStart(text)}}
	case cmdexe:
		commands = splitCmd(text)
	case powershell:
		p.most = max(p.most, len(p.out)+maxScript)
		commands = splitPowerShell(matched.ReplaceAllString(text, "$1''"))
	default:
		commands = splitPosix(text)
	}
	start := len(p.out)
	for i := range commands {
		if len(p.out) >= p.most {
			return
		}
		p.command(&commands[i], sh, depth)
		if w := commands[i].words; i+1 < len(commands) && len(w) > 1 && (w[0] == "echo" || w[0] == "printf") && slices.ContainsFunc(commands[i+1].words, func(f string) bool { return f == "base64" || f == "-d" || f == "--decode" }) {
			p.line(embedded(w[len(w)-1]), sh, depth+1) // what is decoded there and handed on
		}
	}
	if sh == cmdexe {
		p.lookedAround(start)
	}
	if sh == powershell && len(p.out) < p.most {
		// What a script does it may do over several statements.
		m := meaning{Verb: "run", Tool: "powershell"}
		p.know.inArguments(&m, onArgument, nil, &arguments{joined: strings.ToLower(matched.ReplaceAllString(plainPowerShell(text), "$1''"))})
		if m.Level >= tocsin.Medium {
			p.out = append(p.out, m)
		}
	}
	p.know.joinPipes(p.out)
}

// told guesses a shell: PowerShell by its cmdlets and variables, cmd by its drive letters and switches.
func told(text string, usual shell) shell {
	head := text[:min(len(text), 400)]
	switch {
	case strings.HasPrefix(head, "$") || foldContains(head, "new-object") || foldContains(head, "invoke-") || foldContains(head, "get-") && strings.Contains(head, " -") || foldContains(head, "import-module") || foldContains(head, "set-mppreference"):
		if f := base(first(head)); f != "powershell" && f != "pwsh" && f != "cmd" && f != "bash" && f != "sh" && f != "ssh" && f != "curl" {
			return powershell
		}
		return cmdexe
	case usual == cmdexe:
		return cmdexe
	case len(head) > 2 && head[1] == ':' && head[2] == '\\' || strings.HasPrefix(head, `"C:\`) || strings.Contains(unquoted(head), ".exe") || strings.HasPrefix(head, `\\`):
		return cmdexe
	}
	return posix
}

// unquoted is a text without what stands in single quotes, which only POSIX shells and PowerShell take for quotes.
func unquoted(s string) string {
	for {
		before, rest, ok := strings.Cut(s, "'")
		if !ok {
			return s
		}
		_, after, ok := strings.Cut(rest, "'")
		if !ok {
			return s
		}
		s = before + after
	}
}

// first is the first word of a line, quotes taken off.
func first(s string) string {
	if len(s) > 1 && s[0] == '"' {
		if i := strings.IndexByte(s[1:], '"'); i >= 0 {
			return s[1 : 1+i]
		}
	}
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i]
	}
	return s
}

// A simple is one command: its words without quotes, where its output goes, and whether it is fed by one before it.
type simple struct {
	words []string
	files []string // redirections
	text  string   // what a here-document gives it
	piped bool
}

// command reads a simple command, unwrapping those that only run another.
func (p *lineReader) command(c *simple, sh shell, depth int) {
	words := c.words
	for range 8 {
		words = assignments(words)
		if len(words) == 0 {
			break
		}
		rest, nested, lang := unwrap(words, sh)
		if sh == cmdexe && words[0] == "for" && len(rest) > 0 {
			// What a loop does to many it does to no one of them.
			m := meaning{Verb: "run", Tool: "for"}
			p.know.inArguments(&m, onArgument, words, &arguments{joined: strings.ToLower(strings.Join(words, " "))})
			if m.Level >= medium {
				p.out = append(p.out, m)
			}
		}
		if nested != "" && depth < maxNested {
			n := len(p.out)
			m := p.know.wrapper(words)
			// Of equals the first is told: what is run inside says more than how a script is started.
			after := m != nil && m.Level >= medium
			if m != nil && !after {
				p.out = append(p.out, *m)
			}
			p.line(nested, lang, depth+1)
			if base(words[0]) == "ssh" {
				for i := n; i < len(p.out); i++ {
					p.out[i].ranAt(words[1:])
				}
			}
			if after {
				p.out = append(p.out, *m)
			}
			if len(p.out) > n {
				return
			}
		}
		if len(rest) == 0 || len(rest) == len(words) {
			break
		}
		words = rest
	}
	if len(words) == 0 && len(c.files) == 0 {
		return
	}
	if t := base(firstOf(words)); c.text != "" && isShell(t) && depth < maxNested {
		p.line(c.text, posix, depth+1)
		return
	}
	m := meaning{Verb: "run", Level: tocsin.Informational}
	masked, secrets := p.mask.arguments(words)
	m.Secrets = secrets
	if len(words) > 0 {
		m.Tool = base(masked[0])
		if len(m.Tool) > 64 {
			m.Tool = m.Tool[:64]
		}
	}
	p.know.understand(&m, words, masked, c.files)
	p.out = append(p.out, m)
}

func firstOf(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// assignments leaves out leading NAME=value words.
func assignments(words []string) []string {
	for len(words) > 0 {
		name, _, ok := strings.Cut(words[0], "=")
		if !ok || name == "" || strings.ContainsAny(name, "-/.:$ \\\"'") {
			break
		}
		words = words[1:]
	}
	return words
}

// unwrap returns the command that words run: as further words, or as a line of its own in a shell.
func unwrap(words []string, sh shell) (rest []string, nested string, lang shell) {
	tool := base(words[0])
	args := words[1:]
	flagless := func(args []string, withValue string) []string {
		for len(args) > 0 {
			a := args[0]
			switch {
			case a == "--":
				return args[1:]
			case strings.HasPrefix(a, "-") && len(a) > 1:
				if len(a) == 2 && strings.IndexByte(withValue, a[1]) >= 0 && len(args) > 1 {
					args = args[1:]
				}
				args = args[1:]
			case strings.Contains(a, "=") && tool == "env":
				args = args[1:]
			default:
				return args
			}
		}
		return nil
	}
	switch tool {
	case "sudo", "doas":
		return flagless(args, "ugpCUhRrTt"), "", 0
	case "nohup", "time", "setsid", "exec", "command", "builtin", "proxychains", "proxychains4", "torsocks", "unbuffer", "then", "do", "!":
		return flagless(args, "f"), "", 0
	case "env":
		return flagless(args, "uS"), "", 0
	case "nice", "ionice", "stdbuf", "chrt":
		return flagless(args, "ncoei"), "", 0
	case "timeout":
		if a := flagless(args, "sk"); len(a) > 1 {
			return a[1:], "", 0
		}
	case "xargs":
		return flagless(args, "nPIdLEs"), "", 0
	case "watch":
		return flagless(args, "n"), "", 0
	case "sshpass":
		return words, "", 0
	case "sh", "bash", "dash", "zsh", "ksh", "ash", "busybox":
		for i, a := range args {
			if tool == "busybox" && i == 0 && !strings.HasPrefix(a, "-") {
				return args, "", 0
			}
			if strings.HasPrefix(a, "-") && strings.HasSuffix(a, "c") && !strings.HasPrefix(a, "--") && i+1 < len(args) {
				// Logs of program starts join words by blanks and lose what quoted them, so all that follows is the script.
				return nil, strings.Join(args[i+1:], " "), posix
			}
		}
	case "su":
		for i, a := range args {
			if a == "-c" && i+1 < len(args) {
				return nil, args[i+1], posix
			}
		}
	case "cmd":
		for i, a := range args {
			if len(a) >= 2 && a[0] == '/' && (a[1] == 'c' || a[1] == 'C' || a[1] == 'k' || a[1] == 'K' || a[1] == 'r' || a[1] == 'R') {
				if len(a) > 2 {
					return nil, a[2:] + " " + strings.Join(args[i+1:], " "), cmdexe
				}
				return nil, strings.Join(args[i+1:], " "), cmdexe
			}
		}
	case "powershell", "pwsh":
		return nil, powerShellOf(args), powershell
	case "start":
		if sh == cmdexe {
			for i, a := range args {
				if !strings.HasPrefix(a, "/") && a != "" {
					return args[i:], "", 0
				}
			}
		}
	case "ssh":
		if _, cmd := sshParts(args); cmd != "" {
			return nil, cmd, posix
		}
	case "if", "for", "call":
		if sh == cmdexe {
			return cmdControl(tool, args), "", 0
		}
	case "wsl":
		return flagless(args, "du"), "", 0
	case "docker", "podman", "nerdctl":
		if len(args) > 1 && (args[0] == "exec" || args[0] == "run") {
			if a := flagless(args[1:], "uewvp"); len(a) > 1 {
				return a[1:], "", 0
			}
		}
	case "kubectl", "oc":
		for i, a := range args {
			if a == "--" && i+1 < len(args) {
				return nil, strings.Join(args[i+1:], " "), posix
			}
		}
	case "find":
		for i, a := range args {
			if (a == "-exec" || a == "-execdir" || a == "-ok") && i+1 < len(args) && isShell(base(args[i+1])) {
				return args[i+1:], "", 0
			}
		}
	}
	return nil, "", 0
}

// wrapper is what a command that runs another does besides, or nil.
func (k *Knowledge) wrapper(words []string) *meaning {
	m := &meaning{Verb: "run", Tool: base(words[0]), Level: informational}
	switch m.Tool {
	case "ssh":
		host, _ := sshParts(words[1:])
		if r := k.plainly(m.Tool); r != nil {
			m.set(r)
		}
		m.addTarget(host)
		return m
	case "kubectl", "oc":
		m.set(k.event(foundContainerExec))
		return m
	case "powershell", "pwsh":
		for _, a := range words[1:] {
			if encodedFlag(a) {
				m.set(k.event(foundEncodedPowerShell))
				break
			}
		}
		args := words[1:]
		line := strings.ToLower(strings.Join(args, " "))
		k.use(m, args, &arguments{joined: line[:min(len(line), 8192)]})
		if m.Row != nil {
			return m
		}
	}
	return nil
}

// ranAt notes where, and as whom, a telling command was run that ssh, with these arguments, runs on another machine.
func (m *meaning) ranAt(args []string) {
	m.logsIn(argsOf(args, args).account)
	if m.Tactic != "" && len(m.On) == 0 {
		host, _ := sshParts(args)
		if _, h, ok := cutLast(host, '@'); ok {
			host = h
		}
		m.addTarget(host)
		m.via = len(m.On) > 0
	}
}

// sshParts are the host that ssh goes to and the command that it runs there.
func sshParts(args []string) (host, cmd string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if strings.HasPrefix(a, "-") {
			if len(a) == 2 && strings.IndexByte("bcDEeFIiJLlmOopQRSWw", a[1]) >= 0 {
				i++
			}
			continue
		}
		if host == "" {
			host = a
			continue
		}
		return host, strings.Join(args[i:], " ")
	}
	return host, ""
}

// joinPipes reads what commands of one line do together.
func (k *Knowledge) joinPipes(all []meaning) {
	fetch, decode := -1, -1
	for i := range all {
		m := &all[i]
		switch m.Tool {
		case "curl", "wget", "fetch":
			fetch = i
		case "base64", "xxd", "openssl":
			decode = i
		}
		if !m.fed || fetch < 0 && decode < 0 || m.Level > informational || m.Verb != "run" || len(m.On) > 0 {
			continue
		}
		m.set(k.event(foundPipedToShell))
		if fetch >= 0 {
			all[fetch].set(k.event(foundFetchedForShell))
		}
	}
	for i := range all {
		all[i].fed = false
	}
}
