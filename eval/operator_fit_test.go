package eval

import (
	"flag"
	"fmt"
	"go/format"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
)

var fitWeights = flag.String("fit", "", "fit the weights of drivers anew and write them to this file: go test ./eval -run TestFitDrivers -args -fit ../actor/weights.go")

// A lesson is some actions of a doer, as the judgement measures them.
type lesson struct {
	of     *operator
	x      []float64
	weight float64
}

// lessons cuts doers into what is learned from: the first 20, 50, 100 and 200 actions, and the later stretches of 50, of
// lines as they were typed and of the programs that these started.
// Each driver weighs the same in sum. Within a driver a recording weighs by the root of the number of its doers, so that
// none outweighs all others, and a doer weighs the same however long it acted.
func lessons(all []*operator) []lesson {
	var out []lesson
	inSource, total := map[string]int{}, map[tocsin.Driver]float64{}
	for _, o := range all {
		if max(len(o.ticks), len(o.run)) >= 20 {
			inSource[o.source]++
		}
	}
	for _, o := range all {
		var cuts []tocsin.Ticks
		for _, ticks := range []tocsin.Ticks{o.ticks, o.run} {
			for _, n := range []int{20, 50, 100, 200} {
				if len(ticks) >= n {
					cuts = append(cuts, ticks[:n])
				}
			}
			for from := 50; from+50 <= len(ticks) && from < 400; from += 50 {
				cuts = append(cuts, ticks[from:from+50])
			}
		}
		for _, c := range cuts {
			l := lesson{of: o, x: shown(c), weight: 1 / float64(len(cuts)) / math.Sqrt(float64(inSource[o.source]))}
			total[o.driver] += l.weight
			out = append(out, l)
		}
	}
	for i := range out {
		out[i].weight /= 3 * total[out[i].of.driver]
	}
	return out
}

func shown(ticks tocsin.Ticks) []float64 {
	all := actor.Features(ticks)
	x := make([]float64, len(all))
	for i := range all {
		x[i] = all[i].Value
	}
	return x
}

// A judge is fitted weights, for human, script and agent.
type judge struct {
	prior [3]float64
	w     [][3]float64
}

// namedFrom is the share from which a driver is named when weights are fitted anew.
var namedFrom = flag.Float64("bound", 0.75, "share from which a driver is named in the arms that fit anew")

// pull is the strength with which weights are drawn to zero. It was chosen by leaving out groups.
var pull = flag.Float64("pull", 0.0005, "how strongly fitted weights are drawn to zero")

// fit finds the weights of a multinomial logistic regression with an L2 penalty, by Nesterov's accelerated gradient.
// Features of which the recordings of people say nothing (outcomes) are given no weight for people. That a family of
// features is there at all, which tells one recording from another, weighs nothing: families, told apart by their numbers,
// are centred on what the drivers show on average.
func fit(all []lesson, family []int, neutral []bool, pull float64) judge {
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
	for round := 1; round <= 500; round++ {
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
			for j, x := range l.x {
				if x != 0 {
					z[0] += x * v[j][0]
					z[1] += x * v[j][1]
					z[2] += x * v[j][2]
				}
			}
			p := softmax(z)
			p[l.of.driver-1]--
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
			if j < n && neutral[j] {
				w[j] = apart(w[j])
				v[j] = apart(v[j])
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
				shares[j][l.of.driver] += l.weight * l.x[j]
			}
		}
		for f := range sum {
			whole[f][l.of.driver] += l.weight * sum[f]
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
		out[i] = lesson{l.of, x, l.weight}
	}
	return out, centre
}

// familyNumbers numbers the families of features.
func familyNumbers() []int {
	all := actor.Features(make(tocsin.Ticks, 2))
	out := make([]int, len(all))
	for i := 1; i < len(all); i++ {
		out[i] = out[i-1]
		if all[i].Family != all[i-1].Family {
			out[i]++
		}
	}
	return out
}

// apart leaves only the difference of script and agent.
func apart(w [3]float64) [3]float64 {
	d := (w[2] - w[1]) / 2
	return [3]float64{0, -d, d}
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

func (j *judge) shares(x []float64) [3]float64 {
	z := j.prior
	for i, x := range x {
		for k := range z {
			z[k] += x * j.w[i][k]
		}
	}
	return softmax(z)
}

// neutral says which features tell of outcomes.
func neutral() []bool {
	all := actor.Features(make(tocsin.Ticks, 2))
	out := make([]bool, len(all))
	for i := range all {
		out[i] = all[i].Family == "failure" || all[i].Family == "pace"
	}
	return out
}

// byGroup is what is left out together: a model, a class of trainees, a tenth of the networks of scripts.
func byGroup(o *operator) string {
	if o.driver != tocsin.Script {
		return o.driver.String() + " " + o.group
	}
	h := uint32(2166136261)
	for i := range len(o.group) {
		h = (h ^ uint32(o.group[i])) * 16777619
	}
	return fmt.Sprint("script ", h>>8%10)
}

// byRecording leaves out all of a laboratory or harness. The only recording of a driver is cut into its groups.
func byRecording(o *operator) string {
	s := o.source
	if o.driver == tocsin.Human {
		return byGroup(o)
	}
	for _, family := range []string{"cochise", "web/", "linux/"} {
		if strings.Contains(s, family) {
			return o.driver.String() + " " + family
		}
	}
	return o.driver.String() + " " + s
}

// leftOut judges each doer, by of its ticks after each of ns actions, by weights that were fitted without its fold, on those families of
// features that takes says.
func leftOut(all []*operator, of func(*operator) tocsin.Ticks, ns []int, pull float64, fold func(*operator) string, takes func(family string) bool) map[*operator]map[int][3]float64 {
	var want []int
	for i, f := range actor.Features(make(tocsin.Ticks, 2)) {
		if takes(f.Family) {
			want = append(want, i)
		}
	}
	some := func(x []float64) []float64 {
		out := make([]float64, len(want))
		for i, j := range want {
			out[i] = x[j]
		}
		return out
	}
	flags, numbers := neutral(), familyNumbers()
	plain, family := make([]bool, len(want)), make([]int, len(want))
	for i, j := range want {
		plain[i], family[i] = flags[j], numbers[j]
	}
	learn := lessons(all)
	for i := range learn {
		learn[i].x = some(learn[i].x)
	}
	folds := map[string][]*operator{}
	var names []string
	for _, o := range all {
		if len(of(o)) < ns[0] {
			continue
		}
		f := fold(o)
		if folds[f] == nil {
			names = append(names, f)
		}
		folds[f] = append(folds[f], o)
	}
	slices.Sort(names)
	out := map[*operator]map[int][3]float64{}
	for _, f := range names {
		rest := slices.DeleteFunc(slices.Clone(learn), func(l lesson) bool { return fold(l.of) == f })
		j := fit(rest, family, plain, pull)
		for _, o := range folds[f] {
			out[o] = map[int][3]float64{}
			for _, n := range ns {
				if ticks := of(o); len(ticks) >= n {
					out[o][n] = j.shares(some(shown(ticks[:n])))
				}
			}
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
	j := fit(lessons(all), familyNumbers(), neutral(), *pull)
	old, err := os.ReadFile(*fitWeights)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(old), "var weights = ")
	if !ok {
		t.Fatalf("%s has no weights", *fitWeights)
	}
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "var weights = table{\n\tprior: [3]float64{%.2f, %.2f, %.2f},\n\tof: [nFamilies][maxSymbols][3]float64{\n", j.prior[0], j.prior[1], j.prior[2])
	features := actor.Features(make(tocsin.Ticks, 2))
	for i, f := range features {
		if i == 0 || features[i-1].Family != f.Family {
			if i > 0 {
				b.WriteString("\t\t},\n")
			}
			fmt.Fprintf(&b, "\t\tfam%s: {\n", strings.ToUpper(f.Family[:1])+f.Family[1:])
		}
		fmt.Fprintf(&b, "\t\t\t{%.2f, %.2f, %.2f}, // %s\n", j.w[i][0], j.w[i][1], j.w[i][2], f.Symbol)
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
