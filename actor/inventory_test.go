package actor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// inventory lists what pages hold, in an order that does not depend on how it came.
func inventory(s *Pages) []string {
	var out []string
	for k, p := range s.pages {
		at := fmt.Sprint(k.slot, " ", s.t.text(k.source), " ", p.sealed, p.pinned)
		for f := range p.facts {
			out = append(out, fmt.Sprint(at, " fact ", s.t.text(f.folder), " ", s.t.text(f.name)))
		}
		for st := range strata {
			l := &p.of[st]
			out = append(out, fmt.Sprint(at, " layer ", st, " ", l.noted))
			for _, d := range l.doers {
				who := fmt.Sprint(at, " ", st, " ", s.t.text(d.who), " ", s.t.text(d.host))
				d.ticks.Sort()
				out = append(out, fmt.Sprint(who, " ticks ", d.ticked, d.ticks))
				for _, x := range d.deeds {
					out = append(out, who+" "+s.line(x))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func (s *Pages) line(x *deed) string {
	var refs, rules, blocks []string
	for _, r := range x.refs {
		refs = append(refs, fmt.Sprint(r.role, s.t.text(r.name), " ", r.last, " ", s.placeOf(x.metAt(r))))
	}
	slices.Sort(refs)
	for _, r := range x.rules {
		rules = append(rules, r.ID+r.Title)
	}
	y := *x
	y.blocks = slices.Clone(x.blocks)
	s.t.tidy(&y, len(y.blocks))
	for _, b := range y.blocks {
		blocks = append(blocks, fmt.Sprint(s.t.text(b.source), b.from, " ", b.bits))
	}
	var seen []string
	for _, o := range x.seen {
		seen = append(seen, fmt.Sprint(s.t.text(o.sensor), " ", o.rest, o.words, " ", o.at.time, s.t.text(o.at.source), o.at.record))
	}
	slices.Sort(seen)
	return fmt.Sprintf("seen %v acts %d %s %+v n %d %d..%d bytes %d weight %v %v at %d %s %d %q log %d refs %v rules %v blocks %v sparse %v org %s", seen, x.acts(), s.t.text(x.host), s.t.kinds[x.kind], x.n, x.first, x.last,
		x.bytes, x.weight, x.weighed, x.at.time, s.t.text(x.at.source), x.at.record, x.text, x.log, refs, rules, blocks, x.sparse, s.t.text(x.org))
}

// same fails if two inventories do, with the first lines that do.
func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		var w, g string
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			t.Fatalf("%s: of %d and %d lines the first to differ is\n%.1500s\nwant\n%.1500s", what, len(got), len(want), g, w)
		}
	}
}

// held counts the actions that are told of.
func (s *Pages) held() int64 {
	n := int64(0)
	for _, p := range s.pages {
		for st := range strata {
			for _, d := range p.of[st].doers {
				for _, x := range d.deeds {
					n += int64(x.n)
				}
			}
		}
	}
	return n
}

// letGoN counts the actions that were noted and are not told of.
func (s *Pages) letGoN() int64 {
	n := int64(0)
	for _, g := range s.LetGo() {
		if strings.HasSuffix(g.Kind, "actions") || g.Kind == "old" {
			n += g.N
		}
	}
	return n
}

// size counts what there is, by stratum.
func (s *Pages) size() (n [strata]int, ticks, blocks, facts, names int) {
	for _, p := range s.pages {
		facts += len(p.facts)
		for st := range strata {
			for _, d := range p.of[st].doers {
				n[st] += len(d.deeds)
				ticks += len(d.ticks)
				for _, x := range d.deeds {
					blocks += len(x.blocks)
				}
			}
		}
	}
	return n, ticks, blocks, facts, len(s.t.all)
}

// shared notes actions in an order and a sharing of its own, and returns them in one.
func shared(seed uint64, parts int, all []tocsin.Action) *Pages {
	rng := rand.New(rand.NewPCG(seed, 11))
	order := rng.Perm(len(all))
	if seed == 0 {
		slices.Sort(order)
	}
	var to []*Pages
	for range parts {
		to = append(to, NewPages(Key{1}))
	}
	for i, k := range order {
		n := rng.IntN(parts)
		to[n].Add(&all[k])
		if parts > 1 && i%4096 == 4095 { // as a hunter shares what it noted from time to time
			k := 1 + rng.IntN(parts-1)
			to[0].Merge(to[k])
			to[k] = to[0].Fresh()
		}
	}
	for _, p := range to[1:] {
		to[0].Merge(p)
	}
	return to[0]
}
