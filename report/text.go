package report

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// TextOptions say what Text writes for; the zero value is a screen of 100 × 40 without colour.
type TextOptions struct {
	Width, Height int  // of the screen, in columns and lines; at least 60 × 24 is made use of
	Color         bool // whether to colour; the caller knows about NO_COLOR and whether it is a terminal
}

// Text writes a summary that fits a screen: the principals for whom agents worked; the campaigns; what rules found, worst first; by host, user and source address; the ATT&CK
// tactics; and what the run has seen and has not.
func Text(w io.Writer, h *Hunt, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	if o.Height <= 0 {
		o.Height = 40
	}
	p := page{wide: max(o.Width, 60), color: o.Color}
	p.write(h, max(o.Height, 24))
	_, err := io.WriteString(w, p.b.String())
	return err
}

// A page is the summary being written, line by line.
type page struct {
	b     strings.Builder
	wide  int
	color bool
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

// line writes one line from visible text, clipped to the page.
func (p *page) line(s string) {
	p.b.WriteString(clip(s, p.wide))
	p.b.WriteByte('\n')
}

func (p *page) heading(s string) {
	p.b.WriteString(p.ink("1", clip(s, p.wide)))
	p.b.WriteByte('\n')
}

// A section is a list that may be cut short.
type section struct {
	title string
	noun  string
	list  []*tally
	row   func(*tally)
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
	tactics := p.tactics(s, airy)
	all := []*section{
		{title: "Worst first", noun: "rule", list: s.rules.worst(), row: p.ruleRow, least: 6, share: 4},
		{title: "Hosts", noun: "host", list: s.hosts.worst(), row: p.nameRow, least: 3, share: 2},
		{title: "Users", noun: "user", list: s.users.worst(), row: p.nameRow, least: 2, share: 2},
		{title: "Source addresses", noun: "address", list: s.places.worst(), row: p.nameRow, least: 2, share: 1},
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
	campaigns := p.campaignLines(h, min(max(6, high*2/5), high-used-6))
	if len(campaigns) > 0 {
		all[0].least = 3
		used += len(campaigns)
		if airy {
			used++
		}
	}
	share(all, high-used, airy)

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
	for _, c := range all {
		if len(c.list) == 0 || c.room == 0 {
			continue
		}
		if airy {
			p.b.WriteByte('\n')
		}
		p.heading(c.title)
		show := len(c.list)
		if show > c.room {
			show = c.room - 1
		}
		for _, t := range c.list[:show] {
			c.row(t)
		}
		if rest := len(c.list) - show; rest > 0 {
			p.line(p.more(c, rest))
		}
	}
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

func (p *page) more(c *section, rest int) string {
	return "  … and " + count(rest) + " more " + strings.TrimPrefix(several(max(rest, 2), c.noun), count(max(rest, 2))+" ")
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
			return []string{p.ink("1", clip(several(n, "campaign")+"; no match of a rule is listed.", p.wide))}
		}
		if c := h.Coverage; c != nil && c.Events == 0 {
			l += " Nothing was read, so this says nothing."
		} else if c != nil && c.Rules == 0 {
			l += " No rule was loaded, so this says nothing."
		} else if c != nil && c.Partial != "" {
			l += " But not all was read: see below."
		}
		return []string{p.ink("1", clip(l, p.wide))}
	}
	n := h.matches().Len()
	what := count(n) + " matches"
	if n == 1 {
		what = "1 match"
	}
	what += " of " + several(len(s.rules), "rule")
	var inked []string
	used := width(what)
	for l := tocsin.Critical; ; l-- {
		if n := s.total.by[l]; n > 0 {
			text := count(n) + " " + or(l.String(), "unrated")
			if p.wide < 100 {
				text = count(n) + " " + levelWord[l]
			}
			if used += 2 + width(text); used <= p.wide {
				inked = append(inked, p.ink(levelInk[l], text))
			}
		}
		if l == tocsin.Unrated {
			break
		}
	}
	first := p.ink("1", what) + ": " + strings.Join(inked, ", ")
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
	return []string{first, clip(second, p.wide)}
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

func (p *page) periodWidth() int {
	if p.year {
		return len(time.DateOnly + " 15:04 - 15:04")
	}
	return len("01-02 15:04 - 01-02 15:04")
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

func (p *page) ruleRow(t *tally) {
	r := t.rule
	hosts := sortedKeys(t.hosts)
	where := ""
	if len(hosts) > 0 {
		where = visible(hosts[0])
	}
	if len(hosts) > 1 {
		where = strconv.Itoa(len(hosts)) + " hosts"
	}
	hostWidth := 0 // of a narrow page the title has more need
	if p.wide >= 90 {
		hostWidth = min(20, p.wide/6)
	}
	title := max(12, p.wide-2-5-8-1-hostWidth-1-p.periodWidth())
	l := levelOf(r)
	p.b.WriteString("  " + p.ink(levelInk[l], pad(levelShort[l], 4)) + " " + pad(visible(or(r.Title, r.ID)), title) + padLeft(count(t.n), 7) + "  " +
		pad(where, hostWidth) + " " + strings.TrimRight(clip(p.period(t.first, t.last), p.periodWidth()), " ") + "\n")
}

// nameRow shows a host, user or address: its matches by level, when, and the tactics or the rules.
func (p *page) nameRow(t *tally) {
	levelWidth := 24
	if p.wide < 80 {
		levelWidth = 16
	}
	var levels []string
	var plain int
	for l := tocsin.Critical; ; l-- {
		s := count(t.by[l]) + " " + levelShort[l]
		if t.by[l] > 0 && plain+len(s) < levelWidth {
			plain += len(s) + 1
			levels = append(levels, p.ink(levelInk[l], s))
		}
		if l == tocsin.Unrated {
			break
		}
	}
	name := min(28, max(14, p.wide/4))
	left := p.wide - 2 - name - 1 - levelWidth - p.periodWidth() - 1
	p.b.WriteString("  " + pad(visible(t.name), name) + " " + strings.Join(levels, " ") + strings.Repeat(" ", max(1, levelWidth-plain+1)))
	last := p.period(t.first, t.last)
	if left >= 8 {
		last = pad(last, p.periodWidth()) + " " + clip(strings.Join(tacticNames(t.tactics), ", "), left)
	}
	p.b.WriteString(strings.TrimRight(last, " ") + "\n")
}

// tactics is one line, with room up to three, of ATT&CK in the order of the matrix.
func (p *page) tactics(s *summary, airy bool) []string {
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
	most := 1
	if airy {
		most = 3
	}
	if len(lines) > most {
		var rest []string
		for _, l := range lines[most-1:] {
			rest = append(rest, strings.TrimSpace(l))
		}
		lines = append(lines[:most-1:most-1], clip("  "+strings.Join(rest, " · "), p.wide))
	}
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
