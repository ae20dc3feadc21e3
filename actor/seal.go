package actor

import (
	"cmp"
	"slices"
	"time"
)

// Seal closes the pages that end before a time (the zero time: all): they are cut to their bounds, and what is told of
// their deeds is weighed by what was usual until then. What comes for them later is noted all the same, and weighed when
// Seal is called again, but it changes nothing of what is usual.
func (s *Pages) Seal(mark time.Time) {
	end := far
	if !mark.IsZero() {
		end = nanos(mark)
		s.mark = max(s.mark, end)
	}
	var all []*page
	for _, p := range s.pages {
		if !p.fixed && p.slot != 0 && (p.slot+1)*slotLength <= end {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return
	}
	s.stirred = true
	slices.SortFunc(all, func(x, y *page) int { return cmp.Compare(x.slot, y.slot) })
	for st := range strata {
		s.fit(st)
	}
	for _, p := range all {
		s.trimPage(p)
	}
	s.settle()
	for _, p := range all {
		s.cutPage(p)
		p.notes = nil
		s.ready(p, true)
		if !p.sealed {
			p.sealed = true
			s.usual.take(s, p)
		}
	}
}

// Open are the ends of the pages that Seal would close, in order.
func (s *Pages) Open(mark time.Time) []time.Time {
	var ends []int64
	for _, p := range s.pages {
		if end := (p.slot + 1) * slotLength; !p.sealed && p.slot != 0 && end <= nanos(mark) {
			ends = append(ends, end)
		}
	}
	slices.Sort(ends)
	out := make([]time.Time, len(ends))
	for i, end := range ends {
		out[i] = when(end)
	}
	return out
}

// inOrder are the pages in order of time.
func (s *Pages) inOrder() []*page {
	all := make([]*page, 0, len(s.pages))
	for _, p := range s.pages {
		all = append(all, p)
	}
	slices.SortFunc(all, func(x, y *page) int { return cmp.Compare(x.slot, y.slot) })
	return all
}

// trimPage brings the deeds of a page to their bounds exactly, so that it does not matter in which order it was filled.
func (s *Pages) trimPage(p *page) {
	s.unmeet()
	for st := range strata {
		s.t.trim(p, st, s.cap[st])
	}
	s.forgetFacts(p)
}

// cutPage does so with ticks and places.
func (s *Pages) cutPage(p *page) {
	for st := range strata {
		for _, d := range p.of[st].doers {
			p.cutTicks(d, s.ticks[st])
			for _, x := range d.deeds {
				if s.t.tidy(x, s.most(st)) {
					p.touch(d)
				}
			}
		}
	}
}

// Whole seals all pages with what they hold as the measure of what is usual, those to come included: for what lies there
// as a whole.
func (s *Pages) Whole() {
	for st := range strata {
		s.fit(st)
	}
	for _, p := range s.inOrder() {
		s.trimPage(p)
		if !p.sealed && p.slot != 0 {
			p.sealed = true
			s.usual.take(s, p)
		}
	}
	s.Seal(time.Time{})
}

// Stirred says that something was noted, sealed or let go since Actors was called last, by which it may return something else. Ordinary
// use of nobody who did something else as well does not stir.
func (s *Pages) Stirred() bool { return s.stirred || s.asked == nil }

// stir takes account of a deed that changes.
func (s *Pages) stir(st stratum, d *doer, x *deed) {
	if s.stirred {
		return
	}
	if st != plain || s.asked == nil {
		s.stirred = true
		return
	}
	_, ok := s.asked[d.who]
	s.stirred = ok || s.t.leads(s.asked, x)
}
