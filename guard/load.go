package guard

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

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
