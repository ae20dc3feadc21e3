package sigma

import (
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var dfaExpressions = []string{
	``, `a`, `abc`, `a|b`, `^a`, `a$`, `^$`, `^a$`, `(?m)^a$`, `(?s)a.b`, `a.b`, `a.*b`, `(?i)aKs`, `[^a]`, `[a-c]+x`, `\bab\b`, `\Bab`, `a\B`,
	`(a|b)*c{2,3}`, `(?i)[k-l]é`, `é+`, `[à-ï]x`, `\x{FFFD}`, `[^\x00-\x7F]`, `a{0}`, `(^|x)a`, `a(x|$)`, `\Aab|b\z`, `(?m)a$\nb`, `\w+\.\d{1,3}`,
	`(.){20,}`, `.{3}$`, `\s-[^-\s]{0,20}d|\s--directory\s`, `(?i)\$\{?e?n\}`, `a.{1,5}b.{1,5}c`, `(a?){10}a{10}`, `\pL\d`, `^[^b]*$`, `(?:)`,
}

var dfaAlphabet = []string{"a", "b", "c", "x", "A", "K", "k", "s", "\u017f", "\u212a", "é", "É", "ï", "\n", " ", "-", "d", "1", ".", "_", "$", "{", "\xff", "\xe2\x82", "\ufffd", "€", "\x00"}

// The automaton says what regexp says, whatever the value.
func TestDFA(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for _, expr := range dfaExpressions {
		re, d := regexp.MustCompile(expr), newDFA(expr)
		if d == nil {
			t.Logf("%q has none", expr)
			continue
		}
		needs, least := clauses(expr), leastLength(expr)
		for range 3000 {
			var b strings.Builder
			for range r.Intn(14) {
				b.WriteString(dfaAlphabet[r.Intn(len(dfaAlphabet))])
			}
			v := b.String()
			checkDFA(t, re, d, needs, least, v)
		}
	}
}

func checkDFA(t *testing.T, re *regexp.Regexp, d *dfa, needs []clause, least int, v string) {
	t.Helper()
	want := re.MatchString(v)
	if got, ok := d.match(v); ok && got != want {
		t.Fatalf("%q of %q: %v, want %v", re, v, got, want)
	}
	if !want {
		return
	}
	if len(v) < least {
		t.Fatalf("%q matches %q, shorter than %d", re, v, least)
	}
	for _, c := range needs {
		if !slices.ContainsFunc(c, func(s string) bool { return strings.Contains(folded(v), s) }) {
			t.Fatalf("%q matches %q, which has none of %q", re, v, c)
		}
	}
}

// A table that grows without end is given up, not kept.
func TestDFABound(t *testing.T) {
	expr := `(a|b)*a(a|b){14}c`
	re, d := regexp.MustCompile(expr), newDFA(expr)
	r := rand.New(rand.NewSource(1))
	b := make([]byte, 100_000)
	for i := range b {
		b[i] = "ab"[r.Intn(2)]
	}
	for range 10 {
		if got, ok := d.match(string(b)); ok && got != re.MatchString(string(b)) {
			t.Fatal(got)
		}
		if len(d.next) > maxTable+d.width {
			t.Fatalf("table of %d", len(d.next))
		}
	}
	if d.gaveUp < maxGiveUps {
		t.Errorf("gave up %d times", d.gaveUp)
	}
}

func FuzzDFA(f *testing.F) {
	for i, e := range dfaExpressions {
		f.Add(e, strings.Join(dfaAlphabet[i%len(dfaAlphabet):], ""))
	}
	f.Fuzz(func(t *testing.T, expr, v string) {
		re, err := regexp.Compile(expr)
		if err != nil || len(expr) > 200 || len(v) > 1000 {
			return
		}
		if d := newDFA(expr); d != nil {
			checkDFA(t, re, d, clauses(expr), leastLength(expr), v)
			checkDFA(t, re, d, clauses(expr), leastLength(expr), v+v)
		}
	})
}

func TestClauses(t *testing.T) {
	for expr, want := range map[string]string{
		`abcd`:                       "abcd",
		`(?i)ABC`:                    "abc",
		`(foo|bar)[xy]\d+z`:          "barx,bary,foox,fooy z",
		`a.*bcd`:                     "bcd a",
		`(ab)+c`:                     "abc",
		`(ab){2,}`:                   "abab",
		`x(ab)?y`:                    "xaby,xy",
		`(a|)b`:                      "ab,b",
		`a*`:                         "",
		`(abc|d.*)`:                  "abc,d",
		`(abc|.*)`:                   "",
		`[a-z]bc`:                    "bc",
		`^\$env:(x|y)$`:              "$env:x,$env:y",
		`"(\{\d\}){2,}"\s*-f`:        `}{ "{ }" -f`,
		`\bfoo\b`:                    "foo",
		`(?i)s`:                      "s",
		"\\w+`(\\w+|-|.)`[\\w+|\\s]": "`",
		`(?i)\x{212A}ey`:             "key",
		`[^a]`:                       "",
		`cmd.{0,5}(?:/c|/r).+clip`:   "clip cmd /c,/r",
	} {
		var all []string
		for _, c := range clauses(expr) {
			all = append(all, strings.Join(c, ","))
		}
		if got := strings.Join(all, " "); got != want {
			t.Errorf("%s needs %q, want %q", expr, got, want)
		}
	}
}
