package sigma

import (
	"math/bits"
	"slices"
	"strings"
	"unsafe"

	"github.com/tocsin-ids/tocsin"
)

// Decoders intern field names and share slices of log sources, so both are found by address; what is found is then
// compared, since an address may have got a new content.

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
	h := (uintptr(unsafe.Pointer(unsafe.StringData(name))) ^ uintptr(len(name))) * 0x9E3779B1 >> 16 % nameCache
	c := &m.names[h]
	if c.name == name && name != "" {
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
