package sigma

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A Case is one log sample that the rules of a file must match, or must not.
//
// Cases of the rules in NAME.yml stand beside it in NAME.txtar, a text archive: a comment, then sections that begin
// with a line "-- NAME --". A section is a log of any format, as its program writes it:
//
//	-- match/ssh.log --        the rules must match it at least once
//	-- match/ssh.log 2 --      they must match it exactly twice
//	-- quiet/ssh.log --        they must not match it
//
// Counted are the matches of rules in NAME.yml that alert on their own; so a correlation's bases do not count, and the
// correlation does. Every section is a hunt of its own. One without any event of the rules' log source fails, whatever
// it wants: a sample that says nothing proves nothing.
type Case struct {
	File  string // the archive
	Line  int64  // of the section in it
	Name  string // of the section: match/ssh.log
	Data  []byte
	Exact bool // Want is exact; else there must be that many at least
	Want  int
}

// A Decode reads a log sample as a hunt would: name is its file name, emit is called for each event as decoders do.
type Decode func(name string, data []byte, emit func(*tocsin.Event)) error

// ParseCases reads the cases of a text archive.
func ParseCases(file string, data []byte) ([]Case, []*tocsin.Fault) {
	var cases []Case
	var faults []*tocsin.Fault
	var body *[]byte
	for line := int64(1); len(data) > 0; line++ {
		var text []byte
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			text, data = data[:i+1], data[i+1:]
		} else {
			text, data = data, nil
		}
		name, ok := sectionName(text)
		if !ok {
			if body != nil {
				*body = append(*body, text...)
			}
			continue
		}
		c, err := newCase(name)
		if err != nil {
			faults = append(faults, &tocsin.Fault{Source: file, Line: line, Err: err,
				Hint: "name sections match/FILE, match/FILE COUNT or quiet/FILE"})
			body = nil
			continue
		}
		c.File, c.Line = file, line
		cases = append(cases, c)
		body = &cases[len(cases)-1].Data
	}
	if len(cases) == 0 && len(faults) == 0 {
		faults = append(faults, &tocsin.Fault{Source: file, Err: fmt.Errorf("no cases"), Hint: "begin sections with a line -- match/FILE --"})
	}
	return cases, faults
}

// sectionName takes the name out of a line "-- name --".
func sectionName(line []byte) (string, bool) {
	s := strings.TrimRight(string(line), "\r\n")
	if len(s) < 7 || !strings.HasPrefix(s, "-- ") || !strings.HasSuffix(s, " --") {
		return "", false
	}
	name := strings.TrimSpace(s[3 : len(s)-3])
	return name, name != ""
}

func newCase(section string) (Case, error) {
	name, count, counted := strings.Cut(section, " ")
	c := Case{Name: name}
	kind, file, _ := strings.Cut(name, "/")
	switch {
	case file == "":
		return c, fmt.Errorf("section %q is neither match nor quiet", clip(section, 80))
	case kind == "quiet" && !counted:
		c.Exact = true
	case kind == "match" && !counted:
		c.Want = 1
	case kind == "match":
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil || n < 1 {
			return c, fmt.Errorf("section %q: %q is no count of matches", clip(section, 80), clip(count, 20))
		}
		c.Exact, c.Want = true, n
	default:
		return c, fmt.Errorf("section %q is neither match nor quiet", clip(section, 80))
	}
	return c, nil
}

// A Report says how cases went.
type Report struct {
	Passed   int
	Failures []*tocsin.Fault // one for each case that failed
	Untested []*Rule         // rules that alert but lack a case that matches or one that is quiet
}

// String is the closing line: "12 passed, 0 failed".
func (r Report) String() string {
	return fmt.Sprintf("%d passed, %d failed", r.Passed, len(r.Failures))
}

// TestRules runs cases against the rules of a set.
func TestRules(set *Set, cases []Case, decode Decode) Report {
	var r Report
	m := set.Matcher()
	seen := map[string]uint8{} // by rule file without its extension: 1 a case that matches, 2 one that is quiet
	for i := range cases {
		c := &cases[i]
		bit := uint8(1)
		if c.Exact && c.Want == 0 {
			bit = 2
		}
		seen[stem(c.File)] |= bit
		if f := c.run(set, m, decode); f != nil {
			r.Failures = append(r.Failures, f)
		} else {
			r.Passed++
		}
	}
	for i, rule := range set.rules {
		if set.Alerts(i) && seen[stem(rule.File)] != 3 {
			r.Untested = append(r.Untested, rule)
		}
	}
	return r
}

// stem is a path without its extension.
func stem(file string) string { return strings.TrimSuffix(file, path.Ext(file)) }

// run runs one case; nil is a pass.
func (c *Case) run(set *Set, m *Matcher, decode Decode) *tocsin.Fault {
	fail := func(hint, format string, args ...any) *tocsin.Fault {
		return &tocsin.Fault{Source: c.File, Line: c.Line, Rule: c.Name, Err: fmt.Errorf(format, args...), Hint: hint}
	}
	var own []int // the rules of the file
	for i, rule := range set.rules {
		if stem(rule.File) == stem(c.File) {
			own = append(own, i)
		}
	}
	if len(own) == 0 {
		return fail("a rule and its cases have the same name but for the extension", "no rule is loaded from %s.yml", stem(c.File))
	}
	var shelf tocsin.Shelf
	var held []int
	cor := set.Correlator(&shelf)
	events, about, got := 0, 0, 0
	var fault error
	_, name, _ := strings.Cut(c.Name, "/")
	err := decode(name, c.Data, func(ev *tocsin.Event) {
		events++
		if ev.Fault != nil && fault == nil {
			fault = ev.Fault
		}
		if slices.ContainsFunc(own, func(rule int) bool { return set.concerns(rule, ev.Sources) }) {
			about++
		}
		held = held[:0]
		m.Match(ev, func(rule int) {
			held = append(held, rule)
			if set.Alerts(rule) && slices.Contains(own, rule) {
				got++
			}
		})
		if slices.ContainsFunc(held, set.Correlated) {
			cor.Add(ev, shelf.Put(ev), held...)
		}
	})
	cor.Finish(func(match *tocsin.Match) {
		if slices.ContainsFunc(own, func(rule int) bool { return &set.rules[rule].Rule == match.Rule }) {
			got++
		}
	})
	switch {
	case err != nil:
		return fail("", "the sample cannot be read: %w", err)
	case fault != nil:
		return fail("", "the sample cannot be decoded: %w", fault)
	case events == 0:
		return fail("", "the sample holds no event")
	case about == 0:
		return fail("is it of the format that the rule is for?", "none of the %d events is of the rule's log source", events)
	case c.Exact && got != c.Want, got < c.Want:
		want := strconv.Itoa(c.Want)
		if !c.Exact {
			want = "at least " + want
		}
		return fail("", "%d matches, want %s", got, want)
	}
	return nil
}

// concerns says whether events of these sources matter to a rule: its own, or one that it builds on.
func (s *Set) concerns(rule int, sources []tocsin.LogSource) bool {
	if s.rules[rule].Correlation == nil {
		return s.Applies(rule, sources)
	}
	for _, j := range s.joins.list {
		if j.rule != rule {
			continue
		}
		for k := range j.slots {
			for _, base := range j.slots[k].rules {
				if s.concerns(base, sources) {
					return true
				}
			}
		}
	}
	return false
}
