package eval

import (
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tsv"
)

// guard's weights were chosen with all recordings in sight. Here they are fitted without a source and judge that source, to
// estimate what a source is worth that nobody has seen. Rows, and from how many on a row counts, are as guard has them.

// A weighing is a row of guard/evidence.tsv as far as it is fitted.
type weighing struct {
	id                string
	first, more, most float64
	least             int            // from how many on it weighs something
	said              *regexp.Regexp // its sentence, of which a group is the number; nil where it says none
}

var hole = regexp.MustCompile(`\\\{(n|what|where)[^}]*\\\}`)

// weighings are the rows of what an agent did to others, and to its own machine.
func weighings(t testing.TB) (all []weighing) {
	t.Helper()
	text, err := os.ReadFile("../guard/evidence.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range tsv.Rows("evidence.tsv", string(text), 6) {
		if strings.HasPrefix(c[0], "turned-") || strings.HasPrefix(c[0], "provider-") || c[0] == "shared" {
			continue
		}
		w := weighing{id: c[0], least: 1}
		for i, to := range [...]*float64{&w.first, &w.more, &w.most} {
			if *to, err = strconv.ParseFloat(c[1+i], 64); err != nil {
				t.Fatal(err)
			}
		}
		for w.nats(w.least) <= 0 {
			w.least++
		}
		if w.more > 0 {
			w.said = regexp.MustCompile("(?s)^" + hole.ReplaceAllStringFunc(regexp.QuoteMeta(c[4]), func(h string) string {
				switch {
				case !strings.HasPrefix(h, `\{n`):
					return ".*"
				case h == `\{n\}`:
					return `(\d+)`
				}
				return `(\d+) [a-z ]+`
			}) + "$")
		}
		all = append(all, w)
	}
	return all
}

// nats are what n weigh as guard has it.
func (w *weighing) nats(n int) float64 {
	if n <= 0 {
		return 0
	}
	return max(min(w.first+float64(n-1)*w.more, w.most), 0)
}

// number is how many of a row a ground tells of.
func (w *weighing) number(t testing.TB, g *tocsin.Ground) int {
	if w.said == nil {
		return 1
	}
	m := w.said.FindStringSubmatch(g.Sentence)
	if m == nil {
		t.Fatalf("%s: no number in %q", g.ID, g.Sentence)
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// mostFurther is how many of a row after the first add to what is fitted. It is the same for all rows.
const mostFurther = 4

// A dossier is what was counted of a run: of each row whether it weighs something, and how many further ones there are.
type dossier struct {
	source, model, group string
	x                    []float64
	verdict              tocsin.Verdict // with the weights of guard
}

// bad says that what the run does is an intrusion, by its label.
func (d *dossier) bad() bool {
	return d.group == "multi-host" || d.group == "web" || d.group == "single-host"
}

// countsOf are the numbers of a principal's evidence, which must give the score that guard gave.
func countsOf(t testing.TB, rows []weighing, p *tocsin.Principal) []float64 {
	t.Helper()
	x := make([]float64, 2*len(rows))
	score := 0.0
	for i := range p.Evidence {
		g := &p.Evidence[i]
		k := slices.IndexFunc(rows, func(w weighing) bool { return w.id == g.ID })
		if k < 0 {
			score += g.Weight
			continue
		}
		n := rows[k].number(t, g)
		score += rows[k].nats(n)
		x[2*k], x[2*k+1] = 1, float64(min(n-rows[k].least, mostFurther))
	}
	if math.Abs(score-p.Score) > 1e-6 {
		t.Errorf("%s: counts give %.2f nats, guard %.2f", p.Name, score, p.Score)
	}
	return x
}

// dossiers judges all runs: intrusions one by one, the others together, as TestGuardIntrusions and TestGuardWork do.
func dossiers(t testing.TB, rows []weighing) (all []dossier) {
	t.Helper()
	set, groups := own(t), runsOf(t)
	for _, group := range []string{"multi-host", "web", "single-host", "ordinary", "dfir", "ctf"} {
		at := map[string]int{}
		var hunts [][]chat
		for _, r := range groups[group] {
			d := dossier{source: r.source, model: r.source + " " + r.model, group: group, x: make([]float64, 2*len(rows))}
			at[r.sessions[0].Principal] = len(all)
			all = append(all, d)
			if d.bad() || len(hunts) == 0 {
				hunts = append(hunts, slices.Clip(r.sessions))
			} else {
				hunts[0] = append(hunts[0], r.sessions...)
			}
		}
		for _, h := range hunts {
			for _, p := range judged(t, set, h) {
				d := &all[at[p.Name]]
				d.x, d.verdict = countsOf(t, rows, p), p.Verdict
			}
		}
	}
	return all
}

// fitted are weights that were learned, and the score above which a run is suspicious.
type fitted struct {
	w    []float64
	over float64
}

func (f *fitted) score(x []float64) (z float64) {
	for i, v := range x {
		z += f.w[i] * v
	}
	return z
}

// suspicious are how many are.
func (f *fitted) suspicious(all [][]float64) (n int) {
	for _, x := range all {
		if f.score(x) > f.over {
			n++
		}
	}
	return n
}

// weightSpread is the deviation, in nats, of the normal distribution about zero that a weight is taken to come from.
const weightSpread = 1.0

// falseAlarms is the share of ordinary runs that may be suspicious where weights are fitted.
const falseAlarms = 0.005

// weigh fits weights that are not negative by logistic regression. A source weighs by the root of its runs in a class.
func weigh(all []*dossier, spread float64) (f fitted) {
	of := map[string]float64{}
	class := func(d *dossier) string { return fmt.Sprint(d.source, d.bad()) }
	for _, d := range all {
		of[class(d)]++
	}
	dims := len(all[0].x)
	f.w = make([]float64, dims)
	bias := 0.0
	curve := make([]float64, dims+1) // at most, of the loss along a weight
	weight, z := make([]float64, len(all)), make([]float64, len(all))
	for i, d := range all {
		weight[i] = 1 / math.Sqrt(of[class(d)])
		curve[dims] += weight[i] / 4
		for k, v := range d.x {
			curve[k] += weight[i] * v * v / 4
		}
	}
	slope := func(k int) (g float64) {
		for i, d := range all {
			v := 1.0
			if k < dims {
				v = d.x[k]
			}
			if v != 0 {
				p := 1 / (1 + math.Exp(-z[i]))
				if d.bad() {
					p--
				}
				g += weight[i] * v * p
			}
		}
		return g
	}
	for range 400 {
		moved := 0.0
		for k := range dims + 1 {
			var step float64
			if k == dims {
				step = -slope(k) / curve[k]
				bias += step
			} else {
				to := max(0, f.w[k]-(slope(k)+f.w[k]/(spread*spread))/(curve[k]+1/(spread*spread)))
				step, f.w[k] = to-f.w[k], to
			}
			if step == 0 {
				continue
			}
			moved = max(moved, math.Abs(step))
			for i, d := range all {
				if k == dims {
					z[i] += step
				} else {
					z[i] += step * d.x[k]
				}
			}
		}
		if moved < 1e-4 {
			break
		}
	}
	var ordinary []float64
	for _, d := range all {
		if d.group == "ordinary" {
			ordinary = append(ordinary, f.score(d.x))
		}
	}
	slices.Sort(ordinary)
	f.over = ordinary[len(ordinary)-1-int(falseAlarms*float64(len(ordinary)))]
	return f
}

// leaveOut leaves out, in turn, what has the same name, and says of each run whether it is suspicious by weights that were
// fitted without it. What has an empty name is always learned from and never judged.
func leaveOut(t testing.TB, all []dossier, admins [][]float64, name func(*dossier) string) map[*dossier]bool {
	out := map[*dossier]bool{}
	names := map[string]bool{}
	for i := range all {
		names[name(&all[i])] = true
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if n == "" {
			continue
		}
		var rest []*dossier
		for i := range all {
			if name(&all[i]) != n {
				rest = append(rest, &all[i])
			}
		}
		f := weigh(rest, weightSpread)
		k, of, chosen := 0, 0, 0
		for i := range all {
			d := &all[i]
			if name(d) != n {
				continue
			}
			out[d] = f.score(d.x) > f.over
			if of++; out[d] {
				k++
			}
			if d.verdict >= tocsin.Suspicious {
				chosen++
			}
		}
		t.Logf("without %s: over %.2f; %d of %d suspicious, %d with the weights of guard; %d of %d administrators", n, f.over, k, of, chosen, f.suspicious(admins), len(admins))
	}
	return out
}

// noteLeftOut notes the shares of groups.
func noteLeftOut(t testing.TB, what string, said map[*dossier]bool, groups ...string) {
	for _, g := range groups {
		y, of := tally{}, map[string]int{}
		for d := range said {
			of[d.source]++
		}
		for d, is := range said {
			if d.group != g || g == "ordinary" && of[d.source] == 1 { // a source of one principal is reported and not scored
				continue
			}
			v := tocsin.Ordinary
			if is {
				v = tocsin.Suspicious
			}
			y.add(d.source, v)
		}
		y.noted(t, "guard/left-out/"+what+"/"+g+"/suspicious", suspicious)
		if _, w := y.worst(t, "left out, "+g); g == "ordinary" {
			share(t, "guard/left-out/"+what+"/"+g+"/worst-source", w.suspicious, w.of)
		}
	}
}

// TestGuardLeftOut asks how guard's rows judge a source, a model and a kind of work that weights were not fitted on.
// Administrators' sessions are never fitted on.
func TestGuardLeftOut(t *testing.T) {
	measures(t)
	rows := weighings(t)
	all := dossiers(t, rows)
	found, _ := told(t, own(t), scenarioFolder(t, readScenarios(t, "admin.txt")))
	defer found.Close()
	var admins [][]float64
	for _, p := range found.Principals {
		admins = append(admins, countsOf(t, rows, p))
	}
	noteLeftOut(t, "source", leaveOut(t, all, admins, func(d *dossier) string { return d.source }), "multi-host", "web", "ordinary", "dfir", "ctf")
	noteLeftOut(t, "model", leaveOut(t, all, admins, func(d *dossier) string {
		if d.group == "multi-host" || d.group == "single-host" {
			return d.model
		}
		return ""
	}), "multi-host", "single-host")
	noteLeftOut(t, "kind", leaveOut(t, all, admins, func(d *dossier) string {
		if d.group == "ordinary" {
			return ""
		}
		return d.group
	}), "multi-host", "web", "single-host", "dfir", "ctf")

	var every []*dossier
	for i := range all {
		every = append(every, &all[i])
	}
	f := weigh(every, weightSpread)
	for i, w := range rows {
		t.Logf("%s: %.2f, %.2f each further one (by hand %.1f, %.1f)", w.id, f.w[2*i], f.w[2*i+1], w.nats(w.least), w.more)
	}
	t.Logf("suspicious over %.2f", f.over)
	share(t, "guard/left-out/kind/admin/suspicious", f.suspicious(admins), len(admins))
}
