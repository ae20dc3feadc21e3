package actor

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Judge says what drives an actor whose actions, in order of time, are ticks: how likely each driver is, and the weights
// that say so. It is a likelihood over many weak features: each action adds what it shows (the gap before it, whether its
// text and tool are new, how its text is built, what it does after a failure), each kind of showing is tempered by
// how many there were, and the sums through softmax are the shares. Names are not looked at, and what the records do not say
// weighs nothing.
//
// It is undecided where no driver's share reaches a bound, and where there are fewer than leastTicks actions: then the
// shares are nil.
func Judge(ticks tocsin.Ticks) (tocsin.Driver, map[string]float64, []tocsin.Evidence) {
	ticks = ticks.Events()
	if len(ticks) < leastTicks {
		return tocsin.Undecided, nil, nil
	}
	var c counts
	c.count(ticks)
	w := &weights
	evidence := make([]tocsin.Evidence, 0, len(families)+1)
	evidence = append(evidence, tocsin.Evidence{Feature: "prior", Seen: fmt.Sprintf("%d actions", len(ticks)), Human: w.prior[0], Script: w.prior[1], Agent: w.prior[2]})
	for f := range families {
		if e, ok := c.evidence(f, w); ok {
			evidence = append(evidence, e)
		}
	}
	var sum [3]float64
	for i := range evidence {
		e := &evidence[i]
		e.Human, e.Script, e.Agent = hundredth(e.Human), hundredth(e.Script), hundredth(e.Agent)
		sum[0] += e.Human
		sum[1] += e.Script
		sum[2] += e.Agent
	}
	p := softmax(sum)
	share := map[string]float64{"human": p[0], "script": p[1], "agent": p[2]}
	for i, d := range []tocsin.Driver{tocsin.Human, tocsin.Script, tocsin.Agent} {
		if p[i] >= decided {
			return d, share, evidence
		}
	}
	return tocsin.Undecided, share, evidence
}

// hundredth rounds, so that what is shown adds up to what is judged.
func hundredth(x float64) float64 { return math.Round(x*100) / 100 }

func softmax(x [3]float64) (p [3]float64) {
	most := max(x[0], x[1], x[2])
	sum := 0.0
	for i := range x {
		p[i] = math.Exp(x[i] - most)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// A family is a kind of showing: each action that has it has one of its symbols.
type family struct {
	name    string
	of      string // what is counted
	symbols []string
}

const (
	famGap = iota
	famRhythm
	famText
	famTool
	famLength
	famSpeed
	famJoined
	famFailure
	famPace
	nFamilies
)

// maxSymbols is the most that a family has.
const maxSymbols = 8

var families = [nFamilies]family{
	famGap:     {"gap", "gaps", []string{"below 1 s", "1 s", "2–4 s", "5–14 s", "15–59 s", "1–4 min", "5 min and more"}},
	famRhythm:  {"rhythm", "gaps of 1 s and more", []string{"like the one before", "up to twice or half of it", "unlike it"}},
	famText:    {"text", "actions", []string{"the one before again", "an earlier one again", "the one before changed a little", "an earlier one changed a little", "new"}},
	famTool:    {"tool", "actions", []string{"the same as before", "one of the last", "new"}},
	famLength:  {"length", "commands", []string{"nothing new", "up to 5 new bytes", "6–12", "13–25", "26–50", "51–100", "more"}},
	famSpeed:   {"speed", "commands", []string{"up to 1 new byte a second", "up to 3", "up to 8", "up to 20", "up to 60", "more"}},
	famJoined:  {"joined", "new commands", []string{"one word", "simple", "one or two operators", "three and more"}},
	famFailure: {"failure", "actions after a failure", []string{"the same again", "changed a little", "another"}},
	famPace:    {"pace", "actions after a failure", []string{"faster than usual", "as usual", "slower"}},
}

// counts are how often each symbol was seen.
type counts struct {
	n [nFamilies][maxSymbols]int
	// sum of a family's
	all [nFamilies]int
}

func (c *counts) add(family, symbol int) {
	c.n[family][symbol]++
	c.all[family]++
}

// back is how many actions are remembered when it is asked whether something is new: so few that it does not matter for
// how long an actor has been seen.
const back = 32

// count reads ticks, of which there are at least two.
func (c *counts) count(ticks tocsin.Ticks) {
	usual := usualGap(ticks)
	before := int64(-1)
	for i := range ticks {
		k := &ticks[i]
		text, tool := recall(ticks, i)
		if k.Typed {
			c.add(famLength, lengthSymbol(novel(ticks, i)))
			if text == 4 {
				c.add(famJoined, joinedSymbol(k))
			}
		}
		if i == 0 {
			continue
		}
		p := &ticks[i-1]
		// Whole seconds of both stamps, so that logs with and without fractions read alike.
		gap := floor(k.Time) - floor(p.Time)
		if k.Hole {
			c.shown(k, text, tool)
			before = -1
			continue
		}
		c.add(famGap, gapSymbol(gap))
		if gap >= 1 {
			if before >= 1 {
				c.add(famRhythm, beatSymbol(gap, before))
			}
			before = gap
		}
		if k.Typed {
			c.add(famSpeed, speedSymbol(novel(ticks, i), gap))
		}
		c.shown(k, text, tool)
		if p.Failed() {
			switch {
			case k.Text == p.Text && k.Kind == p.Kind && k.Target == p.Target:
				c.add(famFailure, 0)
			case like(k, p):
				c.add(famFailure, 1)
			default:
				c.add(famFailure, 2)
			}
			switch {
			case 2*gap < usual:
				c.add(famPace, 0)
			case gap > 2*usual+1:
				c.add(famPace, 2)
			default:
				c.add(famPace, 1)
			}
		}
	}
}

// shown adds what an action shows against those before it, whenever they were.
func (c *counts) shown(k *tocsin.Tick, text, tool int) {
	if k.Length > 0 {
		c.add(famText, text)
	}
	c.add(famTool, tool)
}

func floor(ns int64) int64 { return ns / 1e9 }

// usualGap is the median of whole-second gaps, of the first two thousand.
func usualGap(ticks tocsin.Ticks) int64 {
	var seconds [601]int
	n := min(len(ticks), 2000)
	for i := 1; i < n; i++ {
		seconds[max(0, min(floor(ticks[i].Time)-floor(ticks[i-1].Time), 600))]++
	}
	half := n / 2
	for s, k := range seconds {
		if half -= k; half <= 0 {
			return int64(s)
		}
	}
	return 0
}

func gapSymbol(s int64) int {
	switch {
	case s < 1:
		return 0
	case s < 2:
		return 1
	case s < 5:
		return 2
	case s < 15:
		return 3
	case s < 60:
		return 4
	case s < 300:
		return 5
	}
	return 6
}

func beatSymbol(gap, before int64) int {
	low, high := min(gap, before), max(gap, before)
	switch {
	case high-low <= high/10:
		return 0
	case high <= 2*low:
		return 1
	}
	return 2
}

// novel estimates how many bytes of a text were not in one of the few before it, which a person would take up again and
// change: as many words as are new, of mean length.
func novel(ticks tocsin.Ticks, i int) int {
	k := &ticks[i]
	least := bits.OnesCount64(k.Words)
	for j := i - 1; j >= 0 && i-j <= 8; j-- {
		if ticks[j].Typed {
			least = min(least, bits.OnesCount64(k.Words&^ticks[j].Words))
		}
	}
	return least * int(k.Length) / max(1, bits.OnesCount64(k.Words))
}

func lengthSymbol(n int) int {
	switch {
	case n == 0:
		return 0
	case n <= 5:
		return 1
	case n <= 12:
		return 2
	case n <= 25:
		return 3
	case n <= 50:
		return 4
	case n <= 100:
		return 5
	}
	return 6
}

// speedSymbol is how fast somebody would have had to type. People type at most some ten keys a second.
func speedSymbol(n int, gap int64) int {
	gap = max(gap, 1)
	switch v := int64(n); {
	case v <= gap:
		return 0
	case v <= 3*gap:
		return 1
	case v <= 8*gap:
		return 2
	case v <= 20*gap:
		return 3
	case v <= 60*gap:
		return 4
	}
	return 5
}

func joinedSymbol(k *tocsin.Tick) int {
	switch {
	case k.Operators >= 3:
		return 3
	case k.Operators > 0:
		return 2
	case k.Count <= 1:
		return 0
	}
	return 1
}

// recall compares a tick with those before it.
func recall(ticks tocsin.Ticks, i int) (text, tool int) {
	k := &ticks[i]
	text, tool = 4, 2
	for j := i - 1; j >= 0 && i-j <= back; j-- {
		p := &ticks[j]
		first := j == i-1
		switch {
		case p.Text == k.Text && p.Kind == k.Kind && p.Target == k.Target:
			if first {
				text = 0
			} else if text > 1 {
				text = 1
			}
		case text > 2 && p.Typed == k.Typed && like(k, p):
			if first {
				text = 2
			} else {
				text = min(text, 3)
			}
		}
		if p.Kind == k.Kind && tool == 2 {
			tool = 1
			if first {
				tool = 0
			}
		}
	}
	return text, tool
}

// caution is how many actions without any meaning are thought to stand beside those seen, so that few weigh little.
const caution = 10

// evidence is what a family says.
func (c *counts) evidence(f int, w *table) (tocsin.Evidence, bool) {
	n := c.all[f]
	if n == 0 {
		return tocsin.Evidence{}, false
	}
	e := tocsin.Evidence{Feature: families[f].name}
	var seen strings.Builder
	fmt.Fprintf(&seen, "%d %s:", n, families[f].of)
	for s, name := range families[f].symbols {
		k := c.n[f][s]
		if k == 0 {
			continue
		}
		x := float64(k) / float64(n+caution)
		e.Human += x * w.of[f][s][0]
		e.Script += x * w.of[f][s][1]
		e.Agent += x * w.of[f][s][2]
		fmt.Fprintf(&seen, " %.0f %% %s,", 100*float64(k)/float64(n), name)
	}
	e.Seen = strings.TrimSuffix(seen.String(), ",")
	return e, true
}

// A Feature is one of the numbers that Judge weighs: how often a symbol of a family was seen, tempered.
type Feature struct {
	Family, Symbol string
	Value          float64
}

// Features are what Judge would weigh of ticks, always the same ones in the same order: for fitting the weights.
func Features(ticks tocsin.Ticks) []Feature {
	ticks = ticks.Events()
	var c counts
	c.count(ticks)
	var all []Feature
	for f := range families {
		for s, name := range families[f].symbols {
			all = append(all, Feature{families[f].name, name, float64(c.n[f][s]) / float64(c.all[f]+caution)})
		}
	}
	return all
}
