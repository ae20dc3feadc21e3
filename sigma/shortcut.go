package sigma

import (
	"math/bits"
	"slices"
	"strings"
	"unsafe"

	"github.com/tocsin-ids/tocsin"
)

// Field names and log sources come again and again: they are found by a hash that is cheaper than a map's, and then
// compared. Names are hashed by their ends, since a decoder may intern them anew for each file; log sources by the
// address of the slice, which decoders share.

const (
	routeCache = 256
	maxNames   = 1 << 16 // names remembered; a log may make up ever new ones
)

// A nameSlot is a field name met before and its slot; -1 when no rule speaks of it.
type nameSlot struct {
	name string
	slot int32
}

// A nameTable is the names met, open-addressed, its size a power of two.
type nameTable struct {
	slots []nameSlot
	count int
}

func (t *nameTable) place(name string) *nameSlot {
	n := min(len(name), 8)
	mask := len(t.slots) - 1
	for h := int(endHash(headOf(name, n)+tailOf(name, n)*3, uint32(len(name))) >> 32); ; h++ {
		if s := &t.slots[h&mask]; s.name == name || s.name == "" {
			return s
		}
	}
}

func (t *nameTable) add(name string, slot int32) {
	if t.count*2 >= len(t.slots) {
		old := t.slots
		if t.count >= maxNames {
			old = nil
		}
		*t = nameTable{slots: make([]nameSlot, max(1024, 4*len(old)))}
		for _, s := range old {
			if s.name != "" {
				*t.place(s.name) = s
				t.count++
			}
		}
	}
	*t.place(name) = nameSlot{strings.Clone(name), slot}
	t.count++
}

// slot returns the slot of a field name, or -1.
func (m *Matcher) slot(name string) int32 {
	if name == "" {
		return -1 // no rule's: it would be a keyword
	}
	if len(m.names.slots) > 0 {
		if s := m.names.place(name); s.name != "" {
			return s.slot
		}
	}
	slot, ok := m.set.slots[bare(name)]
	if !ok {
		slot = -1
	}
	m.names.add(name, slot)
	return slot
}

// routeOf returns the route of log sources, nil if there is none.
func (m *Matcher) routeOf(sources []tocsin.LogSource) *route {
	h := (uintptr(unsafe.Pointer(unsafe.SliceData(sources))) ^ uintptr(len(sources))) * 0x9E3779B1 >> 16 % routeCache
	if r := m.routes[h]; r != nil && slices.Equal(r.sources, sources) {
		return r
	}
	r := m.set.route(sources)
	m.routes[h] = r
	return r
}

func trailing(x uint16) int { return bits.TrailingZeros16(x) }
