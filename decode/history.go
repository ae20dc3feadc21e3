package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// maxTyped bounds one command of a history, which may span lines.
const maxTyped = 256 << 10

// historyFormat is the history file of a shell: bash's with HISTTIMEFORMAT ("#1700000000" before each command), zsh's
// extended one (": 1700000000:0;command"), fish's ("- cmd: …"), and, where the file's name says so, one command a line
// without times, PowerShell's among them.
func historyFormat() Format {
	return Format{
		Name: "shell-history", Cut: Ordered,
		Is: func(name string, head []byte) int {
			if !looksText(head) {
				return 0
			}
			switch historyStyle(head) {
			case bashHistory, fishHistory:
				return 70
			case zshHistory:
				return 80
			}
			if isConsoleHistory(name) && len(bytes.TrimSpace(head)) > 0 {
				return 3
			}
			if strings.HasSuffix(baseName(name), "_history") && len(bytes.TrimSpace(head)) > 0 {
				return 3
			}
			return 0
		},
		New: func(Options) Decoder { return &history{} },
	}
}

type historyKind uint8

const (
	plainHistory historyKind = iota
	bashHistory
	zshHistory
	fishHistory
	powerShellHistory
)

// historyStyle looks for the first lines that only one shell writes.
func historyStyle(head []byte) historyKind {
	stamps := 0
	for n := 0; n < 50 && len(head) > 0; n++ {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte{'\n'})
		switch {
		case zshStamp(line) > 0:
			return zshHistory
		case n == 0 && bytes.HasPrefix(line, []byte("- cmd: ")):
			return fishHistory
		}
		if _, ok := bashStamp(line); ok {
			if stamps++; stamps > 1 || n == 0 && len(head) > 0 {
				return bashHistory
			}
		}
	}
	return plainHistory
}

// bashStamp reads "#1700000000".
func bashStamp(line []byte) (time.Time, bool) {
	if len(line) != 11 || line[0] != '#' || digitsAt(line[1:]) != 10 {
		return time.Time{}, false
	}
	return unixTime(text(line[1:]))
}

// zshStamp returns where the command begins in ": 1700000000:0;command", 0 for any other line.
func zshStamp(line []byte) int {
	if len(line) < 15 || line[0] != ':' || line[1] != ' ' {
		return 0
	}
	b := line[2:]
	n := digitsAt(b)
	if n < 9 || n > 10 || n >= len(b) || b[n] != ':' {
		return 0
	}
	m := digitsAt(b[n+1:])
	if m == 0 || n+1+m >= len(b) || b[n+1+m] != ';' {
		return 0
	}
	return 2 + n + 1 + m + 1
}

// history decodes a shell's history. A command ends where the next begins.
type history struct {
	style   historyKind
	begun   bool
	command []byte
	at      time.Time
	taken   []byte // zsh: how long the command ran, in seconds
	line    int64
	more    bool // the last line ended in a backslash
	ev      tocsin.Event
	source  string
	user    string
}

func (d *history) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	if !d.begun {
		d.begun = true
		if d.style = historyStyle(r.Data); d.style == plainHistory && isConsoleHistory(r.Source) {
			d.style = powerShellHistory
		}
		d.source = r.Source
		d.user = homeOf(r.Source)
	}
	n := r.Line
	for rest := r.Data; len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		d.add(bytes.TrimSuffix(line, []byte{'\r'}), n, emit)
	}
}

func (d *history) Flush(emit func(*tocsin.Event)) { d.emit(emit) }

// add takes a line.
func (d *history) add(line []byte, n int64, emit func(*tocsin.Event)) {
	if d.style == plainHistory { // the stamps may have been switched on later
		if _, ok := bashStamp(line); ok {
			d.emit(emit)
			d.style = bashHistory
		}
	}
	switch d.style {
	case bashHistory:
		if at, ok := bashStamp(line); ok {
			d.emit(emit)
			d.at = at
			return
		}
	case zshHistory:
		if i := zshStamp(line); i > 0 && !d.more {
			d.emit(emit)
			stamp, taken, _ := bytes.Cut(line[2:i-1], []byte{':'})
			d.at, _ = unixTime(text(stamp))
			d.taken = append(d.taken[:0], taken...)
			line = line[i:]
		} else if !d.more {
			d.emit(emit)
			d.at = time.Time{}
		}
		if d.more = bytes.HasSuffix(line, []byte{'\\'}); d.more {
			line = line[:len(line)-1]
		}
		line = unmetafy(line)
	case fishHistory:
		switch {
		case bytes.HasPrefix(line, []byte("- cmd: ")):
			d.emit(emit)
			line = line[7:]
		case bytes.HasPrefix(line, []byte("  when: ")):
			d.at, _ = unixTime(text(line[8:]))
			return
		default: // the paths that the command named
			return
		}
	case powerShellHistory:
		line = bytes.TrimPrefix(line, bom)
		if !d.more {
			d.emit(emit)
		}
		if d.more = bytes.HasSuffix(line, []byte{'`'}); d.more {
			line = line[:len(line)-1]
		}
	default:
		d.emit(emit)
	}
	if len(d.command) == 0 {
		d.line = n
	} else {
		d.command = append(d.command, '\n')
	}
	if len(d.command)+len(line) <= maxTyped {
		d.command = append(d.command, line...)
	}
	if d.style == bashHistory && d.at.IsZero() { // from before the stamps were switched on
		d.emit(emit)
	}
}

// unmetafy undoes zsh's escaping of bytes, 0x83 before the byte with bit 5 flipped, in place of a copy.
func unmetafy(b []byte) []byte {
	i := bytes.IndexByte(b, 0x83)
	if i < 0 {
		return b
	}
	out := append([]byte(nil), b[:i]...)
	for ; i < len(b); i++ {
		if b[i] == 0x83 && i+1 < len(b) {
			i++
			out = append(out, b[i]^0x20)
			continue
		}
		out = append(out, b[i])
	}
	return out
}

var historySources = []tocsin.LogSource{{Product: "linux", Category: "process_creation", Service: "history"}, {Product: "linux", Service: "history"}}

// powerShellSources are those of what PowerShell's PSReadLine keeps of what was typed.
var powerShellSources = []tocsin.LogSource{{Product: "windows", Service: "powershell-history"}, {Product: "windows", Category: "ps_script"}}

// isConsoleHistory says that a file is PSReadLine's history, by its name: it holds nothing but commands.
// https://learn.microsoft.com/en-us/powershell/module/psreadline/about/about_psreadline#command-history
func isConsoleHistory(name string) bool {
	name = name[strings.LastIndexByte(name, '\\')+1:]
	return strings.HasSuffix(strings.ToLower(baseName(name)), "host_history.txt")
}

// emit emits the command that waits.
func (d *history) emit(emit func(*tocsin.Event)) {
	command := text(bytes.TrimSpace(d.command))
	if command != "" {
		d.ev = tocsin.Event{Source: d.source, Record: uint64(d.line), Format: "shell-history", Fields: d.ev.Fields[:0],
			Time: d.at, Sources: historySources, Raw: command}
		if d.style == powerShellHistory {
			d.ev.Sources = powerShellSources
			d.ev.Add("ScriptBlockText", command)
		}
		d.ev.Add("command", command)
		d.ev.Add("CommandLine", command)
		d.ev.Add("event_type", outcomes[ranCommand].event)
		d.ev.Add("user", d.user)
		d.ev.Add("User", d.user)
		if len(d.taken) > 0 && string(d.taken) != "0" {
			d.ev.Add("duration_s", text(d.taken))
		}
		emit(&d.ev)
	}
	d.command, d.taken, d.at = d.command[:0], d.taken[:0], time.Time{}
}

// homeOf returns whose home a path lies in, as far as the path tells: …/home/alice/.bash_history, …/root/.zsh_history.
func homeOf(path string) string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
	for i := len(parts) - 2; i >= 0; i-- {
		switch {
		case parts[i] == "root":
			return "root"
		case (parts[i] == "home" || parts[i] == "Users" || parts[i] == "users") && i+2 < len(parts):
			return parts[i+1]
		}
	}
	return ""
}
