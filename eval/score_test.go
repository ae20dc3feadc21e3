package eval

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

var scoreFile = flag.String("json", "", "write all figures to this file, as JSON: go test ./eval -v -args -json FILE")

// A figure is one line of the table that the tests end with. Low and High are its 95 % interval where it is a share.
type figure struct {
	Name  string   `json:"name"`
	Value float64  `json:"value"`
	N     int      `json:"n"` // what it is a share of, or was counted in
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

var scores struct {
	sync.Mutex
	all []figure
}

// score notes a figure for the table. A value between 0 and 1 is taken for a share of n, and gets its interval.
func score(t testing.TB, name string, value float64, n int) {
	t.Helper()
	if math.IsNaN(value) || math.IsInf(value, 0) {
		t.Logf("%s: no figure", name)
		return
	}
	f := figure{Name: name, Value: value, N: n}
	if value >= 0 && value <= 1 && n > 0 {
		low, high := wilson(int(math.Round(value*float64(n))), n)
		f.Low, f.High = &low, &high
	}
	scores.Lock()
	defer scores.Unlock()
	scores.all = append(scores.all, f)
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	scores.Lock()
	defer scores.Unlock()
	slices.SortStableFunc(scores.all, func(a, b figure) int { return strings.Compare(a.Name, b.Name) })
	if testing.Verbose() && len(scores.all) > 0 {
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "\nfigure\tvalue\tn\t95 % interval")
		for _, f := range scores.all {
			interval := ""
			if f.Low != nil {
				interval = fmt.Sprintf("%.3f – %.3f", *f.Low, *f.High)
			}
			fmt.Fprintf(w, "%s\t%.4g\t%d\t%s\n", f.Name, f.Value, f.N, interval)
		}
		w.Flush()
	}
	if *scoreFile != "" {
		b, err := json.MarshalIndent(scores.all, "", "  ")
		if err == nil {
			err = os.WriteFile(*scoreFile, append(b, '\n'), 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "-json:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}
