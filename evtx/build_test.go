package evtx

import (
	"encoding/binary"
	"unicode/utf16"
)

// A builder writes a chunk, as far as tests need one.
type builder struct {
	b     []byte
	names map[string]uint32 // where a name was written
	defs  map[string]uint32 // where a template was defined
	start int               // of the record being written
	last  uint64
}

func newBuilder() *builder {
	return &builder{b: make([]byte, chunkHeaderSize), names: map[string]uint32{}, defs: map[string]uint32{}}
}

func (w *builder) u8(v ...byte)   { w.b = append(w.b, v...) }
func (w *builder) u16(v uint16)   { w.b = binary.LittleEndian.AppendUint16(w.b, v) }
func (w *builder) u32(v uint32)   { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *builder) u64(v uint64)   { w.b = binary.LittleEndian.AppendUint64(w.b, v) }
func (w *builder) utf(s string)   { w.b = append(w.b, wide(s)...) }
func (w *builder) size(at int)    { binary.LittleEndian.PutUint32(w.b[at:], uint32(len(w.b)-at-4)) }
func (w *builder) hole() (at int) { w.u32(0); return len(w.b) - 4 }

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// record writes a record whose binary XML body writes.
func (w *builder) record(id uint64, body func()) {
	w.start = len(w.b)
	w.b = append(w.b, recordMagic...)
	at := w.hole()
	w.u64(id)
	w.u64(133000000000000000)
	w.u8(tokFragment, 1, 1, 0)
	body()
	w.u8(tokEnd)
	for len(w.b)%8 != 4 {
		w.u8(0)
	}
	w.u32(0)
	binary.LittleEndian.PutUint32(w.b[at:], uint32(len(w.b)-w.start))
	binary.LittleEndian.PutUint32(w.b[len(w.b)-4:], uint32(len(w.b)-w.start))
	w.last = id
}

// done completes the header and returns the chunk.
func (w *builder) done() []byte {
	free := len(w.b)
	b := append(w.b, make([]byte, ChunkSize-len(w.b))...)
	copy(b, chunkMagic)
	binary.LittleEndian.PutUint64(b[16:], w.last)
	binary.LittleEndian.PutUint64(b[32:], w.last)
	binary.LittleEndian.PutUint32(b[40:], 128)
	binary.LittleEndian.PutUint32(b[44:], uint32(w.start))
	binary.LittleEndian.PutUint32(b[48:], uint32(free))
	return b
}

// name writes a reference to a name, and the name itself if it is its first use.
func (w *builder) name(s string) {
	if at, ok := w.names[s]; ok {
		w.u32(at)
		return
	}
	w.names[s] = uint32(len(w.b) + 4)
	w.u32(uint32(len(w.b) + 4))
	w.u32(0)
	w.u16(nameHash(wide(s)))
	w.u16(uint16(len(utf16.Encode([]rune(s)))))
	w.utf(s)
	w.u16(0)
}

// An attr is an attribute: its value a string, or an int for a substitution.
type attr struct {
	name  string
	value any
}

// element writes an element of a template or, dependency false, of binary XML that is in none.
func (w *builder) element(dependency bool, name string, attrs []attr, content func()) {
	tok := byte(tokOpen)
	if len(attrs) > 0 {
		tok |= tokMore
	}
	w.u8(tok)
	if dependency {
		w.u16(0xffff)
	}
	at := w.hole()
	w.name(name)
	if len(attrs) > 0 {
		list := w.hole()
		for _, a := range attrs {
			w.u8(tokAttribute)
			w.name(a.name)
			switch v := a.value.(type) {
			case string:
				w.literal(v)
			case int:
				w.sub(v, true)
			}
		}
		w.size(list)
	}
	if content == nil {
		w.u8(tokCloseEmpty)
	} else {
		w.u8(tokCloseStart)
		content()
		w.u8(tokCloseElement)
	}
	w.size(at)
}

func (w *builder) literal(s string) {
	w.u8(tokValue, typeString)
	w.u16(uint16(len(utf16.Encode([]rune(s)))))
	w.utf(s)
}

func (w *builder) sub(i int, optional bool) {
	tok := byte(tokNormal)
	if optional {
		tok = tokOptional
	}
	w.u8(tok)
	w.u16(uint16(i))
	w.u8(typeString)
}

// A val is a substitution's value: bytes, or a function that writes binary XML.
type val struct {
	kind byte
	b    []byte
	xml  func()
}

// instance writes an instance of the template id, which def writes if this is its first use.
func (w *builder) instance(id string, def func(), vals ...val) {
	w.u8(tokTemplate, 1)
	w.u32(binary.LittleEndian.Uint32([]byte(id + "    ")))
	at, known := w.defs[id]
	if !known {
		at = uint32(len(w.b) + 4)
		w.defs[id] = at
	}
	w.u32(at)
	if !known {
		w.u32(0)
		w.b = append(w.b, append([]byte(id), make([]byte, 16-len(id))...)...)
		size := w.hole()
		w.u8(tokFragment, 1, 1, 0)
		def()
		w.u8(tokEnd)
		w.size(size)
	}
	w.u32(uint32(len(vals)))
	sizes := len(w.b)
	for _, v := range vals {
		w.u16(0)
		w.u8(v.kind, 0)
	}
	for i, v := range vals {
		from := len(w.b)
		w.b = append(w.b, v.b...)
		if v.xml != nil {
			v.xml()
		}
		binary.LittleEndian.PutUint16(w.b[sizes+4*i:], uint16(len(w.b)-from))
	}
}

func le(n int, v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v)[:n] }

// event writes an event as Windows does: System and, in a template of its own, what data writes below EventData.
func (w *builder) event(id uint16, record uint64, data string, def func(), vals ...val) {
	w.instance("outer", func() {
		w.element(true, "Event", []attr{{"xmlns", "http://schemas.microsoft.com/win/2004/08/events/event"}}, func() {
			w.element(true, "System", nil, func() {
				w.element(true, "Provider", []attr{{"Name", "Test-Provider"}, {"Guid", 5}}, nil)
				w.element(true, "EventID", []attr{{"Qualifiers", 0}}, func() { w.sub(1, false) })
				w.element(true, "TimeCreated", []attr{{"SystemTime", 2}}, nil)
				w.element(true, "EventRecordID", nil, func() { w.sub(3, false) })
				w.element(true, "Channel", nil, func() { w.literal("Security") })
				w.element(true, "Computer", nil, func() { w.literal("ws1.corp.example") })
				w.element(true, "Security", []attr{{"UserID", 6}}, nil)
			})
			w.sub(4, true)
		})
	}, val{kind: typeNull}, val{kind: typeUint16, b: le(2, uint64(id))}, val{kind: typeFileTime, b: le(8, 133000000001234567)},
		val{kind: typeUint64, b: le(8, record)}, val{kind: typeBinXML, xml: func() {
			w.u8(tokFragment, 1, 1, 0)
			w.instance(data, def, vals...)
			w.u8(tokEnd)
		}}, val{kind: typeGUID, b: []byte{0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49, 0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d}},
		val{kind: typeSID, b: []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}})
}

// sample is a chunk of three events with what templates may have.
func sample() *builder {
	w := newBuilder()
	named := func(names ...string) func() {
		return func() {
			w.element(true, "EventData", nil, func() {
				for i, n := range names {
					w.element(true, "Data", []attr{{"Name", n}}, func() { w.sub(i, false) })
				}
			})
		}
	}
	w.record(1, func() {
		w.event(4624, 1, "logon", named("SubjectUserName", "Process Name", "LogonId", "Empty", "Channel", "List"),
			val{kind: typeString, b: wide("zoë \U0001f512\x00")}, val{kind: typeANSI, b: []byte("a.exe\x00")}, val{kind: typeHex64, b: le(8, 0x3e7)},
			val{kind: typeNull}, val{kind: typeString, b: wide("other")}, val{kind: typeString | typeArray, b: wide("a\x00b\x00\x00")})
	})
	w.record(2, func() {
		w.event(4624, 2, "logon", nil, val{kind: typeString, b: wide("ann")})
	})
	w.record(3, func() {
		w.event(104, 3, "cleared", func() {
			w.element(true, "UserData", nil, func() {
				w.element(true, "LogFileCleared", []attr{{"xmlns", "x"}}, func() {
					w.element(true, "User", []attr{{"Kind", 0}}, func() {
						w.literal("a")
						w.u8(tokEntityRef)
						w.name("amp")
						w.u8(tokCharRef, 'b', 0)
						w.u8(tokCData)
						w.u16(1)
						w.utf("<")
						w.sub(1, false)
					})
					w.element(true, "None", nil, nil)
				})
			})
			w.element(true, "Data", []attr{{"Name", 2}}, func() { w.sub(3, false) })
			w.element(true, "Data", nil, func() { w.sub(4, false) })
			w.element(true, "Data", []attr{{"Name", "Null"}}, func() { w.sub(0, true) })
		}, val{kind: typeNull}, val{kind: typeInt32, b: le(4, 1<<32-7)}, val{kind: typeString, b: wide("made up")}, val{kind: typeBool, b: le(4, 1)},
			val{kind: typeUint16 | typeArray, b: []byte{1, 0, 2, 1}})
	})
	return w
}
