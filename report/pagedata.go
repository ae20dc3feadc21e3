package report

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds that keep the page usable; what is beyond them is counted and said.
const (
	maxPageMatches = 200_000
	maxPageValue   = 8 << 10
	maxPageSeries  = 100
	maxPageFiles   = 5_000
)

// A pool gives each text one number, 0 being the empty text.
type pool struct {
	at  map[string]int
	all []string
}

func newPool() *pool { return &pool{at: map[string]int{"": 0}, all: []string{""}} }

func (p *pool) add(s string) int {
	if len(s) > maxPageValue {
		s = shorten(s, maxPageValue) + " (cut: " + size(int64(len(s))) + " in the log)"
	}
	n, ok := p.at[s]
	if !ok {
		n = len(p.all)
		p.at[s] = n
		p.all = append(p.all, s)
	}
	return n
}

// pageData is the JSON that the page's script reads. Matches are table, texts are numbers of one table of texts,
// and field names are kept once for all events that have the same: for 100,000 matches that is a tenth of JSONL. live says that
// newer data may take its place.
func pageData(h *Hunt, w *words, live bool) []byte {
	d := table{pool: newPool(), rules: map[*tocsin.Rule]int{}, shapes: map[string]int{}}
	levels := levelCounts(h.matches())
	i := 0
	for m := range pageMatches(h.matches(), levels) {
		d.match(i, m)
		i++
	}

	var j jsonText
	j.open('{')
	j.strAt("title", h.title())
	j.strAt("version", h.Version)
	j.strAt("base", baseOf(h.Coverage))
	if live {
		j.key("live")
		j.bool(true)
	}
	j.key("made")
	j.micros(h.Made)
	j.intAt("total", int64(h.matches().Len()))
	j.key("levels")
	j.ints(levels...)
	j.key("tactics")
	j.open('[')
	for _, t := range tocsin.Tactics() {
		j.open('[')
		j.str(t.ID)
		j.str(t.Slug)
		j.str(w.tacticTitle(t))
		j.shut(']')
	}
	j.shut(']')
	writePrincipals(&j, h, w)
	writeCampaigns(&j, h, w)
	d.writeRules(&j, h.Coverage)
	d.writeMatches(&j)
	d.writeCoverage(&j, h.Coverage)
	j.strsAt("strings", d.pool.all)
	j.shut('}')
	return j.b
}

func levelCounts(matches Matches) []int {
	n := make([]int, tocsin.Critical+1)
	for m := range matches.All(false) {
		n[levelOf(rule(m))]++
	}
	return n
}

// pageMatches goes through the matches that the page shows: all of them, or the worst, in their order.
func pageMatches(all Matches, levels []int) iter.Seq[*tocsin.Match] {
	if all.Len() <= maxPageMatches {
		return all.All(true)
	}
	room := maxPageMatches
	var keep [tocsin.Critical + 1]int
	for l := len(keep) - 1; l >= 0; l-- {
		keep[l] = min(room, levels[l])
		room -= keep[l]
	}
	return func(yield func(*tocsin.Match) bool) {
		for m := range all.All(true) {
			if l := levelOf(rule(m)); keep[l] > 0 {
				keep[l]--
				if !yield(m) {
					return
				}
			}
		}
	}
}

// micros writes a time in microseconds since 1970, null where it is not known.
func (j *jsonText) micros(t time.Time) {
	if !datable(t) {
		j.raw("null")
		return
	}
	j.int(t.UnixMicro())
}

// table collects matches by column.
type table struct {
	pool      *pool
	rules     map[*tocsin.Rule]int
	ruleList  []*tocsin.Rule
	shapes    map[string]int
	shapeList [][]int
	times     []time.Time
	records   []uint64
	cols      [9][]int // rule, host, user, address, details, source, format, raw, shape
	values    []int    // of all fields, match after match
	held      []int    // for each match the number of pairs, then the pairs
	series    []int    // the matches that have one
	places    [][]tocsin.Place
	key       []byte
	shape     []int
}

func (d *table) match(i int, m *tocsin.Match) {
	ev, r := event(m), rule(m)
	n, ok := d.rules[r]
	if !ok {
		n = len(d.ruleList)
		d.rules[r] = n
		d.ruleList = append(d.ruleList, r)
	}
	d.times = append(d.times, when(m))
	d.records = append(d.records, ev.Record)
	who := peopleOf(ev)
	d.key, d.shape = d.key[:0], d.shape[:0]
	for k := range ev.Fields {
		name := d.pool.add(ev.Fields[k].Name)
		d.shape = append(d.shape, name)
		d.key = append(strconv.AppendInt(d.key, int64(name), 36), ' ')
		d.values = append(d.values, d.pool.add(ev.Fields[k].Value))
	}
	shape, ok := d.shapes[string(d.key)]
	if !ok {
		shape = len(d.shapeList)
		d.shapes[string(d.key)] = shape
		d.shapeList = append(d.shapeList, slices.Clone(d.shape))
	}
	for c, v := range [...]int{n, d.pool.add(ev.Host), d.pool.add(who.user), d.pool.add(who.source), d.pool.add(MatchDetails(m)),
		d.pool.add(ev.Source), d.pool.add(ev.Format), d.pool.add(rawOf(ev)), shape} {
		d.cols[c] = append(d.cols[c], v)
	}
	d.held = append(d.held, len(m.Held))
	for _, f := range m.Held {
		d.held = append(d.held, d.pool.add(f.Name), d.pool.add(f.Value))
	}
	if len(m.Series) > 0 {
		d.series = append(d.series, i)
		d.places = append(d.places, m.Series)
	}
}

// rawOf is the record as it was written where that tells more than the fields do: not for JSON, which they spell out.
func rawOf(ev *tocsin.Event) string {
	if len(ev.Fields) > 0 && strings.HasPrefix(strings.TrimLeft(ev.Raw, " \t\r\n"), "{") {
		return ""
	}
	return ev.Raw
}

// tacticsOf says which tactics each technique serves. Tags name both but do not pair them, so it is told by the rules
// there are, those that did not match included: from rules with one technique if there are any, a tactic that two in
// three of them name, or failing that the most frequent.
func tacticsOf(rules []*tocsin.Rule) map[string][]int {
	type votes struct {
		rules   int
		alone   bool // all of these rules name one technique only
		tactics [16]int
	}
	order := tacticOrder()
	all := make(map[string]*votes)
	for _, r := range rules {
		techniques, tactics := r.Techniques(), r.Tactics()
		if len(tactics) == 0 {
			continue
		}
		alone := len(techniques) == 1
		for _, id := range techniques {
			v := all[id]
			if v == nil || alone && !v.alone {
				v = &votes{alone: alone}
				all[id] = v
			}
			if v.alone != alone {
				continue
			}
			v.rules++
			for _, t := range tactics {
				v.tactics[order[t.ID]]++
			}
		}
	}
	of := make(map[string][]int, len(all))
	for id, v := range all {
		most := slices.Max(v.tactics[:])
		for t, n := range v.tactics {
			if n*3 >= v.rules*2 || most*3 < v.rules*2 && n == most {
				of[id] = append(of[id], t)
			}
		}
	}
	return of
}

func tacticOrder() map[string]int {
	order := make(map[string]int)
	for i, t := range tocsin.Tactics() {
		order[t.ID] = i
	}
	return order
}

func (d *table) writeRules(j *jsonText, c *tocsin.Coverage) {
	order := tacticOrder()
	known := slices.Clone(d.ruleList)
	if c != nil {
		known = append(known, c.Idle...)
	}
	of := tacticsOf(known)
	j.key("techniques")
	j.open('{')
	for _, id := range sortedKeys(of) {
		j.key(id)
		j.ints(of[id]...)
	}
	j.shut('}')
	j.key("rules")
	j.open('[')
	for _, r := range d.ruleList {
		j.open('{')
		j.key("title")
		j.str(or(r.Title, or(r.ID, "untitled rule")))
		j.strAt("id", r.ID)
		j.intAt("level", int64(levelOf(r)))
		j.key("tactics")
		j.open('[')
		for _, t := range r.Tactics() {
			j.int(int64(order[t.ID]))
		}
		j.shut(']')
		j.strsAt("techniques", r.Techniques())
		if was := r.RevokedTechniques(); len(was) > 0 {
			j.strsAt("revoked", was)
		}
		j.strsAt("tags", r.Tags)
		j.strAt("description", r.Description)
		j.strAt("author", r.Author)
		j.strAt("license", r.License)
		j.strAt("status", r.Status)
		j.strAt("date", or(r.Modified, r.Date))
		j.strsAt("references", r.References)
		j.strsAt("falsePositives", r.FalsePositives)
		j.strAt("logSource", sourceName(r.Source))
		j.strAt("correlation", r.Correlation)
		j.strAt("file", r.File)
		j.intAt("line", r.Line)
		j.shut('}')
	}
	j.shut(']')
}

func (d *table) writeMatches(j *jsonText) {
	j.key("shapes")
	j.open('[')
	for _, s := range d.shapeList {
		j.ints(s...)
	}
	j.shut(']')
	j.key("time")
	j.open('[')
	for _, t := range d.times {
		j.micros(t)
	}
	j.shut(']')
	j.key("record")
	j.open('[')
	for _, n := range d.records {
		if n >= 1<<53 { // beyond what a script can count, or LINE.N
			j.str(tocsin.Place{Record: n}.Number())
		} else {
			j.uint(n)
		}
	}
	j.shut(']')
	for i, name := range [...]string{"rule", "host", "user", "address", "details", "source", "format", "raw", "shape"} {
		j.key(name)
		j.ints(d.cols[i]...)
	}
	j.key("values")
	j.ints(d.values...)
	j.key("held")
	j.ints(d.held...)
	j.key("series")
	j.open('{')
	for i, series := range d.places {
		j.key(strconv.Itoa(d.series[i]))
		j.open('[')
		j.int(int64(len(series)))
		from := max(0, len(series)-maxPageSeries)
		for _, p := range series[from:] {
			j.micros(p.Time)
			j.int(int64(d.pool.add(p.Source)))
			j.str(p.Number())
		}
		j.shut(']')
	}
	j.shut('}')
}

func (d *table) writeCoverage(j *jsonText, c *tocsin.Coverage) {
	if c == nil {
		return
	}
	j.key("coverage")
	j.open('{')
	_, files, read := notRead(c)
	j.intAt("files", int64(files))
	j.intAt("read", int64(read))
	j.intAt("events", c.Events)
	j.intAt("bytes", c.Bytes)
	j.key("first")
	j.micros(c.First)
	j.key("last")
	j.micros(c.Last)
	j.intAt("faults", c.FaultN)
	j.intAt("rules", int64(c.Rules))
	j.intAt("wallMillis", c.Wall.Milliseconds())
	j.intAt("cpuMillis", c.CPU.Milliseconds())
	j.intAt("loadMillis", c.LoadCPU.Milliseconds())
	j.intAt("memory", c.PeakRSS)
	// Files not read come first: they are what the reader must know, and what a bound must not cut off.
	list := slices.Clone(c.Files)
	slices.SortStableFunc(list, func(a, b tocsin.File) int { return cmp.Compare(fileRank(&a), fileRank(&b)) })
	rowsAt(j, "fileList", list[:min(len(list), maxPageFiles)], func(f *tocsin.File) {
		j.str(f.Path)
		j.str(f.Format)
		j.str(f.Skipped)
		j.int(f.Bytes)
		j.int(f.Events)
		j.int(f.Faults)
		j.micros(f.First)
		j.micros(f.Last)
	})
	j.faultsAt("faultList", c.Faults)
	j.faultsAt("rejected", c.Rejected)
	rowsAt(j, "sources", c.Sources, func(s *tocsin.SourceCount) {
		j.str(s.Source.String())
		j.int(s.Events)
	})
	rowsAt(j, "idle", c.Idle, func(r **tocsin.Rule) {
		j.str((*r).Source.String())
		j.str(or((*r).Title, (*r).ID))
	})
	rowsAt(j, "gaps", c.Gaps, func(g *tocsin.Gap) {
		j.str(g.Kind)
		j.str(g.Path)
		j.micros(g.From)
		j.micros(g.To)
		j.str(missingOf(g))
	})
	if len(c.Guesses) > 0 {
		rowsAt(j, "guesses", c.Guesses[:min(len(c.Guesses), maxPageFiles)], func(g *tocsin.Guess) {
			j.str(g.Path)
			j.str(or(english.guessKinds[g.Kind], g.Kind))
			j.int(g.N)
			j.int(g.Of)
			j.str(g.Taken)
			j.str(g.Why)
		})
		j.intAt("guessesAll", int64(len(c.Guesses)))
	}
	if len(c.Strays) > 0 {
		rowsAt(j, "strays", c.Strays[:min(len(c.Strays), maxPageFiles)], func(s *tocsin.Stray) {
			j.str(s.Path)
			j.int(s.N)
			j.micros(s.From)
			j.micros(s.To)
		})
		j.intAt("straysAll", int64(len(c.Strays)))
	}
	if len(c.Digests) > 0 {
		rowsAt(j, "digests", c.Digests, func(d *tocsin.Digest) {
			j.str(d.Kind)
			j.str(d.Path)
			j.int(d.Bytes)
			j.str(d.SHA256)
		})
	}
	if c.Unhashed > 0 {
		j.intAt("unhashed", c.Unhashed)
	}
	j.strAt("partial", c.Partial)
	j.strAt("fields", c.Fields)
	if c.Pseudonyms {
		j.strAt("pseudonyms", pseudonymsText)
	}
	if c.Bare > 0 {
		j.strAt("bare", bareText(c.Bare))
	}
	j.strAt("ruleSets", ruleSetsText(c.RuleSets))
	if len(c.Unmet) > 0 {
		j.key("unmet")
		j.open('[')
		for _, u := range c.Unmet {
			j.str(u.Filter + ": " + u.There)
		}
		j.shut(']')
	}
	rowsAt(j, "letGo", c.LetGo, func(g *tocsin.LetGo) {
		j.str(or(english.plural(g.N, english.letGoKinds[g.Kind]), g.Kind))
		j.int(g.N)
		j.micros(g.From)
		j.micros(g.To)
		j.str(g.Why)
	})
	j.shut('}')
}

// rowsAt writes a list of rows, each a list of what row writes.
func rowsAt[T any](j *jsonText, name string, all []T, row func(*T)) {
	j.key(name)
	j.open('[')
	for i := range all {
		j.open('[')
		row(&all[i])
		j.shut(']')
	}
	j.shut(']')
}

func fileRank(f *tocsin.File) int {
	switch {
	case f.Skipped != "":
		return 0
	case f.Faults > 0:
		return 1
	}
	return 2
}

func (j *jsonText) faultsAt(k string, all []*tocsin.Fault) {
	j.key(k)
	j.open('[')
	for _, f := range all {
		place := f.Source
		if place != "" && f.Line > 0 {
			place += ":" + strconv.FormatInt(f.Line, 10)
		}
		why := ""
		if f.Err != nil {
			why = f.Err.Error()
		}
		j.open('[')
		j.str(place)
		j.str(f.Rule)
		j.str(why)
		j.str(f.Hint)
		j.shut(']')
	}
	j.shut(']')
}

// missingOf says which records are missing at a gap, "" of another kind of gap.
func missingOf(g *tocsin.Gap) string {
	if g.Missing() == 0 {
		return ""
	}
	return fmt.Sprintf("%d records of %s between %d and %d", g.Missing(), or(g.Channel, "a log"), g.Before, g.After)
}
