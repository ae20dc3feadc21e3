package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// parsePackages takes the lines in which dpkg, yum, dnf and zypper tell what they did to which package.
func parsePackages(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 24 || len(line) > 512 {
		return false
	}
	t, n, f := d.clock.lead(line, d.rec.Ref)
	if f == noStamp && line[0] == '[' && line[17] == ']' { // pacman's before 5.2 has no seconds
		var ok bool
		if t, ok = parseTime(d.join(text(line[1:17]), ":00"), d.opt); ok {
			n, f = 19, otherStamp
		}
	}
	if f == noStamp || n >= len(line) {
		return false
	}
	s := text(line[n:])
	for _, level := range [...]string{"SUBDEBUG ", "DDEBUG ", "DEBUG ", "INFO "} { // dnf's log
		s = strings.TrimPrefix(s, level)
	}
	if s == "" {
		return false
	}
	action, rest, name := "", "", ""
	switch {
	case s[0] == '[': // pacman's: https://man.archlinux.org/man/pacman.8
		program, said, ok := strings.Cut(s[1:], "] ")
		if !ok || program != "ALPM" && program != "PACMAN" {
			return false
		}
		typed, ran := strings.CutPrefix(said, "Running '")
		switch action, rest, _ = strings.Cut(said, " "); {
		case ran:
			action = "command"
			ev.Add("command", strings.TrimSuffix(typed, "'"))
		case action == "installed" || action == "upgraded" || action == "removed" || action == "downgraded" || action == "reinstalled":
			var version string
			name, version, _ = strings.Cut(rest, " (")
			ev.Add("version", strings.TrimSuffix(version, ")"))
		default: // "transaction started"
			ev.Time, ev.Sources = t, packageSources
			ev.Add("message", said)
			return true
		}
	case s[0] == '|': // zypper's history
		w := strings.Split(s, "|")
		if len(w) < 5 {
			return false
		}
		action, name = w[1], w[2]
		switch action {
		case "install", "remove", "radd", "rremove", "command":
		default:
			return false
		}
		if action == "command" {
			ev.Add("user", strings.SplitN(w[2], "@", 2)[0])
			ev.Add("command", w[3])
			name = ""
		}
	default:
		var ok bool
		if action, rest, ok = strings.Cut(s, " "); !ok {
			return false
		}
		switch action {
		case "install", "upgrade", "remove", "purge": // dpkg: action, package:architecture, version before, version after
			w := strings.Fields(rest)
			if len(w) != 3 || !strings.Contains(w[0], ":") {
				return false
			}
			name = w[0]
			ev.Add("version", w[2])
		case "Installed:", "Updated:", "Erased:", "Removed:", "Upgraded:":
			if f != bsdStamp && f != isoStamp && f != otherStamp || strings.IndexByte(rest, ' ') >= 0 {
				return false
			}
			name = rest
			action = strings.ToLower(strings.TrimSuffix(action, ":"))
		default:
			return false
		}
	}
	ev.Time, ev.Sources = t, packageSources
	ev.Add("action", action)
	ev.Add("package", name)
	ev.Add("event_type", "package_change")
	ev.Add("message", s)
	return true
}

// parseListedHistory takes what a shell's history command prints with HISTTIMEFORMAT: a number, when, and what was typed.
func parseListedHistory(d *lines, line []byte, ev *tocsin.Event) bool {
	b := bytes.TrimLeft(line, " ")
	n := digitsAt(b)
	if n == 0 || n > 6 || len(b) < n+20 || !bytes.HasPrefix(b[n:], []byte("  ")) && !bytes.HasPrefix(b[n:], []byte("* ")) {
		return false
	}
	b = bytes.TrimLeft(b[n:], " *")
	if k := digitsAt(b); k != 4 && k != 2 {
		return false
	}
	t, e, f := d.clock.stamp(b, d.rec.Ref)
	if f != otherStamp && f != isoStamp || t.IsZero() || e >= len(b) || b[e] != ' ' {
		return false
	}
	typed := strings.TrimSpace(text(b[e:]))
	if typed == "" || typed[0] == '[' || typed[0] == ',' || isLevel(firstWord(typed)) {
		return false
	}
	ev.Time, ev.Sources = t, historySources
	ev.Add("command", typed)
	ev.Add("CommandLine", typed)
	ev.Add("event_type", outcomes[ranCommand].event)
	return true
}

func firstWord(s string) []byte {
	w, _ := cutWord(view(s))
	return w
}

// parseMCP takes the lines in which an MCP client logs the messages between it and a server, and which hold a call of a
// tool: "2026-03-04T05:06:07.000Z [files] [info] Message from client: {"method":"tools/call","params":{…},"id":3}".
// https://modelcontextprotocol.io/specification/2025-06-18/server/tools
func parseMCP(d *lines, line []byte, ev *tocsin.Event) bool {
	if !bytes.Contains(line, []byte(`"tools/call"`)) {
		return false
	}
	open := bytes.IndexByte(line, '{')
	if open < 0 || open > 256 {
		return false
	}
	v := raw(line[open:])
	end, ok := valueEnd(v, 0)
	if !ok {
		return false
	}
	v = v[:end]
	m := v.members()
	if m.str("method") != "tools/call" {
		return false
	}
	head := line[:open]
	if t, n, f := d.clock.lead(head, d.rec.Ref); f != noStamp {
		ev.Time = t
		head = head[n:]
	}
	server := ""
	if len(head) > 2 && head[0] == '[' {
		if e := bytes.IndexByte(head, ']'); e > 0 {
			server = text(head[1:e])
		}
	}
	params := m.get("params").members()
	args := params.get("arguments")
	ev.Sources = agentSources("mcp")
	ev.Add("agent", "mcp")
	ev.Add("tool", params.str("name"))
	ev.Add("mcp_server", server)
	ev.Add("call_id", m.str("id"))
	ev.Add("arguments", args.text())
	for i, a := range args.members() {
		if i < 64 {
			ev.Add(d.join("arguments.", a.key), a.val.text())
		}
	}
	ev.Add("command", command(args, 0))
	return true
}
