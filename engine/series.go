package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
	"github.com/tocsin-ids/tocsin/wire"
)

const (
	// maxHeld bounds the hits that a State keeps in their written form, in bytes: about a fifth of what they say.
	maxHeld = 32 << 20

	// Room for writing hits is kept for the next time if it is no more than so many bytes, or than four times what was written.
	mostWriting = 1 << 20

	// A stretch of hits is full with so many bytes, or when it spans so long.
	fullStretch = 64 << 10
	longStretch = time.Hour
)

// A series is a State's correlations: hits that are new, those that can still be part of a match, and the written form of
// both, since what was judged of them is not written but judged again.
type series struct {
	state   *State
	witness *witness
	shelf   *tocsin.Shelf
	fresh   *sigma.Correlator // since the last advance
	all     *sigma.Correlator
	told    map[[16]byte]time.Time // matches by key, and when they were
	held    []*stretchOfHits       // in order; all but the last are full
	number  int                    // of the last
	bytes   int
	dropped tocsin.LetGo
	quiet   bool // what is found was told before

	written, packed []byte // room for hold
}

// A stretchOfHits is hits that were taken in between two marks, in their written form, as they came advance by advance.
type stretchOfHits struct {
	number      int // 0: of what waits
	from, until time.Time
	n           int64
	blobs       [][]byte
	bytes       int
	saved       wire.Saved
}

func newSeries(s *State) *series {
	r := &series{state: s, told: map[[16]byte]time.Time{}, all: s.options.Set.Correlator(&tocsin.Shelf{})}
	r.witness = newWitness(s.options.Set, s.options.Knowledge, s.options.Key, s.options.Known, func(a *tocsin.Action) { s.pages.Add(a) })
	r.empty()
	return r
}

func (r *series) empty() {
	r.shelf = &tocsin.Shelf{}
	r.fresh = r.state.options.Set.Correlator(r.shelf)
}

func (r *series) add(ev *tocsin.Event, rules []int) {
	r.fresh.Add(ev, r.shelf.Put(r.fresh.Thin(ev)), rules...)
}

// MergeHits takes over what a worker collected of hits of the rules of a set, which is to be the State's, on a shelf of its own:
//
//	c.Add(ev, shelf.Put(c.Thin(ev)), rules...)
//
// Neither collector nor shelf is to be used afterwards. Hits of another set than the State's, which was changed meanwhile, are
// let go and counted.
func (s *State) MergeHits(set *sigma.Set, c *sigma.Correlator) {
	hits := c.Stats().Hits
	switch {
	case s.series == nil || hits == 0:
	case set != s.options.Set:
		s.lose(lostHits, hits)
	default:
		s.series.fresh.Merge(c)
	}
}

// advance tells what is certain by a mark. A nil series tells nothing.
func (r *series) advance(mark time.Time) {
	if r == nil {
		return
	}
	if r.hold(mark) {
		r.all.Merge(r.fresh)
	}
	r.all.Advance(mark, r.found)
	r.empty()
}

// hold writes down the hits that are new, as those until a mark, and says whether there were any.
func (r *series) hold(mark time.Time) bool {
	n := r.fresh.Stats().Hits
	if n == 0 {
		return false
	}
	var err error
	if r.written, err = r.fresh.AppendBinary(r.written[:0]); err != nil {
		r.dropped.N += n
		return true
	}
	var last *stretchOfHits
	if k := len(r.held); k > 0 {
		last = r.held[k-1]
	}
	if last == nil || last.bytes >= fullStretch || mark.Sub(last.from) >= longStretch {
		r.number++
		last = &stretchOfHits{number: r.number, from: mark}
		r.held = append(r.held, last)
	}
	r.packed = s2.Encode(r.packed[:cap(r.packed)], r.written)
	b := bytes.Clone(r.packed) // a third of what room was made for
	if cap(r.written) > max(mostWriting, 4*len(r.written)) {
		r.written, r.packed = nil, nil
	}
	last.add(mark, n, b)
	for r.bytes += len(b); r.bytes > maxHeld && len(r.held) > 1; {
		r.drop(true)
	}
	return true
}

func (h *stretchOfHits) add(mark time.Time, n int64, b []byte) {
	if mark.After(h.until) {
		h.until = mark
	}
	h.n += n
	h.bytes += len(b)
	h.blobs = append(h.blobs, b)
	h.saved.Change()
}

// drop lets go the first stretch.
func (r *series) drop(count bool) {
	h := r.held[0]
	r.held = slices.Clone(r.held[1:])
	r.bytes -= h.bytes
	if count {
		r.dropped.N += h.n
		r.dropped.To = h.until
	}
}

// found takes a match. What a correlation says of an event that was noted is one more verdict about its actions.
func (r *series) found(m *tocsin.Match) {
	if _, again := r.told[m.Key]; !again {
		r.told[m.Key] = m.Time
		if r.state.options.Known == nil || !r.state.options.Known(m) {
			r.witness.again(m)
		}
	}
	if r.state.options.Matches != nil && !r.quiet {
		r.state.options.Matches(m)
	}
}

// forget lets go the hits of advances before a time.
func (r *series) forget(before time.Time) {
	if r == nil {
		return
	}
	for len(r.held) > 0 && r.held[0].until.Before(before) {
		r.drop(false)
	}
	for k, at := range r.told {
		if at.Before(before) {
			delete(r.told, k)
		}
	}
}

// save gives out the stretches of hits that changed: those that were taken in, and those that wait. Nil series have none.
func (r *series) save(put func(string, []byte) error, keep func(string)) error {
	if r == nil {
		return nil
	}
	for _, h := range r.held {
		if h.saved.Clean {
			keep(h.name())
			continue
		}
		h.saved.Given = true
		if err := put(h.name(), h.written()); err != nil {
			return err
		}
	}
	if n := r.fresh.Stats().Hits; n > 0 {
		b, err := r.fresh.AppendBinary(nil)
		if err != nil {
			return err
		}
		waiting := stretchOfHits{from: r.state.mark}
		waiting.add(r.state.mark, n, s2.Encode(nil, b))
		return put(waiting.name(), waiting.written())
	}
	return nil
}

// waitingHits names the piece of the hits that no advance has taken in.
const waitingHits = "waiting"

func (h *stretchOfHits) name() string {
	if h.number == 0 {
		return waitingHits
	}
	return fmt.Sprintf("%08x", h.number)
}

// written is the number of hits, the times, and then each blob after its length.
func (h *stretchOfHits) written() []byte {
	b := binary.AppendVarint(nil, h.n)
	for _, t := range []time.Time{h.from, h.until} {
		b = binary.AppendVarint(b, t.Unix())
		b = binary.AppendVarint(b, int64(t.Nanosecond()))
	}
	for _, x := range h.blobs {
		b = append(binary.AppendUvarint(b, uint64(len(x))), x...)
	}
	return b
}

var errHits = errors.New("these are no hits of correlations")

// hitsOf is the written form of hits that a blob holds, compressed.
func hitsOf(blob []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(blob); err != nil || n > maxPiece {
		return nil, errHits
	}
	b, err := s2.Decode(nil, blob)
	if err != nil {
		return nil, errHits
	}
	return b, nil
}

func readStretch(b []byte) (*stretchOfHits, error) {
	var head [5]int64
	for i := range head {
		n, k := binary.Varint(b)
		if k <= 0 {
			return nil, errHits
		}
		head[i], b = n, b[k:]
	}
	h := &stretchOfHits{n: max(0, head[0]), from: time.Unix(head[1], head[2]).UTC(), until: time.Unix(head[3], head[4]).UTC()}
	for len(b) > 0 {
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return nil, errHits
		}
		h.blobs = append(h.blobs, b[k:][:n])
		h.bytes += int(n)
		b = b[k:][n:]
	}
	return h, nil
}

func (r *series) settle() {
	if r != nil {
		for _, h := range r.held {
			h.saved.Settle()
		}
	}
}

// load judges written hits again, up to a mark. What they tell was told.
func (r *series) load(pieces map[string][]byte, mark time.Time, bad func(string, error)) {
	if r == nil {
		return
	}
	var all []*stretchOfHits
	for name, b := range pieces {
		h, err := readStretch(b)
		if err == nil && name != waitingHits {
			_, err = fmt.Sscanf(name, "%08x", &h.number)
		}
		if err != nil || name != h.name() {
			bad(name, errHits)
			continue
		}
		r.number = max(r.number, h.number)
		h.saved.Clean = h.number > 0
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *stretchOfHits) int { return cmp.Compare(uint(a.number-1), uint(b.number-1)) }) // what waits is the last
	r.replay(all, mark, bad)
}

// replay takes in stretches of hits. Those of other rules are let go and counted.
func (r *series) replay(all []*stretchOfHits, mark time.Time, bad func(string, error)) {
	r.quiet = true
	defer func() { r.quiet = false }()
	var waiting *stretchOfHits
	for _, h := range all {
		var err error
		for _, b := range h.blobs {
			if b, err = hitsOf(b); err == nil {
				err = r.fresh.UnmarshalBinary(b)
			}
			if err != nil {
				break
			}
		}
		switch {
		case errors.Is(err, sigma.ErrHitsRules), errors.Is(err, sigma.ErrHitsVersion):
			r.state.lose(lostHits, h.n)
		case err != nil:
			bad(h.name(), err)
		case h.number == 0:
			waiting = h
		default:
			r.held = append(r.held, h)
			r.bytes += h.bytes
		}
	}
	r.all.Merge(r.fresh)
	r.all.Advance(mark, r.found)
	r.empty()
	if waiting == nil {
		return
	}
	if n := len(r.held); n > 0 && r.held[n-1].bytes < fullStretch {
		last := r.held[n-1]
		for _, b := range waiting.blobs {
			last.add(waiting.until, 0, b)
		}
		last.n += waiting.n
	} else {
		r.number++
		waiting.number = r.number
		r.held = append(r.held, waiting)
	}
	r.bytes += waiting.bytes
}

// renewed is a series of the rules that the State now has, which goes on with the hits of those before.
func (r *series) renewed(s *State) *series {
	if s.options.Set == nil {
		return nil
	}
	n := newSeries(s)
	if r == nil {
		return n
	}
	r.hold(s.mark)
	n.number, n.dropped = r.number, r.dropped
	n.replay(r.held, s.mark, func(string, error) { n.dropped.N++ })
	return n
}

func (r *series) letGo() []tocsin.LetGo {
	if r == nil || r.dropped.N == 0 {
		return nil
	}
	l := r.dropped
	l.Kind, l.Why = "correlation hits", "stretches of them that a restart will not know of, to bound memory"
	return []tocsin.LetGo{l}
}
