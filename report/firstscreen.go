package report

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of the first screen; what is beyond them is counted.
const (
	maxFirstTold  = 5   // campaigns told with their key events
	maxFirstNamed = 200 // campaigns named after them
	maxFirstRules = 10
)

// firstScreen writes what the page says without scripts, while it loads, and on the first sheet of paper: the verdict on each
// campaign, the key events of the worst, what was read and what was not, and what the page was made from. sum is the
// SHA-256 of the page's data.
func firstScreen(h *Hunt, sum []byte) []byte {
	f := screen{base: baseOf(h.Coverage)}
	s := summarize(h)
	wide := page{wide: 1 << 20, whole: true}
	f.text("h1", ` id="first-title"`, say(quote(h.title())))
	var found string
	if h.Campaigns != nil {
		found = several(len(h.Campaigns), "campaign") + ". "
		if len(h.Campaigns) == 0 {
			found = "No campaign. "
		}
	}
	f.text("p", ` class="lede"`, say(bold(found), strings.Join(wide.verdict(h, s), "; ")))
	if c := h.Coverage; c != nil && c.Partial != "" {
		f.text("p", ` class="warn"`, say(bold("The run ended before all was read: "), quote(c.Partial)))
	}
	all := h.campaigns()
	told := all[:min(len(all), maxFirstTold)]
	for _, c := range told {
		f.campaign(&Page{w: &english}, h, c)
	}
	f.named(all[len(told):])
	for _, l := range wide.besides(h) {
		f.text("p", "", say(strings.TrimSpace(l)))
	}
	f.lines(wide.principalLines(h.Principals, 1<<20))
	f.rules(s)
	f.lines(wide.tactics(s))
	if h.Coverage != nil {
		f.coverage(wide.coverage(h.Coverage, true, 1<<20))
	}
	f.custody(h, sum)
	return f.b.Bytes()
}

// lines writes what the terminal has: a heading, then lines.
func (f *screen) lines(all []string) {
	for i, l := range all {
		element := "p"
		if i == 0 {
			element = "h2"
		}
		f.text(element, "", say(quote(strings.Join(strings.Fields(l), " "))))
	}
}

// A screen is the first screen being written.
type screen struct {
	b    bytes.Buffer
	d    document // lends how spans are written
	base string
}

func (f *screen) text(element, attributes string, t text) {
	f.b.WriteString("<" + element + attributes + ">")
	f.d.htmlSpans(&f.b, t)
	f.b.WriteString("</" + element + ">\n")
}

// table writes rows that a narrow screen stacks, each value below its name. The roles stay true where it does.
func (f *screen) table(class string, head []string, rows [][]text) {
	f.b.WriteString("<table class=\"stack " + class + "\" role=\"table\"><thead role=\"rowgroup\"><tr role=\"row\">")
	for _, s := range head {
		f.text("th", ` scope="col" role="columnheader"`, say(s))
	}
	f.b.WriteString("</tr></thead><tbody role=\"rowgroup\">\n")
	for _, row := range rows {
		f.b.WriteString("<tr role=\"row\">")
		for i, t := range row {
			f.b.WriteString(`<td role="cell" data-label="` + html.EscapeString(head[i]) + `">`)
			if len(t) > 0 {
				f.text("div", "", t)
			}
			f.b.WriteString("</td>")
		}
		f.b.WriteString("</tr>\n")
	}
	f.b.WriteString("</tbody></table>\n")
}

func (p *Page) badge(l tocsin.Level) string {
	return `<span class="badge l` + strconv.Itoa(int(min(l, tocsin.Critical))) + `">` + html.EscapeString(p.Level(l)) + "</span>"
}

// campaign tells one in short: what happened, how sure that is, and its key events.
func (f *screen) campaign(p *Page, h *Hunt, c *tocsin.Campaign) {
	w := p.w
	f.b.WriteString("<article class=\"firstcamp\"><h2>" + p.badge(c.Level) + " ")
	f.d.htmlSpans(&f.b, w.tell("title", titleOf(c)))
	f.b.WriteString("</h2>\n")
	story := w.story(c, h.endOf(c))
	f.text("p", "", joined(append(slices.Clone(story[:min(len(story), 2)]), w.state(c, h.endOf(c))...)))
	f.text("p", "", w.verdict(c))
	if weakest := w.joins(c, 1); len(weakest) > 0 {
		f.text("p", "", append(say(p.Say("Weakest join: ")), weakest[0]...))
	}
	if c.Lost != "" {
		f.text("p", ` class="warn"`, append(say(bold(p.Say("What this campaign may lack: "))), w.tell("lost", c.Lost)...))
	}
	f.text("p", ` class="muted"`, say(quote(w.why1(c)), " ", val(c.ID)))
	if len(c.Key) > 0 {
		f.text("h3", "", say(w.key.head))
		var rows [][]text
		for i := range c.Key {
			e := &c.Key[i]
			var places []string
			for k := range e.Places {
				places = append(places, relative(e.Places[k].String(), f.base))
			}
			kind := say(bold(w.keyKind(e.Kind)))
			if e.Tie == "weak" {
				kind = append(kind, say(p.Say(" (weak)"))...)
			}
			rows = append(rows, []text{say(stampOf(e.Time)), kind, w.act(e.What), w.about(e), w.vals(places, 3)})
		}
		f.table("events", []string{p.Say("When (UTC)"), w.key.kindHead, p.Say("Command or request"), p.Say("Where and by whom"), w.key.evidenceHead}, rows)
		if n := c.Omitted["key_events"]; n > 0 {
			f.text("p", ` class="muted"`, say(w.unlisted(c, "key_events")))
		}
	}
	f.b.WriteString("</article>\n")
}

func titleOf(c *tocsin.Campaign) string { return or(c.Title, or(c.ID, "untitled")) }

// joined puts sentences behind one another.
func joined(all []text) text {
	var t text
	for i, s := range all {
		if i > 0 {
			t = append(t, say(" ")...)
		}
		t = append(t, s...)
	}
	return t
}

func (f *screen) named(rest []*tocsin.Campaign) {
	if len(rest) == 0 {
		return
	}
	f.text("h2", "", say("Further campaigns"))
	var rows [][]text
	for _, c := range rest[:min(len(rest), maxFirstNamed)] {
		rows = append(rows, []text{say(bold(or(c.Level.String(), "unrated"))), say(quote(titleOf(c))), say(english.span(c.First, c.Last)), english.verdict(c), say(val(c.ID))})
	}
	f.table("further", []string{"Level", "Campaign", "When", "What drove it", "Id"}, rows)
	if n := len(rest) - len(rows); n > 0 {
		f.text("p", ` class="muted"`, say(several(n, "more campaign")+" are in the JSONL."))
	}
}

func (f *screen) rules(s *summary) {
	worst := s.rules.worst()
	if len(worst) == 0 {
		return
	}
	f.text("h2", "", say("What rules found, worst first"))
	var rows [][]text
	for _, t := range worst[:min(len(worst), maxFirstRules)] {
		when := "time unknown"
		switch {
		case datable(t.first) && t.last.After(t.first):
			when = spanText(t.first, t.last)
		case datable(t.first):
			when = stampOf(t.first) + " UTC"
		}
		var hosts []string
		for _, name := range sortedKeys(t.hosts) {
			if name != "" {
				hosts = append(hosts, name)
			}
		}
		rows = append(rows, []text{say(bold(or(levelOf(t.rule).String(), "unrated"))), say(quote(or(t.rule.Title, t.rule.ID))), say(count(t.n)), english.vals(hosts, 5), say(when)})
	}
	f.table("", []string{"Level", "Rule", "Matches", "Hosts", "When"}, rows)
	if n := len(worst) - len(rows); n > 0 {
		f.text("p", ` class="muted"`, say("and "+several(n, "more rule")+"."))
	}
}

// coverage writes the lines of the terminal's coverage, each a name in the first columns and what it says.
func (f *screen) coverage(lines []string) {
	f.text("h2", "", say("Coverage"))
	var rows [][]text
	const label = 12
	for _, l := range lines {
		if len(l) < label {
			continue
		}
		name, said := strings.TrimSpace(l[:label]), strings.TrimSpace(l[label:])
		if name == "" && len(rows) > 0 {
			last := &rows[len(rows)-1][1]
			*last = append(*last, say(quote(" "+said))...)
			continue
		}
		rows = append(rows, []text{say(name), say(quote(f.short(said)))})
	}
	f.table("named", []string{"What", "How much"}, rows)
}

// custody says what the page was made from and by what, so that it can be made again and compared.
func (f *screen) custody(h *Hunt, sum []byte) {
	f.text("h2", "", say("Chain of custody"))
	var rows [][]text
	add := func(name string, t text) { rows = append(rows, []text{say(name), t}) }
	if datable(h.Made) {
		add("Made", say(stampOf(h.Made)+" UTC"))
	}
	add("By", say(quote(strings.TrimSpace("Tocsin "+h.Version))))
	if c := h.Coverage; c != nil {
		_, files, read := notRead(c)
		add("From", say(fmt.Sprintf("%s of %s, %s", count(read), several(files, "file"), size(c.Bytes))))
		if f.base != "" {
			add("Files below", say(val(f.base)))
		}
		if l := ruleSetsText(c.RuleSets); l != "" {
			add("Rules", say(quote(l)))
		}
	}
	add("SHA-256 of this page's data", say(val(hex.EncodeToString(sum))))
	f.table("named", []string{"What", "Which"}, rows)
}

// baseOf is the folder below which all files of a run lie that were named from the root, up to the parent of the one
// that was hunted: reports leave it out. It is empty where they share none.
func baseOf(c *tocsin.Coverage) string {
	if c == nil {
		return ""
	}
	base := ""
	for i := range c.Files {
		p := c.Files[i].Path
		if !rooted(p) {
			return ""
		}
		if p, _, _ = strings.Cut(p, "!"); i == 0 {
			base = p[:strings.LastIndexAny(p, `/\`)+1]
		}
		for !strings.HasPrefix(p, base) {
			base = parentOf(base)
		}
	}
	if base = parentOf(base); len(base) < 4 { // the root itself, or a drive
		return ""
	}
	return base
}

// rooted says that a path begins at the root: /logs, C:\logs, \\server\share.
func rooted(p string) bool {
	return strings.HasPrefix(p, "/") || strings.HasPrefix(p, `\\`) || len(p) > 2 && p[1] == ':' && (p[2] == '\\' || p[2] == '/')
}

// parentOf is the folder that holds a folder, each ending in its separator.
func parentOf(dir string) string {
	return dir[:strings.LastIndexAny(strings.TrimRight(dir, `/\`), `/\`)+1]
}

// short leaves the base out of a line that names paths.
func (f *screen) short(l string) string {
	if f.base == "" {
		return l
	}
	return strings.ReplaceAll(l, f.base, "")
}

func relative(path, base string) string { return strings.TrimPrefix(path, base) }
