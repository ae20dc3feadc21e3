package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A few events years away do not stretch the span, in whatever order they come and however they are shared out; many do.
func TestEras(t *testing.T) {
	day := func(year, n int) time.Time { return time.Date(year, 3, 1+n, 0, 0, 0, 0, time.UTC) }
	bulk := func(n int) (all []time.Time) {
		for i := range n {
			all = append(all, day(2026, i%30))
		}
		return all
	}
	tests := []struct {
		name        string
		at          []time.Time
		first, last time.Time
		strays      int64
	}{
		{"none", bulk(100), day(2026, 0), day(2026, 29), 0},
		{"one before", append(bulk(100), day(2019, 0)), day(2026, 0), day(2026, 29), 1},
		{"some on both sides", append(bulk(100), day(2019, 0), day(2019, 1), day(2031, 0)), day(2026, 0), day(2026, 29), 3},
		{"as many as one in twenty", append(bulk(100), day(2019, 0), day(2019, 1), day(2019, 2), day(2019, 3), day(2019, 4)), day(2026, 0), day(2026, 29), 5},
		{"more", append(bulk(100), day(2019, 0), day(2019, 1), day(2019, 2), day(2019, 3), day(2019, 4), day(2019, 5)), day(2019, 0), day(2026, 29), 0},
		{"months away", append(bulk(100), day(2025, 60)), day(2025, 60), day(2026, 29), 0},
		{"joined by what lies between", append(bulk(100), day(2023, 0), day(2024, 0), day(2024, 200), day(2025, 30)), day(2024, 0), day(2026, 29), 1},
		{"few at all", []time.Time{day(2019, 0), day(2026, 0)}, day(2019, 0), day(2026, 0), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			var before eras
			for round := range 20 {
				random.Shuffle(len(tt.at), func(i, k int) { tt.at[i], tt.at[k] = tt.at[k], tt.at[i] })
				var parts [3]eras
				for _, at := range tt.at {
					parts[random.IntN(3)].add(at)
				}
				all := parts[0]
				for _, p := range parts[1:] {
					for _, x := range p {
						all.join(x)
					}
				}
				if round > 0 && !slices.Equal(all, before) {
					t.Fatalf("%v, and in another order %v", before, all)
				}
				before = all
			}
			first, last := before.bulk()
			if !first.Equal(tt.first) || !last.Equal(tt.last) || before.outside(first, last).n != tt.strays {
				t.Errorf("%v to %v, %d strays; want %v to %v, %d", first, last, before.outside(first, last).n, tt.first, tt.last, tt.strays)
			}
		})
	}
}
