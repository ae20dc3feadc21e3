package sigma_test

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A naive evaluator reads a rule as it is written, for every event anew: no compiled form, no index, nothing shared
// with what it is the oracle of. It knows only rules that compile.
type naive struct {
	expand  map[string][]string
	regexes map[string]*regexp.Regexp
	likes   map[string][]rune // parsed patterns
	seen    map[string][]rune // values of the last events
}

func newNaive() *naive {
	return &naive{regexes: map[string]*regexp.Regexp{}, likes: map[string][]rune{}, seen: map[string][]rune{}}
}

// Runes beyond Unicode stand for what is no character; a byte b of no UTF-8 is rawByte+b.
const (
	anyChar = unicode.MaxRune + 1 + iota
	anyText
	anyDash
	rawByte = unicode.MaxRune + 1000
)

var parens = strings.NewReplacer("(", " ( ", ")", " ) ")

func (o *naive) applies(r *sigma.Rule, ev *tocsin.Event) bool {
	for _, s := range ev.Sources {
		if r.Source.Covers(s) {
			return true
		}
	}
	return r.Source == tocsin.LogSource{}
}

func (o *naive) holds(r *sigma.Rule, ev *tocsin.Event) bool {
	for _, c := range r.Detection.Conditions {
		words := strings.Fields(parens.Replace(c))
		ok, rest := o.or(words, r.Detection, ev, true)
		if len(rest) > 0 {
			panic("condition " + c)
		}
		if ok {
			return true
		}
	}
	return false
}

// The parts of a condition are evaluated as they are read; want is false where the outcome is known already.
func (o *naive) or(w []string, d *sigma.Detection, ev *tocsin.Event, want bool) (bool, []string) {
	ok, w := o.and(w, d, ev, want)
	for len(w) > 0 && strings.EqualFold(w[0], "or") {
		var next bool
		next, w = o.and(w[1:], d, ev, want && !ok)
		ok = ok || next
	}
	return ok, w
}

func (o *naive) and(w []string, d *sigma.Detection, ev *tocsin.Event, want bool) (bool, []string) {
	ok, w := o.not(w, d, ev, want)
	for len(w) > 0 && strings.EqualFold(w[0], "and") {
		var next bool
		next, w = o.not(w[1:], d, ev, want && ok)
		ok = ok && next
	}
	return ok, w
}

func (o *naive) not(w []string, d *sigma.Detection, ev *tocsin.Event, want bool) (bool, []string) {
	switch {
	case strings.EqualFold(w[0], "not"):
		ok, w := o.not(w[1:], d, ev, want)
		return !ok, w
	case w[0] == "(":
		ok, w := o.or(w[1:], d, ev, want)
		return ok, w[1:]
	case len(w) > 2 && strings.EqualFold(w[1], "of"):
		return want && o.quantified(w[0], w[2], d, ev), w[3:]
	}
	return want && o.search(d.Search(w[0]), ev), w[1:]
}

func (o *naive) quantified(q, pattern string, d *sigma.Detection, ev *tocsin.Event) bool {
	var named []*sigma.Node
	for _, s := range d.Searches {
		under := strings.HasPrefix(s.Name, "_") && !strings.HasPrefix(pattern, "_")
		if !under && (strings.EqualFold(pattern, "them") || like(o.pattern(pattern), runesOf(s.Name), true)) {
			named = append(named, s.Value)
		}
	}
	need := 1
	if n, err := strconv.Atoi(q); err == nil {
		need = n
	} else if strings.EqualFold(q, "all") {
		need = len(named)
	}
	for i, n := range named {
		if len(named)-i < need {
			break
		}
		if o.search(n, ev) {
			need--
		}
		if need == 0 {
			return true
		}
	}
	return false
}

func (o *naive) search(n *sigma.Node, ev *tocsin.Event) bool {
	switch n.Kind {
	case sigma.Map:
		for i, k := range n.Keys {
			if !o.item(k.Name, n.Items[i], ev) {
				return false
			}
		}
		return true
	case sigma.List:
		for _, e := range n.Items {
			if o.search(e, ev) {
				return true
			}
		}
		return false
	}
	return o.item("", n, ev)
}

func (o *naive) item(key string, v *sigma.Node, ev *tocsin.Event) bool {
	field, chain, _ := strings.Cut(key, "|")
	mods := strings.Split(chain, "|")
	has := func(m string) bool {
		for _, x := range mods {
			if x == m {
				return true
			}
		}
		return false
	}
	nodes := []*sigma.Node{v}
	if v.Kind == sigma.List {
		nodes = v.Items
	}
	ok := has("all")
	for _, n := range nodes {
		if ok = o.value(field, mods, has, n, ev); ok != has("all") {
			break
		}
	}
	return ok != has("neq")
}

// values returns what an event has under a field's name, or all it has for a keyword.
func values(field string, ev *tocsin.Event) []string {
	var all []string
	for _, f := range ev.Fields {
		if field != "" && (f.Name == "" || field[0] != f.Name[0] && f.Name[0] != ' ' && field[0] != ' ') {
			continue
		}
		if field == "" || f.Name == field || strings.ReplaceAll(f.Name, " ", "") == strings.ReplaceAll(field, " ", "") {
			all = append(all, f.Value)
		}
	}
	if field == "" && ev.Raw != "" && (len(ev.Fields) == 0 || ev.Raw[0] != '{') {
		all = append(all, ev.Raw)
	}
	return all
}

func (o *naive) value(field string, mods []string, has func(string) bool, n *sigma.Node, ev *tocsin.Event) bool {
	var test func(v string) bool
	cmp := func(a *big.Rat) bool {
		want, _ := new(big.Rat).SetString(n.Text)
		switch c := a.Cmp(want); {
		case has("lt"):
			return c < 0
		case has("lte"):
			return c <= 0
		case has("gt"):
			return c > 0
		case has("gte"):
			return c >= 0
		default:
			return c == 0
		}
	}
	vals := values(field, ev)
	switch {
	case n.Kind == sigma.Null:
		return len(vals) == 0
	case has("exists"):
		return (len(vals) > 0) == (n.Text == "true")
	case has("re"):
		re := o.regex(n.Text, has)
		test = re.MatchString
	case has("cidr"):
		p := netip.MustParsePrefix(n.Text)
		test = func(v string) bool {
			a, err := netip.ParseAddr(v)
			return err == nil && p.Contains(a.Unmap().WithZone(""))
		}
	case has("minute") || has("hour") || has("day") || has("week") || has("month") || has("year"):
		test = func(v string) bool {
			t, err := time.Parse(time.RFC3339, v)
			_, week := t.ISOWeek()
			part := map[string]int{"minute": t.Minute(), "hour": t.Hour(), "day": t.Day(), "week": week, "month": int(t.Month()), "year": t.Year()}
			for name, n := range part {
				if has(name) {
					return err == nil && cmp(big.NewRat(int64(n), 1))
				}
			}
			return false
		}
	case has("lt") || has("lte") || has("gt") || has("gte"):
		test = func(v string) bool {
			r, ok := new(big.Rat).SetString(strings.TrimSpace(v))
			return ok && cmp(r)
		}
	default:
		all := [][]rune{o.pattern(n.Text)}
		if has("fieldref") {
			all = nil
			for _, v := range values(n.Text, ev) {
				all = append(all, runesOf(v))
			}
		}
		for _, m := range mods {
			all = o.modify(m, all)
		}
		if field == "" && !has("startswith") && !has("endswith") && !has("contains") {
			all = o.modify("contains", all)
		}
		test = func(v string) bool {
			for _, p := range all {
				if like(p, o.runes(v), has("cased")) {
					return true
				}
			}
			return false
		}
	}
	for _, v := range vals {
		if test(v) {
			return true
		}
	}
	return false
}

func (o *naive) regex(text string, has func(string) bool) *regexp.Regexp {
	if has("i") || has("ignorecase") {
		text = "(?i)" + text
	}
	if has("m") || has("multiline") {
		text = "(?m)" + text
	}
	if has("s") || has("dotall") {
		text = "(?s)" + text
	}
	if has("startswith") {
		text = "^(" + text + ")"
	}
	if has("endswith") {
		text = "(" + text + ")$"
	}
	re := o.regexes[text]
	if re == nil {
		re = regexp.MustCompile(text)
		o.regexes[text] = re
	}
	return re
}

// pattern reads the escapes and wildcards of a string.
func (o *naive) pattern(s string) []rune {
	if p, ok := o.likes[s]; ok {
		return p
	}
	var p []rune
	rs := runesOf(s)
	for i := 0; i < len(rs); i++ {
		switch r := rs[i]; {
		case r == '\\' && i+1 < len(rs) && strings.ContainsRune(`\*?`, rs[i+1]):
			i++
			p = append(p, rs[i])
		case r == '*':
			p = append(p, anyText)
		case r == '?':
			p = append(p, anyChar)
		default:
			p = append(p, r)
		}
	}
	o.likes[s] = p
	return p
}

func (o *naive) modify(mod string, all [][]rune) [][]rune {
	var out [][]rune
	if strings.HasPrefix(mod, "base64") {
		all = undashed(all)
	}
	for _, p := range all {
		switch mod {
		case "contains":
			p = append(append([]rune{anyText}, p...), anyText)
		case "startswith":
			p = append(append([]rune{}, p...), anyText)
		case "endswith":
			p = append([]rune{anyText}, p...)
		case "windash":
			q := append([]rune{}, p...)
			for i, r := range q {
				word := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
				if (r == '-' || r == '/') && (i == 0 || !word(p[i-1])) && i+1 < len(p) && word(p[i+1]) {
					q[i] = anyDash
				}
			}
			p = q
		case "wide", "utf16le", "utf16be", "utf16":
			var b []byte
			if mod == "utf16" {
				b = []byte{0xFF, 0xFE}
			}
			for _, u := range utf16.Encode(p) {
				if mod == "utf16be" {
					b = append(b, byte(u>>8), byte(u))
				} else {
					b = append(b, byte(u), byte(u>>8))
				}
			}
			p = runesOf(string(b))
		case "base64":
			p = runesOf(base64.StdEncoding.EncodeToString([]byte(textOf(p))))
		case "base64offset":
			// What of the encoded text is the same whatever stands before and after.
			for skip := range 3 {
				a := base64.StdEncoding.EncodeToString([]byte("\x00\x00"[:skip] + textOf(p) + "\x00\x00"))
				b := base64.StdEncoding.EncodeToString([]byte("\xff\xff"[:skip] + textOf(p) + "\xff\xff"))
				from, to := 0, 0
				for from < len(a) && a[from] != b[from] || from < skip {
					from++
				}
				for to = from; to < len(a) && a[to] == b[to]; to++ {
				}
				if full := (skip + len(textOf(p))) * 8 / 6; to > full {
					to = full
				}
				out = append(out, runesOf(a[from:to]))
			}
			continue
		case "expand":
			for name, vs := range o.expand {
				hole := []rune("%" + name + "%")
				for i := 0; i+len(hole) <= len(p); i++ {
					if slices.Equal(p[i:i+len(hole)], hole) {
						for _, v := range vs {
							out = append(out, slices.Concat(p[:i], o.pattern(v), p[i+len(hole):]))
						}
					}
				}
			}
			if len(out) > 0 {
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

func (o *naive) runes(v string) []rune {
	p, ok := o.seen[v]
	if !ok {
		if len(o.seen) > 1000 {
			clear(o.seen)
		}
		p = runesOf(v)
		o.seen[strings.Clone(v)] = p
	}
	return p
}

// undashed writes out what windash left open.
func undashed(all [][]rune) [][]rune {
	for n := 0; n < len(all); {
		i := slices.Index(all[n], anyDash)
		if i < 0 {
			n++
			continue
		}
		for _, d := range "/–—―" {
			p := slices.Clone(all[n])
			p[i] = d
			all = append(all, p)
		}
		all[n] = slices.Clone(all[n])
		all[n][i] = '-'
	}
	return all
}

func runesOf(s string) []rune {
	var p []rune
	for i, n := 0, 0; i < len(s); i += n {
		var r rune
		if r, n = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && n == 1 {
			r = rawByte + rune(s[i])
		}
		p = append(p, r)
	}
	return p
}

func textOf(p []rune) string {
	var b []byte
	for _, r := range p {
		if r >= rawByte {
			b = append(b, byte(r-rawByte))
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}

// like matches a pattern against a whole value, going back to the last star where it fails.
func like(p, v []rune, cased bool) bool {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(v) {
		switch {
		case i < len(p) && p[i] == anyText:
			star, mark = i, j
			i++
		case i < len(p) && sameRune(p[i], v[j], cased):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyText {
		i++
	}
	return i == len(p)
}

func sameRune(p, v rune, cased bool) bool {
	switch p {
	case anyChar:
		return true
	case anyDash:
		return strings.ContainsRune("-/–—―", v)
	case v:
		return true
	}
	if cased || p >= rawByte || v >= rawByte {
		return false
	}
	if p < utf8.RuneSelf && v < utf8.RuneSelf {
		return unicode.ToLower(p) == unicode.ToLower(v)
	}
	for f := unicode.SimpleFold(p); f != p; f = unicode.SimpleFold(f) {
		if f == v {
			return true
		}
	}
	return false
}
