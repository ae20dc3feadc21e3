package sigma_test

import (
	"fmt"
	"math/rand"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A maker writes rules and events at random, of few fields and pieces of text, so that they meet often.
type maker struct {
	*rand.Rand
}

func (m maker) of(s ...string) string { return s[m.Intn(len(s))] }

var (
	makerFields = []string{"F", "G", "H", "Process Name", "Num"}
	makerPieces = []string{"cmd.exe", "power", "shell", `\Temp\`, "a", "b", "Ä", "ß", " -enc ", " /c ", "–x", "http://", "IEX", "\u212a", "k", "x.dll", "1", "42", `\`, "?", "*", "\xff", "\n", "%", "é", "long piece of text"}
)

func (m maker) text(most int) string {
	var b strings.Builder
	for range m.Intn(most + 1) {
		b.WriteString(makerPieces[m.Intn(len(makerPieces))])
	}
	return b.String()
}

// value writes a value of a rule as a quoted scalar, wildcards and all.
func (m maker) value() string {
	s := strings.NewReplacer("\xff", "", "\n", " ").Replace(m.text(4))
	for range m.Intn(3) {
		i := m.Intn(len(s) + 1)
		s = s[:i] + m.of("*", "?", `\*`, `\\`, "*", "") + s[i:]
	}
	return "'" + strings.ReplaceAll(strings.ToValidUTF8(s, ""), "'", "''") + "'"
}

func (m maker) values(one func() string) string {
	if m.Intn(3) > 0 {
		return one()
	}
	var all []string
	for range 1 + m.Intn(5) {
		all = append(all, one())
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func (m maker) item() string {
	f := makerFields[m.Intn(len(makerFields))]
	not := m.of("", "", "", "|neq")
	number := func() string { return strconv.Itoa(m.Intn(60)) }
	switch m.Intn(16) {
	case 0:
		return f + not + ": null"
	case 1:
		return f + "|exists: " + m.of("true", "false")
	case 2:
		return f + "|re" + m.of("", "|i", "|s") + not + ": " + m.values(func() string {
			return m.of("'[ab]+k'", "'^a.*b$'", "'(?:cmd|power)\\w'", "'x.dll'", "'\\bIEX\\b'", "'.{9}'")
		})
	case 3:
		return f + "|" + m.of("lt", "lte", "gt", "gte") + not + ": " + number()
	case 4:
		return f + "|fieldref" + m.of("", "|startswith", "|endswith", "|contains", "|cased") + not + ": " + m.of(makerFields...)
	case 5:
		return f + "|contains|windash" + m.of("", "|all") + ": " + m.values(func() string { return m.of("'-enc'", "' /c '", "'-x'", "'a -b'") })
	case 6:
		return "Num" + not + ": " + m.values(number)
	case 7:
		return f + "|cidr" + not + ": " + m.of("10.0.0.0/8", "2001:db8::/32")
	case 8:
		return f + "|" + m.of("base64offset|contains", "wide|base64offset|contains", "base64|contains") + ": " + m.of("IEX", "cmd.exe")
	case 9:
		return "'|all': " + m.values(m.value)
	}
	mods := m.of("", "|contains", "|startswith", "|endswith", "|contains") + m.of("", "", "|all") + m.of("", "", "|cased")
	return f + mods + not + ": " + m.values(m.value)
}

func (m maker) rule(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: r%d\nlogsource: %s\ndetection:\n", n, m.of("{}", "{product: windows}", "{category: c}", "{product: linux, service: s}"))
	names := []string{"a", "sel_1", "sel_2", "_x"}[:1+m.Intn(4)]
	for _, s := range names {
		switch m.Intn(5) {
		case 0:
			fmt.Fprintf(&b, "  %s: %s\n", s, m.values(m.value))
		case 1:
			fmt.Fprintf(&b, "  %s:\n", s)
			for range 1 + m.Intn(3) {
				fmt.Fprintf(&b, "    - %s\n", m.item())
			}
		default:
			fmt.Fprintf(&b, "  %s:\n", s)
			seen := map[string]bool{}
			for range 1 + m.Intn(3) {
				it := m.item()
				if key, _, _ := strings.Cut(it, ": "); !seen[key] {
					seen[key] = true
					fmt.Fprintf(&b, "    %s\n", it)
				}
			}
		}
	}
	fmt.Fprintf(&b, "  condition: %s\n", m.condition(names, 3))
	return b.String()
}

func (m maker) condition(names []string, depth int) string {
	if depth == 0 || m.Intn(4) == 0 {
		switch m.Intn(5) {
		case 0:
			return m.of("1", "all", "any") + " of them"
		case 1:
			return m.of("1", "all") + " of " + m.of(names...)
		}
		return m.of(names...)
	}
	switch m.Intn(4) {
	case 0:
		return "not " + m.condition(names, 0)
	case 1:
		return "(" + m.condition(names, depth-1) + ")"
	}
	return m.condition(names, depth-1) + m.of(" and ", " or ", " and not ") + m.condition(names, 0)
}

func (m maker) event() *tocsin.Event {
	ev := &tocsin.Event{}
	switch m.Intn(4) {
	case 0:
		ev.Sources = []tocsin.LogSource{{Product: "windows", Category: "c", Service: "s"}, {Product: "windows", Category: "d"}}
	case 1:
		ev.Sources = []tocsin.LogSource{{Product: "linux", Service: "s"}}
	case 2:
		ev.Sources = []tocsin.LogSource{{Category: "c"}}
	}
	for range m.Intn(6) {
		f := m.of("F", "G", "H", "ProcessName", "Process Name", "Num", "other", "")
		v := m.text(6)
		switch m.Intn(6) {
		case 0:
			v = strconv.Itoa(m.Intn(60))
		case 1:
			v = m.of("10.1.2.3", "11.1.2.3", "2001:db8::1", "::ffff:10.0.0.1", "0x1f")
		case 2:
			v = m.of("SUVYI", "xSQBFAFgAI", "Y21kLmV4ZQ==", strings.ToUpper(v))
		}
		ev.Fields = append(ev.Fields, tocsin.Field{Name: f, Value: v})
	}
	switch m.Intn(3) {
	case 0: // a text line, its fields pieces of it
		var b strings.Builder
		for _, f := range ev.Fields {
			b.WriteString(f.Value + m.of(" ", "", "é", "a"))
		}
		ev.Raw = b.String()
		at := 0
		for i, f := range ev.Fields {
			at += strings.Index(ev.Raw[at:], f.Value)
			ev.Fields[i].Value = ev.Raw[at : at+len(f.Value)]
		}
	case 1:
		ev.Raw = `{"a": "cmd.exe"}`
	}
	return ev
}

// Whatever the rules and the events, the matcher says what the naive evaluator says; so do Held and Explain.
func TestRandomRules(t *testing.T) {
	for seed := range int64(40) {
		m := maker{rand.New(rand.NewSource(seed))}
		var rules []*sigma.Rule
		for n := range 60 {
			text := m.rule(n)
			rs, faults := sigma.Parse("r.yml", []byte(text))
			if len(faults) > 0 {
				t.Fatalf("%v\n%s", faults[0], text)
			}
			rules = append(rules, rs...)
		}
		s, faults := sigma.Compile(rules, sigma.Options{})
		for _, f := range faults {
			if e := f.Error(); !strings.Contains(e, "no search has such a name") && !strings.Contains(e, "unexpected") && !strings.Contains(e, "null") {
				t.Error(f)
			}
		}
		if len(s.Rules()) < 30 {
			t.Fatalf("only %d of %d rules: %v", len(s.Rules()), len(rules), faults)
		}
		var events []*tocsin.Event
		for range 60 {
			events = append(events, m.event())
		}
		compare(t, s, events)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		explained(t, s, events)
	}
}

// explained checks that explanations say what the matcher says, and that what held is of the event.
func explained(t *testing.T, s *sigma.Set, events []*tocsin.Event) {
	t.Helper()
	m := s.Matcher()
	for _, ev := range events {
		matched := map[int]bool{}
		m.Match(ev, func(r int) {
			matched[r] = true
			for _, f := range m.Held(ev, r) {
				if f.Name != "raw" && !strings.Contains(fmt.Sprint(ev.Fields), f.Value) {
					t.Errorf("held %q is not of the event %v", f, ev.Fields)
				}
			}
		})
		for r := range s.Rules() {
			steps := s.Explain(ev, r)
			if held := steps[0].Held && steps[1].Held; held != matched[r] {
				t.Errorf("rule %d: matches %v\n%s", r, matched[r], sigma.ExplainText(steps))
			}
		}
	}
}

// An event with thousands of fields of one name takes time in proportion to them.
func TestManyFields(t *testing.T) {
	s := compileOne(t, rule("  s:\n    F|contains: needle\n    G|fieldref: F\n  condition: s\n"), sigma.Options{})
	ev := &tocsin.Event{}
	for range 200_000 {
		ev.Fields = append(ev.Fields, tocsin.Field{Name: "F", Value: "hay"})
	}
	ev.Fields = append(ev.Fields, fields("F=a needle", "G=a NEEDLE")...)
	n := 0
	s.Matcher().Match(ev, func(int) { n++ })
	if n != 1 {
		t.Errorf("%d matches", n)
	}
}

func FuzzRule(f *testing.F) {
	m := maker{rand.New(rand.NewSource(7))}
	for n := range 30 {
		f.Add(m.rule(n), "F", m.text(5))
	}
	f.Add("title: t\nlogsource: {}\ndetection: {s: {F|expand: '%x%'}, condition: s}\n", "F", "a")
	f.Fuzz(func(t *testing.T, text, field, value string) {
		rules, refused := sigma.Parse("f.yml", []byte(text))
		opt := sigma.Options{Expand: map[string][]string{"x": {"a", "b*"}}}
		all := sigma.Faults("f.yml", []byte(text), rules, opt)
		s, more := sigma.Compile(rules, opt)
		if len(refused) > len(all) || len(refused)+len(more) == 0 && len(all) > 0 {
			t.Errorf("all faults: %v; of Parse: %v, of Compile: %v", all, refused, more)
		}
		ev := &tocsin.Event{Fields: []tocsin.Field{{Name: field, Value: value}}, Raw: value}
		m := s.Matcher()
		m.Match(ev, func(r int) { m.Held(ev, r) })
		for r := range s.Rules() {
			sigma.ExplainText(s.Explain(ev, r))
		}
	})
}

func FuzzCondition(f *testing.F) {
	for _, c := range []string{"a", "a and b", "not (a or b)", "1 of x_*", "all of them", "2 of *", "a | count() > 1", "((a", "a near b", "1 of", "not not a"} {
		f.Add(c, 3)
	}
	o := newNaive()
	f.Fuzz(func(t *testing.T, condition string, held int) {
		if strings.ContainsAny(condition, "\n\r") || len(condition) > 300 {
			return
		}
		d := rule(searches + "  condition: '" + strings.ReplaceAll(condition, "'", "''") + "'\n")
		rules, faults := sigma.Parse("f.yml", []byte(d))
		if len(faults) > 0 {
			return
		}
		s, faults := sigma.Compile(rules, sigma.Options{})
		if len(faults) > 0 {
			return
		}
		ev := &tocsin.Event{}
		for i, n := range []string{"a", "b", "c", "x_1", "x_2", "x_3", "pre", "_u"} {
			if held>>i&1 == 1 {
				ev.Add(n, "1")
			}
		}
		matches(t, s, ev, o)
	})
}

func FuzzPattern(f *testing.F) {
	for _, tt := range modifierTests {
		_, v, _ := strings.Cut(tt.item, ": ")
		for _, y := range append(tt.yes, tt.no...) {
			f.Add(strings.Trim(v, "'"), y, 1)
		}
	}
	mods := []string{"", "|contains", "|startswith", "|endswith", "|cased", "|contains|windash", "|contains|cased", "|endswith|cased", "|windash|cased"}
	f.Fuzz(func(t *testing.T, pattern, value string, mod int) {
		if len(pattern) > 100 || len(value) > 1000 || !utf8.ValidString(pattern) { // YAML has no other text
			return
		}
		n := &sigma.Node{Kind: sigma.Map, Keys: []sigma.Key{{Name: "F" + mods[uint(mod)%uint(len(mods))]}}, Items: []*sigma.Node{{Kind: sigma.Text, Text: pattern}}}
		r := &sigma.Rule{Detection: &sigma.Detection{Searches: []sigma.Search{{Name: "s", Value: n}}, Conditions: []string{"s"}}}
		s, faults := sigma.Compile([]*sigma.Rule{r}, sigma.Options{})
		if len(faults) > 0 {
			t.Fatal(faults[0])
		}
		matches(t, s, &tocsin.Event{Fields: []tocsin.Field{{Name: "F", Value: value}}}, newNaive())
	})
}
