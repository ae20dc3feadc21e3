package eval

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
)

// A verdict is what was said of one doer.
type verdict struct {
	of   *operator
	said tocsin.Driver
}

// A table of verdicts: rows are what drove, columns what was said.
type confusion [4][4]int

func tabulate(all []verdict) (c confusion) {
	for _, v := range all {
		c[v.of.driver][v.said]++
	}
	return c
}

// macroF1 is the mean of the drivers' F1, of those that were decided; abstained is the share that was not.
func (c *confusion) macroF1() (f1, abstained float64) {
	total, none := 0, 0
	classes := 0
	for d := tocsin.Human; d <= tocsin.Agent; d++ {
		tp, said, is := c[d][d], 0, 0
		for e := tocsin.Human; e <= tocsin.Agent; e++ {
			said += c[e][d]
			is += c[d][e]
		}
		total += is + c[d][tocsin.Undecided]
		none += c[d][tocsin.Undecided]
		if is+c[d][tocsin.Undecided] == 0 {
			continue
		}
		classes++
		if said+is > 0 {
			f1 += 2 * float64(tp) / float64(said+is)
		}
	}
	if classes == 0 || total == 0 {
		return 0, 1
	}
	return f1 / float64(classes), float64(none) / float64(total)
}

// interval is the middle 95 % of macro-F1 when groups are drawn anew.
func interval(all []verdict) (low, high float64) {
	groups := map[string][]verdict{}
	var names [4][]string
	for _, v := range all {
		k := v.of.driver.String() + v.of.group
		if groups[k] == nil {
			names[v.of.driver] = append(names[v.of.driver], k)
		}
		groups[k] = append(groups[k], v)
	}
	draw := rand.New(rand.NewPCG(1, 2))
	var f []float64
	for range 1000 {
		var some []verdict
		for _, g := range names {
			for range g {
				some = append(some, groups[g[draw.IntN(len(g))]]...)
			}
		}
		c := tabulate(some)
		f1, _ := c.macroF1()
		f = append(f, f1)
	}
	slices.Sort(f)
	return f[25], f[974]
}

func (c *confusion) units(d tocsin.Driver) int { return c[d][0] + c[d][1] + c[d][2] + c[d][3] }

// drivers scores verdicts after n actions.
func drivers(t *testing.T, arm string, n int, all []verdict) {
	t.Helper()
	c := tabulate(all)
	f1, abstained := c.macroF1()
	low, high := interval(all)
	said, right := 0, 0
	for d := tocsin.Human; d <= tocsin.Agent; d++ {
		for e := tocsin.Human; e <= tocsin.Agent; e++ {
			said += c[d][e]
		}
		right += c[d][d]
	}
	humans := c.units(tocsin.Human)
	wLow, wHigh := wilson(c[tocsin.Human][tocsin.Agent], humans)
	text := ""
	for d := tocsin.Human; d <= tocsin.Agent; d++ {
		text += fmt.Sprintf("\n    %-6s %4d: human %4d, script %4d, agent %4d, undecided %4d", d, c.units(d), c[d][tocsin.Human], c[d][tocsin.Script], c[d][tocsin.Agent], c[d][tocsin.Undecided])
		if k := c.units(d); k > 0 && k < 30 {
			text += "   fewer than 30: reported, not claimed"
		}
	}
	t.Logf("%s after %d actions: macro-F1 %.3f (%.3f – %.3f), undecided %.1f %%, wrong %d of %d decided; of 100 humans %.1f are called agents (%.1f – %.1f)%s",
		arm, n, f1, low, high, 100*abstained, said-right, said, 100*float64(c[tocsin.Human][tocsin.Agent])/float64(max(1, humans)), 100*wLow, 100*wHigh, text)
	key := fmt.Sprintf("driver/%s/%03d/", slug(arm), n)
	scoreWithin(t, key+"macro-f1", f1, len(all), low, high)
	score(t, key+"undecided", abstained, len(all))
	share(t, key+"human-called-agent", c[tocsin.Human][tocsin.Agent], humans)
	share(t, key+"wrong", said-right, said)
}

// slug writes the name of an arm as part of a figure's.
func slug(s string) string { return strings.NewReplacer(", ", "-", " ", "-", "'", "").Replace(s) }

// TestDrivers scores the judgement of what drives an actor: with the weights as they are, which is only a proof on
// recordings that they were not fitted to, and with weights that were fitted without the group that is judged (model,
// class of trainees, network of scripts) or without the whole recording.
func TestDrivers(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "refitting is not for -short")
	}
	all := operators(t)
	ns := []int{10, 20, 50, 100, 200}
	lengths := map[string][]int{}
	for _, o := range all {
		lengths[o.driver.String()+" "+o.source] = append(lengths[o.driver.String()+" "+o.source], len(o.ticks))
	}
	for _, k := range slices.Sorted(maps.Keys(lengths)) {
		text := ""
		for _, n := range ns {
			at := 0
			for _, l := range lengths[k] {
				if l >= n {
					at++
				}
			}
			text += fmt.Sprintf(", %d with %d", at, n)
		}
		t.Logf("%s: %d doers%s actions and more", k, len(lengths[k]), text)
	}
	typed := func(o *operator) tocsin.Ticks { return o.ticks }
	started := func(o *operator) tocsin.Ticks { return o.run }
	masked := func(o *operator) tocsin.Ticks { return o.masked }
	for _, arm := range []struct {
		name string
		of   func(*operator) tocsin.Ticks
	}{{"as-shipped", typed}, {"as-shipped, programs started", started}, {"as-shipped, tools' names masked", masked}} {
		for _, n := range ns {
			var verdicts []verdict
			for _, o := range all {
				if ticks := arm.of(o); len(ticks) >= n {
					d, _, _ := actor.Judge(ticks[:n])
					verdicts = append(verdicts, verdict{o, d})
				}
			}
			if len(verdicts) > 0 {
				drivers(t, arm.name, n, verdicts)
			}
		}
	}
	everything := func(string) bool { return true }
	only := func(families ...string) func(string) bool {
		return func(f string) bool { return slices.Contains(families, f) }
	}
	without := func(families ...string) func(string) bool {
		return func(f string) bool { return !slices.Contains(families, f) }
	}
	for _, arm := range []struct {
		name  string
		of    func(*operator) tocsin.Ticks
		fold  func(*operator) string
		takes func(family string) bool
	}{
		{"group-left-out", typed, byGroup, everything},
		{"recording-left-out", typed, byRecording, everything},
		{"group-left-out, tools' names masked", masked, byGroup, everything},
		{"group-left-out, programs started", started, byGroup, everything},
		{"recording-left-out, programs started", started, byRecording, everything},
		{"group-left-out, gaps only", typed, byGroup, only("gap", "rhythm")},
		{"group-left-out, without how commands are written", typed, byGroup, without("length", "joined", "speed")},
		{"group-left-out, only how commands are written", typed, byGroup, only("length", "joined", "speed")},
		{"group-left-out, without outcomes", typed, byGroup, without("failure", "pace")},
	} {
		out := leftOut(all, arm.of, ns, *pull, arm.fold, arm.takes)
		for _, n := range ns {
			var verdicts []verdict
			for _, o := range all {
				p, ok := out[o][n]
				if !ok {
					continue
				}
				said := tocsin.Undecided
				for k := range p {
					if p[k] >= *namedFrom {
						said = tocsin.Driver(k + 1)
					}
				}
				verdicts = append(verdicts, verdict{o, said})
				if said != o.driver && said != tocsin.Undecided {
					t.Logf("%s, %d: %s %s %s is called %s: %.2f", arm.name, n, o.source, o.group, o.name, said, p)
				}
			}
			if len(verdicts) > 0 {
				drivers(t, arm.name, n, verdicts)
			}
		}
	}
}

// TestDriversInDisguise tells how far an agent gets that changes its pace: what the judgement as shipped says of the
// recorded agents when their gaps are stretched or jittered. They are the judgement's limits, not its proof.
func TestDriversInDisguise(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "whole recordings of operators are not for -short")
	}
	all := operators(t)
	const n = 50
	for _, arm := range []struct {
		name         string
		pace, jitter float64
	}{{"pace 1", 1, 0}, {"pace 3", 3, 0}, {"pace 10", 10, 0}, {"pace 30", 30, 0}, {"jitter 0.5", 1, 0.5}, {"jitter 1", 1, 1}, {"jitter 2", 1, 2}, {"pace 5, jitter 1", 5, 1}} {
		draw := rand.New(rand.NewPCG(3, 4))
		said, units := [4]int{}, 0
		for _, o := range all {
			if o.driver != tocsin.Agent || len(o.ticks) < n {
				continue
			}
			ticks := slices.Clone(o.ticks[:n])
			for i := 1; i < n; i++ {
				gap := float64(o.ticks[i].Time-o.ticks[i-1].Time) * arm.pace * math.Exp(draw.NormFloat64()*arm.jitter)
				ticks[i].Time = ticks[i-1].Time + int64(gap)
			}
			d, _, _ := actor.Judge(ticks)
			said[d]++
			units++
		}
		t.Logf("%s: of %d agents %d are called agents, %d scripts, %d humans, %d undecided", arm.name, units, said[tocsin.Agent], said[tocsin.Script], said[tocsin.Human], said[tocsin.Undecided])
		key := "driver/in-disguise/" + slug(arm.name)
		share(t, key+"/called-agent", said[tocsin.Agent], units)
		share(t, key+"/called-human", said[tocsin.Human], units)
	}
}
