package campaign

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// What is done by hand and what is not is told by a hidden Markov chain of two states. What each state shows was measured
// on recordings: by hand, on what 156 trainees typed in cyber range games (12,559 commands, operator/human-kypo); not by
// hand, on the distances of 6,499 tool calls of LLM agents (agents/: cochise 2025 and 2026, entire-bmad, nyu-baseline, each
// set counting the same) and the texts of 3,024 commands of 23 runs (operator/llm-cochise). The weights are ln(by hand /
// not). Below a second the sets differ more among themselves than from people, so that it says nothing; the weights of
// lengths are cut to a third, since what agents write into a web shell is shorter than what they write into their own.
var (
	gapEnds    = [...]int64{1e9, 2e9, 5e9, 15e9, 60e9, 300e9, math.MaxInt64}
	gapWeights = [...]float64{0, -1.37, -1.09, -0.06, 1.36, 1.58, 0.64}

	repeatWeight, newWeight = 2.9, -0.43

	lengthEnds    = [...]uint16{16, 32, 64, 128, math.MaxUint16}
	lengthWeights = [...]float64{0.7, 0.6, 0, -0.5, -0.9}
)

const (
	// change is the chance that who acts changes from one action to the next. One distance tells little, so that a change
	// must be borne out by many.
	change = 1.0 / 300

	// leastShare is the number of actions below which no share is told.
	leastShare = 30

	// sameNanos is the distance below which two logs tell of one action.
	sameNanos = int64(150 * time.Millisecond)

	// leaning is how much of an actor's judgement each of its ticks takes over.
	leaning = 0.15

	// memory is how many texts back a text counts as repeated.
	memory = 50
)

// A stream is what one name did, in order of time, and what the judgement of its actor says for each tick being done by hand.
type stream struct {
	did  tocsin.Ticks
	lean float64 // nats
}

// lean is what the judgement of an actor says for each of its ticks being done by hand. It is of the whole, so that of
// each it weighs little: a stretch that shows otherwise must do so in many.
func lean(a *tocsin.Actor) float64 {
	h, ok := a.Share["human"]
	if !ok {
		return 0
	}
	h = max(0.05, min(0.95, h))
	return leaning * math.Log(h/(1-h))
}

// byHand is what one action says for being done by hand, in nats. before are the actions of the same stream up to it.
func byHand(stream tocsin.Ticks, i int) float64 {
	t := &stream[i]
	w := 0.0
	if t.Typed {
		w = newWeight
		for k := i - 1; k >= 0 && k >= i-memory; k-- {
			if stream[k].Text == t.Text {
				w = repeatWeight
				break
			}
		}
	}
	if i > 0 && !t.Hole {
		gap := t.Time - stream[i-1].Time
		if gap < sameNanos {
			return w // two logs of one action
		}
		for k, end := range gapEnds {
			if gap < end {
				w += gapWeights[k]
				break
			}
		}
	}
	if t.Typed {
		for k, end := range lengthEnds {
			if t.Length < end {
				w += lengthWeights[k]
				break
			}
		}
	}
	return w
}

// Autonomy estimates the share of actions that were done without a human. It is nil where there are too few to tell.
func Autonomy(streams []stream) *tocsin.Share {
	type one struct {
		time int64
		hand float64
	}
	var all []one
	for _, s := range streams {
		for i, p := range hands(s) {
			all = append(all, one{s.did[i].Time, p})
		}
	}
	slices.SortFunc(all, func(a, b one) int { return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.hand, b.hand)) })
	n, machine, unsure := 0.0, 0.0, 0.0
	for i := 0; i < len(all); {
		p := all[i].hand
		// Two logs of one action: within a moment, or within the second where one of them has no finer stamps.
		if k := i + 1; k < len(all) {
			gap, coarse := all[k].time-all[i].time, all[i].time%int64(time.Second) == 0
			if gap < sameNanos || coarse && gap < int64(time.Second) && all[k].time%int64(time.Second) != 0 {
				p = (p + all[k].hand) / 2
				i++
			}
		}
		i++
		n++
		if p < 0.5 {
			machine++
		}
		unsure += p * (1 - p)
	}
	if n < leastShare {
		return nil
	}
	share := machine / n
	// Neighbours are unsure together: a stretch counts as one.
	dev := math.Sqrt(unsure/change)/n + 0.01
	return &tocsin.Share{Value: share, Low: max(0, share-1.645*dev), High: min(1, share+1.645*dev)}
}

// hands is, for each action of a stream, how likely it was done by hand: forward and backward over the chain. L. R. Rabiner,
// "A tutorial on hidden Markov models", Proceedings of the IEEE 77 (1989).
func hands(of stream) []float64 {
	s := of.did
	odds := make([]float64, len(s))
	for i := range s {
		odds[i] = math.Exp(max(-6, min(6, byHand(s, i)+of.lean)))
	}
	forward := make([]float64, len(s))
	p := 0.05 // before anything is known: what is joined to a campaign is mostly not typed
	for i := range s {
		if i > 0 {
			p = p*(1-change) + (1-p)*change
		}
		p = p * odds[i] / (p*odds[i] + 1 - p)
		forward[i] = p
	}
	back := 0.5 // what comes after says nothing yet
	out := make([]float64, len(s))
	for i := len(s) - 1; i >= 0; i-- {
		h, m := forward[i]*back, (1-forward[i])*(1-back)
		out[i] = h / (h + m)
		// the chance of what comes from i on, for either state before it
		hh, mm := odds[i]*back, 1-back
		h = (1-change)*hh + change*mm
		m = change*hh + (1-change)*mm
		back = h / (h + m)
	}
	return out
}

const (
	// gateLeast is the shortest quiet that is taken for a decision: reports of AI-run campaigns name reviews of 2 to 10 and 5
	// to 20 minutes; the longest is a night.
	gateLeast = 100 * time.Second
	gateMost  = 14 * time.Hour
	// gateTimes is how much longer than nearly all distances before it a quiet must be.
	gateTimes = 6.0
	gateBack  = 40 // actions that are looked back at
	gateFew   = 8  // below which there is no pace
	// gateEnough is the weight from which a quiet is a decision. People pause too: at 3.5, of six rehearsals 22 of 30 decisions were
	// told and one that was none.
	gateEnough = 3.5
)

// Gates finds the points at which a person seems to have decided how to go on: a quiet that is long against the pace
// before it, after which something is new. ticks are a campaign's, in order of time.
func Gates(ticks tocsin.Ticks) []tocsin.Gate {
	ticks = ticks.Events()
	var gates []tocsin.Gate
	var gaps []int64
	last := 0 // where the stretch since the last decision begins: who goes on may have another pace
	for i := gateFew; i < len(ticks); i++ {
		p, t := &ticks[i-1], &ticks[i]
		gap := t.Time - p.Time
		if t.Hole || gap < int64(gateLeast) || gap > int64(gateMost) {
			continue
		}
		from := max(last, i-gateBack)
		if i-from < gateFew {
			continue
		}
		gaps = gaps[:0]
		for k := from + 1; k < i; k++ {
			gaps = append(gaps, ticks[k].Time-ticks[k-1].Time)
		}
		slices.Sort(gaps)
		usual := max(gaps[len(gaps)*9/10], int64(500*time.Millisecond))
		times := float64(gap) / float64(usual)
		if times < gateTimes {
			continue
		}
		what, weight := difference(ticks[from:i], ticks[i:min(len(ticks), i+gateBack)])
		weight += math.Log(times) - math.Log(gateTimes)
		if weight < gateEnough {
			continue
		}
		g := tocsin.Gate{Quiet: time.Unix(0, p.Time).UTC(), Time: time.Unix(0, t.Time).UTC(), Change: what, Weight: weight}
		last = i
		gates = append(gates, g)
	}
	return gates
}

// difference says what is new after a quiet, and how much that weighs.
func difference(before, after tocsin.Ticks) (string, float64) {
	tactics := [2]map[uint8]bool{{}, {}}
	kinds, targets := [2]map[uint32]bool{{}, {}}, [2]map[uint32]bool{{}, {}}
	for side, list := range [2]tocsin.Ticks{before, after} {
		for i := range list {
			if list[i].Tactic != 0 {
				tactics[side][list[i].Tactic] = true
			}
			kinds[side][list[i].Kind] = true
			if list[i].Target != 0 {
				targets[side][list[i].Target] = true
			}
		}
	}
	what, weight := "the same goes on", -1.0
	if n := fresh(targets[0], targets[1]); n > 0.5 {
		what, weight = "other targets", weight+1
	}
	if n := fresh(kinds[0], kinds[1]); n > 0.3 {
		what, weight = "other tools", weight+1
	}
	if n := fresh(tactics[0], tactics[1]); n > 0 {
		what, weight = "another phase", weight+2
	}
	return what, weight
}

// fresh is the share of what is in b that is not in a.
func fresh[K comparable](a, b map[K]bool) float64 {
	if len(b) == 0 {
		return 0
	}
	n := 0
	for k := range b {
		if !a[k] {
			n++
		}
	}
	return float64(n) / float64(len(b))
}
