package report

import (
	"io"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// TextOptions say what Text writes for; the zero value is a screen of 100 × 40 without colour, on
// which campaigns' key events may be as many lines more as they take.
type TextOptions struct {
	Width, Height int  // of the screen, in columns and lines; at least 60 × 24 is made use of
	Color         bool // whether to colour; the caller knows about NO_COLOR and whether it is a terminal
	Whole         bool // cut no line: what is written is kept, or read by a program; lines of prose are folded to Width all the same
	Full          bool // as Whole, and list all campaigns, rules, hosts, users and addresses, whatever the height
}

// Text writes a summary of about a screen: the principals for whom agents worked; the campaigns; what rules found, worst first; by host, user and source address; the ATT&CK
// tactics; and what the run has seen and has not. Campaigns and rules of level high and above are listed in any case; what is
// left out for want of room is counted.
func Text(w io.Writer, h *Hunt, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	if o.Height <= 0 {
		o.Height = 40
	}
	p := page{wide: max(o.Width, 60), color: o.Color, whole: o.Whole || o.Full, full: o.Full}
	p.write(h, max(o.Height, 24))
	_, err := io.WriteString(w, p.b.String())
	return err
}

// A page is the summary being written, line by line.
type page struct {
	b     strings.Builder
	wide  int
	color bool
	whole bool // no line is cut
	full  bool // no list is cut
	year  bool // times span years, or are not of the year the report was made in
}

// ANSI colours of the levels.
var levelInk = [...]string{"2", "2", "36", "33", "31", "1;37;41"}
var levelShort = [...]string{"-", "info", "low", "med", "HIGH", "CRIT"}
var levelWord = [...]string{"unrated", "info", "low", "medium", "high", "critical"}

func (p *page) ink(code, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// line writes one line from visible text, clipped to the page if that is a terminal.
func (p *page) line(s string) {
	p.b.WriteString(p.fit(s))
	p.b.WriteByte('\n')
}

func (p *page) heading(s string) {
	p.b.WriteString(p.ink("1", p.fit(s)))
	p.b.WriteByte('\n')
}

// A section is a list that may be cut short.
type section struct {
	title string
	noun  string
	list  []*tally
	rows  func(*page, []*tally)
	least int // lines it must have to be worth its heading
	share int // of the room there is beyond that
	room  int // lines it gets, for rows and the line that says how many more there are
}

func (p *page) write(h *Hunt, high int) {
	s := summarize(h)
	p.year = s.total.first.Year() != s.total.last.Year() || datable(h.Made) && s.total.last.Year() != h.Made.UTC().Year()
	head := p.verdict(h, s)
	airy := high >= 36
	var foot []string
	if h.Coverage != nil {
		foot = p.coverage(h.Coverage, airy, max(3, high/6))
	}
	tactics := p.tactics(s)
	all := []*section{
		{title: "Worst first", noun: "rule", list: s.rules.worst(), rows: (*page).ruleRows, least: 6, share: 4},
		{title: "Hosts", noun: "host", list: s.hosts.worst(), rows: (*page).nameRows, least: 3, share: 2},
		{title: "Users", noun: "user", list: s.users.worst(), rows: (*page).nameRows, least: 2, share: 2},
		{title: "Source addresses", noun: "address", list: s.places.worst(), rows: (*page).nameRows, least: 2, share: 1},
	}
	used := len(head) + len(tactics) + len(foot) + 1 // the last for the prompt that follows
	if len(foot) > 0 {
		used++ // its heading
	}
	if airy {
		used += 2
	}
	principals := p.principalLines(h.Principals, max(6, high/3))
	if used += len(principals); airy && len(principals) > 0 {
		used++
	}
	campaigns, beyond := p.campaignLines(h, min(max(6, high*2/5), high-used-6))
	if len(campaigns) > 0 {
		all[0].least = 3
		used += len(campaigns) - beyond
		if airy {
			used++
		}
	}
	for _, l := range principals {
		p.b.WriteString(l + "\n")
	}
	if airy && len(principals) > 0 {
		p.b.WriteByte('\n')
	}
	for _, l := range head {
		p.b.WriteString(l + "\n")
	}
	if airy && len(campaigns) > 0 {
		p.b.WriteByte('\n')
	}
	for _, l := range campaigns {
		p.b.WriteString(l + "\n")
	}
	p.b.WriteString(p.lists(all, high-used, airy))
	if airy && len(tactics) > 0 {
		p.b.WriteByte('\n')
	}
	for _, l := range tactics {
		p.b.WriteString(l + "\n")
	}
	if len(foot) > 0 {
		if airy {
			p.b.WriteByte('\n')
		}
		p.heading("Coverage")
		for _, l := range foot {
			p.line(l)
		}
	}
}

// lists writes the sections in so many lines, if what must be listed leaves that choice: the rules of level high and above.
func (p *page) lists(all []*section, lines int, airy bool) string {
	rules := all[0]
	severe := 0
	for severe < len(rules.list) && levelOf(rules.list[severe].rule) >= tocsin.High {
		severe++
	}
	rules.least = max(rules.least, severe+1) // and the line that counts the others
	room := lines
	for try := 0; ; try++ {
		share(all, room, airy)
		if p.full {
			for _, c := range all {
				c.room = len(c.list)
			}
		}
		part := &page{wide: p.wide, color: p.color, whole: p.whole, full: p.full, year: p.year}
		for _, c := range all {
			part.section(c, airy)
		}
		part.notListed(all)
		over := strings.Count(part.b.String(), "\n") - lines
		if over <= 0 || try == 8 {
			return part.b.String()
		}
		room -= over // rows were folded
		rules.least = max(severe, 1) + 1
	}
}

func (p *page) section(c *section, airy bool) {
	if len(c.list) == 0 || c.room == 0 {
		return
	}
	if airy {
		p.b.WriteByte('\n')
	}
	p.heading(c.title)
	show := len(c.list)
	if show > c.room {
		show = c.room - 1
	}
	c.rows(p, c.list[:show])
	if rest := len(c.list) - show; rest > 0 {
		p.line(p.more(c, rest))
	}
}

func (p *page) more(c *section, rest int) string {
	l := "  … and " + count(rest) + " more " + strings.TrimPrefix(several(max(rest, 2), c.noun), count(max(rest, 2))+" ")
	if c.noun == "rule" {
		l += ": " + levelsIn(c.list[len(c.list)-rest:])
	}
	return l
}

// notListed counts what has no room on the page at all.
func (p *page) notListed(all []*section) {
	var parts []string
	for _, c := range all {
		if len(c.list) > 0 && c.room == 0 {
			parts = append(parts, several(len(c.list), c.noun))
		}
	}
	if len(parts) > 0 {
		p.line("  Not listed for want of room: " + strings.Join(parts, ", ") + " (--full lists all)")
	}
}

// share gives the sections the lines that there are: what each needs at least, in their order as long as there is
// room, then by their shares what they can use.
func share(all []*section, room int, airy bool) {
	for i, c := range all {
		need := min(c.least, len(c.list))
		head := 1
		if airy {
			head++
		}
		if need == 0 || i > 0 && room < need+head {
			c.room = 0
			continue
		}
		c.room = need
		room -= need + head
	}
	for room > 0 {
		before := room
		for _, c := range all {
			if c.room == 0 {
				continue
			}
			more := min(c.share, len(c.list)-c.room, room)
			c.room += more
			room -= more
		}
		if room == before {
			return
		}
	}
}

// verdict is the first lines: how much, how bad, where and when.
func (p *page) verdict(h *Hunt, s *summary) []string {
	if h.matches().Len() == 0 {
		l := "No rule matched."
		if n := len(h.Campaigns); n > 0 {
			return []string{p.ink("1", p.fit(several(n, "campaign")+"; no match of a rule is listed."))}
		}
		if c := h.Coverage; c != nil && c.Events == 0 {
			l += " Nothing was read, so this says nothing."
		} else if c != nil && c.Rules == 0 {
			l += " No rule was loaded, so this says nothing."
		} else if c != nil && c.Partial != "" {
			l += " But not all was read: see below."
		}
		return []string{p.ink("1", p.fit(l))}
	}
	n := h.matches().Len()
	what := count(n) + " matches"
	if n == 1 {
		what = "1 match"
	}
	what += " of " + several(len(s.rules), "rule")
	first := p.ink("1", what) + ":"
	used := width(what) + 1
	var lines []string
	between := " "
	for l := tocsin.Critical; ; l-- {
		if n := s.total.by[l]; n > 0 {
			text := count(n) + " " + or(l.String(), "unrated")
			if p.wide < 100 {
				text = count(n) + " " + levelWord[l]
			}
			if used+len(between)+width(text) > p.wide {
				lines = append(lines, first+strings.TrimRight(between, " "))
				first, used, between = "", 0, "  "
			}
			first, used, between = first+between+p.ink(levelInk[l], text), used+len(between)+width(text), ", "
		}
		if l == tocsin.Unrated {
			break
		}
	}
	lines = append(lines, first)
	var where []string
	for _, w := range []struct {
		n    int
		noun string
	}{{len(s.hosts), "host"}, {len(s.users), "user"}, {len(s.places), "address"}} {
		if w.n > 0 {
			where = append(where, several(w.n, w.noun))
		}
	}
	second := strings.Join(where, ", ")
	if datable(s.total.first) {
		if second != "" {
			second += "; "
		}
		second += spanText(s.total.first, s.total.last)
	}
	return append(lines, p.fold(second, p.wide)...)
}

// spanText is from when to when, to the second, the day said once.
func spanText(first, last time.Time) string {
	a, b := first.UTC().Format("2006-01-02 15:04:05"), last.UTC().Format("2006-01-02 15:04:05")
	if a[:10] == b[:10] {
		b = b[11:]
	}
	return a + " – " + b + " UTC"
}

// period is when something was seen: one time, or from when to when, the day said once; over years only the days.
func (p *page) period(first, last time.Time) string {
	if !datable(first) {
		return "time unknown"
	}
	first, last = first.UTC(), last.UTC()
	day := "01-02"
	if p.year {
		day = time.DateOnly
	}
	a, b := first.Format(day), last.Format(day)
	from, to := first.Format("15:04"), last.Format("15:04")
	switch {
	case a == b && from == to:
		return a + " " + from
	case a == b:
		return a + " " + from + " – " + to
	case p.year:
		return a + " – " + b
	}
	return a + " " + from + " – " + b + " " + to
}

// pad fills visible text up to n columns.
func pad(s string, n int) string {
	s = clip(s, n)
	if w := width(s); w < n {
		s += strings.Repeat(" ", n-w)
	}
	return s
}

func padLeft(s string, n int) string {
	if w := width(s); w < n {
		return strings.Repeat(" ", n-w) + s
	}
	return s
}

// tactics are those of ATT&CK in the order of the matrix.
func (p *page) tactics(s *summary) []string {
	var parts []string
	for _, t := range tocsin.Tactics() {
		if n := s.tactics[t.ID]; n > 0 {
			parts = append(parts, t.Name+" "+count(n))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	lines := wrap(parts, " · ", "  ", p.wide)
	return append([]string{p.ink("1", "ATT&CK")}, lines...)
}

// wrap joins parts into lines of at most n columns.
func wrap(parts []string, sep, indent string, n int) []string {
	var lines []string
	line := indent
	for _, s := range parts {
		add := s
		if line != indent {
			add = sep + s
		}
		if line != indent && width(line)+width(add) > n {
			lines = append(lines, line)
			line, add = indent, s
		}
		line += add
	}
	return append(lines, line)
}
