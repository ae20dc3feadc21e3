package action

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of a file of knowledge: its bytes, its rows, the words of one row.
const (
	maxKnowledge = 4 << 20
	maxRows      = 20_000
	maxRowWords  = 5_000
)

// keys are the lines that a row may have; true for those that may be there more than once.
var keys = map[string]bool{"id": false, "title": false, "on": false, "name": true, "has": true, "not": false, "first": false, "flags": false, "args": false, "except": false,
	"instead": false, "mark": false, "means": false, "why": false, "ref": true, "match": true, "quiet": true, "off": false}

// A rowLine is one key of a row.
type rowLine struct {
	key, value string
	line       int64
}

func (r *row) fault(err error, hint string) *tocsin.Fault {
	return &tocsin.Fault{Source: r.file, Line: r.line, Rule: r.id, Err: err, Hint: hint}
}

// parseRows reads the rows of a file.
func parseRows(file string, data []byte) ([]*row, []*tocsin.Fault) {
	if len(data) > maxKnowledge {
		return nil, []*tocsin.Fault{{Source: file, Err: fmt.Errorf("%d bytes; a file of knowledge may have %d", len(data), maxKnowledge), Hint: "cut it in several"}}
	}
	var rows []*row
	var faults []*tocsin.Fault
	var lines []rowLine
	bad := false // the row has a fault already
	fault := func(line int64, err error, hint string) {
		faults = append(faults, &tocsin.Fault{Source: file, Line: line, Err: err, Hint: hint})
		bad = true
	}
	end := func() {
		if len(lines) > 0 && !bad {
			if r, f := parseRow(file, lines); f != nil {
				faults = append(faults, f)
			} else {
				rows = append(rows, r)
			}
		}
		lines, bad = lines[:0], false
	}
	line := int64(0)
	for text := range strings.SplitSeq(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
		line++
		text = strings.TrimRight(text, " \t\r")
		switch {
		case text == "":
			end()
			continue
		case text[0] == '#':
			continue
		case len(rows) >= maxRows:
			fault(line, fmt.Errorf("more than %d rows", maxRows), "cut the file in several")
			return rows, faults
		case text[0] == ' ' || text[0] == '\t':
			if len(lines) == 0 {
				fault(line, errors.New("a line that goes on with nothing"), "begin it with a key, such as \"why: \"")
				continue
			}
			lines[len(lines)-1].value += " " + strings.TrimSpace(text)
			continue
		}
		key, value, ok := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		many, known := keys[key]
		switch {
		case !ok || !known:
			fault(line, fmt.Errorf("%q is no key", clipped(key)), "keys are "+strings.Join(slices.Sorted(maps.Keys(keys)), " ")+"; a text that goes on begins with a blank")
		case value == "":
			fault(line, fmt.Errorf("%s: says nothing", key), "leave the line out")
		case !many && slices.ContainsFunc(lines, func(l rowLine) bool { return l.key == key }):
			fault(line, fmt.Errorf("%s: stands there twice", key), "leave one out, or set a blank line between two rows")
		default:
			lines = append(lines, rowLine{key, value, line})
		}
	}
	end()
	return rows, faults
}

func clipped(s string) string { return s[:min(len(s), 60)] }

// parseRow makes a row of its lines.
func parseRow(file string, lines []rowLine) (*row, *tocsin.Fault) {
	r := &row{file: file, line: lines[0].line}
	means := false
	for _, l := range lines {
		var err error
		hint := ""
		switch l.key {
		case "id":
			r.id = l.value
			if strings.ContainsAny(r.id, " \t\"'<>&") || len(r.id) > 80 {
				err, hint = fmt.Errorf("id %q", clipped(r.id)), "an id is a short word, such as port-scanner"
			}
		case "title":
			r.title = l.value
		case "on":
			if i := slices.Index(kindNames[:], l.value); i >= 0 {
				r.on = kind(i)
			} else {
				err, hint = fmt.Errorf("on: %q is no text that rows are held against", clipped(l.value)), "there are "+strings.Join(kindNames[:], " ")
			}
		case "name":
			r.names = append(r.names, strings.Fields(strings.ToLower(l.value))...)
		case "first":
			r.first = strings.Fields(strings.ToLower(l.value))
		case "flags":
			r.flags = strings.Fields(l.value)
		case "except":
			r.except = strings.Fields(l.value)
		case "args":
			for _, name := range strings.Fields(l.value) {
				bare, not := strings.CutPrefix(name, "!")
				is, ok := features[bare]
				if !ok {
					err, hint = fmt.Errorf("args: there is no shape %q", clipped(name)), "there are "+strings.Join(slices.Sorted(maps.Keys(features)), " ")
					break
				}
				r.args, r.features = append(r.args, name), append(r.features, feature{is, not})
			}
		case "has", "not":
			var c clause
			if c, err = parseWords(l.value); err != nil {
				hint = `write words as Go strings if they hold blanks, quotes or a |: "-x "`
			} else if l.key == "has" {
				r.has = append(r.has, c)
			} else {
				r.not = c
			}
		case "instead", "off":
			if l.value != "yes" {
				err, hint = fmt.Errorf("%s: %q", l.key, clipped(l.value)), "write yes, or leave the line out"
			} else if l.key == "off" {
				r.off = true
			} else {
				r.instead = true
			}
		case "mark":
			if r.mark = l.value; !slices.Contains([]string{"callback", "targets", "lhost", "dropped"}, r.mark) {
				err, hint = fmt.Errorf("mark: %q", clipped(l.value)), "there are callback targets lhost dropped"
			}
		case "means":
			means = true
			hint, err = r.parseMeans(l.value)
		case "why":
			r.why = l.value
		case "ref":
			r.references = append(r.references, l.value)
		case "match":
			r.match = append(r.match, l.value)
		case "quiet":
			r.quiet = append(r.quiet, l.value)
		}
		if err != nil {
			return nil, &tocsin.Fault{Source: file, Line: l.line, Rule: r.id, Err: err, Hint: hint}
		}
	}
	words := len(r.names)
	for _, c := range append(r.has, r.not) {
		for i, alt := range c {
			words += len(alt)
			for j := range alt {
				if r.on != onCloud {
					c[i][j].text = strings.ToLower(alt[j].text)
				}
			}
		}
	}
	switch {
	case r.id == "":
		return nil, r.fault(errors.New("a row without an id"), "give it one: \"id: port-scanner\"")
	case r.off:
	case r.title == "" || r.why == "":
		return nil, r.fault(errors.New("a row without title or why"), "say what was seen, and why that is telling")
	case !means && r.on != onList:
		return nil, r.fault(errors.New("a row without means"), "write verb, tactic, technique and level: \"means: scan discovery T1046 medium\"")
	case words == 0 && len(r.args) == 0:
		return nil, r.fault(errors.New("a row that looks for nothing"), "give it names, words or args")
	case words > maxRowWords:
		return nil, r.fault(fmt.Errorf("%d words; a row may have %d", words, maxRowWords), "cut it in several rows")
	case len(r.names) == 0 && (r.on == onProgram || r.on == onRPC || r.on == onFamily || r.on == onEvent || r.on == onLog):
		return nil, r.fault(fmt.Errorf("a row on %s without names", kindNames[r.on]), "name them: \"name: nmap masscan\"")
	case r.on > onShape && (len(r.first) > 0 || len(r.flags) > 0 || len(r.args) > 0 || len(r.except) > 0):
		return nil, r.fault(fmt.Errorf("first, flags, args and except are of commands, and the row is on %s", kindNames[r.on]), "leave them out")
	}
	return r, nil
}

// parseMeans reads verb, tactic, technique and level.
func (r *row) parseMeans(s string) (hint string, err error) {
	hint = "write verb, tactic, technique and level, - for none: \"means: scan discovery T1046 medium\""
	f := strings.Fields(s)
	if len(f) != 4 {
		return hint, fmt.Errorf("means: %d words, want 4", len(f))
	}
	for i := range f {
		if f[i] == "-" {
			f[i] = ""
		}
	}
	if f[0] != "" && !slices.Contains(tocsin.Verbs[:], f[0]) {
		return "verbs are " + strings.Join(tocsin.Verbs[:], " "), fmt.Errorf("means: %q is no verb", clipped(f[0]))
	}
	if f[1] != "" && !slices.ContainsFunc(tocsin.Tactics(), func(t tocsin.Tactic) bool { return t.Slug == f[1] }) {
		return "write it as discovery, credential-access, defense-impairment", fmt.Errorf("means: %q is no tactic of ATT&CK", clipped(f[1]))
	}
	if f[2] != "" {
		id, ok := tocsin.Technique(f[2])
		if !ok {
			return "write it as T1046 or T1003.001", fmt.Errorf("means: %q is no id of a technique", clipped(f[2]))
		}
		f[2] = id
	}
	level, err := tocsin.ParseLevel(f[3])
	if err != nil {
		return hint, fmt.Errorf("means: %w", err)
	}
	r.verb, r.tactic, r.technique, r.level = f[0], f[1], f[2], level
	return "", nil
}

// parseWords reads what "has" and "not" say.
func parseWords(s string) (clause, error) {
	var out clause
	var alt alternative
	end := func() error {
		if len(alt) == 0 {
			return errors.New("an alternative without words")
		}
		out, alt = append(out, alt), nil
		return nil
	}
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		if s == "|" || strings.HasPrefix(s, "| ") {
			if err := end(); err != nil {
				return nil, err
			}
			s = s[1:]
			continue
		}
		var w held
		if len(s) > 1 && s[0] == '^' && s[1] != ' ' {
			w.head, s = true, s[1:]
		}
		if s[0] == '"' {
			q, err := strconv.QuotedPrefix(s)
			if err != nil {
				return nil, errors.New("a quote that is not closed, or a \\ that is not written \\\\")
			}
			if w.text, err = strconv.Unquote(q); err != nil {
				return nil, err
			}
			s = s[len(q):]
			if strings.HasPrefix(s, "$") {
				w.tail, s = true, s[1:]
			}
			if s != "" && s[0] != ' ' && s[0] != '\t' {
				return nil, errors.New("no blank behind a quoted word")
			}
		} else {
			i := strings.IndexAny(s, " \t")
			if i < 0 {
				i = len(s)
			}
			w.text, s = s[:i], s[i:]
			if t, ok := strings.CutSuffix(w.text, "$"); ok && t != "" {
				w.text, w.tail = t, true
			}
		}
		if w.text == "" {
			return nil, errors.New("an empty word")
		}
		alt = append(alt, w)
	}
	if err := end(); err != nil {
		return nil, err
	}
	return out, nil
}
