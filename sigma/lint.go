package sigma

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// A Severity is how much a finding matters.
type Severity uint8

// The severities in rising order.
const (
	Note    Severity = iota // style, and what SigmaHQ asks of its rules
	Warning                 // probably not what was meant
	Mistake                 // does not do what it says, or is against the specification
)

// String names the severity: note, warning or error.
func (s Severity) String() string { return [...]string{"note", "warning", "error"}[min(s, Mistake)] }

// A Finding is something about a rule that its author should look at. The rule may load all the same: what cannot be
// loaded is a Fault of Parse or Compile.
type Finding struct {
	File     string
	Line     int64
	Rule     string // how the rule is called
	Check    string // as Checks has it
	Severity Severity
	Text     string
	Hint     string // what to do; may be empty
}

// String is the finding on one line.
func (f Finding) String() string {
	s := fmt.Sprintf("%s:%d: %s: %s [%s]", f.File, f.Line, f.Severity, f.Text, f.Check)
	if f.Hint != "" {
		s += " (" + f.Hint + ")"
	}
	return s
}

// A File is a rule file to look over.
type File struct {
	Name string
	Data []byte
}

// Lint looks over rule files as one collection and returns what it finds, in the order of files and lines. It has the
// checks of pySigma, SigmaHQ's validators and RSigma's linter that find mistakes, and their house rules as notes.
// A comment "# lint: allow CHECK" turns a check off for the document that it stands in.
//
// known says whether readers give a field, and otherwise which one was probably meant, "" if none is near; nil: fields are
// not looked at.
func Lint(files []File, known func(field string) (meant string, ok bool)) []Finding {
	l := &linter{severity: map[string]Severity{}, known: known}
	for _, c := range Checks() {
		l.severity[c.Name] = c.Severity
	}
	for _, f := range files {
		l.read(f)
	}
	for i := range l.pages {
		l.page = &l.pages[i]
		l.text()
		if l.page.node.Kind != Map {
			continue
		}
		l.fileName()
		l.metadata()
		l.dates()
		l.references()
		l.related()
		l.tags()
		l.source()
		l.fields()
		if r := l.page.rule; r != nil {
			switch {
			case r.Detection != nil:
				l.detection(r.Detection)
			case r.Correlation != nil:
				l.correlation(r.Correlation)
			case r.Filter != nil:
				l.detection(&r.Filter.Detection)
				l.filter(r.Filter)
			}
		}
	}
	l.collection()
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(l.found)
}

// A page is one YAML document of a rule file.
type page struct {
	file  string
	line  int64
	data  []byte
	first bool // of its file
	node  *Node
	rule  *Rule // nil where Parse has a fault
	draft *Rule // what could be read of it all the same
	label string
	allow []string // checks that are turned off
}

type linter struct {
	severity map[string]Severity
	known    func(field string) (meant string, ok bool)
	pages    []page
	page     *page
	found    []Finding
}

// read cuts a file into pages; what is no YAML is left to Parse.
func (l *linter) read(f File) {
	data := bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf"))
	first := true
	for line := int64(1); len(data) > 0; {
		var doc []byte
		doc, data = cutDocument(data)
		if n, _, err := document(doc, line); err == nil && n != nil {
			p := page{file: f.Name, line: line, data: doc, first: first, node: n}
			first = false
			var faults []*tocsin.Fault
			if p.draft, faults = ruleOf(f.Name, n); len(faults) == 0 {
				p.rule = p.draft
			}
			p.label = n.At("title").Scalar()
			for _, key := range [...]string{"name", "id"} {
				if p.label == "" {
					p.label = n.At(key).Scalar()
				}
			}
			l.pages = append(l.pages, p)
		}
		line += int64(bytes.Count(doc, []byte{'\n'}))
	}
}

// report notes a finding of the page, unless its check is turned off there.
func (l *linter) report(check string, line int64, hint, format string, args ...any) {
	l.reportAs(l.severity[check], check, line, hint, format, args...)
}

func (l *linter) reportAs(s Severity, check string, line int64, hint, format string, args ...any) {
	if slices.Contains(l.page.allow, check) {
		return
	}
	if line == 0 {
		line = l.page.node.Line
	}
	l.found = append(l.found, Finding{File: l.page.file, Line: line, Rule: l.page.label, Check: check, Severity: s,
		Text: fmt.Sprintf(format, args...), Hint: hint})
}

// at is the value of a top-level key, and its line.
func (l *linter) at(key string) (*Node, int64) {
	n := l.page.node.At(key)
	if n == nil {
		return nil, l.page.node.Line
	}
	for _, k := range l.page.node.Keys {
		if k.Name == key {
			return n, k.Line
		}
	}
	return n, n.Line
}

// text looks at the document as it is written: what turns checks off, and characters that cannot be seen.
func (l *linter) text() {
	l.page.allow = nil
	lines := strings.Split(string(l.page.data), "\n")
	for _, s := range lines {
		if _, names, ok := strings.Cut(s, "# lint: allow "); ok {
			l.page.allow = append(l.page.allow, strings.FieldsFunc(names, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })...)
		}
	}
	count, first, which := 0, int64(0), rune(0)
	for i, s := range lines {
		for at := 0; at < len(s); {
			r, n := utf8.DecodeRuneInString(s[at:])
			at += n
			if r == utf8.RuneError && n == 1 || unseen(r) {
				if count++; count == 1 {
					first, which = l.page.line+int64(i), r
				}
			}
		}
	}
	switch {
	case count == 0:
	case which == utf8.RuneError:
		l.report("invisible-character", first, "save the file as UTF-8", "bytes that are no UTF-8, %d in all", count)
	default:
		l.report("invisible-character", first, `where it is meant, write its number in double quotes, as in "\u200b"`, "the invisible character U+%04X, %d such in all", which, count)
	}
}

// fields finds the fields that no reader gives: names that are near one that a reader does are probably mistyped, others
// may be those of a log of JSON.
func (l *linter) fields() {
	if l.known == nil || l.page.draft == nil {
		return
	}
	told := map[string]bool{"": true}
	l.page.draft.eachField(func(name string, line int64) {
		if told[name] {
			return
		}
		told[name] = true
		meant, ok := l.known(name)
		switch {
		case ok:
		case meant != "":
			l.report("field-unknown", line, "did you mean "+meant+"?", "no reader gives this: a field %q", clip(name, 100))
		default:
			l.reportAs(Note, "field-unknown", line, "it is found only in logs that have it under this very name", "no reader names a field %q", clip(name, 100))
		}
	})
}

// unseen says whether a character cannot be told from nothing or from a plain space: formats such as zero-width and
// direction marks, and spaces of other kinds.
func unseen(r rune) bool {
	if r < 0x80 {
		return r < ' ' && r != '\t' && r != '\r' || r == 0x7f
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r) || unicode.IsSpace(r) ||
		r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0 // Hangul fillers
}

// fileName checks the name of the file, once.
func (l *linter) fileName() {
	if !l.page.first {
		return
	}
	name := l.page.file[strings.LastIndexAny(l.page.file, `/\`)+1:]
	base, isYAML := strings.CutSuffix(name, ".yml")
	if !isYAML {
		l.report("file-name", 1, "name it .yml", "the file %s does not end in .yml", clip(name, 100))
		return
	}
	if strings.Trim(base, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		l.report("file-name", 1, "small letters, digits and _", "the file name %s", clip(name, 100))
	}
	if len(name) < 10 || len(name) > 90 {
		l.report("file-name-length", 1, "10 to 90 characters", "the file name %s has %d characters", clip(name, 100), len(name))
	}
}

// collection checks what must be told apart in a collection.
func (l *linter) collection() {
	unique := func(check, what string, name func(*page) (string, int64)) {
		seen := map[string]*page{}
		for i := range l.pages {
			p := &l.pages[i]
			n, line := name(p)
			if n == "" || p.node.Kind != Map {
				continue
			}
			l.page = p
			if first := seen[n]; first != nil {
				if first.file != p.file || first.line != p.line {
					l.report(check, line, "", "the %s %s is also that of %s:%d", what, clip(n, 120), first.file, first.node.Line)
				}
				continue
			}
			seen[n] = p
		}
	}
	key := func(k string) func(*page) (string, int64) {
		return func(p *page) (string, int64) {
			n := p.node.At(k)
			if n == nil {
				return "", 0
			}
			if k == "id" {
				return strings.ToLower(n.Text), n.Line
			}
			return n.Text, n.Line
		}
	}
	unique("duplicate-id", "id", key("id"))
	unique("duplicate-title", "title", key("title"))
	unique("duplicate-name", "name", key("name"))
	unique("duplicate-file-name", "file name", func(p *page) (string, int64) {
		if !p.first {
			return "", 0
		}
		return p.file[strings.LastIndexAny(p.file, `/\`)+1:], 1
	})
}
