package sigma

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// A lintItem is one line of a search as Lint sees it.
type lintItem struct {
	field  string
	line   int64
	mods   []string // in small letters
	values []*Node
}

// has says whether any of the modifiers is there.
func (it *lintItem) has(mods ...string) bool {
	return slices.ContainsFunc(mods, func(m string) bool { return slices.Contains(it.mods, m) })
}

// plain says whether values are compared as text, wildcards and all.
func (it *lintItem) plain() bool {
	return !it.has("re", "cidr", "fieldref", "exists", "lt", "lte", "gt", "gte", "minute", "hour", "day", "week", "month", "year", "expand")
}

// item checks one line of a search.
func (l *linter) item(key Key, v *Node) {
	field, rest, piped := strings.Cut(key.Name, "|")
	it := &lintItem{field: field, line: key.Line, values: []*Node{v}}
	if v.Kind == List {
		it.values = v.Items
	}
	if strings.IndexByte(strings.TrimSpace(field), ' ') >= 0 || strings.TrimSpace(field) != field {
		l.report("field-space", key.Line, "spaces in names do not count here, elsewhere they may", "the field %q", clip(field, 60))
	}
	if piped {
		for _, m := range strings.Split(rest, "|") {
			low := strings.ToLower(strings.TrimSpace(m))
			if low != m {
				l.report("modifier-case", key.Line, "write "+low, "the modifier %s", clip(m, 40))
			}
			it.mods = append(it.mods, low)
		}
	}
	l.modifiers(it)
	l.wildcards(it)
	for _, n := range it.values {
		if n.Kind == Text || n.Kind == Number {
			l.value(it, n)
		}
	}
	l.values(it)
}

// modifiers checks what stands together.
func (l *linter) modifiers(it *lintItem) {
	n := len(it.values)
	if it.has("all") && n < 2 {
		l.report("all-single", it.line, "leave all out", "all with a single value")
	}
	if it.field != "" && it.has("all") && n > 1 && it.plain() && !it.has("contains", "startswith", "endswith") &&
		!slices.ContainsFunc(it.values, func(v *Node) bool { return strings.ContainsAny(v.Text, "*?") }) {
		l.report("all-without-contains", it.line, "add contains", "%s cannot be equal to %d values at once", clip(it.field, 60), n)
	}
	if it.has("base64offset") && !it.has("contains") {
		l.report("base64offset-contains", it.line, "the encoded value is always part of a longer one: add contains", "base64offset without contains")
	}
	if it.has("windash") && it.has("all") {
		l.report("windash-all", it.line, "", "windash with all")
	}
	if it.has("cased") && !slices.ContainsFunc(it.values, func(v *Node) bool { return strings.ContainsFunc(v.Text, unicode.IsLetter) }) {
		l.report("cased-without-letters", it.line, "leave cased out", "cased, but no letters")
	}
}

// wildcards checks whether stars do what a modifier is for.
func (l *linter) wildcards(it *lintItem) {
	if !it.plain() || it.has("contains", "startswith", "endswith", "base64", "base64offset") {
		return
	}
	before, after, both := 0, 0, 0
	for _, v := range it.values {
		if v.Kind != Text {
			return
		}
		p := parsePattern(v.Text)
		first, last := len(p) > 1 && p[0].mark == markStar, len(p) > 1 && p[len(p)-1].mark == markStar
		body := p
		if first {
			body = body[1:]
		}
		if last {
			body = body[:len(body)-1]
		}
		if _, ok := body.plain(); !ok || len(body) == 0 {
			return
		}
		switch {
		case first && last:
			both++
		case first:
			before++
		case last:
			after++
		}
	}
	n := len(it.values)
	switch {
	case it.field == "" && both+before+after > 0:
		l.report("wildcard-keyword", it.line, "leave the stars out", "keywords with stars")
	case it.field == "" || n == 0:
	case both == n:
		l.report("wildcard-for-contains", it.line, "write "+clip(it.field, 60)+"|contains and leave the stars out", "all values begin and end with *")
	case before == n:
		l.report("wildcard-for-endswith", it.line, "write "+clip(it.field, 60)+"|endswith and leave the star out", "all values begin with *")
	case after == n:
		l.report("wildcard-for-startswith", it.line, "write "+clip(it.field, 60)+"|startswith and leave the star out", "all values end with *")
	}
}

// value checks a single value.
func (l *linter) value(it *lintItem, n *Node) {
	s := n.Text
	shown := clip(s, 60)
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		l.report("control-character", n.Line, `in double quotes, write \\ for a backslash, or use single quotes`, "a control character in %q", shown)
	}
	if it.has("re") {
		l.regex(it, n)
		return
	}
	if !it.plain() {
		return
	}
	p := parsePattern(s)
	switch {
	case s == "*" && it.field != "" && len(it.mods) == 0:
		l.report("wildcard-only", n.Line, "write "+clip(it.field, 60)+"|exists: true", "the value *")
	case strings.Contains(s, "**") && !strings.Contains(s, `\*`):
		l.report("wildcard-double", n.Line, "one is enough", "** in %q", shown)
	case len(p) > 1 && (p[0].mark == markStar && it.has("contains", "endswith") || p[len(p)-1].mark == markStar && it.has("contains", "startswith")):
		l.report("wildcard-redundant", n.Line, "leave the star out", "a star at the open end of %q", shown)
	}
	if slices.ContainsFunc(p, func(t part) bool { return t.mark == markText && strings.ContainsAny(t.text, "*?") }) {
		l.report("wildcard-escaped", n.Line, "is it meant to be the character itself?", "an escaped wildcard in %q", shown)
	}
	if strings.HasSuffix(s, ".*") && strings.Trim(s, "0123456789.*") == "" && !it.has("contains") {
		l.report("wildcard-network", n.Line, "write the network with cidr", "the network %q", shown)
	}
	if n.Kind == Text && len(it.mods) == 0 && s != "" && len(s) < 19 && strings.Trim(s, "0123456789") == "" && (s[0] != '0' || s == "0") {
		l.report("number-as-text", n.Line, "write it without quotes", "the number %q in quotes", shown)
	}
	if n.Kind == Text && len(s) == 1 && s != "*" && (it.has("contains") || it.field == "" && !it.has("startswith", "endswith")) && !it.has("all") {
		l.report("short-value", n.Line, "", "nearly every value contains %q", s)
	}
	if s != strings.TrimSpace(s) && !it.has("contains", "base64", "base64offset") && it.field != "" &&
		!(it.has("startswith") && s[0] != ' ') && !(it.has("endswith") && s[len(s)-1] != ' ') {
		l.report("value-space", n.Line, "", "a space at an end of %q", shown)
	}
	switch it.field {
	case "Image", "ParentImage", "SourceImage", "TargetImage", "NewProcessName", "ParentProcessName":
		if it.has("endswith") && strings.HasSuffix(strings.ToLower(s), ".exe") && !strings.ContainsAny(s, `\/*?`) {
			l.report("open-file-name", n.Line, `write \`+shown, "%q also takes names that are longer", shown)
		}
	case "Hashes", "Hash":
		l.hash(n)
	}
	if strings.Contains(strings.ToLower(it.field), "user") && (strings.Contains(s, "NT AUTHORITY") || strings.Contains(s, "AUTORITE NT")) {
		l.report("local-user", n.Line, "Windows translates it: write AUTHORI and AUTORI with contains, or the SID", "the account %q", shown)
	}
}

// hash checks the length of "MD5=…".
func (l *linter) hash(n *Node) {
	kind, digits, ok := strings.Cut(n.Text, "=")
	want := map[string]int{"MD5": 32, "SHA1": 40, "SHA256": 64, "IMPHASH": 32}[strings.ToUpper(kind)]
	if ok && want > 0 && digits != "" && (len(digits) != want || strings.Trim(strings.ToLower(digits), "0123456789abcdef") != "") && !strings.ContainsAny(digits, "*?") {
		l.report("hash-value", n.Line, "", "%s is no %s of %d hexadecimal digits", clip(digits, 70), kind, want)
	}
}

// regex checks a regular expression.
func (l *linter) regex(it *lintItem, n *Node) {
	re, err := syntax.Parse(n.Text, syntax.Perl)
	if err != nil {
		return // a fault of Compile
	}
	subs := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		subs = re.Sub
	}
	anything := func(r *syntax.Regexp) bool {
		return r.Op == syntax.OpStar && (r.Sub[0].Op == syntax.OpAnyChar || r.Sub[0].Op == syntax.OpAnyCharNotNL)
	}
	body := subs
	for len(body) > 0 && (anything(body[0]) || body[0].Op == syntax.OpBeginText) {
		body = body[1:]
	}
	for len(body) > 0 && (anything(body[len(body)-1]) || body[len(body)-1].Op == syntax.OpEndText) {
		body = body[:len(body)-1]
	}
	shown := clip(n.Text, 60)
	if len(body) == 1 && body[0].Op == syntax.OpLiteral && !it.has("i", "ignorecase") && body[0].Flags&syntax.FoldCase == 0 {
		l.report("regex-needless", n.Line, "use contains, startswith, endswith or none of them, with cased if case matters", "%q is plain text", shown)
		return
	}
	if len(subs) > 1 && (anything(subs[0]) || anything(subs[len(subs)-1])) {
		l.report("regex-open", n.Line, "leave it out: expressions may hold anywhere in a value", "%q begins or ends with .*", shown)
	}
	if !it.has("i", "ignorecase") && mindsCase(re) {
		l.report("regex-case", n.Line, "add |i, unless case matters", "%q minds case", shown)
	}
}

// mindsCase says whether an expression has a letter that is only taken in one case.
func mindsCase(re *syntax.Regexp) bool {
	if re.Op == syntax.OpLiteral && re.Flags&syntax.FoldCase == 0 {
		return slices.ContainsFunc(re.Rune, unicode.IsLetter)
	}
	return slices.ContainsFunc(re.Sub, mindsCase)
}

// maxCover bounds the lists whose values are compared with each other.
const maxCover = 300

// values checks the values of a list against each other.
func (l *linter) values(it *lintItem) {
	seen := map[string]bool{}
	fold := !it.has("re", "cased", "base64", "base64offset")
	texts := make([]string, len(it.values))
	for i, v := range it.values {
		if v.Kind == Null {
			if len(it.values) > 1 {
				l.report("null-in-list", v.Line, "other tools refuse it: write a second search with null alone", "null in a list")
			}
			continue
		}
		s := v.Text
		if fold {
			s = strings.ToLower(s)
		}
		texts[i] = s
		if seen[s] {
			l.report("duplicate-value", v.Line, "", "%q is there twice", clip(v.Text, 60))
		}
		seen[s] = true
	}
	open := map[string]func(string, string) bool{"contains": strings.Contains, "startswith": strings.HasPrefix, "endswith": strings.HasSuffix}
	for mod, covers := range open {
		if !it.has(mod) || it.has("all", "re", "base64offset", "base64", "fieldref", "expand", "wide", "utf16", "utf16le", "utf16be", "windash") || len(texts) > maxCover {
			continue
		}
		for i, long := range texts {
			for k, short := range texts {
				if i != k && short != "" && len(short) < len(long) && !strings.ContainsAny(short+long, "*?") && covers(long, short) {
					l.report("covered-value", it.values[i].Line, "leave it out", "%q is covered by %q", clip(it.values[i].Text, 60), clip(it.values[k].Text, 60))
					break
				}
			}
		}
	}
}
