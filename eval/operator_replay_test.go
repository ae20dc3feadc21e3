package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A pace is how a script that sends commands written beforehand spaces them. Hardly any bot was recorded that sends ten
// commands and more, while how scripts wait is known: they do not, they sleep, they wait for the prompt.
type pace struct {
	of   *operator // that was recorded; else a name by which it is left out
	gaps func(draw *rand.Rand) func() int64
}

// paces are how scripts wait: as long as a network takes to answer, a fixed time, a random time between two bounds, a time
// about a mean, none but for bursts. How long is drawn for each script.
func paces() []pace {
	between := func(draw *rand.Rand, low, high float64) float64 { // of equal ratios equally often
		return low * math.Exp(draw.Float64()*math.Log(high/low))
	}
	seconds := func(s float64) int64 { return int64(s * float64(time.Second)) }
	named := func(name string, gaps func(*rand.Rand) func() int64) pace {
		return pace{&operator{driver: tocsin.Script, kind: "replay", name: name, group: "pace " + name}, gaps}
	}
	return []pace{
		named("prompt", func(draw *rand.Rand) func() int64 {
			usual, spread := between(draw, 0.05, 2), between(draw, 0.1, 0.4)
			return func() int64 { return seconds(usual * math.Exp(spread*draw.NormFloat64())) }
		}),
		named("sleep", func(draw *rand.Rand) func() int64 {
			sleep, answer := between(draw, 0.5, 20), between(draw, 0.02, 0.5)
			return func() int64 { return seconds(sleep + answer*math.Exp(0.4*draw.NormFloat64())) }
		}),
		named("random sleep", func(draw *rand.Rand) func() int64 {
			low := between(draw, 0.2, 5)
			high, answer := low*between(draw, 1.5, 5), between(draw, 0.02, 0.5)
			return func() int64 { return seconds(low + draw.Float64()*(high-low) + answer) }
		}),
		named("sleep about a mean", func(draw *rand.Rand) func() int64 {
			mean := between(draw, 0.5, 10)
			spread := between(draw, 0.1, 0.35)
			return func() int64 { return seconds(max(0.05, mean*(1+spread*draw.NormFloat64()))) }
		}),
		named("bursts", func(draw *rand.Rand) func() int64 {
			burst, rest := 4+draw.IntN(30), between(draw, 2, 60)
			n := 0
			return func() int64 {
				if n++; n%burst == 0 {
					return seconds(rest * (1 + 0.1*draw.Float64()))
				}
				return seconds(0.02 + 0.2*draw.Float64())
			}
		}),
	}
}

// recordedPaces are those of scripts that were recorded, of one gap and more.
func recordedPaces(all []*operator) (out []pace) {
	for _, o := range all {
		if o.driver != tocsin.Script || o.kind != "honeypot" || len(ordering.of(o.ticks).Acts()) < 4 {
			continue
		}
		var gaps []int64
		last := map[uint32]int64{}
		ticks := ordering.of(o.ticks)
		for i := range ticks {
			if at, ok := last[ticks[i].Stream]; ok {
				gaps = append(gaps, ticks[i].Time-at)
			}
			last[ticks[i].Stream] = ticks[i].Time
		}
		if len(gaps) > 0 {
			out = append(out, pace{o, func(draw *rand.Rand) func() int64 { return func() int64 { return gaps[draw.IntN(len(gaps))] } }})
		}
	}
	return out
}

// replay is what was typed, sent at the pace of a script. It is what any script looks like that sends commands written
// beforehand.
func replay(typed tocsin.Ticks, p pace, draw *rand.Rand) tocsin.Ticks {
	gap := p.gaps(draw)
	out := slices.Clone(typed)
	for i := range out {
		if i > 0 {
			out[i].Time = out[i-1].Time + gap()
		}
		out[i].Stream, out[i].Hole, out[i].End = out[0].Stream, false, 0
	}
	return out
}

// playbook is the beginning of what was typed, often no more than a line, sent time and again, each time in a session of its own
// or in one, at once or after a rest, word for word or with a name or token changed: as a bot does that comes back or goes on to
// another machine.
func playbook(typed tocsin.Ticks, p pace, draw *rand.Rand) tocsin.Ticks {
	const most = 100
	typed = typed[:min(len(typed), 1+draw.IntN(16))]
	gap := p.gaps(draw)
	changes, sessions, rests := draw.IntN(2) == 1, uint32(draw.IntN(2)), int64(draw.IntN(2))
	out := make(tocsin.Ticks, 0, most)
	at := typed[0].Time
	for run := uint32(0); len(out) < most; run++ {
		for i := range typed {
			k := typed[i]
			if changes && k.Count > 1 && k.Count < 40 {
				k.Text ^= run * 0x9e3779b9
				k.Words = k.Words&(k.Words-1) | 1<<draw.IntN(64)
			}
			k.Time, k.Stream, k.Hole, k.End, k.Record = at, typed[0].Stream+run*sessions, false, 0, uint32(len(out)+1)
			out = append(out, k)
			at += gap()
		}
		at += rests * int64(time.Second) * int64(1+draw.IntN(600))
	}
	return out
}
