package eval

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// TestRehearsalGaps measures the gaps that rehearsals draw (rehearse/gaps.tsv) on the recordings that are for nothing else: start
// to start in one log or session, up to half an hour. Of agents those of a minute and less: in longer ones who sat before the
// agent read and answered, and in a rehearsal decisions are played by themselves.
func TestRehearsalGaps(t *testing.T) {
	if testing.Short() {
		t.Skip("reading three recordings is not for -short")
	}
	gaps := map[string][]float64{}
	for _, o := range allOperators(t) {
		if !forRehearsals(o) {
			continue
		}
		ticks := o.own // an agent's calls of all kinds
		if o.driver == tocsin.Human {
			ticks = ordering.of(o.ticks)
		}
		most := 1800.0
		if o.driver == tocsin.Agent {
			most = 60
		}
		last := map[uint32]int64{}
		for _, k := range ticks.Events() {
			if at, ok := last[k.Stream]; ok {
				if gap := float64(k.Time-at) / 1e9; gap <= most {
					gaps[o.driver.String()] = append(gaps[o.driver.String()], max(gap, 0.05))
				}
			}
			last[k.Stream] = k.Time
		}
	}
	table, err := os.ReadFile("../rehearse/gaps.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range gaps {
		slices.Sort(of)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(table)), "\n") {
		c := strings.Split(line, "\t")
		if i == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		p, err := strconv.ParseFloat(c[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		said, err := strconv.ParseFloat(c[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		of := gaps[c[0]]
		if len(of) == 0 {
			t.Fatalf("no gaps of %s were recorded", c[0])
		}
		is := of[int(p*float64(len(of)-1))]
		t.Logf("%s, of %d: %g %.3g s, table %.3g s", c[0], len(of), p, is, said)
		if math.Abs(math.Log(is/said)) > 0.05 {
			t.Errorf("gaps.tsv says that the %g quantile of %s is %g s; recorded is %.3g s", p, c[0], said, is)
		}
	}
}
