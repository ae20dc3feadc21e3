package report

import (
	"bytes"
	_ "embed"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tsv"
)

// A Page is the HTML report in its parts, for one whose data grows: the same markup, styles and scripts, in a language, with
// data that is fetched instead of held. It is not changed; several goroutines may use one.
type Page struct {
	w    *words
	said map[string]string // what the page itself says, by its English; empty in English
}

// The page's own sentences in French: English and French, parted by a tab, with holes {0}, {1} …
//
//go:embed html/french.tsv
var frenchPage string

// NewPage returns the page in a language: en (also where none is named) or fr. Another one is an error.
func NewPage(lang string) (*Page, error) {
	w, err := tongue(lang)
	if err != nil {
		return nil, err
	}
	p := &Page{w: w, said: map[string]string{}}
	if w.lang == "fr" {
		p.said = Translations("french.tsv", frenchPage)
	}
	return p, nil
}

// Translations reads a table of what a page says: English and translation, as package tsv has it.
func Translations(name, table string) map[string]string {
	all := map[string]string{}
	for n, c := range tsv.Rows(name, table, 2) {
		if c[0] == "" || c[1] == "" {
			tsv.Fault(name, n, "an empty column")
		}
		all[c[0]] = c[1]
	}
	return all
}

// Lang is the page's language: en or fr.
func (p *Page) Lang() string { return p.w.lang }

// Say is what the page itself says in its language; what it does not know it leaves as it is.
func (p *Page) Say(english string) string { return or(p.said[english], english) }

// Style are the styles of the page.
func (p *Page) Style() ([]byte, error) { return joinedScripts(styles[:]) }

// Script are the page's scripts within one function. unpack is a script that has a function unpack, which gives the data; after
// is one that comes last, where renew(data) takes up newer data and keeps what the reader had chosen.
func (p *Page) Script(unpack, after []byte) ([]byte, error) {
	names := slices.Clone(scripts[:])
	at := slices.Index(names, "packed.js")
	before, err := joinedScripts(names[:at])
	if err != nil {
		return nil, err
	}
	rest, err := joinedScripts(append(names[at+1:], "live.js"))
	if err != nil {
		return nil, err
	}
	return slices.Concat(p.within(), before, unpack, rest, after, []byte("\n})();\n")), nil
}

// within is how the function begins that scripts stand in: with the page's words.
func (p *Page) within() []byte {
	j := jsonText{[]byte("\"use strict\";(async () => {\nconst words = ")}
	j.b = append(j.b, '{')
	for _, k := range sortedKeys(p.said) {
		j.key(k)
		j.str(p.said[k])
	}
	j.shut('}')
	return append(j.b, ";\n"...)
}

// App is the markup that the scripts fill, to stand in the page's main element; #find, #filter with #filtered and #chips,
// #theme, #print and the links #to-principals and #to-campaigns stand elsewhere in the page.
func (p *Page) App() ([]byte, error) {
	b, err := assets.ReadFile("html/app.html")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = p.fill(&out, "app.html", b, nil)
	return out.Bytes(), err
}

// Data is the JSON that the scripts read, for a page to which newer data comes.
func (p *Page) Data(h *Hunt) []byte { return pageData(h, p.w, true) }

// Campaign writes as markup what the page says of a campaign without scripts: its story, how sure that is, its key events. All
// text is escaped.
func (p *Page) Campaign(w io.Writer, h *Hunt, c *tocsin.Campaign) error {
	f := screen{p: p, base: baseOf(h.Coverage)}
	f.campaign(h, c)
	_, err := w.Write(f.b.Bytes())
	return err
}

// Level is what a level is called, in lower case.
func (p *Page) Level(l tocsin.Level) string {
	return p.Say(or(min(l, tocsin.Critical).String(), "unrated"))
}

// Title is a campaign's title in the page's language.
func (p *Page) Title(c *tocsin.Campaign) string {
	return visible(p.w.tell("title", titleOf(c)).plain())
}

// Verdict says in a sentence what drove a campaign.
func (p *Page) Verdict(c *tocsin.Campaign) string { return p.w.verdict(c).plain() }

// Because says in a sentence why a principal is judged as it is.
func (p *Page) Because(x *tocsin.Principal) string { return p.w.plainly(p.w.because(x)) }

// AppendCampaign appends the object that JSONL has for a campaign, without its records unless they are asked for, and then the
// members of more.
func AppendCampaign(b []byte, c *tocsin.Campaign, records bool, more ...tocsin.Field) []byte {
	j := tagged{jsonText: jsonText{b}}
	if !records {
		j.skip = "records"
	}
	j.open('{')
	j.key("kind")
	j.str("campaign")
	j.members(reflect.ValueOf(c).Elem())
	writeSure(&j.jsonText, c)
	for _, m := range more {
		j.key(m.Name)
		j.str(m.Value)
	}
	j.shut('}')
	return j.b
}

// AppendPrincipals appends an array of the objects that JSONL has for principals. Those of whom there is nothing to report are
// named only if names says so.
func AppendPrincipals(b []byte, all []*tocsin.Principal, names bool) ([]byte, error) {
	var lines bytes.Buffer
	s := spool{w: &lines}
	if err := appendPrincipals(&s, all, names); err != nil {
		return nil, err
	}
	if err := s.drain(true); err != nil {
		return nil, err
	}
	b = append(b, '[')
	b = append(b, bytes.ReplaceAll(bytes.TrimSuffix(lines.Bytes(), []byte("\n")), []byte("\n"), []byte(","))...)
	return append(b, ']'), nil
}

// AppendMatches appends an array of the objects that JSONL has for matches.
func AppendMatches(b []byte, all []*tocsin.Match) []byte {
	rules := map[*tocsin.Rule]string{}
	b = append(b, '[')
	for _, m := range all { // which puts the commas
		b = bytes.TrimSuffix(appendMatch(b, m, rules), []byte("\n"))
	}
	return append(b, ']')
}

// AppendEvent appends the object that JSONL has for an event.
func AppendEvent(b []byte, ev *tocsin.Event) []byte {
	t := Timeline{s: spool{b: b}}
	t.jsonl(ev)
	return bytes.TrimSuffix(t.s.b, []byte("\n"))
}

// tacticTitle is a tactic's name as a heading.
func (w *words) tacticTitle(t tocsin.Tactic) string {
	if w.lang == "en" {
		return t.Name
	}
	s := w.tactic(t.Slug)
	for i := range s {
		if i > 0 { // the first character may be of several bytes
			return strings.ToUpper(s[:i]) + s[i:]
		}
	}
	return s
}

// saidOf is the campaign with the sentences of findings in the language; in English itself.
func (w *words) saidOf(c *tocsin.Campaign) *tocsin.Campaign {
	if w.catalogue == nil {
		return c
	}
	tell := func(class, s string) string { return w.tell(class, s).plain() }
	each := func(class string, all []string) []string {
		all = slices.Clone(all)
		for i, s := range all {
			all[i] = tell(class, s)
		}
		return all
	}
	out := *c
	out.Title, out.Lost = tell("title", c.Title), tell("lost", c.Lost)
	out.Steps = slices.Clone(c.Steps)
	for i := range out.Steps {
		out.Steps[i].Summary = tell("step", out.Steps[i].Summary)
		out.Steps[i].Shown = each("shown", out.Steps[i].Shown)
	}
	out.Key = slices.Clone(c.Key)
	for i := range out.Key {
		k := &out.Key[i]
		k.What, k.Shown = w.act(k.What).plain(), tell("shown", k.Shown)
	}
	indicators := func(all []tocsin.Indicator) []tocsin.Indicator {
		all = slices.Clone(all)
		for i := range all {
			all[i].Why = tell("indicator", all[i].Why)
		}
		return all
	}
	out.Used, out.Touched = indicators(c.Used), indicators(c.Touched)
	links := func(all []tocsin.Link) []tocsin.Link {
		all = slices.Clone(all)
		for i := range all {
			all[i].Evidence = tell("link", all[i].Evidence)
		}
		return all
	}
	out.Links = links(c.Links)
	out.Gates = slices.Clone(c.Gates)
	for i := range out.Gates {
		out.Gates[i].Change = tell("change", out.Gates[i].Change)
	}
	out.Victims = slices.Clone(c.Victims)
	for i := range out.Victims {
		out.Victims[i].Why = tell("step", out.Victims[i].Why)
	}
	out.Leads = slices.Clone(c.Leads)
	for i := range out.Leads {
		out.Leads[i].Title = tell("lead", out.Leads[i].Title)
	}
	out.Data, out.Open, out.Missing = each("data", c.Data), each("open", c.Open), each("missing", c.Missing)
	out.Actors = actorsOf(c)
	for i, a := range out.Actors {
		b := *a
		b.Links, b.Evidence, b.Adaptations = links(a.Links), slices.Clone(a.Evidence), slices.Clone(a.Adaptations)
		for k := range b.Evidence {
			b.Evidence[k].Feature, b.Evidence[k].Seen = tell("feature", b.Evidence[k].Feature), tell("measure", b.Evidence[k].Seen)
		}
		for k := range b.Adaptations {
			b.Adaptations[k].Evidence = tell("link", b.Adaptations[k].Evidence)
		}
		out.Actors[i] = &b
	}
	return &out
}

// saidOfPrincipal is a principal with what findings say of it in the language.
func (w *words) saidOfPrincipal(p *tocsin.Principal) *tocsin.Principal {
	if w.catalogue == nil {
		return p
	}
	grounds := func(all []tocsin.Ground) []tocsin.Ground {
		all = slices.Clone(all)
		for i := range all {
			all[i].Sentence = w.plainly(w.tell("ground", all[i].Sentence))
		}
		return all
	}
	out := *p
	out.Evidence, out.ByTarget, out.Cleared = grounds(p.Evidence), slices.Clone(p.ByTarget), slices.Clone(p.Cleared)
	for i := range out.ByTarget {
		out.ByTarget[i].Evidence = grounds(p.ByTarget[i].Evidence) // a course has titles of acts, which are names
	}
	for i, s := range out.Cleared {
		out.Cleared[i] = w.plainly(w.tell("cleared", s))
	}
	return &out
}
