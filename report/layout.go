package report

import (
	"math"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// unbroken are the words of a text; a sign that belongs to the number before it stays with it.
func unbroken(s string) []string {
	all := strings.Fields(s)
	n := 0
	for i, word := range all {
		if i > 0 && word[0] == '%' && strings.Trim(word, "%.,;:)") == "" {
			all[n-1] += " " + word
			continue
		}
		all[n] = word
		n++
	}
	return all[:n]
}

// fold breaks visible text into lines of at most n columns, between words; a word longer than a line is broken within, unless
// the page is to be whole.
func (p *page) fold(s string, n int) []string {
	if p.whole {
		return foldWords(s, n, math.MaxInt)
	}
	return foldWords(s, n, n)
}

// foldWords is fold, where a word is broken that is longer than most.
func foldWords(s string, n, most int) []string {
	n = max(n, 8)
	most = max(n, most)
	var lines []string
	line := ""
	for _, word := range unbroken(s) {
		for width(word) > most {
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			cut := head(word, most)
			lines = append(lines, word[:cut])
			word = word[cut:]
		}
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) > n:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// indented is text folded to the page, every line after so many spaces.
func (p *page) indented(indent int, s string) []string {
	lines := p.fold(s, p.wide-indent)
	for i := range lines {
		lines[i] = strings.Repeat(" ", indent) + lines[i]
	}
	return lines
}

// fit is what the page shows of a line: all of it, unless it is for a terminal that would break it.
func (p *page) fit(s string) string {
	if p.whole {
		return s
	}
	return clip(s, p.wide)
}

// A cell is a part of a row, inked, with the columns that it takes and those that it is filled up to.
type cell struct {
	s          string
	wide, fill int
}

func textCell(s string, fill int) cell { return cell{s: s, wide: width(s), fill: fill} }

// row writes cells a space apart, going on in another line, indented, where the next does not fit.
func (p *page) row(cells ...cell) {
	const indent = 7
	line, used := "  ", 2
	empty := true
	for _, c := range cells {
		gap := max(0, c.fill-c.wide)
		if !empty && used+2+c.wide > p.wide {
			p.b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, used, empty = strings.Repeat(" ", indent), indent, true
			gap = 0
		}
		if empty && used == indent && c.wide > p.wide-indent { // prose
			lines := p.fold(c.s, p.wide-indent)
			for _, l := range lines[:len(lines)-1] {
				p.b.WriteString(line + l + "\n")
			}
			c.s = lines[len(lines)-1]
			c.wide, gap = width(c.s), 0
		}
		if !empty {
			line, used = line+"  ", used+2
		}
		line += c.s + strings.Repeat(" ", gap)
		used += c.wide + gap
		empty = false
	}
	p.b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// ruleRows lists rules with how often, where and when they matched. Titles are folded, not cut.
func (p *page) ruleRows(list []*tally) {
	var titles, where, when, counts int
	for _, t := range list {
		titles = max(titles, width(visible(or(t.rule.Title, t.rule.ID))))
		where, when, counts = max(where, width(hostsOfRule(t))), max(when, width(p.period(t.first, t.last))), max(counts, width(count(t.n)))
	}
	rest := p.wide - 2 - 5 - 2 - counts - 2 - 2 - when // for title and host
	if !p.whole {
		where = min(where, max(p.wide/5, rest-titles))
	}
	least := min(p.wide-20, 28)
	title := min(rest-where, max(titles, 44))
	beside := title >= least
	if !beside { // a narrow page has where and when below the title
		title = p.wide - 2 - 5 - 2 - counts
	}
	for _, t := range list {
		l := levelOf(t.rule)
		lines := p.fold(visible(or(t.rule.Title, t.rule.ID)), title)
		host := hostsOfRule(t)
		if !p.whole && beside {
			host = clip(host, where)
		}
		first := "  " + p.ink(levelInk[l], pad(levelShort[l], 4)) + " " + pad(lines[0], title) + "  " + padLeft(count(t.n), counts)
		if beside {
			first += "  " + pad(host, where) + "  " + p.period(t.first, t.last)
		}
		p.b.WriteString(strings.TrimRight(first, " ") + "\n")
		for _, l := range lines[1:] {
			p.b.WriteString("       " + l + "\n")
		}
		if !beside {
			for _, l := range p.indented(7, strings.TrimLeft(host+"  "+p.period(t.first, t.last), " ")) {
				p.b.WriteString(l + "\n")
			}
		}
	}
}

// hostsOfRule is the host on which a rule matched, or how many there are.
func hostsOfRule(t *tally) string {
	var hosts []string
	for _, h := range sortedKeys(t.hosts) {
		if h != "" {
			hosts = append(hosts, h)
		}
	}
	switch len(hosts) {
	case 0:
		return ""
	case 1:
		return visible(hosts[0])
	}
	return several(len(hosts), "host")
}

// nameRows lists hosts, users or addresses: the matches by level, when, and the tactics.
func (p *page) nameRows(list []*tally) {
	name, levels, when := 0, 0, 0
	for _, t := range list {
		name, levels, when = max(name, width(visible(t.name))), max(levels, p.levelsOf(t).wide), max(when, width(p.period(t.first, t.last)))
	}
	if !p.whole {
		name = min(name, max(14, p.wide/3))
	}
	for _, t := range list {
		c := p.levelsOf(t)
		c.fill = levels
		said := visible(t.name)
		if !p.whole {
			said = clip(said, p.wide-9)
		}
		cells := []cell{textCell(said, name), c, textCell(p.period(t.first, t.last), when)}
		tactics := strings.Join(tacticNames(t.tactics), ", ")
		if left := p.wide - 2 - max(name, cells[0].wide) - levels - when - 6; !p.whole {
			if left < 12 {
				tactics = ""
			}
			tactics = clip(tactics, left)
		}
		if tactics != "" {
			cells = append(cells, textCell(tactics, 0))
		}
		p.row(cells...)
	}
}

// levelsOf is how many matches of each level there are.
func (p *page) levelsOf(t *tally) cell {
	var inked []string
	wide := -1
	for l := tocsin.Critical; ; l-- {
		if t.by[l] > 0 {
			s := count(t.by[l]) + " " + levelShort[l]
			inked = append(inked, p.ink(levelInk[l], s))
			wide += len(s) + 1
		}
		if l == tocsin.Unrated {
			break
		}
	}
	return cell{s: strings.Join(inked, " "), wide: max(wide, 0)}
}

// levelsIn says how many rules of each level there are in a list, the worst first.
func levelsIn(list []*tally) string {
	var n [tocsin.Critical + 1]int
	for _, t := range list {
		n[levelOf(t.rule)]++
	}
	var parts []string
	for l, k := range slices.Backward(n[:]) {
		if k > 0 {
			parts = append(parts, count(k)+" "+levelWord[l])
		}
	}
	return strings.Join(parts, ", ")
}
