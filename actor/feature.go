package actor

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A family is a kind of showing: each act that has it has one of its symbols.
type family struct {
	name    string
	of      string // what is counted
	symbols []string
}

// Families of commands, then those of attempts on a service: requests, logins and calls.
const (
	famGap = iota
	famRhythm
	famText
	famTool
	famLength
	famSpeed
	famJoined
	famBatch
	famSpread
	famOrder
	famWait
	famBeat
	famAgain
	nFamilies
)

// maxSymbols is the most that a family has.
const maxSymbols = 8

var (
	gaps  = []string{"below 1 s", "1 s", "2–4 s", "5–14 s", "15–59 s", "1–4 min", "5 min and more"}
	beats = []string{"like the one before", "up to twice or half of it", "unlike it"}
	texts = []string{"the one before again", "an earlier one again", "the one before changed a little", "an earlier one changed a little", "new"}
)

var families = [nFamilies]family{
	famGap:    {"gap", "gaps", gaps},
	famRhythm: {"rhythm", "gaps of 1 s and more", beats},
	famText:   {"text", "commands", texts},
	famTool:   {"tool", "commands", []string{"the same as before", "one of the last", "new"}},
	famLength: {"length", "commands that are no repeats", []string{"nothing new", "up to 5 new bytes", "6–12", "13–25", "26–50", "51–100", "more"}},
	famSpeed:  {"speed", "commands that are no repeats", []string{"up to 1 new byte a second", "up to 3", "up to 8", "up to 20", "up to 60", "more"}},
	famJoined: {"joined", "new commands", []string{"one word", "simple", "one or two operators", "three and more"}},
	famBatch:  {"batch", "commands", []string{"alone", "one of 2 or 3 within 1 s of each other", "of 4 to 7", "of 8 and more"}},
	famSpread: {"spread", "gaps of 1 s and more", []string{"of σ(ln) up to 0.15", "up to 0.3", "up to 0.45", "up to 0.6", "up to 0.8", "up to 1.1", "more"}},
	famOrder:  {"order", "commands after two others", []string{"three in a row of the form of an earlier three", "of a new form"}},
	famWait:   {"wait", "gaps between requests, logins and calls", gaps},
	famBeat:   {"beat", "such gaps of 1 s and more", beats},
	famAgain:  {"again", "requests, logins and calls", texts},
}

// commandFamilies is the number of families that only commands show.
const commandFamilies = famWait

// counts are how often each symbol was seen.
type counts struct {
	n [nFamilies][maxSymbols]int
	// sum of a family's
	all [nFamilies]int
	// acts by kind of log
	of [nLogs]int
	// gaps between commands, in nanoseconds, at most maxGaps
	between []int64
	// logarithms of those of 1 s and more, in whole seconds
	long []float64
}

func (c *counts) add(family, symbol int) {
	c.n[family][symbol]++
	c.all[family]++
}

// back is how many acts are remembered when it is asked whether something is new: so few that it does not matter for
// how long an actor has been seen.
const back = 32

// A streak is where a stream of acts stands.
type streak struct {
	last tocsin.Tick
	gap  int64 // of 1 s and more, in seconds, before the last; -1 where there is none
}

// maxGaps bounds the gaps whose evenness is looked at.
const maxGaps = 2000

// even says that commands come at an even pace, as those of a script that sleeps between them: of their gaps, of which
// there are eight or more, the 80th percentile is hardly more than the 20th.
func (c *counts) even() (low, high time.Duration, ok bool) {
	n := len(c.between)
	if n < 8 {
		return 0, 0, false
	}
	slices.Sort(c.between)
	low, high = time.Duration(c.between[n/5]), time.Duration(c.between[n*4/5])
	return low, high, low >= evenLeast && float64(high) <= evenSpread*float64(low)
}

// count reads acts in order of time.
func (c *counts) count(acts tocsin.Ticks) {
	for i := range acts {
		c.of[acts[i].Log]++
	}
	both := [2]tocsin.Ticks{acts, nil} // commands, attempts
	if n := c.commands(); n < len(acts) {
		both[0], both[1] = make(tocsin.Ticks, 0, n), make(tocsin.Ticks, 0, len(acts)-n)
		for i := range acts {
			side := 1
			if commands(acts[i].Log) {
				side = 0
			}
			both[side] = append(both[side], acts[i])
		}
	}
	c.ordered(both[0])
	c.tried(both[1])
}

func (c *counts) commands() (n int) {
	for log := range c.of {
		if commands(uint8(log)) {
			n += c.of[log]
		}
	}
	return n
}

// ordered counts what commands show.
func (c *counts) ordered(acts tocsin.Ticks) {
	streams := map[uint32]*streak{}
	size := batches(acts)
	c.order(acts)
	for i := range acts {
		k := &acts[i]
		text, tool := recall(acts, i)
		if size[i] > 0 {
			c.add(famBatch, batchSymbol(size[i]))
		}
		if k.Length > 0 {
			c.add(famText, text)
		}
		c.add(famTool, tool)
		fresh := k.Typed && text > 1
		n := 0
		if fresh {
			n = novel(acts, i)
			c.add(famLength, lengthSymbol(n))
			if text == 4 {
				c.add(famJoined, joinedSymbol(k))
			}
		}
		if gap, ok := c.gap(streams, k, famGap, famRhythm); ok && fresh {
			c.add(famSpeed, speedSymbol(n, gap))
		}
	}
	c.spread()
}

// spread counts how widely the gaps of 1 s and more are spread, of which there are eight or more: the standard deviation of
// their logarithms.
func (c *counts) spread() {
	if len(c.long) < 8 {
		return
	}
	mean, sum := 0.0, 0.0
	for _, x := range c.long {
		mean += x
	}
	mean /= float64(len(c.long))
	for _, x := range c.long {
		sum += (x - mean) * (x - mean)
	}
	s := spreadSymbol(math.Sqrt(sum / float64(len(c.long))))
	c.n[famSpread][s] += len(c.long)
	c.all[famSpread] += len(c.long)
}

func spreadSymbol(s float64) int {
	for i, most := range [...]float64{0.15, 0.3, 0.45, 0.6, 0.8, 1.1} {
		if s <= most {
			return i
		}
	}
	return 6
}

// batches are, for each command, how many of its stream were sent within a second of each other, itself among them; 0 where it
// has no time. Calls that a model makes at once are few, what a script sends without waiting is much.
func batches(acts tocsin.Ticks) []int {
	size := make([]int, len(acts))
	type batch struct{ first, last, n int }
	open := map[uint32]*batch{}
	next := make([]int, len(acts)) // in its batch
	for i := range acts {
		k := &acts[i]
		if !k.Dated() {
			continue
		}
		b := open[k.Stream]
		if b == nil || k.Hole || floor(k.Time)-floor(acts[b.last].Time) >= 1 {
			b = &batch{first: i}
			open[k.Stream] = b
		} else {
			next[b.last] = i
		}
		b.last = i
		b.n++
		size[b.first] = b.n
	}
	for i := range acts {
		if n := next[i]; n > 0 {
			size[n] = size[i]
		}
	}
	return size
}

func batchSymbol(n int) int {
	switch {
	case n <= 1:
		return 0
	case n <= 3:
		return 1
	case n <= 7:
		return 2
	}
	return 3
}

// order counts commands that make, with the two before them, a row of the same form as an earlier one, by their lengths, words
// and operators: who plays a list of commands again, in another session or against another target, changes names and tokens in
// it at most. A row of one form throughout tells nothing.
func (c *counts) order(acts tocsin.Ticks) {
	type form struct {
		length           uint16
		count, operators uint8
	}
	type row [3]form
	seen := map[row]bool{}
	last := map[uint32]*row{}
	n := map[uint32]int{}
	for i := range acts {
		k := &acts[i]
		r := last[k.Stream]
		if r == nil {
			r = &row{}
			last[k.Stream] = r
		}
		r[0], r[1], r[2] = r[1], r[2], form{k.Length, k.Count, k.Operators}
		if n[k.Stream]++; n[k.Stream] < 3 || r[0] == r[1] && r[1] == r[2] {
			continue
		}
		if seen[*r] {
			c.add(famOrder, 0)
		} else {
			c.add(famOrder, 1)
			seen[*r] = true
		}
	}
}

// tried counts what attempts show.
func (c *counts) tried(acts tocsin.Ticks) {
	streams := map[uint32]*streak{}
	for i := range acts {
		text, _ := recall(acts, i)
		c.add(famAgain, text)
		c.gap(streams, &acts[i], famWait, famBeat)
	}
}

// gap counts the gap before an act in its stream, in whole seconds of both stamps, so that logs with and without fractions
// read alike.
func (c *counts) gap(streams map[uint32]*streak, k *tocsin.Tick, family, rhythm int) (gap int64, ok bool) {
	s := streams[k.Stream]
	if s == nil {
		streams[k.Stream] = &streak{*k, -1}
		return 0, false
	}
	before := s.last.Time
	s.last = *k
	if k.Hole || before <= 0 || !k.Dated() {
		s.gap = -1
		return 0, false
	}
	gap = floor(k.Time) - floor(before)
	c.add(family, gapSymbol(gap))
	if family == famGap && len(c.between) < maxGaps {
		c.between = append(c.between, k.Time-before)
	}
	if gap >= 1 {
		if family == famGap && len(c.long) < maxGaps {
			c.long = append(c.long, math.Log(float64(gap)))
		}
		if s.gap >= 1 {
			c.add(rhythm, beatSymbol(gap, s.gap))
		}
		s.gap = gap
	}
	return gap, true
}

func floor(ns int64) int64 { return ns / 1e9 }

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
		case text > 2 && p.Typed == k.Typed && k.Like(p):
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
func (c *counts) evidence(f int, w *Weights) (tocsin.Evidence, bool) {
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
	Attempt        bool // of attempts on a service, not of commands
	Value          float64
}

// Set gives the feature of a number, in the order of Features, its weights for human, script and agent.
func (w *Weights) Set(feature int, to [3]float64) {
	for f := range families {
		if n := len(families[f].symbols); feature >= n {
			feature -= n
			continue
		}
		w.of[f][feature] = to
		return
	}
}

// Features are what Judge would weigh of ticks, always the same ones in the same order: for fitting the weights.
func Features(ticks tocsin.Ticks) []Feature {
	var c counts
	c.count(ticks.Acts())
	var all []Feature
	for f := range families {
		for s, name := range families[f].symbols {
			all = append(all, Feature{families[f].name, name, f >= commandFamilies, float64(c.n[f][s]) / float64(c.all[f]+caution)})
		}
	}
	return all
}
