package guard

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin/wire"
)

// The written form of a Book is pieces by name: one of names that are of one account, and for each session one or more. The first
// piece of a session has all of it, those that follow what was added since; when these come to more than the first, they are
// made one. Of results, secrets and commands there are only hashes in it, under the owner's key.

// written is the version of the written form.
const written = 2

// ErrWritten is returned for bytes that are no calls of agents, or calls of another version.
var ErrWritten = errors.New("these are no calls of agents that can be read")

const (
	commonPiece = "names"
	leastWhole  = 16 << 10 // bytes of later pieces of a session that are not worth making one of all
	mostPatches = 32       // later pieces that are so
)

// stored is what a store has of a session.
type stored struct {
	pieces wire.Chain
	clean  bool // it has all
	given  bool // it was given all
	whole  bool // the session is to be written as a whole
	broken bool // and that since it was given
	has    tail // what it has
	gave   tail // what it was given

	undated int   // calls and verdicts when none had a time
	since   int64 // from when on it had so many
}

// A tail says how much there was of what is only added to.
type tail struct{ calls, kept, verdicts, targets, words, shown int }

func (s *stored) change() { s.clean, s.given = false, false }

// anew says that something of what a store has is no longer there.
func (s *stored) anew() {
	s.change()
	s.whole, s.broken = true, true
}

// Save gives out the pieces of the written form that have changed since the last Save that was kept, at first all, and names
// those that are as they were. What was given counts as kept when [Book.Saved] is called; else the next Save gives it again.
// Pieces that are neither put nor kept are gone.
func (b *Book) Save(put func(name string, piece []byte) error, keep func(name string)) error {
	if b.common.Clean {
		keep(commonPiece)
	} else {
		b.common.Given = true
		if err := put(commonPiece, b.written()); err != nil {
			return err
		}
	}
	for _, x := range b.sessions {
		if err := b.saveSession(x, put, keep); err != nil {
			return err
		}
	}
	return nil
}

func (b *Book) saveSession(x *session, put func(string, []byte) error, keep func(string)) error {
	s := &x.store
	long := s.pieces.Long(leastWhole, mostPatches)
	all := s.clean && s.pieces.Len() > 0
	whole := !all && (s.whole || long)
	if whole {
		s.pieces.Cut()
		s.has, s.whole = tail{}, true
	}
	s.pieces.Each(func(n uint64) { keep(b.pieceName(x, n)) })
	if all {
		return nil
	}
	w := writer{}
	w.session(x, whole)
	s.gave = x.tail()
	written := w.All(written)
	s.given, s.broken = true, false
	return put(b.pieceName(x, s.pieces.Next(len(written))), written)
}

// tail is how much there is by now.
func (x *session) tail() tail {
	return tail{len(x.calls), len(x.kept), len(x.verdicts), len(x.newTargets), len(x.taint.fresh[0]), len(x.taint.fresh[1])}
}

// Saved says that all that the last Save gave is kept for good.
func (b *Book) Saved() {
	b.common.Settle()
	for _, x := range b.sessions {
		s := &x.store
		if !s.pieces.Settle() {
			continue
		}
		s.clean, s.given = s.clean || s.given, false
		s.has = s.gave
		s.whole = s.whole && (s.broken || s.pieces.Len() > 1)
		x.newTargets = slices.Clone(x.newTargets[s.has.targets:])
		x.taint.fresh[0] = slices.Clone(x.taint.fresh[0][s.has.words:])
		x.taint.fresh[1] = slices.Clone(x.taint.fresh[1][s.has.shown:])
		s.has.targets, s.has.words, s.has.shown = 0, 0, 0
	}
}

func (b *Book) pieceName(x *session, number uint64) string {
	return fmt.Sprintf("%016x.%08x", b.hash.of(x.id), number)
}

type writer struct {
	wire.Lister
	last int64 // the time that was written last
}

func (w *writer) hashes(all []uint64) {
	w.Uint(uint64(len(all)))
	for _, h := range all {
		w.Fixed(h)
	}
}

// session writes a session: all of it, or what a store does not have.
func (w *writer) session(x *session, whole bool) {
	has := x.store.has
	w.Ref(x.id)
	w.Flags(whole)
	for _, s := range []string{x.principal, x.parent, x.run, x.agent, x.folder} {
		w.Ref(s)
	}
	w.stamp(&x.folderAt)
	for _, n := range []int{x.low, x.telling, x.letGo, x.more, x.store.undated} {
		w.Uint(uint64(n))
	}
	w.Int(x.store.since)
	w.Uint(uint64(len(x.work)))
	for i, n := range x.work {
		w.Ref(trades[i].name)
		w.Uint(uint64(n))
	}
	if whole {
		w.Refs(slices.Sorted(maps.Keys(x.targets)))
		w.hashes(slices.Sorted(maps.Keys(x.taint.words)))
		w.hashes(slices.Sorted(maps.Keys(x.taint.shown)))
	} else {
		w.Refs(x.newTargets)
		w.hashes(x.taint.fresh[0])
		w.hashes(x.taint.fresh[1])
	}
	w.Uint(uint64(len(x.calls) - has.calls))
	for i := range x.calls[has.calls:] {
		c := &x.calls[has.calls+i]
		w.stamp(&c.stamp)
		w.Fixed(c.id)
		w.Fixed(c.said)
		w.Ref(c.format)
		w.Byte(byte(c.saw))
	}
	w.Uint(uint64(len(x.kept) - has.kept))
	for i := range x.kept[has.kept:] {
		w.call(&x.kept[has.kept+i])
	}
	w.Uint(uint64(len(x.verdicts) - has.verdicts))
	for i := range x.verdicts[has.verdicts:] {
		v := &x.verdicts[has.verdicts+i]
		w.call(&v.call)
		w.Ref(v.request)
	}
}

func (w *writer) stamp(s *stamp) {
	w.Int(s.at - w.last)
	w.last = s.at
	w.Ref(s.source)
	w.Uint(s.record)
}

func (w *writer) call(c *call) {
	w.stamp(&c.stamp)
	w.time(c.place.Time)
	w.Ref(c.place.Source)
	w.Uint(c.place.Record)
	w.Ref(c.id)
	w.Ref(c.text)
	w.Flags(c.low)
	w.Refs(c.gave)
	w.Uint(uint64(len(c.deeds)))
	for i := range c.deeds {
		d := &c.deeds[i]
		w.Ref(d.kind)
		w.Ref(d.row.ID)
		w.Flags(d.heard, d.named, d.wanted, d.told, d.copied, d.flowing)
		w.Refs(d.about)
	}
	w.Uint(uint64(len(c.acts)))
	for i := range c.acts {
		a := &c.acts[i]
		for _, s := range []string{a.tactic, a.technique, a.verb, a.tool, a.text, a.credential, a.ground, a.sent} {
			w.Ref(s)
		}
		w.Byte(byte(a.level), byte(a.outcome))
		w.Flags(a.own, a.row != nil, a.via)
		if a.row != nil {
			w.Ref(a.row.ID)
			w.Ref(a.row.Title)
			w.Byte(byte(a.row.Level))
			w.Refs(a.row.Tags)
		}
		w.Refs(a.strings)
		w.Uint(uint64(len(a.on)))
		for k := range a.on {
			t := &a.on[k]
			w.Ref(t.name)
			w.Ref(t.group)
			wide := ""
			if t.wide.IsValid() {
				wide = t.wide.String()
			}
			w.Ref(wide)
		}
	}
}

func (w *writer) time(t time.Time) {
	if t.IsZero() {
		w.Uint(0)
		return
	}
	w.Uint(1)
	w.Int(t.Unix())
	w.Uint(uint64(t.Nanosecond()))
}

// written is the piece of what is of no session.
func (b *Book) written() []byte {
	w := writer{}
	w.Int(b.lost)
	pairs := slices.SortedFunc(maps.Keys(b.alias), func(x, y [2]string) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	w.Uint(uint64(len(pairs)))
	for _, p := range pairs {
		w.Ref(p[0])
		w.Ref(p[1])
	}
	return w.All(written)
}
