package guard

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/wire"
)

// A reader reads what a writer wrote. Whatever does not fit makes it bad; then it gives zeros.
type reader struct {
	wire.Listed
	last  int64
	rules map[ruleKey]*tocsin.Rule
	rule  func(id, title string) *tocsin.Rule
}

// A ruleKey tells rules apart: other detectors give one alert several levels.
type ruleKey struct {
	id, title string
	level     tocsin.Level
}

// number is a count that is no size of what follows.
func (r *reader) number() int {
	n := r.Uint()
	if n > math.MaxInt32 {
		r.Bad = true
		return 0
	}
	return int(n)
}

func (r *reader) hashes() (all []uint64) {
	for n := r.Count(8); n > 0 && !r.Bad; n-- {
		all = append(all, r.Fixed())
	}
	return all
}

func (r *reader) stamp() stamp {
	r.last += r.Int()
	return stamp{at: r.last, source: r.Ref(), record: r.Uint()}
}

func (r *reader) time() time.Time {
	if r.Uint() == 0 {
		return time.Time{}
	}
	sec, nano := r.Int(), r.Uint()
	if nano >= 1e9 {
		r.Bad = true
	}
	return time.Unix(sec, int64(nano)).UTC()
}

func (r *reader) call() call {
	c := call{stamp: r.stamp(), place: tocsin.Place{Time: r.time(), Source: r.Ref(), Record: r.Uint()}, id: r.Ref(), text: r.Ref()}
	c.low = r.Uint()&1 != 0
	c.gave = r.Refs()
	for n := r.Count(4); n > 0 && !r.Bad; n-- {
		kind, row, f, about := r.Ref(), r.Ref(), r.Uint(), r.Refs()
		if rule := deedRule(row); rule != nil {
			c.deeds = append(c.deeds, deed{kind: kind, row: rule, heard: f&1 != 0, named: f&2 != 0, wanted: f&4 != 0, told: f&8 != 0, copied: f&16 != 0, flowing: f&32 != 0, about: about})
		}
	}
	for n := r.Count(13); n > 0 && !r.Bad; n-- {
		var a act
		for _, s := range []*string{&a.tactic, &a.technique, &a.verb, &a.tool, &a.text, &a.credential, &a.ground, &a.sent} {
			*s = r.Ref()
		}
		a.level, a.outcome = tocsin.Level(r.Byte()), tocsin.Outcome(r.Byte())
		f := r.Uint()
		a.own, a.via = f&1 != 0, f&4 != 0
		if f&2 != 0 {
			a.row = r.ruleOf(r.Ref(), r.Ref(), tocsin.Level(r.Byte()), r.Refs())
		}
		a.strings = r.Refs()
		for k := r.Count(3); k > 0 && !r.Bad; k-- {
			t := target{name: r.Ref(), group: r.Ref()}
			if wide := r.Ref(); wide != "" {
				var err error
				if t.wide, err = netip.ParsePrefix(wide); err != nil {
					r.Bad = true
				}
			}
			a.on = append(a.on, t)
		}
		if r.Bad = r.Bad || a.level > tocsin.Critical || a.ground != "" && grounds[a.ground] == nil; r.Bad {
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
		r := &reader{Listed: wire.List(pieces[name], written), rules: rules, rule: rule}
		if name == commonPiece {
			if !b.readCommon(r) {
				bad(name, ErrWritten)
				continue
			}
			b.common.Clean = true
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
	lost := r.Int()
	alias := map[[2]string]bool{}
	for n := r.Count(2); n > 0 && !r.Bad; n-- {
		alias[[2]string{r.Ref(), r.Ref()}] = true
	}
	if !r.Whole() || len(alias) > mostAliases || lost < 0 {
		return false
	}
	b.lost, b.alias = lost, alias
	return true
}

// readSession adds a piece of a session, if it can be read.
func (b *Book) readSession(r *reader, of string, number uint64, size int) bool {
	id := r.Ref()
	whole := r.Uint()&1 != 0
	y := session{id: id, targets: map[string]bool{}, work: make([]int, len(trades))}
	for _, s := range []*string{&y.principal, &y.parent, &y.run, &y.agent, &y.folder} {
		*s = r.Ref()
	}
	y.folderAt = r.stamp()
	y.low, y.telling, y.letGo, y.more, y.store.undated = r.number(), r.number(), r.number(), r.number(), r.number()
	y.store.since = r.Int()
	for n := r.Count(2); n > 0 && !r.Bad; n-- {
		name, n := r.Ref(), r.number()
		if i := slices.IndexFunc(trades, func(t *trade) bool { return t.name == name }); i >= 0 {
			y.work[i] = n
		}
	}
	targets, words, shown := r.Refs(), r.hashes(), r.hashes()
	for n := r.Count(20); n > 0 && !r.Bad; n-- {
		y.calls = append(y.calls, noted{stamp: r.stamp(), id: r.Fixed(), said: r.Fixed(), format: r.Ref(), saw: seen(r.Byte())})
	}
	for n := r.Count(8); n > 0 && !r.Bad; n-- {
		y.kept = append(y.kept, r.call())
	}
	for n := r.Count(8); n > 0 && !r.Bad; n-- {
		v := providerWord{call: r.call()}
		v.request = r.Ref()
		if len(v.acts) != 1 || v.acts[0].ground == "" {
			r.Bad = true
		}
		y.verdicts = append(y.verdicts, v)
	}
	if !r.Whole() || fmt.Sprintf("%016x", b.hash.of(id)) != of {
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
	x.store.pieces.Had(number, size)
	return true
}
