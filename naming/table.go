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
	line    bool // texts hold for one line of their field, and each line says so anew
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
	id       string // names it in what is written: numbers are another's when the table changes
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
		case "text", "line":
			r.line = w[0] == "line"
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
			s := saying{number: number, id: fmt.Sprintf("%s %s %s %s %d", r.id, w[2], ends[w[2]][0], ends[w[2]][1], len(r.says)), row: r, kind: w[2], grade: grade(g), of: newSide(w[3], ends[w[2]][0]), name: newSide(w[4], ends[w[2]][1])}
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

// A plan is the rows for the events of some log sources. Most events have nothing to do with any row, so one pass over their
// fields finds those that do.
type plan struct {
	names   []string // of the fields that rows need, at most 64
	lengths uint64   // a bit for each of their lengths, modulo 64
	rows    []planned
	keyed   []keyed
}

// A planned is a row that needs one of some fields, as bits of plan.names.
type planned struct {
	*row
	needs uint64
}

// keyed are the rows that a field tells apart, by its value.
type keyed struct {
	name int
	rows map[string][]*row
}

func newPlan(sources []tocsin.LogSource, format string) *plan {
	p := &plan{}
	for _, r := range table {
		if !r.in(sources, format) {
			continue
		}
		if r.key == "" {
			x := planned{row: r}
			for _, field := range r.needs() {
				x.needs |= 1 << p.number(field)
			}
			p.rows = append(p.rows, x)
			continue
		}
		name := p.number(r.key)
		i := slices.IndexFunc(p.keyed, func(k keyed) bool { return k.name == name })
		if i < 0 {
			i = len(p.keyed)
			p.keyed = append(p.keyed, keyed{name, map[string][]*row{}})
		}
		for _, v := range r.values {
			p.keyed[i].rows[v] = append(p.keyed[i].rows[v], r)
		}
	}
	if len(p.keyed)+len(p.rows) == 0 {
		return nil
	}
	return p
}

// needs are the fields of which a record of the row's kind has one at least.
func (r *row) needs() (fields []string) {
	if len(r.texts) > 0 {
		return []string{r.texts[0].field}
	}
	for i := range r.says {
		field := r.says[i].of.field
		if field[0] == '@' {
			field = r.says[i].name.field
		}
		fields = append(fields, field)
	}
	return fields
}

// number is that of a field's name.
func (p *plan) number(field string) int {
	i := slices.Index(p.names, field)
	if i < 0 {
		i = len(p.names)
		p.names = append(p.names, field)
		p.lengths |= 1 << (len(field) % 64)
	}
	return i
}

// each gives the rows that an event may be a record of.
func (p *plan) each(ev *tocsin.Event, yield func(*row)) {
	var there uint64
	var values [64]int32 // the field of each name, where it is there
	for i := range ev.Fields {
		name := ev.Fields[i].Name
		if p.lengths>>(len(name)%64)&1 == 0 {
			continue
		}
		for n, want := range p.names {
			if name == want && there>>n&1 == 0 {
				there |= 1 << n
				values[n] = int32(i)
			}
		}
	}
	if there == 0 {
		return
	}
	for i := range p.keyed {
		if k := &p.keyed[i]; there>>k.name&1 != 0 {
			for _, r := range k.rows[ev.Fields[values[k.name]].Value] {
				yield(r)
			}
		}
	}
	for i := range p.rows {
		if p.rows[i].needs&there != 0 {
			yield(p.rows[i].row)
		}
	}
}
