package sigma

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Finish is Advance to the end of time: it emits all matches there are, each as it ends. Nothing is left in the collector,
// which can be used anew.
func (c *Correlator) Finish(emit func(*tocsin.Match)) {
	c.advance(math.MaxInt64, emit)
	*c = *newCorrelator(c.set, c.shelf)
}

// Advance emits the matches that are certain once no event earlier than mark will come, and forgets what no later window
// can hold. It emits them in the order of the time of their last event, then of its host, source and record, then of the
// rules. They stay valid.
//
// A match is emitted when its window first holds, if its bounds only ask for more, and at the end of its run of events
// otherwise. What forbids events waits for a timespan of silence after them. Where a burst goes on after its match was
// emitted, the match is emitted once more when the burst has ended, with the same Key, and "events" and "until" as they then
// are; such updates come first. The last match of each Key is what one Finish of all events gives.
//
// An event before the mark of an earlier Advance is late. It counts in windows that are still open: a timespan back from
// that mark. Those that end with it or after it and share no event with a window that held are judged anew. What is older is
// left out. Stats counts both.
//
// What is kept is what lies within a timespan of the mark (with "not", two), of the burst or run of events that goes on, and,
// for correlations that others build on, the timespans of those; a correlation over one that is bounded from above waits for
// the end of its runs, but for no more than maxWait of its timespans. Each call costs a pass over it. The shelf, and those of
// merged collectors, are not needed any more after the call: their users may empty them.
func (c *Correlator) Advance(mark time.Time, emit func(*tocsin.Match)) {
	at := int64(math.MaxInt64)
	switch y := mark.Year(); {
	case y < firstYear:
		at = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	case y <= lastYear:
		at = mark.UnixNano()
	}
	c.advance(max(at, c.mark), emit)
}

// Events outside these years have no part: a timespan before and after must fit into 64 bits of nanoseconds.
const (
	firstYear = 1900
	lastYear  = 2150
)

// maxWait is for how many of its timespans a run of events is waited for by correlations over its correlation. What is
// decided later is late for them.
const maxWait = 64

// minTables is how many numbers are not worth looking for unused ones.
const minTables = 1 << 12

// back is a time less a timespan.
func back(at, span int64) int64 {
	switch {
	case at == math.MaxInt64:
		return at
	case at < math.MinInt64+span:
		return math.MinInt64
	}
	return at - span
}

// reach is how far before the time up to which windows are judged an input can matter.
func (j *join) reach() int64 {
	if j.forbids() {
		return 2 * j.span
	}
	return j.span
}

// forbids says whether an event can undo what holds.
func (j *join) forbids() bool {
	return slices.ContainsFunc(j.terms, func(t term) bool { return len(t.neg) > 0 })
}

// horizon is the time before which no input can matter any more.
func (l *lane) horizon(j *join) int64 { return back(l.judged, j.reach()) }

// advance judges all windows that end before a time.
func (c *Correlator) advance(mark int64, emit func(*tocsin.Match)) {
	if c.replay == nil {
		c.replay = newReplay(c.set)
		if c.shelf != nil {
			c.replay.shelves[0].Pack, c.replay.shelves[0].Unpack = c.shelf.Pack, c.shelf.Unpack
		}
	}
	r := c.replay
	r.parts = append([]*Correlator{c}, c.parts...)
	c.count()
	r.order()
	r.join()
	var found []find
	var closed []*burst
	for _, j := range c.set.list {
		l := &r.lanes[j.index]
		in := mark
		for _, s := range j.slots {
			for _, child := range r.set.list[:j.index] {
				if slices.Contains(s.rules, child.rule) {
					in = min(in, r.lanes[child.index].known)
				}
			}
		}
		upto := in
		if j.forbids() {
			upto = back(upto, j.span)
		}
		upto = max(upto, l.judged)
		r.gather(j)
		m := newMeter(j, l, r.moments, upto, c.set.heard[j.rule])
		m.run()
		closed = append(closed, m.closed...)
		if c.set.heard[j.rule] {
			found = r.finds(found, j, m.opened)
		}
		l.judged = upto
		l.known = max(l.known, min(upto, max(m.pending, back(upto, maxWait*min(j.span, math.MaxInt64/4/maxWait)))))
		r.forget(j, mark == math.MaxInt64)
	}
	c.emit(found, closed, emit)
	if mark < math.MaxInt64 {
		r.compact()
		r.sweep()
	}
	c.renew(mark)
}

// count counts what is late.
func (c *Correlator) count() {
	if c.mark == math.MinInt64 {
		return
	}
	for rule, feeds := range c.set.feeds {
		if len(feeds) == 0 {
			continue
		}
		horizon := int64(math.MaxInt64)
		for _, j := range feeds {
			horizon = min(horizon, c.replay.lanes[j.index].horizon(j))
		}
		width := 1 + len(c.set.columns[rule])
		for _, p := range c.replay.parts {
			for hits := p.hits[rule]; len(hits) > 0; hits = hits[width:] {
				if at := p.kept[hits[0]].at; at < c.mark {
					c.stats.Late++
					if at < horizon {
						c.stats.Past++
					}
				}
			}
		}
	}
}

// renew makes the collector ready for what comes next.
func (c *Correlator) renew(mark int64) {
	for _, p := range c.parts {
		c.stats.add(p.stats)
	}
	r := c.replay
	c.stats.Past += r.past
	r.past, r.parts, r.ranks, r.to, r.unused = 0, nil, nil, nil, nil
	r.values = &values{texts: r.values.texts} // it may be the collector's
	next := newCorrelator(c.set, c.shelf)
	next.stats, next.replay, next.mark, next.gone = c.stats, r, mark, c.stats.Undated
	*c = *next
}

// emit makes the matches and gives them out, updates first.
func (c *Correlator) emit(found []find, closed []*burst, emit func(*tocsin.Match)) {
	r := c.replay
	closed = slices.DeleteFunc(closed, func(b *burst) bool { return b.events == b.said })
	slices.SortFunc(closed, func(a, b *burst) int {
		return cmp.Or(a.told.Time.Compare(b.told.Time), slices.Compare(a.told.Key[:], b.told.Key[:]))
	})
	for _, b := range closed {
		m := *b.told
		m.Held = b.held(&m, m.Held[:b.named])
		emit(&m)
	}
	slices.SortFunc(found, func(a, b find) int {
		x, y := &r.moments[a.rank], &r.moments[b.rank]
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.host, y.host), cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.join.rule, b.join.rule), cmp.Compare(a.key, b.key))
	})
	for i := range found {
		emit(r.match(&found[i]))
		found[i].series = nil
	}
}

// forget gives back the memory of what only j and correlations before it have to do with: of hits, and at the end of all.
func (r *replay) forget(j *join, end bool) {
	ahead := func(by *join) bool { return by.index > j.index }
	for _, s := range j.slots {
		for _, rule := range s.rules {
			if !slices.ContainsFunc(r.set.feeds[rule], ahead) {
				for _, p := range r.parts {
					p.hits[rule] = nil
				}
			}
		}
	}
	if !end {
		return
	}
	for _, k := range r.set.list[:j.index+1] {
		if !r.needed(k, ahead) {
			r.lanes[k.index] = lane{judged: math.MaxInt64, known: math.MaxInt64}
		}
	}
}

// needed says whether a correlation ahead builds on k, or on one that does.
func (r *replay) needed(k *join, ahead func(*join) bool) bool {
	return slices.ContainsFunc(r.set.feeds[k.rule], func(by *join) bool { return ahead(by) || r.needed(by, ahead) })
}

// order takes the events of the collectors in among those that are kept, by time; those of one time by source and record,
// and those of one record as they came.
func (r *replay) order() {
	hosts, sources := [][]string{r.hosts}, [][]string{r.sources}
	total := 0
	for _, p := range r.parts {
		total += len(p.kept)
		hosts, sources = append(hosts, p.hosts.text), append(sources, p.sources.text)
	}
	var hostRank, sourceRank [][]uint32
	r.hosts, hostRank = rankNames(hosts)
	r.sources, sourceRank = rankNames(sources)
	for i := range r.moments {
		m := &r.moments[i]
		m.source, m.host, m.event = sourceRank[0][m.source], hostRank[0][m.host], uint32(i)
	}
	fresh := make([]moment, 0, total)
	r.shelves, r.ranks = r.shelves[:1], make([][]uint32, len(r.parts))
	for i, p := range r.parts {
		r.shelves = append(r.shelves, p.shelf)
		r.ranks[i] = make([]uint32, len(p.kept))
		for e, k := range p.kept {
			fresh = append(fresh, moment{k.at, k.record, sourceRank[i+1][k.source], hostRank[i+1][k.host], uint32(i + 1), uint32(e), k.slot, k.content})
		}
	}
	slices.SortFunc(fresh, moment.compare)
	to := r.mix(fresh)
	for i := range r.lanes {
		in := r.lanes[i].inputs
		for k := range in {
			in[k].rank, in[k].shown = to[in[k].rank], to[in[k].shown]
		}
	}
}

func (a moment) compare(b moment) int {
	if a.at != b.at {
		return cmp.Compare(a.at, b.at)
	}
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.record, b.record),
		cmp.Compare(a.part, b.part), cmp.Compare(a.event, b.event))
}

// mix takes new moments in among the others, tells new ranks of these, and notes those of the new ones: for an event that
// came before, the first one's.
func (r *replay) mix(fresh []moment) (to []uint32) {
	to = make([]uint32, len(r.moments))
	all := fresh
	if len(r.moments) > 0 {
		all = make([]moment, 0, len(r.moments)+len(fresh))
		old := r.moments
		for len(old) > 0 || len(fresh) > 0 {
			if len(fresh) == 0 || len(old) > 0 && old[0].compare(fresh[0]) < 0 {
				all, old = append(all, old[0]), old[1:]
			} else {
				all, fresh = append(all, fresh[0]), fresh[1:]
			}
		}
	}
	r.moments = all
	same := map[uint64]uint32{}
	for from := 0; from < len(all); {
		end, news := from+1, all[from].part > 0
		for ; end < len(all) && all[from].twin(&all[end]); end++ {
			news = news || all[end].part > 0
		}
		clear(same)
		for i := from; i < end; i++ {
			m, rank := &all[i], uint32(i)
			if news && end > from+1 {
				content := r.content(m)
				if first, ok := same[content]; ok {
					rank = first
				} else {
					same[content] = rank
				}
			}
			if m.part == 0 {
				to[m.event] = rank
			} else {
				r.ranks[m.part-1][m.event] = rank
			}
		}
		for i := from; i < end && len(same) > 1; i++ {
			all[i].content |= shared
		}
		from = end
	}
	return to
}

// twin says whether two moments are of one record: the same event delivered twice, or several events of the record.
func (a *moment) twin(b *moment) bool {
	return a.at == b.at && a.source == b.source && a.record == b.record && a.host == b.host && a.record != 0
}

// content tells apart what events of one record say.
func (r *replay) content(m *moment) uint64 {
	if m.content == 0 {
		r.shelves[m.part].Load(m.slot, &r.ev)
		r.room, m.content = contentOf(r.room, &r.ev)
	}
	return m.content &^ shared
}

// shared marks the content of an event that is one of several of its record, and so not told by its place alone.
const shared = 1

// contentOf is a hash of all that an event says: not 0, and without the mark. The room is given back.
func contentOf(room []byte, ev *tocsin.Event) ([]byte, uint64) {
	b := room[:0]
	for _, f := range ev.Fields {
		b = appendPart(appendPart(b, f.Name), f.Value)
	}
	b = appendPart(b, ev.Raw)
	sum := sha256.Sum256(b)
	return b, max(2, binary.BigEndian.Uint64(sum[:])&^shared)
}

// rankNames sorts names of several lists, and gives the numbers of each list their ranks.
func rankNames(lists [][]string) ([]string, [][]uint32) {
	var all []string
	for _, list := range lists {
		all = append(all, list...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	ranks := make([][]uint32, len(lists))
	for i, list := range lists {
		for _, n := range list {
			at, _ := slices.BinarySearch(all, n)
			ranks[i] = append(ranks[i], uint32(at))
		}
	}
	return all, ranks
}

// join numbers the values of all collectors: as they were before, or else as the one with the most of them does.
func (r *replay) join() {
	if len(r.values.texts.text) == 0 {
		for _, p := range r.parts {
			if len(p.values.texts.text) > len(r.values.texts.text) {
				r.values = &p.values
			}
		}
	}
	r.to = make([][]uint32, len(r.parts))
	for i, p := range r.parts {
		if r.values != &p.values {
			r.to[i] = r.values.texts.join(&p.values.texts)
		}
	}
}

// A late is the inputs of a group that come before the time up to which it is judged.
type late struct {
	first int32
	n     int64
}

// take takes new inputs in among those of a lane, both by group and in order.
func (r *replay) take(j *join, in []input) {
	l := &r.lanes[j.index]
	l.late, l.fresh = nil, len(l.outputs)
	if len(l.inputs) == 0 && l.judged == math.MinInt64 {
		l.inputs = slices.CompactFunc(in, func(a, b input) bool { return j.again(&a, &b) })
		return
	}
	old := l.inputs
	all := make([]input, 0, len(old)+len(in))
	to := make([]int32, len(old))
	for o, n := 0, 0; o < len(old) || n < len(in); {
		mine := n == len(in) || o < len(old) && r.before(j, &old[o], &in[n])
		var x *input
		if mine {
			x = &old[o]
		} else {
			x = &in[n]
		}
		twice := len(all) > 0 && j.again(&all[len(all)-1], x)
		if !twice {
			all = append(all, *x)
		}
		if mine {
			to[o] = int32(len(all) - 1)
			o++
			continue
		}
		n++
		if !twice && r.moments[x.rank].at < l.judged {
			if l.late == nil {
				l.late = map[uint32]late{}
			}
			t, ok := l.late[x.group]
			if !ok {
				t.first = int32(len(all) - 1)
			}
			t.n++
			l.late[x.group] = t
		}
	}
	l.inputs = all
	l.move(to)
}

// before says whether an input a that was there comes before a new one.
func (r *replay) before(j *join, a, b *input) bool {
	if a.group != b.group {
		return a.group < b.group
	}
	return r.compare(j, a, b) <= 0
}

// move renumbers inputs; each that something refers to has a new number.
func (l *lane) move(to []int32) {
	for i := range l.outputs {
		o := &l.outputs[i]
		o.lo, o.hi = to[o.lo], to[o.hi]
	}
	for group, s := range l.states {
		if s.held >= 0 {
			s.held = to[s.held]
		}
		if s.have && s.best.lo >= 0 {
			s.best.lo, s.best.hi = to[s.best.lo], to[s.best.hi]
		}
		l.states[group] = s
	}
}
