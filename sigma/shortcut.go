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
	nameCache  = 1024
	routeCache = 256
)

// A nameSlot is a field name met before and its slot; -1 when no rule speaks of it.
type nameSlot struct {
	name string
	slot int32
}

// slot returns the slot of a field name, or -1.
func (m *Matcher) slot(name string) int32 {
	n := min(len(name), 8)
	h := endHash(headOf(name, n)+tailOf(name, n)*3, uint32(len(name)))
	c := &m.names[h>>32%nameCache]
	if c.name == name && n > 0 {
		return c.slot
	}
	slot, ok := m.set.slots[bare(name)]
	if !ok {
		slot = -1
	}
	c.name, c.slot = strings.Clone(name), slot
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
