package actor

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dchest/siphash"

	"github.com/tocsin-ids/tocsin"
)

// none is the number of no name.
const none = int32(-1)

// A Key is a secret of one owner. What is sampled is chosen by hashes under it, so that nobody who writes logs can pick
// names that stay, or names that go.
type Key [16]byte

// A hasher is SipHash-2-4 under a Key. J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF" (2012).
type hasher struct{ k0, k1 uint64 }

func newHasher(k Key) hasher {
	return hasher{binary.LittleEndian.Uint64(k[:8]), binary.LittleEndian.Uint64(k[8:])}
}

func (h hasher) of(b []byte) uint64 { return siphash.Hash(h.k0, h.k1, b) }

// mix makes one hash of two.
func mix(a, b uint64) uint64 {
	h := (a ^ b<<31 ^ b>>33) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// A nameTable numbers names and kinds. Each stands for as long as a page uses it.
type nameTable struct {
	hash   hasher
	all    []string
	hashes []uint64
	of     map[string]int32

	kinds    []kind
	kindHash []uint64
	kindOf   map[kind]int32

	buf      []byte
	pen      *pageWriter // that is used again
	recent   [8]kind     // the last ones met: most actions are of one of them
	recentAt [8]int32
	recentN  int
}

// A kind is what like deeds share besides who and where.
type kind struct {
	verb, tactic, technique, tool, rule string
	outcome                             tocsin.Outcome
	level                               tocsin.Level
}

func newTable(k Key) nameTable {
	return nameTable{hash: newHasher(k), of: map[string]int32{}, kindOf: map[kind]int32{}}
}

// entity is the number of an entity as KIND:VALUE.
func (t *nameTable) entity(e tocsin.Entity) int32 {
	t.buf = short(append(append(append(t.buf[:0], e.Kind...), ':'), e.Value...))
	return t.bytes(t.buf)
}

// maxName bounds what is kept of a name, in bytes: names that begin with that much in common are one.
const maxName = 512

// short is what is kept of a name.
func short(b []byte) []byte {
	b = b[:min(len(b), maxName)]
	if !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, nil)
	}
	return b
}

func (t *nameTable) name(parts ...string) int32 {
	t.buf = t.buf[:0]
	for _, p := range parts {
		t.buf = append(t.buf, p...)
	}
	return t.bytes(t.buf)
}

func (t *nameTable) bytes(b []byte) int32 {
	if i, ok := t.of[string(b)]; ok {
		return i
	}
	return t.number(string(bytes.ToValidUTF8(b, nil)))
}

func (t *nameTable) number(s string) int32 {
	i, ok := t.of[s]
	if !ok {
		i = int32(len(t.all))
		t.all = append(t.all, s)
		t.hashes = append(t.hashes, t.hash.of([]byte(s)))
		t.of[s] = i
	}
	return i
}

// text is the name of a number; none has none.
func (t *nameTable) text(i int32) string {
	if i == none {
		return ""
	}
	return t.all[i]
}

// kind numbers the kind of an action.
func (t *nameTable) kind(a *tocsin.Action) int32 {
	k := kind{a.Verb, a.Tactic, a.Technique, a.Tool, "", a.Outcome, a.Level}
	if len(a.Rules) > 0 {
		k.rule = a.Rules[0].Title
	}
	for i := range min(t.recentN, len(t.recent)) {
		if t.recent[i] == k {
			return t.recentAt[i]
		}
	}
	n, ok := t.kindOf[k]
	if !ok {
		n = t.kindNumber(k.clone())
	}
	i := t.recentN % len(t.recent)
	t.recent[i], t.recentAt[i] = t.kinds[n], n
	t.recentN++
	return n
}

func (k kind) clone() kind {
	for _, s := range []*string{&k.verb, &k.tactic, &k.technique, &k.tool, &k.rule} {
		*s = strings.ToValidUTF8(strings.Clone((*s)[:min(len(*s), maxName)]), "")
	}
	return k
}

// kindNumber numbers a kind whose strings the table may keep.
func (t *nameTable) kindNumber(k kind) int32 {
	n, ok := t.kindOf[k]
	if !ok {
		n = int32(len(t.kinds))
		t.kinds = append(t.kinds, k)
		t.kindOf[k] = n
		b := t.buf[:0]
		for _, s := range [...]string{k.verb, k.tactic, k.technique, k.tool, k.rule} {
			b = append(append(b, s...), 0)
		}
		t.buf = append(b, byte(k.outcome), byte(k.level))
		t.kindHash = append(t.kindHash, t.hash.of(t.buf))
	}
	return n
}

// sorted are the keys of a map whose values are wanted, in the order of their names.
func sorted[V any](t *nameTable, all map[int32]V, wanted func(V) bool) []int32 {
	var keys []int32
	for k, v := range all {
		if wanted(v) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(x, y int32) int { return strings.Compare(t.all[x], t.all[y]) })
	return keys
}
