package sigma

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An operator joins the parts of a formula.
type operator uint8

const (
	opSearch operator = iota // a named search
	opAnd
	opOr
	opNot
	opAtLeast // at least count of kids
)

// A formula is a parsed condition. Quantifiers are resolved: "1 of x*" is an opOr of searches, "all of x*" an opAnd.
type formula struct {
	op    operator
	kids  []*formula
	name  string // of opSearch
	count int    // of opAtLeast
}

const (
	maxCondition      = 64 << 10 // bytes
	maxConditionDepth = 200
	maxSelected       = 10_000 // searches that the quantifiers of a condition stand for
)

// parseCondition reads a condition over the searches of d.
//
// Binding from loose to tight: or, and, not, "x of", parentheses. Keywords are taken in any case.
// https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html#condition
func parseCondition(text string, d *Detection) (*formula, error) {
	if len(text) > maxCondition {
		return nil, flawf(d.Line, "condition of more than %d bytes", maxCondition)
	}
	if strings.IndexByte(text, '|') >= 0 {
		return nil, flawf(d.Line, "aggregation %q: the pipe was removed from Sigma conditions", strings.TrimSpace(text[strings.IndexByte(text, '|'):])).
			hinted("write a correlation rule (event_count, value_count, temporal) over this one")
	}
	p := &conditionParser{d: d, words: conditionWords(text)}
	f, err := p.or(0)
	if err == nil && p.pos < len(p.words) {
		err = fmt.Errorf("unexpected %q", p.words[p.pos])
		if p.words[p.pos] != ")" {
			err = fmt.Errorf("%w: and, or or the end expected before it", err)
		}
	}
	if err != nil {
		return nil, at(fmt.Errorf("condition %q: %w", clip(text, 200), err), d.Line)
	}
	if f = f.left(d); f == nil {
		return nil, flawf(d.Line, "condition %q: nothing is left of it: a pipeline dropped all that it asks for", clip(text, 200)).
			hinted("narrow drop_detection_item by conditions, or refuse the rule with rule_failure")
	}
	return f, nil
}

// left is a formula without the searches of which a pipeline left nothing; nil if none is left.
func (f *formula) left(d *Detection) *formula {
	if f.op == opSearch {
		if d.Search(f.name) == nil {
			return nil
		}
		return f
	}
	var kids []*formula
	for _, k := range f.kids {
		if k = k.left(d); k != nil {
			kids = append(kids, k)
		}
	}
	if len(kids) == 0 {
		return nil
	}
	f.kids = kids
	return f
}

// clip shortens text for a message, to n bytes at most and whole characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// conditionWords cuts a condition into parentheses and words.
func conditionWords(text string) []string {
	var words []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')':
			words = append(words, text[i:i+1])
			i++
		default:
			j := i
			for j < len(text) && !strings.ContainsRune(" \t\r\n()", rune(text[j])) {
				j++
			}
			words = append(words, text[i:j])
			i = j
		}
	}
	return words
}

type conditionParser struct {
	d     *Detection
	words []string
	pos   int
	count int // searches that quantifiers stood for
}

// keyword takes the next word if it is w in any case.
func (p *conditionParser) keyword(w string) bool {
	if p.pos < len(p.words) && strings.EqualFold(p.words[p.pos], w) {
		p.pos++
		return true
	}
	return false
}

func (p *conditionParser) or(depth int) (*formula, error) {
	return p.chain(depth, "or", opOr, p.and)
}

func (p *conditionParser) and(depth int) (*formula, error) {
	return p.chain(depth, "and", opAnd, p.not)
}

func (p *conditionParser) chain(depth int, word string, op operator, next func(int) (*formula, error)) (*formula, error) {
	f, err := next(depth)
	if err != nil {
		return nil, err
	}
	if !p.keyword(word) {
		return f, nil
	}
	f = &formula{op: op, kids: []*formula{f}}
	for {
		k, err := next(depth)
		if err != nil {
			return nil, err
		}
		f.kids = append(f.kids, k)
		if !p.keyword(word) {
			return f, nil
		}
	}
}

func (p *conditionParser) not(depth int) (*formula, error) {
	if depth > maxConditionDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxConditionDepth)
	}
	if p.keyword("not") {
		f, err := p.not(depth + 1)
		if err != nil {
			return nil, err
		}
		return &formula{op: opNot, kids: []*formula{f}}, nil
	}
	return p.operand(depth)
}

func (p *conditionParser) operand(depth int) (*formula, error) {
	if p.pos >= len(p.words) {
		return nil, fmt.Errorf("ends where a search is expected")
	}
	w := p.words[p.pos]
	p.pos++
	switch {
	case w == "(":
		f, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.keyword(")") {
			return nil, fmt.Errorf("a parenthesis is not closed")
		}
		return f, nil
	case w == ")":
		return nil, fmt.Errorf("unexpected %q where a search is expected", w)
	case p.pos < len(p.words) && strings.EqualFold(p.words[p.pos], "of"):
		p.pos++
		return p.quantified(w)
	case p.d.has(w):
		return &formula{op: opSearch, name: w}, nil
	case strings.EqualFold(w, "and") || strings.EqualFold(w, "or"):
		return nil, fmt.Errorf("unexpected %q where a search is expected", w)
	case strings.EqualFold(w, "near"):
		return nil, (&flaw{err: fmt.Errorf("near was removed from Sigma conditions")}).hinted("write a temporal correlation rule")
	case strings.IndexByte(w, '*') >= 0:
		return nil, fmt.Errorf("%q without a quantifier: write 1 of %s or all of %s", w, w, w)
	}
	return nil, fmt.Errorf("search %q is not defined", w)
}

// quantified resolves "q of pattern"; the word after "of" is next.
func (p *conditionParser) quantified(q string) (*formula, error) {
	if p.pos >= len(p.words) || p.words[p.pos] == "(" || p.words[p.pos] == ")" {
		return nil, fmt.Errorf("%q of what: them or the names of searches expected", q)
	}
	pattern := p.words[p.pos]
	p.pos++
	var kids []*formula
	for _, s := range p.d.Searches {
		if selects(pattern, s.Name) {
			kids = append(kids, &formula{op: opSearch, name: s.Name})
		}
	}
	if len(kids) == 0 {
		return nil, fmt.Errorf("%q of %q: no search has such a name", q, pattern)
	}
	if p.count += len(kids); p.count > maxSelected {
		return nil, fmt.Errorf("quantifiers over more than %d searches", maxSelected)
	}
	n, err := strconv.Atoi(q)
	switch {
	case strings.EqualFold(q, "all"):
		return joined(opAnd, kids), nil
	case strings.EqualFold(q, "any") || n == 1 && err == nil:
		return joined(opOr, kids), nil
	case err != nil || n < 1:
		return nil, fmt.Errorf("quantifier %q: 1, any, all or a number expected", q)
	case n > len(kids):
		return nil, fmt.Errorf("%q of %q: only %d searches have such names", q, pattern, len(kids))
	case n == len(kids):
		return joined(opAnd, kids), nil
	}
	return &formula{op: opAtLeast, kids: kids, count: n}, nil
}

// selects says that a quantifier's pattern is about a search: "them" is about all but those whose names begin with
// an underscore, as is a pattern that does not itself begin with one.
func selects(pattern, name string) bool {
	if strings.EqualFold(pattern, "them") {
		return !strings.HasPrefix(name, "_")
	}
	if strings.HasPrefix(name, "_") && !strings.HasPrefix(pattern, "_") {
		return false
	}
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	if !strings.HasPrefix(name, first) {
		return false
	}
	name = name[len(first):]
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}

// joined is the and or or of kids; of one it is that one.
func joined(op operator, kids []*formula) *formula {
	if len(kids) == 1 {
		return kids[0]
	}
	return &formula{op: op, kids: kids}
}
