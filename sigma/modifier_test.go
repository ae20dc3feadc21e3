package sigma_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// rule wraps a detection section, indented by two, into a rule.
func rule(detection string) string {
	return "title: t\nlogsource: {}\ndetection:\n" + detection
}

// compileOne compiles a rule that must be good.
func compileOne(t *testing.T, text string, o sigma.Options) *sigma.Set {
	t.Helper()
	rules, faults := sigma.Parse("t.yml", []byte(text))
	if len(faults) > 0 {
		t.Fatalf("%v\n%s", faults[0], text)
	}
	s, faults := sigma.Compile(rules, o)
	if len(faults) > 0 {
		t.Fatalf("%v\n%s", faults[0], text)
	}
	return s
}

// matches runs a set and the naive evaluator on an event; they must agree.
func matches(t *testing.T, s *sigma.Set, ev *tocsin.Event, o *naive) bool {
	t.Helper()
	got := false
	s.Matcher().Match(ev, func(int) { got = true })
	r := s.Rules()[0]
	if want := o.holds(r, ev) && o.applies(r, ev); got != want {
		t.Errorf("matcher says %v, naive evaluator %v, of %+v", got, want, ev.Fields)
	}
	return got
}

// fields makes fields of "name=value" strings.
func fields(s ...string) []tocsin.Field {
	var fs []tocsin.Field
	for _, x := range s {
		n, v, _ := strings.Cut(x, "=")
		fs = append(fs, tocsin.Field{Name: n, Value: v})
	}
	return fs
}

var expandValues = map[string][]string{"admins": {"root", "adm*"}, "one": {"1"}}

// Each item is a line of a search about field F; the values it must and must not hold for.
var modifierTests = []struct {
	item string
	yes  []string
	no   []string
}{
	// Plain values.
	{`F: abc`, []string{"abc", "ABC", "aBc"}, []string{"", "ab", "abcd", "xabc", "abc "}},
	{`F: ''`, []string{""}, []string{" ", "a"}},
	{`F: 10`, []string{"10"}, []string{"010", "0xa", "10.0", "100", ""}},
	{`F: -5`, []string{"-5"}, []string{"5"}},
	{`F: 0x10`, []string{"16"}, []string{"0x10", "10"}},
	{`F: 007`, []string{"007"}, []string{"7"}},
	{`F: 1.50`, []string{"1.50"}, []string{"1.5"}},
	{`F: true`, []string{"true", "True"}, []string{"1", "false"}},
	{`F: [a, b]`, []string{"a", "B"}, []string{"ab", ""}},
	// Wildcards and escapes.
	{`F: 'a*c'`, []string{"ac", "abc", "aXYZc", "a\nc", "acc", "AbbbC"}, []string{"a", "c", "acd", "bac"}},
	{`F: 'a?c'`, []string{"abc", "a?c", "a*c", "aéc", "a\nc"}, []string{"ac", "abbc"}},
	{`F: '*'`, []string{"", "x", "anything"}, nil},
	{`F: '?*'`, []string{"x", "xy", "é"}, []string{""}},
	{`F: '??'`, []string{"ab", "éß"}, []string{"a", "é", "abc"}},
	{`F: '*a*b*'`, []string{"ab", "xaxbx", "aab"}, []string{"ba", "a", "b"}},
	{`F: '*a?b'`, []string{"acb", "axbacb", "aéb"}, []string{"ab", "acbc", "a€€b"}},
	{`F: 'a*??b'`, []string{"axxb", "a€€b"}, []string{"axb", "a€b"}},
	{`F: 'a\*c'`, []string{"a*c"}, []string{"abc", `a\*c`}},
	{`F: 'a\?c'`, []string{"a?c"}, []string{"abc", `a\?c`}},
	{`F: 'a\\*c'`, []string{`a\c`, `a\bbc`}, []string{"a*c", "abc"}},
	{`F: 'a\\\*c'`, []string{`a\*c`}, []string{`a\bc`, "a*c"}},
	{`F: 'a\\\\*c'`, []string{`a\\c`, `a\\xc`}, []string{`a\c`}},
	{`F: 'a\bc'`, []string{`a\bc`}, []string{`a\\bc`, "abc"}},
	{`F: 'a\\bc'`, []string{`a\bc`}, []string{`a\\bc`}},
	{`F: '\\\\server\share'`, []string{`\\server\share`}, []string{`\server\share`}},
	{`F: 'dir\'`, []string{`dir\`}, []string{"dir"}},
	{`F: 'dir\\'`, []string{`dir\`}, []string{"dir", `dir\\`}},
	{`F: '\'`, []string{`\`}, []string{""}},
	// Case beyond ASCII.
	{`F: straße`, []string{"STRAßE", "straße"}, []string{"strasse", "STRASSE"}},
	{`F: ÄPFEL`, []string{"äpfel", "Äpfel"}, []string{"apfel"}},
	{`F: ПАРОЛЬ`, []string{"пароль", "Пароль"}, []string{"парол"}},
	{`F|contains: kelvin`, []string{"xKELVINx", "\u212Aelvin"}, []string{"elvin"}},
	{`F|contains: ς`, []string{"Σ", "σ", "ς"}, []string{"s"}},
	{`F: "a\u0000b"`, []string{"A\x00B"}, []string{"ab"}},
	{`F|contains: abc`, []string{"\xffABC\xfe"}, []string{"ab\xffc"}},
	// contains, startswith, endswith, with wildcards within.
	{`F|contains: bc`, []string{"bc", "abcd", "ABCD"}, []string{"b c", "", "ab"}},
	{`F|contains: ''`, []string{"", "x"}, nil},
	{`F|contains: 'b*d'`, []string{"abcde", "bd"}, []string{"dab"}},
	{`F|contains: 'b?d'`, []string{"abcde"}, []string{"abd", "abccd"}},
	{`F|contains: '\*'`, []string{"a*b", "*"}, []string{"ab"}},
	{`F|contains: '*'`, []string{"", "a"}, nil},
	{`F|startswith: ab`, []string{"ab", "ABc"}, []string{"xab", "a"}},
	{`F|startswith: 'a?c'`, []string{"abcd"}, []string{"acd", "xabc"}},
	{`F|endswith: '\cmd.exe'`, []string{`C:\Windows\CMD.EXE`, `\cmd.exe`}, []string{"cmd.exe", `\cmd.exe `}},
	{`F|endswith: '*x?'`, []string{"xy", "axb"}, []string{"x", "xyz"}},
	{`F|endswith: ['.a', '.b']`, []string{"x.a", "x.B"}, []string{"x.c"}},
	{`F|contains|all: [a, b]`, []string{"ab", "b-a"}, []string{"a", "b", ""}},
	{`F|all|contains: [a, b]`, []string{"ab", "b-a"}, []string{"a", "b", ""}},
	{`F|all: ['*a', 'b*']`, []string{"ba", "bxa"}, []string{"ab", "a", "b"}},
	// cased
	{`F|cased: aBc`, []string{"aBc"}, []string{"abc", "ABC"}},
	{`F|contains|cased: aBc`, []string{"xaBcx"}, []string{"xabcx"}},
	{`F|cased|startswith: 'A?'`, []string{"Ab"}, []string{"ab"}},
	{`F|endswith|cased: É`, []string{"xÉ"}, []string{"xé"}},
	// neq
	{`F|neq: a`, []string{"b", "", "aa"}, []string{"a", "A"}},
	{`F|neq: [a, b]`, []string{"c"}, []string{"a", "b"}},
	{`F|contains|neq: x`, []string{"abc"}, []string{"axc"}},
	{`F|neq|all: ['*a*', '*b*']`, []string{"a", "b", "c"}, []string{"ab"}},
	{`F|re|neq: 'a+'`, []string{"b"}, []string{"caab"}},
	// windash
	{`F|windash: '-a'`, []string{"-a", "/a", "–a", "—a", "―A"}, []string{"a", "--a", "‐a"}},
	{`F|contains|windash: ' -enc '`, []string{"p -enc x", "p /ENC x", "p ―enc x"}, []string{"p enc x", "p -en x"}},
	{`F|windash|contains: ' -a -b'`, []string{" -a /b", " /a —b", "x –a -b"}, []string{" a b", " -a b"}},
	{`F|windash|contains: 'a-b --c/d'`, []string{"a-b --c/d", "a-b -/c/d", "a-b -–c/d"}, []string{"a/b --c/d", "a-b /-c/d", "a-b --c-d"}},
	{`F|endswith|windash: '-f'`, []string{"x -f", "x/f", "x—f"}, []string{"xf", "-f "}},
	{`F|contains|windash|cased: '-F'`, []string{"—F"}, []string{"—f"}},
	{`F|contains|windash|all: ['-a', '-b']`, []string{"/a -b"}, []string{"/a", "-b"}},
	// re: case-sensitive, anywhere in the value
	{`F|re: 'a.c'`, []string{"abc", "xxabcxx"}, []string{"ABC", "ac", "a\nc"}},
	{`F|re: '^a.c$'`, []string{"abc"}, []string{"xabc", "abcx", "x\nabc"}},
	{`F|re|i: 'a.c'`, []string{"ABC", "xabc"}, []string{"a\nc"}},
	{`F|re|ignorecase: '^É'`, []string{"éa"}, []string{"ea"}},
	{`F|re|s: 'a.c'`, []string{"a\nc"}, []string{"A\nc"}},
	{`F|re|dotall|i: 'a.c'`, []string{"A\nc"}, []string{"ac"}},
	{`F|re|m: '^a$'`, []string{"x\na\ny"}, []string{"xa"}},
	{`F|re|multiline|i|s: '^a.b$'`, []string{"x\nA\nB"}, []string{"a b c"}},
	{`F|re: '(?i)abc'`, []string{"xABCx"}, []string{"ab"}},
	{`F|re: 'a*\*'`, []string{"*", "aa*"}, []string{"aa", ""}},
	{`F|re: '\bfoo\b'`, []string{"a foo b", "foo"}, []string{"xfoo", "foox"}},
	{`F|re: '[0-9]{3,5}'`, []string{"a123"}, []string{"12"}},
	{`F|re: ['x1', 'x2']`, []string{"x1", "x2"}, []string{"x3"}},
	{`F|re|all: ['x', 'y']`, []string{"yx"}, []string{"x", "y"}},
	{`F|re|startswith: 'a|b'`, []string{"ax", "bx"}, []string{"xa", "xb"}},
	{`F|re|endswith: 'a|b'`, []string{"xa", "xb"}, []string{"ax", "bx"}},
	{`F|re|contains: 'a|b'`, []string{"xax"}, []string{"x"}},
	{`F|re: 42`, []string{"x42"}, []string{"4"}},
	// Encodings.
	{`F|base64: foobar`, []string{"Zm9vYmFy"}, []string{"foobar", "Zm9vYmF"}},
	{`F|base64|contains: 'a'`, []string{"xYQ==x"}, []string{"YQ="}},
	{`F|base64offset|contains: '/bin/sh'`, []string{
		base64.StdEncoding.EncodeToString([]byte("/bin/sh")),
		base64.StdEncoding.EncodeToString([]byte("x/bin/sh -c")),
		base64.StdEncoding.EncodeToString([]byte("xy/bin/sh;")),
		base64.StdEncoding.EncodeToString([]byte("xyz/bin/sh")),
	}, []string{"/bin/sh", base64.StdEncoding.EncodeToString([]byte("/bin/zz"))}},
	{`F|wide|base64offset|contains: IEX`, []string{
		base64.StdEncoding.EncodeToString([]byte("I\x00E\x00X\x00 \x00")),
		base64.StdEncoding.EncodeToString([]byte("x\x00I\x00E\x00X\x00")),
		base64.StdEncoding.EncodeToString([]byte("x\x00y\x00I\x00E\x00X\x00")),
	}, []string{base64.StdEncoding.EncodeToString([]byte("IEX"))}},
	{`F|utf16le|base64: aé`, []string{base64.StdEncoding.EncodeToString([]byte("a\x00\xe9\x00"))}, []string{"YQ=="}},
	{`F|utf16be|base64: aé`, []string{base64.StdEncoding.EncodeToString([]byte("\x00a\x00\xe9"))}, []string{"YQ=="}},
	{`F|utf16|base64: a`, []string{base64.StdEncoding.EncodeToString([]byte("\xff\xfea\x00"))}, []string{"YQ=="}},
	{`F|utf16|base64: 𝄞`, []string{base64.StdEncoding.EncodeToString([]byte("\xff\xfe\x34\xd8\x1e\xdd"))}, []string{"YQ=="}},
	{`F|wide|contains: ab`, []string{"xa\x00b\x00", "A\x00B\x00"}, []string{"ab"}},
	{`F|utf16be|contains: ab`, []string{"\x00a\x00b"}, []string{"a\x00b\x00"}},
	{`F|utf16|startswith: a`, []string{"\xff\xfea\x00"}, []string{"a\x00"}},
	{`F|windash|base64: '-a'`, []string{"LWE=", "L2E=", base64.StdEncoding.EncodeToString([]byte("–a"))}, []string{"-a"}},
	// Numbers.
	{`F|lt: 10`, []string{"9", "-3", "9.99", "0x9", " 7 "}, []string{"10", "11", "", "x", "0xa"}},
	{`F|lte: 10`, []string{"10", "0xA", "10.0"}, []string{"10.01", "11"}},
	{`F|gt: 10`, []string{"11", "10.5", "0xb", "1e3"}, []string{"10", "9", "ten"}},
	{`F|gte: 10`, []string{"10", "10.0"}, []string{"9", ""}},
	{`F|gt: 9007199254740992`, []string{"9007199254740993", "18446744073709551615"}, []string{"9007199254740992"}},
	{`F|lt: -2`, []string{"-3", "-2.5"}, []string{"-2", "0"}},
	{`F|gte: '1.5'`, []string{"1.5", "2"}, []string{"1"}},
	{`F|gt|neq: 10`, []string{"9", "x"}, []string{"11"}},
	// Addresses.
	{`F|cidr: 192.0.2.0/24`, []string{"192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7"}, []string{"192.0.3.1", "192.0.2", "x", "", "192.0.2.1/32"}},
	{`F|cidr: [10.0.0.0/8, 127.0.0.0/8]`, []string{"10.1.2.3", "127.0.0.1"}, []string{"11.0.0.1", "::1"}},
	{`F|cidr: 2001:db8::/32`, []string{"2001:db8::1", "2001:DB8:1::", "2001:db8::1%eth0"}, []string{"2001:db9::1", "192.0.2.1"}},
	{`F|cidr: ::1/128`, []string{"::1", "0:0:0:0:0:0:0:1"}, []string{"::2", "127.0.0.1"}},
	{`F|cidr|neq: 192.0.2.0/24`, []string{"198.51.100.1", "-"}, []string{"192.0.2.9"}},
	// Parts of dates, as written.
	{`F|minute: 5`, []string{"2026-03-04T02:05:59Z", "2026-03-04T02:05:00+09:00"}, []string{"2026-03-04T02:06:00Z", "5", "x"}},
	{`F|hour: 2`, []string{"2026-03-04T02:05:59Z", "2026-03-04T02:05:59+09:00"}, []string{"2026-03-04T03:05:59Z", ""}},
	{`F|hour|gte: 22`, []string{"2026-03-04T23:05:59Z", "2026-03-04T22:00:00Z"}, []string{"2026-03-04T21:59:59Z"}},
	{`F|day: 4`, []string{"2026-03-04T23:05:59Z"}, []string{"2026-03-05T00:05:59Z"}},
	{`F|week: 1`, []string{"2026-01-01T00:00:00Z", "2025-12-29T00:00:00Z"}, []string{"2025-12-28T00:00:00Z"}},
	{`F|month: [1, 3]`, []string{"2026-03-04T23:05:59Z"}, []string{"2026-02-04T23:05:59Z"}},
	{`F|year|lt: 2026`, []string{"2025-03-04T23:05:59Z"}, []string{"2026-03-04T23:05:59Z", "no date"}},
	// Placeholders.
	{`F|expand: '%admins%'`, []string{"root", "ROOT", "admin"}, []string{"%admins%", "user"}},
	{`F|expand: 'x-%one%'`, []string{"x-1"}, []string{"x-%one%"}},
	{`F|contains|expand: '%one%'`, []string{"a1b"}, []string{"ab"}},
	{`F|expand: 'plain'`, []string{"plain"}, []string{"x"}},
	{`F: '%one%'`, []string{"%one%"}, []string{"1"}},
	// Other fields: G is "Abc", H does not exist.
	{`F|fieldref: G`, []string{"abc", "ABC"}, []string{"ab", ""}},
	{`F|fieldref|startswith: G`, []string{"abcd"}, []string{"xabc", "ab"}},
	{`F|fieldref|endswith: G`, []string{"xABC"}, []string{"abcx"}},
	{`F|fieldref|contains: G`, []string{"xabcx"}, []string{"ab"}},
	{`F|fieldref|neq: G`, []string{"x"}, []string{"abc"}},
	{`F|fieldref|cased: G`, []string{"Abc"}, []string{"abc"}},
	{`F|fieldref: H`, nil, []string{"", "abc"}},
	{`F|fieldref|neq: H`, []string{"", "abc"}, nil},
	{`F|fieldref|startswith|neq: G`, []string{"xabc"}, []string{"abcd"}},
	// Presence: F is there, H is not.
	{`F: null`, nil, []string{"", "x"}},
	{`H: null`, []string{"", "x"}, nil},
	{`H|neq: null`, nil, []string{""}},
	{`F: [null, a]`, []string{"a"}, []string{"b"}},
	{`H: [null, a]`, []string{"b"}, nil},
	{`F|exists: true`, []string{"", "x"}, nil},
	{`F|exists: false`, nil, []string{"", "x"}},
	{`H|exists: false`, []string{"x"}, nil},
	{`H|exists: true`, nil, []string{"x"}},
	{`H: x`, nil, []string{"x"}},
	{`H|neq: x`, []string{"x"}, nil},
	{`H: '*'`, nil, []string{"x"}},
	{`H: ''`, nil, []string{""}},
}

func TestModifiers(t *testing.T) {
	for _, tt := range modifierTests {
		t.Run(tt.item, func(t *testing.T) {
			s := compileOne(t, rule("  s:\n    "+tt.item+"\n  condition: s\n"), sigma.Options{Expand: expandValues})
			o := newNaive()
			o.expand = expandValues
			check := func(v string, want bool) {
				t.Helper()
				ev := &tocsin.Event{Fields: fields("F="+v, "G=Abc")}
				if got := matches(t, s, ev, o); got != want {
					t.Errorf("%q: %v, want %v", v, got, want)
				}
			}
			for _, v := range tt.yes {
				check(v, true)
			}
			for _, v := range tt.no {
				check(v, false)
			}
		})
	}
}

// Items that must be refused, and a word of the reason.
var refusedItems = []struct{ item, want string }{
	{`F|foo: a`, `unknown modifier "foo"`},
	{`F|: a`, `unknown modifier ""`},
	{`F|contains|startswith: a`, "startswith cannot follow contains"},
	{`F|contains|contains: a`, "contains is there twice"},
	{`F|contains|re: a`, "re cannot follow contains"},
	{`F|windash|re: a`, "re cannot follow windash"},
	{`F|re|windash: a`, "windash cannot follow re"},
	{`F|re|base64: a`, "base64 cannot follow re"},
	{`F|re|cased: a`, "cased cannot follow re"},
	{`F|i: a`, "i is a flag of re"},
	{`F|contains|m: a`, "m is a flag of re"},
	{`F|re: '(?=a)b'`, "look-around"},
	{`F|re: '(?<!a)b'`, "look-around"},
	{`F|re: '(a)\1'`, "back-references"},
	{`F|re: '('`, "missing closing )"},
	{`F|re: 'a{2000}'`, "repeat at most 1,000"},
	{`F|base64: 'a*'`, "wildcards"},
	{`F|contains|base64: a`, "wildcards"},
	{`F|base64offset: 'a?'`, "wildcards"},
	{`F|base64offset: ''`, "too short"},
	{`F|base64|windash: a`, "windash cannot follow base64"},
	{`F|base64|expand: a`, "expand cannot follow base64"},
	{`F|cidr: 192.0.2.0/33`, "no network"},
	{`F|cidr: '192.0.2.*'`, "no network"},
	{`F|contains|cidr: 192.0.2.0/24`, "cidr cannot follow contains"},
	{`F|cidr|contains: 192.0.2.0/24`, "contains cannot follow cidr"},
	{`F|lt: x`, "takes numbers"},
	{`F|lt|contains: 1`, "contains cannot follow lt"},
	{`F|contains|gt: 1`, "gt cannot follow contains"},
	{`F|lt|gt: 1`, "gt cannot follow lt"},
	{`F|hour|lt|gt: 1`, "gt cannot follow lt"},
	{`F|hour: noon`, "takes numbers"},
	{`F|hour|day: 1`, "day cannot follow hour"},
	{`F|exists: maybe`, "true or false"},
	{`F|exists|contains: true`, "contains cannot follow exists"},
	{`F|contains|exists: true`, "exists cannot follow contains"},
	{`F|expand: '%nobody%'`, "%nobody%"},
	{`F|re|expand: 'a%nobody%'`, "%nobody%"},
	{`F|expand: '%DC-NAME%'`, "%DC-NAME%"},
	{`F|fieldref: 'G*'`, "name of a field"},
	{`F|contains|fieldref: G`, "fieldref cannot follow contains"},
	{`F|contains: null`, "null"},
	{`F|lt: null`, "null"},
	{`F: []`, "empty list"},
	{`F: {a: b}`, "a map where a value"},
	{`F: [[a]]`, "a list where a value"},
	{`'|exists': true`, "exists needs a field"},
	{`'|cidr': 192.0.2.0/24`, "cidr needs a field"},
	{`'|lt': 1`, "lt needs a field"},
	{`'|fieldref': G`, "fieldref needs a field"},
	{`'|all': [a, null]`, "null as a keyword"},
}

func TestRefusedItems(t *testing.T) {
	for _, tt := range refusedItems {
		refused(t, rule("  s:\n    "+tt.item+"\n  condition: s\n"), tt.want, 5)
	}
}

// refused checks that a rule is refused for a reason, with its line.
func refused(t *testing.T, text, want string, line int64) {
	t.Helper()
	rules, faults := sigma.Parse("t.yml", []byte(text))
	if len(faults) == 0 {
		_, faults = sigma.Compile(rules, sigma.Options{})
	}
	if len(faults) != 1 {
		t.Errorf("%d faults, want one that says %q:\n%s", len(faults), want, text)
		return
	}
	f := faults[0]
	if !strings.Contains(f.Error(), want) || f.Source != "t.yml" || line > 0 && f.Line != line {
		t.Errorf("%v: want line %d, %q:\n%s", f, line, want, text)
	}
}

// A field that has several values holds if any of them does; a negation only if none does.
func TestManyValues(t *testing.T) {
	o := newNaive()
	ev := &tocsin.Event{Fields: fields("F=a", "G=x", "F=b", "Process Name=p q")}
	for item, want := range map[string]bool{
		"F: a": true, "F: b": true, "F: c": false, "F|neq: a": false, "F|neq: c": true,
		"F|all: [a, b]": true, "F|contains|all: [a, c]": false, "F|fieldref: G": false,
		"Process Name: p q": true, "ProcessName: p q": true, "Process Name|contains: q": true,
	} {
		s := compileOne(t, rule("  s:\n    "+item+"\n  condition: s\n"), sigma.Options{})
		if got := matches(t, s, ev, o); got != want {
			t.Errorf("%s: %v", item, got)
		}
	}
	native := &tocsin.Event{Fields: fields("ProcessName=p")}
	s := compileOne(t, rule("  s:\n    Process Name: p\n  condition: s\n"), sigma.Options{})
	if !matches(t, s, native, o) {
		t.Error("a rule's field with a space does not find the event's without")
	}
}

func TestKeywords(t *testing.T) {
	o := newNaive()
	plain := &tocsin.Event{Raw: "Jan 1 host sshd: Failed Password for root"}
	both := &tocsin.Event{Raw: "Jan 1 host sshd: Failed password", Fields: fields("user=root")}
	json := &tocsin.Event{Raw: `{"a":"b"}`, Fields: fields("a=b\\c", "n=Failed password")}
	for _, tt := range []struct {
		search            string
		plain, both, json bool
	}{
		{"failed password", true, true, true},
		{"[failed password]", true, true, true},
		{"root", true, true, false},
		{"[nothing, 'fail*word']", true, true, true},
		{"'f?iled'", true, true, true},
		{"'b\\c'", false, false, true},
		{"'{\"a'", false, false, false},
		{"{'|all': [failed, root]}", true, true, false},
		{"{'|contains|all': [failed, root]}", true, true, false},
		{"{'|re': 'F.iled'}", true, true, true},
		{"{'|re': '^root$'}", false, true, false},
		{"{'|startswith': 'root'}", false, true, false},
		{"{'|endswith': 'root'}", true, true, false},
		{"{'|cased': 'failed'}", false, false, false},
		{"[root, {user: other}]", true, true, false},
		{"[{user: root}, {n|endswith: word}]", false, true, true},
		{"[[nothing], [sshd]]", true, true, false},
		{"sshd", true, true, false},
		{"4711", false, false, false},
	} {
		s := compileOne(t, rule("  s: "+tt.search+"\n  condition: s\n"), sigma.Options{})
		for ev, want := range map[*tocsin.Event]bool{plain: tt.plain, both: tt.both, json: tt.json} {
			if got := matches(t, s, ev, o); got != want {
				t.Errorf("%s of %q %v: %v, want %v", tt.search, ev.Raw, ev.Fields, got, want)
			}
		}
	}
}
