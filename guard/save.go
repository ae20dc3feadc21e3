package guard

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// The written form of a Book is pieces by name: one of names that are of one account, and for each session one or more. The first
// piece of a session has all of it, those that follow what was added since; when these come to more than the first, they are
// made one. Of results, secrets and commands there are only hashes in it, under the owner's key.

// written is the version of the written form.
const written = 1

// ErrWritten is returned for bytes that are no calls of agents, or calls of another version.
var ErrWritten = errors.New("these are no calls of agents that can be read")

const (
	commonPiece = "names"
	leastWhole  = 16 << 10 // bytes of later pieces of a session that are not worth making one of all
	mostPatches = 32       // later pieces that are so
)

// stored is what a store has of a session.
type stored struct {
	pieces []storedPiece
	number uint64
	clean  bool // it has all
	given  bool // it was given all
	whole  bool // the session is to be written as a whole
	broken bool // and that since it was given
	has    tail // what it has
	gave   tail // what it was given

	undated int   // calls and verdicts when none had a time
	since   int64 // from when on it had so many
}

type storedPiece struct {
	number       uint64
	size         int
	clean, given bool
}

// A tail says how much there was of what is only added to.
type tail struct{ calls, kept, verdicts, targets, words, shown int }

func (s *stored) change() { s.clean, s.given = false, false }

// anew says that something of what a store has is no longer there.
func (s *stored) anew() {
	s.change()
	s.whole, s.broken = true, true
}

// savedBytes is a small piece as it was last given.
type savedBytes struct {
	b            []byte
	clean, given bool
}

// Save gives out the pieces of the written form that have changed since the last Save that was kept, at first all, and names
// those that are as they were. What was given counts as kept when [Book.Saved] is called; else the next Save gives it again.
// Pieces that are neither put nor kept are gone.
func (b *Book) Save(put func(name string, piece []byte) error, keep func(name string)) error {
	if common := b.written(); !bytes.Equal(common, b.common.b) {
		b.common = savedBytes{b: common}
	}
	if b.common.clean {
		keep(commonPiece)
	} else {
		b.common.given = true
		if err := put(commonPiece, b.common.b); err != nil {
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
	size := 0
	for i := range s.pieces {
		if !s.pieces[i].clean { // it was given to a Save that was not kept
			s.pieces = s.pieces[:i]
			break
		}
		if i > 0 {
			size += s.pieces[i].size
		}
	}
	all := s.clean && len(s.pieces) > 0
	whole := !all && (s.whole || len(s.pieces) == 0 || size > s.pieces[0].size+leastWhole || len(s.pieces) > mostPatches)
	if whole {
		s.pieces, s.has, s.whole = nil, tail{}, true
	}
	for _, p := range s.pieces {
		keep(b.pieceName(x, p.number))
	}
	if all {
		return nil
	}
	w := writer{of: map[string]uint64{}}
	w.session(x, whole)
	s.gave = x.tail()
	piece := w.all()
	s.number++
	s.given, s.broken = true, false
	s.pieces = append(s.pieces, storedPiece{number: s.number, size: len(piece), given: true})
	return put(b.pieceName(x, s.number), piece)
}

// tail is how much there is by now.
func (x *session) tail() tail {
	return tail{len(x.calls), len(x.kept), len(x.verdicts), len(x.newTargets), len(x.taint.fresh[0]), len(x.taint.fresh[1])}
}

// Saved says that all that the last Save gave is kept for good.
func (b *Book) Saved() {
	b.common.clean, b.common.given = b.common.clean || b.common.given, false
	for _, x := range b.sessions {
		s := &x.store
		n := len(s.pieces)
		if n == 0 || !s.pieces[n-1].given {
			continue
		}
		s.pieces[n-1].clean, s.pieces[n-1].given = true, false
		s.clean, s.given = s.clean || s.given, false
		s.has = s.gave
		s.whole = s.whole && (s.broken || n > 1)
		x.newTargets = slices.Clone(x.newTargets[s.has.targets:])
		x.taint.fresh[0] = slices.Clone(x.taint.fresh[0][s.has.words:])
		x.taint.fresh[1] = slices.Clone(x.taint.fresh[1][s.has.shown:])
		s.has.targets, s.has.words, s.has.shown = 0, 0, 0
	}
}

func (b *Book) pieceName(x *session, number uint64) string {
	return fmt.Sprintf("%016x.%08x", b.hash.of(x.id), number)
}

// A writer numbers texts as it meets them.
type writer struct {
	b     []byte
	texts []string
	of    map[string]uint64
	last  int64 // the time that was written last
}

func (w *writer) uint(n uint64) { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) int(n int64)   { w.b = binary.AppendVarint(w.b, n) }

func (w *writer) flags(all ...bool) {
	f := uint64(0)
	for i, on := range all {
		if on {
			f |= 1 << i
		}
	}
	w.uint(f)
}

func (w *writer) text(s string) {
	n, ok := w.of[s]
	if !ok {
		n = uint64(len(w.texts))
		w.texts = append(w.texts, s)
		w.of[s] = n
	}
	w.uint(n)
}

func (w *writer) list(all []string) {
	w.uint(uint64(len(all)))
	for _, s := range all {
		w.text(s)
	}
}

func (w *writer) hashes(all []uint64) {
	w.uint(uint64(len(all)))
	for _, h := range all {
		w.b = binary.LittleEndian.AppendUint64(w.b, h)
	}
}

// all is what was written, after the version and the texts.
func (w *writer) all() []byte {
	b := binary.AppendUvarint([]byte{written}, uint64(len(w.texts)))
	for _, s := range w.texts {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return append(b, w.b...)
}

// session writes a session: all of it, or what a store does not have.
func (w *writer) session(x *session, whole bool) {
	has := x.store.has
	w.text(x.id)
	w.flags(whole)
	for _, s := range []string{x.principal, x.parent, x.run, x.agent, x.folder} {
		w.text(s)
	}
	w.stamp(&x.folderAt)
	for _, n := range []int{x.low, x.telling, x.letGo, x.more, x.store.undated} {
		w.uint(uint64(n))
	}
	w.int(x.store.since)
	w.uint(uint64(len(x.work)))
	for i, n := range x.work {
		w.text(trades[i].name)
		w.uint(uint64(n))
	}
	if whole {
		w.list(slices.Sorted(maps.Keys(x.targets)))
		w.hashes(slices.Sorted(maps.Keys(x.taint.words)))
		w.hashes(slices.Sorted(maps.Keys(x.taint.shown)))
	} else {
		w.list(x.newTargets)
		w.hashes(x.taint.fresh[0])
		w.hashes(x.taint.fresh[1])
	}
	w.uint(uint64(len(x.calls) - has.calls))
	for i := range x.calls[has.calls:] {
		c := &x.calls[has.calls+i]
		w.stamp(&c.stamp)
		w.b = binary.LittleEndian.AppendUint64(w.b, c.id)
		w.b = binary.LittleEndian.AppendUint64(w.b, c.said)
		w.text(c.format)
		w.b = append(w.b, byte(c.saw))
	}
	w.uint(uint64(len(x.kept) - has.kept))
	for i := range x.kept[has.kept:] {
		w.call(&x.kept[has.kept+i])
	}
	w.uint(uint64(len(x.verdicts) - has.verdicts))
	for i := range x.verdicts[has.verdicts:] {
		v := &x.verdicts[has.verdicts+i]
		w.call(&v.call)
		w.text(v.request)
	}
}

func (w *writer) stamp(s *stamp) {
	w.int(s.at - w.last)
	w.last = s.at
	w.text(s.source)
	w.uint(s.record)
}

func (w *writer) call(c *call) {
	w.stamp(&c.stamp)
	w.time(c.place.Time)
	w.text(c.place.Source)
	w.uint(c.place.Record)
	w.text(c.id)
	w.text(c.text)
	w.flags(c.low)
	w.list(c.gave)
	w.uint(uint64(len(c.deeds)))
	for i := range c.deeds {
		d := &c.deeds[i]
		w.text(d.kind)
		w.text(d.row.ID)
		w.flags(d.heard, d.named, d.wanted, d.told, d.copied, d.flowing)
	}
	w.uint(uint64(len(c.acts)))
	for i := range c.acts {
		a := &c.acts[i]
		for _, s := range []string{a.tactic, a.technique, a.verb, a.tool, a.text, a.credential, a.ground} {
			w.text(s)
		}
		w.b = append(w.b, byte(a.level), byte(a.outcome))
		w.flags(a.own, a.row != nil)
		if a.row != nil {
			w.text(a.row.ID)
			w.text(a.row.Title)
			w.b = append(w.b, byte(a.row.Level))
			w.list(a.row.Tags)
		}
		w.list(a.strings)
		w.uint(uint64(len(a.on)))
		for k := range a.on {
			t := &a.on[k]
			w.text(t.name)
			w.text(t.group)
			wide := ""
			if t.wide.IsValid() {
				wide = t.wide.String()
			}
			w.text(wide)
		}
	}
}

func (w *writer) time(t time.Time) {
	if t.IsZero() {
		w.uint(0)
		return
	}
	w.uint(1)
	w.int(t.Unix())
	w.uint(uint64(t.Nanosecond()))
}

// written is the piece of what is of no session.
func (b *Book) written() []byte {
	w := writer{of: map[string]uint64{}}
	w.int(b.lost)
	pairs := slices.SortedFunc(maps.Keys(b.alias), func(x, y [2]string) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	w.uint(uint64(len(pairs)))
	for _, p := range pairs {
		w.text(p[0])
		w.text(p[1])
	}
	return w.all()
}
