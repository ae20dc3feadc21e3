package sigma

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A mark is what one part of a pattern stands for.
type mark uint8

const (
	markText mark = iota // itself
	markAny              // "?": exactly one character
	markStar             // "*": any characters, or none
	markDash             // of windash: a hyphen or slash, or one of the dashes that Windows takes for it
	markHole             // of expand: a placeholder, its text the name
)

// A part is one piece of a pattern.
type part struct {
	mark mark
	text string
}

// A pattern is a string of a rule with its escapes resolved.
type pattern []part

// parsePattern reads the wildcards and escapes of a string value. A backslash makes *, ? and \ themselves and is
// itself before anything else.
// https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html#escaping
func parsePattern(s string) pattern {
	var p pattern
	if !strings.ContainsAny(s, `*?\`) {
		if s == "" {
			return nil
		}
		return pattern{{markText, s}}
	}
	var text []byte
	flush := func() {
		if len(text) > 0 {
			p = append(p, part{markText, string(text)})
			text = text[:0]
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '?' || s[i+1] == '\\'):
			i++
			text = append(text, s[i])
		case c == '*':
			flush()
			if len(p) == 0 || p[len(p)-1].mark != markStar {
				p = append(p, part{mark: markStar})
			}
		case c == '?':
			flush()
			p = append(p, part{mark: markAny})
		default:
			text = append(text, c)
		}
	}
	flush()
	return p
}

// String writes the pattern as a rule would.
func (p pattern) String() string {
	var b strings.Builder
	for _, t := range p {
		switch t.mark {
		case markText:
			for i := 0; i < len(t.text); i++ {
				c := t.text[i]
				if c == '*' || c == '?' || c == '\\' && (i+1 == len(t.text) || strings.IndexByte(`*?\`, t.text[i+1]) >= 0) {
					b.WriteByte('\\')
				}
				b.WriteByte(c)
			}
		case markAny:
			b.WriteByte('?')
		case markStar:
			b.WriteByte('*')
		case markDash:
			b.WriteString("[-/–—―]")
		case markHole:
			b.WriteString("%" + t.text + "%")
		}
	}
	return b.String()
}

// plain returns the text of a pattern without wildcards and whether it is one.
func (p pattern) plain() (string, bool) {
	switch {
	case len(p) == 0:
		return "", true
	case len(p) == 1 && p[0].mark == markText:
		return p[0].text, true
	}
	return "", false
}

// merged joins neighbouring texts and neighbouring stars.
func (p pattern) merged() pattern {
	var out pattern
	for _, t := range p {
		if n := len(out); n > 0 && out[n-1].mark == t.mark && (t.mark == markStar || t.mark == markText) {
			out[n-1].text += t.text
			continue
		}
		if t.mark == markText && t.text == "" {
			continue
		}
		out = append(out, t)
	}
	return out
}

// open adds a star before, after, or on both sides.
func (p pattern) open(before, after bool) pattern {
	out := make(pattern, 0, len(p)+2)
	if before {
		out = append(out, part{mark: markStar})
	}
	out = append(out, p...)
	if after {
		out = append(out, part{mark: markStar})
	}
	return out.merged()
}

// dashes are the characters that Windows command lines take for a hyphen before an option.
var dashes = [...]string{"-", "/", "–", "—", "―"}

// windash opens each hyphen or slash that begins a word to all dashes: the spec's "all permutations", which pySigma
// states as \B[-/]\b.
func (p pattern) windash() pattern {
	var out pattern
	for _, t := range p {
		if t.mark != markText {
			out = append(out, t)
			continue
		}
		from := 0
		word := false // the character before is part of a word
		for i, r := range t.text {
			if (r == '-' || r == '/') && !word {
				next, _ := utf8.DecodeRuneInString(t.text[i+1:])
				if i+1 < len(t.text) && wordRune(next) {
					out = append(out, part{markText, t.text[from:i]}, part{mark: markDash})
					from = i + 1
				}
			}
			word = wordRune(r)
		}
		out = append(out, part{markText, t.text[from:]})
	}
	return out.merged()
}

func wordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// maxAlternatives bounds what one value may be expanded to before it is encoded.
const maxAlternatives = 5 * 5 * 5 * 5 * 5

// spelled returns the pattern with every dash written out, one pattern for each combination.
func (p pattern) spelled() ([]pattern, error) {
	all := []pattern{nil}
	for _, t := range p {
		if t.mark != markDash {
			for i := range all {
				all[i] = append(all[i], t)
			}
			continue
		}
		if len(all)*len(dashes) > maxAlternatives {
			return nil, fmt.Errorf("windash makes more than %d values of %q", maxAlternatives, p)
		}
		next := make([]pattern, 0, len(all)*len(dashes))
		for _, a := range all {
			for _, d := range dashes {
				next = append(next, append(a[:len(a):len(a)], part{markText, d}))
			}
		}
		all = next
	}
	for i := range all {
		all[i] = all[i].merged()
	}
	return all, nil
}

// holes makes the %names% in the texts of a pattern placeholders.
func (p pattern) holes() pattern {
	var out pattern
	for _, t := range p {
		if t.mark != markText {
			out = append(out, t)
			continue
		}
		s := t.text
		for {
			i, j := hole(s)
			if i < 0 {
				break
			}
			out = append(out, part{markText, s[:i]}, part{markHole, s[i+1 : j]})
			s = s[j+1:]
		}
		out = append(out, part{markText, s})
	}
	return out.merged()
}

// hole finds the first %name%: its two percent signs, or -1. pySigma's names have no hyphen or dot; SigmaHQ's
// %DC-MACHINE-NAME% has, and to take it for text would make a rule that can never hold.
func hole(s string) (int, int) {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '%')
		if i < 0 {
			return -1, -1
		}
		i += from
		j := i + 1
		for j < len(s) {
			r, n := utf8.DecodeRuneInString(s[j:])
			if !wordRune(r) && r != '-' && r != '.' {
				break
			}
			j += n
		}
		if j > i+1 && j < len(s) && s[j] == '%' {
			return i, j
		}
		from = i + 1
	}
}

var errNoValues = errors.New("has no values")

// filled replaces placeholders by all their values, one pattern for each combination. The error names the placeholder
// that has no values.
func (p pattern) filled(values map[string][]string) ([]pattern, error) {
	all := []pattern{nil}
	for _, t := range p {
		if t.mark != markHole {
			for i := range all {
				all[i] = append(all[i], t)
			}
			continue
		}
		vs, ok := values[t.text]
		if !ok || len(vs) == 0 {
			return nil, (&flaw{err: fmt.Errorf("placeholder %%%s%% %w", t.text, errNoValues)}).hinted("give its values in the file of placeholders (expand)")
		}
		if len(all)*len(vs) > maxExpanded {
			return nil, fmt.Errorf("placeholders make more than %d values of %q", maxExpanded, p)
		}
		next := make([]pattern, 0, len(all)*len(vs))
		for _, a := range all {
			for _, v := range vs {
				next = append(next, append(a[:len(a):len(a)], parsePattern(v)...))
			}
		}
		all = next
	}
	for i := range all {
		all[i] = all[i].merged()
	}
	return all, nil
}

// maxExpanded bounds the values that placeholders make of one value.
const maxExpanded = 100_000
