package action

import (
	"slices"
	"strings"
)

// hidden stands in the place of a secret.
const hidden = "***"

// A masker finds secrets by where they stand (at a flag, behind a name, in a URL, on the way to a program's input) or by
// their own shape, and puts [hidden] in their place. It is a reader's, so that its memory is used again.
type masker struct {
	know     *Knowledge
	spans    []span
	words    []word
	runs     []run
	buf      []byte
	at       []int32
	unclosed [2]bool // single and double quotes that are not closed, in the text that is split
	json     bool    // a double-quoted text writes a new line as \n
}

// A span is a secret's place in the text that is masked.
type span struct {
	from, to int
	value    string // empty where it is not worth a fingerprint
}

// A unit is a part of the text, without its quotes and escapes, and where each of its bytes stands in the whole.
type unit struct {
	text string
	from int     // where it begins, if nothing was left out
	at   []int32 // where each byte stands, if something was
}

func (u *unit) pos(i int) int {
	if u.at != nil {
		return int(u.at[i])
	}
	return u.from + i
}

func (u *unit) sub(from, to int) unit {
	s := unit{text: u.text[from:to], from: u.from + from}
	if u.at != nil {
		s.at = u.at[from:to]
	}
	return s
}

// Bounds of the search.
const (
	maxQuoted  = 5       // texts within quotes within quotes
	maxMasked  = 4 << 10 // bytes of a command line: an action's text holds far fewer
	maxSecrets = 16      // that are told apart; all are masked
)

// line masks what is a command line, or may hold some: secrets are those that it holds, in no order.
func (m *masker) line(text string) (masked string, secrets []string) {
	m.reset()
	raw := text[:min(len(text), maxMasked)]
	m.scan(unit{text: raw}, 0)
	return m.masked(raw), m.secrets()
}

// text masks a text that is no command line: a message, a request, a name. Of a long one that may hold secrets, only the
// first maxMasked bytes are given back.
func (m *masker) text(s string) string {
	if !mayHold(s) {
		return s
	}
	m.reset()
	raw := s[:min(len(s), maxMasked)]
	m.shapes(&unit{text: raw})
	if len(m.spans) == 0 {
		return raw
	}
	return m.masked(raw)
}

// uri masks a request's target, looking through percent-encoding. What an attack writes at a secret's place is none.
func (m *masker) uri(s string) string {
	if !mayHold(s) && strings.IndexByte(s, '%') < 0 {
		return s
	}
	m.reset()
	at := strings.IndexByte(s, '?')
	if at < 0 {
		at = len(s)
	}
	m.decoded(s, 0, at)
	for at++; at < len(s); at++ {
		end := at
		for end < len(s) && s[end] != '&' && s[end] != '#' {
			end++
		}
		name, value, ok := strings.Cut(s[at:end], "=")
		if ok && value != "" && (secretName(unescape(name)) || headerName(unescape(name))) {
			if m.know.payload(value, false).row == nil {
				m.spans = append(m.spans, span{from: end - len(value), to: end})
			}
		} else {
			m.decoded(s, at, end)
		}
		at = end
	}
	for i := range m.spans { // the last byte may be written as three
		if p := &m.spans[i]; p.to+1 < len(s) && s[p.to-1] == '%' && hexDigit(s[p.to]) >= 0 && hexDigit(s[p.to+1]) >= 0 {
			p.to += 2
		}
	}
	return m.masked(s)
}

// decoded looks for secrets in a part of a request's target, decoded. What has blanks may be a web shell's command.
func (m *masker) decoded(s string, from, to int) {
	u := unit{text: s[from:to], from: from}
	if strings.ContainsAny(u.text, "%+") {
		buf, first := len(m.buf), len(m.at)
		for i := from; i < to; i++ {
			c, at := s[i], i
			switch {
			case c == '%' && i+2 < to && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
				c = byte(hexDigit(s[i+1])<<4 | hexDigit(s[i+2]))
				i += 2
			case c == '+' && from > 0:
				c = ' '
			}
			m.buf, m.at = append(m.buf, c), append(m.at, int32(at))
		}
		u.text, u.at = string(m.buf[buf:]), m.at[first:len(m.at):len(m.at)]
	}
	m.shapes(&u)
	if i := strings.IndexByte(u.text, '=') + 1; i > 0 && strings.IndexByte(u.text[i:], ' ') > 0 {
		m.scan(u.sub(i, len(u.text)), maxQuoted-1)
	}
}

// arguments masks the words of one simple command; secrets are those that they hold.
func (m *masker) arguments(words []string) (masked []string, secrets []string) {
	m.reset()
	at := 0
	for i := range words[:min(len(words), maxWords)] {
		m.words = append(m.words, word{unit: unit{text: words[i], from: at}})
		at += len(words[i]) + 1
	}
	own := m.words
	m.command(own, nil)
	for i := range own {
		w := &own[i]
		u := w.sub(0, min(len(w.text), maxMasked))
		if strings.IndexByte(u.text, ' ') > 0 {
			m.scan(u, 1)
		} else if mayHold(u.text) {
			m.shapes(&u)
		}
	}
	if len(m.spans) == 0 {
		return words, nil
	}
	m.merge()
	masked = slices.Clone(words)
	at = 0
	for i := range own {
		w := &own[i]
		for at < len(m.spans) && m.spans[at].to <= w.from {
			at++
		}
		n := at
		for n < len(m.spans) && m.spans[n].from < w.from+len(w.text) {
			n++
		}
		if n > at {
			masked[i] = cut(w.text, m.spans[at:n], w.from)
		}
	}
	return masked, m.secrets()
}

func (m *masker) reset() {
	m.spans, m.words, m.runs, m.buf, m.at = m.spans[:0], m.words[:0], m.runs[:0], m.buf[:0], m.at[:0]
}

// hit notes that u.text[from:to] is a secret.
func (m *masker) hit(u *unit, from, to int) { m.note(u, from, to, u.text[from:to]) }

// hide is hit of what is not worth a fingerprint: it may be many a doer's.
func (m *masker) hide(u *unit, from, to int) { m.note(u, from, to, "") }

func (m *masker) note(u *unit, from, to int, value string) {
	if from >= to || u.text[from:to] == hidden {
		return
	}
	m.spans = append(m.spans, span{u.pos(from), u.pos(to-1) + 1, value})
}

// merge sorts the spans and joins those that touch one another.
func (m *masker) merge() {
	slices.SortStableFunc(m.spans, func(a, b span) int { return a.from - b.from })
	out := m.spans[:0]
	for _, p := range m.spans {
		if n := len(out); n > 0 && p.from < out[n-1].to {
			l := &out[n-1]
			if p.to-p.from > l.to-l.from || l.value == "" {
				l.value = p.value
			}
			l.to = max(l.to, p.to)
			continue
		}
		out = append(out, p)
	}
	m.spans = out
}

// secrets are the values worth a fingerprint, each once.
func (m *masker) secrets() []string {
	var out []string
	for _, p := range m.spans {
		if p.value != "" && len(out) < maxSecrets && !slices.Contains(out, p.value) {
			out = append(out, p.value)
		}
	}
	return out
}

// masked is the text with the spans masked, and with them the same secrets where they stand alone elsewhere, if they are
// long and odd enough to be nothing else.
func (m *masker) masked(text string) string {
	if len(m.spans) == 0 {
		return text
	}
	m.merge()
	for _, v := range m.secrets() {
		if !likeSecret(v) {
			continue
		}
		for from := 0; ; {
			i := strings.Index(text[from:], v)
			if i < 0 {
				break
			}
			from += i
			if (from == 0 || !letterOrDigit(text[from-1])) && (from+len(v) == len(text) || !letterOrDigit(text[from+len(v)])) {
				m.spans = append(m.spans, span{from, from + len(v), v})
			}
			from += len(v)
		}
	}
	m.merge()
	return cut(text, m.spans, 0)
}

// cut puts [hidden] in the place of sorted spans of a text that begins at from.
func cut(text string, spans []span, from int) string {
	var b strings.Builder
	b.Grow(len(text))
	at := 0
	for _, p := range spans {
		i, j := max(p.from-from, at), min(p.to-from, len(text))
		if i >= j {
			continue
		}
		b.WriteString(text[at:i])
		b.WriteString(hidden)
		at = j
	}
	b.WriteString(text[at:])
	return b.String()
}

// within says that a value was made of a secret, or holds one, and stands nowhere in the text that is masked.
func within(value string, secrets []string, masked string) bool {
	if value == "" {
		return false
	}
	low := strings.ToLower(value)
	for _, s := range secrets {
		if foldContains(s, low) || len(s) >= 4 && foldContains(low, strings.ToLower(s)) {
			return !foldContains(masked, low)
		}
	}
	return false
}

// mayHold is a quick look: what has no name with a value, no address with a login and no long word holds no secret.
func mayHold(s string) bool {
	run := 0
	for i := 0; i < len(s); i++ {
		switch k := shapeKinds[s[i]]; k {
		case inToken:
			if run++; run >= minToken {
				return true
			}
		case opens:
			return true
		default:
			run = 0
		}
	}
	return false
}

// scan looks for secrets in a text: by the commands in it, within the quotes in it, and by shape.
func (m *masker) scan(u unit, depth int) {
	if depth > maxQuoted || len(u.text) == 0 {
		return
	}
	words, runs := len(m.words), len(m.runs)
	quoted := m.split(&u, nil)
	all, commands := m.words[words:], m.runs[runs:]
	for i := range commands {
		c := &commands[i]
		var feed []word
		if c.piped && i > 0 {
			feed = all[commands[i-1].from-words : commands[i-1].to-words]
		}
		m.command(all[c.from-words:c.to-words], feed)
		if c.file != "" && secretList(c.file) {
			if c.text.text != "" {
				m.lines(&c.text)
			} else if ws := all[c.from-words : c.to-words]; len(ws) > 1 && (ws[0].text == "echo" || ws[0].text == "printf") {
				for k := range written(ws, false) {
					m.lines(&ws[k].unit)
				}
			}
		}
		if c.text.text != "" && !m.fed(all[c.from-words:c.to-words], []word{{unit: c.text}}, true) {
			quoted = append(quoted, c.text)
		}
	}
	for i := range all {
		if w := &all[i]; len(w.text) >= minEncoded && encodedWord(w.text) {
			m.encoded(&w.unit, depth)
		}
	}
	m.shapes(&u)
	for i := range quoted {
		m.scan(quoted[i], depth+1)
	}
}

// secretList says that a file is one that secrets are listed in.
func secretList(file string) bool {
	return foldContains(file, "passw") || foldContains(file, "cred") || foldContains(file, "secret")
}

// lines masks a text line by line.
func (m *masker) lines(u *unit) {
	for from := 0; from < len(u.text); {
		n := strings.IndexByte(u.text[from:], '\n')
		if n < 0 {
			n = len(u.text) - from
		}
		m.hide(u, from, from+n)
		from += n + 1
	}
}

// minEncoded is the length of a word that may be a text in base64.
const minEncoded = 24

func encodedWord(s string) bool {
	for i := 0; i < len(s); i++ {
		if !letterOrDigit(s[i]) && s[i] != '+' && s[i] != '/' && s[i] != '=' {
			return false
		}
	}
	return true
}

// encoded masks a word in base64 whose text holds secrets.
func (m *masker) encoded(u *unit, depth int) {
	text := decodeUTF16(u.text)
	if text == "" {
		text = embedded(u.text)
	}
	if text == "" || depth >= maxQuoted-1 {
		return
	}
	inner := masker{know: m.know}
	inner.scan(unit{text: text}, depth+1)
	inner.merge()
	for _, v := range inner.secrets() {
		m.note(u, 0, len(u.text), v)
	}
	if len(inner.spans) > 0 {
		m.hide(u, 0, len(u.text))
	}
}
