package report

import (
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// A degree is how sure an incident is, in a word: open (nothing shows that any of it worked, no act of it is telling by itself, or it is told as unusual activity and not as an intrusion), part
// (something is shown, but less than half of its tactics, or a join rests on time alone, or a victim is told of because of its
// company), firm.
type degree int

const (
	degreeOpen degree = iota
	degreePart
	degreeFirm
)

// degreeOf is how sure an incident is, with how many of its tactics were carried out, as far as is known, and how many of these are
// shown to have worked.
func degreeOf(c *tocsin.Campaign) (d degree, tactics, shown int) {
	worked := map[string]bool{}
	for i := range c.Steps {
		if s := &c.Steps[i]; s.Actions > s.Failed && !c.Loose(s) {
			worked[s.Tactic] = worked[s.Tactic] || s.Worked > 0 || len(s.Shown) > 0
		}
	}
	for _, w := range worked {
		tactics++
		if w {
			shown++
		}
	}
	weak := func(v tocsin.Victim) bool { return v.Tie == tocsin.Weak }
	switch {
	case shown == 0 || allWeak(c) || c.Level < tocsin.High:
		return degreeOpen, tactics, shown
	case shown*2 < tactics || slices.ContainsFunc(c.Joins, onTimeAlone) || slices.ContainsFunc(c.Victims, weak):
		return degreePart, tactics, shown
	}
	return degreeFirm, tactics, shown
}

// allWeak says that nobody in a campaign is telling by himself: it is told because several things come together.
func allWeak(c *tocsin.Campaign) bool {
	return len(c.Actors) > 0 && !slices.ContainsFunc(actorsOf(c), func(a *tocsin.Actor) bool { return a.Tie != tocsin.Weak })
}

// onTimeAlone says that two share nothing of what intruders share.
func onTimeAlone(j tocsin.Join) bool { return len(j.Lacks) == 4 && len(j.Shared) == 0 }

// frontSure says how sure an incident is: that it happened, that it is one intruder's, and what limits both.
func (a *dossier) frontSure(c *tocsin.Campaign) text {
	w, x := a.w, a.w.front()
	d, tactics, shown := degreeOf(c)
	t := say(bold(x.degrees[d]), ". ")
	switch {
	case shown == 0:
		t = append(t, say(x.sureNone)...)
	default:
		t = append(t, fill(x.sureShown, w.number(shown), w.several(tactics, x.tactics))...)
	}
	if allWeak(c) {
		t = append(t, say(" ", x.sureWeak)...)
	}
	if c.Level < tocsin.High {
		t = append(t, say(" ", x.sureUnusual)...)
	}
	t = append(t, say(" ")...)
	switch {
	case len(c.Joins) == 0 && slices.ContainsFunc(actorsOf(c), func(y *tocsin.Actor) bool { return len(y.Links) > 0 }):
		t = append(t, say(x.aloneLinked)...)
	case len(c.Joins) == 0 && !slices.ContainsFunc(actorsOf(c), func(y *tocsin.Actor) bool { return !y.Local }):
		t = append(t, say(x.aloneLocal)...)
	case len(c.Joins) == 0:
		t = append(t, say(x.alone)...)
	default:
		t = append(append(t, say(x.weakest)...), w.joins(c, 1)[0]...) // its odds say how weak
	}
	weak := 0
	for i := range c.Victims {
		if c.Victims[i].Tie == tocsin.Weak {
			weak++
		}
	}
	if weak > 0 && !allWeak(c) {
		t = append(t, say(" ", fill(x.weakly, w.number(weak), w.number(len(c.Victims))))...)
	}
	if cov := a.h.covered(); cov == nil || cov.Bare > 0 || cov.Partial != "" || c.Lost != "" || unread(cov) {
		t = append(t, say(" ", x.thin)...)
	}
	return t
}

// unread says that files were not read that may be logs.
func unread(c *Covered) bool {
	n := c.FilesSkipped
	for i := range c.Skipped {
		switch c.Skipped[i].Why {
		case "text, but no log of a known format", "nothing but white space", "empty":
			n -= c.Skipped[i].N
		}
	}
	return n > 0
}
