package sigma

import (
	"math/bits"
	"unsafe"
)

// gramSize is how many bytes of a text it is found by. Shorter texts cannot be indexed.
const gramSize = 4

// A grams table finds the entries whose text occurs in a value. Of each text it knows one run of four bytes, the
// least usual; a bit for each hash of such a run says with one load and no dependence on the byte before that nearly
// all positions of a value are of no interest, which is what makes it several times faster than an automaton.
//
// Where all texts are long it knows several runs of each that follow each other, and looks only at every so many'th
// position of a value: one of the runs starts there.
type grams struct {
	stride  int
	bits    []uint64 // of hashes
	shift   uint8    // of a hash to its bit number
	slots   []gramSlot
	sshift  uint8   // of a hash to its slot number
	entries []entry // one for each text and run
}

const maxStride = 4

// A gramSlot is one run of four bytes with the entries that have it, next to each other in entries; from == to is free.
type gramSlot struct {
	gram     uint32
	from, to int32
}

func gramHash(g uint32) uint32 { return g * 0x9E3779B1 }

// gramAt reads the four bytes at s[i:], in the machine's order; i+3 must be below the length of s.
func gramAt(s string, i int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}

// newGrams builds the table of the entries, setting their off.
func newGrams(texts []entry) *grams {
	if len(texts) == 0 {
		return nil
	}
	// What is common in rules is common in logs: the least usual run is the one that fewest other texts have.
	count := make(map[uint32]int32, len(texts)*4)
	short := len(texts[0].text)
	for i := range texts {
		t := texts[i].text
		short = min(short, len(t))
		for j := 0; j+gramSize <= len(t); j++ {
			count[gramAt(t, j)]++
		}
	}
	g := &grams{stride: min(short-gramSize+1, maxStride)}
	entries := make([]entry, 0, len(texts)*g.stride)
	for _, e := range texts {
		off := g.rarest(e.text, count)
		for i := range g.stride {
			e.off = int32(off + i)
			entries = append(entries, e)
		}
	}
	size := bits.Len(uint(len(entries)))
	nbits := min(max(size+5, 10), 18)
	g.bits, g.shift = make([]uint64, 1<<(nbits-6)), uint8(32-nbits)
	g.slots, g.sshift = make([]gramSlot, 2<<size), uint8(32-size-1)
	at := make([]int32, len(entries))
	for i := range entries {
		gr := gramAt(entries[i].text, int(entries[i].off))
		h := gramHash(gr) >> g.shift
		g.bits[h>>6] |= 1 << (h & 63)
		s := g.place(gr)
		g.slots[s].gram = gr
		g.slots[s].to++ // counts, for now
		at[i] = int32(s)
	}
	next := int32(0)
	for s := range g.slots {
		n := g.slots[s].to
		g.slots[s].from, g.slots[s].to = next, next
		next += n
	}
	g.entries = make([]entry, len(entries))
	for i, s := range at {
		g.entries[g.slots[s].to] = entries[i]
		g.slots[s].to++
	}
	return g
}

// rarest returns where in a text the least usual runs start.
func (g *grams) rarest(text string, count map[uint32]int32) int {
	best, least := 0, int32(1<<30)
	for i := 0; i+gramSize+g.stride-1 <= len(text); i++ {
		cost := int32(0)
		for j := i; j < i+g.stride; j++ {
			gr := gramAt(text, j)
			cost += count[gr]*64 + usual(gr)
		}
		if cost < least {
			best, least = i, cost
		}
	}
	return best
}

// usual estimates how often four bytes occur in logs, 0 to 63: letters, spaces and separators are usual, the letters
// of English most.
func usual(g uint32) int32 {
	n := int32(0)
	for range 4 {
		c := byte(g)
		switch {
		case c == ' ' || c == 'e' || c == 's' || c == 't' || c == 'i' || c == 'o' || c == 'n' || c == 'r' || c == 'a':
			n += 15
		case c == '\\' || c == '.' || c == '/' || c == 'c' || c == 'd' || c == 'l' || c == 'm' || c == 'p' || c == 'u' || c == '0':
			n += 11
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '"' || c == '=':
			n += 6
		}
		g >>= 8
	}
	return n
}

// place returns where a run is, or the free slot where it belongs, while slots count.
func (g *grams) place(gr uint32) int {
	mask := len(g.slots) - 1
	for s := int(gramHash(gr) >> g.sshift); ; s = (s + 1) & mask {
		if sl := &g.slots[s]; sl.gram == gr || sl.to == 0 {
			return s
		}
	}
}

// find returns the entries of a run of four bytes.
func (g *grams) find(gr uint32) []entry {
	mask := len(g.slots) - 1
	for s := int(gramHash(gr) >> g.sshift); ; s = (s + 1) & mask {
		sl := &g.slots[s]
		if sl.from == sl.to {
			return nil
		}
		if sl.gram == gr {
			return g.entries[sl.from:sl.to]
		}
	}
}

// next returns the first position from i on, a multiple of the stride, at which an entry's run may be, or -1. It reads
// without bounds checks, which halves its time: i+3 stays below the length of v, and a hash has as many bits as the
// table.
func (g *grams) next(v string, i int) int {
	table := unsafe.Pointer(unsafe.SliceData(g.bits))
	shift := g.shift & 31
	stride := g.stride
	for last := len(v) - gramSize; i <= last; i += stride {
		h := gramHash(gramAt(v, i)) >> shift
		if *(*uint64)(unsafe.Add(table, uintptr(h>>6)<<3))>>(h&63)&1 != 0 {
			return i
		}
	}
	return -1
}
