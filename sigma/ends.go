package sigma

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// An entry ties a text in an index to the test that it decides, or without which the test cannot hold.
type entry struct {
	text    string // folded
	test    int32
	off     int32   // of the indexed bytes within text
	decides bool    // the test holds where the text is found; otherwise it only may
	rules   []int32 // those for which the test is a witness
}

// An ends table finds the entries whose text a value equals, begins with or ends with, by at most eight bytes of the
// value's ends and one lookup for each length of text that occurs.
type ends struct {
	heads, tails uint16 // bit k: there is a text that is looked for by its k first, or last, bytes
	whole        bool   // there is a text to equal
	shift        uint8
	slots        []endSlot // open addressing, a power of two
	entries      []entry
}

// An endSlot is one key with the entries that have it, next to each other in entries.
type endSlot struct {
	key      uint64
	tag      uint32 // 0 is free
	from, to int32
}

// Tags tell apart what a key is of; the length goes with it.
const (
	tagHead  = 1 << 8
	tagTail  = 2 << 8
	tagWhole = 1 << 16 // plus the length of the value
)

func endHash(key uint64, tag uint32) uint64 {
	return (key ^ uint64(tag)*0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93
}

// headOf and tailOf give the first and last k bytes of s, at most 8, as a number: the first in its low bytes, the last
// in its high ones.
func headOf(s string, k int) uint64 {
	if len(s) >= 8 {
		return eightAt(s, 0) << (64 - 8*k) >> (64 - 8*k)
	}
	var w uint64
	for i := k - 1; i >= 0; i-- {
		w = w<<8 | uint64(s[i])
	}
	return w
}

func tailOf(s string, k int) uint64 {
	if len(s) >= 8 {
		return eightAt(s, len(s)-8) >> (64 - 8*k) << (64 - 8*k)
	}
	var w uint64
	for i := len(s) - k; i < len(s); i++ {
		w = w>>8 | uint64(s[i])<<56
	}
	return w
}

func eightAt(s string, i int) uint64 {
	return binary.LittleEndian.Uint64(unsafe.Slice(unsafe.StringData(s), len(s))[i:])
}

// endKey is what an entry of a test of this kind is looked up by.
func endKey(kind testKind, text string) (uint64, uint32) {
	k := min(len(text), 8)
	switch kind {
	case testPrefix:
		return headOf(text, k), tagHead + uint32(k)
	case testSuffix:
		return tailOf(text, k), tagTail + uint32(k)
	}
	return tailOf(text, k), tagWhole + uint32(len(text))
}

// newEnds builds the table of entries and their kinds: testEqual, testPrefix or testSuffix.
func newEnds(entries []entry, kinds []testKind) *ends {
	if len(entries) == 0 {
		return nil
	}
	size := bits.Len(uint(len(entries) * 2))
	e := &ends{shift: uint8(64 - size), slots: make([]endSlot, 1<<size), entries: make([]entry, len(entries))}
	at := make([]int32, len(entries)) // the slot of each entry
	for i := range entries {
		key, tag := endKey(kinds[i], entries[i].text)
		k := min(len(entries[i].text), 8)
		switch kinds[i] {
		case testPrefix:
			e.heads |= 1 << k
		case testSuffix:
			e.tails |= 1 << k
		default:
			e.whole = true
		}
		s := e.place(key, tag)
		e.slots[s].key, e.slots[s].tag = key, tag
		e.slots[s].to++ // counts, for now
		at[i] = int32(s)
	}
	next := int32(0)
	for s := range e.slots {
		n := e.slots[s].to
		e.slots[s].from, e.slots[s].to = next, next
		next += n
	}
	for i, s := range at {
		e.entries[e.slots[s].to] = entries[i]
		e.slots[s].to++
	}
	return e
}

// place returns where a key is, or the free slot where it belongs.
func (e *ends) place(key uint64, tag uint32) int {
	mask := len(e.slots) - 1
	for s := int(endHash(key, tag) >> e.shift); ; s = (s + 1) & mask {
		if e.slots[s].tag == 0 || e.slots[s].key == key && e.slots[s].tag == tag {
			return s
		}
	}
}

// find returns the entries of a key.
func (e *ends) find(key uint64, tag uint32) []entry {
	s := &e.slots[e.place(key, tag)]
	return e.entries[s.from:s.to]
}
