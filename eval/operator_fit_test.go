package eval

import (
	"flag"
	"fmt"
	"go/format"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
)

var fitWeights = flag.String("fit", "", "fit the weights of drivers anew and write them to this file: go test ./eval -run TestFitDrivers -args -fit ../actor/weights.go")

// A lesson is some acts of a doer, as the judgement measures them.
type lesson struct {
	of     *operator
	pace   *operator // whose gaps it has; of, but for replays
	driver tocsin.Driver
	x      []float64
	weight float64
}

// A side is one half of the judgement: commands, or attempts on a service.
type side int

const (
	ordering side = iota
	trying
)

// features are the numbers of those that a side has.
func (s side) features() (all []int) {
	for i, f := range actor.Features(nil) {
		if f.Attempt == (s == trying) {
			all = append(all, i)
		}
	}
	return all
}

// cut is the first n acts and what they set off; nil where there are fewer.
func cut(ticks tocsin.Ticks, n int) tocsin.Ticks {
	acts := ticks.Acts()
	if len(acts) < n {
		return nil
	}
	until := acts[n-1].Time
	at := 0
	for at < len(ticks) && ticks[at].Time <= until {
		at++
	}
	return ticks[:at]
}

// of are the ticks of a side.
func (s side) of(ticks tocsin.Ticks) (out tocsin.Ticks) {
	for i := range ticks {
		if l := ticks[i].Log; l > 0 && (l > 4) == (s == trying) {
			out = append(out, ticks[i])
		}
	}
	return out
}

// lessons cuts doers into what is learned from: the first 5, 10, 20, 50, 100 and 200 acts, and the later stretches of 50, of
// lines as they were typed and of the programs that these started, and of what was typed as a script would send it (replay,
// playbook). Each driver weighs the same in sum. Within a driver a kind of log weighs by the root of the number of
// its doers, so that none outweighs all others, and a doer weighs the same however long it acted.
func (s side) lessons(all []*operator) []lesson {
	var out []lesson
	inKind, total := map[string]int{}, map[tocsin.Driver]float64{}
	add := func(of, pace *operator, driver tocsin.Driver, kind string, sources ...tocsin.Ticks) {
		var cuts []tocsin.Ticks
		for _, ticks := range sources {
			for _, n := range []int{5, 10, 20, 50, 100, 200} {
				if c := cut(ticks, n); c != nil {
					cuts = append(cuts, c)
				}
			}
			acts := ticks.Acts()
			for from := 50; from+50 <= len(acts) && from < 400; from += 50 {
				c := ticks
				for len(c) > 0 && c[0].Time < acts[from].Time {
					c = c[1:]
				}
				cuts = append(cuts, cut(c, 50))
			}
		}
		if len(cuts) > 0 {
			inKind[driver.String()+kind]++
		}
		for _, c := range cuts {
			out = append(out, lesson{of, pace, driver, s.shown(c), 1 / float64(len(cuts))})
		}
	}
	draw := rand.New(rand.NewPCG(5, 6))
	recorded, made := recordedPaces(all), paces()
	n := 0
	for _, o := range all {
		ticks := s.of(o.ticks)
		if s == trying {
			add(o, o, o.driver, o.kind, ticks)
			continue
		}
		add(o, o, o.driver, o.kind, ticks, s.of(o.run))
		if len(ticks.Acts()) < 4 || o.driver == tocsin.Script && o.kind != "honeypot" {
			continue
		}
		if o.driver != tocsin.Script && len(ticks) >= 10 {
			if len(recorded) > 0 {
				p := recorded[n%len(recorded)]
				add(o, p.of, tocsin.Script, "replay", replay(ticks, p, draw))
			}
			p := made[n%len(made)]
			add(o, p.of, tocsin.Script, "replay", replay(ticks, p, draw))
		}
		p := made[(n+1)%len(made)]
		add(o, p.of, tocsin.Script, "replay", playbook(ticks, p, draw))
		n++
	}
	kind := func(l *lesson) string {
		if l.pace != l.of {
			return l.driver.String() + "replay"
		}
		return l.driver.String() + l.of.kind
	}
	for i := range out {
		l := &out[i]
		l.weight /= math.Sqrt(float64(inKind[kind(l)]))
		total[l.driver] += l.weight
	}
	for i := range out {
		out[i].weight /= float64(len(total)) * total[out[i].driver]
	}
	return out
}

// shown is what ticks show of a side.
func (s side) shown(ticks tocsin.Ticks) []float64 {
	all := actor.Features(ticks)
	var x []float64
	for _, i := range s.features() {
		x = append(x, all[i].Value)
	}
	return x
}

// A judge is fitted weights, for human, script and agent.
type judge struct {
	prior [3]float64
	w     [][3]float64
}

// pull is the strength with which weights are drawn to zero. It was chosen by leaving out groups.
var pull = flag.Float64("pull", 0.0005, "how strongly fitted weights are drawn to zero")

// fit finds the weights of a multinomial logistic regression with an L2 penalty, by Nesterov's accelerated gradient.
// What drivers tell of attempts tells people from machines only: scripts and agents have one weight. That a family of
// features is there at all, which tells one recording from another, weighs nothing: families, told apart by their numbers,
// are centred on what the drivers show on average.
func fit(all []lesson, family []int, machines bool, pull float64) judge {
	n := len(all[0].x)
	all, centre := centred(all, family)
	w, v := make([][3]float64, n+1), make([][3]float64, n+1)
	grad := make([][3]float64, n+1)
	most := 0.0
	for i := range all {
		sum := 1.0
		for _, x := range all[i].x {
			sum += x * x
		}
		most = max(most, sum)
	}
	step := 1 / (most/2 + pull)
	for round := 1; round <= 250; round++ {
		for j := range grad {
			for k := range 3 {
				grad[j][k] = pull * v[j][k]
			}
		}
		for k := range 3 {
			grad[n][k] = pull * v[n][k]
		}
		for i := range all {
			l := &all[i]
			z := v[n]
			if machines {
				z[2] = math.Inf(-1)
			}
			for j, x := range l.x {
				if x != 0 {
					z[0] += x * v[j][0]
					z[1] += x * v[j][1]
					z[2] += x * v[j][2]
				}
			}
			p := softmax(z)
			p[l.driver-1]--
			for k := range p {
				p[k] *= l.weight
			}
			for j, x := range l.x {
				if x != 0 {
					grad[j][0] += x * p[0]
					grad[j][1] += x * p[1]
					grad[j][2] += x * p[2]
				}
			}
			for k := range p {
				grad[n][k] += p[k]
			}
		}
		momentum := float64(round-1) / float64(round+2)
		for j := range w {
			for k := range 3 {
				next := v[j][k] - step*grad[j][k]
				v[j][k] = next + momentum*(next-w[j][k])
				w[j][k] = next
			}
			if machines {
				w[j] = alone(w[j])
				v[j] = alone(v[j])
			}
		}
	}
	// What was subtracted from the features is subtracted from the weights of their family instead.
	var off [64][3]float64
	for j, f := range family {
		for k := range 3 {
			off[f][k] += centre[j] * w[j][k]
		}
	}
	for j, f := range family {
		for k := range 3 {
			w[j][k] -= off[f][k]
		}
	}
	return judge{prior: w[n], w: w[:n]}
}

// centred subtracts from each feature what all drivers alike show of it on average, in proportion to how much of its
// family there is.
func centred(all []lesson, family []int) ([]lesson, []float64) {
	n := len(family)
	centre := make([]float64, n)
	of := func(x []float64) (sum [64]float64) {
		for j, f := range family {
			sum[f] += x[j]
		}
		return sum
	}
	var whole [64][4]float64
	shares := make([][4]float64, n)
	for i := range all {
		l := &all[i]
		sum := of(l.x)
		for j, f := range family {
			if sum[f] > 0 {
				shares[j][l.driver] += l.weight * l.x[j]
			}
		}
		for f := range sum {
			whole[f][l.driver] += l.weight * sum[f]
		}
	}
	for j, f := range family {
		seen := 0.0
		for d := range whole[f] {
			if whole[f][d] > 0 {
				centre[j] += shares[j][d] / whole[f][d]
				seen++
			}
		}
		centre[j] /= max(1, seen)
	}
	out := make([]lesson, len(all))
	for i, l := range all {
		sum := of(l.x)
		x := make([]float64, n)
		for j, f := range family {
			x[j] = l.x[j] - centre[j]*sum[f]
		}
		l.x = x
		out[i] = l
	}
	return out, centre
}

// families numbers the families of a side's features.
func (s side) families() (out []int) {
	all := actor.Features(nil)
	for k, i := range s.features() {
		n := 0
		if k > 0 {
			if n = out[k-1]; all[i].Family != all[i-1].Family {
				n++
			}
		}
		out = append(out, n)
	}
	return out
}

// alone leaves only the difference of people and machines.
func alone(w [3]float64) [3]float64 {
	d := (w[0] - w[1]) / 2
	return [3]float64{d, -d, -d}
}

func softmax(z [3]float64) (p [3]float64) {
	most := max(z[0], z[1], z[2])
	sum := 0.0
	for k := range z {
		p[k] = math.Exp(z[k] - most)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// byGroup is what is left out together: a sixth of the models, of the classes of people and of the networks of scripts, each
// whole.
func byGroup(o *operator) string {
	h := uint32(2166136261)
	for i := range len(o.group) {
		h = (h ^ uint32(o.group[i])) * 16777619
	}
	return fmt.Sprint("groups ", h>>8%6)
}

// byKind leaves out all logs of one kind, whoever's they are.
func byKind(o *operator) string { return o.kind }

// byRecording leaves out all of a laboratory, author or harness. The only recording of a kind is cut into its groups.
func byRecording(o *operator) string {
	switch {
	case strings.Contains(o.source, "cochise"):
		return "cochise"
	case o.driver == tocsin.Agent, strings.HasPrefix(o.source, "web/"), strings.HasPrefix(o.source, "linux/"):
		return o.source
	}
	return byGroup(o)
}

// A learned judgement is both sides', fitted.
type learned [2]judge

// learn fits both sides to some of the lessons, with those families that takes says.
func learn(lessons [2][]lesson, with func(*operator) bool, takes func(family string) bool) (out learned) {
	all := actor.Features(nil)
	for s := range out {
		var want []int
		numbers, family := side(s).families(), []int(nil)
		for k, i := range side(s).features() {
			if takes(all[i].Family) {
				want, family = append(want, k), append(family, numbers[k])
			}
		}
		var some []lesson
		drivers := map[tocsin.Driver]float64{}
		for _, l := range lessons[s] {
			if with(l.of) && with(l.pace) {
				x := make([]float64, len(want))
				for k, i := range want {
					x[k] = l.x[i]
				}
				l.x = x
				some = append(some, l)
				drivers[l.driver] += l.weight
			}
		}
		for i := range some { // each driver weighs the same without those left out, too
			some[i].weight /= float64(len(drivers)) * drivers[some[i].driver]
		}
		out[s].w = make([][3]float64, len(side(s).features()))
		if len(drivers) < 2 {
			continue
		}
		j := fit(some, family, side(s) == trying, *pull)
		out[s].prior = j.prior
		for k, i := range want {
			out[s].w[i] = j.w[k]
		}
	}
	return out
}

// weights are the learned ones as the judgement takes them.
func (l *learned) weights() actor.Weights {
	var w actor.Weights
	for s := range l {
		w.Prior[s] = l[s].prior
	}
	for s := range l {
		for k, i := range side(s).features() {
			w.Set(i, l[s].w[k])
		}
	}
	return w
}

// leftOut learns without each fold in turn.
func leftOut(all []*operator, lessons [2][]lesson, fold func(*operator) string, takes func(family string) bool) map[string]actor.Weights {
	out := map[string]actor.Weights{}
	for _, o := range all {
		f := fold(o)
		if _, ok := out[f]; !ok {
			l := learn(lessons, func(o *operator) bool { return fold(o) != f }, takes)
			out[f] = l.weights()
		}
	}
	return out
}

// TestFitDrivers fits the weights of drivers to all recordings and writes them as Go, when asked to by -fit.
func TestFitDrivers(t *testing.T) {
	if *fitWeights == "" {
		t.Skip("fits only with -args -fit FILE")
	}
	all := operators(t)
	l := learn([2][]lesson{ordering.lessons(all), trying.lessons(all)}, func(*operator) bool { return true }, func(string) bool { return true })
	old, err := os.ReadFile(*fitWeights)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(old), "var fitted = ")
	if !ok {
		t.Fatalf("%s has no weights", *fitWeights)
	}
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "var fitted = Weights{\n\tPrior: [2][3]float64{{%.2f, %.2f, %.2f}, {%.2f, %.2f, %.2f}},\n\tof: [nFamilies][maxSymbols][3]float64{\n",
		l[0].prior[0], l[0].prior[1], l[0].prior[2], l[1].prior[0], l[1].prior[1], l[1].prior[2])
	features := actor.Features(nil)
	for s := range l {
		for k, i := range side(s).features() {
			f := features[i]
			if i == 0 || features[i-1].Family != f.Family {
				if i > 0 {
					b.WriteString("\t\t},\n")
				}
				fmt.Fprintf(&b, "\t\tfam%s: {\n", strings.ToUpper(f.Family[:1])+f.Family[1:])
			}
			w := l[s].w[k]
			fmt.Fprintf(&b, "\t\t\t{%.2f, %.2f, %.2f}, // %s\n", w[0], w[1], w[2], f.Symbol)
		}
	}
	b.WriteString("\t\t},\n\t},\n}\n")
	source, err := format.Source([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*fitWeights, source, 0o644); err != nil {
		t.Fatal(err)
	}
}
