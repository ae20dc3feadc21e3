package actor

import (
	"iter"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/wire"
)

// How much ordinary use is in memory before it is put away, where there is a place for that.
const (
	awayDeeds = 1 << 15
	awayTicks = 1 << 18
)

// PutAway lets ordinary use be put away: nearly all of it is of nobody who is ever told of, and there may be any amount. put
// takes pieces that are its own; TakeBack takes from them what is wanted after all. Without a place, what is more than its
// bound is sampled.
func (s *Pages) PutAway(put func(piece []byte)) { s.put = put }

// putAway puts all ordinary use away.
func (s *Pages) putAway() {
	s.unmeet()
	for k, p := range s.pages {
		l := &p.of[plain]
		if len(l.doers) == 0 {
			continue
		}
		s.put(s.piece(k, l))
		l.noted -= l.told() // it is not lost
		l.doers, l.n = nil, 0
		p.anew()
		p.notes, p.whole, p.fixed = nil, nil, false
	}
	s.n[plain] = 0
	s.countTicks()
	s.countBlocks()
}

// piece is the written form of a layer of ordinary use.
func (s *Pages) piece(k pageKey, l *layer) []byte {
	p := s.t.writes(0)
	p.Int(k.slot)
	p.name(k.source)
	p.layer(l)
	return p.whole()
}

// TakeBack takes from pieces that were put away what is wanted: the ordinary use of those that did something else as well.
// What is left is of nobody who is told of. Nothing is put away any more.
func (s *Pages) TakeBack(pieces iter.Seq[[]byte]) error {
	s.put = nil
	wanted := map[string]bool{}
	for n, called := range s.wanted() {
		wanted[s.t.all[n]] = called
	}
	for _, name := range s.called() {
		wanted[name] = true
	}
	rules := map[ruleKey]*tocsin.Rule{}
	for b := range pieces {
		one := NewPages(s.key)
		r := pageReader{Reader: wire.Reader{B: b}, s: one, rules: rules}
		r.head()
		k := pageKey{slot: r.Int(), source: r.name()}
		p := &page{slot: k.slot, source: k.source}
		r.layer(&p.of[plain], 2*share[plain])
		if !r.Whole() {
			return ErrWritten
		}
		one.pages[k] = p
		l := &p.of[plain]
		these := names{}
		for i, n := range one.t.all {
			if called, ok := wanted[n]; ok {
				these[int32(i)] = called
			}
		}
		for key, d := range l.doers {
			if !one.t.wants(these, d) {
				delete(l.doers, key)
			}
		}
		if len(l.doers) == 0 {
			continue
		}
		l.noted, l.n = l.told(), 0
		for _, d := range l.doers {
			l.n += min(len(d.deeds), share[plain])
		}
		s.Merge(one)
	}
	return nil
}
