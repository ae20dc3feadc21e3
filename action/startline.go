package action

import (
	"slices"
	"strings"
)

// splitStart takes the line that a program of Windows was started with apart, as the program does itself: only blanks
// outside of double quotes separate words, and \" is a quote. What stands behind cmd's /c, /k or /r is one word, since cmd
// reads it by rules of its own.
// https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw,
// https://learn.microsoft.com/windows-server/administration/windows-commands/cmd
func splitStart(text string) []string {
	text = strings.TrimLeft(text, " \t")
	name, rest := "", ""
	if strings.HasPrefix(text, `"`) {
		name, rest, _ = strings.Cut(text[1:], `"`)
	} else if i := strings.IndexAny(text, " \t"); i >= 0 {
		name, rest = text[:i], text[i:]
	} else {
		name = text
	}
	// A program without quotes may be followed by a switch without a blank: cmd/c.
	if before, after, ok := strings.Cut(name, "/"); ok && base(before) == "cmd" {
		name, rest = before, "/"+after+rest
	}
	words := []string{name}
	if base(name) == "cmd" {
		if line, ok := cmdLine(rest); ok {
			return append(words, "/c", line)
		}
	}
	return splitArgs(rest, words)
}

// splitArgs appends the words of what follows a program's name.
func splitArgs(s string, words []string) []string {
	var w strings.Builder
	in, quoted := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			n := 1
			for i+n < len(s) && s[i+n] == '\\' {
				n++
			}
			in = true
			if i+n < len(s) && s[i+n] == '"' {
				w.WriteString(s[i : i+n/2]) // two of them are one before a quote
				if i += n - 1; n%2 == 1 {
					w.WriteByte('"')
					i++
				}
				continue
			}
			w.WriteString(s[i : i+n])
			i += n - 1
		case c == '"':
			if in = true; quoted && i+1 < len(s) && s[i+1] == '"' {
				w.WriteByte('"')
				i++
				continue
			}
			quoted = !quoted
		case (c == ' ' || c == '\t' || c == '\n' || c == '\r') && !quoted:
			if in {
				words = append(words, w.String())
				w.Reset()
				in = false
			}
		default:
			w.WriteByte(c)
			in = true
		}
	}
	if in {
		words = append(words, w.String())
	}
	return words
}

// cmdLine is the line that cmd.exe is given to run: what follows its /c, /k or /r. Quotes around the whole are taken off
// unless they only hold the name of a program.
func cmdLine(s string) (line string, ok bool) {
	for {
		s = strings.TrimLeft(s, " \t")
		if len(s) < 2 || s[0] != '/' {
			return "", false
		}
		if c := s[1] | 0x20; c == 'c' || c == 'k' || c == 'r' {
			break
		}
		next := strings.IndexAny(s[1:], " \t/")
		if next < 0 {
			return "", false
		}
		s = s[1+next:]
	}
	line = strings.TrimSpace(s[2:])
	last := strings.LastIndexByte(line, '"')
	if last <= 0 || line[0] != '"' {
		return line, true
	}
	if inner := line[1:last]; strings.IndexByte(inner, '"') < 0 && !strings.ContainsAny(inner, "&|<>^()@") && (last < len(line)-1 || onlyProgram(inner)) {
		return line, true
	}
	return line[1:last] + line[last+1:], true
}

// onlyProgram says that a text is the path of one program, which may hold blanks.
func onlyProgram(s string) bool {
	for _, end := range [...]string{".exe", ".com", ".bat", ".cmd"} {
		if foldSuffix(s, end) {
			i := strings.IndexByte(s, '.')
			return i == len(s)-len(end) && strings.ContainsAny(s, `:\`)
		}
	}
	return false
}

// cmdControl is the command that cmd's if, for or call run, or nil.
func cmdControl(tool string, args []string) []string {
	rest := controlled(tool, args)
	if len(rest) > 0 && len(rest[0]) > 1 {
		rest = append([]string{strings.TrimLeft(rest[0], "(@")}, rest[1:]...)
	}
	return rest
}

func controlled(tool string, args []string) []string {
	switch tool {
	case "for":
		for i, w := range args {
			if strings.EqualFold(w, "do") {
				return args[i+1:]
			}
		}
		return nil
	case "call":
		return args
	}
	for len(args) > 0 && (strings.EqualFold(args[0], "/i") || strings.EqualFold(args[0], "not")) {
		args = args[1:]
	}
	n := 1 // a==b
	switch {
	case len(args) > 0 && (strings.EqualFold(args[0], "exist") || strings.EqualFold(args[0], "defined") || strings.EqualFold(args[0], "errorlevel")):
		n = 2
	case len(args) > 1 && strings.HasPrefix(args[1], "=="):
		n = 3
	}
	if len(args) <= n {
		return nil
	}
	return args[n:]
}

// asProgram is a line with another program in the place of the one that it names.
func asProgram(line, name string) string {
	line = strings.TrimLeft(line, " \t")
	end := strings.IndexAny(line, " \t")
	if strings.HasPrefix(line, `"`) {
		if i := strings.IndexByte(line[1:], '"'); i >= 0 {
			end = i + 2
		}
	}
	if end < 0 {
		return name
	}
	return name + line[end:]
}

// chained is how many kinds of things a line must ask of the machine or network to be no everyday line.
const chained = 3

// lookedAround says of a line that it looks for many things at once.
func (p *lineReader) lookedAround(start int) {
	var kinds []string
	for i := start; i < len(p.out); i++ {
		if m := &p.out[i]; m.Tactic == "discovery" && m.Level == low && !slices.Contains(kinds, m.Technique) {
			kinds = append(kinds, m.Technique)
		}
	}
	if len(kinds) < chained || len(p.out) >= p.most {
		return
	}
	m := meaning{Verb: "list", Tool: "cmd"}
	m.set(p.know.event(foundDiscoveryChained))
	p.out = append(p.out, m)
}
