package eval

import (
	"flag"
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
	scripts := c.units(tocsin.Script)
	share(t, key+"others-called-agent", c[tocsin.Human][tocsin.Agent]+c[tocsin.Script][tocsin.Agent], humans+scripts)
	share(t, key+"human-called-agent", c[tocsin.Human][tocsin.Agent], humans)
	share(t, key+"wrong", said-right, said)
}

// slug writes the name of an arm as part of a figure's.
func slug(s string) string { return strings.NewReplacer(", ", "-", " ", "-", "'", "").Replace(s) }

// scoreFolds scores verdicts of each fold by itself: who drove, and how many were called what.
func scoreFolds(t *testing.T, arm string, n int, fold func(*operator) string, all []verdict) {
	t.Helper()
	by := map[string]*confusion{}
	for _, v := range all {
		f := fold(v.of)
		if by[f] == nil {
			by[f] = &confusion{}
		}
		by[f][v.of.driver][v.said]++
	}
	for _, f := range slices.Sorted(maps.Keys(by)) {
		c := by[f]
		for d := tocsin.Human; d <= tocsin.Agent; d++ {
			units := c.units(d)
			if units == 0 {
				continue
			}
			wrong := units - c[d][d] - c[d][tocsin.Undecided]
			wLow, wHigh := wilson(wrong, units)
			uLow, uHigh := wilson(c[d][tocsin.Undecided], units)
			t.Logf("    %s after %d acts, without %s: %d of %s: human %d, script %d, agent %d, undecided %d (%.0f–%.0f %%); wrong %.0f–%.0f %%", arm, n, f, units, d,
				c[d][tocsin.Human], c[d][tocsin.Script], c[d][tocsin.Agent], c[d][tocsin.Undecided], 100*uLow, 100*uHigh, 100*wLow, 100*wHigh)
			key := fmt.Sprintf("driver/%s/%03d/%s/%s/", slug(arm), n, slug(f), d)
			share(t, key+"wrong", wrong, units)
			share(t, key+"undecided", c[d][tocsin.Undecided], units)
		}
	}
}

var fitArm = flag.String("arm", "", "fit only the arms of TestDrivers whose name holds this")

// TestDrivers scores the judgement of what drives an actor: with the weights as they are, which is only a proof on
// recordings that they were not fitted to, and with weights that were fitted without what is judged: its group (model,
// class of trainees, network of scripts), its recording, or its kind of log.
func TestDrivers(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "refitting is not for -short")
	}
	all := operators(t)
	ns := []int{10, 20, 50, 100, 200}
	typed := func(o *operator) tocsin.Ticks { return o.ticks }
	started := func(o *operator) tocsin.Ticks { return o.run }
	masked := func(o *operator) tocsin.Ticks { return o.masked }
	own := func(o *operator) tocsin.Ticks { return o.own }
	lengths := map[string][]int{}
	for _, o := range all {
		k := o.driver.String() + " " + o.kind + " " + o.source
		lengths[k] = append(lengths[k], len(o.ticks.Acts()))
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
		t.Logf("%s: %d doers%s acts and more", k, len(lengths[k]), text)
	}
	judged := func(of func(*operator) tocsin.Ticks, n int, by func(*operator) *actor.Weights) (verdicts []verdict) {
		for _, o := range all {
			if c := cut(of(o), n); c != nil {
				d, share, _ := by(o).Judge(c)
				verdicts = append(verdicts, verdict{o, d})
				if d != o.driver && d != tocsin.Undecided {
					t.Logf("    %d: %s %s %s %s is called %s: %v", n, o.source, o.kind, o.group, o.name, d, share)
				}
			}
		}
		return verdicts
	}
	shipped := actor.Fitted()
	for _, arm := range []struct {
		name string
		of   func(*operator) tocsin.Ticks
	}{{"as-shipped", typed}, {"as-shipped, programs started", started}, {"as-shipped, tools' names masked", masked}, {"as-shipped, as logged", own}} {
		for _, n := range ns {
			if v := judged(arm.of, n, func(*operator) *actor.Weights { return &shipped }); len(v) > 0 {
				drivers(t, arm.name, n, v)
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
	lessons := [2][]lesson{ordering.lessons(all), trying.lessons(all)}
	for _, fit := range []struct {
		name  string
		fold  func(*operator) string
		takes func(family string) bool
		arms  map[string]func(*operator) tocsin.Ticks
	}{
		{"group-left-out", byGroup, everything, map[string]func(*operator) tocsin.Ticks{"": typed, ", programs started": started, ", tools' names masked": masked}},
		{"kind-left-out", byKind, everything, map[string]func(*operator) tocsin.Ticks{"": typed, ", programs started": started}},
		{"recording-left-out", byRecording, everything, map[string]func(*operator) tocsin.Ticks{"": typed, ", programs started": started}},
		{"group-left-out, gaps only", byGroup, only("gap", "rhythm", "wait", "beat"), map[string]func(*operator) tocsin.Ticks{"": typed}},
		{"kind-left-out, without how commands are written", byKind, without("length", "joined", "speed"), map[string]func(*operator) tocsin.Ticks{"": typed}},
	} {
		if *fitArm != "" && !strings.Contains(fit.name, *fitArm) {
			continue
		}
		by := leftOut(all, lessons, fit.fold, fit.takes)
		for _, arm := range slices.Sorted(maps.Keys(fit.arms)) {
			for _, n := range ns {
				v := judged(fit.arms[arm], n, func(o *operator) *actor.Weights {
					w := by[fit.fold(o)]
					return &w
				})
				if len(v) == 0 {
					continue
				}
				drivers(t, fit.name+arm, n, v)
				if n == 20 || n == 50 {
					scoreFolds(t, fit.name+arm, n, fit.fold, v)
				}
			}
		}
	}
}

// TestDriversReplayed scores what is said of scripts that send what people and models typed, once or time and again: with
// weights that were fitted without a sixth of the models, classes of people and networks whose texts they send, and without
// their way of waiting. Their waiting is made up (paces); it is all that is known of slow bots.
func TestDriversReplayed(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "refitting is not for -short")
	}
	all := operators(t)
	lessons := [2][]lesson{ordering.lessons(all), trying.lessons(all)}
	everything := func(string) bool { return true }
	shipped := actor.Fitted()
	for _, play := range []struct {
		name string
		make func(tocsin.Ticks, pace, *rand.Rand) tocsin.Ticks
	}{{"replay", replay}, {"playbook", playbook}} {
		for _, p := range paces() {
			by := map[string]actor.Weights{}
			draw := rand.New(rand.NewPCG(7, 8))
			var c, s confusion
			var of [4][4]int
			for _, o := range all {
				typed := ordering.of(o.ticks)
				if o.driver == tocsin.Script && o.kind != "honeypot" || len(typed.Acts()) < 10 {
					continue
				}
				ticks := cut(play.make(typed, p, draw), 30)
				if ticks == nil {
					continue
				}
				f := byGroup(o)
				w, ok := by[f]
				if !ok {
					l := learn(lessons, func(x *operator) bool { return x.group != p.of.group && byGroup(x) != f }, everything)
					w = l.weights()
					by[f] = w
				}
				d, _, _ := w.Judge(ticks)
				c[tocsin.Script][d]++
				of[o.driver][d]++
				d, _, _ = shipped.Judge(ticks)
				s[tocsin.Script][d]++
			}
			n := c.units(tocsin.Script)
			t.Logf("%s, %s: of %d: human %d, script %d, agent %d, undecided %d; texts of people %v, of agents %v; as shipped %v", play.name, p.of.name, n,
				c[tocsin.Script][tocsin.Human], c[tocsin.Script][tocsin.Script], c[tocsin.Script][tocsin.Agent], c[tocsin.Script][tocsin.Undecided], of[tocsin.Human], of[tocsin.Agent], s[tocsin.Script])
			key := "driver/replayed/" + play.name + "-" + slug(p.of.name)
			share(t, key+"/called-agent", c[tocsin.Script][tocsin.Agent], n)
			share(t, key+"/called-script", c[tocsin.Script][tocsin.Script], n)
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
			c := cut(o.ticks, n)
			if o.driver != tocsin.Agent || c == nil {
				continue
			}
			ticks := slices.Clone(c)
			for i := 1; i < len(c); i++ {
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
