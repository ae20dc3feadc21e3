package campaign

import (
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// A campaign's driver and its share without a person are never told against each other.
func TestDriverAndShareAgree(t *testing.T) {
	for _, c := range []struct {
		sums  [tocsin.Agent + 1]float64
		want  tocsin.Driver
		share map[float64]bool // by share done without a person: whether it is told
	}{
		{[4]float64{0, 5, 5, 90}, tocsin.Agent, map[float64]bool{0.02: false, 0.9: true}},
		{[4]float64{0, 5, 80, 15}, tocsin.Script, map[float64]bool{0.02: false, 0.9: true}},
		{[4]float64{0, 90, 5, 5}, tocsin.Human, map[float64]bool{0.02: true, 0.9: false}},
		{[4]float64{0, 10, 45, 45}, tocsin.Undecided, map[float64]bool{0.02: false, 0.9: true}}, // a machine's, whichever
		{[4]float64{0, 50, 5, 45}, tocsin.Undecided, map[float64]bool{0.02: false, 0.9: false}},
		{[4]float64{}, tocsin.Undecided, map[float64]bool{0.02: false, 0.9: false}},
	} {
		d := driver(c.sums)
		if d != c.want {
			t.Errorf("%v is driven by %s, want %s", c.sums, d, c.want)
		}
		for value, told := range c.share {
			if agrees(&tocsin.Share{Value: value}, d, c.sums) != told {
				t.Errorf("%s of %v: a share of %v is told: %t", d, c.sums, value, !told)
			}
		}
	}
}
