package guard

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
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

// A reader reads what a writer wrote. Whatever does not fit makes it bad; then it gives zeros.
type reader struct {
	b     []byte
	texts []string
	last  int64
	bad   bool
	rules map[ruleKey]*tocsin.Rule
	rule  func(id, title string) *tocsin.Rule
}

// A ruleKey tells rules apart: other detectors give one alert several levels.
type ruleKey struct {
	id, title string
	level     tocsin.Level
}

// begin reads the version and the texts.
func (r *reader) begin() {
	if r.byte() != written {
		r.bad = true
	}
	for n := r.uint(); n > 0 && !r.bad; n-- {
		size := r.uint()
		if r.bad = r.bad || size > uint64(len(r.b)); r.bad {
			return
		}
		r.texts = append(r.texts, string(r.b[:size]))
		r.b = r.b[size:]
	}
}

func (r *reader) byte() byte {
	if r.bad = r.bad || len(r.b) == 0; r.bad {
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.bad = r.bad || n <= 0; r.bad {
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if r.bad = r.bad || n <= 0; r.bad {
		return 0
	}
	r.b = r.b[n:]
	return v
}

// number is a count that is no size of what follows.
func (r *reader) number() int {
	n := r.uint()
	if n > math.MaxInt32 {
		r.bad = true
		return 0
	}
	return int(n)
}

// count is how many of something follow, each of which takes so many bytes at least.
func (r *reader) count(bytes int) int {
	n := r.uint()
	if r.bad = r.bad || n > uint64(len(r.b)/bytes); r.bad {
		return 0
	}
	return int(n)
}

func (r *reader) fixed() uint64 {
	if r.bad = r.bad || len(r.b) < 8; r.bad {
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) text() string {
	n := r.uint()
	if r.bad = r.bad || n >= uint64(len(r.texts)); r.bad {
		return ""
	}
	return r.texts[n]
}

func (r *reader) list() (all []string) {
	for n := r.count(1); n > 0 && !r.bad; n-- {
		all = append(all, r.text())
	}
	return all
}

func (r *reader) hashes() (all []uint64) {
	for n := r.count(8); n > 0 && !r.bad; n-- {
		all = append(all, r.fixed())
	}
	return all
}

func (r *reader) stamp() stamp {
	r.last += r.int()
	return stamp{at: r.last, source: r.text(), record: r.uint()}
}

func (r *reader) time() time.Time {
	if r.uint() == 0 {
		return time.Time{}
	}
	sec, nano := r.int(), r.uint()
	if nano >= 1e9 {
		r.bad = true
	}
	return time.Unix(sec, int64(nano)).UTC()
}

func (r *reader) call() call {
	c := call{stamp: r.stamp(), place: tocsin.Place{Time: r.time(), Source: r.text(), Record: r.uint()}, id: r.text(), text: r.text()}
	c.low = r.uint()&1 != 0
	c.gave = r.list()
	for n := r.count(3); n > 0 && !r.bad; n-- {
		kind, row, f := r.text(), r.text(), r.uint()
		if rule := deedRule(row); rule != nil {
			c.deeds = append(c.deeds, deed{kind: kind, row: rule, heard: f&1 != 0, named: f&2 != 0, wanted: f&4 != 0, told: f&8 != 0, copied: f&16 != 0, flowing: f&32 != 0})
		}
	}
	for n := r.count(12); n > 0 && !r.bad; n-- {
		var a act
		for _, s := range []*string{&a.tactic, &a.technique, &a.verb, &a.tool, &a.text, &a.credential, &a.ground} {
			*s = r.text()
		}
		a.level, a.outcome = tocsin.Level(r.byte()), tocsin.Outcome(r.byte())
		f := r.uint()
		a.own = f&1 != 0
		if f&2 != 0 {
			a.row = r.ruleOf(r.text(), r.text(), tocsin.Level(r.byte()), r.list())
		}
		a.strings = r.list()
		for k := r.count(3); k > 0 && !r.bad; k-- {
			t := target{name: r.text(), group: r.text()}
			if wide := r.text(); wide != "" {
				var err error
				if t.wide, err = netip.ParsePrefix(wide); err != nil {
					r.bad = true
				}
			}
			a.on = append(a.on, t)
		}
		if r.bad = r.bad || a.level > tocsin.Critical || a.ground != "" && grounds[a.ground] == nil; r.bad {
			break
		}
		c.acts = append(c.acts, a)
	}
	return c
}

// deedRule is the row of an id of deeds.tsv; nil where this version has none.
func deedRule(id string) *tocsin.Rule {
	if id == flowRow.ID {
		return flowRow
	}
	for _, r := range deeds.all {
		if r.rule.ID == id {
			return r.rule
		}
	}
	return nil
}

func (r *reader) ruleOf(id, title string, l tocsin.Level, tags []string) *tocsin.Rule {
	k := ruleKey{id, title, l}
	if x := r.rules[k]; x != nil {
		return x
	}
	var x *tocsin.Rule
	if r.rule != nil {
		x = r.rule(id, title)
	}
	if x == nil {
		x = &tocsin.Rule{ID: id, Title: title, Level: min(l, tocsin.Critical), Tags: tags}
	}
	r.rules[k] = x
	return x
}

// Load reads the pieces of the written form of an owner's Book, under its key. What cannot be read is told to bad, and left
// out. rule gives the rule of an id and title, or nil; it may be nil, and then acts keep what was written of it.
func Load(pieces map[string][]byte, key [16]byte, rule func(id, title string) *tocsin.Rule, bad func(name string, err error)) *Book {
	b := Keyed(key)
	rules := map[ruleKey]*tocsin.Rule{}
	spoilt := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(pieces)) {
		r := &reader{b: pieces[name], rules: rules, rule: rule}
		r.begin()
		if name == commonPiece {
			if !b.readCommon(r) {
				bad(name, ErrWritten)
				continue
			}
			b.common = savedBytes{b: pieces[name], clean: true}
			continue
		}
		of, number, _ := strings.Cut(name, ".")
		var n uint64
		_, err := fmt.Sscanf(number, "%08x", &n)
		if err != nil || name != fmt.Sprintf("%s.%08x", of, n) || !b.readSession(r, of, n, len(pieces[name])) {
			spoilt[of] = true
			bad(name, ErrWritten)
		}
	}
	for _, x := range b.sessions {
		of, _, _ := strings.Cut(b.pieceName(x, 0), ".")
		x.store.clean, x.store.whole = !spoilt[of], spoilt[of]
		x.newTargets, x.taint.fresh = nil, [2][]uint64{}
		x.store.has = x.tail()
	}
	return b
}

func (b *Book) readCommon(r *reader) bool {
	lost := r.int()
	alias := map[[2]string]bool{}
	for n := r.count(2); n > 0 && !r.bad; n-- {
		alias[[2]string{r.text(), r.text()}] = true
	}
	if r.bad || len(r.b) > 0 || len(alias) > mostAliases || lost < 0 {
		return false
	}
	b.lost, b.alias = lost, alias
	return true
}

// readSession adds a piece of a session, if it can be read.
func (b *Book) readSession(r *reader, of string, number uint64, size int) bool {
	id := r.text()
	whole := r.uint()&1 != 0
	y := session{id: id, targets: map[string]bool{}, work: make([]int, len(trades))}
	for _, s := range []*string{&y.principal, &y.parent, &y.run, &y.agent, &y.folder} {
		*s = r.text()
	}
	y.folderAt = r.stamp()
	y.low, y.telling, y.letGo, y.more, y.store.undated = r.number(), r.number(), r.number(), r.number(), r.number()
	y.store.since = r.int()
	for n := r.count(2); n > 0 && !r.bad; n-- {
		name, n := r.text(), r.number()
		if i := slices.IndexFunc(trades, func(t *trade) bool { return t.name == name }); i >= 0 {
			y.work[i] = n
		}
	}
	targets, words, shown := r.list(), r.hashes(), r.hashes()
	for n := r.count(20); n > 0 && !r.bad; n-- {
		y.calls = append(y.calls, noted{stamp: r.stamp(), id: r.fixed(), said: r.fixed(), format: r.text(), saw: seen(r.byte())})
	}
	for n := r.count(8); n > 0 && !r.bad; n-- {
		y.kept = append(y.kept, r.call())
	}
	for n := r.count(8); n > 0 && !r.bad; n-- {
		v := providerWord{call: r.call()}
		v.request = r.text()
		if len(v.acts) != 1 || v.acts[0].ground == "" {
			r.bad = true
		}
		y.verdicts = append(y.verdicts, v)
	}
	if r.bad || len(r.b) > 0 || fmt.Sprintf("%016x", b.hash.of(id)) != of {
		return false
	}
	x := b.session(id)
	if whole {
		*x = session{id: x.id, targets: map[string]bool{}, taint: taint{hash: b.hash, words: map[uint64]struct{}{}, shown: map[uint64]struct{}{}}, store: stored{pieces: x.store.pieces}}
	}
	x.principal, x.parent, x.run, x.agent, x.folder, x.folderAt = y.principal, y.parent, y.run, y.agent, y.folder, y.folderAt
	x.low, x.telling, x.letGo, x.more, x.work, x.store.undated, x.store.since = y.low, y.telling, y.letGo, y.more, y.work, y.store.undated, y.store.since
	x.calls, x.kept, x.verdicts = append(x.calls, y.calls...), append(x.kept, y.kept...), append(x.verdicts, y.verdicts...)
	for _, t := range targets {
		x.goes(t)
	}
	for _, h := range words {
		x.taint.add(0, h)
	}
	for _, h := range shown {
		x.taint.add(1, h)
	}
	x.store.number = number
	x.store.pieces = append(x.store.pieces, storedPiece{number: number, size: size, clean: true})
	return true
}
