package campaign

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A numbering gives the fingerprints of a campaign's credentials numbers: what is told is the same whatever key a run had,
// and says nothing of the secret. Numbers are of one campaign.
type numbering struct {
	of      map[string]string // "key:" and a fingerprint → "key:" and a number
	replace *strings.Replacer // in sentences
}

// number numbers the credentials of deeds, which are in order of time, and puts the numbers in their place. Two credentials
// are told apart by where they were used, which does not depend on the key.
func number(all []*tocsin.Deed) numbering {
	uses := map[string][]int{}
	for n, d := range all {
		for _, m := range d.Marks {
			if isFingerprint(m) {
				uses[m] = append(uses[m], n)
			}
		}
	}
	keys := make([]string, 0, len(uses))
	for k := range uses {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y string) int { return cmp.Or(slices.Compare(uses[x], uses[y]), strings.Compare(x, y)) })
	n := numbering{of: map[string]string{}}
	var pairs []string
	for i, k := range keys {
		n.of[k] = "key:" + strconv.Itoa(i+1)
		pairs = append(pairs, strings.TrimPrefix(k, "key:"), strconv.Itoa(i+1))
	}
	n.replace = strings.NewReplacer(pairs...)
	for _, d := range all {
		d.Credential = n.text(d.Credential)
		changed := false
		for i, m := range d.Marks {
			if now := n.text(m); now != m {
				d.Marks[i], changed = now, true
			}
		}
		if changed {
			slices.Sort(d.Marks)
		}
	}
	return n
}

// text is a mark or credential as it may be told.
func (n numbering) text(s string) string {
	if now, ok := n.of[s]; ok {
		return now
	}
	return s
}

// actor puts numbers into what is told of an actor's names.
func (n numbering) actor(a *tocsin.Actor) {
	if len(n.of) == 0 {
		return
	}
	for i := range a.Links {
		a.Links[i].Evidence = n.replace.Replace(a.Links[i].Evidence)
	}
	for i := range a.Adaptations {
		a.Adaptations[i].Evidence = n.replace.Replace(a.Adaptations[i].Evidence)
	}
}

// isFingerprint tells the fingerprint of a credential from other marks.
func isFingerprint(mark string) bool {
	return strings.HasPrefix(mark, "key:") && len(mark) == len("key:")+16
}
