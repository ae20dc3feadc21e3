package sigma

import (
	"strings"
	"unicode/utf8"
)

// A blockReader reads the part of YAML that rules are written in: maps and lists by indentation, plain and quoted
// scalars on one line, plain ones over several, literal blocks, comments. That takes a tenth of the time that a whole
// YAML parser takes. Whatever else it meets it leaves to that, the whole document with it, so that there is no
// document which the two read differently.
type blockReader struct {
	lines []blockLine
	at    int // the next line
	base  int64
	odd   bool // something was met that is left to the whole parser
	cut   bool // the last line has no end
	nodes []Node
	count int
}

// A blockLine is a line less its indentation and line end.
type blockLine struct {
	indent int
	text   string
	whole  string // with its indentation
}

// readBlock reads a document whose first line has the given number; ok is false if it has to be left to the parser.
func readBlock(doc string, line int64) (n *Node, ok bool) {
	r := &blockReader{base: line}
	if !r.split(doc) {
		return nil, false
	}
	r.skip()
	if r.at == len(r.lines) {
		return nil, true
	}
	n = r.block(r.lines[r.at].indent, 0)
	r.skip()
	if r.odd || r.at < len(r.lines) {
		return nil, false
	}
	return n, true
}

// split cuts the document into lines. Tabs and other control characters where they could mean something are odd.
func (r *blockReader) split(doc string) bool {
	if !utf8.ValidString(doc) {
		return false
	}
	begun := false
	r.cut = !strings.HasSuffix(doc, "\n")
	r.lines = make([]blockLine, 0, strings.Count(doc, "\n")+1)
	for len(doc) > 0 {
		line, rest, _ := strings.Cut(doc, "\n")
		doc = rest
		line = strings.TrimSuffix(line, "\r")
		for i := range len(line) {
			if c := line[i]; c < ' ' && c != '\t' || c == 0x7F {
				return false
			}
		}
		indent := 0
		for indent < len(line) && line[indent] == ' ' {
			indent++
		}
		text := strings.TrimRight(line[indent:], " ")
		if strings.IndexByte(text, '\t') >= 0 || indent == 0 && (strings.HasPrefix(text, "%") || strings.HasPrefix(text, "...")) {
			return false
		}
		if indent == 0 && strings.HasPrefix(text, "---") {
			if text != "---" || begun {
				return false
			}
			text = ""
		}
		begun = begun || text != "" && text[0] != '#'
		r.lines = append(r.lines, blockLine{indent, text, line})
	}
	return true
}

// number is the file's number of the line that r.at was at.
func (r *blockReader) number(at int) int64 { return r.base + int64(at) }

// skip goes to the next line that is neither blank nor a comment.
func (r *blockReader) skip() {
	for r.at < len(r.lines) && (r.lines[r.at].text == "" || r.lines[r.at].text[0] == '#') {
		r.at++
	}
}

// node makes a node; they are allocated together, about one for each line.
func (r *blockReader) node(kind Kind, line int64, text string) *Node {
	if r.count++; r.count > maxNodes {
		r.odd = true
	}
	if len(r.nodes) == cap(r.nodes) {
		r.nodes = make([]Node, 0, max(16, len(r.lines)-r.at))
	}
	r.nodes = append(r.nodes, Node{Kind: kind, Line: line, Text: text})
	return &r.nodes[len(r.nodes)-1]
}

// strange notes something that is left to the parser.
func (r *blockReader) strange() *Node {
	r.odd = true
	r.at = len(r.lines)
	return &Node{}
}

// block reads the map or list that begins at the current line and is indented so.
func (r *blockReader) block(indent, depth int) *Node {
	l := r.lines[r.at]
	if depth >= maxNesting {
		return r.strange()
	}
	if isDash(l.text) {
		return r.list(indent, depth)
	}
	return r.mapping(indent, depth)
}

func isDash(s string) bool { return s == "-" || strings.HasPrefix(s, "- ") }

func (r *blockReader) list(indent, depth int) *Node {
	n := r.node(List, r.number(r.at), "")
	for {
		r.skip()
		if r.odd || r.at == len(r.lines) || r.lines[r.at].indent < indent {
			return n
		}
		l := &r.lines[r.at]
		if l.indent > indent {
			return r.strange()
		}
		if !isDash(l.text) {
			return n // the next key of the map that the list belongs to, or an error there
		}
		rest := strings.TrimLeft(l.text[1:], " ")
		if rest == "" || rest[0] == '#' {
			at := r.at
			r.at++
			v := r.below(indent, at, depth)
			if v.Kind == Null {
				return r.strange()
			}
			n.Items = append(n.Items, v)
			continue
		}
		inner := indent + len(l.text) - len(rest)
		if _, _, isKey := cutKey(rest); isKey || isDash(rest) {
			*l = blockLine{inner, rest, l.whole}
			n.Items = append(n.Items, r.block(inner, depth+1))
			continue
		}
		n.Items = append(n.Items, r.scalar(rest, indent))
	}
}

func (r *blockReader) mapping(indent, depth int) *Node {
	n := r.node(Map, r.number(r.at), "")
	for {
		r.skip()
		if r.odd || r.at == len(r.lines) || r.lines[r.at].indent < indent {
			return n
		}
		l := r.lines[r.at]
		key, rest, ok := cutKey(l.text)
		if l.indent > indent || !ok || n.At(key) != nil {
			return r.strange()
		}
		at := r.at
		n.Keys = append(n.Keys, Key{key, r.number(at)})
		var v *Node
		if rest == "" || rest[0] == '#' {
			r.at++
			v = r.below(indent, at, depth)
		} else {
			v = r.scalar(rest, indent)
		}
		n.Items = append(n.Items, v)
	}
}

// below reads the value of a key or dash that has none on its own line, number at: what is indented more than it, or
// a list as far as a key; null if there is neither.
func (r *blockReader) below(indent, at, depth int) *Node {
	r.skip()
	if r.at < len(r.lines) {
		l := r.lines[r.at]
		isKey := !isDash(r.lines[at].text)
		switch {
		case l.indent > indent:
			if _, _, ok := cutKey(l.text); !ok && !isDash(l.text) {
				return r.strange()
			}
			return r.block(l.indent, depth+1)
		case l.indent == indent && isKey && isDash(l.text):
			return r.list(indent, depth+1)
		}
	}
	return r.node(Null, r.number(at), "")
}

// cutKey splits "key: value" and says whether it is that.
func cutKey(s string) (key, rest string, ok bool) {
	switch c := s[0]; c {
	case '\'', '"':
		i := strings.IndexByte(s[1:], c) + 1
		if i <= 0 || i+1 >= len(s) || s[i+1] != ':' || i+2 < len(s) && s[i+2] != ' ' || strings.IndexByte(s[:i], '\\') >= 0 && c == '"' {
			return "", "", false
		}
		return s[1:i], strings.TrimLeft(s[i+2:], " "), true
	}
	if !plainStart(s) {
		return "", "", false
	}
	i := strings.Index(s, ": ")
	switch {
	case i >= 0:
		rest = strings.TrimLeft(s[i+1:], " ")
	case s[len(s)-1] == ':':
		i = len(s) - 1
	default:
		return "", "", false
	}
	key = s[:i]
	if strings.HasSuffix(key, " ") || strings.Contains(key, " #") || strings.Contains(key, "<<") || kindOf(key) != Text {
		return "", "", false
	}
	return key, rest, true
}

// plainStart says that a plain scalar can begin so.
func plainStart(s string) bool {
	switch c := s[0]; c {
	case '-', '?', ':':
		return len(s) > 1 && s[1] != ' '
	default:
		return strings.IndexByte("!&*{}[],#|>@`\"'%", c) < 0
	}
}

// scalar reads a scalar that begins on the current line; indent is that of the key or dash it belongs to.
func (r *blockReader) scalar(s string, indent int) *Node {
	line := r.number(r.at)
	r.at++
	switch s[0] {
	case '\'':
		return r.quoted(s, line, singleQuoted)
	case '"':
		return r.quoted(s, line, doubleQuoted)
	case '|':
		if s == "|" || s == "|-" {
			return r.literal(indent, line, s == "|-")
		}
		return r.strange()
	}
	if !plainStart(s) {
		return r.strange()
	}
	text, comment := cutComment(s)
	if strings.Contains(text, ": ") || text[len(text)-1] == ':' {
		return r.strange()
	}
	// What follows with more indentation goes on with it.
	var more []string
	from := r.at
	for at := r.at; at < len(r.lines); at++ {
		l := r.lines[at]
		if l.text == "" {
			continue
		}
		if l.indent <= indent {
			break
		}
		if comment || !plainStart(l.text) || strings.IndexByte("-?:", l.text[0]) >= 0 || strings.Contains(l.text, ": ") || strings.HasSuffix(l.text, ":") || strings.Contains(l.text, " #") {
			return r.strange()
		}
		if at > from && r.lines[at-1].text == "" {
			return r.strange() // paragraphs
		}
		more = append(more, l.text)
		r.at = at + 1
	}
	if more != nil {
		return r.node(Text, line, text+" "+strings.Join(more, " "))
	}
	switch kindOf(text) {
	case Null:
		return r.node(Null, line, "")
	case Bool:
		return r.node(Bool, line, strings.ToLower(text))
	case Number:
		return r.node(Number, line, text)
	case Text:
		return r.node(Text, line, text)
	}
	return r.strange()
}

// cutComment takes the comment off a plain scalar.
func cutComment(s string) (string, bool) {
	i := strings.Index(s, " #")
	if i < 0 {
		return s, false
	}
	return strings.TrimRight(s[:i], " "), true
}

// unsure is what kindOf says of a scalar that could be a number of an unusual form.
const unsure = Kind(255)

// kindOf says what a plain scalar is.
func kindOf(s string) Kind {
	switch s {
	case "null", "Null", "NULL", "~":
		return Null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return Bool
	}
	c := s[0]
	if c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
		return Text
	}
	digits, dots := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
		case (c == '-' || c == '+') && i > 0 && s[i-1]|0x20 != 'e':
			return Text // a date, a UUID
		case c == '-' || c == '+' || c == '_' || strings.IndexByte("abcdefxoABCDEFXO", c) >= 0:
		case strings.HasPrefix(s[i:], "inf") || strings.HasPrefix(s[i:], "nan") || c == 'i' || c == 'n' || c == 'I' || c == 'N':
			return unsure
		default:
			return Text
		}
	}
	body := strings.TrimPrefix(s, "-")
	switch {
	case dots > 1:
		return Text
	case digits != len(body)-dots || digits == 0 || digits > 15:
		return unsure
	case body[0] == '0' && len(body) > 1 && body[1] != '.', body[0] == '.', body[len(body)-1] == '.':
		return unsure
	}
	return Number
}

// quoted reads a quoted scalar that ends on its line.
func (r *blockReader) quoted(s string, line int64, read func(string) (string, string, bool)) *Node {
	text, rest, ok := read(s[1:])
	rest = strings.TrimLeft(rest, " ")
	if !ok || rest != "" && rest[0] != '#' {
		return r.strange()
	}
	return r.node(Text, line, text)
}

// singleQuoted reads up to the closing quote; a doubled one is itself.
func singleQuoted(s string) (text, rest string, ok bool) {
	i := strings.IndexByte(s, '\'')
	if i < 0 {
		return "", "", false
	}
	if i+1 == len(s) || s[i+1] != '\'' {
		return s[:i], s[i+1:], true
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '\'')
		if i < 0 {
			return "", "", false
		}
		b.WriteString(s[:i])
		if i+1 == len(s) || s[i+1] != '\'' {
			return b.String(), s[i+1:], true
		}
		b.WriteByte('\'')
		s = s[i+2:]
	}
}

// doubleQuoted reads up to the closing quote, with the usual escapes.
func doubleQuoted(s string) (text, rest string, ok bool) {
	i := strings.IndexAny(s, `"\`)
	if i < 0 {
		return "", "", false
	}
	if s[i] == '"' {
		return s[:i], s[i+1:], true
	}
	var b strings.Builder
	for {
		i := strings.IndexAny(s, `"\`)
		if i < 0 || i+1 == len(s) && s[i] == '\\' {
			return "", "", false
		}
		b.WriteString(s[:i])
		if s[i] == '"' {
			return b.String(), s[i+1:], true
		}
		switch s[i+1] {
		case '\\', '"', '/':
			b.WriteByte(s[i+1])
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		default:
			return "", "", false
		}
		s = s[i+2:]
	}
}

// literal reads a literal block: the lines that follow with more indentation than its key's, and blank ones.
func (r *blockReader) literal(indent int, line int64, strip bool) *Node {
	first := -1
	var b strings.Builder
	blank := 0
	for ; r.at < len(r.lines); r.at++ {
		l := r.lines[r.at]
		if l.text == "" {
			if l.whole != "" && len(l.whole) > first && first >= 0 || first < 0 && l.whole != "" {
				return r.strange() // spaces that are part of the text
			}
			blank++
			continue
		}
		if l.indent <= indent {
			break
		}
		if first < 0 {
			first = l.indent
		}
		if l.indent < first || (strip || r.cut) && strings.HasSuffix(l.whole, " ") {
			return r.strange()
		}
		for ; blank > 0; blank-- {
			b.WriteByte('\n')
		}
		b.WriteString(l.whole[first:])
		b.WriteByte('\n')
	}
	text := b.String()
	if first < 0 {
		return r.strange()
	}
	if strip || r.cut && r.at == len(r.lines) && blank == 0 {
		text = strings.TrimSuffix(text, "\n")
	}
	return r.node(Text, line, text)
}
