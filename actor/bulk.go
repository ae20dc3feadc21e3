package actor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// What is told of as frequent.
const (
	leastBulk = 1000 // actions
	mostBulk  = 20   // lines
)

// bulks are the alerts and matches above informational that are so many of one kind on one host that none of them tells
// anything, the most first.
func (s *Pages) bulks(notes []*note, least float64) []tocsin.Aside {
	type kind struct {
		title string
		host  int32
	}
	at := map[kind]*tocsin.Aside{}
	for _, x := range notes {
		k := &s.t.kinds[x.kind]
		if x.w >= least || k.level < tocsin.Low || len(x.rules) == 0 && k.verb != "alert" {
			continue
		}
		i := kind{x.text, x.host}
		if len(x.rules) > 0 {
			i.title = x.rules[0].Title
		}
		a := at[i]
		if a == nil {
			a = &tocsin.Aside{Title: i.title, Level: k.level, First: when(x.first), Last: when(x.last), Place: s.placeOf(x.at), Bulk: true}
			if x.host != none {
				a.Host = value(s.t.all[x.host])
			}
			at[i] = a
		}
		a.N += int(x.acts())
		a.Level = max(a.Level, k.level)
		if t := when(x.last); t.After(a.Last) {
			a.Last = t
		}
	}
	var out []tocsin.Aside
	for _, a := range at {
		if a.N >= leastBulk {
			out = append(out, *a)
		}
	}
	slices.SortFunc(out, func(a, b tocsin.Aside) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Title, b.Title), strings.Compare(a.Host, b.Host))
	})
	return out[:min(len(out), mostBulk)]
}

// Bulk is what, when Actors was called last, there were so many of on one host that it tells nothing by itself, the most
// first: a thousand alerts of one kind at least, at most twenty kinds. It is to be said, so that it does not vanish.
func (s *Pages) Bulk() []tocsin.Aside { return s.bulk }
