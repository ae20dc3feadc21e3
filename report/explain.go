package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// An explanation is the chain of evidence of a campaign being written.
type explanation struct {
	*page
	h *Hunt
	c *tocsin.Campaign
}

// maxExplained bounds each list; what is beyond it is counted and said.
const maxExplained = 200

// most is so many of a list, or all of it.
func (p *page) most(n int) int {
	if p.full {
		return math.MaxInt
	}
	return n
}

// para writes visible text in as many lines as it takes, all after the first indented further.
func (e *explanation) para(indent int, s string) {
	e.flow(strings.Repeat(" ", indent), strings.Repeat(" ", indent+2), s)
}

// flow is para with what stands before the first line, and before the others.
func (e *explanation) flow(lead, more, s string) {
	line, at := lead, lead
	for _, word := range unbroken(s) {
		for !e.whole && width(word) > e.wide-width(more) { // a word longer than a line
			cut := head(word, e.wide-width(more))
			if line != at {
				e.b.WriteString(line + "\n")
			}
			e.b.WriteString(more + word[:cut] + "\n")
			line, at, word = more, more, word[cut:]
		}
		switch {
		case line == at:
			line += word
		case width(line)+1+width(word) > e.wide:
			e.b.WriteString(line + "\n")
			line, at = more+word, more
		default:
			line += " " + word
		}
	}
	if line != at {
		e.b.WriteString(line + "\n")
	}
}

// head is how many bytes of s fill at most n columns, at least one rune's.
func head(s string, n int) int {
	w := 0
	for i, r := range s {
		if w += columns(r); w > n && i > 0 {
			return i
		}
	}
	return len(s)
}

func (e *explanation) section(title string) {
	e.b.WriteByte('\n')
	e.heading(visible(title))
}

func (e *explanation) rest(n, all int) {
	if all > n {
		e.line("  … and " + count(all-n) + " more; the JSONL has all")
	}
}

// show is free text made harmless and bounded.
func show(s string) string { return visible(shorten(s, 2000)) }

func (e *explanation) head() {
	c := e.c
	l := min(c.Level, tocsin.Critical)
	e.b.WriteString(e.ink(levelInk[l], or(levelShort[l], "-")) + " " + e.ink("1", strings.Join(e.fold(show(or(c.Title, "untitled")), e.wide-5), "\n     ")) + "\n")
	e.para(0, show(c.ID)+"; "+english.why1(c))
	if len(c.Was) > 0 {
		e.para(0, fill(english.was, names(c.Was, 8)).plain())
	}
	for _, t := range english.story(c, e.h.endOf(c)) {
		e.para(0, t.plain())
	}
	if len(c.Principals) > 0 {
		e.para(0, "Agents in it work for "+names(c.Principals, 8)+": explain that name for their end of it")
	}
	e.para(0, several(c.Actions, "action")+", "+count(c.Alerts)+" of them with an alert")
	if weakly(c) {
		e.para(0, english.weakNote)
	}
}

// lost says what the campaign may lack.
func (e *explanation) lost() {
	if e.c.Lost != "" {
		e.section(english.lost)
		e.para(2, show(e.c.Lost))
	}
}

// letGo says what the run did not keep, and whether it ended early.
func (e *explanation) letGo() {
	s := e.h.covered()
	if s != nil && s.Pseudonyms {
		e.section("Names")
		e.para(2, english.pseudonyms)
	}
	if s == nil || len(s.LetGo) == 0 && s.Partial == "" {
		return
	}
	e.section("What the run did not keep or read")
	if s.Partial != "" {
		e.para(2, fill(english.partial, show(s.Partial)).plain())
	}
	if len(s.LetGo) > 0 {
		e.para(2, english.letGoIntro)
	}
	for i := range s.LetGo[:min(len(s.LetGo), e.most(maxExplained))] {
		e.para(4, english.letGoOf(&s.LetGo[i]).plain())
	}
	e.rest(e.most(maxExplained), len(s.LetGo))
}

// unlisted says what a list of the campaign leaves out.
func (e *explanation) unlisted(name string) {
	if s := english.unlisted(e.c, name); s != "" {
		e.para(2, s)
	}
}

// weak marks what belongs to the campaign weakly.
func weak(t tocsin.Tie) string {
	if t == tocsin.Weak {
		return " (" + english.weak + ")"
	}
	return ""
}

// why1 is the level with its reason.
func (w *words) why1(c *tocsin.Campaign) string {
	return fill(w.why, w.levels[min(c.Level, tocsin.Critical).String()], w.tell("why", or(c.Why, "no reason given"))).plain()
}

func (e *explanation) steps() {
	if len(e.c.Steps) == 0 {
		return
	}
	e.section("Steps in order")
	for i := range e.c.Steps[:min(len(e.c.Steps), e.most(maxExplained))] {
		s := &e.c.Steps[i]
		when := "time unknown"
		if datable(s.First) && datable(s.Last) {
			when = spanText(s.First, s.Last)
		}
		e.para(2, strconv.Itoa(i+1)+". "+when+"  "+show(english.tactic(s.Tactic))+techniques(s.Techniques)+": "+show(s.Summary))
		e.para(5, several(s.Actions, "action")+", "+count(s.Worked)+" worked, "+count(s.Failed)+" failed or denied; by "+names(s.Actors, e.most(4))+e.hostsOf(s))
		if len(s.Acts) > 0 {
			e.acts(5, s.Acts)
			continue
		}
		for _, cmd := range s.Commands[:min(len(s.Commands), 8)] {
			e.para(5, "> "+visible(shorten(cmd, 512)))
		}
		e.places(5, s.Places)
	}
	e.rest(e.most(maxExplained), len(e.c.Steps))
	e.unlisted("steps")
}

func techniques(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return " (" + names(all, 8) + ")"
}

func (e *explanation) hostsOf(s *tocsin.Step) string {
	if len(s.Hosts) == 0 {
		return ""
	}
	return "; on " + names(s.Hosts, e.most(8))
}

// names lists at most n values on one line.
func names(all []string, n int) string {
	var b []string
	for i, s := range all {
		if i == n {
			b = append(b, "and "+count(len(all)-n)+" more")
			break
		}
		b = append(b, visible(shorten(s, 200)))
	}
	return strings.Join(b, ", ")
}

func (e *explanation) places(indent int, all []tocsin.Place) {
	var b []string
	for i := range all[:min(len(all), 8)] {
		b = append(b, place(&all[i]))
	}
	if len(b) > 0 {
		e.para(indent, e.ink("36", "evidence")+" "+strings.Join(b, "  "))
	}
}

func (e *explanation) actor(i int, a *tocsin.Actor) {
	most := e.most(20)
	if i == most {
		e.section("… and " + count(len(actorsOf(e.c))-i) + " more actors; the JSONL has all")
	}
	if i >= most {
		return
	}
	e.section("Actor " + strconv.Itoa(i+1) + weak(a.Tie) + ": " + show(a.ID))
	if a.Local {
		e.para(2, "Not a doer who is known, but what happened on one machine.")
	}
	if datable(a.First) && datable(a.Last) {
		e.para(2, "Seen "+spanText(a.First, a.Last))
	}
	for k, h := range a.Handles[:min(len(a.Handles), e.most(40))] {
		lead := "Known as "
		if k > 0 {
			lead = "     and "
		}
		e.flow("  "+lead, strings.Repeat(" ", 13), visible(shorten(h.Kind+" "+h.Value, 300)))
	}
	e.rest(e.most(40), len(a.Handles))
	e.linkRows("  Joined because", a.Links)
	e.driver(a)
	e.tempo(a)
	for _, d := range a.Adaptations[:min(len(a.Adaptations), e.most(maxExplained))] {
		e.para(2, "Adapted: blocked as "+show(d.From)+" at "+stampOf(d.Blocked)+", went on after "+lasting(d.After)+" as "+show(d.To)+"; changed "+names(d.Changed, 8)+"; "+show(d.Evidence))
	}
	e.rest(e.most(maxExplained), len(a.Adaptations))
}

// joins says how sure each join is, the weakest first.
func (e *explanation) joins() {
	if len(e.c.Joins) == 0 {
		return
	}
	e.section(english.sure().joins)
	for i, t := range english.joins(e.c, e.most(maxExplained)) {
		e.para(2, strconv.Itoa(i+1)+". "+t.plain()+weak(e.c.Joins[i].Tie))
	}
	e.rest(e.most(maxExplained), len(e.c.Joins))
	e.unlisted("joins")
}

func (e *explanation) links(title string, all []tocsin.Link) {
	if len(all) > 0 {
		e.section(title)
		e.linkRows("", all)
	}
	e.unlisted("links")
}

func (e *explanation) linkRows(title string, all []tocsin.Link) {
	if len(all) == 0 {
		return
	}
	if title != "" {
		e.line(title)
	}
	// What is joined by several links is joined by their sum.
	type pair struct{ from, to string }
	sum, n := map[pair]float64{}, map[pair]int{}
	for i := range all {
		k := pair{all[i].From, all[i].To}
		sum[k] += all[i].Weight
		n[k]++
	}
	for i := range all[:min(len(all), e.most(maxExplained))] {
		l := &all[i]
		e.para(4, signed(l.Weight)+"  "+show(l.From)+" – "+show(l.To)+" ["+show(l.Kind)+"]"+weak(l.Tie)+" "+show(l.Evidence)+at1(l))
		k := pair{l.From, l.To}
		if n[k]--; n[k] == 0 && sum[k] != l.Weight {
			e.line("    " + signed(sum[k]) + "  in sum")
		}
		e.places(6, l.Places)
	}
	e.rest(e.most(maxExplained), len(all))
}

func at1(l *tocsin.Link) string {
	if !datable(l.Time) {
		return ""
	}
	return ", " + stampOf(l.Time)
}

// signed is a weight with its sign, in as many columns as the others.
func signed(f float64) string {
	switch {
	case math.IsNaN(f):
		return "     ?"
	case math.Abs(f) > 999:
		return fmt.Sprintf("%+6.0g", f)
	}
	return fmt.Sprintf("%+6.2f", f)
}

// driver shows the judgement as a sum: the reader can add it up.
func (e *explanation) driver(a *tocsin.Actor) {
	if len(a.Share) == 0 {
		e.para(2, "Driver: not judged: "+english.actorNotJudged(a).plain()+".")
		return
	}
	e.para(2, "Driver: "+e.ink("1", english.drivenAs(a)))
	for _, t := range english.reasons(a, e.most(maxExplained)) {
		e.para(4, t.plain())
	}
	if len(a.Evidence) == 0 {
		return
	}
	e.line("     human script  agent")
	h, s, g := 0.0, 0.0, 0.0
	for _, x := range a.Evidence[:min(len(a.Evidence), e.most(maxExplained))] {
		e.flow("    "+signed(x.Human)+" "+signed(x.Script)+" "+signed(x.Agent)+"  ", strings.Repeat(" ", 28), show(x.Feature)+": "+show(x.Seen))
	}
	for _, x := range a.Evidence {
		h, s, g = h+x.Human, s+x.Script, g+x.Agent
	}
	e.rest(e.most(maxExplained), len(a.Evidence))
	e.line("    " + signed(h) + " " + signed(s) + " " + signed(g) + "  in sum")
	e.line("    " + padLeft(share1(a, "human"), 6) + " " + padLeft(share1(a, "script"), 6) + " " + padLeft(share1(a, "agent"), 6) + "  as shares (softmax of the sums)")
	if either(a.Share) {
		e.para(4, "These logs cannot tell a script from an AI agent: the script's share is that of the two.")
	}
	if !addsUp(a, h, s, g) {
		e.para(4, "These shares do not follow from the sums: part of the evidence is not in what was read.")
	}
}

// addsUp says that the shares of an actor are the softmax of three sums, to the percent.
func addsUp(a *tocsin.Actor, h, s, g float64) bool {
	most := max(h, s, g)
	sum := math.Exp(h-most) + math.Exp(s-most) + math.Exp(g-most)
	is := map[string]float64{"human": math.Exp(h-most) / sum, "script": math.Exp(s-most) / sum, "agent": math.Exp(g-most) / sum}
	if either(a.Share) { // the two are one
		is["script"] += is["agent"]
		delete(is, "agent")
	}
	for d, v := range is {
		if !(math.Abs(a.Share[d]-v) < 0.01) {
			return false
		}
	}
	return true
}

func share1(a *tocsin.Actor, d string) string {
	v, ok := a.Share[d]
	if !ok || math.IsNaN(v) || math.Abs(v) > 9 {
		return "?"
	}
	return strconv.FormatFloat(v*100, 'f', 1, 64) + "%"
}

func (e *explanation) tempo(a *tocsin.Actor) {
	t := &a.Tempo
	s := "Tempo: " + several(t.Actions, "action") + " in " + lasting(t.Busy) + " of activity; at most " + count(t.Peak1s) + " in 1 s, " + count(t.Peak10s) + " in 10 s, " + count(t.Peak60s) + " in 60 s"
	if len(t.Gaps) == 4 {
		s += "; gaps " + lasting(t.Gaps[0]) + " / " + lasting(t.Gaps[1]) + " / " + lasting(t.Gaps[2]) + " / " + lasting(t.Gaps[3]) + " (10th, 50th, 90th, 99th percentile)"
	}
	w := &english
	e.para(2, s+"; in "+w.percent(t.Occupancy)+" of the 5-minute windows; "+w.percent(t.Overlap)+" overlapping; "+w.percent(t.Unique)+" distinct texts; "+several(t.Tools, "tool")+", "+
		several(t.Targets, "target")+"; "+w.percent(t.Failed)+" failed, after which "+w.percent(t.Changed)+" changed")
	if len(t.PerMinute) > 0 {
		e.line("    " + sparkline(t.PerMinute, e.wide-6))
	}
}

// sparkline draws counts in at most n columns.
func sparkline(all []int, n int) string {
	bars := []rune(" ▁▂▃▄▅▆▇█")
	per := (len(all) + n - 1) / n
	var sums []float64
	top := 0.0
	for i := 0; i < len(all); i += per {
		sum := 0.0
		for _, v := range all[i:min(i+per, len(all))] {
			sum += float64(max(v, 0))
		}
		sums = append(sums, sum)
		top = max(top, sum)
	}
	var b strings.Builder
	for _, v := range sums {
		k := 0
		if v > 0 {
			k = max(1, int(math.Round(v/top*float64(len(bars)-1))))
		}
		b.WriteRune(bars[k])
	}
	return b.String()
}

func (e *explanation) gates() {
	if e.c.Autonomy != nil || len(e.c.Gates) > 0 {
		e.section("What was decided by a person")
	}
	if a := e.c.Autonomy; a != nil && !math.IsNaN(a.Value) {
		e.para(2, fill(english.autonomy, english.percent(a.Value), english.percent(a.Low), english.percent(a.High)).plain())
	}
	if n := len(e.c.Gates); n > 0 {
		e.para(2, fill(english.decided, english.several(n, english.point)).plain())
	}
	for i := range e.c.Gates[:min(len(e.c.Gates), e.most(maxExplained))] {
		g := &e.c.Gates[i]
		quiet := ""
		if datable(g.Quiet) && datable(g.Time) {
			quiet = " after " + lasting(g.Time.Sub(g.Quiet)) + " of quiet"
		}
		e.para(2, signed(g.Weight)+"  "+stampOf(g.Time)+quiet+": "+show(g.Change))
	}
	e.rest(e.most(maxExplained), len(e.c.Gates))
}

func (e *explanation) victims() {
	if len(e.c.Victims) == 0 {
		return
	}
	e.section("Victims")
	for i := range e.c.Victims[:min(len(e.c.Victims), e.most(maxExplained))] {
		v := &e.c.Victims[i]
		state := "tried  "
		if v.Reached {
			state = e.ink("31", "entered")
		}
		var order []string
		for _, t := range v.Tactics[:min(len(v.Tactics), 16)] {
			order = append(order, show(english.tactic(t)))
		}
		org := ""
		if v.Org != "" {
			org = " of " + show(v.Org)
		}
		when := ""
		if datable(v.First) && datable(v.Last) {
			when = "; " + spanText(v.First, v.Last)
		}
		e.para(2, state+"  "+show(v.Kind)+" "+show(victimName(e.c, v))+weak(v.Tie)+org+": "+several(v.Actions, "action")+when+"; "+strings.Join(order, " › "))
		machines := machinesAt(e.c, v.Value)
		for _, n := range machines[:min(len(machines), e.most(3))] {
			e.para(11, show(n.Name.Value)+" by "+names(n.By, e.most(4))+": "+several(int(n.N), "record")+", the first "+place(&n.From))
		}
		if n := len(machines) - e.most(3); n > 0 {
			e.para(11, "and "+several(n, "more name"))
		}
	}
	e.rest(e.most(maxExplained), len(e.c.Victims))
	e.unlisted("victims")
}

// texts lists free texts; name is the member's.
func (e *explanation) texts(title, name string, all []string) {
	if len(all) == 0 {
		return
	}
	e.section(title)
	for _, s := range all[:min(len(all), e.most(maxExplained))] {
		e.para(2, show(s))
	}
	e.rest(e.most(maxExplained), len(all))
	e.unlisted(name)
}

func (e *explanation) leads() {
	if len(e.c.Leads) == 0 {
		return
	}
	e.section("Unusual in the same organisations, too weak to be joined")
	for i := range e.c.Leads[:min(len(e.c.Leads), e.most(maxExplained))] {
		l := &e.c.Leads[i]
		e.para(2, stampOf(l.First)+"  "+levelShort[min(l.Level, tocsin.Critical)]+"  "+show(l.Title)+onHost(l.Host)+", "+english.times(l.N)+"  "+place(&l.Place))
	}
	e.rest(e.most(maxExplained), len(e.c.Leads))
}

// onHost is where something was, if that is known.
func onHost(host string) string {
	if host == "" {
		return ""
	}
	return " on " + visible(shorten(host, 100))
}

func (e *explanation) records() {
	if len(e.c.Records) == 0 {
		return
	}
	e.section("Every record of it")
	var b []string
	for i := range e.c.Records[:min(len(e.c.Records), e.most(maxExplained))] {
		r := &e.c.Records[i]
		s := visible(tocsin.Place{Source: r.Source, Record: r.From}.String())
		if r.To != r.From {
			s += "-" + tocsin.Place{Record: r.To}.Number()
		}
		b = append(b, s)
	}
	e.para(2, strings.Join(b, "  "))
	e.rest(e.most(maxExplained), len(e.c.Records))
	if e.c.Sparse {
		e.para(2, "Some records are left out of this list, to bound memory.")
	}
}
