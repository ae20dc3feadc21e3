package tocsin

import (
	"encoding/binary"
	"strings"
	"time"
	"unsafe"
)

// A Shelf keeps many events in little memory: about the size of their text, in few allocations that the garbage
// collector need not look into. It is for what waits until the end of a run: matches, and the events that
// correlations may join. It is used by one goroutine at a time.
type Shelf struct {
	names  []string
	number map[string]int
	seen   map[*byte]int // numbers by the address of an interned name: no hashing for names met before
	lists  [][]LogSource
	list   map[*LogSource]int
	blocks [][]byte
}

// A Slot is where on a Shelf an event lies.
type Slot struct {
	block, at uint32
}

const shelfBlock = 1 << 20

func (s *Shelf) name(n string) int {
	p := unsafe.StringData(n)
	if i, ok := s.seen[p]; ok && s.names[i] == n {
		return i
	}
	if s.number == nil {
		s.number, s.seen, s.list = map[string]int{}, map[*byte]int{}, map[*LogSource]int{}
	}
	i, ok := s.number[n]
	if !ok {
		i = len(s.names)
		n = strings.Clone(n)
		s.names = append(s.names, n)
		s.number[n] = i
	}
	if p != nil && len(s.seen) < 1<<16 {
		s.seen[p] = i
	}
	return i
}

// Put copies ev onto the shelf.
func (s *Shelf) Put(ev *Event) Slot {
	need := len(ev.Raw) + len(ev.Host) + 128
	for i := range ev.Fields {
		need += len(ev.Fields[i].Value) + 12
	}
	if n := len(s.blocks); n == 0 || cap(s.blocks[n-1])-len(s.blocks[n-1]) < need {
		s.blocks = append(s.blocks, make([]byte, 0, max(shelfBlock, need)))
	}
	b := &s.blocks[len(s.blocks)-1]
	slot := Slot{uint32(len(s.blocks) - 1), uint32(len(*b))}
	out := *b
	out = appendTime(out, ev.Time)
	out = appendTime(out, ev.Sensor)
	out = binary.AppendUvarint(out, uint64(s.sources(ev.Sources)))
	out = binary.AppendUvarint(out, uint64(s.name(ev.Source)))
	out = binary.AppendUvarint(out, uint64(s.name(ev.Format)))
	out = binary.AppendUvarint(out, ev.Record)
	out = appendText(out, ev.Host)
	out = appendText(out, ev.Raw)
	out = binary.AppendUvarint(out, uint64(len(ev.Fields)))
	from := uintptr(unsafe.Pointer(unsafe.StringData(ev.Raw)))
	for i := range ev.Fields {
		f := &ev.Fields[i]
		out = binary.AppendUvarint(out, uint64(s.name(f.Name)))
		// Most values of a text line are parts of the line: keep where, not what.
		at := uintptr(unsafe.Pointer(unsafe.StringData(f.Value))) - from
		if len(ev.Raw) > 0 && len(f.Value) > 0 && at < uintptr(len(ev.Raw)) && at+uintptr(len(f.Value)) <= uintptr(len(ev.Raw)) {
			out = binary.AppendUvarint(out, uint64(len(f.Value))<<1|1)
			out = binary.AppendUvarint(out, uint64(at))
			continue
		}
		out = binary.AppendUvarint(out, uint64(len(f.Value))<<1)
		out = append(out, f.Value...)
	}
	*b = out
	return slot
}

// Event makes the event of a slot. Its strings lie on the shelf and stay valid; a Fault is not kept.
func (s *Shelf) Event(at Slot) *Event {
	ev := &Event{}
	s.Load(at, ev)
	return ev
}

// Load is Event into memory that the caller has: all of ev is overwritten, its Fields in place where they fit.
func (s *Shelf) Load(at Slot, ev *Event) {
	r := shelfReader{b: s.blocks[at.block][at.at:]}
	*ev = Event{Time: r.time(), Sensor: r.time(), Fields: ev.Fields[:0]}
	ev.Sources = s.lists[r.uint()]
	ev.Source = s.names[r.uint()]
	ev.Format = s.names[r.uint()]
	ev.Record = r.uint()
	ev.Host = r.text(r.uint())
	ev.Raw = r.text(r.uint())
	n := int(r.uint())
	if ev.Fields == nil || cap(ev.Fields) < n {
		ev.Fields = make([]Field, n)
	}
	ev.Fields = ev.Fields[:n]
	for i := range ev.Fields {
		f := &ev.Fields[i]
		f.Name = s.names[r.uint()]
		n := r.uint()
		if n&1 != 0 {
			at := r.uint()
			f.Value = ev.Raw[at : at+n>>1]
		} else {
			f.Value = r.text(n >> 1)
		}
	}
}

// Source is the Source of the event of a slot.
func (s *Shelf) Source(at Slot) string {
	r := shelfReader{b: s.blocks[at.block][at.at:]}
	r.time()
	r.time()
	r.uint()
	return s.names[r.uint()]
}

// Bytes is about how much memory the shelf takes.
func (s *Shelf) Bytes() int64 {
	var n int64
	for _, b := range s.blocks {
		n += int64(cap(b))
	}
	return n
}

func (s *Shelf) sources(list []LogSource) int {
	if len(s.lists) == 0 {
		s.lists = append(s.lists, nil)
		if s.list == nil {
			s.number, s.seen, s.list = map[string]int{}, map[*byte]int{}, map[*LogSource]int{}
		}
	}
	if len(list) == 0 {
		return 0
	}
	if i, ok := s.list[&list[0]]; ok && len(s.lists[i]) == len(list) {
		return i
	}
	s.lists = append(s.lists, list)
	s.list[&list[0]] = len(s.lists) - 1
	return len(s.lists) - 1
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	b = append(b, 1)
	b = binary.AppendVarint(b, t.Unix())
	return binary.AppendUvarint(b, uint64(t.Nanosecond()))
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

type shelfReader struct{ b []byte }

func (r *shelfReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *shelfReader) text(n uint64) string {
	s := unsafe.String(unsafe.SliceData(r.b), int(n))
	r.b = r.b[n:]
	return s
}

func (r *shelfReader) time() time.Time {
	given := r.b[0]
	r.b = r.b[1:]
	if given == 0 {
		return time.Time{}
	}
	sec, n := binary.Varint(r.b)
	r.b = r.b[n:]
	return time.Unix(sec, int64(r.uint())).UTC()
}
