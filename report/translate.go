package report

import (
	_ "embed"
	"fmt"
	"strings"
)

// The sentences of findings (why a level is as it is, what a step was, on what a link rests) are made where the findings are, in
// English. A catalogue has them as templates with holes, so that a report can say them in another language.

//go:embed french.tsv
var frenchTable string

// A catalogue is templates by class.
type catalogue map[string][]template

// A template is a sentence in English, and what it is in another language.
type template struct {
	pattern []piece // text and holes by turns; two holes never meet
	said    []piece
}

// A piece is a text, or a hole.
type piece struct {
	text string
	hole int // from 1; 0 for a text
	kind string
}

// Kinds of holes beside the classes.
const (
	anyText = ""  // set as a value
	numeral = "n" // digits, with a point or comma between them
	oneWord = "w" // without spaces, quotes and signs of a shell
	inPlain = "q" // in the translation: a text in plain type
	inWords = "s" // in the translation: a text that is said
)

// Bounds of the search for the template of one text. What needs more has none.
const (
	maxTries = 3_000
	maxDepth = 16
)

// compileCatalogue reads a table of templates: class, English and translation, parted by tabs; # begins a remark.
func compileCatalogue(table string) (catalogue, error) {
	c := catalogue{}
	for i, line := range strings.Split(strings.TrimSuffix(table, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		column := strings.Split(line, "\t")
		if len(column) != 3 {
			return nil, fmt.Errorf("line %d: %d columns, want class, English and translation", i+1, len(column))
		}
		t := template{pieces(column[1]), pieces(column[2])}
		for k := 1; k < len(t.pattern); k++ {
			if t.pattern[k].hole > 0 && t.pattern[k-1].hole > 0 {
				return nil, fmt.Errorf("line %d: two holes meet", i+1)
			}
		}
		for k := range t.said {
			p := &t.said[k]
			if p.hole > 0 && t.kindOf(p.hole) == "?" {
				return nil, fmt.Errorf("line %d: hole %d is not in the English", i+1, p.hole)
			}
		}
		c[column[0]] = append(c[column[0]], t)
	}
	for class, all := range c {
		for i := range all {
			for _, p := range all[i].pattern {
				if _, ok := c[p.kind]; p.hole > 0 && !ok && p.kind != anyText && p.kind != numeral && p.kind != oneWord {
					return nil, fmt.Errorf("class %s: there is no class %s", class, p.kind)
				}
			}
		}
	}
	return c, nil
}

// pieces cuts a template at its holes, {N} or {N:KIND}.
func pieces(s string) (all []piece) {
	for s != "" {
		at := strings.IndexByte(s, '{')
		if at < 0 {
			return append(all, piece{text: s})
		}
		if at > 0 {
			all = append(all, piece{text: s[:at]})
		}
		inside, rest, _ := strings.Cut(s[at+1:], "}")
		n, kind, _ := strings.Cut(inside, ":")
		all = append(all, piece{hole: int(n[0] - '0'), kind: kind})
		s = rest
	}
	return all
}

// kindOf is the kind of a hole of the pattern, "?" if there is none.
func (t *template) kindOf(hole int) string {
	for i := range t.pattern {
		if t.pattern[i].hole == hole {
			return t.pattern[i].kind
		}
	}
	return "?"
}

// A search looks for the template of one text.
type search struct {
	c     catalogue
	tries int
}

// translate says a text of a class; ok is false where no template fits. What stands in holes is never taken for a sentence, but
// where the hole is of a class.
func (c catalogue) translate(class, s string) (_ text, ok bool) {
	f := search{c, maxTries}
	return f.class(class, s, 0)
}

func (f *search) class(class, s string, depth int) (text, bool) {
	if depth > maxDepth {
		return nil, false
	}
	all := f.c[class]
	for i := range all {
		t := &all[i]
		if first := &t.pattern[0]; first.hole == 0 && !strings.HasPrefix(s, first.text) {
			continue
		}
		if last := &t.pattern[len(t.pattern)-1]; last.hole == 0 && !strings.HasSuffix(s, last.text) {
			continue
		}
		if f.tries--; f.tries < 0 {
			return nil, false
		}
		var holes [10]string
		var said [10]text
		if f.fit(t, t.pattern, s, &holes, &said, depth) {
			return t.render(&holes, &said), true
		}
	}
	return nil, false
}

// fit fills the holes of what is left of a template from what is left of a text, the shortest texts first.
func (f *search) fit(t *template, rest []piece, s string, holes *[10]string, said *[10]text, depth int) bool {
	if len(rest) == 0 {
		return s == "" && f.nested(t, holes, said, depth)
	}
	p := &rest[0]
	if p.hole == 0 {
		after, ok := strings.CutPrefix(s, p.text)
		return ok && f.fit(t, rest[1:], after, holes, said, depth)
	}
	if len(rest) == 1 {
		holes[p.hole] = s
		return takes(p.kind, s) && f.nested(t, holes, said, depth)
	}
	next := rest[1].text
	for from := 1; from < len(s); {
		at := strings.Index(s[from:], next)
		if at < 0 {
			return false
		}
		if f.tries--; f.tries < 0 {
			return false
		}
		at += from
		holes[p.hole] = s[:at]
		if takes(p.kind, s[:at]) && f.fit(t, rest[2:], s[at+len(next):], holes, said, depth) {
			return true
		}
		from = at + 1
	}
	return false
}

// nested says what stands in the holes that are of a class.
func (f *search) nested(t *template, holes *[10]string, said *[10]text, depth int) bool {
	for i := range t.pattern {
		p := &t.pattern[i]
		if p.hole == 0 || p.kind == anyText || p.kind == numeral || p.kind == oneWord {
			continue
		}
		x, ok := f.class(p.kind, holes[p.hole], depth+1)
		if !ok {
			return false
		}
		said[p.hole] = x
	}
	return true
}

// takes says whether a hole of a kind can hold a text.
func takes(kind, s string) bool {
	switch {
	case s == "":
		return false
	case kind == numeral:
		return strings.Trim(s, "0123456789.,") == "" && strings.Trim(s, ".,") == s
	case kind == oneWord:
		return !strings.ContainsAny(s, " \t\r\n\"'`;|&<>,")
	}
	return true
}

func (t *template) render(holes *[10]string, said *[10]text) text {
	var out text
	for i := range t.said {
		p := &t.said[i]
		switch kind := t.kindOf(p.hole); {
		case p.hole == 0:
			out = append(out, say(p.text)...)
		case said[p.hole] != nil:
			out = append(out, said[p.hole]...)
		case kind == numeral:
			out = append(out, say(strings.ReplaceAll(holes[p.hole], ".", ","))...)
		case p.kind == inPlain:
			out = append(out, quote(holes[p.hole]))
		case p.kind == inWords:
			out = append(out, say(shorten(holes[p.hole], maxShown))...)
		default:
			out = append(out, val(holes[p.hole]))
		}
	}
	return out
}

// tell says a sentence of a finding in the language: as it is in English, else by the catalogue. One that has no template there is
// shown in English, and marked.
func (w *words) tell(class, s string) text {
	if w.catalogue == nil || s == "" {
		return say(quote(s))
	}
	if t, ok := w.catalogue.translate(class, s); ok {
		return t
	}
	return fill(w.untranslated, quote(s))
}

// skipped is why a file was not read; as it was told where the language has no words for it.
func (w *words) skipped(why string) text {
	if w.catalogue != nil {
		if t, ok := w.catalogue.translate("skip", why); ok {
			return t
		}
	}
	return say(quote(shorten(why, 120)))
}

// Names of what a word is called: an entity's kind.
func (w *words) entity(kind string) text {
	if w.catalogue == nil {
		return say(quote(kind))
	}
	if t, ok := w.catalogue.translate("kind", kind); ok {
		return t
	}
	return say(quote(kind))
}
