package engine

import (
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// maxHeld bounds the hits that a State keeps in their written form, in bytes.
const maxHeld = 64 << 20

// A series is a State's correlations: hits that are new, those that can still be part of a match, and the written form of
// both, since what was judged of them is not written but judged again.
type series struct {
	state   *State
	witness *witness
	shelf   *tocsin.Shelf
	fresh   *sigma.Correlator // since the last advance
	all     *sigma.Correlator
	told    map[[16]byte]time.Time // matches by key, and when they were
	held    []hits
	bytes   int
	dropped tocsin.LetGo
	quiet   bool // what is found was told before
}

// hits are those of an advance, in their written form.
type hits struct {
	Until   time.Time
	Written []byte
}

func newSeries(s *State) *series {
	r := &series{state: s, told: map[[16]byte]time.Time{}, all: s.options.Set.Correlator(&tocsin.Shelf{})}
	r.witness = newWitness(s.options.Set, s.options.Knowledge, s.options.Key, s.options.Known, func(a *tocsin.Action) {
		s.changed = true
		s.pages.Add(a)
	})
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

// advance tells what is certain by a mark. A nil series tells nothing.
func (r *series) advance(mark time.Time) {
	if r == nil {
		return
	}
	if r.shelf.Bytes() > 0 {
		if b, err := r.fresh.AppendBinary(nil); err == nil {
			r.hold(hits{mark, b})
		}
		r.all.Merge(r.fresh)
	}
	r.all.Advance(mark, r.found)
	r.empty()
}

func (r *series) hold(h hits) {
	r.held = append(r.held, h)
	for r.bytes += len(h.Written); r.bytes > maxHeld && len(r.held) > 1; r.held = r.held[1:] {
		r.bytes -= len(r.held[0].Written)
		r.dropped.N++
		r.dropped.To = r.held[0].Until
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
	for len(r.held) > 0 && r.held[0].Until.Before(before) {
		r.bytes -= len(r.held[0].Written)
		r.held = r.held[1:]
	}
	for k, at := range r.told {
		if at.Before(before) {
			delete(r.told, k)
		}
	}
}

// written are the hits to be written: those that were taken in, and those that wait.
func (r *series) written() []hits {
	if r == nil {
		return nil
	}
	all := r.held
	if b, err := r.fresh.AppendBinary(nil); err == nil && r.shelf.Bytes() > 0 {
		all = append(all[:len(all):len(all)], hits{r.state.mark, b})
	}
	return all
}

// replay judges written hits again, up to a mark. What they tell was told.
func (r *series) replay(all []hits, mark time.Time) error {
	if r == nil {
		return nil
	}
	r.quiet = true
	defer func() { r.quiet = false }()
	for _, h := range all {
		if err := r.fresh.UnmarshalBinary(h.Written); err != nil {
			return err
		}
		r.hold(h)
	}
	r.all.Merge(r.fresh)
	r.all.Advance(mark, r.found)
	r.empty()
	return nil
}

func (r *series) letGo() []tocsin.LetGo {
	if r == nil || r.dropped.N == 0 {
		return nil
	}
	l := r.dropped
	l.Kind, l.Why = "correlation hits", "stretches of them that a restart will not know of, to bound memory"
	return []tocsin.LetGo{l}
}
