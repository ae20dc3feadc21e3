package action

import "strings"

// maxWords bounds the words of a text that are looked at for secrets.
const maxWords = 4096

// A word is one of a command line, without its quotes.
type word struct {
	unit
	single bool // it stood in single quotes, within which a shell puts nothing in
	glued  int  // where in the whole what stands behind it without a blank ends, or 0
}

// A run is a simple command: a stretch of words.
type run struct {
	from, to int
	piped    bool   // what the command before it says is its input
	text     unit   // what a here-document or here-string gives it
	file     string // where its output goes
}

// split takes a text apart into words and simple commands, whatever its shell: only what all shells (and JSON, which holds
// command lines too) have in common counts. It returns the texts in quotes that may be command lines themselves.
func (m *masker) split(u *unit, quoted []unit) []unit {
	s := u.text
	m.unclosed = [2]bool{}
	cur := run{from: len(m.words)}
	end := func(piped bool) {
		if cur.to = len(m.words); cur.to > cur.from {
			m.runs = append(m.runs, cur)
		} else if cur.piped {
			piped = true
		}
		cur = run{from: len(m.words), piped: piped}
	}
	open := 0
	first := len(m.words)
	for i := 0; i < len(s) && len(m.words)-first < maxWords; {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '|':
			end(i+1 >= len(s) || s[i+1] != '|')
			for i++; i < len(s) && s[i] == '|'; i++ {
			}
		case c == '\n' || c == ';' || c == '&':
			end(false)
			i++
		case c == '(' || c == '{' || c == '[' || c == '`':
			open++
			end(false)
			i++
		case c == '$' && i+1 < len(s) && s[i+1] == '(':
			open++
			end(false)
			i += 2
		case c == ')' || c == '}' || c == ']':
			end(cur.piped && cur.to == cur.from)
			i++
		case c == '#' && (i == 0 || s[i-1] <= ' '):
			for i < len(s) && s[i] != '\n' { // a comment
				i++
			}
		case (c == '<' || c == '>') && i+1 < len(s) && s[i+1] == '(':
			open++
			end(false)
			i += 2
		case c == '<' && strings.HasPrefix(s[i:], "<<<"):
			i += 3
			for i < len(s) && s[i] == ' ' {
				i++
			}
			n := len(m.words)
			i, quoted = m.word(u, i, open > 0, quoted)
			if len(m.words) > n {
				cur.text = m.words[n].unit
				m.words = m.words[:n]
			}
		case c == '<' && strings.HasPrefix(s[i:], "<<"):
			var body unit
			i, body = heredoc(u, i+2)
			if body.text != "" {
				cur.text = body
			}
		case c == '<' || c == '>':
			for i++; i < len(s) && (s[i] == '>' || s[i] == '<' || s[i] == '&' || s[i] == ' '); i++ {
			}
			n := len(m.words)
			i, quoted = m.word(u, i, open > 0, quoted)
			if len(m.words) > n && c == '>' {
				cur.file = m.words[n].text
			}
			m.words = m.words[:n]
		case c == ',' || c == ':' && i > 0 && s[i-1] == '"':
			if c == ':' {
				end(false)
			}
			i++
		default:
			at := i
			if i, quoted = m.word(u, i, open > 0, quoted); i == at {
				i++
			}
		}
	}
	end(false)
	return quoted
}

// heredoc finds the text of a here-document whose mark begins at i, and where it ends.
func heredoc(u *unit, i int) (int, unit) {
	s := u.text
	line := strings.IndexByte(s[i:], '\n')
	if line < 0 {
		return len(s), unit{}
	}
	mark, _, _ := strings.Cut(strings.TrimLeft(s[i:i+line], "- \t"), " ")
	if mark = strings.Trim(mark, "'\"\\"); mark == "" {
		return i, unit{}
	}
	from := i + line + 1
	for at := from; at < len(s); {
		n := strings.IndexByte(s[at:], '\n')
		if n < 0 {
			n = len(s) - at
		}
		if strings.TrimSpace(s[at:at+n]) == mark {
			return min(at+n, len(s)), u.sub(from, at)
		}
		at += n + 1
	}
	return len(s), u.sub(from, len(s))
}

// ends says that a byte ends a word that is not quoted.
func ends(c byte, within bool) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ';', '|', '&', '<', '>':
		return true
	case ')', '}', ']', '`':
		return within
	}
	return false
}

// word reads the word that begins at i and returns where it ends. within says that brackets are open, whose end ends it.
func (m *masker) word(u *unit, i int, within bool, quoted []unit) (int, []unit) {
	s := u.text
	start := i
	for i < len(s) && !ends(s[i], within) && s[i] != '"' && s[i] != '\'' && s[i] != '\\' && s[i] != '$' {
		i++
	}
	if i == len(s) || ends(s[i], within) {
		if i > start {
			m.words = append(m.words, word{unit: u.sub(start, i), glued: m.glued(u, i)})
		}
		return i, quoted
	}
	i = start
	if c := s[i]; c == '"' || c == '\'' { // most often a word is quoted as a whole
		if n := strings.IndexByte(s[i+1:], c); n > 0 && (c == '\'' || strings.IndexByte(s[i+1:i+1+n], '\\') < 0) {
			if to := i + n + 2; to == len(s) || ends(s[to], within) {
				w := word{unit: u.sub(i+1, i+1+n), single: c == '\'', glued: m.glued(u, to)}
				if strings.ContainsAny(w.text, " \n\t") {
					quoted = append(quoted, w.unit)
				}
				m.words = append(m.words, w)
				return to, quoted
			}
		}
	}
	from := len(m.buf)
	take := func(i int) { m.buf, m.at = append(m.buf, s[i]), append(m.at, int32(u.pos(i))) }
	var w word
	for i < len(s) && !ends(s[i], within) {
		c := s[i]
		switch {
		case c == '\'' || c == '"':
			open, n := &m.unclosed[c&1], -1 // ' is odd and " even
			if !*open {
				n = closing(s[i+1:], c)
				*open = n < 0
			}
			if n < 0 || apostrophe(s, i) {
				take(i)
				i++
				continue
			}
			begin := len(m.buf)
			blank := false
			for k := i + 1; k < i+1+n; k++ {
				if c == '"' && s[k] == '\\' && k+1 < i+1+n {
					switch {
					case s[k+1] == '"':
						k++
					case m.json && s[k+1] == '\\':
						k++
					case m.json && (s[k+1] == 'n' || s[k+1] == 'r' || s[k+1] == 't'):
						m.buf, m.at = append(m.buf, '\n'), append(m.at, int32(u.pos(k)))
						k++
						blank = true
						continue
					}
				}
				blank = blank || s[k] == ' ' || s[k] == '\n' || s[k] == '\t'
				take(k)
			}
			if blank {
				quoted = append(quoted, unit{text: string(m.buf[begin:]), at: m.at[begin:len(m.at):len(m.at)]})
			}
			w.single = c == '\'' && i == start
			i += n + 2
			if c == '"' && i < len(s) && (s[i] == ',' || s[i] == ':') && i+1 < len(s) && strings.IndexByte("\" [{", s[i+1]) >= 0 {
				goto done // JSON: the next value
			}
		case c == '\\' && i+1 < len(s) && strings.IndexByte(" \"'$&|;<>()!#", s[i+1]) >= 0:
			take(i + 1)
			i += 2
		case c == '$' && i+1 < len(s) && (s[i+1] == '(' || s[i+1] == '{'):
			n := bracketed(s[i+1:])
			for k := i; k < i+1+n; k++ {
				take(k)
			}
			i += 1 + n
		default:
			take(i)
			i++
		}
	}
done:
	w.unit = unit{text: string(m.buf[from:]), at: m.at[from:len(m.at):len(m.at)]}
	w.glued = m.glued(u, i)
	m.words = append(m.words, w)
	return i, quoted
}

// apostrophe says that the quote at i is one of a language, as in don't.
func apostrophe(s string, i int) bool {
	if s[i] != '\'' || i == 0 || !letterOrDigit(s[i-1]) {
		return false
	}
	switch next := s[i+1 : i+1+run1(s[i+1:], letterOrDigit)]; next {
	case "s", "t", "re", "ll", "ve", "d", "m":
		i += 1 + len(next)
		return i == len(s) || s[i] == ' ' || s[i] == '\n' || s[i] == '.' || s[i] == ','
	}
	return false
}

// closing is where in s the quote c ends, or -1.
func closing(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			return i
		}
		if s[i] == '\\' && c == '"' {
			i++
		}
	}
	return -1
}

// bracketed is the length of the bracketed text that s begins with.
func bracketed(s string) int {
	depth := 0
	for i := 0; i < len(s) && i < 512; i++ {
		switch s[i] {
		case '(', '{':
			depth++
		case ')', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 1
}

// glued is where what stands at i without a blank ends, if it reads as no other command: logs of program starts lose the
// quotes, so that a secret with an ampersand in it looks like the end of a command.
func (m *masker) glued(u *unit, i int) int {
	s := u.text
	if i == 0 || i+1 >= len(s) || s[i] != '&' && s[i] != ';' && s[i] != '|' || s[i+1] == s[i] {
		return 0
	}
	end := i + 1
	for end < len(s) && end < i+64 && s[end] > ' ' && s[end] != '"' && s[end] != '\'' {
		end++
	}
	next := s[i+1 : end]
	if next == "" || strings.IndexByte(next, '=') >= 0 || program(next) {
		return 0
	}
	name := base(next)
	if m.know.knows(name) || len(flagRows[name]) > 0 || isShell(name) || usual[name] {
		return 0
	}
	return u.pos(end-1) + 1
}
