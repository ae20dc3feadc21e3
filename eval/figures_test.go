package eval

import (
	_ "embed"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// figures.tsv is the table of all figures that README.md and docs/measured.md publish: a line a figure, columns as its
// first line names them. People write the bounds, -record writes what was measured.
//
//go:embed figures.tsv
var figuresText string

var record = flag.Bool("record", false, "write what is measured into figures.tsv, with the commit and the date: go test ./eval -timeout 60m -args -record")

const figuresFile = "figures.tsv"

// A figure is one line of figures.tsv.
type figure struct {
	name  string
	unit  string    // share, count, score, times, points, /s (events per CPU-second) or MB
	bound bound     // what the figure must keep
	goal  bound     // what it is to reach one day
	last  *measured // as recorded; nil where it never was
	test  string    // that measures it
	tuned string    // a key of tuned, or no
	what  string
}

// A bound is the worst value that a figure may have: a floor, or a ceiling where less is better.
type bound struct {
	set  bool
	most bool
	at   float64
}

func (b bound) holds(v float64) bool {
	return !b.set || b.most && v <= b.at || !b.most && v >= b.at
}

// text writes a bound in the unit of its figure.
func (b bound) text(unit string) string {
	switch {
	case !b.set:
		return "–"
	case b.most:
		return "≤ " + exactly(b.at, unit)
	}
	return "≥ " + exactly(b.at, unit)
}

// measured is what one run gave.
type measured struct {
	value     float64
	n         int     // what it is a share of, or was counted in; 0 where neither
	low, high float64 // 95 % interval; NaN where there is none
	commit    string
	date      string
}

// k is the number of which a share is one.
func (m *measured) k() int { return int(math.Round(m.value * float64(m.n))) }

// tuned says how what is measured depends on what it is measured on.
var tuned = map[string]string{
	"ait":       "the rate of oddities and the words for alerts' names were read off these four labs",
	"chosen":    "the weights of links were chosen with these recordings at hand",
	"channels":  "thresholds of channels were chosen with these recordings at hand",
	"rows":      "rows of knowledge were written with another set at hand; of this one only the score was looked at",
	"rules":     "our rules were written with these recordings at hand",
	"weights":   "the weights were fitted on these recordings",
	"left-out":  "features were chosen by this score, weights fitted without the group",
	"apart":     "weights were fitted without it; rows were written, and how many of each count, with it at hand",
	"hours":     "the weights of callers were chosen on these hours, which are written for it",
	"rehearsal": "the share, the decisions and the joining were judged on rehearsals while they were written; their gaps are of recordings that the judgement of drivers was neither fitted to nor measured on",
}

// figureColumns are those of figures.tsv, in order.
var figureColumns = []string{"name", "unit", "bound", "goal", "value", "n", "low", "high", "commit", "date", "test", "tuned", "what"}

// figures are the table's lines, in its order.
var figures, figuresErr = parseFigures(figuresText)

func parseFigures(text string) ([]*figure, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != strings.Join(figureColumns, "\t") {
		return nil, fmt.Errorf("%s: columns are %q, want %q", figuresFile, lines[0], figureColumns)
	}
	var all []*figure
	seen := map[string]bool{}
	for i, line := range lines[1:] {
		fail := func(err any) ([]*figure, error) { return nil, fmt.Errorf("%s:%d: %v", figuresFile, i+2, err) }
		c := strings.Split(line, "\t")
		if len(c) != len(figureColumns) {
			return fail(fmt.Sprintf("%d columns, want %d", len(c), len(figureColumns)))
		}
		f := &figure{name: c[0], unit: c[1], test: c[10], tuned: c[11], what: c[12]}
		var err error
		if f.bound, err = parseBound(c[2]); err != nil {
			return fail(err)
		}
		if f.goal, err = parseBound(c[3]); err != nil {
			return fail(err)
		}
		if c[4] != "-" {
			m := &measured{low: math.NaN(), high: math.NaN(), commit: c[8], date: c[9]}
			for j, p := range map[int]*float64{4: &m.value, 6: &m.low, 7: &m.high} {
				if c[j] == "-" {
					continue
				}
				if *p, err = strconv.ParseFloat(c[j], 64); err != nil {
					return fail(err)
				}
			}
			if m.n, err = strconv.Atoi(c[5]); err != nil {
				return fail(err)
			}
			f.last = m
		}
		switch {
		case seen[f.name]:
			return fail("the figure is there twice")
		case f.tuned != "no" && tuned[f.tuned] == "":
			return fail(fmt.Sprintf("tuned is %q: want no or one of those that figures_test.go explains", f.tuned))
		case f.what == "" || f.test == "":
			return fail("a figure without words or a test")
		}
		seen[f.name] = true
		all = append(all, f)
	}
	return all, nil
}

// parseBound reads ">=0.9", "<=1.3" or "-".
func parseBound(s string) (b bound, err error) {
	if s == "-" {
		return b, nil
	}
	rest, least := strings.CutPrefix(s, ">=")
	if !least {
		if rest, b.most = strings.CutPrefix(s, "<="); !b.most {
			return b, fmt.Errorf("%q is no bound: want >=N, <=N or -", s)
		}
	}
	b.set = true
	b.at, err = strconv.ParseFloat(rest, 64)
	return b, err
}

// figureNamed finds a figure of the table.
func figureNamed(name string) *figure {
	for _, f := range figures {
		if f.name == name {
			return f
		}
	}
	return nil
}

// falls says in what way a measurement is worse than the table allows; empty is not. What was measured on a sample of what
// the table means (fewer rehearsals, a shorter log) fails only if its whole interval is on the wrong side.
func (f *figure) falls(m *measured, sample bool) string {
	v := m.value
	if sample {
		v = m.high
		if f.bound.most {
			v = m.low
		}
		if math.IsNaN(v) {
			return ""
		}
	}
	if f.bound.holds(v) {
		return ""
	}
	return fmt.Sprintf("%s is %s, its bound %s (recorded: %s)", f.name, exactly(m.value, f.unit), f.bound.text(f.unit), f.recorded())
}

func (f *figure) recorded() string {
	if f.last == nil {
		return "never"
	}
	return fmt.Sprintf("%s at %s", exactly(f.last.value, f.unit), f.last.commit)
}

// measures says that a test notes all the figures of which the table says so: one that it does not note is a failure, and
// where the test is skipped they are listed when all tests have run.
func measures(t testing.TB) {
	t.Helper()
	if figuresErr != nil {
		t.Fatal(figuresErr)
	}
	t.Cleanup(func() {
		scores.Lock()
		defer scores.Unlock()
		scores.ran[t.Name()] = true
		of := 0
		for _, f := range figures {
			if f.test != t.Name() {
				continue
			}
			of++
			switch {
			case scores.of[f.name] != nil:
			case t.Skipped() && f.bound.set:
				scores.untested = append(scores.untested, f.name+": "+scores.why[t.Name()])
			case !t.Skipped() && !t.Failed():
				t.Errorf("%s was not measured", f.name)
			}
		}
		if of == 0 {
			t.Errorf("no figure of %s is of this test", figuresFile)
		}
	})
}

// without skips a test and keeps the reason for the list of what was not tested.
func without(t testing.TB, format string, a ...any) {
	t.Helper()
	scores.Lock()
	scores.why[t.Name()] = fmt.Sprintf(format, a...)
	scores.Unlock()
	t.Skipf(format, a...)
}

// timed skips what takes the time, which says something only where the machine is known: where TOCSIN_DATA is set.
func timed(t testing.TB) {
	t.Helper()
	switch {
	case os.Getenv("TOCSIN_DATA") == "":
		without(t, "TOCSIN_DATA is not set: nothing is timed")
	case testing.Short() || raceEnabled:
		without(t, "nothing is timed with -short or -race")
	}
}

// sampled says that this run of a test measures on a sample: it tests bounds with allowance for chance, and -record leaves its
// figures as they are.
func sampled(t testing.TB) {
	scores.Lock()
	defer scores.Unlock()
	scores.sampled[t.Name()] = true
}

// recordFigures writes what this run measured into figures.tsv.
func recordFigures(now map[string]*measured) error {
	commit := "unknown"
	if b, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		commit = strings.TrimSpace(string(b))
	}
	text, err := os.ReadFile(figuresFile)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i, line := range strings.SplitAfter(string(text), "\n") {
		c := strings.Split(line, "\t")
		m := now[c[0]]
		if i == 0 || m == nil || scores.sampled[c[10]] {
			b.WriteString(line)
			continue
		}
		number := func(v float64) string {
			if math.IsNaN(v) {
				return "-"
			}
			return strconv.FormatFloat(v, 'g', 6, 64)
		}
		c[4], c[5], c[6], c[7] = number(m.value), strconv.Itoa(m.n), number(m.low), number(m.high)
		c[8], c[9] = commit, time.Now().UTC().Format(time.DateOnly)
		b.WriteString(strings.Join(c, "\t"))
	}
	return os.WriteFile(figuresFile, []byte(b.String()), 0o644)
}

// TestFigures asks whether the table is whole and what it records keeps the bounds, and whether a fall would be noticed.
func TestFigures(t *testing.T) {
	if figuresErr != nil {
		t.Fatal(figuresErr)
	}
	for _, f := range figures {
		if f.last != nil && !f.bound.holds(f.last.value) {
			t.Errorf("recorded: %s", f.falls(f.last, false))
		}
		if f.goal.set && f.last != nil && f.goal.holds(f.last.value) && !f.bound.holds(f.goal.at) {
			t.Errorf("%s keeps its goal %s: the goal is its bound now", f.name, f.goal.text(f.unit))
		}
		if never := f.last != nil && f.last.value == 0; !f.bound.set && f.unit != "/s" && f.unit != "s" && !never {
			t.Errorf("%s has no bound; only times of one machine go without, and what never succeeds", f.name)
		}
	}
	all, err := parseFigures(strings.Join(figureColumns, "\t") + "\nx\tshare\t>=0.9\t-\t0.95\t100\t0.88\t0.98\tc\td\tT\tno\tan example\n")
	if err != nil {
		t.Fatal(err)
	}
	x := all[0]
	for _, c := range []struct {
		m      measured
		sample bool
		fell   bool
	}{
		{measured{value: 0.9, n: 100, low: 0.82, high: 0.94}, false, false},
		{measured{value: 0.89, n: 100, low: 0.81, high: 0.94}, false, true},
		{measured{value: 0.8, n: 10, low: 0.49, high: 0.94}, true, false}, // chance may do that
		{measured{value: 0.4, n: 10, low: 0.17, high: 0.69}, true, true},
	} {
		if said := x.falls(&c.m, c.sample); (said != "") != c.fell {
			t.Errorf("%+v: %q, want a fall: %v", c.m, said, c.fell)
		}
	}
	for _, bad := range []string{"name\tunit", strings.Join(figureColumns, "\t") + "\nx\tshare\t0.9\t-\t-\t0\t-\t-\t-\t-\tT\tno\twords"} {
		if _, err := parseFigures(bad); err == nil {
			t.Errorf("%q is taken for a table", bad)
		}
	}
}
