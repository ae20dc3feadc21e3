package campaign

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// number gives the fingerprints of credentials the numbers in which a campaign first uses them: what is told is the same
// whatever key a run had, and says nothing of the secret. Numbers are of one campaign.
func number(c *tocsin.Campaign) {
	// Two credentials are told apart by where they were used, which does not depend on the key.
	uses := map[string][]int{}
	n := 0
	for _, a := range c.Actors {
		for i := range a.Deeds {
			for _, m := range a.Deeds[i].Marks {
				if isFingerprint(m) {
					uses[m] = append(uses[m], n)
				}
			}
			n++
		}
	}
	if len(uses) == 0 {
		return
	}
	keys := make([]string, 0, len(uses))
	for k := range uses {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y string) int { return cmp.Or(slices.Compare(uses[x], uses[y]), strings.Compare(x, y)) })
	var old []string
	for i, k := range keys {
		old = append(old, strings.TrimPrefix(k, "key:"), strconv.Itoa(i+1))
	}
	r := strings.NewReplacer(old...)
	for i := range c.Marks {
		if isFingerprint(c.Marks[i]) {
			c.Marks[i] = r.Replace(c.Marks[i])
		}
	}
	links := func(all []tocsin.Link) {
		for i := range all {
			if all[i].Kind == "credential" || all[i].Kind == "takeover" {
				all[i].Evidence = r.Replace(all[i].Evidence)
			}
		}
	}
	links(c.Links)
	for _, a := range c.Actors {
		links(a.Links)
		for i := range a.Adaptations {
			a.Adaptations[i].Evidence = r.Replace(a.Adaptations[i].Evidence)
		}
	}
}

// isFingerprint tells the fingerprint of a credential from other marks.
func isFingerprint(mark string) bool {
	return strings.HasPrefix(mark, "key:") && len(mark) == len("key:")+16
}
