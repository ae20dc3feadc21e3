package actor

import (
	"cmp"
	"slices"
)

// leastOwn is how many deeds on all pages together a doer may have, however little memory there is.
const leastOwn = 64

// A reach is on which pages a doer did something that is not ordinary.
type reach struct {
	n     int // deeds, on each page as far as its share goes
	pages []pageKey
}

// spread takes account of a new deed of a doer: who is on very many pages, which forged times can make, takes no more
// memory from others than who is on one.
func (s *Pages) spread(p *page, d *doer, st stratum) {
	if st == plain {
		return // it is put away, or sampled by page
	}
	if s.by[st] == nil {
		s.by[st] = map[int64]*reach{}
	}
	k := doerKey(d.who, d.host)
	r := s.by[st][k]
	if r == nil {
		r = &reach{}
		s.by[st][k] = r
	}
	r.n++
	if key := (pageKey{p.slot, p.source}); len(r.pages) == 0 || r.pages[len(r.pages)-1] != key && len(d.deeds) == 1 {
		r.pages = append(r.pages, key)
	}
	if r.n > s.own[st]+s.own[st]/slack {
		s.cutReach(k, r, st)
	}
}

// cutReach leaves a doer its own deeds on all pages together.
func (s *Pages) cutReach(k int64, r *reach, st stratum) {
	type one struct {
		p    *page
		x    *deed
		rank uint64
	}
	var all []one
	slices.SortFunc(r.pages, func(a, b pageKey) int { return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.source, b.source)) })
	r.pages = slices.Compact(r.pages)
	for _, key := range r.pages {
		p := s.pages[key]
		if p == nil || p.of[st].doers[k] == nil {
			continue
		}
		l := &p.of[st]
		s.t.cut(p, st, l.doers[k], share[st])
		for _, x := range l.doers[k].deeds {
			all = append(all, one{p, x, s.t.rank(x, p.slot)})
		}
	}
	r.n = len(all)
	if len(all) <= s.own[st] {
		return
	}
	s.unmeet()
	slices.SortFunc(all, func(a, b one) int { return cmp.Compare(a.rank, b.rank) })
	gone := map[*deed]bool{}
	touched := map[*page]bool{}
	for _, o := range all[s.own[st]:] {
		gone[o.x], touched[o.p] = true, true
	}
	for p := range touched {
		l := &p.of[st]
		d := l.doers[k]
		before := min(l.n, s.cap[st])
		d.deeds = slices.DeleteFunc(d.deeds, func(x *deed) bool {
			if gone[x] {
				l.gone.add(x.first, x.last)
				l.n--
			}
			return gone[x]
		})
		d.index = nil
		d.reindex()
		if p.touch(d); len(d.deeds) == 0 {
			p.remove(st, d)
		}
		s.n[st] -= before - min(l.n, s.cap[st])
		p.notes, p.whole, p.fixed = nil, nil, false
	}
	r.n = s.own[st]
	r.pages = slices.DeleteFunc(r.pages, func(key pageKey) bool {
		p := s.pages[key]
		if p == nil || p.of[st].doers[k] == nil {
			s.clear(key, p)
			return true
		}
		return false
	})
}

// thin halves what each doer may have on all pages together, until all have room or each has little.
func (s *Pages) thin(st stratum) {
	s.reached()
	for s.own[st] > leastOwn {
		sum := 0
		for _, r := range s.by[st] {
			sum += min(r.n, s.own[st])
		}
		if sum <= bounds[st] {
			break
		}
		s.own[st] /= 2
	}
	for k, r := range s.by[st] {
		if r.n > s.own[st] {
			s.cutReach(k, r, st)
		}
	}
}

// clear lets go a page on which nothing is left. What was noted on it stays counted.
func (s *Pages) clear(key pageKey, p *page) {
	if p == nil || p.sealed {
		return
	}
	for st := range strata {
		if len(p.of[st].doers) > 0 {
			return
		}
	}
	for st := range strata {
		to := &s.cleared[0]
		if st == telling {
			to = &s.cleared[1]
		}
		to.n += p.of[st].lost()
		to.when.add(p.of[st].gone.from, p.of[st].gone.to)
	}
	delete(s.pages, key)
	if s.lastPage == p {
		s.lastPage = nil
	}
}

// reached counts anew on which pages doers are, after pages came or went.
func (s *Pages) reached() {
	for st := company; st < strata; st++ {
		s.by[st] = map[int64]*reach{}
		for key, p := range s.pages {
			for k, d := range p.of[st].doers {
				r := s.by[st][k]
				if r == nil {
					r = &reach{}
					s.by[st][k] = r
				}
				r.n += min(len(d.deeds), share[st])
				r.pages = append(r.pages, key)
			}
		}
	}
}
