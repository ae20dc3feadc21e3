package campaign

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
)

const (
	// follows is how long after somebody got into a machine what comes from it is put down to that.
	follows = 24 * time.Hour

	// fewPivots is how many members that act from a machine one deed there is held against: the first ones after it, cores
	// and others apart.
	fewPivots = 16
)

// pivots joins an actor with what acts from a machine that it had reached.
func (w *world) pivots(k *knot) {
	from := map[string][2][]*member{} // who acts from a machine, cores and others, in order of their first telling deed
	for _, m := range w.all {
		if len(m.telling) == 0 {
			continue
		}
		side := 1
		if m.core() {
			side = 0
		}
		for _, h := range m.machines() {
			f := from[w.named(h)]
			if l := f[side]; len(l) == 0 || l[len(l)-1] != m {
				f[side] = append(l, m)
				from[w.named(h)] = f
			}
		}
	}
	began := func(m *member) time.Time { return m.telling[0].Time }
	for _, f := range from {
		for _, l := range f {
			slices.SortStableFunc(l, func(x, y *member) int { return cmp.Or(began(x).Compare(began(y)), before(x, y)) })
		}
	}
	for _, x := range w.all {
		for _, d := range x.telling {
			if !entry(d) {
				continue
			}
			for _, h := range reached(d) {
				for _, l := range from[w.named(h.value)] {
					i, _ := slices.BinarySearchFunc(l, d.Time.Add(-time.Minute), func(m *member, at time.Time) int { return began(m).Compare(at) })
					for n := 0; i < len(l) && n < fewPivots; i++ {
						y := l[i]
						gap := began(y).Sub(d.Time)
						if gap > follows {
							break
						}
						if !timely(d, y.telling[0]) || d.Time.IsZero() && !came(y.telling[0], d) {
							continue
						}
						if n++; y == x || x.Local && y.Local {
							continue
						}
						weight := 3.5
						if gap > time.Hour {
							weight -= math.Log(gap.Hours())
						}
						if d.Level >= tocsin.High {
							weight++
						}
						to, as := y.telling[0], ""
						if f, n := w.firstFrom(y, h.value, d.Time); f != nil {
							to, as = f, n
						}
						k.add(reason{kind: "pivot", weight: weight, x: x, y: y, from: d, to: to, fromAs: h.as, toAs: as, what: h.value})
					}
				}
			}
		}
	}
}

// entry says that a deed got somebody into the machines that it reached: what was looked at, or tried on, is not got into.
func entry(d *tocsin.Deed) bool {
	switch {
	case d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied, d.Level < tocsin.Medium && d.Verb != "login",
		d.Verb == "read" || d.Verb == "list", d.Tactic == "initial-access" && d.Verb != "login" && d.Shown == "":
		return false
	}
	return true
}

// firstFrom is the first telling deed of a member from a machine since somebody got into it, and the name by which its records
// show that, as Deed.At has it; nil where none shows it.
func (w *world) firstFrom(m *member, machine string, since time.Time) (*tocsin.Deed, string) {
	machine = w.named(machine)
	for _, d := range m.telling {
		if d.Time.Before(since.Add(-time.Minute)) {
			continue
		}
		for _, e := range d.Who {
			if e.Kind == "address" && w.named(e.Value) == machine {
				return d, e.Kind + ":" + e.Value
			}
		}
		if d.Host != "" && w.named(d.Host) == machine {
			return d, ""
		}
	}
	return nil, ""
}

// A machineAs is a machine that a deed had its effect on, and the name by which its records show that, as Deed.At has it.
type machineAs struct{ value, as string }

// reached are the machines on which a deed had its effect.
func reached(d *tocsin.Deed) []machineAs {
	var all []machineAs
	switch d.Verb {
	case "scan", "resolve", "list", "alert", "connect":
	default:
		for _, e := range d.On {
			if e.Kind == "host" || e.Kind == "address" {
				all = append(all, machineAs{e.Value, e.Kind + ":" + e.Value})
			}
		}
	}
	if len(all) == 0 && d.Host != "" && d.Verb != "resolve" && d.Verb != "connect" && d.Verb != "scan" {
		all = append(all, machineAs{d.Host, ""})
	}
	return all
}
