package report

import (
	"io"

	"github.com/tocsin-ids/tocsin"
)

// JSONL writes one line of JSON for each principal, for each campaign, then for what is telling and in none, then for each match, and ends
// with one for what was covered and what was not, where the hunt says it, with the SHA-256 of all lines before it. docs/jsonl.schema.json describes them. Nothing
// of a campaign or an event is shortened or left out. The schema is stable: members may be added, never renamed or
// removed.
func JSONL(w io.Writer, h *Hunt) error {
	data := seal(w)
	s := spool{w: data}
	if err := appendPrincipals(&s, h.Principals, h.Names); err != nil {
		return err
	}
	for _, c := range h.campaigns() {
		s.b = appendCampaign(s.b, c)
		if err := s.drain(false); err != nil {
			return err
		}
	}
	for _, x := range h.asides() {
		s.b = appendAside(s.b, &x)
		if err := s.drain(false); err != nil {
			return err
		}
	}
	err := s.encode(h, func() func([]byte, *tocsin.Match) []byte {
		rules := make(map[*tocsin.Rule]string)
		return func(b []byte, m *tocsin.Match) []byte { return appendMatch(b, m, rules) }
	})
	if err != nil {
		return err
	}
	if c := h.covered(); c != nil {
		if err := s.drain(true); err != nil {
			return err
		}
		told := *c
		told.Data = data.digest()
		c = &told
		s.b = appendCovered(s.b, c)
	}
	return s.drain(true)
}

// appendMatch appends the line of one match. rules keeps the text of each rule, which its matches share.
func appendMatch(b []byte, m *tocsin.Match, rules map[*tocsin.Rule]string) []byte {
	ev, r := event(m), rule(m)
	text, ok := rules[r]
	if !ok {
		text = ruleJSON(r)
		rules[r] = text
	}
	j := jsonText{b}
	j.open('{')
	j.key("kind")
	j.str("match")
	j.timeAt("time", when(m))
	j.key("rule")
	j.raw(text)
	j.key("host")
	j.str(ev.Host)
	j.key("details")
	j.str(MatchDetails(m))
	j.eventAt("event", ev)
	j.fieldsAt("held", m.Held)
	j.key("entities")
	j.open('[')
	for _, e := range ev.Entities() {
		j.open('{')
		j.strAt("kind", e.Kind)
		j.strAt("role", e.Role)
		j.strAt("value", e.Value)
		j.shut('}')
	}
	j.shut(']')
	if r.Correlation != "" {
		j.key("series")
		j.open('[')
		for _, p := range m.Series {
			j.open('{')
			j.timeAt("time", p.Time)
			j.key("source")
			j.str(p.Source)
			j.recordAt("record", p.Record)
			j.shut('}')
		}
		j.shut(']')
	}
	j.shut('}')
	return append(j.b, '\n')
}

// ruleJSON is what a match tells of its rule: who wrote it under which licence (DRL 1.1 asks for it), and where it is.
func ruleJSON(r *tocsin.Rule) string {
	var j jsonText
	j.open('{')
	j.key("id")
	j.str(r.ID)
	j.key("title")
	j.str(r.Title)
	j.strAt("name", r.Name)
	j.key("level")
	j.str(levelOf(r).String())
	j.strAt("status", r.Status)
	if r.Source.Category == "knowledge" {
		j.strAt("description", r.Description) // why: no rule file elsewhere says it
	}
	j.strsAt("tags", r.Tags)
	j.key("tactics")
	j.open('[')
	for _, t := range r.Tactics() {
		j.str(t.Slug)
	}
	j.shut(']')
	j.strsAt("techniques", r.Techniques())
	if was := r.RevokedTechniques(); len(was) > 0 {
		j.strsAt("revoked_techniques", was)
	}
	j.strAt("author", r.Author)
	j.strAt("license", r.License)
	j.strAt("log_source", sourceName(r.Source))
	j.strAt("correlation", r.Correlation)
	j.strAt("file", r.File)
	if r.Line > 0 {
		j.intAt("line", r.Line)
	}
	j.shut('}')
	return string(j.b)
}

// sourceName is a log source as text, empty where nothing is said.
func sourceName(l tocsin.LogSource) string {
	if l == (tocsin.LogSource{}) {
		return ""
	}
	return l.String()
}

// recordAt writes a record's number: its line and, for another than the first event of a line, which of them it is.
func (j *jsonText) recordAt(k string, record uint64) {
	line, n := tocsin.Place{Record: record}.Line()
	j.key(k)
	j.uint(line)
	if n > 1 {
		nth := "nth"
		if k != "record" {
			nth = k + "_nth"
		}
		j.intAt(nth, n)
	}
}

// eventAt writes an event: its place, its times, its fields, and the record as text where that is all there is.
func (j *jsonText) eventAt(k string, ev *tocsin.Event) {
	j.key(k)
	j.open('{')
	j.key("source")
	j.str(ev.Source)
	j.recordAt("record", ev.Record)
	j.strAt("format", ev.Format)
	j.timeAt("time", ev.Time)
	if datable(ev.Sensor) {
		j.timeAt("sensor", ev.Sensor)
	}
	if len(ev.Sources) > 0 {
		j.key("log_sources")
		j.open('[')
		for _, l := range ev.Sources {
			j.str(l.String())
		}
		j.shut(']')
	}
	j.fieldsAt("fields", ev.Fields)
	if len(ev.Fields) == 0 {
		j.strAt("raw", ev.Raw)
	}
	if ev.Fault != nil {
		j.strAt("fault", ev.Fault.Error())
	}
	j.shut('}')
}
