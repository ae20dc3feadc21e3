package actor

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// sweep makes the table anew of the names and kinds that are in use, so that names die with what was done under them.
func (s *Pages) sweep() {
	old := s.t
	s.t = newTable(s.key)
	s.t.hash = old.hash
	name := func(i *int32) {
		if *i != none {
			*i = s.t.number(old.all[*i])
		}
	}
	pages := make(map[pageKey]*page, len(s.pages))
	for k, p := range s.pages {
		name(&k.source)
		p.source = k.source
		pages[k] = p
		p.notes, p.whole, p.fixed = nil, nil, false
		facts := make(map[fact]bool, len(p.facts))
		for f, taken := range p.facts {
			name(&f.folder)
			name(&f.name)
			facts[f] = taken
		}
		p.facts = facts
		for i := range p.kept.gone {
			name(&p.kept.gone[i].who)
			name(&p.kept.gone[i].host)
		}
		for st := range strata {
			l := &p.of[st]
			doers := make(map[int64]*doer, len(l.doers))
			for _, d := range l.doers {
				name(&d.who)
				name(&d.host)
				doers[doerKey(d.who, d.host)] = d
				for _, x := range d.deeds {
					name(&x.host)
					name(&x.org)
					name(&x.row)
					name(&x.at.source)
					x.kind = s.t.kindNumber(old.kinds[x.kind])
					for i := range x.refs {
						name(&x.refs[i].name)
					}
					for i := range x.met {
						name(&x.met[i].source)
					}
					for i := range x.blocks {
						name(&x.blocks[i].source)
					}
					for i := range x.answers {
						name(&x.answers[i].at.source)
					}
					for i := range x.seen {
						name(&x.seen[i].sensor)
						name(&x.seen[i].at.source)
					}
				}
				d.index = nil
				d.reindex()
			}
			l.doers = doers
		}
	}
	s.pages = pages
	s.lastPage, s.lastSourceName, s.lastHost, s.lastHostName, s.lastOrg, s.lastSensorName, s.lastFact, s.lastFactOf = nil, none, "", none, "", none, [3]int32{none, none, none}, nil
	s.stirred, s.asked = true, nil
	s.unmeet()
	s.reached()
	s.alive = len(s.t.all) + len(s.t.kinds)
}

// Forget lets go the pages that end before a time. Of the actors that are pinned (see Pin) what is telling stays, up to a
// bound for each.
func (s *Pages) Forget(before time.Time) {
	end := nanos(before)
	if end == 0 {
		return
	}
	s.before = max(s.before, end)
	any := false
	for k, p := range s.pages {
		if p.pinned || p.slot == 0 && p.since >= end || p.slot != 0 && !over(p.slot, end) {
			continue
		}
		any = true
		if p.sealed && p.slot != 0 {
			s.usual.drop(s, p)
		}
		stays := false
		s.old.all(p) // less what stays
		for st := range strata {
			l := &p.of[st]
			l.noted, l.gone = 0, stretched{}
			for key, d := range l.doers {
				var rest []*deed
				for _, x := range d.deeds {
					if st != plain && s.pinned[s.name(d)] {
						rest = append(rest, x)
						l.noted += int64(x.n)
					}
				}
				if d.deeds = rest; len(rest) == 0 {
					delete(l.doers, key)
					continue
				}
				p.cutTicks(d, pinnedTicks)
				d.index = nil
				d.reindex()
				stays = true
			}
			l.n = 0
			for _, d := range l.doers {
				l.n += len(d.deeds)
			}
			s.old.n -= l.noted
		}
		if !stays {
			delete(s.pages, k)
			continue
		}
		p.pinned, p.notes, p.facts = true, nil, nil
		p.anew()
		s.ready(p, true)
	}
	if (any || s.repin) && s.unpin() {
		any = true
	}
	if s.repin = false; !any {
		return
	}
	s.stirred = true
	s.lastPage = nil
	s.unmeet()
	for st := range strata {
		s.n[st] = 0
		for _, p := range s.pages {
			s.n[st] += min(p.of[st].n, s.cap[st])
		}
	}
	s.reached()
	s.countTicks()
	s.countBlocks()
}

// name is that of a doer as an actor's ID has it.
func (s *Pages) name(d *doer) string {
	if d.who == none {
		return s.t.text(d.host)
	}
	return s.t.text(d.who)
}

const (
	// maxPinned is how many deeds beyond the horizon a name may have.
	maxPinned = 256
	// pinnedTicks is how many ticks it may have in a page.
	pinnedTicks = 64
)

// Pin names those whose telling deeds outlive the horizon, as KIND:VALUE: the names that told campaigns go by.
func (s *Pages) Pin(names map[string]bool) {
	s.repin = s.repin || !maps.Equal(s.pinned, names)
	s.pinned = names
}

// unpin lets go what pinned pages hold of names that are pinned no more, and what is more than their bound: the first and
// the last ones stay. It says whether there was any such thing.
func (s *Pages) unpin() (any bool) {
	type one struct {
		p *page
		l *layer
		d *doer
		x *deed
	}
	by := map[string][]one{}
	for _, p := range s.pages {
		if !p.pinned {
			continue
		}
		for st := range strata {
			l := &p.of[st]
			for _, d := range l.doers {
				for _, x := range d.deeds {
					by[s.name(d)] = append(by[s.name(d)], one{p, l, d, x})
				}
			}
		}
	}
	for name, all := range by {
		keep := maxPinned
		if !s.pinned[name] {
			keep = 0
		}
		if len(all) <= keep {
			continue
		}
		any = true
		slices.SortFunc(all, func(a, b one) int {
			if a.x.first != b.x.first {
				return cmp.Compare(a.x.first, b.x.first)
			}
			return cmp.Compare(s.t.deedHash(a.x), s.t.deedHash(b.x))
		})
		gone := map[*deed]bool{}
		for _, o := range all[keep/2 : len(all)-(keep-keep/2)] {
			gone[o.x] = true
			s.old.n += int64(o.x.n)
			s.old.when.add(o.x.first, o.x.last)
		}
		for _, o := range all {
			var rest []*deed
			for _, x := range o.d.deeds {
				if !gone[x] {
					rest = append(rest, x)
				} else {
					o.l.noted -= int64(x.n)
				}
			}
			if len(rest) != len(o.d.deeds) {
				o.l.n -= len(o.d.deeds) - len(rest)
				o.p.anew()
				o.d.deeds, o.d.index = rest, nil
				o.d.reindex()
				if len(rest) == 0 {
					delete(o.l.doers, doerKey(o.d.who, o.d.host))
				}
			}
		}
	}
	for k, p := range s.pages {
		if p.pinned && len(p.of[plain].doers)+len(p.of[company].doers)+len(p.of[telling].doers) == 0 {
			delete(s.pages, k)
		} else if p.pinned {
			p.notes = nil
			s.ready(p, true)
		}
	}
	return any
}
