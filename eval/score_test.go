package eval

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
)

var scoreFile = flag.String("json", "", "write all figures to this file, as JSON: go test ./eval -v -args -json FILE")

// scores are what the tests of this run noted.
var scores = struct {
	sync.Mutex
	of       map[string]*measured
	ran      map[string]bool   // tests that measure figures of the table
	why      map[string]string // such a test was skipped
	sampled  map[string]bool   // such a test measured on a sample
	untested []string          // bounds that were not tested, with the reason
}{of: map[string]*measured{}, ran: map[string]bool{}, why: map[string]string{}, sampled: map[string]bool{}}

// score notes a figure. A value between 0 and 1 is taken for a share of n, and gets its interval. One that the table binds
// fails the test if it falls below its bound.
func score(t testing.TB, name string, value float64, n int) {
	t.Helper()
	low, high := math.NaN(), math.NaN()
	if value >= 0 && value <= 1 && n > 0 {
		low, high = wilson(int(math.Round(value*float64(n))), n)
	}
	scoreWithin(t, name, value, n, low, high)
}

// scoreWithin notes a figure whose interval is known.
func scoreWithin(t testing.TB, name string, value float64, n int, low, high float64) {
	t.Helper()
	f := figureNamed(name)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		if f != nil {
			t.Errorf("%s: no figure", name)
		}
		return
	}
	m := &measured{value: value, n: n, low: low, high: high}
	if f != nil {
		scores.Lock()
		sample := scores.sampled[t.Name()]
		scores.Unlock()
		if said := f.falls(m, sample); said != "" {
			t.Error(said)
		}
		if f.unit == "share" && n == 0 {
			t.Errorf("%s is a share of nothing", name)
		}
	}
	scores.Lock()
	defer scores.Unlock()
	scores.of[name] = m
}

// share notes k of n.
func share(t testing.TB, name string, k, n int) {
	t.Helper()
	score(t, name, float64(k)/float64(n), n)
}

// atExit is done when all tests have run.
var atExit []func()

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	for _, do := range atExit {
		do()
	}
	scores.Lock()
	defer scores.Unlock()
	if testing.Verbose() {
		printScores()
	}
	if flag.Lookup("test.run").Value.String() == "" {
		for _, f := range figures {
			if f.bound.set && !scores.ran[f.test] {
				scores.untested = append(scores.untested, f.name+": "+f.test+" is not in this build (see its build tags: long, unix)")
			}
		}
	}
	if len(scores.untested) > 0 {
		fmt.Printf("\n%d bounds of figures were not tested here:\n", len(scores.untested))
		for _, s := range scores.untested {
			fmt.Println("  " + s)
		}
	}
	err := writeScores()
	if err == nil && *record {
		err = recordFigures(scores.of)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// printScores prints one table of all that was measured.
func printScores() {
	if len(scores.of) == 0 {
		return
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nfigure\tvalue\tn\t95 % interval\tbound")
	for _, name := range slices.Sorted(maps.Keys(scores.of)) {
		m, bound, unit := scores.of[name], "", ""
		if f := figureNamed(name); f != nil {
			bound, unit = f.bound.text(f.unit), f.unit
		}
		fmt.Fprintf(w, "%s\t%.4g\t%d\t%s\t%s\n", name, m.value, m.n, m.interval(unit), bound)
	}
	w.Flush()
}

// interval writes the 95 % interval in a unit; empty where there is none.
func (m *measured) interval(unit string) string {
	switch {
	case math.IsNaN(m.low):
		return ""
	case unit == "share":
		return fmt.Sprintf("%.3g–%.3g %%", 100*m.low, 100*m.high)
	}
	return fmt.Sprintf("%.3f–%.3f", m.low, m.high)
}

// writeScores writes what -json asks for.
func writeScores() error {
	if *scoreFile == "" {
		return nil
	}
	type line struct {
		Name  string   `json:"name"`
		Value float64  `json:"value"`
		N     int      `json:"n"` // what it is a share of, or was counted in
		Low   *float64 `json:"low,omitempty"`
		High  *float64 `json:"high,omitempty"`
	}
	all := []line{}
	for _, name := range slices.Sorted(maps.Keys(scores.of)) {
		m := scores.of[name]
		l := line{Name: name, Value: m.value, N: m.n}
		if !math.IsNaN(m.low) {
			l.Low, l.High = &m.low, &m.high
		}
		all = append(all, l)
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(*scoreFile, append(b, '\n'), 0o644)
}
