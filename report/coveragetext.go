package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// TimelessInWords says in plain English how many events have no time and how many stamps were not believed; "" for none.
func TimelessInWords(c *tocsin.Coverage) string {
	var parts []string
	if c.Timeless > 0 {
		l := several(c.Timeless, "event") + " without a time"
		most := slices.MaxFunc(c.Files, func(a, b tocsin.File) int { return cmp.Compare(a.Timeless, b.Timeless) })
		switch {
		case most.Timeless == c.Timeless:
			l += ", of " + most.Path
		case most.Timeless > 0:
			l += ", most of " + most.Path
		}
		parts = append(parts, l)
	}
	if c.Doubted > 0 {
		parts = append(parts, several(c.Doubted, "stamp")+" not believed")
	}
	return strings.Join(parts, "; ")
}

// coverage says what the run saw, and what it did not; with room, a long reason has two lines. What was let go has at
// most so many lines as most says.
func (p *page) coverage(c *tocsin.Coverage, airy bool, most int) []string {
	why, files, read := notRead(c)
	l := "  Read      " + count(read) + " of " + several(files, "file") + ", " + size(c.Bytes) + ", " + several(c.Events, "event")
	if len(c.Sources) > 0 {
		var s []string
		for i, x := range c.Sources {
			if i == 4 && !p.full {
				s = append(s, "and "+several(len(c.Sources)-i, "more log source"))
				break
			}
			s = append(s, x.Source.String()+" "+count(x.Events))
		}
		l += ": " + visible(strings.Join(s, ", "))
	}
	if p.whole {
		most = math.MaxInt32
	}
	all := []string{l}
	if c.Partial != "" {
		all = append(all, "  Partial   the run ended before all was read: "+visible(c.Partial))
	}
	if c.Fields != "" {
		all = append(all, "  Fields    matches carry only these of their events: "+visible(c.Fields))
	}
	if c.Pseudonyms {
		all = append(all, "  Names     "+pseudonymsText)
	}
	if c.Bare > 0 {
		all = append(all, "  Windows   "+bareText(c.Bare))
	}
	for _, u := range c.Unmet {
		all = append(all, "  Unmet     "+visible(u.Filter+": "+u.There))
	}
	if airy && datable(c.First) {
		all = append(all, "  Span      "+spanText(c.First, c.Last)+" ("+lasting(c.Last.Sub(c.First))+")")
	}
	if airy && c.Outside > 0 {
		l := "  Outside   " + several(c.Outside, "event") + " outside the time range"
		if datable(c.OutFirst) && datable(c.OutLast) {
			l += ", " + spanText(c.OutFirst, c.OutLast)
		}
		all = append(all, l)
	}
	if len(why) > 0 {
		var s []string
		for _, w := range why {
			if w.n == 1 {
				s = append(s, visible(w.why)+" ("+p.tail(visible(w.path), 40)+")")
			} else {
				s = append(s, visible(w.why)+" "+count(w.n))
			}
		}
		all = append(all, "  Not read  "+several(files-read, "file")+": "+strings.Join(s, "; "))
	}
	if c.FaultN > 0 {
		l := "  Faults    " + several(c.FaultN, "record or file") + " could not be read as it stands"
		if c.FaultN != 1 {
			l = "  Faults    " + count(c.FaultN) + " records or files could not be read as they stand"
		}
		if len(c.Faults) > 0 {
			l += "; the first: " + visible(c.Faults[0].Error())
		}
		all = append(all, l)
	}
	if c.Mistakes > 0 {
		all = append(all, "  Mistakes  "+several(c.Mistakes, "fault")+" of these by Tocsin itself, please report; the first: "+visible(c.Mistake.Error()))
	}
	if l := TimelessInWords(c); l != "" {
		all = append(all, "  Times     "+visible(l))
	}
	letGo := len(all)
	l = "  Rules     " + several(c.Rules, "rule") + " loaded"
	if n := len(c.Rejected); n > 0 {
		l += ", " + count(n) + " rejected"
	}
	if n := len(c.Idle); n > 0 {
		l += ", " + count(n) + " without such logs here"
	}
	if n := len(c.Noted); n > 0 {
		l += ", " + several(n, "filter") + " without values"
	}
	if sets := ruleSetsText(c.RuleSets); sets != "" {
		l += ": " + sets
	}
	if len(c.Rejected) > 0 {
		l += "; the first rejected: " + visible(c.Rejected[0].Error())
	}
	all = append(all, l)
	if l := missingInWords(c.Gaps, p); l != "" {
		most = max(2, most-1)
		all = append(all, "  Missing   "+l)
	}
	if l := gapsInWords(c.Gaps, p); l != "" {
		all = append(all, "  Clock     "+l)
	}
	if l := seriesInWords(c); l != "" {
		all = append(all, "  Series    "+l)
	}
	if l := custodyInWords(c); airy && l != "" {
		all = append(all, "  Custody   "+visible(l))
	}
	if airy && c.Wall > 0 {
		l := "  Took      " + lasting(c.Wall)
		if c.CPU > 0 {
			l += ", CPU " + lasting(c.CPU) + " (" + lasting(c.LoadCPU) + " of it loading rules)"
		}
		if c.PeakRSS > 0 {
			l += ", " + size(c.PeakRSS) + " of memory"
		}
		all = append(all, l)
	}
	var wrapped []string
	for i, l := range all {
		if i == letGo {
			guessed := p.guesses(c, max(1, most/3))
			wrapped = append(wrapped, guessed...)
			wrapped = append(wrapped, p.letGo(c.LetGo, max(1, most-len(guessed)))...)
		}
		if p.whole {
			wrapped = append(wrapped, p.hanging(l)...)
			continue
		}
		if !airy {
			wrapped = append(wrapped, l)
			continue
		}
		lines := wrap(strings.SplitAfter(l, " "), "", "", p.wide)
		wrapped = append(wrapped, strings.TrimRight(lines[0], " "))
		if len(lines) > 1 {
			wrapped = append(wrapped, "            "+strings.Join(lines[1:], ""))
		}
	}
	return wrapped
}

// hanging folds a line of the coverage; what follows the first line stands below what it says.
func (p *page) hanging(l string) []string {
	const label = "            "
	at := min(len(label), len(l))
	lines := p.fold(l[at:], p.wide-at)
	for i := range lines {
		lines[i] = label[:at] + lines[i]
	}
	lines[0] = l[:at] + lines[0][at:]
	return lines
}

// letGo says what was not kept, in at most so many lines; what there is no room for is counted.
func (p *page) letGo(all []tocsin.LetGo, most int) []string {
	const indent = "            "
	var lines []string
	for i := range all {
		own := wrap(strings.SplitAfter(english.letGoOf(&all[i]).plain(), " "), "", "", p.wide-len(indent))
		last := i == len(all)-1
		if room := most - len(lines); len(own) > room || len(own) == room && !last {
			var n int64
			for k := range all[i:] {
				n += all[i+k].N
			}
			rest := count(n) + " more of " + several(len(all)-i, "kind") + ": the JSONL names them"
			if last {
				rest = own[0] + "…"
			}
			own = []string{rest}
			all = all[:i]
		}
		for _, l := range own {
			lines = append(lines, indent+strings.TrimRight(l, " "))
		}
		if i >= len(all) {
			break
		}
	}
	if len(lines) > 0 {
		lines[0] = "  Let go    " + lines[0][len(indent):]
	}
	return lines
}

// tail is the end of a path, or all of it where nothing is cut.
func (p *page) tail(s string, n int) string {
	if p.whole {
		return s
	}
	return tail(s, n)
}

// tail is the end of a path, where the name is.
func tail(s string, n int) string {
	if width(s) <= n {
		return s
	}
	for i, r := range s {
		if (r == '/' || r == '\\') && width(s[i:]) < n {
			return "…" + s[i:]
		}
	}
	return clip(s, n)
}

// seriesInWords tells what correlations could not take in, or show, of events.
func seriesInWords(c *tocsin.Coverage) string {
	var parts []string
	if c.Undated > 0 {
		parts = append(parts, several(c.Undated, "hit")+" without a time, so part of no series")
	}
	if c.Thin > 0 {
		parts = append(parts, several(c.Thin, "event")+" kept only in the fields that series are told by, to save memory")
	}
	return strings.Join(parts, "; ")
}

// missingInWords tells of records that are not there: how many, and where most of them were.
func missingInWords(gaps []tocsin.Gap, p *page) string {
	var n uint64
	var worst *tocsin.Gap
	places := 0
	for i := range gaps {
		g := &gaps[i]
		if g.Missing() == 0 {
			continue
		}
		places++
		n = min(n+min(g.Missing(), math.MaxInt64), math.MaxInt64) // a hostile log may have any numbers
		if worst == nil || g.Missing() > worst.Missing() {
			worst = g
		}
	}
	if worst == nil {
		return ""
	}
	what := several(int64(min(n, math.MaxInt64)), "record")
	if places > 1 {
		what += " in " + count(places) + " places, most"
	}
	what += " of " + visible(or(worst.Channel, "a log"))
	if worst.Host != "" {
		what += " on " + visible(worst.Host)
	}
	return what + fmt.Sprintf(" between %d (", worst.Before) + p.period(worst.From, worst.From) + fmt.Sprintf(") and %d (", worst.After) + p.period(worst.To, worst.To) + ") in " +
		p.tail(visible(worst.Path), 48) + ": deleted, or lost with a part of the file"
}

// gapsInWords tells of silences and clock jumps: how many, and the longest.
func gapsInWords(gaps []tocsin.Gap, p *page) string {
	var parts []string
	for _, kind := range [...]string{"silence", "backwards"} {
		n := 0
		var worst *tocsin.Gap
		for i := range gaps {
			if gaps[i].Kind != kind {
				continue
			}
			n++
			if worst == nil || gaps[i].To.Sub(gaps[i].From).Abs() > worst.To.Sub(worst.From).Abs() {
				worst = &gaps[i]
			}
		}
		if n == 0 {
			continue
		}
		noun := "silence"
		if kind == "backwards" {
			noun = "clock jump"
		}
		parts = append(parts, several(n, noun)+" (longest "+lasting(worst.To.Sub(worst.From).Abs())+" from "+p.period(worst.From, worst.From)+" in "+p.tail(visible(worst.Path), 48)+")")
	}
	return strings.Join(parts, ", ")
}
