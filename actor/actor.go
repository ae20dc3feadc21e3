// Package actor says who is behind actions: it joins the addresses, accounts, sessions and agents that one doer goes by,
// with the evidence that joins them, and judges what drives it.
//
// [Pages] take actions in any order, as many as come, in bounded memory: what happened in ten minutes is a page. Pages of
// several readers are merged, and the same actions give the same pages however they were shared out.
// [Pages.Actors] joins what is in them. [Pages.Save] gives out their written form in pieces, of which those that changed are given
// again, and [LoadPages] reads it back. Nothing here reads a clock: times are the actions'.
//
// What is bounded is bounded by rules that do not depend on order, and nobody crowds anybody out: a doer has a share of a
// page; of doers beyond what memory is given to, those with the smallest hashes under the owner's [Key] stay; of pages, the
// fullest are cut first; and what is ordinary is let go before what is telling. What was let go is counted.
package actor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/wire"
)

// Bounds of Pages, in all.
var bounds = [strata]int{plain: 400_000, company: 1 << 17, telling: 1 << 17}

// maxTicks are those of a stratum, in all: what is ordinary does not cost what is telling its times.
var maxTicks = [strata]int{plain: 1 << 18, company: 1 << 18, telling: 1 << 18}

const (
	ownTicks  = 4096    // of a doer, in a page
	allBlocks = 1 << 21 // of places, in all

	// ahead is how far beyond their bounds ticks and places may be while pages fill, as a factor: some of them are of doers
	// that will not stay.
	ahead = 2

	// slack is how far beyond a bound something may grow before it is cut back to it, as a share of it.
	slack = 4
)

// Pages are what an owner (a hunt, or a tenant) has noted of the actions it met. They are used by one goroutine at a time.
type Pages struct {
	key   Key
	t     nameTable
	pages map[pageKey]*page
	usual usual
	made  map[*tocsin.Actor][]*note // of the actors that were made last, what they did

	stirred bool  // see Stirred
	asked   names // whose ordinary use was wanted when actors were made last; nil: none were made

	cap    [strata]int // deeds of a page
	own    [strata]int // deeds of a doer on all pages together
	by     [strata]map[int64]*reach
	n      [strata]int // deeds in all, each page's as far as cap goes
	tickN  [strata]int // ticks in all, each doer's as far as ticks goes
	ticks  [strata]int // the most ticks of a doer, in a page
	blocks int         // the most blocks of a deed
	blockN int
	alive  int // names and kinds that were in use when the table was last swept

	given       []*doer // to the store, by the last Save
	commonSaved wire.Small

	put     func([]byte)    // puts ordinary use away
	mark    int64           // up to when pages are sealed
	before  int64           // what is older is let go
	old     letGo           // what was older than that
	cleared [2]letGo        // quiet and telling actions of pages on which nothing is left
	late    letGo           // what came after its page was sealed; it is kept
	bulk    []tocsin.Aside  // see Bulk
	repin   bool            // pinned has changed
	pinned  map[string]bool // IDs of actors whose telling deeds outlive the horizon

	lastSource     string
	lastSourceName int32
	lastFolder     int32
	lastHost       string
	lastHostName   int32
	lastPage       *page
	lastKey        pageKey
	lastFact       [3]int32 // folder, host, organisation
	lastFactOf     *page
	lastOrg        string
	lastOrgName    int32
	lastSensor     string
	lastSensorName int32 // none where it is to be looked up
	met            [256]met
	added          uint
}

// A pageKey tells pages apart. What has no time is put by its source.
type pageKey struct {
	slot   int64
	source int32 // none where there is a time
}

// NewPages makes empty ones. What they sample depends on the key; what they hold otherwise does not.
func NewPages(key Key) *Pages {
	return &Pages{key: key, t: newTable(key), pages: map[pageKey]*page{}, usual: usual{of: map[uint64]*often{}, seen: map[uint64]*watch{}},
		cap: bounds, own: bounds, ticks: [strata]int{ownTicks, ownTicks, ownTicks}, blocks: maxBlocks, lastSourceName: none, lastHostName: none, lastSensorName: none, lastFact: [3]int32{none, none, none}}
}

// Fresh makes empty ones of the same owner.
func (s *Pages) Fresh() *Pages { return NewPages(s.key) }

// Add notes an action. Nothing of it is kept but copies.
func (s *Pages) Add(a *tocsin.Action) {
	at := nanos(a.Time)
	if over(at/slotLength, s.before) {
		if !a.Again && (len(a.Who) > 0 || stratumOf(a.Level) != plain) {
			s.old.n++
			s.old.when.add(at, at)
		}
		return
	}
	s.source(a.Place.Source)
	host := s.where(a)
	p := s.page(at)
	s.fact(p, a, host)
	st := stratumOf(a.Level)
	if len(a.Who) == 0 && st == plain {
		return // what a machine does as always is told of nobody
	}
	p.notes, p.whole, p.fixed = nil, nil, false
	if p.sealed && !a.Again {
		s.late.n++
		s.late.when.add(at, at)
	}
	l := &p.of[st]
	d := s.doer(p, st, a, host)
	p.touch(d)
	x, isNew := d.deed(host, s.t.kind(a))
	before := len(x.blocks)
	tick, words := tickOf(a)
	s.t.note(x, a, at, s.lastSourceName, s.orgOf(a), s.sensorOf(a), words, st == plain)
	s.blockN += len(x.blocks) - before
	s.stir(st, d, x)
	if !a.Again {
		l.noted++
	}
	if isNew {
		s.more(p, l, d, st)
	}
	if d.who != none && tick.Time != 0 && !a.Again {
		d.ticks = append(d.ticks, tick)
		d.ticked++
		if len(d.ticks) <= s.ticks[st] {
			s.tickN[st]++
		} else if len(d.ticks) >= 2*s.ticks[st] {
			p.cutTicks(d, s.ticks[st])
		}
	}
	if most := s.most(st); len(x.blocks) >= 2*most {
		s.blockN -= len(x.blocks)
		s.t.tidy(x, most)
		s.blockN += len(x.blocks)
	}
	if s.added++; isNew || s.added%64 == 0 {
		s.bound()
	}
}

// A met is a doer that was met not long ago: who acts acts again soon.
type met struct {
	name string
	page *page
	st   stratum
	d    *doer
}

// doer is who acts, on a page.
func (s *Pages) doer(p *page, st stratum, a *tocsin.Action, host int32) *doer {
	if len(a.Who) == 0 {
		return p.of[st].doer(none, host)
	}
	e := &a.Who[0]
	n := len(e.Kind)
	slot := &s.met[0]
	if v := e.Value; len(v) > 0 {
		h := uint32(len(v))
		for i := max(0, len(v)-8); i < len(v); i++ {
			h = h*31 + uint32(v[i])
		}
		slot = &s.met[(h^uint32(st))%uint32(len(s.met))]
	}
	if m := slot; m.page == p && m.st == st && len(m.name) == n+1+len(e.Value) && m.name[:n] == e.Kind && m.name[n+1:] == e.Value {
		return m.d
	}
	who := s.t.entity(*e)
	d := p.of[st].doer(who, host)
	if name := s.t.all[who]; len(name) == n+1+len(e.Value) { // it is written as it came
		*slot = met{name, p, st, d}
	}
	return d
}

// unmeet forgets who was met, whenever doers may be gone.
func (s *Pages) unmeet() { clear(s.met[:]) }

// most is how many blocks of places a deed may have.
func (s *Pages) most(st stratum) int {
	if st == plain {
		return min(s.blocks, maxPlain)
	}
	return s.blocks
}

// more takes account of a new deed.
func (s *Pages) more(p *page, l *layer, d *doer, st stratum) {
	if len(d.deeds) > share[st] {
		if len(d.deeds) >= 2*share[st] {
			s.t.cut(p, st, d, share[st])
		}
		return
	}
	l.n++
	s.spread(p, d, st)
	if l.n <= s.cap[st] {
		s.n[st]++
	} else if l.n > s.cap[st]+s.cap[st]/slack {
		s.trim(p, st)
	}
}

// trim cuts a layer of a page back to its bound.
func (s *Pages) trim(p *page, st stratum) {
	s.unmeet()
	s.t.trim(p, st, s.cap[st])
}

// page is the one of a time; 0 is no time.
func (s *Pages) page(at int64) *page {
	k := pageKey{at / slotLength, none}
	if at == 0 {
		k.source = s.lastSourceName
	}
	if s.lastPage != nil && k == s.lastKey {
		return s.lastPage
	}
	p := s.pages[k]
	if p == nil {
		p = &page{slot: k.slot, source: k.source, since: s.mark}
		s.pages[k] = p
	}
	p.again(s.mark)
	s.lastPage, s.lastKey = p, k
	return p
}

// orgOf is the number of an action's organisation.
func (s *Pages) orgOf(a *tocsin.Action) int32 {
	if a.Org == "" {
		return none
	}
	if a.Org != s.lastOrg {
		s.lastOrg = strings.Clone(a.Org)
		s.lastOrgName = s.t.name("org:", a.Org)
	}
	return s.lastOrgName
}

// sensorOf is the number of an action's sensor.
func (s *Pages) sensorOf(a *tocsin.Action) int32 {
	if a.Sensor != s.lastSensor || s.lastSensorName == none {
		s.lastSensor = strings.Clone(a.Sensor)
		s.lastSensorName = s.t.name(a.Sensor)
	}
	return s.lastSensorName
}

// fact notes of which machine and organisation the logs below a folder tell.
func (s *Pages) fact(p *page, a *tocsin.Action, host int32) {
	org := s.orgOf(a)
	now := [3]int32{s.lastFolder, host, org}
	if now == s.lastFact && p == s.lastFactOf {
		return
	}
	s.lastFact, s.lastFactOf = now, p
	s.learn(p, fact{s.lastFolder, host})
	if org != none {
		s.learn(p, fact{s.t.name("path:", folder(s.lastSource)), org})
	}
}

func (s *Pages) learn(p *page, f fact) {
	if p.facts == nil {
		p.facts = map[fact]bool{}
	}
	if _, ok := p.facts[f]; !ok {
		p.facts[f] = false
		s.stirred = true
		p.learned()
	}
	if len(p.facts) > 2*maxFacts {
		s.forgetFacts(p)
	}
}

// forgetFacts keeps those with the smallest hashes.
func (s *Pages) forgetFacts(p *page) {
	if len(p.facts) <= maxFacts {
		return
	}
	all := make([]fact, 0, len(p.facts))
	for f := range p.facts {
		all = append(all, f)
	}
	slices.SortFunc(all, func(x, y fact) int {
		return cmp.Compare(mix(s.t.hashes[x.folder], s.t.hashes[x.name]), mix(s.t.hashes[y.folder], s.t.hashes[y.name]))
	})
	p.learned()
	for _, f := range all[maxFacts:] {
		delete(p.facts, f)
	}
}

// folder is the path of a source up to the last folder but one: logs of one organisation lie side by side, those of
// its machines in folders side by side.
func folder(source string) string {
	source, _, _ = strings.Cut(source, "!/")
	for range 2 {
		i := strings.LastIndexByte(source, '/')
		if i < 0 {
			return ""
		}
		source = source[:i]
	}
	return source
}

// bound cuts back whatever is more than memory is given to.
func (s *Pages) bound() {
	for st := range strata {
		if s.n[st] > bounds[st]+bounds[st]/slack {
			s.fit(st)
		}
	}
	for st := range strata {
		if s.tickN[st] > ahead*maxTicks[st] {
			s.boundTicks(ahead)
			break
		}
	}
	if s.blockN > ahead*allBlocks {
		s.countBlocks()
		for s.blockN > ahead*allBlocks && s.blocks > 1 {
			s.blocks /= 2
			s.countBlocks()
		}
	}
	if s.put != nil && (s.n[plain] > awayDeeds || s.tickN[plain] > awayTicks) {
		s.putAway()
	}
	if names := len(s.t.all) + len(s.t.kinds); names > 2*s.alive+1<<15 {
		s.sweep()
	}
}

// fit cuts the deeds of a stratum back to what memory is given to: first what single doers have on all pages together,
// then what pages have.
func (s *Pages) fit(st stratum) {
	if st != plain && (s.n[st] > bounds[st] || s.own[st] < bounds[st]) {
		s.thin(st)
	}
	for s.n[st] > bounds[st] && s.cap[st] > 1 {
		s.cap[st] /= 2
		s.recount(st)
	}
}

// recount counts the deeds of a stratum anew, and trims pages that are far beyond their bound.
func (s *Pages) recount(st stratum) {
	s.n[st] = 0
	for _, p := range s.pages {
		l := &p.of[st]
		if l.n > s.cap[st]+s.cap[st]/slack {
			s.trim(p, st)
		}
		s.n[st] += min(l.n, s.cap[st])
	}
}

// settle finds how many ticks and places each may have of what is kept, from what is kept alone. It is only counted where it may be
// too much: what is known without counting is never less.
func (s *Pages) settle() {
	for st := range strata {
		if s.tickN[st] > maxTicks[st] {
			s.boundTicks(1)
			break
		}
	}
	if s.blockN <= allBlocks {
		return
	}
	s.countBlocks()
	for s.blockN > allBlocks && s.blocks > 1 {
		s.blocks /= 2
		s.countBlocks()
	}
}

// boundTicks cuts ticks back to so many times their bounds.
func (s *Pages) boundTicks(times int) {
	s.countTicks()
	for st := range strata {
		for s.tickN[st] > times*maxTicks[st] && s.ticks[st] > 1 {
			s.ticks[st] /= 2
			s.countTicks()
		}
	}
}

func (s *Pages) countTicks() {
	s.tickN = [strata]int{}
	for _, p := range s.pages {
		for st := range strata {
			for _, d := range p.of[st].doers {
				if len(d.ticks) > 2*s.ticks[st] {
					p.cutTicks(d, s.ticks[st])
				}
				s.tickN[st] += min(len(d.ticks), s.ticks[st])
			}
		}
	}
}

func (s *Pages) countBlocks() {
	s.blockN = 0
	for _, p := range s.pages {
		for st := range strata {
			for _, d := range p.of[st].doers {
				for _, x := range d.deeds {
					if len(x.blocks) > 1 && s.t.tidy(x, s.most(st)) {
						p.touch(d)
					}
					s.blockN += len(x.blocks)
				}
			}
		}
	}
}

// Len is the number of deeds.
func (s *Pages) Len() int { return s.n[plain] + s.n[company] + s.n[telling] }

// Heavy says that so much was noted that it is time to share it.
func (s *Pages) Heavy() bool {
	return s.Len() >= awayDeeds/2 || s.tickN[plain]+s.tickN[company]+s.tickN[telling] >= awayTicks/2
}

// Merge adds what other holds, which has the same key; other is not to be used afterwards.
func (s *Pages) Merge(other *Pages) {
	to := make([]int32, len(other.t.all))
	for i, n := range other.t.all {
		to[i] = s.t.number(n)
	}
	kinds := make([]int32, len(other.t.kinds))
	for i, k := range other.t.kinds {
		kinds[i] = s.t.kindNumber(k)
	}
	name := func(i int32) int32 {
		if i == none {
			return none
		}
		return to[i]
	}
	for k, o := range other.pages {
		k.source = name(k.source)
		if over(k.slot, s.before) {
			s.old.all(o)
			continue
		}
		p := s.pages[k]
		if p == nil {
			p = &page{slot: k.slot, source: k.source, since: s.mark}
			s.pages[k] = p
		}
		p.again(s.mark)
		if p.sealed {
			s.late.all(o)
		}
		p.notes, p.whole, p.fixed = nil, nil, false
		for f := range o.facts {
			s.learn(p, fact{to[f.folder], to[f.name]})
		}
		for st := range strata {
			l, from := &p.of[st], &o.of[st]
			l.noted += from.noted
			l.gone.add(from.gone.from, from.gone.to)
			for _, od := range from.doers {
				d := l.doer(name(od.who), name(od.host))
				p.touch(d)
				for _, x := range od.deeds {
					x.host, x.kind, x.org, x.row, x.at.source = name(x.host), kinds[x.kind], name(x.org), name(x.row), name(x.at.source)
					for i := range x.refs {
						x.refs[i].name = to[x.refs[i].name]
					}
					for i := range x.met {
						x.met[i].source = name(x.met[i].source)
					}
					for i := range x.blocks {
						x.blocks[i].source = name(x.blocks[i].source)
					}
					for i := range x.answers {
						x.answers[i].at.source = name(x.answers[i].at.source)
					}
					for i := range x.seen {
						x.seen[i].sensor, x.seen[i].at.source = name(x.seen[i].sensor), name(x.seen[i].at.source)
					}
					have, isNew := d.deed(x.host, x.kind)
					before := len(have.blocks)
					s.t.join(have, x, st == plain)
					s.stir(st, d, have)
					s.blockN += len(have.blocks) - before
					if isNew {
						s.more(p, l, d, st)
					}
				}
				before := min(len(d.ticks), s.ticks[st])
				d.ticks = append(d.ticks, od.ticks...)
				d.ticked += od.ticked
				s.tickN[st] += min(len(d.ticks), s.ticks[st]) - before
				if len(d.ticks) >= 2*s.ticks[st] {
					p.cutTicks(d, s.ticks[st])
				}
			}
		}
	}
	s.old.n += other.old.n
	s.old.when.add(other.old.when.from, other.old.when.to)
	for st := range strata {
		s.cap[st], s.own[st] = min(s.cap[st], other.cap[st]), min(s.own[st], other.own[st])
		s.recount(st)
	}
	for st := range strata {
		s.ticks[st] = min(s.ticks[st], other.ticks[st])
	}
	if other.blocks < s.blocks {
		s.blocks = other.blocks
		s.countBlocks()
	}
	s.bound()
}
