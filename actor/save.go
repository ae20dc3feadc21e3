package actor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/wire"
)

// Pages are written in pieces: a small one for what they have in common, and for each page one or more. The first piece of a
// page has all of it, those that follow have the doers that changed since, whole; when these come to more than the first one,
// and when a page is sealed, they are made one. Each piece stands alone: it begins with the texts that it refers to by number.

// keptPage is what a store has of a page.
type keptPage struct {
	pieces wire.Chain
	stir   wire.Saved // doers that changed or are gone
	facts  wire.Saved
	whole  wire.Saved // not clean: it is to be written as a whole
	head   pageHead
	given  pageHead
	gone   []goneDoer
}

// A goneDoer is one that is no longer in a page.
type goneDoer struct {
	st        stratum
	who, host int32
	given     bool
}

// pageHead is what is written of a page besides doers and facts.
type pageHead struct {
	since                 int64
	sealed, pinned, fixed bool
	noted                 [strata]int64
	gone                  [strata]stretched
}

func (p *page) head() pageHead {
	h := pageHead{since: p.since, sealed: p.sealed, pinned: p.pinned, fixed: p.fixed}
	for st := range strata {
		h.noted[st], h.gone[st] = p.of[st].noted, p.of[st].gone
	}
	return h
}

// touch notes that a doer of a page changes.
func (p *page) touch(d *doer) {
	d.saved.Change()
	p.kept.stir.Change()
	p.gone.known = false
}

// anew notes that all of a page changes.
func (p *page) anew() {
	p.kept.whole.Change()
	p.gone.known = false
}

// learned notes that the facts of a page change.
func (p *page) learned() {
	p.kept.facts.Change()
	p.kept.stir.Change()
}

// remove takes a doer out of a page.
func (p *page) remove(st stratum, d *doer) {
	delete(p.of[st].doers, doerKey(d.who, d.host))
	p.notes, p.whole, p.fixed, p.gone.known = nil, nil, false, false
	if !d.stored {
		return
	}
	p.kept.stir.Change()
	if p.kept.gone = append(p.kept.gone, goneDoer{st: st, who: d.who, host: d.host}); len(p.kept.gone) > mostGone {
		p.anew()
		p.kept.gone = nil
	}
}

// What of later pieces is not worth making one piece of all: so many bytes, and so many pieces.
const (
	leastWhole  = 32 << 10
	mostPatches = 64
	mostGone    = 1 << 14 // doers that are no longer there
)

// commonPiece names the piece of what pages have in common.
const commonPiece = "pages"

// Save gives out the pieces of the written form that have changed since the last Save that was kept, at first all, and names
// those that are as they were. What was given counts as kept when [Pages.Saved] is called; else the next Save gives it again.
// Pieces that are neither put nor kept are gone. It seals nothing: pages that are open are open again when they are read.
func (s *Pages) Save(put func(name string, piece []byte) error, keep func(name string)) error {
	s.given = s.given[:0]
	if err := s.commonSaved.Save(commonPiece, s.common(), put, keep); err != nil {
		return err
	}
	for _, p := range s.inOrder() {
		if err := s.savePage(p, put, keep); err != nil {
			return err
		}
	}
	return nil
}

// Saved says that all that the last Save gave is kept for good.
func (s *Pages) Saved() {
	s.commonSaved.Settle()
	for _, d := range s.given {
		d.saved.Settle()
	}
	clear(s.given)
	s.given = s.given[:0]
	for _, p := range s.pages {
		k := &p.kept
		if k.pieces.Settle() {
			k.head = k.given
			k.gone = slices.DeleteFunc(k.gone, func(g goneDoer) bool { return g.given })
		}
		k.stir.Settle()
		k.facts.Settle()
		k.whole.Settle()
	}
}

func (s *Pages) savePage(p *page, put func(string, []byte) error, keep func(string)) error {
	k := &p.kept
	head := p.head()
	long := k.pieces.Long(leastWhole, mostPatches)
	all := k.pieces.Len() > 0 && k.whole.Clean && k.stir.Clean && k.head == head
	whole := !all && (long || !k.whole.Clean)
	if whole {
		k.pieces.Cut()
	}
	k.pieces.Each(func(n uint64) { keep(s.pieceName(p, n)) })
	if all {
		return nil
	}
	b := s.writePage(p, head, whole)
	k.given = head
	k.stir.Given, k.facts.Given, k.whole.Given = true, true, true
	return put(s.pieceName(p, k.pieces.Next(len(b))), b)
}

// pieceName names a piece of a page.
func (s *Pages) pieceName(p *page, number uint64) string {
	if p.source != none {
		return fmt.Sprintf("0-%016x.%08x", s.t.hashes[p.source], number)
	}
	return fmt.Sprintf("%016x.%08x", p.slot, number)
}

// common is the written form of what pages have in common.
func (s *Pages) common() []byte {
	w := wire.Writer{B: []byte{written}}
	for _, n := range []int64{s.mark, s.before, s.old.n, s.old.when.from, s.old.when.to, s.late.n, s.late.when.from, s.late.when.to, int64(s.blocks)} {
		w.Int(n)
	}
	for _, g := range s.cleared {
		w.Int(g.n)
		w.Int(g.when.from)
		w.Int(g.when.to)
	}
	for st := range strata {
		w.Int(int64(s.cap[st]))
		w.Int(int64(s.ticks[st]))
		w.Int(int64(s.own[st]))
	}
	return w.B
}

func (s *Pages) readCommon(b []byte) bool {
	r := wire.Reader{B: b}
	n := NewPages(s.key)
	if r.Byte() != written {
		return false
	}
	var blocks int64
	for _, x := range []*int64{&n.mark, &n.before, &n.old.n, &n.old.when.from, &n.old.when.to, &n.late.n, &n.late.when.from, &n.late.when.to, &blocks} {
		*x = r.Int()
	}
	for i := range n.cleared {
		n.cleared[i].n, n.cleared[i].when.from, n.cleared[i].when.to = r.Int(), r.Int(), r.Int()
	}
	n.blocks = int(min(max(blocks, 1), maxBlocks))
	for st := range strata {
		n.cap[st] = int(min(max(r.Int(), 1), int64(bounds[st])))
		n.ticks[st] = int(min(max(r.Int(), 1), ownTicks))
		n.own[st] = int(min(max(r.Int(), leastOwn), int64(bounds[st])))
	}
	if !r.Whole() {
		return false
	}
	s.mark, s.before, s.old, s.late, s.blocks, s.cleared, s.cap, s.ticks, s.own = n.mark, n.before, n.old, n.late, n.blocks, n.cleared, n.cap, n.ticks, n.own
	s.commonSaved.Had(b)
	return true
}

// writePage is a piece of a page: all of it, or what changed.
func (s *Pages) writePage(p *page, h pageHead, whole bool) []byte {
	about := 0
	if whole { // a deed with its ticks has some 200 bytes
		about = 1024
		for st := range strata {
			about += 200 * p.of[st].n
		}
	}
	w := s.t.writes(about)
	w.Int(p.slot)
	w.name(p.source)
	w.Int(h.since)
	facts := whole || !p.kept.facts.Clean
	w.Flags(h.sealed, h.pinned, h.fixed, whole, facts)
	for st := range strata {
		w.Int(h.noted[st])
		w.Int(h.gone[st].from)
		w.Int(h.gone[st].to)
	}
	if facts {
		w.facts(p)
	}
	gone := p.kept.gone
	for i := range gone {
		gone[i].given = true
	}
	if whole {
		gone = nil
	}
	w.Uint(uint64(len(gone)))
	for _, g := range gone {
		w.Byte(byte(g.st))
		w.name(g.who)
		w.name(g.host)
	}
	for st := range strata {
		w.doers(&p.of[st], func(d *doer) bool {
			if !whole && d.saved.Clean {
				return false
			}
			d.saved.Given, d.stored = true, true
			s.given = append(s.given, d)
			return true
		})
	}
	return w.whole()
}

func (w *pageWriter) facts(p *page) {
	facts := slices.SortedFunc(maps.Keys(p.facts), func(x, y fact) int {
		return cmp.Or(cmp.Compare(w.t.all[x.folder], w.t.all[y.folder]), cmp.Compare(w.t.text(x.name), w.t.text(y.name)))
	})
	w.Uint(uint64(len(facts)))
	for _, f := range facts {
		w.name(f.folder)
		w.name(f.name)
		w.Flags(p.facts[f])
	}
}

// LoadPages reads the pieces of the written form of an owner's pages. What cannot be read is told to bad, and left out. rule gives
// the rule of an id and title, or nil; then the deeds keep what was written of it.
func LoadPages(pieces map[string][]byte, key Key, rule func(id, title string) *tocsin.Rule, bad func(name string, err error)) *Pages {
	s := NewPages(key)
	rules := map[ruleKey]*tocsin.Rule{}
	if b, ok := pieces[commonPiece]; ok && !s.readCommon(b) {
		bad(commonPiece, ErrWritten)
	}
	spoilt := map[string]bool{} // pages
	for _, name := range slices.Sorted(maps.Keys(pieces)) {
		if name == commonPiece {
			continue
		}
		of, numbered, _ := strings.Cut(name, ".")
		var number uint64
		_, err := fmt.Sscanf(numbered, "%08x", &number)
		var p *page
		if err == nil {
			p, err = s.readPage(pieces[name], rules, rule)
		}
		if err == nil && s.pieceName(p, number) != name {
			err = fmt.Errorf("%w: this is a piece of another page", ErrWritten)
		}
		if err != nil {
			spoilt[of] = true
			bad(name, err)
			continue
		}
		s.apply(p, number, len(pieces[name]))
	}
	for _, p := range s.pages {
		of, _, _ := strings.Cut(s.pieceName(p, 0), ".")
		p.kept.stir.Clean, p.kept.facts.Clean, p.kept.whole.Clean = true, true, !spoilt[of]
		p.kept.head = p.head()
		for st := range strata {
			l := &p.of[st]
			for _, d := range l.doers {
				d.saved.Clean, d.stored = true, true
				l.n += min(len(d.deeds), share[st])
			}
		}
	}
	s.replay()
	return s
}

// readPage reads a piece of a page.
func (s *Pages) readPage(b []byte, rules map[ruleKey]*tocsin.Rule, rule func(id, title string) *tocsin.Rule) (*page, error) {
	r := pageReader{Reader: wire.Reader{B: b}, s: s, rules: rules, rule: rule}
	r.head()
	p := &page{slot: r.Int(), source: r.name(), since: r.Int()}
	f := r.Byte()
	p.sealed, p.pinned, p.fixed = f&1 != 0, f&2 != 0, f&4 != 0
	p.kept.whole.Clean, p.kept.facts.Clean = f&8 == 0, f&16 == 0
	if p.slot < 0 || p.slot >= far/slotLength || (p.slot == 0) != (p.source != none) {
		r.Bad = true
	}
	for st := range strata {
		l := &p.of[st]
		l.noted, l.gone.from, l.gone.to = r.Int(), r.Int(), r.Int()
	}
	if f&16 != 0 {
		p.facts = map[fact]bool{}
		for n := r.Count(1); n > 0 && !r.Bad; n-- {
			f := fact{r.must(), r.must()}
			p.facts[f] = r.Byte()&1 != 0
		}
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		g := goneDoer{st: stratum(r.Byte()), who: r.name(), host: r.name()}
		r.Bad = r.Bad || g.st >= strata
		p.kept.gone = append(p.kept.gone, g)
	}
	for st := range strata {
		r.doers(&p.of[st])
	}
	if !r.Whole() {
		return nil, fmt.Errorf("%w: it ends early, or holds what no page holds", ErrWritten)
	}
	return p, nil
}

// apply adds what was read of a page to what was read before.
func (s *Pages) apply(p *page, number uint64, size int) {
	k := pageKey{p.slot, p.source}
	have := s.pages[k]
	if have == nil || !p.kept.whole.Clean {
		if have != nil {
			p.kept.pieces = have.kept.pieces // to be dropped
		}
		s.pages[k] = p
	} else {
		have.since, have.sealed, have.pinned, have.fixed = p.since, p.sealed, p.pinned, p.fixed
		if !p.kept.facts.Clean {
			have.facts = p.facts
		}
		for _, g := range p.kept.gone {
			delete(have.of[g.st].doers, doerKey(g.who, g.host))
		}
		for st := range strata {
			l, from := &have.of[st], &p.of[st]
			l.noted, l.gone = from.noted, from.gone
			if l.doers == nil {
				l.doers = from.doers
			} else {
				maps.Copy(l.doers, from.doers)
			}
		}
		p = have
	}
	p.kept.gone = nil
	p.kept.pieces.Had(number, size)
}

// Rename gives deeds the rules that ids and titles now have; nil is what was written of them. rule may be nil.
func (s *Pages) Rename(rule func(id, title string) *tocsin.Rule) {
	if rule == nil {
		return
	}
	for _, p := range s.pages {
		for st := range strata {
			for _, d := range p.of[st].doers {
				for _, x := range d.deeds {
					for i, r := range x.rules {
						if now := rule(r.ID, r.Title); now != nil {
							x.rules[i] = now
						}
					}
					slices.SortStableFunc(x.rules, worse)
				}
			}
		}
	}
}

// Mark is the latest mark up to which pages were sealed.
func (s *Pages) Mark() time.Time { return when(s.mark) }
