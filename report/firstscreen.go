package report

import (
	"bytes"
	"encoding/hex"
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
func firstScreen(p *Page, h *Hunt, sum []byte) []byte {
	f := screen{p: p, base: baseOf(h.Coverage)}
	s := summarize(h)
	f.text("h1", ` id="first-title"`, say(quote(or(h.Title, p.Say(h.title())))))
	f.text("p", ` class="lede"`, f.lede(h, s))
	if c := h.Coverage; c != nil && c.Partial != "" {
		f.text("p", ` class="warn"`, append(say(bold(p.Say("The run ended before all was read: "))), p.w.tell("partial", c.Partial)...))
	}
	all := h.campaigns()
	told := all[:min(len(all), maxFirstTold)]
	for _, c := range told {
		f.campaign(h, c)
	}
	f.named(all[len(told):])
	wide := page{wide: 1 << 20, whole: true} // the terminal's, which knows English only
	if p.Lang() == "en" {
		for _, l := range wide.besides(h) {
			f.text("p", "", say(strings.TrimSpace(l)))
		}
	}
	f.principals(h.Principals)
	f.rules(s)
	f.tactics(s)
	switch {
	case p.Lang() != "en":
		a := dossier{w: p.w, h: h, document: document{lang: p.Lang()}}
		a.heading(2, p.Say("Coverage"))
		a.covered()
		for i := range a.blocks {
			a.htmlBlock(&f.b, &a.blocks[i])
		}
	case h.Coverage != nil:
		f.coverage(wide.coverage(h.Coverage, true, 1<<20))
	}
	f.custody(h, sum)
	return f.b.Bytes()
}

// plural is a count with its noun: one and many in English.
func (p *Page) plural(n int, one, many string) string {
	return p.w.number(n) + " " + p.Say(p.w.plural(int64(n), noun{one, many}))
}

// lede says how many campaigns and matches there are, where and when; where nothing matched, what that says.
func (f *screen) lede(h *Hunt, s *summary) text {
	p := f.p
	var t text
	switch n := len(h.Campaigns); {
	case n > 0:
		t = say(bold(p.plural(n, "campaign", "campaigns") + ". "))
	case h.Campaigns != nil:
		t = say(bold(p.Say("No campaign. ")))
	}
	n, c := h.matches().Len(), h.Coverage
	switch {
	case n == 0 && len(h.Campaigns) > 0:
		return append(t, say(p.Say("No match of a rule is listed."))...)
	case n == 0 && c != nil && c.Events == 0:
		return append(t, say(p.Say("No rule matched. "), p.Say("Nothing was read, so this says nothing."))...)
	case n == 0 && c != nil && c.Rules == 0:
		return append(t, say(p.Say("No rule matched. "), p.Say("No rule was loaded, so this says nothing."))...)
	case n == 0:
		return append(t, say(p.Say("No rule matched. "))...)
	}
	var levels, where []string
	for l := tocsin.Critical; ; l-- {
		if n := s.total.by[l]; n > 0 {
			levels = append(levels, p.Level(l)+" "+p.w.number(n))
		}
		if l == tocsin.Unrated {
			break
		}
	}
	for _, x := range []struct {
		n         int
		one, many string
	}{{len(s.hosts), "host", "hosts"}, {len(s.users), "user", "users"}, {len(s.places), "source address", "source addresses"}} {
		if x.n > 0 {
			where = append(where, p.plural(x.n, x.one, x.many))
		}
	}
	t = append(t, fill(p.Say("{0} of {1} ({2})"), p.plural(n, "match", "matches"), p.plural(len(s.rules), "rule", "rules"), strings.Join(levels, ", "))...)
	if len(where) > 0 {
		t = append(t, say(p.w.sure().between, strings.Join(where, ", "))...)
	}
	if datable(s.total.first) {
		t = append(t, say(p.w.sure().between, spanText(s.total.first, s.total.last))...)
	}
	return t
}

// principals tells for whom agents worked: of each of whom there is something to report the verdict, and why.
func (f *screen) principals(all []*tocsin.Principal) {
	if len(all) == 0 {
		return
	}
	p, w := f.p, f.p.w
	sessions, calls := 0, 0
	var rows [][]text
	left := 0
	for _, x := range all {
		sessions += len(x.Sessions)
		calls += x.Calls
		if x.Verdict == tocsin.Ordinary {
			continue
		}
		if left++; left <= maxFirstNamed {
			rows = append(rows, []text{say(bold(p.Say(verdictOf(x.Verdict).String()))), say(val(x.Name)), say(p.plural(len(x.Sessions), "session", "sessions"), ", ", p.plural(x.Calls, "call", "calls")), w.because(x)})
		}
	}
	head := fill(p.Say("{0} with agents: {1}, {2}"), p.plural(len(all), "principal", "principals"), p.plural(sessions, "session", "sessions"), p.plural(calls, "call", "calls"))
	if days, _, _ := period(all); days > 0 {
		head = append(head, fill(p.Say(" over {0}"), p.plural(days, "day", "days"))...)
	}
	f.text("h2", "", head)
	f.table("", []string{p.Say("Verdict"), p.Say("Name"), p.Say("How much"), p.Say("Why")}, rows)
	if n := left - len(rows); n > 0 {
		f.text("p", ` class="muted"`, fill(p.Say("The JSONL has {0} more."), w.number(n)))
	}
	if n := len(all) - left; n > 0 {
		f.text("p", ` class="muted"`, fill(p.Say("{0} ordinary: nothing to report of them."), w.number(n)))
	}
	for _, s := range principalNotes(all) {
		f.text("p", ` class="muted"`, w.tell("note", s))
	}
	if len(sightLines(all)) == 0 {
		f.text("p", ` class="muted"`, say(p.Say("Sight: full")))
	}
}

// tactics counts matches by tactic.
func (f *screen) tactics(s *summary) {
	var parts []string
	for _, t := range tocsin.Tactics() {
		if n := s.tactics[t.ID]; n > 0 {
			parts = append(parts, f.p.w.tacticTitle(t)+" "+f.p.w.number(n))
		}
	}
	if len(parts) > 0 {
		f.text("h2", "", say("ATT&CK"))
		f.text("p", "", say(strings.Join(parts, " · ")))
	}
}

// A screen is the first screen being written.
type screen struct {
	p    *Page
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
func (f *screen) campaign(h *Hunt, c *tocsin.Campaign) {
	p, w := f.p, f.p.w
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
	p := f.p
	f.text("h2", "", say(p.Say("Further campaigns")))
	var rows [][]text
	for _, c := range rest[:min(len(rest), maxFirstNamed)] {
		rows = append(rows, []text{say(bold(p.Level(c.Level))), p.w.tell("title", titleOf(c)), say(p.w.span(c.First, c.Last)), p.w.verdict(c), say(val(c.ID))})
	}
	f.table("further", []string{p.Say("Level"), p.Say("Campaign"), p.Say("When"), p.Say("What drove it"), p.Say("Id")}, rows)
	if n := len(rest) - len(rows); n > 0 {
		f.text("p", ` class="muted"`, fill(p.Say("The JSONL has {0} more."), p.plural(n, "campaign", "campaigns")))
	}
}

func (f *screen) rules(s *summary) {
	worst := s.rules.worst()
	if len(worst) == 0 {
		return
	}
	p := f.p
	f.text("h2", "", say(p.Say("What rules found, worst first")))
	var rows [][]text
	for _, t := range worst[:min(len(worst), maxFirstRules)] {
		when := p.Say("time unknown")
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
		rows = append(rows, []text{say(bold(p.Level(levelOf(t.rule)))), say(quote(or(t.rule.Title, t.rule.ID))), say(p.w.number(t.n)), p.w.vals(hosts, 5), say(when)})
	}
	f.table("", []string{p.Say("Level"), p.Say("Rule"), p.Say("Matches"), p.Say("Hosts"), p.Say("When")}, rows)
	if n := len(worst) - len(rows); n > 0 {
		f.text("p", ` class="muted"`, fill(p.Say("and {0} more"), p.plural(n, "rule", "rules")))
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
	p := f.p
	f.text("h2", "", say(p.Say("Chain of custody")))
	var rows [][]text
	add := func(name string, t text) { rows = append(rows, []text{say(p.Say(name)), t}) }
	if datable(h.Made) {
		add("Made", say(stampOf(h.Made)+" UTC"))
	}
	add("By", say(quote(strings.TrimSpace("Tocsin "+h.Version))))
	if c := h.Coverage; c != nil {
		_, files, read := notRead(c)
		add("From", fill(p.Say("{0} of {1}, {2}"), p.w.number(read), p.plural(files, "file", "files"), size(c.Bytes)))
		if f.base != "" {
			add("Files below", say(val(f.base)))
		}
		if l := ruleSetsText(c.RuleSets); l != "" {
			add("Rules", say(quote(l)))
		}
	}
	add("SHA-256 of this page's data", say(val(hex.EncodeToString(sum))))
	f.table("named", []string{p.Say("What"), p.Say("Which")}, rows)
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
