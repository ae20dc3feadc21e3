package actor

import (
	"fmt"
	"math"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Judge says what drives an actor whose actions, in order of time, are ticks: how likely each driver is, and the weights
// that say so. What is judged are its decisions (tocsin.Ticks.Acts). It is a likelihood over many weak features: each act adds what
// it shows (the gap before it, whether its text and tool are new, how its text is built), each kind of showing is
// tempered by how many there were, and the sums through softmax are the shares. Names are not looked at, and what the
// records do not say weighs nothing.
//
// It is undecided where no driver's share reaches its bound, and where there are fewer than leastTicks acts or they are in
// a kind of log in which the driver that they look like was never recorded, or only scripts are named and none is sure enough:
// then the shares are nil, and the evidence says why. Where the kinds of log cannot tell an agent from a script, the two are one:
// the shares have no agent, and the script's is of either.
func Judge(ticks tocsin.Ticks) (tocsin.Driver, map[string]float64, []tocsin.Evidence) {
	return fitted.Judge(ticks)
}

// Judge judges by other weights than those that Tocsin comes with, to measure these.
func (w *Weights) Judge(ticks tocsin.Ticks) (tocsin.Driver, map[string]float64, []tocsin.Evidence) {
	d, share, evidence, _ := w.judge(ticks)
	return d, share, evidence
}

// judge is Judge, with what of the evidence is told in words.
func (w *Weights) judge(ticks tocsin.Ticks) (tocsin.Driver, map[string]float64, []tocsin.Evidence, []tocsin.Reason) {
	acts := ticks.Acts()
	if len(acts) < leastTicks {
		if len(ticks) == 0 {
			return tocsin.Undecided, nil, nil, nil
		}
		return tocsin.Undecided, nil, []tocsin.Evidence{{Feature: "acts", Seen: fmt.Sprintf("its actions show too few decisions of its own: %d of the %d that are needed", len(acts), leastTicks)}}, nil
	}
	var c counts
	c.count(acts)
	evidence := make([]tocsin.Evidence, 0, len(families)+3)
	prior := &w.Prior[1]
	if c.commands() >= leastTicks {
		prior = &w.Prior[0]
	}
	evidence = append(evidence, tocsin.Evidence{Feature: "prior", Seen: fmt.Sprintf("%d acts", len(acts)), Human: prior[0], Script: prior[1], Agent: prior[2]})
	if n := undated(acts); n > 0 {
		evidence = append(evidence, tocsin.Evidence{Feature: "order", Seen: fmt.Sprintf("%d of %d acts have no time: their order counts, their pace is not known", n, len(acts))})
	}
	for f := range families {
		if e, ok := c.evidence(f, w); ok {
			evidence = append(evidence, e)
		}
	}
	if n := c.of[logSession]; 2*n >= len(acts) {
		evidence = append(evidence, tocsin.Evidence{Feature: "session", Seen: fmt.Sprintf("%d of %d acts are in the log of an agent's own harness", n, len(acts)), Human: -ownWord, Script: -ownWord, Agent: ownWord})
	} else if low, high, ok := c.even(); ok {
		evidence = append(evidence, tocsin.Evidence{Feature: "even", Seen: fmt.Sprintf("three in five of the gaps between commands are %.1f to %.1f s", low.Seconds(), high.Seconds()), Human: -evenWord, Script: evenWord, Agent: -evenWord})
	}
	told, _ := c.met(tocsin.Agent)
	if !told {
		evidence = append(evidence, tocsin.Evidence{Feature: "log", Seen: "these logs cannot tell a script from an AI agent: the two are weighed as one", Script: -math.Ln2, Agent: -math.Ln2})
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
	if !told && (c.commands() < leastTicks || p[2] <= max(p[0], p[1])) {
		p[1], p[2] = p[1]+p[2], 0
	}
	best := 0
	for i := range p {
		if p[i] > p[best] {
			best = i
		}
	}
	d := tocsin.Driver(best + 1)
	if ok, why := c.met(d); !ok {
		return tocsin.Undecided, nil, append(evidence[:0], tocsin.Evidence{Feature: "log", Seen: why}), nil
	}
	if c.commands() < leastTicks && p[1] < decided[1] { // what is left of the others' shares tells nobody from them
		seen := fmt.Sprintf("%d of %d acts are commands: in requests, logins and calls only scripts are named, and one is not sure enough at %.0f %%", c.commands(), len(acts), 100*p[1])
		return tocsin.Undecided, nil, append(evidence[:0], tocsin.Evidence{Feature: "log", Seen: seen}), nil
	}
	share := map[string]float64{"human": p[0], "script": p[1], "agent": p[2]}
	if !told {
		delete(share, "agent") // the script's is of either
	}
	if p[best] < decided[best] {
		d = tocsin.Undecided
	}
	reasons := c.reasons(tocsin.Driver(best+1), evidence, w, told)
	if paused(acts) { // between what is told of in different logs, whose pauses are not measured
		for i := range reasons {
			reasons[i].Never = false
		}
	}
	return d, share, evidence, reasons
}

// paused says that a minute or longer lies between two acts that follow each other, in whatever logs.
func paused(acts tocsin.Ticks) bool {
	for i := 1; i < len(acts); i++ {
		if acts[i-1].Dated() && acts[i].Time-acts[i-1].Time >= int64(time.Minute) {
			return true
		}
	}
	return false
}

// undated is the number of acts of which only the order is known; they come first.
func undated(acts tocsin.Ticks) int {
	n := 0
	for n < len(acts) && !acts[n].Dated() {
		n++
	}
	return n
}

// ownWord is what weighs that an agent's own harness noted what was done. It is a choice, not fitted: whoever kept the log
// says who acted, and what drives the agent in turn is not in it.
const ownWord = 3.0

// A pace is even where three in five gaps, of half a second and more, differ by no more than this factor. What the gaps of 28
// recorded agents' runs spread (σ of the logarithm 0.6 and more) makes a factor of 2.7, people's is larger. The weight is a
// choice: scripts that sleep were not recorded, only made up. An agent's own harness may keep an even pace.
const (
	evenLeast  = 500 * time.Millisecond
	evenSpread = 1.2
	evenWord   = 4.0
)

// met says that a driver can be named in the kinds of log that most acts are in; if not, why. Where there are enough
// commands they alone count. Elsewhere only scripts are named: nobody else is that fast and even, while a person and an agent
// may both be slow, and no log of requests, logins or calls holds both.
func (c *counts) met(d tocsin.Driver) (ok bool, why string) {
	only := c.commands() >= leastTicks
	n, all, worst := 0, 0, 0
	for log := 1; log < nLogs; log++ {
		if only && !commands(uint8(log)) {
			continue
		}
		k := c.of[log]
		all += k
		if recorded[log][d-1] && (only || d == tocsin.Script) {
			n += k
		} else if k > c.of[worst] {
			worst = log
		}
	}
	if n >= leastTicks && 2*n >= all {
		return true, ""
	}
	return false, fmt.Sprintf("%d of %d acts are %s; no recordings of such logs tell %s from the others", c.of[worst], all, logNames[worst], plurals[d])
}

var plurals = [...]string{tocsin.Human: "people", tocsin.Script: "scripts", tocsin.Agent: "agents"}

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
