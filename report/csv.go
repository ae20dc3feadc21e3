package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// csvMatches are the columns of CSV. The first three are those that Timesketch asks for.
// https://timesketch.org/guides/user/import-from-json-csv/
const csvMatches = "message,datetime,timestamp_desc,host,level,rule,rule_id,tactics,techniques,user,src_ip,process,details,source,record,format,author,license,tags,correlation,series\n"

// CSV writes one row for each match, ready for Timesketch and safe to open in a spreadsheet.
//
// No cell holds a line break or another control character: they are shown as \n, \x1b, \u202e. A cell that a
// spreadsheet could take for a formula, and one that begins with an apostrophe, has an apostrophe put before it; so has
// a part of a cell after a semicolon, because spreadsheets of many countries part cells there. To get a value back,
// take away one apostrophe at the start of the cell and one after each semicolon.
func CSV(w io.Writer, h *Hunt) error {
	s := spool{w: w}
	s.b = append(s.b, csvMatches...)
	err := s.encode(h, func() func([]byte, *tocsin.Match) []byte {
		rules := make(csvRules)
		return rules.row
	})
	if err != nil {
		return err
	}
	if why := partial(h); why != "" {
		row := csvRow{b: s.b}
		row.cell(why)
		row.when(h.made(), "Partial Result")
		row.cells(make([]string, strings.Count(csvMatches, ",")-2)...)
		s.b = row.end()
	}
	return s.drain(true)
}

// csvRules keep what all rows of a rule have.
type csvRules map[*tocsin.Rule]*csvRule

type csvRule struct{ title, id, level, tactics, techniques, author, license, tags, correlation string }

func (rules csvRules) of(r *tocsin.Rule) *csvRule {
	f := rules[r]
	if f == nil {
		f = &csvRule{r.Title, r.ID, levelOf(r).String(), "", strings.Join(r.Techniques(), " "), r.Author, r.License, strings.Join(r.Tags, " "), r.Correlation}
		for i, t := range r.Tactics() {
			if i > 0 {
				f.tactics += " "
			}
			f.tactics += t.Slug
		}
		rules[r] = f
	}
	return f
}

// row appends the row of one match.
func (rules csvRules) row(b []byte, m *tocsin.Match) []byte {
	ev, r := event(m), rule(m)
	f := rules.of(r)
	who := peopleOf(ev)
	what := MatchDetails(m)
	row := csvRow{b: b}
	row.cell(headline(r, what))
	row.when(when(m), stampKind(m))
	row.cells(ev.Host, f.level, f.title, f.id, f.tactics, f.techniques, who.user, who.source, who.process, what, ev.Source)
	row.cell(ev.Place().Number())
	row.cells(ev.Format, f.author, f.license, f.tags, f.correlation)
	if r.Correlation != "" {
		row.uint(uint64(len(m.Series)))
	} else {
		row.cell("")
	}
	return row.end()
}

// stampKind is Timesketch's word for what happened at the time of a row.
func stampKind(m *tocsin.Match) string {
	switch {
	case datable(m.Time) || m.Event != nil && datable(m.Event.Time):
		return "Event Time"
	case datable(when(m)):
		return "Sensor Time"
	}
	return unknownTime
}

const unknownTime = "Time Unknown"

// AppendCSV appends one row with the cells, each made as CSV makes its own.
func AppendCSV(b []byte, cells ...string) []byte {
	row := csvRow{b: b}
	row.cells(cells...)
	return row.end()
}

// A csvRow is a row being written.
type csvRow struct {
	b []byte
	n int // cells so far
}

func (r *csvRow) end() []byte { return append(r.b, '\n') }

func (r *csvRow) sep() {
	if r.n > 0 {
		r.b = append(r.b, ',')
	}
	r.n++
}

func (r *csvRow) cells(all ...string) {
	for _, c := range all {
		r.cell(c)
	}
}

func (r *csvRow) uint(n uint64) {
	r.sep()
	r.b = strconv.AppendUint(r.b, n, 10)
}

// when writes datetime and timestamp_desc. Importers drop rows without a time, so one that is not known is the epoch
// and said to be so.
func (r *csvRow) when(t time.Time, kind string) {
	if !datable(t) {
		t, kind = time.Unix(0, 0), unknownTime
	}
	r.sep()
	r.b = t.UTC().AppendFormat(r.b, "2006-01-02T15:04:05.000000+00:00")
	r.cell(kind)
}

// cell writes any text as one cell: visible, defused, and quoted where it must be.
func (r *csvRow) cell(s string) {
	r.sep()
	if plainCell(s) {
		r.b = append(r.b, s...)
		return
	}
	r.b = append(r.b, '"')
	for part := range strings.SplitAfterSeq(s, ";") {
		if formula(part) {
			r.b = append(r.b, '\'')
		}
		from := len(r.b)
		r.b = appendVisible(r.b, part)
		if strings.IndexByte(part, '"') >= 0 {
			r.b = append(r.b[:from], strings.ReplaceAll(string(r.b[from:]), `"`, `""`)...)
		}
	}
	r.b = append(r.b, '"')
}

// plainCell says that s needs nothing done to it.
func plainCell(s string) bool {
	if s == "" {
		return true
	}
	c := s[0]
	if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '/' && c != '[' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\'' {
			return false
		}
	}
	return s[len(s)-1] != ' '
}

// formula says that a spreadsheet could take a text for a formula: = + - @ % | or a control character comes first,
// be it after blanks, quotes or what does not show, or in full width. An apostrophe counts too, so that one that is
// put before it can be told from one that was there.
func formula(s string) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\'':
			return i == 0
		case r == '\t', r == '\r', r == '\n':
			return true
		case r == ' ', r == '"', r == 0xa0, r >= 0x2000 && r <= 0x200a, r == 0x3000, r == 0x201c, r == 0x201d, r == 0x2018, r == 0x2019, r == 0xff02, r == 0xff07, hidden(r):
			i += n
			continue
		}
		switch r {
		case '=', '+', '-', '@', '%', '|', 0x2212, 0xff1d, 0xff0b, 0xff0d, 0xff20, 0xff05, 0xff5c, 0xfe66, 0xfe62, 0xfe63, 0xfe6b:
			return true
		}
		return false
	}
	return false
}

// A Timeline writes events, one at a time as they come: what `tocsin timeline` and `tocsin search` print.
// It is used by one goroutine at a time.
type Timeline struct {
	s      spool
	format string
}

const csvEvents = "message,datetime,timestamp_desc,host,log_source,user,src_ip,process,details,source,record,format,fault\n"

// NewTimeline returns a Timeline in a format: jsonl, csv (as CSV, with a row for each event) or text (one harmless
// line for each event).
func NewTimeline(w io.Writer, format string) (*Timeline, error) {
	t := &Timeline{s: spool{w: w}, format: format}
	switch format {
	case "jsonl", "text":
	case "csv":
		t.s.b = append(t.s.b, csvEvents...)
	default:
		return nil, fmt.Errorf("timeline format %q: want jsonl, csv or text", format)
	}
	return t, nil
}

// Write writes one event. It keeps nothing of it.
func (t *Timeline) Write(ev *tocsin.Event) error {
	switch t.format {
	case "jsonl":
		t.jsonl(ev)
	case "csv":
		t.csv(ev)
	default:
		t.text(ev)
	}
	return t.s.drain(false)
}

// Flush hands on what is still kept back. It is called at the end, and whenever what was written must be seen.
func (t *Timeline) Flush() error { return t.s.drain(true) }

// Partial writes that the run ended before all was read, and why.
func (t *Timeline) Partial(why string) error {
	said := fill(english.partial, visible(shorten(why, maxShown))).plain()
	switch t.format {
	case "jsonl":
		t.s.b = AppendPartial(t.s.b, why)
	case "csv":
		t.s.b = AppendCSV(t.s.b, append([]string{said, "1970-01-01T00:00:00.000000+00:00", "Partial Result"}, make([]string, strings.Count(csvEvents, ",")-2)...)...)
	default:
		t.s.b = append(t.s.b, "#tocsin\t"+said+"\n"...)
	}
	return t.s.drain(false)
}

// AppendPartial appends the line of JSON by which a run says that it ended before all was read.
func AppendPartial(b []byte, why string) []byte {
	b = AppendJSON(append(b, `{"kind":"partial","why":`...), why)
	return append(b, "}\n"...)
}

func (t *Timeline) jsonl(ev *tocsin.Event) {
	j := jsonText{t.s.b}
	j.open('{')
	j.key("kind")
	j.str("event")
	j.timeAt("time", eventTime(ev))
	j.key("host")
	j.str(ev.Host)
	j.key("details")
	j.str(Details(ev))
	j.eventAt("event", ev)
	j.shut('}')
	t.s.b = append(j.b, '\n')
}

func (t *Timeline) csv(ev *tocsin.Event) {
	who := peopleOf(ev)
	what := Details(ev)
	kind := "Event Time"
	if !datable(ev.Time) {
		kind = "Sensor Time"
	}
	var source, fault string
	if len(ev.Sources) > 0 {
		source = ev.Sources[0].String()
	}
	if ev.Fault != nil {
		fault = ev.Fault.Error()
	}
	row := csvRow{b: t.s.b}
	if what != "" {
		row.cell(what)
	} else {
		row.cell(shorten(ev.Raw, maxAll))
	}
	row.when(eventTime(ev), kind)
	row.cells(ev.Host, source, who.user, who.source, who.process, what, ev.Source)
	row.cell(ev.Place().Number())
	row.cells(ev.Format, fault)
	t.s.b = row.end()
}

func (t *Timeline) text(ev *tocsin.Event) {
	b := t.s.b
	if at := eventTime(ev); datable(at) {
		b = at.UTC().AppendFormat(b, "2006-01-02 15:04:05.000")
	} else {
		b = append(b, "time unknown           "...)
	}
	b = append(b, "  "...)
	if ev.Host == "" {
		b = append(b, '-')
	} else {
		b = appendVisible(b, ev.Host)
	}
	b = append(b, "  "...)
	b = appendVisible(b, Details(ev))
	if ev.Fault != nil {
		b = append(b, "  not decoded: "...)
		b = appendVisible(b, ev.Fault.Error())
	}
	b = append(b, "  ["...)
	b = appendVisible(b, ev.Source)
	b = append(b, ':')
	b = append(b, ev.Place().Number()...)
	t.s.b = append(b, "]\n"...)
}

func eventTime(ev *tocsin.Event) time.Time {
	if datable(ev.Time) {
		return ev.Time
	}
	return ev.Sensor
}
