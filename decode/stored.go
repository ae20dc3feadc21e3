package decode

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
	"unsafe"

	"github.com/tocsin-ids/tocsin"
)

// Stored is the format of blocks of events that a [Packer] packed: events that were decoded before, from whatever format, and
// are given back as they were. It is no way that logs are written, so that no stream is recognised as it and no user names it.
//
// Records of it are one block each. Its events have their numbers already: nobody numbers them anew.
func Stored() Format {
	return Format{Name: StoredName, Cut: Packed, Is: never, New: func(Options) Decoder {
		return &stored{names: map[string]string{}, lists: map[string][]tocsin.LogSource{}}
	}}
}

// StoredName is the name of the format of [Stored]. No event has it: an event names the format that it was first read in.
const StoredName = "tocsin-events"

// The bits of a packed event's first byte.
const (
	storedTime   = 1 << iota // it has a time
	storedSensor             // it has a sensor's time
	storedSerial             // it has a serial number …
	storedSame               // … which is its record's
	storedGuess              // its time rests on guesses
	storedFault              // it has a fault
	storedKind               // it is of the kind of the event before it
	storedNext               // its record is the next after that of the event before it
)

// What of a block is remembered to be referred to; what is beyond is written out each time.
const (
	storedTexts  = 1 << 16
	storedKinds  = 1 << 14
	storedShapes = 1 << 12
	storedListed = 1 << 18 // names of all shapes together
	storedFields = 1 << 20 // fields of one event, at most
)

// A Packer packs events into blocks: about the size of their text, without allocations once a block has all names. What
// repeats (names of fields and their order, log sources, hosts) is written where it is first met and referred to afterwards,
// so that a block is read from its beginning, and by itself. The zero Packer is ready for use, by one goroutine at a time.
type Packer struct {
	texts  []string
	number map[string]uint32
	after  []uint32 // the text that last followed each as a field's name; the first is what begins

	kinds  []packedKind
	kind   map[packedKey]uint32
	last   uint32 // kind of the event before, as its number and one; 0 before the first
	shapes [][]uint32
	shape  map[string]uint32 // by the numbers of its names
	listed int               // names of all shapes

	sec    int64
	record uint64
	key    []byte
}

type packedKey struct {
	list                 *tocsin.LogSource
	n                    int
	source, format, host string
}

type packedKind struct {
	packedKey
	shape uint32 // that its last event had, as its number and one; 0: none that is remembered
}

// Reset begins a new block.
func (p *Packer) Reset() {
	clear(p.texts)
	clear(p.kinds)
	clear(p.shapes)
	clear(p.number)
	clear(p.kind)
	clear(p.shape)
	p.texts, p.after, p.kinds, p.shapes = p.texts[:0], p.after[:0], p.kinds[:0], p.shapes[:0]
	p.last, p.listed, p.sec, p.record = 0, 0, 0, 0
}

// Append appends an event to a block that this Packer has packed all events of since Reset. All of the event is kept; of an
// error its text.
func (p *Packer) Append(b []byte, ev *tocsin.Event) []byte {
	if p.number == nil {
		p.number, p.kind, p.shape = map[string]uint32{}, map[packedKey]uint32{}, map[string]uint32{}
	}
	at := len(b)
	b = append(b, 0)
	var flags byte
	b, same := p.kindOf(b, ev)
	if same {
		flags |= storedKind
	}
	if !ev.Time.IsZero() {
		flags |= storedTime
		b = p.time(b, ev.Time)
	}
	if !ev.Sensor.IsZero() {
		flags |= storedSensor
		b = p.time(b, ev.Sensor)
	}
	if ev.Record == p.record+1 {
		flags |= storedNext
	} else {
		b = binary.AppendVarint(b, int64(ev.Record-p.record))
	}
	p.record = ev.Record
	if ev.Serial != 0 {
		flags |= storedSerial
		if ev.Serial == ev.Record {
			flags |= storedSame
		} else {
			b = binary.AppendUvarint(b, ev.Serial)
		}
	}
	if ev.Guessed != 0 {
		flags |= storedGuess
		b = binary.AppendUvarint(b, uint64(ev.Guessed))
	}
	if f := ev.Fault; f != nil {
		flags |= storedFault
		b = packText(b, f.Source)
		b = binary.AppendVarint(b, f.Line)
		b = packText(b, f.Rule)
		b = packText(b, f.Hint)
		if f.Err == nil {
			b = append(b, 0)
		} else {
			b = packText(append(b, 1), f.Err.Error())
		}
	}
	b = packText(b, ev.Raw)
	b = p.shapeOf(b, ev.Fields)
	from := uintptr(unsafe.Pointer(unsafe.StringData(ev.Raw)))
	size := uintptr(len(ev.Raw))
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		// Most values of a text line are parts of the line: keep where, not what.
		if at := uintptr(unsafe.Pointer(unsafe.StringData(v))) - from; len(v) > 0 && at < size && at+uintptr(len(v)) <= size {
			b = binary.AppendUvarint(b, uint64(len(v))<<1|1)
			b = binary.AppendUvarint(b, uint64(at))
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(v))<<1)
		b = append(b, v...)
	}
	b[at] = flags
	return b
}

// AppendEvent appends a block of one event.
func AppendEvent(b []byte, ev *tocsin.Event) []byte { return new(Packer).Append(b, ev) }

func packText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func (p *Packer) time(b []byte, t time.Time) []byte {
	sec := t.Unix()
	b = binary.AppendVarint(b, sec-p.sec)
	p.sec = sec
	return binary.AppendUvarint(b, uint64(t.Nanosecond()))
}

// text writes a reference to a text: 0 and the text itself where it is first met, 1 and the text where it is not remembered,
// else its number and two.
func (p *Packer) text(b []byte, s string) []byte {
	if n, ok := p.number[s]; ok {
		return binary.AppendUvarint(b, uint64(n)+2)
	}
	if len(p.texts) >= storedTexts {
		return packText(append(b, 1), s)
	}
	p.define(s)
	return packText(append(b, 0), s)
}

func (p *Packer) define(s string) {
	s = strings.Clone(s)
	p.number[s] = uint32(len(p.texts))
	p.texts = append(p.texts, s)
	p.after = append(p.after, 0)
}

// kindOf writes what kind the event is of, unless it is that of the event before: 0 and the kind itself where it is first met,
// 1 and the kind where it is not remembered, else its number and two.
func (p *Packer) kindOf(b []byte, ev *tocsin.Event) (out []byte, same bool) {
	key := packedKey{unsafe.SliceData(ev.Sources), len(ev.Sources), ev.Source, ev.Format, ev.Host}
	if p.last > 0 && p.kinds[p.last-1].packedKey == key {
		return b, true
	}
	if n, ok := p.kind[key]; ok {
		p.last = n + 1
		return binary.AppendUvarint(b, uint64(n)+2), false
	}
	if len(p.kinds) < storedKinds {
		key.source, key.format, key.host = strings.Clone(key.source), strings.Clone(key.format), strings.Clone(key.host)
		p.kind[key] = uint32(len(p.kinds))
		p.kinds = append(p.kinds, packedKind{packedKey: key})
		p.last = uint32(len(p.kinds))
		b = append(b, 0)
	} else {
		p.last = 0
		b = append(b, 1)
	}
	b = binary.AppendUvarint(b, uint64(len(ev.Sources)))
	for _, l := range ev.Sources {
		b = p.text(p.text(p.text(b, l.Product), l.Category), l.Service)
	}
	return p.text(p.text(p.text(b, ev.Source), ev.Format), ev.Host), false
}

// shapeOf writes the names of fields and their order: 0 and the shape itself where it is first met, 1 and the shape where it is
// not remembered, else its number and two.
func (p *Packer) shapeOf(b []byte, fields []tocsin.Field) []byte {
	if p.last > 0 {
		if n := p.kinds[p.last-1].shape; n > 0 && p.fits(p.shapes[n-1], fields) {
			return binary.AppendUvarint(b, uint64(n)+1)
		}
	}
	known := true
	key := p.key[:0]
	before := uint32(0)
	for i := range fields {
		name := fields[i].Name
		var n uint32
		ok := false
		if before > 0 || i == 0 && len(p.after) > 0 { // what followed last time is looked at first
			n = p.after[before]
			ok = p.texts[n] == name
		}
		if !ok {
			n, ok = p.number[name]
		}
		if !ok {
			known = false
			break
		}
		if before < uint32(len(p.after)) {
			p.after[before] = n
		}
		before = n
		key = binary.LittleEndian.AppendUint32(key, n)
	}
	p.key = key
	if known {
		if n, ok := p.shape[string(key)]; ok {
			if p.last > 0 {
				p.kinds[p.last-1].shape = n + 1
			}
			return binary.AppendUvarint(b, uint64(n)+2)
		}
	}
	remember := len(p.shapes) < storedShapes && p.listed+len(fields) <= storedListed && len(p.texts)+len(fields) <= storedTexts
	if remember {
		p.listed += len(fields)
		b = append(b, 0)
	} else {
		b = append(b, 1)
	}
	b = binary.AppendUvarint(b, uint64(len(fields)))
	shape := make([]uint32, 0, len(fields))
	key = key[:0]
	for i := range fields {
		b = p.text(b, fields[i].Name)
		if remember {
			n := p.number[fields[i].Name]
			shape = append(shape, n)
			key = binary.LittleEndian.AppendUint32(key, n)
		}
	}
	if remember {
		p.shape[string(key)] = uint32(len(p.shapes))
		p.shapes = append(p.shapes, shape)
		if p.last > 0 {
			p.kinds[p.last-1].shape = uint32(len(p.shapes))
		}
	}
	p.key = key
	return b
}

// fits says that fields have the names of a shape.
func (p *Packer) fits(shape []uint32, fields []tocsin.Field) bool {
	if len(shape) != len(fields) {
		return false
	}
	for i, n := range shape {
		if p.texts[n] != fields[i].Name {
			return false
		}
	}
	return true
}

// stored reads blocks that a Packer packed.
type stored struct {
	names map[string]string             // texts that were met, so that those of the next block cost nothing
	bytes int                           // of them
	lists map[string][]tocsin.LogSource // lists of log sources, which events share

	b      []byte
	bad    bool
	texts  []string
	kinds  []storedOf
	shapes [][]string
	listed int
	last   storedOf
	sec    int64
	record uint64
	ev     tocsin.Event
	key    []byte
}

type storedOf struct {
	sources              []tocsin.LogSource
	source, format, host string
}

// What a decoder remembers from block to block. Lists beyond the bound are of nobody's making: there are hundreds.
const (
	storedNames = 4 << 20 // bytes
	storedLists = 1 << 13
)

var errStored = errors.New("the packed events are damaged from here on")

func (s *stored) Flush(func(*tocsin.Event)) {}

func (s *stored) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	s.b, s.bad = r.Data, false
	clear(s.texts)
	clear(s.kinds)
	clear(s.shapes)
	s.texts, s.kinds, s.shapes = s.texts[:0], s.kinds[:0], s.shapes[:0]
	s.last, s.listed, s.sec, s.record = storedOf{}, 0, 0, 0
	for n := int64(0); len(s.b) > 0; n++ {
		if !s.event() {
			emit(&tocsin.Event{Source: r.Source, Record: uint64(r.Line + n), Format: StoredName, Fault: &tocsin.Fault{
				Source: r.Source, Line: r.Line + n, Err: errStored, Hint: "the events before were read, and so are other blocks"}})
			return
		}
		emit(&s.ev)
	}
}

// event reads the next event, and says whether it could.
func (s *stored) event() bool {
	flags := s.byte()
	if flags&storedKind == 0 {
		s.kind()
	}
	ev := &s.ev
	*ev = tocsin.Event{Fields: ev.Fields[:0], Sources: s.last.sources, Source: s.last.source, Format: s.last.format, Host: s.last.host}
	if flags&storedTime != 0 {
		ev.Time = s.time()
	}
	if flags&storedSensor != 0 {
		ev.Sensor = s.time()
	}
	if flags&storedNext != 0 {
		s.record++
	} else {
		s.record += uint64(s.int())
	}
	ev.Record = s.record
	if flags&storedSerial != 0 {
		if ev.Serial = ev.Record; flags&storedSame == 0 {
			ev.Serial = s.uint()
		}
	}
	if flags&storedGuess != 0 {
		ev.Guessed = uint32(s.uint())
	}
	if flags&storedFault != 0 {
		f := &tocsin.Fault{Source: strings.Clone(s.view(s.uint())), Line: s.int(), Rule: strings.Clone(s.view(s.uint())), Hint: strings.Clone(s.view(s.uint()))}
		if s.byte() != 0 {
			f.Err = errors.New(strings.Clone(s.view(s.uint())))
		}
		ev.Fault = f
	}
	ev.Raw = s.view(s.uint())
	for _, name := range s.shape() {
		f := tocsin.Field{Name: name}
		if size := s.uint(); size&1 == 0 {
			f.Value = s.view(size >> 1)
		} else if at := s.uint(); at <= uint64(len(ev.Raw)) && size>>1 <= uint64(len(ev.Raw))-at {
			f.Value = ev.Raw[at : at+size>>1]
		} else {
			s.bad = true
		}
		if s.bad {
			return false
		}
		ev.Fields = append(ev.Fields, f)
	}
	return !s.bad
}

func (s *stored) byte() byte {
	if len(s.b) == 0 {
		s.bad = true
		return 0
	}
	c := s.b[0]
	s.b = s.b[1:]
	return c
}

func (s *stored) uint() uint64 {
	v, n := binary.Uvarint(s.b)
	if n <= 0 {
		s.bad, s.b = true, nil
		return 0
	}
	s.b = s.b[n:]
	return v
}

func (s *stored) int() int64 {
	v, n := binary.Varint(s.b)
	if n <= 0 {
		s.bad, s.b = true, nil
		return 0
	}
	s.b = s.b[n:]
	return v
}

// view is the next n bytes, in the record's memory.
func (s *stored) view(n uint64) string {
	if n > uint64(len(s.b)) {
		s.bad, s.b = true, nil
		return ""
	}
	v := text(s.b[:n:n])
	s.b = s.b[n:]
	return v
}

func (s *stored) time() time.Time {
	s.sec += s.int()
	nano := s.uint()
	if nano >= 1e9 {
		s.bad = true
		return time.Time{}
	}
	return time.Unix(s.sec, int64(nano)).UTC()
}

// own is a text that outlives the record.
func (s *stored) own(v string) string {
	if n, ok := s.names[v]; ok {
		return n
	}
	v = strings.Clone(v)
	if s.bytes+len(v) < storedNames {
		s.bytes += len(v) + 64
		s.names[v] = v
	}
	return v
}

func (s *stored) text() string {
	switch n := s.uint(); {
	case n == 0:
		v := s.own(s.view(s.uint()))
		if s.texts = append(s.texts, v); len(s.texts) > storedTexts {
			s.bad = true
		}
		return v
	case n == 1:
		return s.own(s.view(s.uint()))
	case n-2 < uint64(len(s.texts)):
		return s.texts[n-2]
	}
	s.bad = true
	return ""
}

func (s *stored) kind() {
	n := s.uint()
	if n > 1 {
		if n-2 < uint64(len(s.kinds)) {
			s.last = s.kinds[n-2]
		} else {
			s.bad = true
		}
		return
	}
	s.last = storedOf{sources: s.list(), source: s.text(), format: s.text(), host: s.text()}
	if n == 0 {
		if s.kinds = append(s.kinds, s.last); len(s.kinds) > storedKinds {
			s.bad = true
		}
	}
}

// list is a list of log sources, the same one wherever the same are listed.
func (s *stored) list() []tocsin.LogSource {
	n := s.uint()
	if s.bad = s.bad || n > uint64(len(s.b))/3; s.bad || n == 0 {
		return nil
	}
	list := make([]tocsin.LogSource, n)
	key := s.key[:0]
	for i := range list {
		l := &list[i]
		*l = tocsin.LogSource{Product: s.text(), Category: s.text(), Service: s.text()}
		for _, part := range [...]string{l.Product, l.Category, l.Service} {
			key = append(binary.AppendUvarint(key, uint64(len(part))), part...)
		}
	}
	s.key = key
	if have, ok := s.lists[string(key)]; ok {
		return have
	}
	if s.bad || len(s.lists) >= storedLists {
		s.bad = true
		return nil
	}
	s.lists[string(key)] = list
	return list
}

// shape is the names of an event's fields.
func (s *stored) shape() []string {
	k := s.uint()
	if k > 1 {
		if k-2 >= uint64(len(s.shapes)) || len(s.shapes[k-2]) > len(s.b) { // each value takes a byte at least
			s.bad = true
			return nil
		}
		return s.shapes[k-2]
	}
	n := s.uint()
	if n > uint64(len(s.b)) || n > storedFields || k == 0 && s.listed+int(n) > storedListed {
		s.bad = true
		return nil
	}
	names := make([]string, 0, n)
	for range n {
		if names = append(names, s.text()); s.bad {
			return nil
		}
	}
	if k == 0 {
		s.listed += len(names)
		if s.bad = len(s.shapes) >= storedShapes; s.bad {
			return nil
		}
		s.shapes = append(s.shapes, names)
	}
	return names
}
