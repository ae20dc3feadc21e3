package tocsin

import (
	"encoding/binary"
	"strings"
	"time"
	"unsafe"
)

// A Shelf keeps many events in little memory: about the size of their text, in few allocations that the garbage
// collector need not look into. It is for what waits until the end of a run: matches, and the events that
// correlations may join. It is used by one goroutine at a time. The zero Shelf is ready for use.
//
// With Pack and Unpack it keeps most of its text compressed. Pack returns new memory; Unpack gives back what Pack was
// given, in new memory too. It is made for events that are looked at about in the order that they were put in.
//
// With Away and Back it can keep that text elsewhere, in a file for instance. Away is given the text of many events, packed or
// not, and tells where it put it, or false: the shelf keeps it. Back gets n bytes back in new memory; if it gives nil, the
// events are empty, and whoever made it has to say so.
type Shelf struct {
	Pack, Unpack func([]byte) []byte
	Away         func([]byte) (at int64, ok bool)
	Back         func(at int64, n int) []byte

	names  []string
	number map[string]int
	seen   map[*byte]int // numbers by the address of an interned name: no hashing for names met before
	lists  [][]LogSource
	list   map[*LogSource]int
	blocks []shelfBlock
	bytes  int64
	opened []uint32 // the blocks that are unpacked, a ring
	oldest int      // its place in opened
}

// A shelfBlock is packed or away, or text, or both.
type shelfBlock struct {
	packed, text []byte
	at           int64 // where it is, if it is away
	size         int   // there; 0: it is not away
	plain        bool  // what is away is not packed
}

// A Slot is where on a Shelf an event lies.
type Slot struct {
	block, at uint32
}

// Number is the slot as a number, which grows with every Put.
func (s Slot) Number() uint64 { return uint64(s.block)<<32 | uint64(s.at) }

// SetNumber makes s the slot of a number that Number gave.
func (s *Slot) SetNumber(n uint64) { *s = Slot{uint32(n >> 32), uint32(n)} }

// Blocks are small, so that one event is not dear, and so many may be unpacked that as many logs can be gone through
// side by side.
const (
	shelfText   = 64 << 10
	shelfOpened = 64
)

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
	n := len(s.blocks) - 1
	if n < 0 || cap(s.blocks[n].text)-len(s.blocks[n].text) < need {
		if n >= 0 {
			s.pack(&s.blocks[n])
		}
		n++
		s.blocks = append(s.blocks, shelfBlock{text: make([]byte, 0, max(shelfText, need))})
		s.bytes += int64(max(shelfText, need))
	}
	b := &s.blocks[n].text
	slot := Slot{uint32(n), uint32(len(*b))}
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

// Event makes the event of a slot. Its strings lie on the shelf and stay valid (each keeps a block of text in memory for
// as long as it is used); a Fault is not kept.
func (s *Shelf) Event(at Slot) *Event {
	ev := &Event{}
	s.Load(at, ev)
	return ev
}

// pack compresses a full block, or puts it away. Who still looks into its text can go on doing so.
func (s *Shelf) pack(b *shelfBlock) {
	keep := b.text
	if s.Pack != nil {
		if packed := s.Pack(b.text); len(packed) < len(b.text) {
			s.bytes += int64(cap(packed) - cap(b.text))
			b.packed, b.text, keep = packed, nil, packed
		}
	}
	if s.Away == nil {
		return
	}
	if at, ok := s.Away(keep); ok {
		s.bytes -= int64(cap(keep))
		*b = shelfBlock{at: at, size: len(keep), plain: b.text != nil}
	}
}

// text is the text of a block, nil if it cannot be had.
func (s *Shelf) text(block uint32) []byte {
	b := &s.blocks[block]
	if b.text != nil {
		return b.text
	}
	text := b.packed
	if b.size > 0 {
		text = s.Back(b.at, b.size)
	}
	if text != nil && !b.plain {
		text = s.Unpack(text)
	}
	if b.text = text; len(s.opened) < shelfOpened {
		s.opened = append(s.opened, block)
	} else {
		s.blocks[s.opened[s.oldest]].text = nil
		s.opened[s.oldest] = block
		s.oldest = (s.oldest + 1) % shelfOpened
	}
	return text
}

// Load is Event into memory that the caller has: all of ev is overwritten, its Fields in place where they fit.
func (s *Shelf) Load(at Slot, ev *Event) {
	text := s.text(at.block)
	if text == nil {
		*ev = Event{Fields: ev.Fields[:0]}
		return
	}
	r := shelfReader{b: text[at.at:]}
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

// Bytes is about how much memory the shelf takes for what was put on it.
func (s *Shelf) Bytes() int64 { return s.bytes }

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
