package campaign

import (
	"github.com/tocsin-ids/tocsin"
)

// fewReadings is how many deeds before it are looked at for the act that a deed is another reading of.
const fewReadings = 32

// A where is a tactic on a machine.
type where struct{ tactic, host string }

// readings says of deeds, in order of time, of which one each is another reading: of one record and tactic the first, and of what a
// correlation says the first deed that it can be about. What is no other's is its own. One act weighs once, by what tells the most,
// under however many titles it stands.
func readings(deeds []*tocsin.Deed) []int {
	first := make([]int, len(deeds))
	before := map[where][]int{}
	for i, d := range deeds {
		first[i] = i
		if d.Tactic == "" {
			continue
		}
		at := where{d.Tactic, d.Host}
		all := before[at]
		for j := len(all) - 1; j >= max(0, len(all)-fewReadings); j-- {
			x := deeds[all[j]]
			if x.Place.Source == d.Place.Source && x.Place.Record == d.Place.Record || (d.N == 0 || x.N == 0) && !d.Time.IsZero() && !d.Time.After(x.Last) {
				first[i] = first[all[j]]
				break
			}
		}
		before[at] = append(all, i)
	}
	return first
}
