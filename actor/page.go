package actor

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/wire"
)

// slotLength is the stretch of time that a page covers. Its ends are whole multiples of it since 1970.
const slotLength = int64(10 * time.Minute)

// A stratum is deeds that share bounds, so that what is ordinary never crowds out what is telling.
type stratum uint8

const (
	plain   stratum = iota // ordinary use: informational
	company                // telling in number or company only: low
	telling                // by itself: medium and above
	strata
)

func stratumOf(l tocsin.Level) stratum {
	switch {
	case l >= tocsin.Medium:
		return telling
	case l == tocsin.Low:
		return company
	}
	return plain
}

// share is how many deeds one doer may have in a page.
var share = [strata]int{plain: 256, company: 512, telling: 1024}

// A page is what was done in one slot. Its parts merge in any order to the same page.
type page struct {
	slot   int64
	sealed bool  // its time is over; what comes all the same is late
	source int32 // of what has no time: the log; else none
	since  int64 // of what has no time: when it came, by the owner's mark
	pinned bool  // it is older than the horizon and holds only what told campaigns need
	of     [strata]layer
	facts  map[fact]bool // true: it was known when the page was taken for what is usual

	notes []*note // in order; nil until somebody asks and after something was added
	fixed bool    // the weights in notes are final
	whole []*note // notes, and those of ordinary use that was wanted when it was asked for last
	sign  uint64  // of what was wanted then

	gone gone // what of it was let go
	kept keptPage
}

// again opens a page that holds only what is pinned, for something new that has no time.
func (p *page) again(mark int64) {
	if p.pinned {
		p.pinned, p.since = false, mark
	}
}

// A layer is a stratum of a page.
type layer struct {
	doers map[int64]*doer
	n     int       // deeds, each doer's as far as its share goes
	noted int64     // actions that were ever added
	gone  stretched // when the actions that are no longer here happened
}

// A doer is what one name did in a layer.
type doer struct {
	who    int32 // none where it is not known who did it; then deeds are of one host
	host   int32 // none where it is known
	deeds  []*deed
	index  map[[2]int32]int32 // deeds by host and kind, where there are many
	ticks  tocsin.Ticks
	ticked int32 // ticks that were ever added
	saved  wire.Saved
	stored bool // a store may have it, as it is or was
}

// A stretched is a stretch of time that grows. The zero one is empty.
type stretched struct{ from, to int64 }

func (s *stretched) add(from, to int64) {
	if from == 0 {
		return
	}
	if s.from == 0 {
		s.from, s.to = from, to
		return
	}
	s.from, s.to = min(s.from, from), max(s.to, to)
}

// A fact is that logs from a folder tell of a host or of an organisation.
type fact struct{ folder, name int32 }

// maxFacts bounds those of a page.
const maxFacts = 4096

// doerKey tells doers of a layer apart.
func doerKey(who, host int32) int64 {
	if who == none {
		return int64(host)<<1 | 1
	}
	return int64(who) << 1
}

func (l *layer) doer(who, host int32) *doer {
	k := doerKey(who, host)
	d := l.doers[k]
	if d == nil {
		if d = (&doer{who: who, host: host}); who != none {
			d.host = none
		}
		if l.doers == nil {
			l.doers = map[int64]*doer{}
		}
		l.doers[k] = d
	}
	return d
}

// deed is the one of a host and kind. It is made if there is none.
func (d *doer) deed(host, kind int32) (_ *deed, isNew bool) {
	if d.index != nil {
		if i, ok := d.index[[2]int32{host, kind}]; ok {
			return d.deeds[i], false
		}
	} else {
		for _, x := range d.deeds {
			if x.kind == kind && x.host == host {
				return x, false
			}
		}
	}
	x := &deed{host: host, kind: kind, org: none, row: none, at: place{source: none}}
	if d.deeds = append(d.deeds, x); len(d.deeds) > 8 {
		d.reindex()
	}
	return x, true
}

// reindex keeps the index of a doer with many deeds.
func (d *doer) reindex() {
	if len(d.deeds) <= 8 {
		d.index = nil
		return
	}
	if n := len(d.deeds) - 1; d.index != nil && len(d.index) == n {
		d.index[[2]int32{d.deeds[n].host, d.deeds[n].kind}] = int32(n)
		return
	}
	d.index = make(map[[2]int32]int32, 2*len(d.deeds))
	for i, x := range d.deeds {
		d.index[[2]int32{x.host, x.kind}] = int32(i)
	}
}

// deedHash orders the deeds of a doer for sampling.
func (t *nameTable) deedHash(d *deed) uint64 {
	h := t.kindHash[d.kind]
	if d.host != none {
		h = mix(t.hashes[d.host], h)
	}
	return h
}

// doerHash orders doers for sampling: the same on every page.
func (t *nameTable) doerHash(d *doer) uint64 {
	if d.who == none {
		return t.hashes[d.host]
	}
	return t.hashes[d.who]
}

// rank orders the deeds of a doer for sampling: on one page, and over all.
func (t *nameTable) rank(d *deed, slot int64) uint64 {
	return mix(t.deedHash(d), uint64(slot)*0x9e3779b97f4a7c15)
}

// cut leaves a doer most deeds of a page.
func (t *nameTable) cut(p *page, st stratum, d *doer, most int) {
	if len(d.deeds) <= most {
		return
	}
	l := &p.of[st]
	p.touch(d)
	p.notes, p.whole, p.fixed = nil, nil, false
	slices.SortFunc(d.deeds, func(x, y *deed) int { return cmp.Compare(t.rank(x, p.slot), t.rank(y, p.slot)) })
	for _, x := range d.deeds[most:] {
		l.gone.add(x.first, x.last)
	}
	clear(d.deeds[most:])
	d.deeds, d.index = d.deeds[:most], nil
	d.reindex()
}

// trim leaves a layer of a page most deeds: those of the doers whose hashes are smallest.
func (t *nameTable) trim(p *page, st stratum, most int) {
	l := &p.of[st]
	for _, d := range l.doers {
		t.cut(p, st, d, share[st])
	}
	if l.n <= most {
		return
	}
	all := make([]*doer, 0, len(l.doers))
	for _, d := range l.doers {
		all = append(all, d)
	}
	slices.SortFunc(all, func(x, y *doer) int { return cmp.Compare(t.doerHash(x), t.doerHash(y)) })
	left := most
	for _, d := range all {
		if left == 0 {
			for _, x := range d.deeds {
				l.gone.add(x.first, x.last)
			}
			p.remove(st, d)
			continue
		}
		t.cut(p, st, d, left)
		left -= len(d.deeds)
	}
	l.n = most - left
}

// cutTicks keeps the first ones of a doer of a page.
func (p *page) cutTicks(d *doer, most int) {
	if len(d.ticks) <= most {
		return
	}
	p.touch(d)
	d.ticks.Sort()
	d.ticks = d.ticks[:most:most]
}

// where is the number of the machine of an action: its host or, where the log does not name its machine, a stand-in for
// it: the folder in which the log lies.
func (s *Pages) where(a *tocsin.Action) int32 {
	if a.Host != "" {
		if a.Host != s.lastHost {
			s.lastHost = strings.Clone(a.Host)
			s.lastHostName = s.t.name("host:", a.Host)
		}
		return s.lastHostName
	}
	return s.lastFolder
}

// source makes a log the last one met.
func (s *Pages) source(source string) {
	if source == s.lastSource && s.lastSourceName != none {
		return
	}
	i := max(0, strings.LastIndexByte(source, '/'))
	s.lastSource = strings.Clone(source)
	s.lastFolder = s.t.name("path:", source[:i])
	s.lastSourceName = s.t.name(source)
}

// nanos is a time in Unix nanoseconds; 0 for what has none, or none that they can hold. The first slot of 1970 stands for
// no time.
func nanos(t time.Time) int64 {
	if t.Year() < 1970 || t.Year() > 2261 || t.Unix() < slotLength/int64(time.Second) {
		return 0
	}
	return t.UnixNano()
}

// over says that a page ended before a time.
func over(slot, before int64) bool { return slot != 0 && (slot+1)*slotLength <= before }

func when(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// far is later than all times.
const far = int64(math.MaxInt64)
