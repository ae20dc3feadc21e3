package naming

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dchest/siphash"

	"github.com/tocsin-ids/tocsin/wire"
)

// The written form of Facts is pieces by name: one of what they have in common; one for each room of facts, by a hash of
// their names, as they were when the rooms were written last; and, since then, pieces of the facts that changed or are gone. When
// these come to more than the rooms, the rooms of what changed are written anew.

// written is the version of the written form.
const written = 1

// ErrWritten is returned for bytes that are no facts, or facts of another version.
var ErrWritten = errors.New("these are no facts about names that can be read")

const (
	rooms       = 64
	commonPiece = "common"
	leastWhole  = 64 << 10 // bytes of later pieces that are not worth writing rooms anew
	mostPatches = 64       // later pieces that are so
)

// keptPieces is what a store has.
type keptPieces struct {
	common wire.Small
	room   [rooms]keptPiece
	later  []keptPiece
	number uint64
	stale  [rooms]bool // something of the room is in later pieces
	anew   bool        // the last Save gave rooms anew
	force  bool        // the next one is to do so
}

// A keptPiece is a piece that a store has, or that it was given.
type keptPiece struct {
	number uint64 // 0: there is none
	size   int
	wire.Saved
}

// Revision counts what was noted or forgotten: where it is the same, Names would tell the same.
func (f *Facts) Revision() uint64 { return f.changes }

// touch notes that a fact changes.
func (f *Facts) touch(x *fact) {
	f.changes++
	if f.dirty != nil {
		key, _ := f.keyOf(x.say, x.of, x.name)
		if _, ok := f.dirty[string(key)]; !ok {
			f.dirty[string(key)] = struct{}{}
		}
		delete(f.given, string(key))
	}
}

// Forget lets go the facts that were seen last before a time. Where that leaves room for a kind of record of which there was
// more than is kept, all of its facts are taken in again from then on.
func (f *Facts) Forget(before time.Time) {
	if before.IsZero() {
		return
	}
	at := before.UnixMicro()
	f.before = max(f.before, at)
	for _, x := range f.facts {
		if x.last() >= at {
			continue
		}
		_, ofKey := f.keyOf(x.say, x.of, x.name)
		if sh := f.shares[string(ofKey)]; sh != nil {
			if sh.facts = slices.DeleteFunc(sh.facts, func(o *fact) bool { return o == x }); len(sh.facts) == 0 {
				delete(f.shares, string(ofKey))
			}
		}
		k := &f.kinds[x.say.number]
		lost := k.lost
		f.drop(x)
		f.old += k.lost - lost
		k.lost = lost
	}
	for i := range f.kinds {
		if k := &f.kinds[i]; k.n <= perKind/2 {
			k.limit = math.MaxUint64
		}
	}
	if len(f.sources) > 4*(len(f.facts)+1024) {
		f.sources, f.lastSource = map[string]string{}, ""
	}
}

// last is when a fact was seen last; what has no time is kept.
func (x *fact) last() int64 {
	last := int64(math.MinInt64)
	for i := range x.spans {
		if x.spans[i].last == undated {
			return math.MaxInt64
		}
		last = max(last, x.spans[i].last)
	}
	return last
}

// Save gives out the pieces of the written form that have changed since the last Save that was kept, at first all, and names
// those that are as they were. What was given counts as kept when [Facts.Saved] is called; else the next Save gives it again.
// Pieces that are neither put nor kept are gone.
func (f *Facts) Save(put func(name string, piece []byte) error, keep func(name string)) error {
	f.settle()
	k := &f.kept
	first := f.dirty == nil
	if first {
		f.dirty = map[string]struct{}{}
	}
	f.given, k.anew = map[string]struct{}{}, false
	if err := k.common.Save(commonPiece, f.common(), put, keep); err != nil {
		return err
	}
	// What was given to a Save that was not kept is made anew.
	k.later = slices.DeleteFunc(k.later, func(p keptPiece) bool { return !p.Clean })
	later, all := 0, 0
	for _, p := range k.later {
		later += p.size
	}
	for i := range k.room {
		if p := &k.room[i]; p.Clean {
			all += p.size
		} else if p.number > 0 || first {
			k.stale[i] = true
			k.anew = true
		}
	}
	k.anew = k.anew || k.force || later > all+leastWhole || len(k.later) > mostPatches
	for key := range f.dirty {
		f.given[key] = struct{}{}
	}
	if k.anew {
		return f.saveRooms(put, keep)
	}
	for i := range k.room {
		if k.room[i].number > 0 {
			keep(f.roomName(i))
		}
	}
	for _, p := range k.later {
		keep(laterName(p.number))
	}
	if len(f.dirty) == 0 {
		return nil
	}
	w := writer{}
	for _, key := range slices.Sorted(maps.Keys(f.dirty)) {
		w.fact(key, f.facts[key])
	}
	b := w.All(written)
	k.number++
	k.later = append(k.later, keptPiece{number: k.number, size: len(b), Saved: wire.Saved{Given: true}})
	return put(laterName(k.number), b)
}

// saveRooms gives out the rooms of which something changed, and no later pieces.
func (f *Facts) saveRooms(put func(string, []byte) error, keep func(string)) error {
	k := &f.kept
	for key := range f.dirty {
		k.stale[f.roomOf(key)] = true
	}
	var in [rooms][]string
	for key := range f.facts {
		if i := f.roomOf(key); k.stale[i] {
			in[i] = append(in[i], key)
		}
	}
	for i := range k.room {
		p := &k.room[i]
		if !k.stale[i] {
			if p.number > 0 {
				keep(f.roomName(i))
			}
			continue
		}
		k.number++
		*p = keptPiece{number: k.number, Saved: wire.Saved{Given: true}}
		slices.Sort(in[i])
		w := writer{}
		for _, key := range in[i] {
			w.fact(key, f.facts[key])
		}
		b := w.All(written)
		p.size = len(b)
		if err := put(f.roomName(i), b); err != nil {
			return err
		}
	}
	return nil
}

// Saved says that all that the last Save gave is kept for good.
func (f *Facts) Saved() {
	k := &f.kept
	k.common.Settle()
	if k.anew {
		k.later, k.stale, k.anew, k.force = nil, [rooms]bool{}, false, false
	}
	for i := range k.room {
		k.room[i].Settle()
	}
	for i := range k.later {
		k.later[i].Settle()
	}
	for key := range f.given {
		delete(f.dirty, key)
		if len(k.later) > 0 {
			k.stale[f.roomOf(key)] = true
		}
	}
	f.given = nil
}

func (f *Facts) roomOf(key string) int {
	return int(siphash.Hash(f.key[0], f.key[1], []byte(key)) >> 32 % rooms)
}

func (f *Facts) roomName(i int) string {
	return fmt.Sprintf("room-%02x.%08x", i, f.kept.room[i].number)
}

func laterName(n uint64) string { return fmt.Sprintf("later.%08x", n) }

// numberOf is the number of a piece by its name, and its room; -1 is of no room. 0 is no number.
func numberOf(name string) (n uint64, room int) {
	of, hex, _ := strings.Cut(name, ".")
	_, _ = fmt.Sscanf(hex, "%08x", &n)
	if name == laterName(n) {
		return n, -1
	}
	if _, err := fmt.Sscanf(of, "room-%02x", &room); err == nil && room < rooms && name == fmt.Sprintf("room-%02x.%08x", room, n) {
		return n, room
	}
	return 0, -1
}

// A writer writes facts.
type writer struct{ wire.Lister }

// fact writes a fact, or that there is none under a key.
func (w *writer) fact(key string, x *fact) {
	say := sayings[int(key[0])|int(key[1])<<8]
	of, name, _ := strings.Cut(key[2:], "\x00")
	w.Ref(say.id)
	w.Ref(of)
	w.Ref(name)
	if x == nil {
		w.Uint(0)
		return
	}
	w.Uint(uint64(len(x.spans)))
	w.Int(x.width)
	for i := range x.spans {
		s := &x.spans[i]
		w.Int(s.n)
		if s.first == undated {
			w.Byte(0)
		} else {
			w.Byte(1)
			w.Int(s.first)
			w.Int(s.last - s.first)
		}
		for _, p := range []place{s.from, s.to} {
			w.Ref(p.source)
			w.Uint(p.record)
		}
	}
}

// common is the written form of counts and bounds.
func (f *Facts) common() []byte {
	w := writer{}
	w.Int(f.before)
	w.Int(f.old)
	for i, s := range sayings {
		if k := &f.kinds[i]; k.lost > 0 || k.limit != math.MaxUint64 {
			w.Ref(s.id)
			w.Uint(k.limit)
			w.Int(k.lost)
		}
	}
	return w.All(written)
}

// sayings are those of the table, by number.
var sayings = func() (all []*saying) {
	for _, r := range table {
		for i := range r.says {
			all = append(all, &r.says[i])
		}
	}
	return all
}()

// Load reads the pieces of the written form of Facts, under the key with which they were made. What cannot be read is told
// to bad, and left out. What the table of this version does not know is let go and counted.
func Load(pieces map[string][]byte, key [16]byte, bad func(name string, err error)) *Facts {
	f := New(key)
	f.dirty = map[string]struct{}{}
	by := map[string]*saying{}
	for _, s := range sayings {
		by[s.id] = s
	}
	k := &f.kept
	var order []string
	numbers, roomOf := map[string]uint64{}, map[string]int{}
	for name := range pieces {
		n, room := numberOf(name)
		if n == 0 && name != commonPiece {
			bad(name, ErrWritten)
			continue
		}
		numbers[name], roomOf[name] = n, room
		order = append(order, name)
	}
	slices.SortFunc(order, func(a, b string) int {
		if numbers[a] != numbers[b] {
			if numbers[a] < numbers[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, name := range order {
		if name == commonPiece {
			continue
		}
		r := wire.List(pieces[name], written)
		read, unknown := f.readFacts(&r, by)
		if r.Bad {
			bad(name, ErrWritten)
			continue
		}
		p := keptPiece{number: numbers[name], size: len(pieces[name]), Saved: wire.Saved{Clean: true}}
		k.number = max(k.number, p.number)
		if unknown > 0 { // it is written anew without them
			f.old += unknown
			k.force = true
			for _, x := range read {
				k.stale[f.roomOf(x.key)] = true
			}
		} else if room := roomOf[name]; room >= 0 {
			k.room[room] = p
		} else {
			k.later = append(k.later, p)
			for _, x := range read {
				k.stale[f.roomOf(x.key)] = true
			}
		}
		for _, x := range read {
			f.put(x.key, x.fact)
		}
	}
	if b, ok := pieces[commonPiece]; ok && !f.readCommon(b, by) {
		bad(commonPiece, ErrWritten)
	}
	f.settle()
	return f
}

// A readFact is a fact that was read, under its key; nil says that it is gone.
type readFact struct {
	key string
	*fact
}

// readFacts reads facts until their end, and counts the sightings of those that the table does not know.
func (f *Facts) readFacts(r *wire.Listed, by map[string]*saying) (all []readFact, unknown int64) {
	source := func() string {
		s := r.Ref()
		if have, ok := f.sources[s]; ok {
			return have
		}
		f.sources[s] = s
		return s
	}
	for len(r.B) > 0 && !r.Bad {
		say, of, name := by[r.Ref()], r.Ref(), r.Ref()
		x := &fact{say: say, of: of, name: name}
		n := r.Uint()
		if n > maxSpans || of == name {
			r.Bad = true
			return nil, 0
		}
		if n > 0 {
			if x.width = r.Int(); x.width < slotLength || x.width%slotLength != 0 || x.width > 1<<40 {
				r.Bad = true
				return nil, 0
			}
		}
		lost := int64(0)
		for ; n > 0 && !r.Bad; n-- {
			s := span{n: r.Int(), first: undated, last: undated}
			if dated := r.Byte(); dated > 0 {
				s.first = r.Int()
				s.last = s.first + r.Int()
			}
			s.from = place{source(), r.Uint()}
			s.to = place{source(), r.Uint()}
			if r.Bad || s.n < 0 || s.last < s.first || s.first != undated && (s.first < -1<<56 || s.last > 1<<60) {
				r.Bad = true
				return nil, 0
			}
			lost += s.n
			x.take(s)
		}
		switch {
		case r.Bad:
		case say == nil:
			unknown += lost
		default:
			key, _ := f.keyOf(say, of, name)
			if len(x.spans) == 0 {
				x = nil
			}
			all = append(all, readFact{string(key), x})
		}
	}
	return all, unknown
}

// put puts what was read of a fact in the place of what was read before.
func (f *Facts) put(key string, x *fact) {
	of, _, _ := strings.Cut(key[2:], "\x00")
	ofKey := key[:2] + of
	sh := f.shares[ofKey]
	if old := f.facts[key]; old != nil {
		sh.facts = slices.DeleteFunc(sh.facts, func(o *fact) bool { return o == old })
		delete(f.facts, key)
		f.kinds[old.say.number].n--
		if len(sh.facts) == 0 {
			delete(f.shares, ofKey)
			sh = nil
		}
	}
	if x == nil {
		return
	}
	x.rank = f.rank(x.say, x.of, []byte(key))
	if sh == nil {
		sh = &share{}
		f.shares[ofKey] = sh
	}
	sh.facts = append(sh.facts, x)
	f.facts[key] = x
	f.kinds[x.say.number].n++
}

func (f *Facts) readCommon(b []byte, by map[string]*saying) bool {
	r := wire.List(b, written)
	before, old := r.Int(), r.Int()
	kinds := slices.Clone(f.kinds)
	for len(r.B) > 0 && !r.Bad {
		say, limit, lost := by[r.Ref()], r.Uint(), r.Int()
		switch {
		case r.Bad || lost < 0:
			return false
		case say == nil:
			old += lost
		default:
			kinds[say.number].limit, kinds[say.number].lost = limit, lost
		}
	}
	if r.Bad || old < 0 {
		return false
	}
	f.before, f.old, f.kinds = before, f.old+old, kinds
	f.kept.common.Had(b)
	return true
}
