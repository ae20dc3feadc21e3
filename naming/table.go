package naming

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

//go:embed sources.txt
var sourcesText string

// The table of sources.txt, and the names that tell nobody apart.
var (
	nobodysHosts, nobodys, nobodysDomains = map[string]bool{}, map[string]bool{}, map[string]bool{}
	table                                 = mustParse(sourcesText)
)

// A row is a kind of record that names machines or accounts.
type row struct {
	id      string
	sources []tocsin.LogSource
	formats []string
	key     string // the field that tells such records from others of the source; "" is none
	values  []string
	when    []condition
	texts   []text
	says    []saying
}

// A condition is on the values of a field: one of them is among these, or with unless none is.
type condition struct {
	field  string
	values []string
	unless bool
}

// A saying is what such a record says. number is its place in the table.
type saying struct {
	number   int
	row      *row
	kind     string
	grade    grade
	of, name side
}

// A grade is how sure a fact is.
type grade uint8

const (
	told grade = iota
	claimed
	own
)

var grades = [...]string{"told", "claimed", "own"}

func (g grade) String() string { return grades[g] }

// ends are the kinds of the two names of each kind of fact.
var ends = map[string][2]string{
	"machine": {"address", "host"}, "alias": {"host", "host"}, "sid": {"host", "sid"}, "account": {"user", "user"},
	"mailbox": {"mailbox", "mailbox"}, "user": {"place", "user"},
}

func mustParse(text string) []*row {
	rows, err := parseTable(text)
	if err != nil {
		panic(err) // what is embedded is tested
	}
	return rows
}

// words are those of a line; `\ ` is a space in one.
func words(line string) []string {
	const held = "\x00"
	all := strings.Fields(strings.ReplaceAll(line, `\ `, held))
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], held, " ")
	}
	return all
}

func parseTable(text string) (rows []*row, err error) {
	var r *row
	n, number := 0, 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		w := words(line)
		bad := func(why string) ([]*row, error) { return nil, fmt.Errorf("line %d: %s: %q", n, why, line) }
		into := map[string]map[string]bool{"hosts": nobodysHosts, "accounts": nobodys, "domains": nobodysDomains}[w[0]]
		switch {
		case into != nil:
			for _, name := range w[1:] {
				into[name] = true
			}
			continue
		case len(w) < 2:
			return bad("too short")
		case w[0] == "id":
			r = &row{id: w[1]}
			rows = append(rows, r)
			continue
		case r == nil:
			return bad("before the first id")
		}
		switch w[0] {
		case "source":
			for _, s := range w[1:] {
				p := strings.Split(strings.ReplaceAll(s, "*", ""), "/")
				if len(p) != 3 {
					return bad("want PRODUCT/CATEGORY/SERVICE")
				}
				r.sources = append(r.sources, tocsin.LogSource{Product: p[0], Category: p[1], Service: p[2]})
			}
		case "format":
			r.formats = strings.Split(w[1], ",")
		case "key":
			if len(w) != 3 {
				return bad("want FIELD VALUES")
			}
			r.key, r.values = w[1], strings.Split(w[2], ",")
		case "when", "unless":
			if len(w) != 3 {
				return bad("want FIELD VALUES")
			}
			r.when = append(r.when, condition{w[1], strings.Split(w[2], ","), w[0] == "unless"})
		case "text":
			_, template, _ := strings.Cut(line[len("text "):], " ")
			t, err := newText(w[1], template)
			if err != nil {
				return bad(err.Error())
			}
			r.texts = append(r.texts, t)
		case "says":
			g := slices.Index(grades[:], w[1])
			if len(w) != 5 || g < 0 || ends[w[2]] == [2]string{} {
				return bad("want GRADE KIND OF NAME")
			}
			s := saying{number: number, row: r, kind: w[2], grade: grade(g), of: newSide(w[3], ends[w[2]][0]), name: newSide(w[4], ends[w[2]][1])}
			if s.of.shape != "" && shapes[s.of.shape] == nil || s.name.shape != "" && shapes[s.name.shape] == nil {
				return bad("no such shape")
			}
			number++
			r.says = append(r.says, s)
		default:
			return bad("no such word")
		}
	}
	return rows, nil
}

func newSide(word, kind string) side {
	s := side{kind: kind}
	if domain, field, ok := strings.Cut(word, `\`); ok {
		s.domain, word = domain, field
	}
	s.field, s.shape, _ = strings.Cut(word, ":")
	return s
}

// in says that events of some log sources or of a format can be such records.
func (r *row) in(sources []tocsin.LogSource, format string) bool {
	if slices.Contains(r.formats, format) {
		return true
	}
	for _, want := range r.sources {
		for _, s := range sources {
			if want.Covers(s) {
				return true
			}
		}
	}
	return false
}

// holds says that the event meets the conditions of a row.
func (r *row) holds(ev *tocsin.Event) bool {
	for i := range r.when {
		c := &r.when[i]
		found := false
		for k := range ev.Fields {
			if ev.Fields[k].Name == c.field && slices.ContainsFunc(c.values, func(v string) bool { return strings.EqualFold(v, strings.TrimSpace(ev.Fields[k].Value)) }) {
				found = true
				break
			}
		}
		if found == c.unless {
			return false
		}
	}
	return true
}

// A plan is the rows for the events of some log sources.
type plan struct {
	keyed []keyed
	rest  []*row
}

// keyed are the rows that a field tells apart.
type keyed struct {
	field string
	at    int // where it stood last time
	rows  map[string][]*row
}

func newPlan(sources []tocsin.LogSource, format string) *plan {
	p := &plan{}
	for _, r := range table {
		if !r.in(sources, format) {
			continue
		}
		if r.key == "" {
			p.rest = append(p.rest, r)
			continue
		}
		i := slices.IndexFunc(p.keyed, func(k keyed) bool { return k.field == r.key })
		if i < 0 {
			i = len(p.keyed)
			p.keyed = append(p.keyed, keyed{field: r.key, rows: map[string][]*row{}})
		}
		for _, v := range r.values {
			p.keyed[i].rows[v] = append(p.keyed[i].rows[v], r)
		}
	}
	if len(p.keyed)+len(p.rest) == 0 {
		return nil
	}
	return p
}

// value is that of the event's first such field, or "".
func (k *keyed) value(ev *tocsin.Event) string {
	if k.at < len(ev.Fields) && ev.Fields[k.at].Name == k.field {
		return ev.Fields[k.at].Value
	}
	for i := range ev.Fields {
		if ev.Fields[i].Name == k.field {
			k.at = i
			return ev.Fields[i].Value
		}
	}
	return ""
}
