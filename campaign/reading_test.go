package campaign

import (
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// TestReadings holds that one act weighs once under however many titles it stands, and that two acts weigh twice.
func TestReadings(t *testing.T) {
	deed := func(n int, record uint64, technique, title string, weight float64) *tocsin.Deed {
		d := &tocsin.Deed{N: n, Weight: weight, Last: day.Add(time.Minute)}
		d.Time, d.Verb, d.Tactic, d.Technique, d.Host = day, "request", "persistence", technique, "web1"
		d.Place = tocsin.Place{Source: "log", Record: record}
		if title != "" {
			d.Rules = []*tocsin.Rule{{Title: title}}
		}
		return d
	}
	base := deed(3, 1, "T1505.003", "", 2)
	for name, c := range map[string]struct {
		also *tocsin.Deed
		want float64
	}{
		"a rule on the same record":       {deed(1, 1, "T1505.003", "Script answers", 3), 3},
		"a row of another technique":      {deed(1, 1, "T1190", "", 1), 2},
		"what a correlation says of them": {deed(0, 3, "T1505.003", "Script put and run", 4), 4},
		"another record":                  {deed(1, 2, "T1505.003", "Script answers", 3), 5},
	} {
		if got := weigh([]*tocsin.Deed{base, c.also}); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
