package decode

import (
	"path"
	"slices"
	"strings"
)

// A shellCommand is a simple command of a POSIX shell's text.
type shellCommand struct {
	words  []string
	input  string // what a here-document, or a printer before it in a pipe, gives it
	output string // the file that its output goes to
}

// A shellReader reads the simple commands of a text without running it. Words keep $NAME: expand puts in what is known.
type shellReader struct {
	*budget
	vars map[string][]string
	do   func(*shellCommand, int)
	left int // commands that are still read
}

// Bounds of what is read of a call's commands.
const (
	maxShellCommands = 256
	maxShellDepth    = 4
	maxName          = 128 // bytes of a variable's name
	maxVariants      = 24  // of a word, by the values of the variables in it
)

// kept stands for a dollar sign that is meant as it stands.
const kept = '\x00'

// A hereDoc is one that begins with the next line.
type hereDoc struct {
	end string
	to  *shellCommand
}

// read reads a text. What stands in quotes is an argument; a command inside of another one is read too.
func (r *shellReader) read(text string, depth int) {
	var word strings.Builder
	var docs []hereDoc
	var pending []*shellCommand // whose line is not over: a here-document may follow
	c := &shellCommand{}
	inWord, redirect, list := false, "", ""
	endWord := func() {
		if !inWord {
			return
		}
		w := word.String()
		word.Reset()
		inWord = false
		switch {
		case redirect == "<<":
			docs = append(docs, hereDoc{strings.ReplaceAll(w, string(kept), "$"), c})
		case redirect == "<<<":
			c.input = plainWord(w)
		case redirect == ">":
			c.output = plainWord(w)
		case redirect != "":
		case list != "":
			r.vars[list] = append(r.vars[list], plainWord(w))
		default:
			c.words = append(c.words, w)
		}
		redirect = ""
	}
	flush := func() {
		for _, p := range pending {
			if r.left > 0 {
				r.left--
				r.command(p, depth)
			}
		}
		pending = pending[:0]
	}
	endCommand := func(pipe bool) {
		endWord()
		if len(c.words) == 0 && c.output == "" {
			return
		}
		pending = append(pending, c)
		next := &shellCommand{}
		if pipe && len(c.words) > 1 && (c.words[0] == "echo" || c.words[0] == "printf") {
			next.input = echoed(c.words[1:])
		}
		c = next
	}
	for i := 0; i < len(text) && r.left > 0; i++ {
		switch b := text[i]; {
		case b == '\\' && i+1 < len(text):
			if i++; text[i] != '\n' {
				inWord = true
				word.WriteByte(text[i])
			}
		case b == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				end = len(text) - i - 1
			}
			inWord = true
			word.WriteString(strings.ReplaceAll(text[i+1:i+1+end], "$", string(kept)))
			i += end + 1
		case b == '"':
			inWord = true
			for i++; i < len(text) && text[i] != '"'; i++ {
				switch {
				case text[i] == '\\' && i+1 < len(text) && strings.IndexByte("\"\\$`\n", text[i+1]) >= 0:
					if i++; text[i] == '$' {
						word.WriteByte(kept)
					} else {
						word.WriteByte(text[i])
					}
				case text[i] == '$' && i+1 < len(text) && text[i+1] == '(', text[i] == '`':
					in, n := inside(text[i:])
					if depth < maxShellDepth {
						r.read(in, depth+1)
					}
					word.WriteString(text[i : i+n])
					i += n - 1
				default:
					word.WriteByte(text[i])
				}
			}
		case b == '$' && i+1 < len(text) && text[i+1] == '(', b == '`':
			in, n := inside(text[i:])
			if depth < maxShellDepth {
				r.read(in, depth+1)
			}
			inWord = true
			word.WriteString(text[i : i+n])
			i += n - 1
		case b == '$' && i+1 < len(text) && text[i+1] == '\'': // as $'a\nb'
		case b == '#' && !inWord:
			if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
				i += end - 1
			} else {
				i = len(text)
			}
		case b == '(' && inWord && strings.HasSuffix(word.String(), "=") && len(c.words) == 0:
			list = strings.TrimSuffix(word.String(), "=")
			r.vars[list] = nil
			word.Reset()
			inWord = false
		case b == ')' && list != "":
			endWord()
			list = ""
		case b == '<' || b == '>':
			if inWord && strings.Trim(word.String(), "0123456789&") == "" {
				word.Reset()
				inWord = false
			}
			endWord()
			n := 1
			for n < 3 && i+n < len(text) && text[i+n] == b {
				n++
			}
			redirect = text[i : i+n]
			if b == '>' {
				redirect = ">"
			}
			i += n - 1
			for i+1 < len(text) && (text[i+1] == '-' && redirect == "<<" || text[i+1] == '&' || text[i+1] == '|') {
				if i++; text[i] == '&' {
					redirect = "&"
				}
			}
		case b == '\n':
			endCommand(false)
			for _, doc := range docs {
				rest := text[min(i+1, len(text)):]
				body, _, found := rest, "", false
				for at := 0; at <= len(rest); {
					line, _, more := strings.Cut(rest[at:], "\n")
					if strings.TrimSpace(line) == doc.end {
						body, found = rest[:at], true
						i += at + len(line) + 1
						break
					}
					if !more {
						break
					}
					at += len(line) + 1
				}
				if !found {
					i = len(text)
				}
				doc.to.input = body
			}
			docs = docs[:0]
			flush()
		case b == ';' || b == '&' || b == '|' || b == '(' || b == ')':
			pipe := b == '|' && (i+1 == len(text) || text[i+1] != '|')
			endCommand(pipe)
			for i+1 < len(text) && (text[i+1] == b) {
				i++
			}
			if len(docs) == 0 {
				flush()
			}
		case b == ' ' || b == '\t' || b == '\r':
			endWord()
		default:
			inWord = true
			word.WriteByte(b)
		}
	}
	endCommand(false)
	flush()
}

// inside is the text of the command that begins a text, $(…) or `…`, and how long it is with its ends.
func inside(text string) (in string, n int) {
	if text[0] == '`' {
		end := strings.IndexByte(text[1:], '`')
		if end < 0 {
			return text[1:], len(text)
		}
		return text[1 : 1+end], end + 2
	}
	depth := 0
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[2:i], i + 1
			}
		case '\'':
			if end := strings.IndexByte(text[i+1:], '\''); end >= 0 {
				i += end + 1
			}
		}
	}
	return text[min(2, len(text)):], len(text)
}

// plainWord is a word as a program is given it, variables as they are written.
func plainWord(w string) string { return strings.ReplaceAll(w, string(kept), "$") }

// echoed is what echo and printf write of their words.
func echoed(words []string) string {
	var out []string
	for _, w := range words {
		if w == "-n" || w == "-e" || w == "-ne" || w == "-en" || w == "--" {
			continue
		}
		out = append(out, strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(plainWord(w)))
	}
	return strings.Join(out, " ")
}

// command notes what a command sets, and gives it on.
func (r *shellReader) command(c *shellCommand, depth int) {
	words := c.words
	for len(words) > 0 && (words[0] == "do" || words[0] == "then" || words[0] == "else" || words[0] == "{" || words[0] == "!" || words[0] == "if" || words[0] == "elif") {
		words = words[1:]
	}
	for len(words) > 0 {
		name, value, ok := strings.Cut(words[0], "=")
		if !ok || !isVariable(name) {
			break
		}
		r.vars[name] = r.expand(value)
		words = words[1:]
	}
	if len(words) > 3 && words[0] == "for" && words[2] == "in" {
		var all []string
		for _, w := range words[3:] {
			if !strings.Contains(w, "$(") && !strings.Contains(w, "..") { // what is counted stays a variable: a series is known by it
				all = append(all, r.expand(w)...)
			}
		}
		if r.vars[words[1]] = all; len(all) == 0 {
			delete(r.vars, words[1])
		}
		return
	}
	if at := slices.Index(words, "read"); at >= 0 && at < 2 && len(words) > at+1 && c.input != "" {
		r.vars[words[len(words)-1]] = nonEmptyLines(c.input)
		return
	}
	c.words = words
	r.do(c, depth)
}

func isVariable(s string) bool {
	for i := range len(s) {
		if b := s[i]; !(b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || i > 0 && b >= '0' && b <= '9') {
			return false
		}
	}
	return s != ""
}

func nonEmptyLines(s string) (out []string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && len(out) < maxVariants {
			out = append(out, line)
		}
	}
	return out
}

// expand is what a word may be: one text for each value of the variables in it that are known.
func (r *shellReader) expand(w string) []string {
	if !r.spend(len(w)) {
		return nil
	}
	out := []string{""}
	for w != "" {
		i := strings.IndexByte(w, '$')
		if i < 0 {
			break
		}
		rest := w[i+1:]
		name, n := "", 0
		if strings.HasPrefix(rest, "{") {
			if end := strings.IndexByte(rest, '}'); end > 0 {
				name, n = strings.TrimSuffix(strings.TrimSuffix(rest[1:end], "[@]"), "[*]"), end+1
			}
		} else {
			for n < len(rest) && n < maxName && isVariable("a"+rest[n:n+1]) {
				n++
			}
			name = rest[:n]
		}
		values := r.vars[name]
		if len(values) == 0 {
			values = []string{w[i : i+1+n]}
		}
		out = r.times(out, w[:i], values)
		w = rest[n:]
	}
	out = r.times(out, w, []string{""})
	for i := range out {
		out[i] = plainWord(out[i])
	}
	return out
}

// A budget is how many bytes of texts are still made for a call.
type budget int

// maxMade is what a call begins with.
const maxMade = 2 << 20

// spend says whether so many bytes may still be made.
func (b *budget) spend(n int) bool {
	*b -= budget(n + 1)
	return *b > 0
}

// times are all texts with a text and each of some values behind them, at most maxVariants.
func (b *budget) times(all []string, text string, values []string) []string {
	out := make([]string, 0, len(all))
	for _, v := range values {
		for _, a := range all {
			if n := len(a) + len(text) + len(v); len(out) < maxVariants && n <= maxArguments && b.spend(n) {
				out = append(out, a+text+v)
			}
		}
	}
	if len(out) == 0 { // too much: what is there stays
		return all
	}
	return out
}

// along are those of some texts that go with the one of n others: as many stand for the values of one loop, else all go.
func along(all []string, i, n int) []string {
	if len(all) == n && n > 1 {
		return all[i : i+1]
	}
	return all
}

// runsOthers are programs that run the command behind their own words.
var runsOthers = []string{"sudo", "doas", "timeout", "time", "env", "nohup", "nice", "stdbuf", "setsid", "exec", "command", "builtin", "xargs", "watch", "while", "until",
	"proxychains", "proxychains4", "torsocks", "torify", "docker", "docker-compose", "podman", "nerdctl", "kubectl", "oc", "lxc", "incus", "ssh", "sshpass", "bash", "sh", "zsh", "dash", "ash", "ksh", "su", "wsl", "uv", "poetry", "pipenv"}

// own is the program that a command runs, without those that only run it, and its arguments.
func (c *shellCommand) own(is func(program string) bool) (program string, args []string) {
	for i, w := range c.words {
		name := path.Base(w)
		if is(name) && (i == 0 || w == name || strings.HasPrefix(w, "/")) {
			return name, c.words[i+1:]
		}
		if i == 0 && !slices.Contains(runsOthers, name) {
			return name, c.words[1:]
		}
	}
	return "", nil
}
