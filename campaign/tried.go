package campaign

import (
	"cmp"
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// maxTried is how many of those who got nowhere are named.
const maxTried = 10

// called is what the most telling of members are called, by how telling their acts are in sum.
func called(all []*member) []tocsin.Entity {
	weight := map[*member]float64{}
	for _, m := range all {
		for i := range m.Deeds {
			weight[m] += m.Deeds[i].Weight
		}
	}
	slices.SortStableFunc(all, func(x, y *member) int {
		return cmp.Or(cmp.Compare(weight[y], weight[x]), cmp.Compare(x.ID, y.ID))
	})
	var names []tocsin.Entity
	for _, m := range all[:min(len(all), maxTried)] {
		if len(m.Handles) > 0 {
			names = append(names, m.Handles[0])
		}
	}
	return names
}
