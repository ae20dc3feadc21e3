package action

import (
	"iter"
	"slices"
	"strings"
)

// A spot is a place of a secretRow.
type spot struct {
	flag   string
	glued  bool   // the value stands in the flag's word
	colon  bool   // or behind a colon there
	many   bool   // all words behind it up to the next flag are values
	prefix string // of the value
	behind byte   // the secret begins behind the first of these
	place  string // of plain words, without the #
}

type flagRow struct {
	with  []string
	spots []spot
}

var (
	flagRows  = flagsOf(secretRows)
	stdinRows = flagsOf(inputRows)
)

func fields(s string) iter.Seq[string] { return strings.FieldsSeq(s) }

// flagsOf makes an index of rows by program.
func flagsOf(rows []secretRow) map[string][]flagRow {
	index := map[string][]flagRow{}
	for _, r := range rows {
		row := flagRow{with: strings.Fields(r.with)}
		for p := range strings.SplitSeq(r.places, ", ") {
			if p != "" {
				row.spots = append(row.spots, spotOf(p))
			}
		}
		for p := range fields(r.programs) {
			index[p] = append(index[p], row)
		}
	}
	return index
}

func spotOf(p string) spot {
	if p[0] == '#' {
		return spot{place: p[1:]}
	}
	if p[0] == ':' {
		return spot{behind: ':'}
	}
	flag, value, apart := strings.Cut(p, " ")
	s := spot{flag: flag}
	if value, s.many = strings.CutSuffix(value, "..."); s.many {
		return s
	}
	if !apart {
		value = "X"
		s.flag = strings.TrimSuffix(flag, "X")
		n := len(s.flag)
		switch last := s.flag[n-1]; {
		case last == ':' && strings.IndexByte(s.flag, ':') == n-1 && s.flag[n-2] != 'U':
			s.flag, s.colon = s.flag[:n-1], true
		case last == ':' || last == '%':
			s.flag, s.glued, s.behind = s.flag[:n-2], true, last
		default:
			s.glued = true
		}
	}
	switch {
	case len(value) == 3:
		s.behind = value[1]
	case len(value) > 3:
		s.prefix = strings.TrimSuffix(value, "X")
	}
	return s
}

// command finds the secrets in the words of a simple command; feed are the words of the command whose output it reads.
func (m *masker) command(ws []word, feed []word) {
	if len(ws) == 0 {
		return
	}
	run := ws
	for len(run) > 1 && assigns(run[0].text) {
		run = run[1:]
	}
	if len(run) > 2 && run[1].text == "=" {
		run = run[2:] // $x = Command
	}
	name := run[0].text
	if _, after, ok := strings.Cut(name, "="); ok && name[0] == '$' {
		name = after // $x=Command
	}
	tool := base(name)
	m.program(tool, run[1:])
	if runners[tool] {
		for i := 1; i < len(run); i++ {
			if w := run[i].text; strings.HasPrefix(run[i-1].text, "--") && strings.IndexByte(run[i-1].text, '=') < 0 && run[i-1].text != "--" {
				continue // the value of a flag
			} else if b := base(w); len(rowsOf(b)) > 0 {
				m.program(b, run[i+1:])
				tool = b
			}
		}
	}
	m.named(tool, ws)
	m.pair(tool, run)
	if len(feed) > 0 {
		m.fed(run, feed, false)
	}
	for i := range ws {
		w := &ws[i]
		if w.text != "" && w.text[0] != '-' {
			if from, to, ok := domainLogin(w.text); ok {
				m.hit(&w.unit, from, to)
			} else if h := strings.TrimRight(w.text, ".,;`)*"); isHash(strings.TrimPrefix(h, ":")) {
				m.hash(&word{unit: w.sub(0, len(h))})
			}
		}
	}
}

// hash notes an NT hash, alone or behind an LM hash, which stands for no secret of its own.
func (m *masker) hash(w *word) {
	m.hide(&w.unit, 0, len(w.text))
	if i := strings.LastIndexByte(w.text, ':'); i >= 0 {
		m.hit(&w.unit, i+1, len(w.text))
	} else {
		m.hit(&w.unit, 0, len(w.text))
	}
}

// assigns says that a word is NAME=value.
func assigns(w string) bool {
	name, _, ok := strings.Cut(w, "=")
	return ok && name != "" && !strings.ContainsAny(name, "-/.:$ \\\"'")
}

// rowsOf are the rows of a program. Scripts that stand for themselves are read as those of the best known collection.
func rowsOf(tool string) []flagRow {
	rows := flagRows[tool]
	if rows == nil && (strings.HasSuffix(tool, ".py") || strings.HasPrefix(tool, "impacket-")) {
		rows = flagRows["secretsdump.py"]
	}
	return rows
}

// program looks at the places where a program takes secrets.
func (m *masker) program(tool string, args []word) {
	for _, row := range rowsOf(tool) {
		from, ok := row.holds(args)
		if !ok {
			continue
		}
		for i := range row.spots {
			if s := &row.spots[i]; s.place != "" {
				m.plain(s.place, args[from:])
			} else {
				m.flag(s, args)
			}
		}
	}
}

// holds says whether the words that a row asks for are there, and where the plain words behind them begin.
func (r *flagRow) holds(args []word) (from int, ok bool) {
	for _, with := range r.with {
		at := slices.IndexFunc(args, func(w word) bool {
			if strings.EqualFold(w.text, with) {
				return true
			}
			return len(with) == 2 && with[0] == '-' && len(w.text) > 1 && w.text[0] == '-' && w.text[1] != '-' && strings.IndexByte(w.text, with[1]) > 0
		})
		if at < 0 {
			return 0, false
		}
		if with[0] != '-' {
			from = max(from, at+1)
		}
	}
	return from, true
}

// flag looks for the values of a flag.
func (m *masker) flag(s *spot, args []word) {
	for i := range args {
		w := &args[i]
		n := len(s.flag)
		if len(w.text) < n || w.text[:n] != s.flag && !(n > 2 && strings.EqualFold(w.text[:n], s.flag)) && !(s.flag[0] == '/' && strings.EqualFold(w.text[:n], s.flag)) {
			continue
		}
		switch rest := w.text[n:]; {
		case s.glued && rest != "":
			m.value(s, w, n)
		case s.glued:
		case rest == "":
			for k := i + 1; k < len(args) && !flagLike(args[k].text) && (k == i+1 || s.many); k++ {
				m.value(s, &args[k], 0)
			}
		case rest[0] == '=', rest[0] == ':' && (s.colon || s.flag[0] == '/' || n > 2):
			m.value(s, w, n+1)
		}
	}
}

// flagLike says that a word is a flag rather than a value.
func flagLike(w string) bool {
	return len(w) > 1 && w[0] == '-' && (w[1] == '-' || w[1] >= 'a' && w[1] <= 'z' && len(w) <= 3 || w[1] >= 'A' && w[1] <= 'Z' && len(w) == 2) || slashFlag(w)
}

// slashFlag says that a word is a flag as Windows' programs have them.
func slashFlag(w string) bool {
	if len(w) < 2 || len(w) > 20 || w[0] != '/' {
		return false
	}
	for i := 1; i < len(w); i++ {
		if c := w[i] | 0x20; c < 'a' || c > 'z' {
			return w[i] == ':' && i > 1
		}
	}
	return len(w) < 12
}

// value notes the secret in a value that begins at from.
func (m *masker) value(s *spot, w *word, from int) {
	v := w.text[from:]
	if s.prefix != "" {
		if !strings.HasPrefix(v, s.prefix) {
			return
		}
		from += len(s.prefix)
	}
	if s.behind != 0 {
		i := strings.IndexByte(v, s.behind)
		if i < 0 || strings.HasPrefix(v[i:], "://") {
			return
		}
		if from += i + 1; s.behind == '=' { // of a cookie's pairs each
			for part := range strings.SplitSeq(v, ";") {
				if j := strings.IndexByte(part, '='); j >= 0 {
					at := from - i - 1 + strings.Index(v, part)
					m.put(w, at+j+1, at+len(part))
				}
			}
			return
		}
	}
	m.put(w, from, len(w.text))
}

// put notes that w.text[from:to] is a secret unless it stands for one.
func (m *masker) put(w *word, from, to int) {
	if strings.HasPrefix(w.text[from:to], "pass:") { // as OpenSSL's programs say where it is
		from += len("pass:")
	}
	v := w.text[from:to]
	if v == "" || v == "*" || wordlist(v) || plainIPv4(v) || reference(v) && !(w.single && from == 0) {
		return
	}
	if isHash(v) {
		h := word{unit: w.sub(from, to)}
		m.hash(&h)
		return
	}
	m.hit(&w.unit, from, to)
	if w.glued > 0 && to == len(w.text) {
		end := w.pos(len(w.text)-1) + 1
		m.spans = append(m.spans, span{from: end, to: w.glued})
	}
}

// plain looks at words that are no flags.
func (m *masker) plain(place string, args []word) {
	n := 0
	last := -1
	for i := range args {
		w := &args[i]
		if w.text == "" || w.text[0] == '-' || slashFlag(w.text) {
			continue
		}
		n++
		last = i
		switch place {
		case "1", "2", "3", "4":
			if n == int(place[0]-'0') && strings.IndexByte(w.text, '=') < 0 {
				m.put(w, 0, len(w.text))
			}
		case "login":
			if from, to, ok := programLogin(w.text, ':'); ok {
				m.put(w, from, to)
			}
		case "slash":
			if from, to, ok := programLogin(w.text, '/'); ok {
				m.put(w, from, to)
			}
		case "share":
			if w.text[0] != '\\' && w.text[0] != '/' && !strings.HasSuffix(w.text, ":") {
				m.put(w, 0, len(w.text))
			}
		case "name":
			if secretName(w.text) && i+1 < len(args) && !flagLike(args[i+1].text) {
				m.put(&args[i+1], 0, len(args[i+1].text))
			}
		case "value":
			if j := strings.IndexByte(w.text, '='); j > 0 {
				m.put(w, j+1, len(w.text))
			}
		case "odd":
			if likeSecret(w.text) && !program(w.text) {
				m.put(w, 0, len(w.text))
			}
		}
	}
	if place == "last" && n > 0 {
		m.put(&args[last], 0, len(args[last].text))
	}
}

// named looks at flags that say by their name that a secret follows, whatever the program.
func (m *masker) named(tool string, ws []word) {
	for i := range ws {
		w := &ws[i]
		if n := len(w.text); n > 3 && w.text[n-1] == ':' && i > 0 && i+1 < len(ws) {
			// A header whose quotes are lost, or are no quotes to this shell.
			name := strings.TrimLeft(w.text[:n-1], `"'`)
			if headerName(name) || secretName(name) && (ws[i-1].text == "-H" || ws[i-1].text == "--header" || ws[i-1].text == "-Headers") {
				if next := i + 1; schemes[strings.ToLower(ws[next].text)] && next+1 < len(ws) {
					m.put(&ws[next+1], 0, len(ws[next+1].text))
				} else if !strings.HasSuffix(strings.ToLower(name), "cookie") {
					m.put(&ws[next], 0, len(ws[next].text))
				}
			}
			continue
		}
		if len(w.text) < 3 || w.text[0] != '-' && w.text[0] != '/' || w.text[1] == '/' {
			continue
		}
		name := strings.TrimLeft(w.text, "-/")
		at := strings.IndexAny(name, "=:")
		if at >= 0 {
			name = name[:at]
		}
		if !secretFlag(name) || slices.ContainsFunc(flagRows[tool], func(r flagRow) bool { return slices.Contains(r.with, w.text) }) {
			continue // or what a row asks for, which knows better
		}
		if at >= 0 {
			if at += len(w.text) - len(strings.TrimLeft(w.text, "-/")) + 1; !directory(name, w.text[at:]) {
				m.put(w, at, len(w.text))
			}
		} else if i+1 < len(ws) && !directory(name, ws[i+1].text) && !flagLike(ws[i+1].text) && (w.text[0] == '-' || strings.EqualFold(name, "password") || strings.EqualFold(name, "pass")) {
			m.put(&ws[i+1], 0, len(ws[i+1].text))
		}
	}
}

// switches are first words of flags that ask for a secret, or speak of secrets, instead of giving one.
var switches = wordSet("ask no use show require required prompt enable disable reset change allow generate get list check print force skip hide save store max min with reveal rotate expire validate verify stdin null empty clear")

// secretFlag says that a flag's name is a secret's.
func secretFlag(name string) bool {
	if !secretName(name) {
		return false
	}
	head := name
	if i := strings.IndexAny(name, "-_"); i > 0 {
		head = name[:i]
	}
	return !switches[strings.ToLower(head)]
}

// pair looks at programs that are not known: a user and a -p beside it are a login, and so is user%secret.
func (m *masker) pair(tool string, ws []word) {
	user := false
	for i := range ws {
		switch name := before(ws[i].text, '='); name {
		case "-u", "-U", "-l", "--user", "--username", "-user", "-username", "--login", "-login", "/user", "/u":
			user = true
			w, from := &ws[i], len(name)+1
			if from > len(w.text) {
				if i+1 == len(ws) || flagLike(ws[i+1].text) {
					continue
				}
				w, from = &ws[i+1], 0
			}
			v := w.text[from:]
			if u, p, ok := strings.Cut(v, "%"); ok && u != "" && u[0] != '+' && p != "" && strings.IndexByte(p, '%') < 0 && !strings.Contains(v, "://") {
				m.put(w, from+len(u)+1, len(w.text))
			} else if u, p, ok := strings.Cut(v, ":"); ok && !otherU[tool] && name != "-l" && u != "" && len(p) > 2 && !digits(p) && strings.IndexByte(p, '/') < 0 {
				m.put(w, from+len(u)+1, len(w.text))
			}
		}
	}
	if otherP[tool] || len(flagRows[tool]) > 0 {
		return
	}
	for i := range ws[:len(ws)-1] {
		if f := ws[i].text; f == "-p" || f == "-pw" || f == "-ap" {
			w := &ws[i+1]
			if v := w.text; !flagLike(v) && !wordlist(v) && strings.IndexByte(v, '/') < 0 && !digits(v) && len(v) < 256 && (user || likeSecret(v)) {
				m.put(w, 0, len(v))
			}
		}
	}
}

// fed looks at programs that take a secret from their input, which feed writes, or is. It says whether it was one.
func (m *masker) fed(ws, feed []word, text bool) bool {
	for i := range ws {
		if i > 0 && !runners[base(ws[0].text)] && !assigns(ws[0].text) {
			break
		}
		for _, row := range stdinRows[base(ws[i].text)] {
			if _, ok := row.holds(ws[i+1:]); !ok {
				continue
			}
			colon := len(row.spots) > 0
			for k := range written(feed, text) {
				w := feed[k].unit
				from := 0
				for from < len(w.text) {
					n := len(w.text) - from
					if j := strings.IndexByte(w.text[from:], '\n'); j >= 0 {
						n = j
					} else if j := strings.Index(w.text[from:], `\n`); j >= 0 {
						n = j
					}
					line := word{unit: w.sub(from, from+n), single: feed[k].single}
					if at := strings.IndexByte(line.text, ':') + 1; !colon || at > 0 {
						if !colon {
							at = 0
						}
						m.put(&line, at, len(strings.TrimRight(line.text, "\r")))
					}
					if from += n + 1; from < len(w.text) && w.text[from-1] == '\\' {
						from++
					}
				}
			}
			return true
		}
	}
	return false
}

// written gives the words that a command writes: of echo and the like their arguments, of a text itself.
func written(feed []word, text bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		from := 0
		if !text {
			switch base(feed[0].text) {
			case "echo", "write-output", "write-host":
				from = 1
			case "printf":
				if from = 1; len(feed) > 2 && strings.IndexByte(feed[1].text, '%') >= 0 {
					from = 2
				}
			default:
				if len(feed) > 1 || feed[0].at == nil && feed[0].from == 0 {
					return // what it writes is not in the line
				}
			}
		}
		for i := from; i < len(feed); i++ {
			if w := feed[i].text; w == "" || !text && (w == "-n" || w == "-e" || w == "-ne" || w == "-en") {
				continue
			}
			if !yield(i) {
				return
			}
		}
	}
}

// domainLogin finds the secret in domain/user:secret@host.
func domainLogin(w string) (from, to int, ok bool) {
	if strings.Contains(w, "://") {
		return 0, 0, false
	}
	user, _, _ := strings.Cut(w, ":")
	if slash := strings.IndexAny(user, `/\`); slash <= 0 || slash == len(user)-1 || user[0] == '.' || strings.Count(user, "/") > 1 {
		return 0, 0, false
	}
	at := strings.LastIndexByte(w, '@')
	if at <= len(user)+1 || !names(user) || at+1 == len(w) || !names(w[at+1:]) {
		return 0, 0, false
	}
	return len(user) + 1, at, true
}

// programLogin finds the secret in a login as programs that take nothing else write it: [domain/]user:secret[@host], or
// with a slash user/secret[@service].
func programLogin(w string, sep byte) (from, to int, ok bool) {
	end := len(w)
	if at := strings.LastIndexByte(w, '@'); at > 0 {
		end = at
	}
	i := strings.IndexByte(w[:end], sep)
	if i <= 0 || i+1 >= end || end == len(w) && digits(w[i+1:]) || strings.HasPrefix(w[i:], "://") || !names(w[:i]) || sep == '/' && end == len(w) && strings.IndexByte(w[i+1:], '/') >= 0 {
		return 0, 0, false
	}
	return i + 1, end, true
}

// names says that a word is made of what names of accounts, domains and machines are made of.
func names(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !letterOrDigit(c) && c != '.' && c != '-' && c != '\\' && c != '/' && c != '$' && c < 0x80 {
			return false
		}
	}
	return s != ""
}

// reference says that a word stands for a value that is kept elsewhere: a variable, a command's output, a placeholder.
func reference(v string) bool {
	switch v[0] {
	case '$':
		if len(v) == 1 {
			return false
		}
		if v[1] == '(' || v[1] == '{' {
			return true
		}
		n := v[1:]
		if strings.HasPrefix(n, "env:") || strings.HasPrefix(n, "ENV:") || strings.HasPrefix(n, "Env:") {
			return true
		}
		digit, lower := false, false
		for i := 0; i < len(n); i++ {
			c := n[i]
			if !letterOrDigit(c) {
				return i > 0 && (c == '.' || c == '[') // a variable's part
			}
			digit = digit || c >= '0' && c <= '9'
			lower = lower || c >= 'a' && c <= 'z'
		}
		return !digit || !lower
	case '%':
		return len(v) > 2 && v[len(v)-1] == '%' && strings.IndexByte(v, ' ') < 0
	case '{':
		return strings.HasPrefix(v, "{{") && strings.HasSuffix(v, "}}")
	case '<':
		return v[len(v)-1] == '>'
	case '`':
		return true
	case '@':
		return len(v) > 1 && strings.IndexByte("/.~", v[1]) >= 0 // a file
	case 's', 'e', 'f', 'p':
		return v == "stdin" || v == "prompt" || strings.HasPrefix(v, "env:") || strings.HasPrefix(v, "file:") || strings.HasPrefix(v, "fd:")
	}
	return false
}
