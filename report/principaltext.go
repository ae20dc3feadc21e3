package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

var verdictInk = [...]string{"2", "36", "33", "31", "1;37;41"}

func verdictOf(v tocsin.Verdict) tocsin.Verdict { return min(v, tocsin.Turned) }

// ownMachine is how a target is named that is the agent's own machine.
const ownMachine = "its own machine"

func targetName(t string) string { return or(t, ownMachine) }

// worstTarget is the target at which most is said of a principal, nil where nothing is said of any.
func worstTarget(p *tocsin.Principal) *tocsin.TargetVerdict {
	var worst *tocsin.TargetVerdict
	for i := range p.ByTarget {
		if t := &p.ByTarget[i]; worst == nil || t.Verdict > worst.Verdict || t.Verdict == worst.Verdict && t.Score > worst.Score {
			worst = t
		}
	}
	return worst
}

// phasesOf names tactics in their order.
func (w *words) phasesOf(slugs []string, most int) string {
	var all []string
	for i, s := range slugs {
		if i == most {
			all = append(all, "…")
			break
		}
		all = append(all, w.tactic(s))
	}
	return strings.Join(all, " › ")
}

// because is one sentence on why a principal is judged as it is: the phases that it went through at the target where most is
// said of it, and the heaviest grounds; of security work what speaks for it.
func (w *words) because(p *tocsin.Principal) text {
	var parts []text
	if p.Verdict == tocsin.SecurityWork {
		for _, s := range p.Cleared[:min(len(p.Cleared), 2)] {
			parts = append(parts, w.tell("cleared", s))
		}
	}
	grounds, there := p.Evidence, ""
	if t := worstTarget(p); t != nil && len(parts) == 0 {
		if t.Verdict == p.Verdict && len(t.Evidence) > 0 {
			grounds = t.Evidence
		}
		if len(t.Phases) > 1 {
			there = " at " + targetName(t.Target)
			parts = append(parts, say(quote(w.phasesOf(t.Phases, 5)+" "), w.tell("spot", there[1:])))
		}
	}
	for i := range grounds {
		if len(parts) == 3 {
			break
		}
		if g := &grounds[i]; g.ID != "phases" || len(parts) == 0 {
			s, _, _ := strings.Cut(g.Sentence, ", the last: ") // the chain names it
			if before, ok := strings.CutSuffix(s, there); ok && there != "" {
				s = before + " there"
			}
			parts = append(parts, w.tell("ground", s))
		}
	}
	return joinTexts(parts, w.sure().between)
}

// verdictWhy is because in English.
func verdictWhy(p *tocsin.Principal) string { return english.because(p).plain() }

// period is from when to when principals worked, and on how many days of the calendar that is.
func period(all []*tocsin.Principal) (days int, first, last time.Time) {
	for _, p := range all {
		span(&first, &last, p.First)
		span(&first, &last, p.Last)
	}
	if first.IsZero() {
		return 0, first, last
	}
	const day = 24 * time.Hour
	return int(last.UTC().Truncate(day).Sub(first.UTC().Truncate(day))/day) + 1, first, last
}

// sightLines say how much the records of agents show where it is not all, and how that would be mended.
func sightLines(all []*tocsin.Principal) []string {
	type kind struct{ state, mend string }
	n, why := map[kind]int{}, map[kind]string{}
	var kinds []kind
	for _, p := range all {
		k := kind{p.Sight.State, p.Sight.Mend}
		if k.state == "full" || k.state == "" {
			continue
		}
		if n[k]++; n[k] == 1 {
			kinds, why[k] = append(kinds, k), p.Sight.Why
		}
	}
	slices.SortStableFunc(kinds, func(a, b kind) int {
		return cmp.Or(cmp.Compare(a.state, b.state), cmp.Compare(n[b], n[a])) // blind before degraded
	})
	var lines []string
	for _, k := range kinds {
		s := "sight is " + k.state + " for " + count(n[k]) + " of " + several(len(all), "principal")
		if why[k] != "" {
			s += ": " + why[k]
			if n[k] > 1 {
				s += ", for one"
			}
		}
		if k.mend != "" {
			s += "; mend: " + k.mend
		}
		lines = append(lines, s)
	}
	return lines
}

// principalLines are the part of the summary that says on whose behalf agents worked, in at most room lines or four; none
// where no agent did.
func (p *page) principalLines(all []*tocsin.Principal, room int) []string {
	if len(all) == 0 {
		return nil
	}
	sessions, calls := 0, 0
	for _, x := range all {
		sessions += len(x.Sessions)
		calls += x.Calls
	}
	fit := clip
	if p.whole {
		fit = func(s string, _ int) string { return s }
	}
	head := several(len(all), "principal") + " with agents: " + several(sessions, "session") + ", " + several(calls, "call")
	if days, _, _ := period(all); days > 0 {
		head += " over " + several(days, "day")
	}
	sight, said := sightLines(all), providerLine(all)
	if len(sight) == 0 {
		head += "; sight: full"
	}
	lines := []string{p.ink("1", fit(head, p.wide))}
	n := Verdicts(all)
	worse := len(all) - n[tocsin.Ordinary]
	tail := min(len(sight), 2)
	if worse > 0 && n[tocsin.Ordinary] > 0 || worse == 0 {
		tail++
	}
	if said != "" {
		tail++
	}
	room = max(room-1-tail, 2)
	each := 2 // lines: who, and why
	if worse*each > room && !p.full {
		each = 1
	}
	show := worse
	if worse*each > room && !p.full {
		show = room - 1
	}
	var rest [tocsin.Turned + 1]int
	for _, x := range all {
		v := verdictOf(x.Verdict)
		if v == tocsin.Ordinary {
			continue
		}
		if show--; show < 0 {
			rest[v]++
			continue
		}
		facts := several(len(x.Sessions), "session") + ", " + several(x.Calls, "call")
		if x.FirstAlert > 0 {
			facts += ", suspicious from call " + count(x.FirstAlert) + " on"
		}
		tag, wide := "  "+p.ink(verdictInk[v], pad(strings.ToUpper(v.String()), 13))+" ", p.wide-16
		if why := verdictWhy(x); each == 1 {
			lines = append(lines, tag+fit(fit(visible(x.Name), wide*2/5)+": "+visible(why), wide))
		} else {
			lines = append(lines, tag+fit(fit(visible(x.Name), wide*3/5)+"  "+facts, wide), strings.Repeat(" ", 16)+fit(visible(or(why, "no evidence is listed")), wide))
		}
	}
	if left := rest[tocsin.Turned] + rest[tocsin.Intrusion] + rest[tocsin.Suspicious] + rest[tocsin.SecurityWork]; left > 0 {
		lines = append(lines, fit("  … and "+count(left)+" more: "+verdictCounts(rest)+"; the JSONL has all", p.wide))
	}
	switch o := n[tocsin.Ordinary]; {
	case worse == 0 && said != "":
		lines = append(lines, "  all ordinary by their calls")
	case worse == 0:
		lines = append(lines, "  nothing to report")
	case o > 0:
		lines = append(lines, "  "+count(o)+" ordinary: nothing to report of them")
	}
	if said != "" {
		lines = append(lines, fit("  "+said, p.wide))
	}
	for i, s := range sight[:min(len(sight), 2)] {
		if rest := len(sight) - 2; i == 1 && rest > 0 {
			s = "and " + several(rest+1, "further gap") + " in what their records show: the JSONL has them"
		}
		lines = append(lines, fit("  "+visible(s), p.wide))
	}
	return lines
}

// verdictCounts says how many there are of each verdict, the worst first.
func verdictCounts(n [tocsin.Turned + 1]int) string {
	var parts []string
	for v := tocsin.Turned; ; v-- {
		if n[v] > 0 {
			parts = append(parts, count(n[v])+" "+v.String())
		}
		if v == tocsin.Ordinary {
			return strings.Join(parts, ", ")
		}
	}
}

// ExplainPrincipals lists the hunt's principals with verdict, name and why, the worst first.
func ExplainPrincipals(w io.Writer, h *Hunt, o TextOptions) error {
	p := explaining(o)
	for _, l := range p.principalLines(h.Principals, math.MaxInt32) {
		p.b.WriteString(l + "\n")
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// ExplainPrincipal writes the chain of evidence of one principal: its verdict and why, the evidence with weights that add up to
// its score, what it did at each target phase by phase with the calls quoted, what cleared it and what would, and how much its
// records show. Places are SOURCE:RECORD, as --explain of hunt takes them.
func ExplainPrincipal(w io.Writer, h *Hunt, x *tocsin.Principal, o TextOptions) error {
	e := explanation{page: explaining(o), h: h}
	v := verdictOf(x.Verdict)
	e.b.WriteString(e.ink(verdictInk[v], strings.ToUpper(v.String())) + " " + e.ink("1", clip(show(x.Name), e.wide-15)) + "\n")
	s := "A principal named by its " + show(or(x.By, "log")) + "; " + several(len(x.Sessions), "session") + ", " + several(x.Calls, "call")
	if len(x.Agents) > 0 {
		s += ", by " + names(x.Agents, 8)
	}
	if datable(x.First) && datable(x.Last) {
		s += "; " + spanText(x.First, x.Last)
	}
	e.para(0, s)
	if v == tocsin.Ordinary {
		e.para(0, "Nothing to report: of ordinary principals counts are kept, and no evidence but what the provider of the model said.")
		for _, g := range providerWords(x) {
			e.para(2, show(g.Sentence)+" ("+place(&g.Place)+")")
		}
		_, err := io.WriteString(w, e.b.String())
		return err
	}
	if why := verdictWhy(x); why != "" {
		e.para(0, "Why: "+show(why)+".")
	}
	if x.FirstAlert > 0 {
		e.para(0, "Suspicious from call "+count(x.FirstAlert)+" of "+count(x.Calls)+" on, by what was known with that call.")
	}
	for _, c := range h.campaigns() {
		if slices.Contains(c.Principals, x.Name) {
			e.para(0, "Its agents are in the campaign "+show(c.ID)+": "+show(c.Title))
		}
	}
	e.grounds("Evidence in all, in nats", x.Evidence, x.Score)
	for i := range x.ByTarget[:min(len(x.ByTarget), maxExplained)] {
		e.target(&x.ByTarget[i])
	}
	e.rest(maxExplained, len(x.ByTarget))
	e.clearing(x)
	e.section("Sight")
	e.para(2, sightOf(x))
	e.section("Sessions")
	e.para(2, names(x.Sessions, maxExplained))
	if len(x.Targets) > 0 {
		e.section("All targets, but its own")
		e.para(2, names(x.Targets, maxExplained))
	}
	_, err := io.WriteString(w, e.b.String())
	return err
}

// grounds lists evidence as a sum that the reader can add up.
func (e *explanation) grounds(title string, all []tocsin.Ground, score float64) {
	if len(all) == 0 {
		return
	}
	e.section(title)
	e.sum(2, all, score)
}

func (e *explanation) sum(indent int, all []tocsin.Ground, score float64) {
	total := 0.0
	for i := range all {
		total += all[i].Weight
	}
	lead := strings.Repeat(" ", indent)
	for i := range all[:min(len(all), maxExplained)] {
		g := &all[i]
		e.flow(lead+signed(g.Weight)+"  ", lead+"        ", show(g.Sentence)+" ["+show(g.ID)+"]"+techniques(g.Techniques)+", completed by call "+count(g.Call)+" "+standing(g))
		if g.Quote != "" {
			e.para(indent+8, "> "+show(g.Quote))
		}
	}
	e.rest(maxExplained, len(all))
	e.line(lead + signed(total) + "  in sum")
	if !(math.Abs(total-score) < 0.005) {
		e.para(indent+8, "The score is "+strings.TrimSpace(signed(score))+": part of the evidence is not in what was read.")
	}
}

// standing is where a call stands.
func standing(g *tocsin.Ground) string {
	s := place(&g.Place)
	if datable(g.Place.Time) {
		s = stampOf(g.Place.Time) + " UTC, " + s
	}
	return "(" + s + ")"
}

func (e *explanation) target(t *tocsin.TargetVerdict) {
	e.section("At " + targetName(t.Target) + ": " + verdictOf(t.Verdict).String())
	if t.FirstAlert > 0 {
		e.para(2, "Suspicious there from call "+count(t.FirstAlert)+" on.")
	}
	if len(t.Course) == 0 && len(t.Phases) > 0 {
		e.para(2, "Phases in order: "+show(english.phasesOf(t.Phases, maxExplained)))
	}
	for i := range t.Course[:min(len(t.Course), maxExplained)] {
		g := &t.Course[i]
		e.para(2, strconv.Itoa(i+1)+". "+show(english.tactic(g.ID))+techniques(g.Techniques)+": "+show(g.Sentence)+", call "+count(g.Call)+" "+standing(g))
		if g.Quote != "" {
			e.para(5, "> "+show(g.Quote))
		}
	}
	e.sum(2, t.Evidence, t.Score)
}

// clearing says what cleared a principal and what would.
func (e *explanation) clearing(x *tocsin.Principal) {
	e.section("What speaks for honest work, and what would clear it")
	for _, s := range x.Cleared[:min(len(x.Cleared), maxExplained)] {
		e.para(2, show(s)+".")
	}
	if len(x.Cleared) == 0 {
		e.para(2, "Nothing that was read speaks for honest work.")
	}
	for _, s := range wouldClear(x) {
		e.para(2, s)
	}
}

// wouldClear are sentences on what a person can bring forward. Only a signed record counts: what a prompt claims does not.
func wouldClear(x *tocsin.Principal) []string {
	if verdictOf(x.Verdict) < tocsin.Suspicious {
		return nil
	}
	if x.Verdict == tocsin.Turned {
		return []string{"Whether the principal asked for it: then the agent did not turn. Only the principal can say so; what a document or a tool's result asked for does not count."}
	}
	var targets, phases []string
	own := false
	for i := range x.ByTarget {
		t := &x.ByTarget[i]
		own = own || t.Target == ""
		if t.Target != "" {
			targets = append(targets, t.Target)
		}
		for _, p := range t.Phases {
			if !slices.Contains(phases, p) {
				phases = append(phases, p)
			}
		}
	}
	if own {
		targets = append(targets, "own")
	}
	s := "A scope record, signed by somebody who may grant it, that names this principal"
	if len(targets) > 0 {
		s += ", the targets " + names(targets, 8)
	}
	if len(phases) > 0 {
		s += ", the phases " + names(phases, 16)
	}
	s += " and the time: tocsin scope new, then hunt --scope."
	all := []string{s}
	if own {
		all = append(all, "That the agent's machine is one that the principal may take apart: a laboratory, an image, a challenge (target \"own\" of a scope record).")
	}
	return all
}

// sightOf says in one sentence how much the records show.
func sightOf(x *tocsin.Principal) string {
	s := "Its records are " + show(or(x.Sight.State, "full"))
	if x.Sight.Why != "" {
		s += ": " + show(x.Sight.Why)
	}
	s += "."
	if x.Sight.Mend != "" {
		s += fmt.Sprintf(" To mend it: %s.", show(x.Sight.Mend))
	}
	return s
}
