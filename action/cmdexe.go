package action

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// splitCmd takes a line of cmd.exe apart: & && | || outside double quotes end a command, ^ takes the meaning off what
// follows it. https://learn.microsoft.com/windows-server/administration/windows-commands/cmd
func splitCmd(text string) []simple {
	var out []simple
	var c simple
	var w strings.Builder
	in, quoted := false, false
	word := func() {
		if in {
			c.words = append(c.words, w.String())
			w.Reset()
			in = false
		}
	}
	end := func(piped bool) {
		word()
		if len(c.words) > 0 || len(c.files) > 0 {
			out = append(out, c)
		}
		c = simple{piped: piped}
	}
	for i := 0; i < len(text) && len(out) < maxCommands; i++ {
		ch := text[i]
		switch {
		case ch == '"':
			quoted, in = !quoted, true
		case quoted:
			w.WriteByte(ch)
		case ch == '^' && i+1 < len(text):
			i++
			if text[i] != '\r' && text[i] != '\n' {
				w.WriteByte(text[i])
				in = true
			}
		case ch == ' ' || ch == '\t' || ch == ',' && !in:
			word()
		case ch == '&' || ch == '|' || ch == '\n' || ch == '(' && !in && len(c.words) == 0 || ch == ')' && !in:
			if ch == '&' && in && w.Len() > 0 && (text[i-1] == '>' || strings.HasSuffix(w.String(), "2>")) {
				continue
			}
			end(ch == '|')
		case ch == '>' || ch == '<':
			if s := w.String(); s == "1" || s == "2" {
				w.Reset()
				in = false
			}
			word()
			for i+1 < len(text) && (text[i+1] == '>' || text[i+1] == ' ' || text[i+1] == '&') {
				i++
			}
			from := i + 1
			for i+1 < len(text) && !strings.ContainsRune(" \t&|<>\n", rune(text[i+1])) {
				i++
			}
			if f := strings.Trim(text[from:i+1], `"`); len(f) > 1 {
				c.files = append(c.files, f)
			}
		default:
			w.WriteByte(ch)
			in = true
		}
	}
	end(false)
	return out
}

// powerShellOf is the script that powershell.exe is given: its -EncodedCommand decoded, its -Command, or what follows
// its switches.
func powerShellOf(args []string) string {
	for i := 0; i < len(args); i++ {
		a := strings.ToLower(args[i])
		if a == "" || a[0] != '-' && a[0] != '/' {
			return strings.Join(args[i:], " ")
		}
		name := strings.TrimLeft(a, "-/")
		switch {
		case name == "":
			continue
		case encodedFlag(a):
			if i+1 < len(args) {
				return decodeUTF16(args[i+1])
			}
		case strings.HasPrefix("command", name):
			return strings.Join(args[i+1:], " ")
		case strings.HasPrefix("file", name):
			return strings.Join(args[i+1:], " ")
		case strings.HasPrefix("executionpolicy", name) || name == "ep" || strings.HasPrefix("windowstyle", name) || strings.HasPrefix("version", name) ||
			strings.HasPrefix("inputformat", name) || strings.HasPrefix("outputformat", name) || strings.HasPrefix("psconsolefile", name) || strings.HasPrefix("configurationname", name):
			i++
		}
	}
	return ""
}

// encodedFlag says that a switch is a prefix of -EncodedCommand, or its alias -ec.
func encodedFlag(a string) bool {
	name := strings.ToLower(strings.TrimLeft(a, "-/"))
	return len(a) > len(name) && (name == "ec" || len(name) >= 1 && strings.HasPrefix("encodedcommand", name))
}

// decodeUTF16 decodes base64 of UTF-16LE text; what is none gives "".
func decodeUTF16(s string) string {
	s = strings.TrimRight(s, "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(b) < 4 {
		return ""
	}
	if b[1] != 0 && b[3] != 0 {
		return plainText(string(b))
	}
	u := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		u = append(u, uint16(b[i])|uint16(b[i+1])<<8)
	}
	return plainText(string(utf16.Decode(u)))
}

// plainText is s if it reads as text.
func plainText(s string) string {
	bad := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			bad++
		}
	}
	if bad*20 > len(s) {
		return ""
	}
	return s
}

// splitPowerShell takes a PowerShell script apart: at ; | newline and braces outside quotes. Backticks and the joining
// of strings, which hide words, are undone first.
func splitPowerShell(text string) []simple {
	text = plainPowerShell(text)
	var out []simple
	var c simple
	var w strings.Builder
	var held assigned
	in, quote := false, byte(0)
	word := func() {
		if in {
			c.words = append(c.words, held.in(w.String()))
			w.Reset()
			in = false
		}
	}
	end := func() {
		word()
		c.words = setApart(c.words)
		held.note(c.words)
		// $x = Command …: the command is what counts
		if len(c.words) > 2 && strings.HasPrefix(c.words[0], "$") && c.words[1] == "=" {
			c.words = c.words[2:]
		}
		if len(c.words) > 0 {
			out = append(out, c)
		}
		c = simple{}
	}
	for i := 0; i < len(text) && len(out) < maxScript; i++ {
		ch := text[i]
		switch {
		case quote != 0:
			if ch == quote {
				quote = 0
			} else {
				w.WriteByte(ch)
			}
		case ch == '"' || ch == '\'':
			quote, in = ch, true
		case ch == ' ' || ch == '\t' || ch == '\r':
			word()
		case ch == ';' || ch == '|' || ch == '\n' || ch == '{' || ch == '}':
			end()
		case ch == '(' || ch == ')' || ch == '&' && !in:
			word()
		case ch == '#' && !in:
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		default:
			w.WriteByte(ch)
			in = true
		}
	}
	end()
	return out
}
